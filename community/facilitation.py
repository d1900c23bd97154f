"""What members think of the network and of those who run it: the anonymous kind of survey.

Members are asked once a quarter, and answer in one go. Of a person is kept that they were asked,
and whether they have answered, without a time. Of the answers is kept how often each was given,
by month and language: counts, which belong to nobody, so that not even two answers of one person
stand together. The facets are those by which the guidance note (module 6.4) says facilitators
can be monitored. They are read once the quarter is over, so that nobody can watch one answer
come in, and never of fewer than five.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    case,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import consents, deliveries, roles, surveys, untranslated
from community.base import Base, BigId, Referable, find
from community.consents import Purpose
from community.deliveries import Delivery, Plan, State
from community.errors import (
    ConsentMissingError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.figures import FEW, Cell, Protected, Quarter, protect, quarter_of, split
from community.figures.protecting import sum_of
from community.people import Membership, Person
from community.roles import RoleName
from community.writing import insert_new

KIND = "facilitation"
KNOWS_THE_NETWORK = timedelta(days=30)
"""Whoever has been a member for so long has seen something of it."""
LAST_ASKED = timedelta(days=7)
"""So long before a quarter ends nobody is asked any more: who is needs time to answer."""
AT_ONCE = 500
"""How many are asked by one run of the job."""


class Facet(StrEnum):
    """What is judged, in the order of asking."""

    INFORMATION = "information"
    LEARNING = "learning"
    LINKING = "linking"
    CAPACITY = "capacity"
    PROBLEM_SOLVING = "problem_solving"
    COMMON_GOALS = "common_goals"
    EXPECTATIONS = "expectations"
    MOTIVATION = "motivation"
    OWNERSHIP = "ownership"
    OUTCOMES = "outcomes"
    NETWORK = "network"
    """The quality of the network as a whole."""


FACETS = tuple(Facet)
BEST = 5
SKIPPED = "x"
MARKS = frozenset({*map(str, range(1, BEST + 1)), SKIPPED})
ANSWERED = "answered"
"""What else is counted: how many have answered anything."""
REACHED = (State.SENT, State.UNCERTAIN, State.RECALLED)
"""Of whom it is said that they were asked: the question has left, or may have."""


CELLS = (
    (ANSWERED, 0),
    *((facet.value, mark) for facet in FACETS for mark in range(1, BEST + 1)),
)


class FacilitationAsked(Base, Referable):
    """That somebody was asked in a quarter, and whether they have answered; never when."""

    __tablename__ = "facilitation_asked"
    __table_args__ = (UniqueConstraint("person_id", "quarter"),)

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    quarter: Mapped[str] = mapped_column(String(6))
    answered: Mapped[bool] = mapped_column(default=False)


class FacilitationCount(Base):
    """How many people in one language gave a facet this mark, in one month."""

    __tablename__ = "facilitation_counts"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLAlchemy names it

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    facet: Mapped[str] = mapped_column(String(16), primary_key=True)
    mark: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1 to 5; 0 for ``ANSWERED``, which has none."""
    count: Mapped[int] = mapped_column(default=0)


# Asking


def asked_from(quarter: Quarter, zone: ZoneInfo, now: datetime) -> datetime:
    """Return when a quarter's question goes out: as its last month begins."""
    return quarter.span(zone, now).months[-1].start


async def ask(session: AsyncSession, now: datetime, zone: ZoneInfo, language: str) -> int:
    """Owe members the question once in the last month of a quarter; return how many now.

    It is for who agreed to surveys, knows the network, and was asked nothing for fourteen days;
    the animators do not judge themselves. Whoever it does not reach was not asked (``read``).
    """
    quarter = quarter_of(now, zone)
    end = quarter.following.start(zone)
    if not asked_from(quarter, zone, now) <= now < end - LAST_ASKED:
        return 0
    code = code_of(quarter)
    candidates = await session.scalars(
        select(Person)
        .where(
            Person.state == Membership.ACTIVE,
            Person.joined_at < now - KNOWS_THE_NETWORK,
            surveys.agrees(),
            ~surveys.rests(now),
            ~exists().where(
                FacilitationAsked.person_id == Person.id, FacilitationAsked.quarter == code
            ),
        )
        .order_by(Person.id)
        .limit(AT_ONCE)
    )
    team = {person.id for person in await roles.holders(session, RoleName.ANIMATOR, now)}
    people = [person for person in candidates if person.id not in team]
    rows = [FacilitationAsked(person_id=person.id, quarter=code) for person in people]
    session.add_all(rows)
    await session.flush()
    plans = [
        Plan(KIND, row.person_id, f"{KIND}:{code}:{row.person_id}", now, {"ref": row.ref}, end)
        for row in rows
    ]
    await deliveries.plan(session, now, *plans)
    for spoken in sorted({person.language or language for person in people}):
        await _begin(session, month_of(now, zone), spoken)
    return len(rows)


async def next_asking(session: AsyncSession, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when members are asked next, if there is anybody to ask then."""
    quarter = quarter_of(now, zone)
    moment = asked_from(quarter, zone, now)
    if moment <= now:
        moment = asked_from(quarter.following, zone, now)
    somebody = await session.scalar(
        select(Person.id)
        .where(
            Person.state == Membership.ACTIVE,
            Person.joined_at < moment - KNOWS_THE_NETWORK,
            surveys.agrees(),
        )
        .limit(1)
    )
    return moment if somebody is not None else None


# Answering


async def asked(
    session: AsyncSession, actor: Person, ref: str, *, lock: bool = False
) -> FacilitationAsked:
    """Return what was put to this person.

    Raises:
        NotFoundError: no such question, or it was put to somebody else.
    """
    found = await find(session, FacilitationAsked, ref, lock=lock)
    if found.person_id != actor.id:
        raise NotFoundError("FacilitationAsked")
    return found


def is_open(found: FacilitationAsked, now: datetime, zone: ZoneInfo) -> bool:
    """Say whether it can still be answered: not answered, and in the quarter it is about."""
    return not found.answered and found.quarter == code_of(quarter_of(now, zone))


async def answer(
    session: AsyncSession,
    actor: Person,
    ref: str,
    marks: str,
    now: datetime,
    zone: ZoneInfo,
    language: str,
) -> bool:
    """Count somebody's marks, one letter for each facet in order; False if they have answered.

    Fewer letters than facets, or ``x``, leave facets out. ``language`` is the network's own, of
    whoever has chosen none.

    Raises:
        NotFoundError: no such question, or it was put to somebody else.
        NotUnderstoodError: what is no mark, or no mark at all.
        ConsentMissingError: the person has turned surveys off.
        TooLateError: the quarter is over.
    """
    found = await asked(session, actor, ref, lock=True)
    if found.answered:
        return False
    given = marks_of(marks)
    if not given:
        raise NotUnderstoodError("answer")
    if not is_open(found, now, zone):
        raise TooLateError(quarter_of(now, zone).start(zone))
    if Purpose.SURVEYS not in await consents.given(session, actor):
        raise ConsentMissingError(Purpose.SURVEYS)
    found.answered = True
    counted = {(facet.value, mark): 1 for facet, mark in given.items()}
    spoken = actor.language or language
    await _count(session, month_of(now, zone), spoken, {(ANSWERED, 0): 1, **counted})
    return True


def marks_of(marks: str) -> Mapping[Facet, int]:
    """Read what was marked, and how.

    Raises:
        NotUnderstoodError: there are too many, or one is no mark.
    """
    if len(marks) > len(FACETS) or not {*marks} <= MARKS:
        raise NotUnderstoodError("answer")
    return {
        facet: int(mark) for facet, mark in zip(FACETS, marks, strict=False) if mark != SKIPPED
    }


async def _count(
    session: AsyncSession, month: str, language: str, more: Mapping[tuple[str, int], int]
) -> None:
    """Add to the counts of a month and language, by writing every one of them anew.

    What a database keeps of a row besides (where it lies, which transaction wrote it) is then
    the same for all, and tells nothing of who has changed which.
    """
    of_these = await _begin(session, month, language)
    gate = select(FacilitationCount.count).filter_by(**of_these, facet=ANSWERED, mark=0)
    await session.execute(gate.with_for_update())  # one after the other, or they would cross
    here = [
        (and_(FacilitationCount.facet == facet, FacilitationCount.mark == mark), count)
        for (facet, mark), count in more.items()
    ]
    await session.execute(
        update(FacilitationCount)
        .filter_by(**of_these)
        .values(count=FacilitationCount.count + case(*here, else_=0))
        .execution_options(synchronize_session=False)
    )


async def _begin(session: AsyncSession, month: str, language: str) -> dict[str, str]:
    """Have every count of a month and language, so that none tells by being there; name them."""
    of_these = {"month": month, "language": language}
    await insert_new(
        session,
        FacilitationCount,
        [{**of_these, "facet": facet, "mark": mark, "count": 0} for facet, mark in CELLS],
    )
    return of_these


# Reading


@dataclass(frozen=True)
class Score:
    """The mean of the marks that a facet was given, from 1 to 5, and how many gave one."""

    mean: float
    answers: int


@dataclass(frozen=True)
class Judged:
    """What members thought in one quarter; None where fewer than five have said so."""

    quarter: Quarter
    answering: Protected[bool]
    """How many of those whom the question has reached have answered, and have not."""
    languages: Protected[str]
    """In which languages they answered; the names of small ones stay unsaid."""
    facets: Mapping[Facet, Score | None]
    before: Mapping[Facet, Score | None]
    """The same in the quarter before."""


async def read(
    session: AsyncSession, actor: Person, quarter: Quarter, zone: ZoneInfo, now: datetime
) -> Judged:
    """Return what members thought in a quarter that is over.

    Raises:
        NotAllowedError: the actor is neither animator nor coordinator.
        NotFoundError: the quarter is not over: one could watch a single answer come in.
    """
    held = {role.name for role in await roles.held(session, actor, now)}
    if not held & {RoleName.ANIMATOR, RoleName.COORDINATOR}:
        raise NotAllowedError(RoleName.ANIMATOR)
    if now < quarter.following.start(zone):
        raise NotFoundError("Quarter")
    counted = await _counted(session, quarter)
    by_language: dict[str, int] = {}
    for (language, facet, _mark), count in counted.items():
        if facet == ANSWERED:
            by_language[language] = by_language.get(language, 0) + count
    answered = sum(by_language.values())
    everybody = await _reached(session, quarter, zone)
    return Judged(
        quarter,
        protect({True: answered, False: max(everybody - answered, 0)}),
        split(by_language),
        _scores(counted),
        _scores(await _counted(session, quarter.before)),
    )


async def _reached(session: AsyncSession, quarter: Quarter, zone: ZoneInfo) -> int:
    """Count the questions of a quarter that have left, by their messages and not by people."""
    found = await session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.kind == KIND,
            Delivery.state.in_(REACHED),
            Delivery.settled_at >= quarter.start(zone),
            Delivery.settled_at < quarter.following.start(zone),
        )
    )
    return found or 0


async def _counted(session: AsyncSession, quarter: Quarter) -> dict[tuple[str, str, int], int]:
    months = [f"{quarter.year}-{quarter.first_month + n:02}" for n in range(3)]
    rows = await session.execute(
        select(
            FacilitationCount.language,
            FacilitationCount.facet,
            FacilitationCount.mark,
            func.sum(FacilitationCount.count),
        )
        .where(FacilitationCount.month.in_(months))
        .group_by(FacilitationCount.language, FacilitationCount.facet, FacilitationCount.mark)
    )
    return {(language, facet, mark): count for language, facet, mark, count in rows}


def _scores(counted: Mapping[tuple[str, str, int], int]) -> Mapping[Facet, Score | None]:
    return {facet: _score(facet, counted) for facet in FACETS}


def _score(facet: Facet, counted: Mapping[tuple[str, str, int], int]) -> Score | None:
    marks = [(mark, count) for (_, of, mark), count in counted.items() if of == facet]
    answers = sum(count for _mark, count in marks)
    if answers < FEW:
        return None
    return Score(round(sum(mark * count for mark, count in marks) / answers, 1), answers)


@dataclass(frozen=True)
class Coverage:
    """Which languages the team speaks, and how many members nobody of it can talk with."""

    spoken: Sequence[tuple[Person, frozenset[str]]]
    """Each animator, and what they read; empty for whoever sees no names."""
    uncovered: Cell
    """Active members by the language they chose first, as everywhere: beside those counts, what
    else they read would tell of few. Not told where one of these languages is hidden there."""


async def coverage(
    session: AsyncSession, actor: Person, now: datetime, *, network_language: str
) -> Coverage:
    """Return what the team speaks, and for how many members that is not enough.

    Raises:
        NotAllowedError: the actor is neither animator nor coordinator.
    """
    held = {role.name for role in await roles.held(session, actor, now)}
    if not held & {RoleName.ANIMATOR, RoleName.COORDINATOR}:
        raise NotAllowedError(RoleName.ANIMATOR)
    spoken = [
        (one, frozenset(filter(None, (one.language or network_language, one.second_language))))
        for one in await roles.holders(session, RoleName.ANIMATOR, now)
    ]
    members = await untranslated.readers(session, network_language)
    covered = frozenset[str]().union(*(languages for _one, languages in spoken))
    return Coverage(
        spoken if RoleName.ANIMATOR in held else [],
        sum_of(protect(members), members.keys() - covered),
    )


async def told_of(session: AsyncSession, now: datetime, zone: ZoneInfo) -> Sequence[Quarter]:
    """Return the quarters that can be read, the last first."""
    months = await session.scalars(select(FacilitationCount.month).distinct())
    found = {Quarter.of_month(int(month[:4]), int(month[5:])) for month in months}
    return sorted((one for one in found if one < quarter_of(now, zone)), reverse=True)


def code_of(quarter: Quarter) -> str:
    """Return how a quarter is written down: 2026Q4."""
    return f"{quarter.year}Q{quarter.number}"


def month_of(now: datetime, zone: ZoneInfo) -> str:
    """Return the month of a moment where the network is: 2026-12."""
    return f"{now.astimezone(zone):%Y-%m}"
