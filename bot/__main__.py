"""The command line: ``diwan``, the same as ``python -m bot``."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from bot import logs
from bot.settings import Part, Settings, SettingsError, load

WRONG_SETTING = 2
ALL = frozenset(Part)


def _settings(**given: Any) -> Settings:
    """Read the settings, or end with one line and exit code 2."""
    try:
        settings = load(**given)
    except SettingsError as problem:
        click.echo(str(problem), err=True)
        sys.exit(WRONG_SETTING)
    logs.configure(settings.log_level, settings.log_format)
    return settings


def _run(work: Coroutine[Any, Any, int]) -> None:
    sys.exit(asyncio.run(work))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Diwan: a network of migrant entrepreneurs, run from a Telegram chat."""


@main.command()
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([part.value for part in Part]),
    help="Do only this part, beside other processes on the same PostgreSQL. May be repeated.",
)
def run(only: tuple[str, ...]) -> None:
    """Run the bot. Needs BOT_TOKEN; everything else has a default."""
    settings = _settings()
    if settings.bot_token is None:
        click.echo(
            "BOT_TOKEN: is not set; get a token from @BotFather, or try `make demo`.", err=True
        )
        sys.exit(WRONG_SETTING)
    if only and settings.on_sqlite:
        click.echo(
            "--only: needs PostgreSQL (DATABASE_URL); an SQLite file is for one process.", err=True
        )
        sys.exit(WRONG_SETTING)
    from bot.running import serve  # noqa: PLC0415 - aiogram takes seconds to import

    _run(serve(settings, frozenset(map(Part, only)) or ALL))


@main.command()
@click.option("--fresh", is_flag=True, help="Begin with a new sample network.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Where the chat page is tried first.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demo keeps its files.",
)
def demo(fresh: bool, port: int, folder: Path) -> None:
    """Show everything without a token: emulator, bot and chat page on this machine."""
    from bot.demo import show  # noqa: PLC0415

    _run(show(folder, port, fresh=fresh))


@main.command()
def check() -> None:
    """Test configuration, database, migrations, catalogues and, with a token, Telegram."""
    settings = _settings()
    from bot.checking import check as check_all  # noqa: PLC0415

    _run(check_all(settings))


@main.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    settings = _settings()
    from bot.migrating import migrate as bring_up  # noqa: PLC0415

    bring_up(settings.database_url.get_secret_value())
    click.echo("The database is up to date.")


if __name__ == "__main__":
    main()
