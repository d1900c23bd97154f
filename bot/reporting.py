"""``diwan report``: the evidence of a period as a file, for whoever runs the bot."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.backups import begin, put_in_place
from bot.languages import LanguageError
from bot.settings import Settings
from bot.texts import opened
from community import evidence as facts
from community.evidence import FrameworkError, Period, Published
from community.translations import Reads
from handlers.evidence import names_of
from locales import OFFERED, translator_for, without_isolates
from reports import evidence
from reports.evidence import ENDINGS, Cover, LogoError, read_logo
from reports.evidence.content import PERIODS


def cover_of(settings: Settings) -> Cover:
    """Return what is set for the cover.

    Raises:
        LogoError: the logo cannot be used.
    """
    logo = read_logo(settings.report_logo) if settings.report_logo else None
    return Cover(settings.report_publisher, logo)


def write_report(
    settings: Settings,
    file: Path,
    period: str | None,
    language: str | None,
    kind: str | None,
    *,
    mark: str = "",
    force: bool = False,
) -> str:
    """Write the report of a period into a file; return what the period is called.

    Without ``period`` it is the newest quarter that was told; without ``kind``, what the file's
    name ends in.

    Raises:
        LanguageError: nothing was told of that period, or the file cannot be written.
    """
    kind = kind or file.suffix.lower().removeprefix(".")
    if kind not in ENDINGS:
        raise LanguageError(f"--format: say one of {', '.join(ENDINGS)}.")
    language = language or settings.default_language
    if language not in OFFERED:
        raise LanguageError(f"--language: {language} is none of {', '.join(OFFERED)}.")
    if file.exists() and not force:
        raise LanguageError(f"{file} exists already; name another, or say --force.")
    content, name = asyncio.run(_made(settings, period, language, kind, mark))
    beside = file.with_name(file.name + ".new")
    try:
        begin(beside)
        beside.write_bytes(content)
        put_in_place(beside, file)
    except OSError as error:
        raise LanguageError(f"{file} cannot be written ({error.strerror}).") from None
    finally:
        beside.unlink(missing_ok=True)
    return name


async def _made(
    settings: Settings, period: str | None, language: str, kind: str, mark: str
) -> tuple[bytes, str]:
    try:
        framework = facts.load(settings.indicators_file)
        cover = replace(cover_of(settings), mark=mark)
    except FrameworkError as error:
        raise LanguageError(f"INDICATORS_FILE: {error.problems[0]}.") from None
    except LogoError as error:
        raise LanguageError(f"REPORT_LOGO: {error}.") from None
    network, database, now = await opened(settings)
    network = replace(network, indicators=framework, cover=cover)
    _ = translator_for(language)
    try:
        async with database.transaction() as session:
            told = _chosen(await facts.all_told(session), period)
            names = await names_of(session, told[-1], Reads(language), network, _)
    finally:
        await database.close()
    found = evidence.evidence(told, framework, ZoneInfo(network.zone))
    content = evidence.made(kind, found, names, cover, _, now)
    return content, without_isolates(evidence.period(found.period, translator_for("en")))


def _chosen(told: Sequence[Published], code: str | None) -> Sequence[Published]:
    """Return the period of this code with those before it; without one, the newest quarter."""
    periods = [one.period for one in told]
    if code is None:
        last = max((one for one in periods if one.number), default=None)
    else:
        last = next((one for one in periods if one.code == code.upper()), None)
    if last is None:
        known = ", ".join(one.code for one in sorted(periods)) or "none yet"
        raise LanguageError(
            f"Nothing was told of {code or 'a quarter'}; periods that were told: {known}. "
            "A period is counted a week after its end, while the bot runs."
        )
    return up_to(told, last)


def up_to(told: Sequence[Published], last: Period) -> Sequence[Published]:
    """Return a period with those of its length before it."""
    alike = [one for one in told if one.period.every is last.every and one.period <= last]
    return sorted(alike, key=lambda one: one.period)[-PERIODS:]
