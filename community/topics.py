"""What news is about: topics that a member turns off one by one, with one tap.

Agreeing to news (``Purpose.NEWS``) opens all of them; a topic that is turned off stays off until
the member turns it on again.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import people
from community.among import among
from community.base import Base, BigId
from community.needs import Need
from community.people import Person
from community.writing import insert_new


class Topic(StrEnum):
    """What leaves by itself and can be turned off."""

    EVENTS = "events"
    NEWSLETTERS = "newsletters"
    STEPS = "steps"
    """Reminders of a step towards a service that waits to be ticked."""
    OFFERS = "offers"
    """What support organisations offer, about what the member looks for."""
    DIGEST = "digest"
    """What fits the member, gathered once a month."""


class MutedTopic(Base):
    """One topic that one person does not want."""

    __tablename__ = "muted_topics"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    topic: Mapped[Topic] = mapped_column(String(16), primary_key=True)
    since: Mapped[datetime]


class MutedOffer(Base):
    """One need about which one person wants no offers; those about others still come."""

    __tablename__ = "muted_offers"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    need: Mapped[Need] = mapped_column(String(32), primary_key=True)
    since: Mapped[datetime]


async def muted(session: AsyncSession, person: Person) -> set[Topic]:
    """Return what the person has turned off."""
    return (await muted_by(session, [person.id])).get(person.id, set())


async def muted_by(session: AsyncSession, person_ids: Collection[int]) -> Mapping[int, set[Topic]]:
    """Return what each of these people has turned off; who is absent, nothing."""
    found: dict[int, set[Topic]] = {}
    rows = await session.execute(
        select(MutedTopic.person_id, MutedTopic.topic).where(
            among(MutedTopic.person_id, person_ids)
        )
    )
    for person_id, topic in rows:
        found.setdefault(person_id, set()).add(Topic(topic))
    return found


async def turn(
    session: AsyncSession, person: Person, topic: Topic, now: datetime, *, on: bool
) -> None:
    """Turn a topic on or off; turning it twice changes nothing.

    Raises:
        NotAMemberError: the person has not joined.
    """
    people.require_member(person)
    if on:
        await session.execute(
            delete(MutedTopic).where(MutedTopic.person_id == person.id, MutedTopic.topic == topic)
        )
    else:
        row = {"person_id": person.id, "topic": topic, "since": now}
        await insert_new(session, MutedTopic, [row])


async def muted_offers(session: AsyncSession, person: Person) -> list[Need]:
    """Return about which needs the person wants no offers."""
    rows = await session.scalars(
        select(MutedOffer.need).where(MutedOffer.person_id == person.id).order_by(MutedOffer.need)
    )
    return [Need(code) for code in rows]


async def turn_offers(
    session: AsyncSession, person: Person, need: Need, now: datetime, *, on: bool
) -> None:
    """Turn offers about one need on or off; turning them twice changes nothing.

    Raises:
        NotAMemberError: the person has not joined.
    """
    people.require_member(person)
    if on:
        await session.execute(
            delete(MutedOffer).where(MutedOffer.person_id == person.id, MutedOffer.need == need)
        )
    else:
        row = {"person_id": person.id, "need": need, "since": now}
        await insert_new(session, MutedOffer, [row])
