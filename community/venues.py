"""Venues: where the network can meet, kept by the animators, and which of them suit an event.

What speaks for or against a venue is what those invited have said, as counts that may be told
(``community/invitees.py``); in the order few count alike, so that it names nobody either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import areas, invitees, roles
from community.audiences import Audience
from community.base import Base, Referable, find
from community.errors import NotUnderstoodError
from community.events import Event
from community.figures import FEW, Cell
from community.invitees import Counts
from community.limits import Limit
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName


class Venue(Base, Referable):
    """A place where events can be."""

    __tablename__ = "venues"

    name: Mapped[str] = mapped_column(String(200))
    """Name and address, as an event names its place."""
    lent_by: Mapped[str | None] = mapped_column(Text)
    """Who lends it: an organisation or a role, as with contacts."""
    seats: Mapped[int | None]
    step_free: Mapped[bool] = mapped_column(default=False)
    child_care: Mapped[bool] = mapped_column(default=False)
    """There is child care there, or near."""
    travel: Mapped[str | None] = mapped_column(Text)
    """How one gets there by public transport."""
    languages: Mapped[list[str]] = mapped_column(default=list)
    """Spoken by those who open it."""
    safe_for: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    made_at: Mapped[datetime]


LIMITS = {"name": 200, "lent_by": 120, "travel": 300, "safe_for": 300}
MOST_SEATS = 100_000
FACTS = frozenset(
    {*LIMITS, "seats", "step_free", "child_care", "languages", "latitude", "longitude"}
)
RANKED = 50
"""So many venues are looked at for one event."""


class Why(StrEnum):
    """What speaks for a venue, or against it."""

    STEP_FREE = "step_free"
    STEPS = "steps"
    CHILD_CARE = "child_care"
    NO_CHILD_CARE = "no_child_care"
    NEAR = "near"
    FAR = "far"
    SPOKEN = "spoken"
    SEATS = "seats"
    TOO_SMALL = "too_small"


AGAINST = (Why.STEPS, Why.NO_CHILD_CARE, Why.FAR, Why.TOO_SMALL)


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a venue or against it, and for how many people.

    ``language`` is the one that is spoken there.
    """

    why: Why
    people: Cell = 0
    language: str = ""


@dataclass(frozen=True)
class Suited:
    """A venue, with what it means to those who are invited."""

    venue: Venue
    reasons: Sequence[Reason]
    weight: int


async def add(
    session: AsyncSession, actor: Person, name: str, now: datetime, **facts: Any
) -> Venue:
    """Write a venue down.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a fact is wrong.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    venue = Venue(made_at=now, languages=[])
    _write(venue, {"name": name, **facts})
    session.add(venue)
    await session.flush()
    return venue


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Venue:
    """Return a venue.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none any more.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await find(session, Venue, ref, lock=lock)


async def change(
    session: AsyncSession, actor: Person, ref: str, now: datetime, **facts: Any
) -> Venue:
    """Put right what is known of a venue; an event that was planned there stays as it is.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none any more.
        NotUnderstoodError: a fact is wrong.
    """
    venue = await opened(session, actor, ref, now, lock=True)
    _write(venue, facts)
    await session.flush()
    return venue


async def remove(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Forget a venue; an event that was planned there stays as it is.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none any more.
    """
    await session.delete(await opened(session, actor, ref, now, lock=True))
    await session.flush()


async def every(
    session: AsyncSession, actor: Person, now: datetime, at: int = 0, *, size: int
) -> Portion[Venue]:
    """Return a page of the venues, by name.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await portion(session, select(Venue).order_by(Venue.name, Venue.id), at, size)


async def suited(
    session: AsyncSession,
    actor: Person,
    event: Event,
    audience: Audience,
    now: datetime,
    network_language: str,
) -> Sequence[Suited]:
    """Return the venues, those first that suit whom an event invites, each with its reasons.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    found = await every(session, actor, now, size=RANKED)
    counts = await invitees.count(session, audience, now, network_language)
    known = await areas.every(session)
    ranked = []
    for venue in found.rows:
        weighed = list(_weigh(venue, event, counts, known))
        ranked.append(
            Suited(venue, [reason for reason, _weight in weighed], sum(w for _r, w in weighed))
        )
    return sorted(ranked, key=lambda one: -one.weight)


def _weigh(
    venue: Venue, event: Event, counts: Counts, known: Sequence[areas.Area]
) -> list[tuple[Reason, int]]:
    if counts.total < FEW:
        return []
    found: list[tuple[Why, int, str]] = []
    if steps := counts.saying(Limit.STEPS):
        found.append((Why.STEP_FREE if venue.step_free else Why.STEPS, steps, ""))
    if parents := counts.saying(Limit.CHILD_CARE):
        found.append((Why.CHILD_CARE if venue.child_care else Why.NO_CHILD_CARE, parents, ""))
    near = counts.saying(Limit.DISTANCE)
    if near and venue.latitude is not None and venue.longitude is not None:
        km = invitees.kilometres((venue.latitude, venue.longitude), known)
        too_far, is_near = counts.reach(km)
        if is_near is not None:
            found.append((Why.NEAR, near, "") if is_near else (Why.FAR, too_far, ""))
    spoken = [code for code, _people in counts.languages.most_common() if code in venue.languages]
    if spoken:
        found.append((Why.SPOKEN, counts.languages[spoken[0]], spoken[0]))
    weighed = [
        (
            Reason(why, _told(counts, why, people), language),
            -_weight(people, counts) if why in AGAINST else _weight(people, counts),
        )
        for why, people, language in found
    ]
    if venue.seats is not None and event.capacity is not None:
        if venue.seats < event.capacity:
            return [*weighed, (Reason(Why.TOO_SMALL, venue.seats), -event.capacity)]
        weighed.append((Reason(Why.SEATS, venue.seats), 0))
    return weighed


def _told(counts: Counts, why: Why, people: int) -> Cell:
    """Return a count; in steps of five where a place could be tried out, or a language told."""
    told = counts.told(people)
    tells = why in (Why.FAR, Why.NEAR) or (why is Why.SPOKEN and counts.in_steps)
    return invitees.in_fives(told) if tells and isinstance(told, int) else told


def _weight(people: int, counts: Counts) -> int:
    """Return what so many people weigh: few weigh alike, however many they are."""
    if people < FEW:
        return 2 if people else 0
    return people if counts.is_exact else invitees.in_fives(people)


def _write(venue: Venue, facts: dict[str, Any]) -> None:
    unknown = facts.keys() - FACTS
    if unknown:
        raise TypeError(f"a venue has no {unknown}")
    areas.place(facts.get("latitude", venue.latitude), facts.get("longitude", venue.longitude))
    for name, value in facts.items():
        setattr(venue, name, clean(name, value))


def clean(name: str, value: Any) -> Any:
    """Return a fact as it is kept: a text without stray spaces, None for none.

    Raises:
        NotUnderstoodError: no words where there must be some, too many, or no number of seats.
    """
    if name == "seats" and value is not None and not 1 <= value <= MOST_SEATS:
        raise NotUnderstoodError("capacity")
    if name not in LIMITS or value is None:
        return value
    text = " ".join(value.split())
    if not 0 < len(text) <= LIMITS[name]:
        raise NotUnderstoodError("text", limit=LIMITS[name])
    return text
