"""Members who have not been here for long: nudged at most twice, then left in peace.

The first message says what there is. The second, if they still do not come, asks how they would
like to go on. Then nothing more comes, whatever they answer and if they do not, until they have
been here by their own act and fall silent anew. To answer the question is not to come back.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ForeignKey, String, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, people
from community.audiences import ACTIVE_WITHIN
from community.base import Base, BigId
from community.consents import Consent, Purpose
from community.deliveries import Plan
from community.errors import NotFoundError
from community.people import Membership, Participation, Person
from community.policy import NUDGES

KIND = "silence"
AGAIN = timedelta(days=30)
"""So long after the first message the question comes."""
BREAK = 8
"""Weeks that the break lasts which the question offers."""
AT_ONCE = 500


class Answer(StrEnum):
    """What somebody answers; to leave has a card of its own."""

    STAY = "stay"
    DIGEST = "digest"
    PAUSE = "pause"


class Silence(Base):
    """That somebody was nudged because they had not been here, and what they answered."""

    __tablename__ = "silences"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    nudges: Mapped[int] = mapped_column(default=1)
    nudged_at: Mapped[datetime]
    """When the last of them was owed."""
    answer: Mapped[Answer | None] = mapped_column(String(16))
    answered_at: Mapped[datetime | None]
    took_part: Mapped[Participation | None] = mapped_column(String(16))
    """How they took part before they answered, so that it can be taken back."""


_HERE = func.coalesce(Person.seen_at, Person.joined_at, Person.met_at)
"""When somebody was last here."""


def _may_be_nudged() -> ColumnElement[bool]:
    """Return the condition that somebody may be: an active member who agreed to nudges."""
    agrees = exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == Purpose.NEWS,
        Consent.current,
        Consent.granted,
    )
    only_looks = func.coalesce(Person.participation, "") == Participation.READING
    return and_(Person.state == Membership.ACTIVE, agrees, ~only_looks)


_HAS_ENDED = func.coalesce(Silence.answered_at, Silence.nudged_at) < _HERE
"""The condition that somebody has come since the last word of their silence."""
_IS_FIRST = or_(Silence.person_id.is_(None), _HAS_ENDED)
_IS_SECOND = and_(Silence.nudges < NUDGES, Silence.nudged_at >= _HERE)
"""The condition that somebody was nudged once, and has not come."""


def has_ended() -> ColumnElement[bool]:
    """Return the condition that whom this is about has come back."""
    return exists().where(Person.id == Silence.person_id, _HAS_ENDED)


async def nudge(session: AsyncSession, now: datetime) -> int:
    """Owe a message to whoever has not been here for long; return to how many."""
    is_due = or_(
        and_(_IS_FIRST, now - ACTIVE_WITHIN >= _HERE),
        and_(_IS_SECOND, Silence.nudged_at <= now - AGAIN),
    )
    rows = await session.execute(
        select(Person.id, Silence, _IS_FIRST)
        .outerjoin(Silence, Silence.person_id == Person.id)
        .where(_may_be_nudged(), is_due)
        .order_by(Person.id)
        .limit(AT_ONCE)
    )
    plans = []
    for person_id, found, is_first in rows.all():
        silence: Silence = found or Silence(person_id=person_id, nudges=0)
        silence.nudges, silence.nudged_at = 1 if is_first else NUDGES, now
        silence.answer = silence.answered_at = silence.took_part = None
        session.add(silence)
        key = f"{KIND}:{now:%Y%m%d}:{person_id}:{silence.nudges}"
        plans.append(Plan(KIND, person_id, key, now, {"asks": silence.nudges == NUDGES}))
    await session.flush()
    return await deliveries.plan(session, now, *plans)


async def next_nudge(session: AsyncSession) -> datetime | None:
    """Return when somebody who stays away is nudged next."""
    last: datetime | None = await session.scalar(
        select(func.min(_HERE))
        .outerjoin(Silence, Silence.person_id == Person.id)
        .where(_may_be_nudged(), _IS_FIRST)
    )
    nudged: datetime | None = await session.scalar(
        select(func.min(Silence.nudged_at))
        .join(Person, Person.id == Silence.person_id)
        .where(_may_be_nudged(), _IS_SECOND)
    )
    moments = [last and last + ACTIVE_WITHIN, nudged and nudged + AGAIN]
    return min((moment for moment in moments if moment), default=None)


async def of(session: AsyncSession, actor: Person, *, lock: bool = False) -> Silence:
    """Return that this person was nudged.

    Raises:
        NotFoundError: they were not.
    """
    found = await session.get(Silence, actor.id, with_for_update=lock or None)
    if found is None:
        raise NotFoundError("Silence")
    return found


async def answer(
    session: AsyncSession, actor: Person, wish: Answer, now: datetime, zone: ZoneInfo
) -> None:
    """Do at once what a member answers to the question; another answer is instead of the first.

    Raises:
        NotFoundError: they were asked nothing.
        NotAMemberError: they have left.
    """
    people.require_member(actor)
    found = await of(session, actor, lock=True)
    await take_back(session, actor, now, zone)
    found.took_part = actor.participation
    if wish == Answer.DIGEST:
        actor.participation = Participation.DIGEST
    if wish == Answer.PAUSE:
        await people.pause(session, actor, _end_of_break(now, zone), now)
    found.answer, found.answered_at = wish, now
    await session.flush()


def _end_of_break(begun: datetime, zone: ZoneInfo) -> datetime:
    return people.end_of_pause(begun.astimezone(zone).date(), BREAK, zone)


async def take_back(session: AsyncSession, actor: Person, now: datetime, zone: ZoneInfo) -> bool:
    """Undo what the answer has done, as far as it still stands; False if there is none.

    A pause that the member has made longer or shorter since is their own.

    Raises:
        NotFoundError: they were asked nothing.
    """
    found = await of(session, actor, lock=True)
    if found.answer is None or found.answered_at is None:
        return False
    if found.answer == Answer.DIGEST and actor.participation == Participation.DIGEST:
        actor.participation = found.took_part
    began = found.answer == Answer.PAUSE and _end_of_break(found.answered_at, zone)
    if actor.state == Membership.PAUSED and actor.paused_until == began:
        await people.resume(session, actor, now)
    found.answer = found.answered_at = found.took_part = None
    await session.flush()
    return True
