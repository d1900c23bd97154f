"""The network's groups and channels in Telegram: linked by an animator, one language each.

What is said in a group is never read. The bot posts the cards of events there, and lets in who is
a member of the network; what concerns somebody alone is said in private.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Select,
    String,
    UniqueConstraint,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import cohorts, deliveries, roles
from community.areas import Area, within
from community.base import Base, BigId, Identified, Referable, find
from community.cohorts import Cohort
from community.deliveries import Delivery, Plan
from community.errors import IllegalMoveError, NotUnderstoodError, TooLateError
from community.events import EVENT, Event
from community.events import Kind as EventKind
from community.events import State as EventState
from community.lifecycle import Lifecycle, Who, who
from community.live import LiveMessage
from community.people import Membership, Person
from community.roles import RoleName
from community.writing import insert_new, rows_changed

CARD = "group_card"
"""The kind of delivery that posts an event in a group."""
MOMENT = timedelta(minutes=5)
"""How long at least it is tried to post a card anew."""


class Kind(StrEnum):
    """What Telegram calls it."""

    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class State(StrEnum):
    """Whether the bot posts there."""

    NEW = "new"
    """The bot is in it, and nobody has said in which language it is."""
    LINKED = "linked"
    UNLINKED = "unlinked"
    LOST = "lost"
    """Somebody has removed the bot, or the group is gone."""


class Admits(StrEnum):
    """Who answers those who ask to join."""

    MEMBERS = "members"
    """The bot: whoever is a member of the network is let in."""
    TEAM = "team"
    """Whoever looks after the group, in Telegram."""


_A, _T = who(Who.ANIMATOR), who(Who.TELEGRAM)
GROUP = Lifecycle(
    "group",
    {
        State.NEW: {State.LINKED: _A, State.UNLINKED: _A, State.LOST: _T},
        State.LINKED: {State.UNLINKED: _A, State.LOST: _T},
        State.UNLINKED: {State.NEW: _A},
        State.LOST: {State.NEW: _A, State.LINKED: _T, State.UNLINKED: _A},
    },
)
HERE = (State.NEW, State.LINKED)
"""The bot is in the group, and means to stay."""


class Group(Base, Referable):
    """A group, supergroup or channel; nobody in it is known by it."""

    __tablename__ = "telegram_groups"

    chat_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    """Telegram's number; another one once a group has become a supergroup."""
    kind: Mapped[Kind] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(128))
    state: Mapped[State] = mapped_column(String(16), default=State.NEW)
    language: Mapped[str | None] = mapped_column(String(16))
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    """Events of which area, and of those in it, are for it; None: of all."""
    event_kind: Mapped[EventKind | None] = mapped_column(String(32))
    """Which kind of events is for it; None: all."""
    cohort_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cohorts.id"))
    """Whose course it is: it gets its events alone, and lets in who belongs to it."""
    admits: Mapped[Admits] = mapped_column(String(16), default=Admits.MEMBERS)
    linked_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    linked_at: Mapped[datetime]


class Applicant(Base, Identified):
    """That somebody who is no member (of the course) has asked to join a group: let in later."""

    __tablename__ = "group_applicants"
    __table_args__ = (UniqueConstraint("group_id", "telegram_id"),)

    group_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("telegram_groups.id", ondelete="CASCADE")
    )
    telegram_id: Mapped[int] = mapped_column(BigInteger, index=True)
    """Telegram's number: they need not be known to us."""
    asked_at: Mapped[datetime]


# Linking


async def link(
    session: AsyncSession, actor: Person, chat_id: int, kind: Kind, title: str, now: datetime
) -> Group:
    """Note that an animator has put the bot into a group; one that was linked before starts anew.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    group = await of_chat(session, chat_id, lock=True)
    if group is None:
        group = Group(
            chat_id=chat_id, kind=kind, title=_short(title), linked_by_id=actor.id, linked_at=now
        )
        session.add(group)
        await session.flush()
        return group
    group.title = _short(title)
    if group.state not in HERE:
        await GROUP.move(
            session,
            group,
            State.NEW,
            Who.ANIMATOR,
            now,
            actor_id=actor.id,
            linked_by_id=actor.id,
            linked_at=now,
        )
    return group


async def change(
    session: AsyncSession, actor: Person, ref: str, what: str, value: str, now: datetime
) -> Group:
    """Say something about a group: ``language``, ``area``, ``kind``, ``course``, who ``admits``.

    The kind is that of events. Of area and kind "" means all, of a course none. With a language
    the group is linked.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: no such group, area or course.
        NotUnderstoodError: there is no such choice.
        IllegalMoveError: the bot is not in this group any more.
    """
    group = await opened(session, actor, ref, now, lock=True)
    if group.state not in HERE:
        raise IllegalMoveError(GROUP.name, group.state, State.LINKED)
    match what:
        case "language":
            group.language = value
            await GROUP.move(session, group, State.LINKED, Who.ANIMATOR, now, actor_id=actor.id)
        case "area":
            area = await find(session, Area, value) if value else None
            group.area_id = area.id if area else None
        case "kind" if not value or value in [*EventKind]:
            group.event_kind = EventKind(value) if value else None
        case "course":
            cohort = await find(session, Cohort, value) if value else None
            group.cohort_id = cohort.id if cohort else None
        case "admits" if value in [*Admits]:
            group.admits = Admits(value)
            if group.admits == Admits.TEAM:
                await _forget_applicants(session, group)
        case _:
            raise NotUnderstoodError("choice")
    await session.flush()
    return group


async def unlink(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Group:
    """Post nothing there any more; what stands there stays as it is, and nobody waits for it.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    group = await opened(session, actor, ref, now, lock=True)
    await GROUP.move(session, group, State.UNLINKED, Who.ANIMATOR, now, actor_id=actor.id)
    await _silence(session, group, "unlinked", now)
    await _forget_applicants(session, group)
    return group


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Group:
    """Return a group.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await find(session, Group, ref, lock=lock)


async def every(session: AsyncSession, actor: Person, now: datetime) -> Sequence[Group]:
    """Return the groups that are linked, and those that were lost and not taken off the list.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    listed = (*HERE, State.LOST)
    query = select(Group).where(Group.state.in_(listed)).order_by(Group.title, Group.id)
    return (await session.scalars(query)).all()


async def of_chat(session: AsyncSession, chat_id: int, *, lock: bool = False) -> Group | None:
    """Return the group with this number of Telegram's, if it has ever been linked."""
    query: Select[Any] = select(Group).where(Group.chat_id == chat_id)
    if lock:
        query = query.with_for_update(key_share=True)
    found: Group | None = await session.scalar(query)
    return found


async def by_chat(session: AsyncSession) -> dict[int, Group]:
    """Return all groups by Telegram's numbers."""
    return {group.chat_id: group for group in await session.scalars(select(Group))}


def _short(title: str) -> str:
    return title[:128]


# What Telegram tells


async def lost(session: AsyncSession, chat_id: int, now: datetime) -> None:
    """Note that the bot is in a group no more: nothing waits for it, the team is told once."""
    group = await of_chat(session, chat_id, lock=True)
    if group is None or group.state not in HERE:
        return
    await GROUP.move(session, group, State.LOST, Who.TELEGRAM, now)
    await _silence(session, group, "lost", now)
    animators = {one.id for one in await roles.holders(session, RoleName.ANIMATOR, now)}
    told = animators & {group.linked_by_id} or animators
    occurrence = f"group:{group.id}:lost:{now.isoformat()}"
    await deliveries.plan_notices(
        session, now, "group_lost", sorted(told), occurrence, ref=group.ref
    )


async def moved(session: AsyncSession, chat_id: int, to: int, now: datetime) -> None:
    """Go on in the supergroup that a group has become: its cards are posted there anew.

    What stands in the old one can be changed no more: Telegram counts messages anew. If it was
    told as a removal before, what that had dropped is posted, too.
    """
    group = await of_chat(session, chat_id, lock=True)
    if group is None or chat_id == to:
        return
    twin = await of_chat(session, to, lock=True)
    if twin is not None:  # somebody has linked the supergroup before we heard that it is one
        await _silence(session, group, "moved", now)
        await session.delete(group)
        await session.flush()
        return
    was_lost = group.state == State.LOST
    if was_lost and group.language:
        await GROUP.move(session, group, State.LINKED, Who.TELEGRAM, now)
    group.chat_id, group.kind = to, Kind.SUPERGROUP
    await session.execute(delete(LiveMessage).where(LiveMessage.chat_id == chat_id))
    await session.flush()
    if group.state != State.LINKED:
        return
    stood = Delivery.state == deliveries.State.SENT
    if was_lost:
        stood |= Delivery.state == deliveries.State.REFUSED
        stood |= and_(Delivery.state == deliveries.State.SUPPRESSED, Delivery.reason == "lost")
    cards = select(Delivery.id).where(
        Delivery.kind == CARD, Delivery.group_id == group.id, Delivery.subject_id == Event.id
    )
    to_come = await session.scalars(
        select(Event)
        .where(
            Event.state == EventState.PUBLISHED,
            Event.ends_at > now,
            cards.where(stood).exists(),
            ~cards.where(Delivery.state.in_(deliveries.OPEN)).exists(),
        )
        .order_by(Event.id)
    )
    for event in to_come.all():
        await _owe_card(session, group, event, now)


async def _silence(session: AsyncSession, group: Group, reason: str, now: datetime) -> None:
    """Drop what waits for a group, and leave what stands there as it is."""
    await rows_changed(
        session,
        update(Delivery)
        .where(
            Delivery.group_id == group.id,
            Delivery.state.in_([deliveries.State.WAITING, deliveries.State.QUEUED]),
        )
        .values(state=deliveries.State.SUPPRESSED, reason=reason, settled_at=now),
    )
    await session.execute(delete(LiveMessage).where(LiveMessage.chat_id == group.chat_id))


# Events


async def for_event(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> list[tuple[Group, deliveries.State | None]]:
    """Return the groups that an event fits, and what has become of its card there, if any.

    An event for some alone fits none, for who reads there is not known; one for a course alone
    fits the groups of this course.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such event.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref)
    query = select(Group).where(*_fits(event)).order_by(Group.title, Group.id)
    found = (await session.scalars(query)).all()
    owed = await session.scalars(select(Delivery).where(*_is_card_of(event)).order_by(Delivery.id))
    fates = {card.group_id: card.state for card in owed}
    if event.state == EventState.PUBLISHED and event.ends_at > now:
        current = await _where_current(session, event)
        for group in found:
            fate = fates.get(group.id)
            was_taken_down = fate == deliveries.State.SENT and group.chat_id not in current
            # It was for some alone before it could be posted, and is for everybody again.
            if was_taken_down or fate == deliveries.State.CANCELLED:
                del fates[group.id]
    return [(group, fates.get(group.id)) for group in found]


async def _where_current(session: AsyncSession, event: Event) -> set[int]:
    """Return in which chats the card of an event is kept current; elsewhere it is as good as none.

    Once the event has ended it is so nowhere.
    """
    rows = await session.scalars(select(LiveMessage).where(LiveMessage.kind == CARD))
    return {row.chat_id for row in rows if row.args["ref"] == event.ref}


def _is_card_of(event: Event) -> tuple[ColumnElement[bool], ...]:
    return Delivery.kind == CARD, Delivery.subject_id == event.id


def _fits(event: Event) -> list[Any]:
    """Return the conditions that a group is one for an event."""
    return [
        Group.state == State.LINKED,
        or_(Group.area_id.is_(None), Group.area_id.in_(within(event.area_id))),
        or_(Group.event_kind.is_(None), Group.event_kind == event.kind),
        Group.cohort_id == event.cohort_id if event.cohort_id else Group.cohort_id.is_(None),
        *([] if _is_for_all_of(event, event.cohort_id) else [Group.id.is_(None)]),
    ]


def _is_for_all_of(event: Event, cohort_id: int | None) -> bool:
    """Say whether an event is for everybody who belongs to a course, or to the network."""
    return (event.need, event.audience_area_id, event.cohort_id) == (None, None, cohort_id)


async def may_read(session: AsyncSession, event: Event, ref: str) -> bool:
    """Say whether everybody who reads in a group ("" is any) may see an event."""
    if not event.is_for_some:
        return True
    group = await find(session, Group, ref) if ref else None
    return group is not None and _is_for_all_of(event, group.cohort_id)


async def post(
    session: AsyncSession, actor: Person, ref: str, group_ref: str, now: datetime
) -> bool:
    """Owe a group the card of an event, once; False if it has it already.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: no such event, or no group that it fits.
        IllegalMoveError: it is not published.
        TooLateError: it has begun.
    """
    group = await opened(session, actor, group_ref, now, lock=True)
    event = await find(session, Event, ref)
    if event.state != EventState.PUBLISHED:
        raise IllegalMoveError(EVENT.name, event.state, EventState.PUBLISHED)
    if event.starts_at <= now:
        raise TooLateError(event.starts_at)
    if await session.scalar(select(Group.id).where(Group.id == group.id, *_fits(event))) is None:
        raise NotUnderstoodError("choice")
    about = *_is_card_of(event), Delivery.group_id == group.id
    is_owed = select(Delivery.id).where(*about, Delivery.state.in_(deliveries.OPEN)).limit(1)
    if await session.scalar(is_owed) is not None:
        return False
    if group.chat_id in await _where_current(session, event):
        return False
    await _owe_card(session, group, event, now)
    return True


async def _owe_card(session: AsyncSession, group: Group, event: Event, now: datetime) -> None:
    """Owe a group, which is locked, one more card of an event."""
    earlier = select(func.count()).where(*_is_card_of(event), Delivery.group_id == group.id)
    plan = Plan(
        CARD,
        None,
        f"{CARD}:{event.id}:{group.id}:{await session.scalar(earlier)}",
        now,
        {"ref": event.ref, "group": group.ref} if group.cohort_id else {"ref": event.ref},
        expires_at=max(event.ends_at, now + MOMENT),
        subject_id=event.id,
        group_id=group.id,
    )
    await deliveries.plan(session, now, plan)


# Who asks to join


async def ask(
    session: AsyncSession, group: Group, telegram_id: int, person: Person | None, now: datetime
) -> bool:
    """Take a request to join: True lets them in, who is a member; others wait until they are.

    Into the group of a course whoever belongs to it is let in. Whoever has blocked the bot is a
    member all the same. Whoever is let in is welcomed in private, once for each group.
    """
    if (
        person is not None
        and (person.is_member or person.state == Membership.UNREACHABLE)
        and (group.cohort_id is None or await _belongs(session, person, group.cohort_id))
    ):
        await _welcome(session, group, person, now)
        return True
    await insert_new(
        session,
        Applicant,
        [{"group_id": group.id, "telegram_id": telegram_id, "asked_at": now}],
    )
    return False


async def _belongs(session: AsyncSession, person: Person, cohort_id: int) -> bool:
    return cohort_id in await session.scalars(cohorts.of(person.id))


async def let_in(session: AsyncSession, person: Person, now: datetime) -> list[int]:
    """Return the chats that somebody who belongs there now had asked to join; they wait no more.

    For a group in which the bot is no more they wait on: it may come back.
    """
    if person.telegram_id is None or not person.is_member:
        return []
    mine = Applicant.telegram_id == person.telegram_id
    found = await session.scalars(
        select(Group)
        .join(Applicant, Applicant.group_id == Group.id)
        .where(mine, Group.state == State.LINKED, Group.admits == Admits.MEMBERS)
        .where(or_(Group.cohort_id.is_(None), Group.cohort_id.in_(cohorts.of(person.id))))
        .order_by(Group.id)
    )
    groups = found.all()
    for group in groups:
        await _welcome(session, group, person, now)
    let = Applicant.group_id.in_([group.id for group in groups])
    await session.execute(delete(Applicant).where(mine, let))
    return [group.chat_id for group in groups]


async def came_in(session: AsyncSession, chat_id: int, person: Person, now: datetime) -> None:
    """Welcome in private, once, somebody we know who has come into an open group by its link.

    Not into a channel, where nobody else sees who reads; nor where the team lets people in.
    """
    group = await of_chat(session, chat_id)
    if group is None or group.state != State.LINKED or group.kind == Kind.CHANNEL:
        return
    if group.admits == Admits.MEMBERS:
        await _welcome(session, group, person, now)


async def _forget_applicants(session: AsyncSession, group: Group) -> None:
    await session.execute(delete(Applicant).where(Applicant.group_id == group.id))


async def _welcome(session: AsyncSession, group: Group, person: Person, now: datetime) -> None:
    key = f"group_welcome:{group.id}:{person.id}"
    plan = Plan("group_welcome", person.id, key, now, {"ref": group.ref}, subject_id=group.id)
    await deliveries.plan(session, now, plan)
