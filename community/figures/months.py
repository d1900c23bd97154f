"""What a coordinator reads of a month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, roles
from community.attendance import Attendance
from community.attendance import State as Attending
from community.deliveries import Delivery
from community.erasure import ERASED
from community.events import Event
from community.figures.periods import Quarter, Span, span
from community.figures.protecting import Cell, Hidden, Protected, people, protect, together
from community.figures.support import Support, of_month
from community.history import Step
from community.people import MEMBERSHIP, Membership, Person
from community.roles import RoleName
from community.surveys import AFTER_EVENT, REACHED, TEMPLATES, Survey, SurveyAnswer, SurveyResponse

UNKNOWN = ""
"""The language of who has not chosen one."""


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
    support: Support
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
    since = Quarter.of_month(year, month_number).start(zone)
    own = await roles.has_staffed(session, actor, since)
    return await month(session, year, month_number, zone, now, without=own)


async def month(
    session: AsyncSession,
    year: int,
    month: int,
    zone: ZoneInfo,
    now: datetime,
    *,
    without: Sequence[int] = (),
) -> Month:
    """Return the figures of one month, protected; ``without`` as in ``Support``."""
    when = span(year, month, zone, now)
    return Month(
        when,
        await members_of(session, when),
        await _meetings(session, when),
        await of_month(session, when, zone, now, without),
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


async def members_of(session: AsyncSession, when: Span) -> Members:
    """Return the members at the end of a month by language, and who joined and left in it."""
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
        together(protect({"joined": joined or 0, "left": left or 0}, total_shown=False)),
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
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(*within, Survey.template == AFTER_EVENT.code, Delivery.state.in_(REACHED))
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
        .where(*within, Survey.template == AFTER_EVENT.code)
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
    return Surveys(people(asked), people(answered), questions)


def _question(
    template: str, version: int, code: str, values: Any, found: Mapping[str, int]
) -> Question:
    answers = protect({value: found.get(value, 0) for value in values})
    n = people(sum(found.values()))
    if isinstance(n, Hidden):
        answers = Protected({}, n)
    return Question(template, version, code, n, answers)
