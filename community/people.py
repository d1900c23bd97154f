"""People and their membership: who they are to us, what they told us, and how they come and go.

A person is anybody the bot has met: member, staff, or somebody who only looks round. Everything
else hangs on this row, and erasing it takes everything with it.
"""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    String,
    and_,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import memory, participants
from community.among import among
from community.base import Base, BigId, Referable
from community.errors import NotAMemberError, NotUnderstoodError
from community.lifecycle import Lifecycle, Who, who
from community.writing import insert_new

NAME_LIMIT = 64


class Membership(StrEnum):
    """Where a person stands with the network."""

    JOINING = "joining"
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    LEFT = "left"


_SELF = who(Who.SELF)
_TELEGRAM = who(Who.TELEGRAM)
_J, _A, _P, _S, _U, _L = Membership
MEMBERSHIP = Lifecycle(
    "membership",
    {
        _J: {_A: _SELF, _L: _SELF},
        _A: {_P: _SELF, _S: _SELF, _U: _TELEGRAM, _L: _SELF},
        _P: {_A: who(Who.SELF, Who.CLOCK), _S: _SELF, _U: _TELEGRAM, _L: _SELF},
        _S: {_A: _SELF, _U: _TELEGRAM, _L: _SELF},
        _U: {_A: _SELF, _P: _SELF, _S: _SELF, _J: _SELF, _L: _SELF},
        _L: {_A: _SELF},
    },
)
"""Unreachable goes back to the state it came from only; ``reached`` sees to that."""


LONGEST_PAUSE = timedelta(weeks=12)


class Stage(StrEnum):
    """How far somebody's business is."""

    IDEA = "idea"
    STARTING = "starting"
    RUNNING = "running"
    GROWING = "growing"


class Pace(StrEnum):
    """How often news comes gathered."""

    MONTH = "month"
    FORTNIGHT = "fortnight"
    WEEK = "week"


class Participation(StrEnum):
    """How somebody wants to take part. What they ask for comes in every way."""

    ACTIVE = "active"
    DIGEST = "digest"
    """News and invitations do not come one by one, but gathered in the digest."""
    READING = "reading"
    """Nothing comes by itself; they look at what there is."""


class Profile(StrEnum):
    """What describes a person, by their own word. Never an audience filter."""

    WOMAN = "woman"
    REFUGEE = "refugee"
    YOUTH = "youth"
    HIGHLY_SKILLED = "highly_skilled"
    JOB_SEEKER = "job_seeker"
    OWNER = "owner"
    STUDENT = "student"
    RATHER_NOT_SAY = "rather_not_say"


class Person(Base, Referable):
    """Somebody the bot knows. ``state`` is the membership."""

    __tablename__ = "people"

    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LIMIT), default="")
    username: Mapped[str | None] = mapped_column(String(64))
    telegram_language: Mapped[str | None] = mapped_column(String(35))
    language: Mapped[str | None] = mapped_column(String(16))
    second_language: Mapped[str | None] = mapped_column(String(16))
    """What they also read, by their own word, where something is not in their language."""
    area_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("areas.id", ondelete="SET NULL"), index=True
    )
    zone: Mapped[str | None] = mapped_column(String(64))
    met_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    """When they last did something here, to the day."""

    state: Mapped[Membership] = mapped_column(String(16), default=Membership.JOINING, index=True)
    came_from: Mapped[Membership | None] = mapped_column(String(16))
    """Where they stood when Telegram said that they cannot be reached; None while they can be."""
    paused_until: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    terms_version: Mapped[str | None] = mapped_column(String(16))
    terms_language: Mapped[str | None] = mapped_column(String(16))

    stage: Mapped[Stage | None] = mapped_column(String(16))
    participation: Mapped[Participation | None] = mapped_column(String(16))
    digest_every: Mapped[Pace | None] = mapped_column(String(16))
    """How often their digest comes; None means each month."""

    @property
    def is_member(self) -> bool:
        """Say whether this person has joined and not left."""
        return self.state in (Membership.ACTIVE, Membership.PAUSED, Membership.STOPPED)

    @property
    def can_be_reached(self) -> bool:
        """Say whether Telegram lets us write to this person; ``is_reachable`` asks a query."""
        return self.state != Membership.UNREACHABLE and self.came_from is None

    def local_zone(self, default: str) -> ZoneInfo:
        """Return the person's zone: their area's, else the network's."""
        return ZoneInfo(self.zone or default)


def is_reachable() -> ColumnElement[bool]:
    """Return the condition that Telegram lets us write to somebody (of the query around it)."""
    return and_(Person.state != Membership.UNREACHABLE, Person.came_from.is_(None))


_BY_TELEGRAM_ID = select(Person).where(Person.telegram_id == bindparam("number"))


class PersonProfile(Base):
    """One thing a person says describes them. Kept apart, because it is sensitive."""

    __tablename__ = "profiles"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[Profile] = mapped_column(String(24), primary_key=True)


class JoinLink(Base, Referable):
    """A link that lets people join: it carries no right, works many times, can be withdrawn."""

    __tablename__ = "join_links"

    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    organization_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("organizations.id"))
    """Of the link of a partner: which one (``community/feedback.py``)."""
    label: Mapped[str | None] = mapped_column(String(40))
    """What it is for: a place, a campaign (``community/promoting.py``)."""
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Attribution(Base):
    """By whose link a person came; one per person, the first."""

    __tablename__ = "attributions"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    link_id: Mapped[int] = mapped_column(BigId, ForeignKey("join_links.id"), index=True)


async def meet(
    session: AsyncSession,
    whom: Person | int,
    now: datetime,
    *,
    name: str = "",
    username: str | None = None,
    telegram_language: str | None = None,
) -> Person:
    """Return the person, or whoever has this Telegram id, making them known if they are new.

    The name is taken from Telegram once, and stays as the person later writes it.
    """
    person = whom if isinstance(whom, Person) else await by_telegram_id(session, whom)
    if person is None:
        person = Person(telegram_id=whom, name=_visible(name)[:NAME_LIMIT], met_at=now)
        session.add(person)
    for name_of, value in (
        ("username", username and username[:64]),
        ("telegram_language", telegram_language and telegram_language[:35]),
    ):
        if getattr(person, name_of) != value:  # what is set has to be written, even if it is equal
            setattr(person, name_of, value)
    if person.seen_at is None or now - person.seen_at > timedelta(days=1):
        person.seen_at = now
    await memory.write_objects(session)
    return person


async def by_telegram_id(session: AsyncSession, telegram_id: int) -> Person | None:
    """Return the person with this Telegram id, if the bot has met them."""
    key, values = (Person, telegram_id), {"number": telegram_id}
    found: Person | None = await memory.found_before(session, key, _BY_TELEGRAM_ID, values)
    return found


async def expect(session: AsyncSession, telegram_ids: Collection[int]) -> None:
    """Read those of these people whom the bot knows, at once, for the updates that follow."""
    for person in await session.scalars(_THESE, {"numbers": telegram_ids}):
        memory.remember(session, ((Person, person.telegram_id), False), person)


async def known(session: AsyncSession, telegram_ids: Collection[int]) -> set[int]:
    """Return which of these Telegram ids belong to somebody whom the bot knows."""
    found = await session.scalars(_KNOWN, {"numbers": telegram_ids})
    return {number for number in found if number is not None}


_THESE = select(Person).where(among(Person.telegram_id, "numbers"))
_KNOWN = select(Person.telegram_id).where(among(Person.telegram_id, "numbers"))


def require_member(person: Person) -> None:
    """Refuse whoever has not joined.

    Raises:
        NotAMemberError: the person only looks round, or has left.
    """
    if not person.is_member:
        raise NotAMemberError


def choose_language(person: Person, language: str) -> None:
    """Speak this language with the person from now on, everywhere."""
    person.language = language
    if person.second_language == language:
        person.second_language = None


def choose_second_language(person: Person, language: str | None) -> None:
    """Show this one where something is not in the person's language; None: they read no other.

    Raises:
        NotUnderstoodError: it is the language that they have chosen already.
    """
    if language is not None and language == person.language:
        raise NotUnderstoodError("second_language")
    person.second_language = language


UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Controls, and marks of direction, which would turn round what stands beside a name."""


def _visible(name: str) -> str:
    """Return a name as it is read: one line, without what only programs see."""
    return " ".join(UNSEEN.sub("", name).split())


def rename(person: Person, name: str) -> None:
    """Call the person what they want to be called.

    Raises:
        NotUnderstoodError: the name is empty or longer than 64 characters.
    """
    name = _visible(name)
    if not 0 < len(name) <= NAME_LIMIT:
        raise NotUnderstoodError("name", limit=NAME_LIMIT)
    person.name = name


async def join(
    session: AsyncSession,
    person: Person,
    now: datetime,
    *,
    terms_version: str,
    language: str,
    recorded_by: Person | None = None,
) -> bool:
    """Accept the terms and become an active member; True if that changed anything.

    ``recorded_by`` has heard it said, and writes it down.
    """
    return await MEMBERSHIP.move(
        session,
        person,
        Membership.ACTIVE,
        Who.SELF,
        now,
        actor_id=(recorded_by or person).id,
        joined_at=person.joined_at or now,
        terms_version=terms_version,
        terms_language=language,
        paused_until=None,
    )


async def pause(session: AsyncSession, person: Person, until: datetime, now: datetime) -> None:
    """Rest from everything unasked until the named moment; pausing again names a new one."""
    require_member(person)
    if person.state == Membership.PAUSED:
        person.paused_until = until
        return
    await MEMBERSHIP.move(
        session,
        person,
        Membership.PAUSED,
        Who.SELF,
        now,
        actor_id=person.id,
        paused_until=until,
    )


async def stop(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Mute everything unasked until the person's own act; True if that changed anything."""
    require_member(person)
    return await MEMBERSHIP.move(
        session, person, Membership.STOPPED, Who.SELF, now, actor_id=person.id, paused_until=None
    )


async def resume(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Come back from a pause or a stop by one's own act."""
    require_member(person)
    return await MEMBERSHIP.move(
        session, person, Membership.ACTIVE, Who.SELF, now, actor_id=person.id, paused_until=None
    )


async def leave(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Leave the network. What is known about the person stays until they erase it.

    What they said for the funder's statistics goes at once.
    """
    await participants.forget(session, person.id)
    return await MEMBERSHIP.move(
        session, person, Membership.LEFT, Who.SELF, now, actor_id=person.id, paused_until=None
    )


async def lose(session: AsyncSession, person: Person, reason: str, now: datetime) -> bool:
    """Note that Telegram says this person cannot be reached (blocked, account gone, …).

    Who is no member stays none; they may be of an organisation's staff all the same.
    """
    if person.state == Membership.UNREACHABLE:
        return False
    if not person.is_member:
        person.came_from = person.state
        return False
    return await MEMBERSHIP.move(
        session,
        person,
        Membership.UNREACHABLE,
        Who.TELEGRAM,
        now,
        reason=reason,
        came_from=person.state,
    )


async def reached(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Note that the person is there again; they are what they were before."""
    if person.state != Membership.UNREACHABLE:
        person.came_from = None
        return False
    back = Membership(person.came_from or Membership.ACTIVE)
    if back == Membership.PAUSED and person.paused_until and person.paused_until <= now:
        back = Membership.ACTIVE
    return await MEMBERSHIP.move(
        session, person, back, Who.SELF, now, actor_id=person.id, came_from=None
    )


async def end_pauses(session: AsyncSession, now: datetime) -> int:
    """Wake everybody whose pause ends by now; return how many."""
    rested = await session.scalars(
        select(Person).where(Person.state == Membership.PAUSED, Person.paused_until <= now)
    )
    count = 0
    for person in rested.all():
        count += await MEMBERSHIP.move(
            session, person, Membership.ACTIVE, Who.CLOCK, now, paused_until=None
        )
    return count


def end_of_pause(today: date, weeks: int, zone: ZoneInfo) -> datetime:
    """Return when a pause of so many weeks ends: at nine in the morning, the person's time."""
    day = today + timedelta(weeks=weeks)
    return datetime(day.year, day.month, day.day, 9, tzinfo=zone).astimezone(UTC)


async def describe(session: AsyncSession, person: Person, codes: Sequence[Profile]) -> None:
    """Replace what describes the person. "Rather not say" stands alone."""
    chosen = set(codes)
    if Profile.RATHER_NOT_SAY in chosen:
        chosen = {Profile.RATHER_NOT_SAY}
    await session.execute(delete(PersonProfile).where(PersonProfile.person_id == person.id))
    session.add_all(PersonProfile(person_id=person.id, code=code) for code in sorted(chosen))
    await session.flush()


async def profiles(session: AsyncSession, person: Person) -> list[Profile]:
    """Return what the person says describes them."""
    rows = await session.scalars(
        select(PersonProfile.code).where(PersonProfile.person_id == person.id)
    )
    return sorted(Profile(code) for code in rows)


async def make_join_link(session: AsyncSession, actor: Person, now: datetime) -> JoinLink:
    """Return the link with which this actor invites members, making it the first time."""
    link: JoinLink | None = await session.scalar(
        select(JoinLink).where(
            JoinLink.made_by_id == actor.id,
            JoinLink.organization_id.is_(None),
            JoinLink.withdrawn_at.is_(None),
        )
    )
    if link is None:
        link = JoinLink(made_by_id=actor.id, made_at=now)
        session.add(link)
        await session.flush()
    return link


async def withdraw_join_link(session: AsyncSession, ref: str, now: datetime) -> None:
    """Make a join link lead nowhere from now on."""
    await session.execute(
        update(JoinLink)
        .where(JoinLink.ref == ref, JoinLink.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )


async def follow_join_link(session: AsyncSession, person: Person, ref: str) -> bool:
    """Attribute the person's joining to this link, once; False if the link leads nowhere."""
    link: JoinLink | None = await session.scalar(
        select(JoinLink).where(JoinLink.ref == ref[:16], JoinLink.withdrawn_at.is_(None))
    )
    if link is None:
        return False
    if person.joined_at is None:
        await insert_new(session, Attribution, [{"person_id": person.id, "link_id": link.id}])
    return True
