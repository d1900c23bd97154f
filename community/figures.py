"""Figures: what a coordinator reads of a month. Counts only, and never of a few people.

All counting happens in the database. Every count of people goes through ``protect``: what is
below five is hidden, and so is whatever would give it away.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, referrals, roles
from community.attendance import Attendance
from community.attendance import State as Attending
from community.deliveries import Delivery
from community.erasure import ERASED
from community.events import Event
from community.history import Step
from community.people import MEMBERSHIP, Membership, Person
from community.referrals import Referral
from community.roles import RoleName
from community.surveys import REACHED, TEMPLATES, Survey, SurveyAnswer, SurveyResponse

FEW = 5
UNKNOWN = ""
"""The language of who has not chosen one."""

K = TypeVar("K", bound=Hashable)


class Hidden(StrEnum):
    """Why a number is not there."""

    FEW = "few"
    """It is below five."""
    COVERED = "covered"
    """It is below five, or would give away one that is; which of the two is not told."""


Cell = int | Hidden


@dataclass(frozen=True)
class Protected(Generic[K]):
    """A table of counts that may be shown."""

    cells: Mapping[K, Cell]
    total: Cell | None
    """None where no total is shown."""


def protect(cells: Mapping[K, int], *, total_shown: bool = True) -> Protected[K]:
    """Hide every count from 1 to 4, and what more it takes that none can be computed.

    The reader is taken to know this method and everything that is shown. Beside a total, hidden
    cells are safe if at least two could swap their values, or if several small ones can add up in
    more than one way. Otherwise the smallest of the large cells are hidden with them (all that
    are equal), or the zeros, or at last the total.
    """
    small = {key for key, count in cells.items() if 0 < count < FEW}
    total = sum(cells.values())
    if not small:
        return Protected(dict(cells), total if total_shown else None)
    if not total_shown:
        return _with(cells, small, Hidden.FEW, None)
    if total < FEW:  # zeros too: four hidden cells would be one each
        return _with(cells, set(cells), Hidden.FEW, Hidden.FEW)
    hidden_sum = sum(cells[key] for key in small)
    if len(small) < hidden_sum < (FEW - 1) * len(small) and len(small) > 1:
        return _with(cells, small, Hidden.FEW, total)
    large = [count for count in cells.values() if count >= FEW]
    # Hiding all that are equal keeps the choice blind to the order of the cells.
    cover = min(large) if large else 0
    covers = {key for key, count in cells.items() if count == cover}
    # Without any, all are 1 or all are 4. Of five cells or more, a total would tell which.
    is_safe = bool(covers) or len(cells) < FEW
    return _with(cells, small | covers, Hidden.COVERED, total if is_safe else Hidden.COVERED)


def _with(cells: Mapping[K, int], hidden: set[K], why: Hidden, total: Cell | None) -> Protected[K]:
    return Protected({key: why if key in hidden else count for key, count in cells.items()}, total)


def _together(table: Protected[K]) -> Protected[K]:
    """Hide all cells if one is hidden: beside the number of members each tells the other."""
    if not any(isinstance(cell, Hidden) for cell in table.cells.values()):
        return table
    return Protected(dict.fromkeys(table.cells, Hidden.COVERED), table.total)


# A month


@dataclass(frozen=True)
class Span:
    """A calendar month where the network is; the running one ends now."""

    year: int
    month: int
    start: datetime
    end: datetime
    is_closed: bool


def span(year: int, month: int, zone: ZoneInfo, now: datetime) -> Span:
    """Return when a month begins and ends. What has not begun is empty, not an error."""
    start = datetime(year, month, 1, tzinfo=zone).astimezone(UTC)
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    end = datetime(*following, 1, tzinfo=zone).astimezone(UTC)
    return Span(year, month, start, min(end, max(now, start)), end <= now)


@dataclass(frozen=True)
class Members:
    """Who belongs to the network at the end of the month, and how that changed."""

    by_language: Protected[str]
    movement: Protected[str]
    """``joined`` and ``left`` (erased included): acts in this month."""


@dataclass(frozen=True)
class Meetings:
    """What took place. Events are no people: their number is exact."""

    held: int
    cancelled: int
    people: Protected[Attending]


@dataclass(frozen=True)
class Question:
    """The answers to one question of one version of a template."""

    template: str
    version: int
    code: str
    n: Cell
    answers: Protected[str]
    """Empty where fewer than five have answered."""

    @property
    def is_current(self) -> bool:
        """Say whether the newest version of the template asks it."""
        return (self.template, self.version + 1) not in TEMPLATES


@dataclass(frozen=True)
class Surveys:
    """Pulses asked in the month: how many, how many answered to the end, and what."""

    asked: Cell
    answered: Cell
    questions: list[Question] = field(default_factory=list)

    @property
    def response_rate(self) -> float | None:
        """Return the share that answered to the end, where both numbers are shown."""
        if isinstance(self.asked, Hidden) or isinstance(self.answered, Hidden) or not self.asked:
            return None
        return self.answered / self.asked


@dataclass(frozen=True)
class Month:
    """Everything a coordinator reads of one month."""

    span: Span
    members: Members
    meetings: Meetings
    referrals: Protected[referrals.State]
    deliveries: Protected[deliveries.State]
    surveys: Surveys


async def read(
    session: AsyncSession,
    actor: Person,
    year: int,
    month_number: int,
    zone: ZoneInfo,
    now: datetime,
) -> Month:
    """Return the figures of a month to a coordinator.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await month(session, year, month_number, zone, now)


async def month(
    session: AsyncSession, year: int, month: int, zone: ZoneInfo, now: datetime
) -> Month:
    """Return the figures of one month, protected."""
    when = span(year, month, zone, now)
    return Month(
        when,
        await _members(session, when),
        await _meetings(session, when),
        await _referrals(session, when),
        await _deliveries(session, when),
        await _surveys(session, when),
    )


async def first_month(session: AsyncSession, zone: ZoneInfo, now: datetime) -> tuple[int, int]:
    """Return year and month in which the first person was met."""
    met: datetime | None = await session.scalar(select(func.min(Person.met_at)))
    local = (met or now).astimezone(zone)
    return local.year, local.month


async def _counts(session: AsyncSession, query: Select[Any, int]) -> dict[Any, int]:
    return {row[0]: row[1] for row in await session.execute(query)}


MEMBER = (Membership.ACTIVE, Membership.PAUSED, Membership.STOPPED)


async def _members(session: AsyncSession, when: Span) -> Members:
    stood = (
        select(Step.after)
        .where(
            Step.subject == MEMBERSHIP.name,
            Step.subject_id == Person.id,
            Step.at < when.end,
        )
        .order_by(Step.id.desc())
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    language = func.coalesce(Person.language, UNKNOWN)
    by_language = await _counts(
        session,
        select(language, func.count()).where(stood.in_(MEMBER)).group_by(language),
    )
    within = (
        Step.subject == MEMBERSHIP.name,
        Step.at >= when.start,
        Step.at < when.end,
    )
    outside = (Membership.JOINING, Membership.LEFT)
    joined = await session.scalar(
        select(func.count()).where(
            *within, Step.before.in_(outside), Step.after == Membership.ACTIVE
        )
    )
    left = await session.scalar(
        select(func.count()).where(
            *within,
            Step.before.not_in(outside),
            Step.after.in_([Membership.LEFT, ERASED]),
        )
    )
    return Members(
        protect(dict(sorted(by_language.items()))),
        _together(protect({"joined": joined or 0, "left": left or 0}, total_shown=False)),
    )


async def _meetings(session: AsyncSession, when: Span) -> Meetings:
    within = (Event.starts_at >= when.start, Event.starts_at < when.end)
    by_state = await _counts(
        session, select(Event.state, func.count()).where(*within).group_by(Event.state)
    )
    shown = (Attending.ATTENDED, Attending.MISSED, Attending.GOING)
    answered = await _counts(
        session,
        select(Attendance.state, func.count())
        .join(Event, Event.id == Attendance.event_id)
        .where(
            *within,
            Event.state.in_([events.State.PUBLISHED, events.State.HELD]),
            Attendance.state.in_(shown),
        )
        .group_by(Attendance.state),
    )
    return Meetings(
        # One that has begun and is not yet marked as held took place all the same.
        held=by_state.get(events.State.HELD, 0) + by_state.get(events.State.PUBLISHED, 0),
        cancelled=by_state.get(events.State.CANCELLED, 0),
        people=protect({state: answered.get(state, 0) for state in shown}, total_shown=False),
    )


async def _referrals(session: AsyncSession, when: Span) -> Protected[referrals.State]:
    """Count what was asked of providers in the month, by where it stands now."""
    found = await _counts(
        session,
        select(Referral.state, func.count())
        .where(
            Referral.made_at >= when.start,
            Referral.made_at < when.end,
            Referral.state != referrals.State.DRAFT,
        )
        .group_by(Referral.state),
    )
    return protect({state: found[state] for state in referrals.State if state in found})


async def _deliveries(session: AsyncSession, when: Span) -> Protected[deliveries.State]:
    found = await _counts(
        session,
        select(Delivery.state, func.count())
        .where(
            Delivery.state.not_in(deliveries.OPEN),
            Delivery.settled_at >= when.start,
            Delivery.settled_at < when.end,
        )
        .group_by(Delivery.state),
    )
    states = {state: found[state] for state in deliveries.State if state in found}
    return protect(states, total_shown=False)  # messages, not people: each outcome for itself


async def _surveys(session: AsyncSession, when: Span) -> Surveys:
    within = (SurveyResponse.asked_at >= when.start, SurveyResponse.asked_at < when.end)
    reached = (
        select(func.count(SurveyResponse.id), func.count(SurveyResponse.finished_at))
        .join(
            Delivery,
            (Delivery.subject_id == SurveyResponse.id) & (Delivery.kind == "pulse"),
        )
        .where(*within, Delivery.state.in_(REACHED))
    )
    asked, answered = (await session.execute(reached)).one()
    rows = await session.execute(
        select(
            Survey.template,
            Survey.version,
            SurveyAnswer.question,
            SurveyAnswer.value,
            func.count(),
        )
        .join(SurveyResponse, SurveyResponse.id == SurveyAnswer.response_id)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(*within)
        .group_by(Survey.template, Survey.version, SurveyAnswer.question, SurveyAnswer.value)
    )
    counted: dict[tuple[str, int, str], dict[str, int]] = {}
    for template, version, question, value, count in rows:
        counted.setdefault((template, version, question), {})[value] = count
    questions = [
        _question(code, version, asked_for.code, asked_for.values, found)
        for (code, version), template in TEMPLATES.items()
        for asked_for in template.questions
        if (found := counted.get((code, version, asked_for.code)))
    ]
    return Surveys(_people(asked), _people(answered), questions)


def _people(count: int) -> Cell:
    return protect({"": count}, total_shown=False).cells[""]


def _question(
    template: str, version: int, code: str, values: Any, found: Mapping[str, int]
) -> Question:
    answers = protect({value: found.get(value, 0) for value in values})
    n = _people(sum(found.values()))
    if isinstance(n, Hidden):
        answers = Protected({}, n)
    return Question(template, version, code, n, answers)
