"""Decisions: what a report ends in, and how those who said something hear what became of it.

A decision says what was said and what the network does; it rests on a period, and points at the
activities that it changed. Its words are content (subject "decision"), translated at the desk.
Once it is published, every member can read it, and it can be told in a newsletter.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import activities, roles, sends, translations
from community.activities import Kind
from community.base import Base, BigId, Identified, Referable, find
from community.errors import NotFoundError
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName
from community.sends import Send
from community.writing import insert_new

SUBJECT = "decision"
SAID, DOES, LEARNED = "said", "does", "learned"


class State(StrEnum):
    """Who can read it."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


_C = who(Who.COORDINATOR)
DECISION = Lifecycle(
    "decision",
    {
        State.DRAFT: {State.PUBLISHED: _C, State.WITHDRAWN: _C},
        State.PUBLISHED: {State.WITHDRAWN: _C},
        State.WITHDRAWN: {State.PUBLISHED: _C},
    },
)


class Worked(StrEnum):
    """What came of it."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Decision(Base, Referable):
    """One decision; what it says stands in its texts."""

    __tablename__ = "decisions"

    year: Mapped[int]
    number: Mapped[int]
    """Of the quarter whose report it ends; 0 for the report of the year."""
    state: Mapped[State] = mapped_column(String(16), default=State.DRAFT)
    worked: Mapped[Worked | None] = mapped_column(String(8))
    """None as long as nobody can say."""
    send_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("sends.id"))
    """The newsletter in which it was told."""
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    made_at: Mapped[datetime]


class DecisionLink(Base, Identified):
    """That a decision has changed an activity."""

    __tablename__ = "decision_links"
    __table_args__ = (UniqueConstraint("kind", "about_id", "decision_id"),)

    decision_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("decisions.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[Kind] = mapped_column(String(16))
    about_id: Mapped[int] = mapped_column(BigId)


async def make(
    session: AsyncSession,
    actor: Person,
    period: tuple[int, int],
    language: str,
    texts: Mapping[str, str],
    now: datetime,
) -> Decision:
    """Write a decision that a report ends in: what was said, and what is done.

    ``period`` is the report's year, and its quarter or 0.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: a text is empty or too long.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    year, number = period
    decision = Decision(year=year, number=number, made_by_id=actor.id, made_at=now)
    decision.state = State.DRAFT
    session.add(decision)
    await session.flush()
    await translations.write(
        session, actor, SUBJECT, decision.id, language, texts, now, by=Who.COORDINATOR
    )
    return decision


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Decision:
    """Return a decision, to a coordinator.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await find(session, Decision, ref, lock=lock)


async def write(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: Mapping[str, str],
    now: datetime,
) -> Decision:
    """Put words of a decision right, or write them in another language.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: a text is empty or too long.
    """
    decision = await opened(session, actor, ref, now, lock=True)
    await translations.write(
        session, actor, SUBJECT, decision.id, language, texts, now, by=Who.COORDINATOR
    )
    return decision


async def move(
    session: AsyncSession, actor: Person, ref: str, to: State, now: datetime
) -> Decision:
    """Let every member read a decision, or nobody any more.

    Raises:
        NotAllowedError: the actor is no coordinator.
        IllegalMoveError: there is no such step from where it stands.
    """
    decision = await opened(session, actor, ref, now, lock=True)
    await DECISION.move(session, decision, to, Who.COORDINATOR, now, actor_id=actor.id)
    return decision


async def judge(
    session: AsyncSession, actor: Person, ref: str, worked: Worked, now: datetime
) -> Decision:
    """Say whether it has worked.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    decision = await opened(session, actor, ref, now, lock=True)
    decision.worked = worked
    await session.flush()
    return decision


# What it changed


async def link(
    session: AsyncSession, actor: Person, ref: str, kind: Kind, about: str, now: datetime
) -> None:
    """Note that a decision has changed an activity; once is enough.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such decision or activity.
    """
    decision = await opened(session, actor, ref, now)
    row = await activities.find_one(session, kind, about)
    line = {"decision_id": decision.id, "kind": kind, "about_id": row.id}
    await insert_new(session, DecisionLink, [line])


async def unlink(
    session: AsyncSession, actor: Person, ref: str, kind: Kind, about: str, now: datetime
) -> None:
    """Take that back.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such decision or activity.
    """
    decision = await opened(session, actor, ref, now)
    row = await activities.find_one(session, kind, about)
    await session.execute(
        delete(DecisionLink).where(
            DecisionLink.decision_id == decision.id,
            DecisionLink.kind == kind,
            DecisionLink.about_id == row.id,
        )
    )


async def changed(
    session: AsyncSession, decisions: Sequence[Decision]
) -> Mapping[int, Sequence[tuple[Kind, Referable]]]:
    """Return what decisions have changed, by their numbers; what is gone is left out."""
    found: dict[int, list[tuple[Kind, Referable]]] = {one.id: [] for one in decisions}
    rows = await session.scalars(
        select(DecisionLink).where(DecisionLink.decision_id.in_(found)).order_by(DecisionLink.id)
    )
    for row in rows:
        kind = Kind(row.kind)
        if about := await activities.one(session, kind, row.about_id):
            found[row.decision_id].append((kind, about))
    return found


async def about(
    session: AsyncSession, actor: Person, kind: Kind, ref: str, now: datetime
) -> Sequence[Decision]:
    """Return the decisions that have changed an activity, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such activity.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    row = await activities.find_one(session, kind, ref)
    query = (
        select(Decision)
        .join(DecisionLink, DecisionLink.decision_id == Decision.id)
        .where(DecisionLink.kind == kind, DecisionLink.about_id == row.id)
        .order_by(Decision.id.desc())
    )
    return (await session.scalars(query)).all()


# Reading


async def every(
    session: AsyncSession, actor: Person, now: datetime, *, at: int = 0, size: int = 10
) -> Portion[Decision]:
    """Return a page of all decisions, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await portion(session, select(Decision).order_by(Decision.id.desc()), at, size)


async def published(session: AsyncSession, *, at: int = 0, size: int = 3) -> Portion[Decision]:
    """Return a page of what every member can read, the newest first."""
    query = select(Decision).where(Decision.state == State.PUBLISHED)
    return await portion(session, query.order_by(Decision.id.desc()), at, size)


async def read(session: AsyncSession, ref: str) -> Decision:
    """Return a decision that every member can read.

    Raises:
        NotFoundError: there is none.
    """
    decision = await find(session, Decision, ref)
    if decision.state != State.PUBLISHED:
        raise NotFoundError("Decision")
    return decision


# Telling


async def untold(session: AsyncSession, actor: Person, now: datetime) -> Sequence[Decision]:
    """Return what is published and was in no newsletter yet, the oldest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    query = (
        select(Decision)
        .where(Decision.state == State.PUBLISHED, Decision.send_id.is_(None))
        .order_by(Decision.id)
    )
    return (await session.scalars(query)).all()


async def tell(
    session: AsyncSession,
    actor: Person,
    decisions: Sequence[Decision],
    letters: Mapping[str, tuple[str, str]],
    now: datetime,
) -> Send:
    """Begin a newsletter about these decisions: by language its title and text, the first first.

    It is a draft like any other: animators look at it, translate, approve and send it.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: a text is too long.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    send = Send(kind=sends.Kind.NEWSLETTER, made_by_id=actor.id, made_at=now)
    session.add(send)
    await session.flush()
    for language, (title, body) in letters.items():
        words = {"title": title, "body": body}
        await translations.write(
            session, actor, "newsletter", send.id, language, words, now, by=Who.COORDINATOR
        )
    for decision in decisions:
        decision.send_id = send.id
    await session.flush()
    return send
