"""The command line: ``diwan``, the same as ``python -m bot``."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot import first_use, logs
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
    first_use.import_aiogram(build_at_start=settings.builds_at_start)
    from bot.running import serve

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
    first_use.import_aiogram()
    from bot.demo import show

    _run(show(folder, port, fresh=fresh))


@main.command()
def check() -> None:
    """Test configuration, database, migrations, languages and, with a token, Telegram."""
    settings = _settings()
    from bot.checking import check as check_all

    _run(check_all(settings))


@main.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    settings = _settings()
    from bot.migrating import DatabaseUnusableError
    from bot.migrating import migrate as bring_up

    try:
        bring_up(settings.database_url.get_secret_value())
    except DatabaseUnusableError as problem:
        click.echo(str(problem), err=True)
        sys.exit(WRONG_SETTING)
    click.echo("The database is up to date.")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def backup(file: Path, force: bool) -> None:
    """Write the whole database into FILE. The bot may go on running."""
    settings = _settings()
    from bot.backups import back_up

    with _or_one_line():
        back_up(settings, file, force=force)
    click.echo(f"The backup is complete: {file}. Keep it as safe as the database itself.")


@main.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--release",
    type=click.Choice(["send", "drop"]),
    help="Afterwards: send what is held and still of use, or drop what is due already.",
)
def restore(file: Path | None, release: str | None) -> None:
    """Put the backup FILE in the place of the database. The bot must not run.

    It starts with newsletters, reminders and the like held, because nobody knows which of them
    went out after the backup was made: `diwan restore --release send` (or `drop`) ends that, and
    so does an administrator under /animate.
    """
    if (file is None) == (release is None):
        raise click.UsageError("Say either FILE or --release.")
    settings = _settings()
    from bot import restoring

    if file is None:
        with _or_one_line():
            count = restoring.release(settings, send=release == "send")
        if count is None:
            click.echo("Nothing is held.")
        else:
            click.echo(
                f"Released: {count} messages {'go out' if release == 'send' else 'dropped'}."
            )
        return
    with _or_one_line():
        kept = restoring.restore(settings, file)
    click.echo(
        f"{file} is restored. What was there before is in {kept}: delete it when you are sure.\n"
        "Newsletters, reminders and the like are held: they may have gone out already. "
        "`diwan restore --release send` or `drop`, or an administrator under /animate, decides."
    )


@main.group(invoke_without_command=True)
@click.pass_context
def languages(context: click.Context) -> None:
    """Show how far each language is: catalogue, machine translation, voice."""
    if context.invoked_subcommand is None:
        settings = _settings()
        from bot.languages import show

        with _or_one_line():
            show(settings)


@languages.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--sha256", metavar="DIGEST", help="Refuse the file if this is not its digest.")
def add(file: Path, sha256: str | None) -> None:
    """Check the .argosmodel FILE, try it out and install it. The bot may go on running."""
    settings = _settings()
    from bot.languages import add as add_model

    with _or_one_line():
        add_model(settings, file, sha256)


AS = click.option(
    "--as",
    "number",
    type=int,
    metavar="NUMBER",
    help="Whose texts these are: a Telegram number. Not needed where only one person translates.",
)


class OrTexts(click.Group):
    """Commands beside one that needs no name: texts in a PO file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what is none of the others for texts."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["texts", *args])


@main.group(cls=OrTexts)
def export() -> None:
    """Write texts to translate (PO), the directory (hsds: HSDS 3.0), or costs (CSV)."""


@export.command("texts")
@click.option("--texts", "language", metavar="LANGUAGE", required=True, help="What to translate.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@AS
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--approved", is_flag=True, help="Also what is approved, to be put right.")
def export_texts(
    language: str, file: Path, number: int | None, force: bool, approved: bool
) -> None:
    """Write what is to be translated into LANGUAGE into FILE (PO). The bot may go on running."""
    settings = _settings()
    first_use.import_aiogram()
    from bot.texts import take_out

    with _or_one_line():
        count = take_out(settings, language, file, number, force=force, approved=approved)
    click.echo(f"{file}: {count} texts to translate." if count else "Everything is translated.")


LANGUAGE = click.option(
    "--language", metavar="LANGUAGE", help="Of the words; else the network's own."
)


@export.command("hsds")
@click.argument("path", metavar="FILE|DIR", type=click.Path(path_type=Path))
@LANGUAGE
@click.option("--force", is_flag=True, help="Replace what is there.")
def export_hsds(path: Path, language: str | None, force: bool) -> None:
    """Write the directory as HSDS 3.0: FILE.json, or tables into FILE.zip or the folder DIR."""
    settings = _settings()
    first_use.import_aiogram()
    from bot.directory import take_out

    with _or_one_line():
        count = take_out(settings, path, language, force=force)
    click.echo(f"{path}: organisations: {count}.")


@main.group("import", cls=OrTexts)
def import_() -> None:
    """Read translated texts (PO), a directory (hsds), statistics or costs (CSV, XLSX)."""


@import_.command("texts")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@AS
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--approved", is_flag=True, help="Also change what is approved; else it stays.")
def import_texts(file: Path, number: int | None, yes: bool, approved: bool) -> None:
    """Read translated texts from FILE (PO), show what they change, and write them if agreed to."""
    settings = _settings()
    first_use.import_aiogram()
    from bot.texts import asked, bring_in

    with _or_one_line():
        count = bring_in(settings, file, number, asked(yes), approved=approved)
    click.echo(f"Written: {count}.")


@import_.command("hsds")
@click.argument("path", metavar="FILE|DIR", type=click.Path(path_type=Path))
@LANGUAGE
@click.option("--as", "number", type=int, metavar="NUMBER", help="Which coordinator writes it.")
@click.option("--yes", is_flag=True, help="Write without asking.")
def import_hsds(path: Path, language: str | None, number: int | None, yes: bool) -> None:
    """Read a directory (HSDS 3.0: JSON, CSV tables, ZIP), list what it changes, and write it.

    It is written if that is agreed to, all of it or nothing. The bot may go on running.
    """
    settings = _settings()
    first_use.import_aiogram()
    from bot.directory import bring_in
    from bot.texts import asked

    with _or_one_line():
        count = bring_in(settings, path, language, number, asked(yes))
    click.echo(f"Written: {count}.")


@import_.command("statistics")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "number", type=int, metavar="NUMBER", help="Which coordinator writes it.")
def import_statistics(file: Path, number: int | None) -> None:
    """Read how many people live where from FILE (CSV or XLSX: docs/gaps.md).

    A file with a mistake changes nothing, and the row is named. The bot may go on running.
    """
    settings = _settings()
    first_use.import_aiogram()
    from bot.statistics import bring_in

    with _or_one_line():
        count = bring_in(settings, file, number)
    click.echo(f"Written: {count}.")


@export.command("costs")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "number", type=int, metavar="NUMBER", help="Which coordinator takes it.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def export_costs(file: Path, number: int | None, force: bool) -> None:
    """Write all costs that count into FILE (CSV), fit to be brought back."""
    settings = _settings()
    first_use.import_aiogram()
    from bot.costs import take_out

    with _or_one_line():
        count = take_out(settings, file, number, force=force)
    click.echo(f"{file}: costs: {count}.")


@import_.command("costs")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "number", type=int, metavar="NUMBER", help="Which coordinator writes it.")
@click.option("--yes", is_flag=True, help="Write without asking.")
def import_costs(file: Path, number: int | None, yes: bool) -> None:
    """Read costs from FILE (CSV or XLSX), say what is new in it, and write it if agreed to.

    A file with a mistake changes nothing, and the row is named. The bot may go on running.
    """
    settings = _settings()
    first_use.import_aiogram()
    from bot.costs import bring_in
    from bot.texts import asked

    with _or_one_line():
        count = bring_in(settings, file, number, asked(yes))
    click.echo(f"Written: {count}.")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--period", metavar="2026Q3", help="A quarter or a year; else the newest quarter.")
@click.option("--language", metavar="LANGUAGE", help="Of the report; else the network's own.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "xlsx", "csv"]),
    help="Else what FILE ends in; csv: a ZIP of two tables.",
)
@click.option("--mark", default="", help="Said at the top of each page, such as: Simulated.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def report(
    file: Path,
    period: str | None,
    language: str | None,
    kind: str | None,
    mark: str,
    force: bool,
) -> None:
    """Write the evidence of a closed quarter or year into FILE. The bot may go on running."""
    settings = _settings()
    first_use.import_aiogram()
    from bot.reporting import write_report

    with _or_one_line():
        name = write_report(settings, file, period, language, kind, mark=mark, force=force)
    click.echo(f"{file}: {name}.")


@main.command()
@click.option("--people", type=click.IntRange(50, 2_000_000), required=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same gives the same.")
@click.option(
    "--years", type=click.FloatRange(0.5, 10), default=2, show_default=True, help="Of history."
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="As if this were today: 2027-01-10."
)
def simulate(people: int, seed: int, years: float, until: datetime | None) -> None:
    """Fill an empty database with a made-up network, for training and tests."""
    settings = _settings()
    from bot.simulation.command import run_simulation

    _run(run_simulation(settings, people, seed, years, until))


@contextmanager
def _or_one_line() -> Iterator[None]:
    """End with one line and exit code 1 if it cannot be done."""
    from bot.backups import BackupError
    from bot.languages import LanguageError

    try:
        yield
    except (BackupError, LanguageError) as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
