"""What the send policy says about each row that is due: go, later, never, or too late.

What it has to know about people is read for many at once; the judgement itself is arithmetic.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, conversations, limits, topics
from community.among import among
from community.assisted import without_telegram
from community.audiences import EVERYBODY, Audience
from community.consents import Purpose
from community.deliveries import Delivery, Due, State
from community.limits import Limit
from community.people import Membership, Person
from community.policy import (
    CONVERSATION,
    EDITS,
    GAP,
    POLICY,
    TOLD_BY_PHONE,
    UNASKED,
    WEEKLY_CAP,
    NoRoom,
    Policy,
    next_morning,
)
from community.sends import Send
from community.topics import Topic

WEEK = timedelta(days=7)
LOOKED_AT_AGAIN = timedelta(days=1)
"""What waits for the end of a pause is looked at so often: whoever has paused may come back
before, or pause for longer."""
MOMENT = timedelta(seconds=2)
"""After so long a row is looked at again whose person another sender is just judging."""


@dataclass(frozen=True)
class Verdict:
    """What the policy says about one claimed row now. ``SENT`` means: go ahead."""

    state: State
    reason: str | None = None
    due_at: datetime | None = None


GO = Verdict(State.SENT)
BY_PHONE = Verdict(State.SUPPRESSED, "by_phone")
"""The person has no Telegram: whoever looks after them tells them."""


@dataclass
class Reader:
    """What the policy has to know about one person."""

    person: Person
    is_called: bool = False
    """They have no Telegram, and an animator calls them."""
    agrees_to: Collection[Purpose] = frozenset()
    muted: Collection[Topic] = frozenset()
    answering_since: datetime | None = None
    """They have a question open, and touched it then."""
    unasked: list[datetime] = field(default_factory=list)
    """When they got what nobody asked for lately, or were let to get it; newest first."""
    left: set[int] = field(default_factory=set)
    """Sends for some, of whose audience they are not any more."""
    saves_data: bool = False
    """They have little mobile data: no picture comes unasked."""
    is_ours: bool = True
    """False while another sender judges what is unasked for this person."""


async def readers(
    session: AsyncSession, rows: Sequence[Due], now: datetime, network_language: str
) -> Mapping[int, Reader]:
    """Read what the policy has to know about the people of these rows, by their number.

    Whoever would get something unasked is held until the end of the transaction, so that two
    senders never count for the same person at the same time.
    """
    ids = {row.person_id for row in rows if row.person_id is not None}
    people = await session.scalars(select(Person).where(among(Person.id, ids)))
    found = {person.id: Reader(person) for person in people}
    numbers = {r.person.telegram_id: r for r in found.values() if r.person.telegram_id}
    numberless = [number for number, r in found.items() if r.person.telegram_id is None]
    if numberless:
        for number in await without_telegram(session, numberless):
            found[number].is_called = True
    open_since = now - CONVERSATION
    for number, at in (await conversations.answering(session, [*numbers], open_since)).items():
        numbers[number].answering_since = at
    if any(row.kind in (*UNASKED, *EDITS) for row in rows):
        for number in await limits.with_limit(session, Limit.NO_DATA, found):
            found[number].saves_data = True
    unasked = {row.person_id or 0 for row in rows if row.kind in UNASKED} & found.keys()
    if not unasked:
        return found
    free = select(Person.id).where(among(Person.id, unasked)).order_by(Person.id)
    ours = set(await session.scalars(free.with_for_update(skip_locked=True, key_share=True)))
    kinds = {row.kind for row in rows} & {*UNASKED}
    needed = {consent for kind in kinds if (consent := POLICY[kind].consent)}
    for person_id, purposes in (await consents.given_by(session, unasked, needed)).items():
        found[person_id].agrees_to = purposes
    for person_id, muted in (await topics.muted_by(session, unasked)).items():
        found[person_id].muted = muted
    for person_id in unasked:
        found[person_id].is_ours = person_id in ours
    for row in await session.execute(_lately_unasked(unasked, now)):
        found[row.person_id].unasked.append(row.settled_at)
    for send_id, person_id in await _left(session, rows, now, network_language):
        found[person_id].left.add(send_id)
    return found


async def _left(
    session: AsyncSession, rows: Sequence[Due], now: datetime, network_language: str
) -> set[tuple[int, int]]:
    """Return who of these rows has left the audience of their send: the send, the person."""
    chosen: dict[int, set[int]] = {}
    for row in rows:
        if row.send_id is not None and row.person_id is not None:
            chosen.setdefault(row.send_id, set()).add(row.person_id)
    if not chosen:
        return set()
    outside: set[tuple[int, int]] = set()
    for_whom = select(Send.id, Send.for_whom).where(Send.id.in_(chosen))
    for send_id, kept in (await session.execute(for_whom)).all():
        if (audience := Audience.of(kept)) == EVERYBODY:
            continue
        addressed = chosen[send_id]
        is_inside = audience.conditions(now, network_language)
        inside = await session.scalars(
            select(Person.id).where(among(Person.id, addressed), *is_inside)
        )
        outside |= {(send_id, person_id) for person_id in addressed.difference(inside)}
    return outside


def _lately_unasked(
    person_ids: Collection[int], now: datetime
) -> Select[int | None, datetime | None]:
    """Return the query for when these people got something unasked within a week.

    What lies far ahead was sent while the clock was wrong, and holds nothing back.
    """
    return (
        select(Delivery.person_id, Delivery.settled_at)
        .where(
            among(Delivery.person_id, person_ids),
            Delivery.kind.in_(UNASKED),
            or_(
                Delivery.state.in_([State.CLAIMED, State.SENT, State.UNCERTAIN, State.RECALLED]),
                (Delivery.state == State.SUPPRESSED) & Delivery.reason.in_(TOLD_BY_PHONE),
            ),
            Delivery.settled_at > now - WEEK,
            Delivery.settled_at < now + GAP,
        )
        .order_by(Delivery.settled_at.desc())
    )


def judge(row: Due, reader: Reader | None, now: datetime, default_zone: str) -> Verdict:
    """Apply the send policy to one row.

    A deferral never crosses the expiry: what would, is expired at once.
    """
    policy = POLICY[row.kind]
    if reader is None:
        return Verdict(State.SUPPRESSED, "erased")
    if now >= row.expires_at:
        return Verdict(State.EXPIRED, "too_late")
    if reason := _not_wanted(policy, reader):
        return Verdict(State.SUPPRESSED, reason)
    if row.send_id in reader.left:
        return Verdict(State.SUPPRESSED, "left_audience")
    if policy.unasked and not reader.is_ours:
        return Verdict(State.QUEUED, "deferred", now + MOMENT)
    room = _room(reader, now) if policy.unasked else now
    if room > now and policy.no_room is NoRoom.SKIP:
        return Verdict(State.SUPPRESSED, "no_room")
    later = max(room, _rests_until(policy, reader.person, now))
    if not policy.interrupts and reader.answering_since is not None:
        later = max(later, reader.answering_since + CONVERSATION)
    if policy.waits_for_morning:
        later = next_morning(later, reader.person.local_zone(default_zone))
    if later <= now:
        if policy.unasked:
            reader.unasked.insert(0, now)
        return BY_PHONE if reader.person.telegram_id is None else GO
    if later >= row.expires_at:
        return Verdict(State.EXPIRED, "no_time_left")
    return Verdict(State.QUEUED, "deferred", later)


def _not_wanted(policy: Policy, reader: Reader) -> str | None:
    """Return why the person does not get this kind at all, if so."""
    person = reader.person
    if person.telegram_id is None and not (reader.is_called and policy.by_phone):
        return "no_telegram"
    if not person.can_be_reached:
        return "unreachable"
    if person.state in policy.silent_in:
        return str(person.state)
    if policy.consent and policy.consent not in reader.agrees_to:
        return "no_consent"
    if person.participation in policy.not_for:
        return str(person.participation)
    if policy.topic and policy.topic in reader.muted:
        return "muted"
    return None


def _rests_until(policy: Policy, person: Person, now: datetime) -> datetime:
    """Return when this is looked at again because the person has paused; now, if they have not."""
    if not policy.after_a_pause or person.state != Membership.PAUSED or not person.paused_until:
        return now
    return max(now, min(person.paused_until, now + LOOKED_AT_AGAIN))


def _room(reader: Reader, now: datetime) -> datetime:
    """Return from when the weekly cap and the gap allow one more unasked message."""
    times = reader.unasked
    allowed = [now]
    if times:
        allowed.append(times[0] + GAP)
    if len(times) >= WEEKLY_CAP:
        allowed.append(times[WEEKLY_CAP - 1] + WEEK)
    return max(allowed)
