"""The team's inbox: what members write to the team, and the team's answers.

A question is the member's own words and is kept until it has been closed for 90 days.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, roles
from community.base import Base, BigId, Identified, Referable, find
from community.conversations import TEXT_LIMIT
from community.deliveries import Plan
from community.errors import NotFoundError, NotUnderstoodError
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.roles import RoleName


class State(StrEnum):
    """Whether somebody still has to act."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


_A = who(Who.ANIMATOR)
QUESTION = Lifecycle(
    "question",
    {
        State.OPEN: {State.ANSWERED: _A, State.CLOSED: _A},
        State.ANSWERED: {State.OPEN: who(Who.SELF), State.CLOSED: _A},
        State.CLOSED: {State.OPEN: who(Who.SELF)},
    },
)


class Question(Base, Referable):
    """Something a member wrote to the team."""

    __tablename__ = "questions"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[State] = mapped_column(String(16), default=State.OPEN, index=True)
    asked_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class QuestionMessage(Base, Identified):
    """One message of the exchange, from either side."""

    __tablename__ = "question_messages"

    question_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    by_team: Mapped[bool]
    written_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


def _clean(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    return text


async def ask(
    session: AsyncSession, actor: Person, text: str, now: datetime, *, language: str
) -> Question:
    """Write to the team; everybody who animates is told. A second message joins the first.

    Raises:
        NotUnderstoodError: the text is empty or too long.
    """
    text = _clean(text)
    question: Question | None = await session.scalar(
        select(Question)
        .where(Question.person_id == actor.id, Question.state != State.CLOSED)
        .order_by(Question.id.desc())
    )
    if question is None:
        question = Question(person_id=actor.id, asked_at=now)
        session.add(question)
        await session.flush()
    elif question.state == State.ANSWERED:
        await QUESTION.move(session, question, State.OPEN, Who.SELF, now, actor_id=actor.id)
    message = QuestionMessage(
        question_id=question.id,
        by_team=False,
        written_by_id=actor.id,
        text=text,
        language=language,
        at=now,
    )
    session.add(message)
    await session.flush()
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "team_notice",
                animator.id,
                f"question:{message.id}:{animator.id}",
                now,
                {"what": "question", "ref": question.ref},
                subject_id=question.id,
            )
            for animator in await roles.holders(session, RoleName.ANIMATOR, now)
            if animator.id != actor.id
        ),
    )
    return question


async def messages(session: AsyncSession, question: Question) -> Sequence[QuestionMessage]:
    """Return the exchange, oldest first."""
    return (
        await session.scalars(
            select(QuestionMessage)
            .where(QuestionMessage.question_id == question.id)
            .order_by(QuestionMessage.id)
        )
    ).all()


async def of_team(
    session: AsyncSession, actor: Person, now: datetime, limit: int = 20
) -> list[tuple[Question, Person]]:
    """Return what waits for the team, the oldest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.execute(
        select(Question, Person)
        .join(Person, Person.id == Question.person_id)
        .where(Question.state == State.OPEN)
        .order_by(Question.asked_at, Question.id)
        .limit(limit)
    )
    return [(question, person) for question, person in rows]


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Question, Person]:
    """Return one question and who asked, for the team.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: no such question.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    question = await find(session, Question, ref)
    return question, await session.get_one(Person, question.person_id)


async def answer(
    session: AsyncSession, actor: Person, ref: str, text: str, now: datetime, *, language: str
) -> Question:
    """Answer a member; the answer is relayed, no name or account with it.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: the text is empty or too long.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    question = await find(session, Question, ref, lock=True)
    if question.state == State.CLOSED:
        raise NotFoundError("Question")
    message = QuestionMessage(
        question_id=question.id,
        by_team=True,
        written_by_id=actor.id,
        text=_clean(text),
        language=language,
        at=now,
    )
    session.add(message)
    await QUESTION.move(session, question, State.ANSWERED, Who.ANIMATOR, now, actor_id=actor.id)
    await session.flush()
    await deliveries.plan(
        session,
        now,
        Plan(
            "team_answer",
            question.person_id,
            f"team_answer:{message.id}",
            now,
            {"ref": question.ref, "number": message.id},
            subject_id=question.id,
        ),
    )
    return question


async def close(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """Put a question aside as settled.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    question = await find(session, Question, ref, lock=True)
    return await QUESTION.move(
        session, question, State.CLOSED, Who.ANIMATOR, now, actor_id=actor.id, settled_at=now
    )
