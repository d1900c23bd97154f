"""A digest assembles: what there is that is new, and for each member what of it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, events, posts, roles, sends
from community.attendance import UNANSWERED, Attendance
from community.audiences import EVERYBODY, REACHED
from community.cohorts import CohortMember
from community.consents import Consent, Purpose
from community.deliveries import Delivery, Plan
from community.digests.contents import (
    Around,
    Contents,
    Reader,
    around,
    contents,
    fitting,
    kept_apart,
    shortened,
    topic_of,
)
from community.digests.table import DIGEST, KIND, Digest, DigestItem, ItemKind, State
from community.events import Event
from community.exchanges import Exchange, ExchangeMessage, Kind
from community.lifecycle import Who
from community.needs import Need, PersonNeed, PersonOffer
from community.people import Membership, Pace, Participation, Person
from community.posts import Post
from community.providers import Service
from community.roles import RoleName
from community.sends import Send
from community.topics import MutedTopic, Topic
from community.translations import Reads
from community.writing import insert_new

AT = time(9)
"""When the first day of a month, or a Monday, begins for the digest, where the network is."""
IN_THE_FIRST = {
    Pace.MONTH: timedelta(days=7),
    Pace.FORTNIGHT: timedelta(days=4),
    Pace.WEEK: timedelta(days=2),
}
"""A network that was away for longer composes none that time."""
REVIEWED_WITHIN = {
    Pace.MONTH: timedelta(days=14),
    Pace.FORTNIGHT: timedelta(days=10),
    Pace.WEEK: timedelta(days=5),
}
"""So soon somebody has to look at it."""
DAYS = {Pace.FORTNIGHT: 14, Pace.WEEK: 7}
AHEAD = timedelta(days=45)
"""Events so far ahead stand in it."""
BACK = timedelta(days=31)
"""The first digest goes back so far."""
AT_ONCE = 10_000
"""For so many people it is composed by one run of the job."""
POOL = 60
"""So many of each kind, the newest or the next, may stand in one."""


def begins(now: datetime, zone: ZoneInfo, pace: Pace = Pace.MONTH, *, later: int = 0) -> datetime:
    """Return when the digest of this month (or weeks) is composed, or one so many times later."""
    local = now.astimezone(zone)
    if pace in DAYS:  # the first of January of the year 1 was a Monday
        days = DAYS[pace]
        monday = date.fromordinal(((local.date().toordinal() - 1) // days + later) * days + 1)
        return datetime.combine(monday, AT, zone).astimezone(UTC)
    month = local.month - 1 + later
    day = local.date().replace(year=local.year + month // 12, month=month % 12 + 1, day=1)
    return datetime.combine(day, AT, zone).astimezone(UTC)


async def next_composing(session: AsyncSession, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when a digest is composed next, if anybody would get one."""
    moments = []
    for pace in Pace:
        if await _somebody_gets_it(session, pace):
            this = begins(now, zone, pace)
            moments.append(this if this > now else begins(now, zone, pace, later=1))
    return min(moments, default=None)


async def _somebody_gets_it(session: AsyncSession, pace: Pace) -> bool:
    return await session.scalar(_anybody(pace)) is not None


@cache
def _anybody(pace: Pace) -> Select[int]:
    return select(Person.id).where(*_gets_it(0, pace)).limit(1)


async def compose(session: AsyncSession, now: datetime, zone: ZoneInfo, language: str) -> int:
    """Compose each digest whose time has come for the next people; return for how many.

    It waits for somebody of the team then. One that nobody has looked at in time lapses.
    """
    late = or_(
        *(
            and_(Digest.pace == pace, Digest.made_at <= now - within)
            for pace, within in REVIEWED_WITHIN.items()
        )
    )
    rows = await session.scalars(select(Digest).where(Digest.state == State.IN_REVIEW, late))
    for digest in rows.all():
        await DIGEST.move(session, digest, State.LAPSED, Who.CLOCK, now)
    return sum([await _compose(session, pace, now, zone, language) for pace in Pace])


async def _compose(
    session: AsyncSession, pace: Pace, now: datetime, zone: ZoneInfo, language: str
) -> int:
    digest = await _begun(session, pace, now, zone)
    if digest is None or digest.state != State.COMPOSING:
        return 0
    found = await contents(session, digest, now)
    query = (
        select(Person.id, Person.language, Person.second_language, Person.area_id)
        .where(*_gets_it(digest.composed_to, pace))
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


async def _begun(
    session: AsyncSession, pace: Pace, now: datetime, zone: ZoneInfo
) -> Digest | None:
    """Return the digest of this month (or weeks), begun now if its day has come."""
    moment = begins(now, zone, pace)
    local = moment.astimezone(zone)
    month = f"{local:%Y-%m}" if pace == Pace.MONTH else f"{local:%G}{pace[0]}{local:%V}"
    query = select(Digest).where(Digest.month == month).with_for_update()
    digest: Digest | None = await session.scalar(query)
    if digest is not None or not moment <= now < moment + IN_THE_FIRST[pace]:
        return digest
    if pace != Pace.MONTH and not await _somebody_gets_it(session, pace):
        return None
    # What was in one that was skipped or lapsed nobody has read: it is news still.
    counts = (Digest.pace == pace, Digest.state.in_([State.APPROVED, State.EMPTY]))
    last = await session.scalar(select(func.max(Digest.made_at)).where(*counts))
    first = select(func.min(Digest.since)).where(Digest.pace == pace)
    since = last or await session.scalar(first) or now - BACK
    row = {"pace": pace, "month": month, "since": since, "made_at": now}
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
    posted = select(Post.id).where(
        Post.state == posts.State.PUBLISHED, Post.made_at > digest.since, Post.expires_at > now
    )
    for kind, query in (
        (ItemKind.SEND, letters.order_by(Send.started_at.desc())),
        (ItemKind.EVENT, coming.order_by(Event.starts_at, Event.id)),
        (ItemKind.SERVICE, new.order_by(Service.id.desc())),
        (ItemKind.POST, posted.order_by(Post.id.desc())),
    ):
        for number in await session.scalars(query.limit(POOL)):
            session.add(DigestItem(digest_id=digest.id, kind=kind, subject_id=number))
    await session.flush()


def _gets_it(after: int, pace: Pace) -> tuple[ColumnElement[bool], ...]:
    """Return who gets a digest so often, if anything fits: who agreed to news, and still wants it.

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
    so_often = func.coalesce(Person.digest_every, Pace.MONTH) == pace
    return (
        Person.id > after,
        so_often,
        Person.state == Membership.ACTIVE,
        agrees,
        ~ended,
        ~only_looks,
    )


@dataclass
class _Known:
    """What decides, besides area and languages, what stands in whose digest; by person."""

    around: Around
    needs: Mapping[int, frozenset[Need]]
    offers: Mapping[int, frozenset[Need]]
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
    offers: dict[int, set[Need]] = {}
    known = select(PersonOffer.person_id, PersonOffer.term)
    for person_id, term in await session.execute(known.where(PersonOffer.person_id.in_(some))):
        offers.setdefault(person_id, set()).add(Need(term))
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
        await around(session, found),
        {person_id: frozenset(terms) for person_id, terms in needs.items()},
        {person_id: frozenset(terms) for person_id, terms in offers.items()},
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
    await _add_posts(session, found, some, had)
    await _add_brought(session, found, some, had)
    return had


async def _add_posts(
    session: AsyncSession, found: Contents, some: Select[int], had: dict[int, set[int]]
) -> None:
    """Leave out what somebody wrote themself, was told of, or is kept apart from by a block."""
    items = {one.subject_id: one.id for one in found.items if one.kind == ItemKind.POST}
    if not items:
        return
    for what in found.about.values():
        if isinstance(what, Post):
            had.setdefault(what.person_id, set()).add(items[what.id])
    for reader_id, theirs in (await kept_apart(session, found)).items():
        had.setdefault(reader_id, set()).update(theirs)
    told = await session.execute(
        select(Delivery.person_id, Delivery.subject_id).where(
            Delivery.kind == "post_new",
            Delivery.subject_id.in_(items),
            Delivery.person_id.in_(some),
            Delivery.state.in_([*REACHED, *deliveries.OPEN]),
        )
    )
    for person_id, post_id in told:
        assert person_id is not None
        assert post_id is not None
        had.setdefault(person_id, set()).add(items[post_id])


async def _add_brought(
    session: AsyncSession, found: Contents, some: Select[int], had: dict[int, set[int]]
) -> None:
    """Add what other digests have brought: who reads one each week reads of an event once.

    From month to month an event to come is told again.
    """
    digest = found.digest
    others = select(Digest.id).where(
        Digest.id != digest.id,
        Digest.state == State.APPROVED,
        Digest.made_at > min(digest.since, digest.made_at - AHEAD),
    )
    if digest.pace == Pace.MONTH:
        others = others.where(Digest.pace != Pace.MONTH)
    items = await session.scalars(select(DigestItem).where(DigestItem.digest_id.in_(others)))
    named = {str(item.id): (item.kind, item.subject_id) for item in items}
    if not named:
        return
    here = {(item.kind, item.subject_id): item.id for item in found.items}
    rows = select(Delivery.person_id, Delivery.args).where(
        Delivery.kind == KIND, Delivery.subject_id.in_(others), Delivery.person_id.in_(some)
    )
    for person_id, args in await session.execute(rows):
        assert person_id is not None
        brought = {named.get(number) for number in str(args.get("items", "")).split(".")}
        theirs = {here[what] for what in brought if what is not None and what in here}
        had.setdefault(person_id, set()).update(theirs)


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
        offers = known.offers.get(person_id, frozenset())
        reader = Reader(reads, area_id, needs, belongs, offers)
        if (fits := known.fits.get(reader)) is None:
            fits = known.fits[reader] = fitting(found, known.around, reader)
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
        ends = now + REVIEWED_WITHIN[Pace(found.digest.pace)]
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
