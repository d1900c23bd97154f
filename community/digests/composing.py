"""A digest assembles: what there is that is new, and for each member what of it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, roles, sends
from community.attendance import UNANSWERED, Attendance
from community.audiences import EVERYBODY, REACHED
from community.cohorts import CohortMember
from community.consents import Consent, Purpose
from community.deliveries import Delivery, Plan
from community.digests.contents import (
    Contents,
    Reader,
    contents,
    fitting,
    shortened,
    topic_of,
)
from community.digests.table import DIGEST, KIND, Digest, DigestItem, ItemKind, State
from community.events import Event
from community.exchanges import Exchange, ExchangeMessage, Kind
from community.lifecycle import Who
from community.needs import Need, PersonNeed
from community.people import Membership, Participation, Person
from community.providers import Service
from community.roles import RoleName
from community.sends import Send
from community.topics import MutedTopic, Topic
from community.translations import Reads
from community.writing import insert_new

AT = time(9)
"""When the first day of a month begins for the digest, where the network is."""
IN_THE_FIRST = timedelta(days=7)
"""A network that was away for longer composes none that month."""
REVIEWED_WITHIN = timedelta(days=14)
AHEAD = timedelta(days=45)
"""Events so far ahead stand in it."""
BACK = timedelta(days=31)
"""The first digest goes back so far."""
AT_ONCE = 10_000
"""For so many people it is composed by one run of the job."""
POOL = 60
"""So many of each kind, the newest or the next, may stand in one."""


def begins(now: datetime, zone: ZoneInfo, *, months: int = 0) -> datetime:
    """Return when the digest of this month is composed, or of one so many months later."""
    local = now.astimezone(zone)
    month = local.month - 1 + months
    day = local.date().replace(year=local.year + month // 12, month=month % 12 + 1, day=1)
    return datetime.combine(day, AT, zone).astimezone(UTC)


async def next_composing(session: AsyncSession, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when a digest is composed next, if anybody would get one."""
    somebody = await session.scalar(select(Person.id).where(*_gets_it(0)).limit(1))
    if somebody is None:
        return None
    this = begins(now, zone)
    return this if this > now else begins(now, zone, months=1)


async def compose(session: AsyncSession, now: datetime, zone: ZoneInfo, language: str) -> int:
    """Compose the month's digest for the next people; return for how many something fits.

    It waits for somebody of the team then. One that nobody has looked at in time lapses.
    """
    for late in await session.scalars(
        select(Digest).where(
            Digest.state == State.IN_REVIEW, Digest.made_at <= now - REVIEWED_WITHIN
        )
    ):
        await DIGEST.move(session, late, State.LAPSED, Who.CLOCK, now)
    digest = await _begun(session, now, zone)
    if digest is None or digest.state != State.COMPOSING:
        return 0
    found = await contents(session, digest, now)
    query = (
        select(Person.id, Person.language, Person.second_language, Person.area_id)
        .where(*_gets_it(digest.composed_to))
        .order_by(Person.id)
        .limit(AT_ONCE)
    )
    people = (await session.execute(query)).all()
    planned = 0
    if people:
        these = Person.id.between(people[0].id, people[-1].id)
        known = await _known(session, found, these, now, language)
        planned = await deliveries.plan(session, now, *_plans(found, people, known, now, language))
        digest.composed_to = people[-1].id
    if len(people) < AT_ONCE:
        await _composed(session, digest, now)
    return planned


async def _begun(session: AsyncSession, now: datetime, zone: ZoneInfo) -> Digest | None:
    """Return the digest of this month, begun now if its day has come."""
    moment = begins(now, zone)
    month = f"{moment.astimezone(zone):%Y-%m}"
    query = select(Digest).where(Digest.month == month).with_for_update()
    digest: Digest | None = await session.scalar(query)
    if digest is not None or not moment <= now < moment + IN_THE_FIRST:
        return digest
    # What was in one that was skipped or lapsed nobody has read: it is news still.
    counts = Digest.state.in_([State.APPROVED, State.EMPTY])
    last = await session.scalar(select(func.max(Digest.made_at)).where(counts))
    since = last or await session.scalar(select(func.min(Digest.since))) or now - BACK
    row = {"month": month, "since": since, "made_at": now}
    if not await insert_new(session, Digest, [row]):
        return None
    digest = await session.scalar(query)
    assert digest is not None
    await _gather(session, digest, now)
    return digest


async def _gather(session: AsyncSession, digest: Digest, now: datetime) -> None:
    """Put into it what is new: newsletters and offers, coming events, services."""
    letters = select(Send.id).where(
        Send.kind.in_([sends.Kind.NEWSLETTER, sends.Kind.OFFER]),
        Send.state.in_([sends.State.SENDING, sends.State.SENT]),
        Send.started_at > digest.since,
    )
    coming = select(Event.id).where(
        Event.state == events.State.PUBLISHED,
        Event.starts_at > now,
        Event.starts_at < now + AHEAD,
    )
    new = select(Service.id).where(Service.is_open, Service.made_at > digest.since)
    for kind, query in (
        (ItemKind.SEND, letters.order_by(Send.started_at.desc())),
        (ItemKind.EVENT, coming.order_by(Event.starts_at, Event.id)),
        (ItemKind.SERVICE, new.order_by(Service.id.desc())),
    ):
        for number in await session.scalars(query.limit(POOL)):
            session.add(DigestItem(digest_id=digest.id, kind=kind, subject_id=number))
    await session.flush()


def _gets_it(after: int) -> tuple[ColumnElement[bool], ...]:
    """Return who gets a digest at all, if anything fits: who agreed to news and has not ended it.

    Active members too: of what has reached them already nothing is told again.
    """
    agrees = exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == Purpose.NEWS,
        Consent.current,
        Consent.granted,
    )
    ended = exists().where(MutedTopic.person_id == Person.id, MutedTopic.topic == Topic.DIGEST)
    only_looks = func.coalesce(Person.participation, "") == Participation.READING
    return (Person.id > after, Person.state == Membership.ACTIVE, agrees, ~ended, ~only_looks)


@dataclass
class _Known:
    """What decides, besides area and languages, what stands in whose digest; by person."""

    needs: Mapping[int, frozenset[Need]]
    cohorts: Mapping[int, frozenset[int]]
    muted: Mapping[int, set[Topic]]
    had: Mapping[int, set[int]]
    """Items that have reached them already or are on their way, or that they have answered."""
    only_for: Mapping[int, set[int]]
    """Of a newsletter for some: who of these is meant."""
    answers: Mapping[int, int]
    """How many of their questions the team has answered since the last digest."""
    fits: dict[Reader, list[DigestItem]] = field(default_factory=dict)
    """Found already: many are alike."""


async def _known(
    session: AsyncSession,
    found: Contents,
    these: ColumnElement[bool],
    now: datetime,
    language: str,
) -> _Known:
    """Read it for many people at once."""
    some = select(Person.id).where(these)
    needs: dict[int, set[Need]] = {}
    wanted = select(PersonNeed.person_id, PersonNeed.term)
    for person_id, term in await session.execute(wanted.where(PersonNeed.person_id.in_(some))):
        needs.setdefault(person_id, set()).add(Need(term))
    belong: dict[int, set[int]] = {}
    belonging = select(CohortMember.person_id, CohortMember.cohort_id).where(
        CohortMember.person_id.in_(some), CohortMember.left_at.is_(None)
    )
    for person_id, cohort_id in await session.execute(belonging):
        belong.setdefault(person_id, set()).add(cohort_id)
    muted: dict[int, set[Topic]] = {}
    topics = select(MutedTopic.person_id, MutedTopic.topic)
    for person_id, topic in await session.execute(topics.where(MutedTopic.person_id.in_(some))):
        muted.setdefault(person_id, set()).add(Topic(topic))
    only_for: dict[int, set[int]] = {}
    for item in found.items:
        what = found.about[item.id]
        if isinstance(what, Send) and what.is_for != EVERYBODY:
            meant = what.is_for.conditions(now, language)
            only_for[item.id] = {*await session.scalars(select(Person.id).where(these, *meant))}
    answered = (
        select(Exchange.person_id, func.count(Exchange.id.distinct()))
        .join(ExchangeMessage, ExchangeMessage.exchange_id == Exchange.id)
        .where(
            Exchange.kind == Kind.TEAM,
            Exchange.person_id.in_(some),
            ~ExchangeMessage.by_member,
            ExchangeMessage.at > found.digest.since,
        )
        .group_by(Exchange.person_id)
    )
    return _Known(
        {person_id: frozenset(terms) for person_id, terms in needs.items()},
        {person_id: frozenset(numbers) for person_id, numbers in belong.items()},
        muted,
        await _had(session, found, some),
        only_for,
        dict((await session.execute(answered)).all()),
    )


async def _had(session: AsyncSession, found: Contents, some: Select[int]) -> dict[int, set[int]]:
    """Return which items have reached whom one by one, or will, or have been answered by whom."""
    letters, meetings = (
        {item.subject_id: item.id for item in found.items if item.kind == kind}
        for kind in (ItemKind.SEND, ItemKind.EVENT)
    )
    had: dict[int, set[int]] = {}
    reached = select(Delivery.person_id, Delivery.send_id, Delivery.kind, Delivery.subject_id)
    told = or_(
        Delivery.send_id.in_(letters),
        and_(Delivery.kind == "event_invitation", Delivery.subject_id.in_(meetings)),
    )
    rows = await session.execute(
        reached.where(
            Delivery.person_id.in_(some), Delivery.state.in_([*REACHED, *deliveries.OPEN]), told
        )
    )
    for person_id, send_id, kind, subject_id in rows:
        assert person_id is not None
        is_event = kind == "event_invitation"
        item = meetings.get(subject_id or 0) if is_event else letters.get(send_id or 0)
        if item is not None:
            had.setdefault(person_id, set()).add(item)
    said = select(Attendance.person_id, Attendance.event_id).where(
        Attendance.event_id.in_(meetings),
        Attendance.person_id.in_(some),
        Attendance.state.not_in(UNANSWERED),
    )
    for person_id, event_id in await session.execute(said):
        assert person_id is not None
        had.setdefault(person_id, set()).add(meetings[event_id])
    return had


def _plans(
    found: Contents,
    people: Sequence[Row[int, str | None, str | None, int | None]],
    known: _Known,
    now: datetime,
    language: str,
) -> list[Plan]:
    """Return what is owed to whom: to nobody for whom there is nothing."""
    plans = []
    for person_id, spoken, second, area_id in people:
        needs = known.needs.get(person_id, frozenset())
        belongs = known.cohorts.get(person_id, frozenset())
        reads = frozenset(Reads(spoken or language, second).every)
        reader = Reader(reads, area_id, needs, belongs)
        if (fits := known.fits.get(reader)) is None:
            fits = known.fits[reader] = fitting(found, reader)
        muted, had = known.muted.get(person_id, set()), known.had.get(person_id, set())
        items = shortened(
            found,
            [
                item
                for item in fits
                if item.id not in had
                and topic_of(found.about[item.id]) not in muted
                and person_id in known.only_for.get(item.id, (person_id,))
            ],
        )
        answers = known.answers.get(person_id, 0)
        if not items and not answers:
            continue
        numbers = ".".join(str(item.id) for item in items)
        args = {"ref": found.digest.ref, "items": numbers, "answers": answers}
        key = f"{KIND}:{found.digest.month}:{person_id}"
        ends = now + REVIEWED_WITHIN
        plans.append(Plan(KIND, person_id, key, now, args, ends, found.digest.id, waits=True))
    return plans


async def _composed(session: AsyncSession, digest: Digest, now: datetime) -> None:
    """Lay it before the team, if there is anything for anybody."""
    somebody = select(Delivery.id).where(Delivery.kind == KIND, Delivery.subject_id == digest.id)
    if await session.scalar(somebody.limit(1)) is None:
        await DIGEST.move(session, digest, State.EMPTY, Who.CLOCK, now)
        return
    await DIGEST.move(session, digest, State.IN_REVIEW, Who.CLOCK, now)
    team = [person.id for person in await roles.holders(session, RoleName.ANIMATOR, now)]
    occurrence = f"digest:{digest.month}:waits"
    await deliveries.plan_notices(
        session, now, "digest", team, occurrence, subject_id=digest.id, ref=digest.ref
    )
