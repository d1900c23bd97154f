"""The data set from which everything that was told can be computed again, by somebody else.

Each fact is a file, one row for each person as the fact counted them; a *pseudonym* stands for the
person, the same in every file and every later data set, drawn by lot and gone once they are
erased. Groups are the report's own (language, upper area, profiles), and answers come by their
codes: no name, account, words or voice. What was counted and has been erased since is a file of
counts. It is for an evaluator under an agreement, and for nobody else.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.areas import Area
from community.attendance import Attendance
from community.attendance import State as Came
from community.base import new_ref
from community.events import Event
from community.evidence.facts import FACTS
from community.evidence.freezing import count, of_profiles, tables
from community.evidence.periods import Period
from community.evidence.table import EvidencePeriod, EvidencePseudonym, EvidenceRow
from community.evidence.telling import ALL, PROFILES
from community.lessons import LessonProgress
from community.matches import Match, MatchSide
from community.people import Person
from community.referrals import Referral
from community.surveys import Survey, SurveyAnswer, SurveyResponse
from community.writing import insert_new

AT_ONCE = 1000
Row = Sequence[object]


@dataclass(frozen=True)
class File:
    """One file: what it is called, its columns, and its rows, once."""

    name: str
    columns: Sequence[str]
    rows: AsyncIterator[Row]


async def files(session: AsyncSession, zone: ZoneInfo) -> AsyncIterator[File]:
    """Yield each file of the data set. Who has no pseudonym yet is given one."""
    await _draw(session)
    rows = await session.scalars(
        select(EvidencePeriod).order_by(EvidencePeriod.year, EvidencePeriod.number)
    )
    periods = rows.all()
    yield File(
        "periods",
        ("period", "threshold", "framework", "counted_on"),
        _given(
            (_code(row), row.threshold, row.framework, _day(row.frozen_at, zone))
            for row in periods
        ),
    )
    yield File("groups", ("period", "split", "group"), _given(_groups(periods)))
    yield File(
        "facts",
        ("fact", "every", "splits", "together", "within", "of", "threshold"),
        _given(_facts()),
    )
    yield File("trees", ("fact", "number", "part"), _given(_trees()))
    yield File(
        "people",
        ("pseudonym", "language", "area", "profiles", "joined", *TREATMENTS),
        _people(session, zone),
    )
    for name in FACTS:
        yield File(
            f"fact_{name}",
            ("period", "pseudonym", "leaf", "amount", "language", "area", "profiles"),
            _counted(session, name, periods),
        )
    yield File(
        "answers",
        ("pseudonym", "template", "version", "asked_on", "question", "value"),
        _answers(session, zone),
    )
    yield File(
        "erased",
        ("period", "fact", "split", "leaf", "group", "people"),
        _erased(session, periods),
    )


async def _given(rows: Iterable[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row


def _code(row: EvidencePeriod) -> str:
    return Period(row.year, row.number).code


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None


def _names(bits: int) -> str:
    return " ".join(code for number, code in enumerate(PROFILES) if bits & 1 << number)


def _groups(periods: Iterable[EvidencePeriod]) -> Iterator[Row]:
    for row in periods:
        for by, keys in row.counted["groups"].items():
            yield from ((_code(row), by, key) for key in keys)


def _facts() -> Iterator[Row]:
    for name, fact in FACTS.items():
        shape = fact.shape
        within, leaves = shape.within or ("", ())
        few = shape.few or ""
        yield (
            name,
            fact.every,
            " ".join(shape.splits),
            int(shape.together),
            within,
            " ".join(leaves),
            few,
        )


def _trees() -> Iterator[Row]:
    for name, fact in FACTS.items():
        for number, parts in fact.shape.tree.items():
            yield from ((name, number, part) for part in parts)


# Who is who


async def _draw(session: AsyncSession) -> None:
    """Give a pseudonym to everybody who has been a member and has none."""
    has_none = ~select(EvidencePseudonym).where(EvidencePseudonym.person_id == Person.id).exists()
    wanted = select(Person.id).where(has_none).order_by(Person.id).limit(AT_ONCE)
    while people := (await session.scalars(wanted)).all():
        rows = [{"person_id": number, "pseudonym": new_ref()} for number in people]
        await insert_new(session, EvidencePseudonym, rows)


def _first(moment: Any, person: Any, *conditions: Any) -> Select[Any]:
    return (
        select(person.label("person_id"), func.min(moment).label("at"))
        .where(*conditions, person.is_not(None))
        .group_by(person)
    )


TREATMENTS: Mapping[str, Select[Any]] = {
    "first_event": _first(
        Event.starts_at,
        Attendance.person_id,
        Attendance.event_id == Event.id,
        Attendance.state == Came.ATTENDED,
    ),
    "first_referral": _first(Referral.made_at, Referral.person_id),
    "first_introduction": _first(
        Match.introduced_at, MatchSide.person_id, MatchSide.match_id == Match.id
    ),
    "first_lesson": _first(LessonProgress.finished_at, LessonProgress.person_id),
}
"""When somebody first had each thing that the network does."""


async def _people(session: AsyncSession, zone: ZoneInfo) -> AsyncIterator[Row]:
    bits = of_profiles().subquery()
    first = [query.subquery() for query in TREATMENTS.values()]
    query = (
        select(
            EvidencePseudonym.pseudonym,
            func.coalesce(Person.language, ALL),
            func.coalesce(Area.parent_id, Area.id),
            func.coalesce(bits.c.bits, 0),
            Person.joined_at,
            *(each.c.at for each in first),
        )
        .join(Person, Person.id == EvidencePseudonym.person_id)
        .outerjoin(Area, Area.id == Person.area_id)
        .outerjoin(bits, bits.c.person_id == Person.id)
        .order_by(EvidencePseudonym.pseudonym)
    )
    for each in first:
        query = query.outerjoin(each, each.c.person_id == Person.id)
    for pseudonym, language, area, profiles, joined, *moments in await session.execute(query):
        month = f"{joined.astimezone(zone):%Y-%m}" if joined else None
        days = [_day(moment, zone) for moment in moments]
        yield (pseudonym, language, area, _names(profiles), month, *days)


async def _counted(
    session: AsyncSession, fact: str, periods: Sequence[EvidencePeriod]
) -> AsyncIterator[Row]:
    row = EvidenceRow
    query = (
        select(
            EvidencePseudonym.pseudonym,
            row.leaf,
            row.amount,
            row.language,
            row.area_id,
            row.profiles,
        )
        .outerjoin(EvidencePseudonym, EvidencePseudonym.person_id == row.person_id)
        .order_by(EvidencePseudonym.pseudonym, row.leaf)
    )
    for period in periods:
        here = query.where(row.fact == fact, row.period_id == period.id)
        for *rest, profiles in await session.execute(here):
            yield (_code(period), *rest, _names(profiles))


async def _answers(session: AsyncSession, zone: ZoneInfo) -> AsyncIterator[Row]:
    query = (
        select(
            EvidencePseudonym.pseudonym,
            Survey.template,
            Survey.version,
            SurveyResponse.asked_at,
            SurveyAnswer.question,
            SurveyAnswer.value,
        )
        .join(SurveyResponse, SurveyResponse.id == SurveyAnswer.response_id)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .join(EvidencePseudonym, EvidencePseudonym.person_id == SurveyResponse.person_id)
        .order_by(
            EvidencePseudonym.pseudonym,
            SurveyResponse.asked_at,
            Survey.template,
            SurveyAnswer.question,
            SurveyAnswer.value,
        )
    )
    drawn = select(EvidencePseudonym.pseudonym).order_by(EvidencePseudonym.pseudonym)
    everybody = (await session.scalars(drawn)).all()
    for at in range(0, len(everybody), AT_ONCE):
        some = everybody[at : at + AT_ONCE]
        between = EvidencePseudonym.pseudonym.between(some[0], some[-1])
        rows = await session.execute(query.where(between))
        for pseudonym, template, version, asked_at, *rest in rows:
            yield (pseudonym, template, version, _day(asked_at, zone), *rest)


async def _erased(session: AsyncSession, periods: Sequence[EvidencePeriod]) -> AsyncIterator[Row]:
    """Yield how many were counted, by every group, of whom no row is left."""
    for period in periods:
        left = await count(session, period.id)
        for name, counted in period.counted["facts"].items():
            now = tables(FACTS[name], left.get(name)) if name in FACTS else {}
            for by, margins in counted.items():
                for leaf, cells in margins.items():
                    gone = Counter(cells)
                    gone.subtract(now.get(by, {}).get(leaf, {}))
                    for group, number in sorted(gone.items()):
                        if number:
                            yield (_code(period), name, by, leaf, group, number)
