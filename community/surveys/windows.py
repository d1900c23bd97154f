"""When a survey is asked: one row for each rule, in the order in which they come first.

A window says whose turn it is at a moment, about what, and from when to when it may leave. It
knows nothing of the cool-down and of the other windows: ``asking.py`` does. What members think of
the network is asked last of all, by rows of its own (``community/facilitation.py``), and only of
whom none of these asks anything.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from community import attendance, events
from community.attendance import Attendance
from community.consents import Consent, Purpose
from community.events import Event
from community.people import Membership, Participation, Person
from community.referrals import Referral
from community.referrals import State as Requested
from community.surveys.forms import OWN_OPEN, SurveyForm
from community.surveys.table import ExitAgreement, Survey, SurveyResponse
from community.surveys.templates import (
    AFTER_EVENT,
    AFTER_REFERRAL,
    BASELINE,
    EXIT,
    EXIT_SIX_MONTHS,
    NEEDS_INTERVIEW,
    YEARLY,
    Template,
)

MORNING = time(8)
ASKED_WITHIN = timedelta(days=7)
"""Somebody is asked about an event or a request within a week of it, or never."""
OPEN_FOR = timedelta(days=14)
SETTLED_IN = timedelta(days=3)
"""So long after joining a member is asked where they stand."""
OUTCOME_WITHIN = timedelta(days=30)
"""Where somebody stands as they join, or after a year, is asked within so long, or never."""
OUTCOME_OPEN = timedelta(days=30)
A_WEEK_AFTER = timedelta(days=7)
FOUR_WEEKS = timedelta(weeks=4)
AFTER_MONTHS = 6
YEARS = 20
ASKED_AGAIN = timedelta(days=365)
"""So long after a needs interview the next is asked for."""
ENDED = (Requested.CONFIRMED, Requested.UNCONFIRMED, Requested.NOT_DELIVERED, Requested.RESOLVED)
"""A request of which nobody disputes any more what came of it."""


@dataclass(frozen=True)
class Turn:
    """That somebody is to be asked: about what, and from when to when."""

    person_id: int
    due_at: datetime
    expires_at: datetime
    """It leaves before this, or never."""
    closes_at: datetime
    """It can be answered until then."""
    event_id: int | None = None
    referral_id: int | None = None
    wave: str = ""
    form: SurveyForm | None = None
    """Which survey of the network's own, where the window itself names no template."""


@dataclass(frozen=True)
class Look:
    """When it is looked, and in which zone the network is."""

    now: datetime
    zone: ZoneInfo


Turns = Callable[[AsyncSession, Look, ColumnElement[bool]], Awaitable[Sequence[Turn]]]
Next = Callable[[AsyncSession, datetime], Awaitable[datetime | None]]


@dataclass(frozen=True)
class Window:
    """A rule: what is asked, of whom it is whose turn now, and when the next turn comes.

    ``turns`` is given the condition on people that leaves out whom nothing is asked now.
    """

    code: str
    template: Template | None
    """None: each turn names a survey of the network's own."""
    kind: str
    """Of the deliveries, by which the send policy judges."""
    turns: Turns
    next_turn: Next | None = None
    """When the clock alone makes it somebody's turn; None: only what somebody does."""
    of_members: bool = True
    """Members are asked, who agree to surveys; else who has left and agreed to that."""


# Who may be asked


def agrees() -> ColumnElement[bool]:
    """Return the condition that somebody has agreed to be asked (of the query around it).

    Who has chosen that nothing comes by itself is not asked.
    """
    has_agreed = exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == Purpose.SURVEYS,
        Consent.current,
        Consent.granted,
    )
    only_looks = func.coalesce(Person.participation, "") == Participation.READING
    return and_(has_agreed, ~only_looks)


def _is_asked() -> ColumnElement[bool]:
    return and_(Person.state == Membership.ACTIVE, agrees())


def morning_after(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the first eight o'clock in this zone after a moment."""
    local = moment.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.time() >= MORNING else 0)
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def _was_asked(template: Template, *about: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that somebody was asked this before, in whichever version."""
    return exists().where(
        SurveyResponse.person_id == Person.id,
        SurveyResponse.survey_id == Survey.id,
        Survey.template == template.code,
        *about,
    )


# After leaving


def months_after(moment: datetime, months: int) -> datetime:
    """Return the same day so many months later (earlier, if negative), or the month's last."""
    count = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(count, 12)
    for day in range(moment.day, moment.day - 4, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError(moment)


def has_agreed_to_exit() -> ColumnElement[bool]:
    """Return the condition that an agreement still stands: they have left, and not come back."""
    return and_(ExitAgreement.withdrawn_at.is_(None), Person.state == Membership.LEFT)


def _agreements(template: Template) -> Select[ExitAgreement]:
    """Return whom this was not asked since they left; who leaves again is asked again."""
    was_asked = _was_asked(template, SurveyResponse.asked_at >= ExitAgreement.left_at)
    query = select(ExitAgreement).join(Person, Person.id == ExitAgreement.person_id)
    return query.where(has_agreed_to_exit(), ~was_asked).order_by(ExitAgreement.id)


def _exit_turn(left: ExitAgreement, now: datetime, until: datetime) -> Turn:
    return Turn(left.person_id, now, until, now + FOUR_WEEKS, wave=f"{left.left_at:%Y-%m}")


async def _exits(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    now = look.now
    since, until = now - FOUR_WEEKS, now - A_WEEK_AFTER
    rows = await session.scalars(
        _agreements(EXIT).where(
            ExitAgreement.left_at > since, ExitAgreement.left_at <= until, not_asked
        )
    )
    return [_exit_turn(left, now, left.left_at + FOUR_WEEKS) for left in rows]


async def _next_exit(session: AsyncSession, now: datetime) -> datetime | None:
    left = await _first_to_leave(session, now - A_WEEK_AFTER)
    return left + A_WEEK_AFTER if left else None


async def _exits_six_months_ago(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    now = look.now
    # A few days more at each end: months differ in length, and the moments themselves decide.
    newest = months_after(now, -AFTER_MONTHS) + timedelta(days=4)
    rows = await session.scalars(
        _agreements(EXIT_SIX_MONTHS).where(
            ExitAgreement.left_at <= newest,
            ExitAgreement.left_at > newest - FOUR_WEEKS * 2,
            not_asked,
        )
    )
    found = [(left, months_after(left.left_at, AFTER_MONTHS)) for left in rows]
    return [
        _exit_turn(left, now, due + FOUR_WEEKS)
        for left, due in found
        if due <= now < due + FOUR_WEEKS
    ]


async def _next_exit_six_months(session: AsyncSession, now: datetime) -> datetime | None:
    since = months_after(now, -AFTER_MONTHS) - timedelta(days=4)
    rows = await session.scalars(_agreements(EXIT_SIX_MONTHS).where(ExitAgreement.left_at > since))
    moments = [months_after(left.left_at, AFTER_MONTHS) for left in rows]
    return min((moment for moment in moments if moment > now), default=None)


async def _first_to_leave(session: AsyncSession, since: datetime) -> datetime | None:
    found: datetime | None = await session.scalar(
        select(func.min(ExitAgreement.left_at))
        .join(Person, Person.id == ExitAgreement.person_id)
        .where(has_agreed_to_exit(), ExitAgreement.left_at > since)
    )
    return found


# After a request and after an event


async def _after_referrals(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    now = look.now
    rows = await session.execute(
        select(Referral, Person)
        .join(Person, Person.id == Referral.person_id)
        .where(
            Referral.state.in_(ENDED),
            Referral.changed_at > now - ASKED_WITHIN,
            _is_asked(),
            ~_was_asked(AFTER_REFERRAL, Survey.referral_id == Referral.id),
            not_asked,
        )
        .order_by(Referral.changed_at.desc(), Referral.id)
    )
    return [
        Turn(
            person.id,
            due := max(morning_after(referral.changed_at, person.local_zone(look.zone.key)), now),
            min(due + ASKED_WITHIN, referral.changed_at + OPEN_FOR),
            referral.changed_at + OPEN_FOR,
            referral_id=referral.id,
        )
        for referral, person in rows
    ]


async def _after_events(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    now = look.now
    rows = await session.execute(
        select(Event, Person)
        .join(Attendance, Attendance.event_id == Event.id)
        .join(Person, Person.id == Attendance.person_id)
        .where(
            Attendance.state == attendance.State.ATTENDED,
            Event.state.in_([events.State.HELD, events.State.PUBLISHED]),
            Event.starts_at <= now,
            Event.starts_at > now - ASKED_WITHIN - timedelta(days=7),  # events last a week at most
            _is_asked(),
            ~_was_asked(AFTER_EVENT, Survey.event_id == Event.id),
            not_asked,
        )
        .order_by(Event.starts_at.desc(), Event.id, Person.id)
    )
    return [
        Turn(
            person.id,
            due := max(morning_after(event.ends_at, person.local_zone(event.zone)), now),
            min(event.ends_at + OPEN_FOR, due + ASKED_WITHIN),
            event.ends_at + OPEN_FOR,
            event_id=event.id,
        )
        for event, person in rows
        if event.is_over(now) and now <= event.ends_at + ASKED_WITHIN
    ]


# Outcomes


async def _newcomers(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    now = look.now
    joined = and_(
        Person.joined_at <= now - SETTLED_IN,
        Person.joined_at > now - SETTLED_IN - OUTCOME_WITHIN,
    )
    people = await session.scalars(
        select(Person.id)
        .where(_is_asked(), joined, ~_was_asked(BASELINE), not_asked)
        .order_by(Person.id)
    )
    return [Turn(one, now, now + OUTCOME_WITHIN, now + OUTCOME_OPEN) for one in people]


async def _next_newcomer(session: AsyncSession, now: datetime) -> datetime | None:
    joined = await _first_to_join(session, now - SETTLED_IN)
    return joined + SETTLED_IN if joined else None


async def _anniversaries(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    now = look.now
    ago = {year: months_after(now, -12 * year) for year in range(1, YEARS + 1)}
    joined = or_(
        *(
            and_(
                Person.joined_at <= when,
                Person.joined_at > when - OUTCOME_WITHIN,
                ~_was_asked(YEARLY, Survey.wave == str(year)),
            )
            for year, when in ago.items()
        )
    )
    rows = await session.execute(
        select(Person.id, Person.joined_at)
        .where(_is_asked(), joined, not_asked)
        .order_by(Person.id)
    )
    return [
        Turn(
            person_id,
            now,
            now + OUTCOME_WITHIN,
            now + OUTCOME_OPEN,
            wave=str(max(year for year, when in ago.items() if joined_at <= when)),
        )
        for person_id, joined_at in rows
        if joined_at is not None
    ]


async def _next_anniversary(session: AsyncSession, now: datetime) -> datetime | None:
    first = await _first_to_join(session, datetime.min.replace(tzinfo=UTC))
    if first is None:
        return None
    found = []
    for year in range(1, min(now.year - first.year + 1, YEARS) + 1):
        joined = await _first_to_join(session, months_after(now, -12 * year))
        found += [months_after(joined, 12 * year)] if joined else []
    return min((moment for moment in found if moment > now), default=None)


async def _first_to_join(session: AsyncSession, since: datetime) -> datetime | None:
    found: datetime | None = await session.scalar(
        select(func.min(Person.joined_at)).where(_is_asked(), Person.joined_at > since)
    )
    return found


# What members need


async def _interviews(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    """Ask again whoever answered the interview a year ago, and nobody who never began one."""
    now = look.now
    rows = await session.execute(
        _interviewed(now - ASKED_AGAIN - OUTCOME_WITHIN)
        .where(not_asked)
        .having(func.max(SurveyResponse.finished_at) <= now - ASKED_AGAIN)
    )
    return [
        Turn(person_id, now, now + OUTCOME_WITHIN, now + OUTCOME_OPEN, wave=f"{now:%Y}")
        for person_id, _finished in rows
    ]


def _interviewed(since: datetime) -> Select[int, datetime | None]:
    """Return who answered an interview to the end since then, when, and none was begun after."""
    later, again = aliased(SurveyResponse), aliased(Survey)
    begun_later = exists().where(
        later.person_id == Person.id,
        later.survey_id == again.id,
        again.template == NEEDS_INTERVIEW.code,
        later.asked_at > SurveyResponse.finished_at,
    )
    return (
        select(Person.id, func.max(SurveyResponse.finished_at))
        .join(SurveyResponse, SurveyResponse.person_id == Person.id)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(
            Survey.template == NEEDS_INTERVIEW.code,
            SurveyResponse.finished_at > since,
            _is_asked(),
            ~begun_later,
        )
        .group_by(Person.id)
        .order_by(Person.id)
    )


async def _next_interview(session: AsyncSession, now: datetime) -> datetime | None:
    rows = await session.execute(_interviewed(now - ASKED_AGAIN))
    moments = [finished + ASKED_AGAIN for _person, finished in rows if finished is not None]
    return min(moments, default=None)


# What the network asks of its own


async def _own_ones(
    session: AsyncSession, look: Look, not_asked: ColumnElement[bool]
) -> Sequence[Turn]:
    now = look.now
    forms = await session.scalars(
        select(SurveyForm)
        .where(SurveyForm.asked_at > now - OWN_OPEN, SurveyForm.withdrawn_at.is_(None))
        .order_by(SurveyForm.asked_at, SurveyForm.id)
    )
    turns: list[Turn] = []
    for form in forms.all():
        was_asked = exists().where(
            SurveyResponse.person_id == Person.id,
            SurveyResponse.survey_id == Survey.id,
            Survey.form_id == form.id,
        )
        people = await session.scalars(
            select(Person.id).where(_is_asked(), ~was_asked, not_asked).order_by(Person.id)
        )
        assert form.asks_until is not None
        turns += [Turn(one, now, form.asks_until, form.asks_until, form=form) for one in people]
    return turns


PULSE, SURVEY, EXIT_SURVEY, FACILITATION = "pulse", "survey", "exit_survey", "facilitation"
WINDOWS: Sequence[Window] = (
    Window("exit", EXIT, EXIT_SURVEY, _exits, _next_exit, of_members=False),
    Window("after_referral", AFTER_REFERRAL, PULSE, _after_referrals),
    Window("after_event", AFTER_EVENT, PULSE, _after_events),
    Window("baseline", BASELINE, SURVEY, _newcomers, _next_newcomer),
    Window("yearly", YEARLY, SURVEY, _anniversaries, _next_anniversary),
    Window("needs", NEEDS_INTERVIEW, SURVEY, _interviews, _next_interview),
    Window(
        "exit_six_months",
        EXIT_SIX_MONTHS,
        EXIT_SURVEY,
        _exits_six_months_ago,
        _next_exit_six_months,
        of_members=False,
    ),
    Window("own", None, SURVEY, _own_ones),
)
"""Of two that are due for one person, the first is asked, and the other after the cool-down."""
BY_CODE = {window.code: window for window in WINDOWS}
SELF = "self"
"""No window: somebody has opened a survey by their own hand, from a list or by a link."""
