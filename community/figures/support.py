"""The figures of support: what was asked of providers, what became of it, what was not met."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import referrals, roles
from community.areas import Area
from community.figures.outcomes import (
    LEAVES,
    Group,
    Groups,
    Outcome,
    Outcomes,
    Outline,
    Published,
    Request,
    leaves,
    outlined,
    publish,
)
from community.figures.periods import MONTHS, Quarter, QuarterSpan, Span
from community.figures.protecting import FEW
from community.figures.times import Times, times, working_days
from community.history import Step
from community.needs import Need
from community.people import Person
from community.providers import Organization, Service, demand, is_stale, right_since
from community.referrals import REFERRAL, Reason, Referral, Source, State
from community.roles import RoleName


@dataclass(frozen=True)
class Support:
    """What a coordinator reads of the support in one period."""

    span: Span | QuarterSpan
    outcomes: Outcomes
    times: Times | None
    by: Mapping[Group, Mapping[Outcome, Any]]
    """Of a quarter: each leaf by each group. Empty for a month."""
    sources: Mapping[Outcome, Mapping[int, Outline]]
    """Of a quarter: how the word of each provider came. Empty for a month."""
    times_by: Mapping[Group, Mapping[Any, Times]]
    unmet: Outline | None
    missed: Outline | None
    """What was looked for and not found: once for each person, thing and day."""
    stale: Sequence[tuple[Organization, datetime]]
    """Of the running quarter: whose entry nobody has confirmed for long, and since when."""
    unattended: Sequence[Organization]
    """At which requests wait and nobody reads them: no more of it, for it may be one person's."""
    without: Sequence[int] = ()
    """Organisations whose requests are not counted here: their reader knows these one by one."""


async def read_support(
    session: AsyncSession,
    actor: Person,
    quarter: Quarter,
    zone: ZoneInfo,
    now: datetime,
) -> Support:
    """Return the support of a quarter to a coordinator.

    Of an organisation of whose staff the reader is, or was in that quarter, nothing is counted:
    its own quarter tells of it (``community/quarters.py``), and the difference would tell of
    the others what is hidden here.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    when = quarter.span(zone, now)
    own = await roles.has_staffed(session, actor, when.start)
    published, answers = await _published(session, when, zone, own)
    stale, unattended = (
        ([], [])
        if when.is_closed
        else (await _stale(session, now), await referrals.unattended(session, now))
    )
    return Support(
        when,
        published.quarter,
        _times(published.quarter, answers),
        published.by,
        published.sources,
        {group: dict(_times_by(group, published, answers)) for group in Group},
        published.unmet,
        await _missed(session, when, zone),
        stale,
        unattended,
        own,
    )


async def of_month(
    session: AsyncSession,
    when: Span,
    zone: ZoneInfo,
    now: datetime,
    without: Sequence[int] = (),
) -> Support:
    """Return what is told of the support of one month: what its quarter leaves to tell."""
    whole = Quarter.of_month(when.year, when.month).span(zone, now)
    published, answers = await _published(session, whole, zone, without)
    month = (when.month - 1) % MONTHS
    if month >= whole.begun:
        return Support(when, Outcomes(0), None, {}, {}, {}, None, None, [], [], without)
    told = published.months[month]
    found = _times(told, [answer for answer in answers if answer.month == month])
    return Support(when, told, found, {}, {}, {}, None, None, [], [], without)


# Counting


_ANSWERS = (State.ACCEPTED, State.DECLINED, State.NEEDS_INFORMATION, State.REROUTED)


def _steps(*after: State) -> ColumnElement[bool]:
    return (
        (Step.subject == REFERRAL.name) & (Step.subject_id == Referral.id) & Step.after.in_(after)
    )


_FIRST_ANSWER = (
    select(func.min(Step.at)).where(_steps(*_ANSWERS)).correlate(Referral).scalar_subquery()
)
_PROVIDERS_WORD = (
    select(func.coalesce(Step.source, Source.CHAT))
    .where(_steps(*_ANSWERS, State.IN_SERVICE, State.COMPLETED, State.NOT_DELIVERED))
    .order_by(Step.id.desc())
    .limit(1)
    .correlate(Referral)
    .scalar_subquery()
)
"""How the last of what a provider has said of a request came to us."""
_WAS_ACCEPTED = exists().where(_steps(State.ACCEPTED)).correlate(Referral)
_WAS_IN_VAIN = exists().where(_steps(State.NOT_DELIVERED)).correlate(Referral)
_WAS_ASKED = Referral.consent_version != ""
"""What a member has agreed to. A draft of the team's, refused or not, is nobody's business."""
_WAS_SENT = exists().where(_steps(State.PENDING)).correlate(Referral)


def _outcome() -> ColumnElement[str]:
    """Return the leaf of the tree at which a request stands now."""
    state, is_silent = Referral.state, _FIRST_ANSWER.is_(None)
    return case(
        ((state == State.PENDING) & is_silent, Outcome.WAITING),
        (state.in_([State.PENDING, State.NEEDS_INFORMATION]), Outcome.QUESTIONED),
        ((state == State.EXPIRED) & is_silent, Outcome.UNANSWERED),
        ((state == State.CANCELLED) & is_silent, Outcome.TAKEN_BACK),
        ((state == State.CANCELLED) & _WAS_ACCEPTED, Outcome.WITHDRAWN),
        (state.in_([State.EXPIRED, State.CANCELLED]), Outcome.GIVEN_UP),
        (state == State.DECLINED, Outcome.DECLINED),
        (state == State.REROUTED, Outcome.PASSED_ON),
        (state.in_([State.ACCEPTED, State.IN_SERVICE]), Outcome.UNDER_WAY),
        # The provider's word stands until the team finds that the help was given.
        (_WAS_IN_VAIN & Referral.delivered.is_not(True), Outcome.NOT_DELIVERED),
        (state.in_([State.COMPLETED, State.UNCONFIRMED]), Outcome.UNCONFIRMED),
        (state == State.CONFIRMED, Outcome.CONFIRMED),
        (state == State.DISPUTED, Outcome.DISPUTED),
        (Referral.delivered.is_(True), Outcome.SETTLED_GIVEN),
        else_=Outcome.SETTLED_NOT_GIVEN,
    )


def _requests(when: QuarterSpan, without: Sequence[int]) -> Select[Any]:
    """Return what tells the requests of a quarter apart, one row for each that was ever sent."""
    month = case(
        *((Referral.made_at < span.end, n) for n, span in enumerate(when.months[:-1])),
        else_=literal(MONTHS - 1),
    )
    return (
        sent_requests(when.start, when.end)
        .add_columns(
            month.label("month"),
            Referral.reason.label("reason"),
            Service.need.label("need"),
            Referral.consent_language.label("language"),
            Person.area_id.label("area"),
            Referral.organization_id.label("provider"),
            _PROVIDERS_WORD.label("source"),
            Referral.made_at.label("made_at"),
            _FIRST_ANSWER.label("answered_at"),
        )
        .join(Service, Service.id == Referral.service_id)
        .outerjoin(Person, Person.id == Referral.person_id)
        .where(Referral.organization_id.not_in(without))
    )


def sent_requests(start: datetime, end: datetime) -> Select[Any]:
    """Return the query for the requests of a time that were ever sent: whose, and the outcome."""
    columns: Sequence[Any] = (Referral.person_id.label("person_id"), _outcome().label("outcome"))
    return select(*columns).where(
        Referral.made_at >= start,
        Referral.made_at < end,
        Referral.state != State.DRAFT,
        (Referral.state != State.CANCELLED) | _WAS_SENT,
    )


APART = ("month", "outcome", "reason", "need", "language", "area", "provider", "source")


@dataclass(frozen=True)
class _Answer:
    """One first answer."""

    month: int
    need: str
    language: str
    area: int | None
    provider: int
    days: int


async def _published(
    session: AsyncSession, when: QuarterSpan, zone: ZoneInfo, without: Sequence[int]
) -> tuple[Published, Sequence[_Answer]]:
    requests = _requests(when, without).subquery()
    # In the order in which ``_request`` reads them.
    apart = [requests.c[name] for name in APART]
    counted: Counter[Request] = Counter()
    for *values, number in await session.execute(
        select(*apart, func.count()).group_by(*apart).order_by(*apart)
    ):
        counted[_request(values)] += number
    answered = await session.execute(
        select(
            requests.c.month,
            requests.c.need,
            requests.c.language,
            requests.c.area,
            requests.c.provider,
            requests.c.made_at,
            requests.c.answered_at,
        ).where(requests.c.answered_at.is_not(None))
    )
    return publish(counted, await _groups(session, without), when.begun), [
        _answer(row, zone) for row in answered
    ]


def _request(values: Sequence[Any]) -> Request:
    month, outcome, reason, need, language, area, provider, source = values
    why, how = reason and Reason(reason), source and Source(source)
    return Request(month, Outcome(outcome), why, need, language, area, provider, how)


def _answer(row: Sequence[Any], zone: ZoneInfo) -> _Answer:
    month, need, language, area, provider, made_at, answered_at = row
    took = working_days(_day(made_at, zone), _day(answered_at, zone))
    return _Answer(month, need, language, area, provider, took)


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


async def _groups(session: AsyncSession, without: Sequence[int]) -> Groups:
    """Return every need, language, area and provider that a request can be of.

    Only what some request has been of, ever, for needs, languages and providers: that nobody asks
    where nobody could is no secret, and hides nothing.
    """
    asked = await session.scalars(
        select(Service.need)
        .where(Service.id.in_(select(Referral.service_id).where(_WAS_ASKED)))
        .distinct()
    )
    needs = set(asked)

    async def of_requests(column: Any) -> list[Any]:
        counted = _WAS_ASKED & Referral.organization_id.not_in(without)
        asked = select(column).where(counted).distinct().order_by(column)
        return list(await session.scalars(asked))

    return {
        Group.NEED: [need for need in Need if need in needs],
        Group.LANGUAGE: await of_requests(Referral.consent_language),
        Group.AREA: [*await session.scalars(select(Area.id).order_by(Area.id)), None],
        Group.PROVIDER: await of_requests(Referral.organization_id),
    }


async def _missed(session: AsyncSession, when: QuarterSpan, zone: ZoneInfo) -> Outline | None:
    until = _day(when.end - timedelta(microseconds=1), zone)
    ever = await demand.unmet(session, date.min, until)
    counted: Counter[tuple[Any, ...]] = Counter()
    for missed in await demand.unmet(session, _day(when.start, zone), until):
        counted[missed.need, missed.language, missed.area_id] += missed.count
    if counted.total() < FEW:
        return None
    languages = sorted({missed.language for missed in ever})
    areas = [*await session.scalars(select(Area.id).order_by(Area.id)), None]
    return outlined(counted, [list(Need), languages, areas])


# Times


_BEFORE_AN_ANSWER = tuple(set(LEAVES) - set(leaves(Outcome.ANSWERED)))


def _times(outcomes: Outcomes, answers: Iterable[_Answer]) -> Times | None:
    return times((a.days for a in answers), outcomes.shows(Outcome.ANSWERED), is_all=True)


def _times_by(
    group: Group, published: Published, answers: Iterable[_Answer]
) -> Iterable[tuple[Any, Times]]:
    """Yield the times of each group of which enough is shown to know that it is no few people."""
    days: defaultdict[Any, list[int]] = defaultdict(list)
    for answer in answers:
        days[getattr(answer, group.value)].append(answer.days)
    for key, found in days.items():
        shown = sum(
            cell
            for leaf, table in published.by[group].items()
            if leaf not in _BEFORE_AN_ANSWER and isinstance(cell := table.cells[key], int)
        )
        told = times(found, shown, is_all=False)
        if told is not None:
            yield key, told


# What needs somebody's eye


async def _stale(session: AsyncSession, now: datetime) -> list[tuple[Organization, datetime]]:
    rows = await session.scalars(select(Organization).where(is_stale(now)))
    return sorted(
        ((row, right_since(row)) for row in rows), key=lambda entry: (entry[1], entry[0].id)
    )
