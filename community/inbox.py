"""The team's inbox: what members write to the team, and the team's answers.

A question is an exchange with the team, in the member's own words; it is kept until it has been
closed for 90 days.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, exchanges, roles
from community.base import find
from community.deliveries import Plan
from community.errors import NotFoundError
from community.exchanges import (
    EXCHANGE,
    Attachment,
    Exchange,
    ExchangeMessage,
    Kind,
    State,
    Stuck,
    messages,
)
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName

__all__ = [
    "answer",
    "ask",
    "attached",
    "close",
    "messages",
    "of_team",
    "opened",
    "place_of",
    "stuck",
    "told",
]


async def ask(
    session: AsyncSession,
    actor: Person,
    text: str,
    now: datetime,
    *,
    language: str,
    attachment: Attachment | None = None,
) -> Exchange:
    """Write to the team; everybody who animates is told. A second message joins the first.

    Raises:
        NotUnderstoodError: the text is too long, or empty with nothing beside it.
        TooOftenError: the actor has written as much as the pace allows.
    """
    text = exchanges.clean(text, attachment)
    question = await _question(session, actor, now)
    await _write(session, actor, question, text, now, language=language, attachment=attachment)
    return question


async def stuck(
    session: AsyncSession, actor: Person, where: Stuck, now: datetime, *, language: str
) -> bool:
    """Tell the team that the actor does not get on with a step; False if they were just told.

    It stands in the actor's open question as any message does: words may follow.

    Raises:
        TooOftenError: the actor has written as much as the pace allows.
    """
    question = await _question(session, actor, now)
    last = (await messages(session, question))[-1:]
    if (
        last
        and last[0].by_member
        and (last[0].service_id, last[0].step_id)
        == (
            where.service_id,
            where.step_id,
        )
    ):
        return False
    await _write(session, actor, question, "", now, language=language, stuck=where)
    return True


async def _question(session: AsyncSession, actor: Person, now: datetime) -> Exchange:
    """Return the actor's open question, locked, or a new one."""
    question: Exchange | None = await session.scalar(
        select(Exchange)
        .where(
            Exchange.kind == Kind.TEAM,
            Exchange.person_id == actor.id,
            Exchange.state != State.CLOSED,
        )
        .order_by(Exchange.id.desc())
        .with_for_update()  # somebody may be answering or closing it
        .execution_options(populate_existing=True)
    )
    if question is None:
        question = Exchange(kind=Kind.TEAM, person_id=actor.id, begun_at=now, touched_at=now)
        session.add(question)
        await session.flush()
    return question


async def _write(
    session: AsyncSession,
    actor: Person,
    question: Exchange,
    text: str,
    now: datetime,
    *,
    language: str,
    attachment: Attachment | None = None,
    stuck: Stuck | None = None,
) -> None:
    message = await exchanges.add(
        session,
        question,
        actor,
        text,
        now,
        by_member=True,
        language=language,
        attachment=attachment,
        stuck=stuck,
    )
    await EXCHANGE.move(session, question, State.OPEN, Who.SELF, now, actor_id=actor.id)
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    await deliveries.plan_notices(
        session,
        now,
        "question",
        [animator.id for animator in animators if animator.id != actor.id],
        f"question:{message.id}",
        subject_id=question.id,
        ref=question.ref,
    )


async def told(session: AsyncSession, actor: Person, ref: str, at: int) -> ExchangeMessage:
    """Return what the team has said to the actor, by its place in their exchange.

    Raises:
        NotFoundError: there is no such thing, or it was said to somebody else.
    """
    question = await _find(session, ref)
    exchange = await messages(session, question) if question.person_id == actor.id else []
    if not 0 <= at < len(exchange):
        raise NotFoundError("ExchangeMessage")
    return exchange[at]


async def attached(
    session: AsyncSession, actor: Person, ref: str, number: int, now: datetime
) -> tuple[Exchange, ExchangeMessage]:
    """Return the message with an attachment, by its number, to the member or the team.

    Raises:
        NotFoundError: there is none, or it is not the actor's business; which is not told.
    """
    question = await _find(session, ref)
    is_own = question.person_id == actor.id
    if not is_own and not await roles.holds(session, actor, RoleName.ANIMATOR, now):
        raise NotFoundError("Exchange")
    return question, exchanges.attached(await messages(session, question), number)


async def place_of(session: AsyncSession, message: ExchangeMessage) -> int:
    """Return how many messages of its exchange were written before this one."""
    count = await session.scalar(
        select(func.count())
        .select_from(ExchangeMessage)
        .where(ExchangeMessage.exchange_id == message.exchange_id, ExchangeMessage.id < message.id)
    )
    return int(count or 0)


async def of_team(
    session: AsyncSession, actor: Person, now: datetime
) -> list[tuple[Exchange, Person]]:
    """Return what waits for the team, the oldest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.execute(
        select(Exchange, Person)
        .join(Person, Person.id == Exchange.person_id)
        .where(Exchange.kind == Kind.TEAM, Exchange.state == State.OPEN)
        .order_by(Exchange.begun_at, Exchange.id)
    )
    return [(question, person) for question, person in rows]


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Exchange, Person]:
    """Return one question and who asked, for the team.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: no such question.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    question = await _find(session, ref)
    return question, await session.get_one(Person, question.person_id)


async def answer(
    session: AsyncSession,
    actor: Person,
    ref: str,
    text: str,
    now: datetime,
    *,
    language: str,
    attachment: Attachment | None = None,
) -> Exchange:
    """Answer a member; the answer is relayed, no name or account with it.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: the text is too long, or empty with nothing beside it.
        TooOftenError: the actor has written as much as the pace allows.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    question = await _find(session, ref, lock=True)
    if question.state == State.CLOSED:
        raise NotFoundError("Exchange")
    message = await exchanges.add(
        session,
        question,
        actor,
        text,
        now,
        by_member=False,
        language=language,
        attachment=attachment,
    )
    await EXCHANGE.move(session, question, State.ANSWERED, Who.ANIMATOR, now, actor_id=actor.id)
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
    question = await _find(session, ref, lock=True)
    return await EXCHANGE.move(
        session,
        question,
        State.CLOSED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        closed_by_member=False,
        touched_at=now,
    )


async def _find(session: AsyncSession, ref: str, *, lock: bool = False) -> Exchange:
    question = await find(session, Exchange, ref, lock=lock)
    if question.kind != Kind.TEAM:
        raise NotFoundError("Exchange")
    return question
