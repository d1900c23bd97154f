"""Reactions: what a member says of a text with one press, in one of a few meanings.

One for each member and text; it can be changed and taken back. Whose it is nobody is told: the
team reads how many, as far as no few can be told.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import attendance, corrections, memory, people, roles, sends
from community.among import among
from community.base import Base, BigId, Identified
from community.events import Event
from community.figures import Protected, protect
from community.people import Person
from community.roles import RoleName
from community.sends import Send
from community.writing import insert_new


class Meaning(StrEnum):
    """What a reaction says."""

    USEFUL = "useful"
    MORE = "more"
    """They would like to hear more."""
    NOT_FOR_ME = "not_for_me"


class Reaction(Base, Identified):
    """What one person says of one newsletter, or of one event."""

    __tablename__ = "reactions"
    __table_args__ = (
        UniqueConstraint("person_id", "send_id"),
        UniqueConstraint("person_id", "event_id"),
    )

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    send_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("sends.id", ondelete="CASCADE"), index=True
    )
    """Of a newsletter that has been corrected, the first."""
    event_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    meaning: Mapped[Meaning] = mapped_column(String(16))


async def react_to_letter(
    session: AsyncSession, actor: Person, ref: str, meaning: Meaning | None, now: datetime
) -> None:
    """Say something of a newsletter, or with None take back what was said.

    Raises:
        NotAMemberError: the actor has not joined.
        NotFoundError: it is not theirs to read, or has been taken back.
    """
    people.require_member(actor)
    send = await corrections.opened(session, actor, ref, now)
    await _say(session, actor, Reaction.send_id == send.id, {"send_id": send.id}, meaning)


async def react_to_event(
    session: AsyncSession, actor: Person, ref: str, meaning: Meaning | None, now: datetime
) -> None:
    """Say something of an event, or with None take back what was said.

    Raises:
        NotAMemberError: the actor has not joined.
        NotFoundError: it is not theirs to see.
    """
    people.require_member(actor)
    event = await attendance.visible(session, actor, ref, now)
    await _say(session, actor, Reaction.event_id == event.id, {"event_id": event.id}, meaning)


async def _say(
    session: AsyncSession,
    actor: Person,
    is_about_it: ColumnElement[bool],
    about: dict[str, int],
    meaning: Meaning | None,
) -> None:
    mine = and_(Reaction.person_id == actor.id, is_about_it)
    memory.drop(session, _key(about.get("event_id", 0), actor.id))
    if meaning is None:
        await session.execute(delete(Reaction).where(mine))
        return
    new = {"person_id": actor.id, **about, "meaning": meaning}
    if not await insert_new(session, Reaction, [new]):
        await session.execute(update(Reaction).where(mine).values(meaning=meaning))


async def said_by(session: AsyncSession, person: Person, about: Send | Event) -> Meaning | None:
    """Return what this person has said of a newsletter or an event, if anything."""
    if isinstance(about, Event) and memory.is_known_to_be_none(session, _key(about.id, person.id)):
        return None
    said = await session.scalar(
        select(Reaction.meaning).where(Reaction.person_id == person.id, await _is(session, about))
    )
    return Meaning(said) if said else None


async def expect(session: AsyncSession, pressed: Mapping[str, Collection[int]]) -> None:
    """Find out at once who has said nothing of events, for the cards that follow.

    Given are the Telegram numbers of those who will see them, by the event's reference.
    """
    for ref, numbers in pressed.items():
        for row in await session.execute(_SILENT, {"named": ref, "numbers": numbers}):
            memory.remember_none(session, _key(row.id, row.person_id))


_SILENT = (
    select(Event.id, Person.id.label("person_id"))
    .join(Person, among(Person.telegram_id, "numbers"))
    .outerjoin(Reaction, and_(Reaction.person_id == Person.id, Reaction.event_id == Event.id))
    .where(Event.ref == bindparam("named"), Reaction.id.is_(None))
)


def _key(event_id: int, person_id: int) -> tuple[object, ...]:
    return Reaction, event_id, person_id


async def counts(
    session: AsyncSession, actor: Person, about: Send | Event, now: datetime
) -> Protected[Meaning]:
    """Return how many say what of a newsletter or an event.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    found = await session.execute(
        select(Reaction.meaning, func.count())
        .where(await _is(session, about))
        .group_by(Reaction.meaning)
    )
    said = {Meaning(meaning): count for meaning, count in found}
    return protect({meaning: said.get(meaning, 0) for meaning in Meaning})


async def _is(session: AsyncSession, about: Send | Event) -> ColumnElement[bool]:
    if isinstance(about, Event):
        return Reaction.event_id == about.id
    return Reaction.send_id == (await sends.first_of(session, about)).id
