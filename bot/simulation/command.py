"""The command line's side of it: an empty database, progress, one line where it cannot be."""

import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import click

from bot.clock import SystemClock
from bot.database import Database
from bot.migrating import DatabaseUnusableError, migrate_async
from bot.settings import Settings
from bot.simulation import NotEmptyError, simulate, tell_periods
from community import evidence
from community.evidence import FrameworkError

MORNING = time_of_day(9)


async def run_simulation(
    settings: Settings, people: int, seed: int, years: float, until: date | None = None
) -> int:
    """Fill the database that the settings name, until now or a day; return the exit code."""
    try:
        framework = evidence.load(settings.indicators_file)
    except FrameworkError as problem:
        click.echo(f"INDICATORS_FILE: {problem.problems[0]}.", err=True)
        return 2
    address = settings.database_url.get_secret_value()
    begin = time.monotonic()

    def tell(what: str) -> None:
        click.echo(f"{time.monotonic() - begin:6.1f} s  {what}", err=True)

    try:
        await migrate_async(address)
    except DatabaseUnusableError as problem:
        click.echo(str(problem), err=True)
        return 2
    zone, database = ZoneInfo(settings.timezone), Database(address)
    now = datetime.combine(until, MORNING, zone).astimezone(UTC) if until else SystemClock().now()
    try:
        async with database.transaction() as session:
            await simulate(
                session,
                people=people,
                seed=seed,
                now=now,
                years=years,
                zone=settings.timezone,
                told=tell,
            )
            tell(f"{await tell_periods(session, zone, framework, now)} periods told")
    except NotEmptyError:
        click.echo(
            "DATABASE_URL: there is a network in this database; name an empty one.", err=True
        )
        return 1
    finally:
        await database.close()
    click.echo(
        f"A made-up network of {people} people is ready. Never run it with the token of a real "
        "network; its first administrator is whoever opens the link that `diwan run` prints."
    )
    return 0
