"""Evidence under /report: what was told of a closed quarter or year, and its files."""

from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import evidence as facts
from community import translations
from community.errors import NotFoundError
from community.evidence import Period, Published
from community.evidence.telling import AREA
from community.people import Person
from community.translations import Reads
from handlers import words
from handlers.replies import (
    Button,
    File,
    Message,
    Network,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
)
from handlers.report import as_picture, not_made
from handlers.staff import COORDINATORS, Months, OpenEvidence, router_for
from locales import Translator, day, plain, without_isolates
from reports import chart, evidence
from reports.evidence import ENDINGS, Evidence, Names
from reports.evidence.content import PERIODS
from reports.tables import Report, as_text

FIRST, LAST = 2000, 9000
"""Years; of others there are no dates."""
COURSE = "course"
"""A picture of how figures went, among the files."""


class EvidenceFile(CallbackData, prefix="rg"):
    """The evidence of one period as a file of one kind."""

    year: int
    number: int
    kind: str


async def opened(
    query: Any,
    callback_data: OpenEvidence,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Show a period: text and picture; of one that is not told yet, when it will be.

    Raises:
        NotAllowedError: the reader is no coordinator.
        NotFoundError: there is no such period.
    """
    year, number = callback_data.year, callback_data.number
    if not year:
        return [edit("evidence")]
    period, about = _period(year, number), {"year": year, "number": number}
    if period not in await facts.periods(session, person, now):
        if period.counted_from(ZoneInfo(network.zone)) < now:
            raise NotFoundError("EvidencePeriod")
        return [edit("evidence.not_yet", **about)]
    return [
        edit("evidence.text", **about),
        say("evidence.bars", **about),
    ]


async def asked_for(
    query: Any,
    callback_data: EvidenceFile,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Hand over a file.

    Raises:
        NotAllowedError: the reader is no coordinator.
        NotFoundError: there is no such file, or nothing is told of the period.
    """
    year, number, kind = callback_data.year, callback_data.number, callback_data.kind
    period = _period(year, number)
    if kind not in (COURSE, *ENDINGS) or period not in await facts.periods(session, person, now):
        raise NotFoundError("EvidencePeriod")
    if kind == COURSE:
        return [say("evidence.course", year=year, number=number)]
    return [say("evidence.file", year=year, number=number, form=kind)]


def _period(year: int, number: int) -> Period:
    if not (FIRST <= year <= LAST and 0 <= number <= 4):
        raise NotFoundError("EvidencePeriod")
    return Period(year, number)


# Cards


async def choice(page: Page) -> Message:
    """Offer the periods that were told, and say when the next one is."""
    _ = page._
    found = await facts.periods(page.session, page.reader, page.now)
    rows = in_rows([Button(evidence.period(one, _), _open(one)) for one in found], per_row=2)
    zone = ZoneInfo(page.network.zone)
    upcoming = await facts.next_freeze(page.session, page.now, zone)
    text = lines(
        _("<b>Evidence</b>"),
        _(
            "Indicators of closed quarters and years, beside their targets and the period "
            "before. Each period is counted once, a week after its end, and does not change."
        ),
        _("Which period would you like to see?") if found else _("Nothing yet."),
    )
    if upcoming is not None:
        when = day(upcoming.astimezone(zone).date(), _)
        text = lines(text, _("The next period is counted on {date}.", date=when))
    return Message(text, [*rows, [Button(_.label("button", "Back"), Months())]])


async def not_yet(page: Page, year: int, number: int) -> Message:
    """Say when a period will be told."""
    _, period, zone = page._, Period(year, number), ZoneInfo(page.network.zone)
    when = day(period.counted_from(zone).astimezone(zone).date(), _)
    return Message(
        _(
            "Nothing is told of {period} yet: it is counted on {date}, when what is noted late "
            "is in it.",
            period=evidence.period(period, _),
            date=when,
        ),
        [[_others(_)]],
    )


async def text_card(page: Page, year: int, number: int) -> Message:
    """Show the most important figures, and offer the files."""
    _, which = page._, {"year": year, "number": number}
    told, names = await _read(page, Period(year, number))
    course = Button(_.label("button", "📈 Period by period"), EvidenceFile(**which, kind=COURSE))
    files = [
        *([course] if evidence.against_targets(told, names, _) else []),
        Button(_.label("button", "📄 Page to read and print"), EvidenceFile(**which, kind="html")),
        Button(_.label("button", "📊 Workbook"), EvidenceFile(**which, kind="xlsx")),
        Button(_.label("button", "🗂 Tables (CSV)"), EvidenceFile(**which, kind="csv")),
    ]
    text = as_text(evidence.in_short(told, names, _), _)
    return Message(text, [*([one] for one in files), [_others(_)]])


async def bars_card(page: Page, year: int, number: int) -> Message:
    """Show all figures of the period as bars."""
    told, names = await _read(page, Period(year, number))
    return _picture(evidence.bars(told, names, page._), page._)


async def course_card(page: Page, year: int, number: int) -> Message:
    """Show the foremost indicators period by period, beside their targets."""
    told, names = await _read(page, Period(year, number))
    found = evidence.against_targets(told, names, page._)
    if found is None:
        return Message(page._("There is neither a target nor a period before this one."))
    return _picture(found, page._)


def _picture(told: Report, _: Translator) -> Message:
    return as_picture(chart.picture(told, _), told.title, _)


async def file_card(page: Page, year: int, number: int, form: str) -> Message:
    """Hand over one file."""
    _, period = page._, Period(year, number)
    told, names = await _read(page, period)
    content = partial(evidence.made, form, told, names, page.network.cover, _, page.now)
    name = f"{_.label('file', 'evidence')}-{period.code}.{ENDINGS[form]}"
    text = _("Evidence of {period}, as a file.", period=evidence.period(period, _))
    return Message(text, file=File(without_isolates(name), content, otherwise=not_made(_)))


def _open(period: Period) -> OpenEvidence:
    return OpenEvidence(year=period.year, number=period.number)


def _others(_: Translator) -> Button:
    return Button(_.label("button", "Other periods"), OpenEvidence())


# What is read


async def _read(page: Page, period: Period) -> tuple[Evidence, Names]:
    """Return the evidence of a period as this reader may read it, once for all its cards."""
    key = ("evidence", page.reader.id, period, page._.language)
    if key not in page.memo:
        zone = ZoneInfo(page.network.zone)
        told = await facts.up_to(page.session, page.reader, period, PERIODS, zone, page.now)
        names = await names_of(page.session, told[-1], page.reads, page.network, page._)
        page.memo[key] = evidence.evidence(told, page.network.indicators, zone), names
    found: tuple[Evidence, Names] = page.memo[key]
    return found


async def names_of(
    session: AsyncSession, told: Published, reads: Reads, network: Network, _: Translator
) -> Names:
    """Return what everything is called that a report of this period may name."""
    areas = {
        int(key)
        for fact in told.facts.values()
        for table in (*fact.by.get(AREA, {}).values(), fact.shares.get(AREA, {}))
        for key in table
        if key
    }
    found = await translations.blocks(session, "area", list(areas), reads, network.language)
    called = {str(number): plain(block.get("name")) for number, block in found.items()}
    return Names(called, lambda code: words.profile(code, _), network.currency)


CARDS = {
    "evidence": choice,
    "evidence.not_yet": not_yet,
    "evidence.text": text_card,
    "evidence.bars": bars_card,
    "evidence.course": course_card,
    "evidence.file": file_card,
}


def setup() -> Router:
    """Take the buttons of evidence, from coordinators only."""
    router = router_for("evidence", COORDINATORS)
    router.callback_query.register(opened, OpenEvidence.filter())
    router.callback_query.register(asked_for, EvidenceFile.filter())
    return router
