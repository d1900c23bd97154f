"""The team's inbox: what members write to the team, and the team's answers.

A question is an exchange with the team, in the member's own words; it is kept until it has been
closed for 90 days. An animator takes it, or hands it on, and is its owner as long as they animate;
whoever answers becomes it. From the first unanswered words on a clock runs, by working days.
"""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import absences, bridge, deliveries, exchanges, roles
from community.base import find
from community.deliveries import Plan
from community.errors import IllegalMoveError, NotFoundError
from community.exchanges import (
    EXCHANGE,
    Attachment,
    Exchange,
    ExchangeMessage,
    Kind,
    State,
    Stuck,
    is_overdue,
    messages,
)
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from community.workdays import NOWHERE, after

OVERDUE = "question_overdue"

__all__ = [
    "answer",
    "ask",
    "attached",
    "close",
    "entrusted",
    "hand_on",
    "is_overdue",
    "messages",
    "next_ring",
    "of_team",
    "opened",
    "owners",
    "place_of",
    "ring",
    "stuck",
    "take",
    "told",
]


async def ask(
    session: AsyncSession,
    actor: Person,
    text: str,
    now: datetime,
    *,
    language: str,
    zone: str,
    country: str = NOWHERE,
    attachment: Attachment | None = None,
) -> Exchange:
    """Write to the team; its owner is told, or all who animate and are there.

    A second message joins the first.

    ``zone`` and ``country`` are where the network is: its working days count.

    Raises:
        NotUnderstoodError: the text is too long, or empty with nothing beside it.
        TooOftenError: the actor has written as much as the pace allows.
    """
    text = exchanges.clean(text, attachment)
    question = await _question(session, actor, now)
    await _write(
        session,
        actor,
        question,
        text,
        now,
        language=language,
        zone=zone,
        attachment=attachment,
        country=country,
    )
    return question


async def stuck(
    session: AsyncSession,
    actor: Person,
    where: Stuck,
    now: datetime,
    *,
    language: str,
    zone: str,
    country: str = NOWHERE,
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
    await _write(
        session,
        actor,
        question,
        "",
        now,
        language=language,
        zone=zone,
        country=country,
        stuck=where,
    )
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
    zone: str,
    country: str,
    attachment: Attachment | None = None,
    stuck: Stuck | None = None,
) -> None:
    question.wait(now, zone, country)
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
    others, away = (
        [one for one in animators if one.id != actor.id],
        await absences.away(session, now),
    )
    there = [one for one in others if one.id not in away and one.can_be_reached]
    owner = [one for one in there if one.id == question.owner_id]
    await deliveries.plan_notices(
        session,
        now,
        "question",
        [animator.id for animator in owner or there or others],
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
    """Return what waits for the team: what is overdue or due soonest comes first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.execute(
        select(Exchange, Person)
        .join(Person, Person.id == Exchange.person_id)
        .where(Exchange.kind == Kind.TEAM, Exchange.state == State.OPEN)
        .order_by(Exchange.due_at, Exchange.id)
    )
    return [(question, person) for question, person in rows]


async def owners(
    session: AsyncSession, questions: Collection[Exchange], now: datetime
) -> dict[int, Person]:
    """Return who takes care of which question, by its number; who animates no more does not."""
    animators = {one.id: one for one in await roles.holders(session, RoleName.ANIMATOR, now)}
    return {
        question.id: animators[question.owner_id]
        for question in questions
        if question.owner_id in animators
    }


async def take(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, instead_of: str = ""
) -> bool:
    """Take care of a question, instead of whom the actor saw do so ("" is nobody).

    False, and nothing is changed, if somebody else does by now.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is settled.
    """
    question, owner = await _to_hand(session, actor, ref, now)
    if owner is not None and owner.id == actor.id:
        return True
    if (owner.ref if owner else "") != instead_of:
        return False
    question.owner_id = actor.id
    await session.flush()
    return True


async def hand_on(session: AsyncSession, actor: Person, ref: str, to: str, now: datetime) -> bool:
    """Let another animator take care of a question, and tell them.

    False, and nothing is changed, if it is somebody else's by now.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: the other one is none.
        IllegalMoveError: it is settled.
    """
    question, owner = await _to_hand(session, actor, ref, now)
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    successor = next((one for one in animators if one.ref == to), None)
    if successor is None:
        raise NotFoundError("Person")
    if owner is not None and owner.id != actor.id:
        return False
    question.owner_id = successor.id
    await session.flush()
    await deliveries.plan_notices(
        session,
        now,
        "handed_on",
        [successor.id] if successor.id != actor.id else [],
        f"question:{question.id}:{now.isoformat()}",
        subject_id=question.id,
        ref=question.ref,
    )
    return True


async def _to_hand(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Exchange, Person | None]:
    """Lock a question that is not settled; return it, and who takes care of it."""
    question = await entrusted(session, actor, ref, now, lock=True)
    if question.state == State.CLOSED and question.due_at is None:
        raise IllegalMoveError(EXCHANGE.name, State.CLOSED, State.OPEN)
    return question, (await owners(session, [question], now)).get(question.id)


async def entrusted(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Exchange:
    """Return what an animator can take care of: a question to the team, or one of the bridge's.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: no such question, or it is not the team's to answer.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    question = await find(session, Exchange, ref, lock=lock)
    if question.kind != Kind.TEAM and not await bridge.is_for(session, actor, question, now):
        raise NotFoundError("Exchange")
    return question


async def ring(session: AsyncSession, now: datetime, zone: str, country: str = NOWHERE) -> int:
    """Tell somebody of each question that is overdue, and after as long again the others.

    First whoever takes care of it, of a text its author; if nobody is there for it, the others at
    once. Return how many rang.
    """
    due = (
        select(Exchange)
        .where(Exchange.rings_at <= now)
        .order_by(Exchange.id)
        .with_for_update(skip_locked=True)  # who answers just now needs no reminder
        .execution_options(populate_existing=True)
    )
    questions = (await session.scalars(due)).all()
    if not questions:
        return 0
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    away = await absences.away(session, now)
    for question in questions:
        is_first = question.rings_at == question.due_at
        others = [one for one in animators if one.id != question.person_id]
        theirs = [one for one in others if one.id == question.owner_id]
        if question.kind != Kind.TEAM and question.reported_at is None:
            if await bridge.is_over(session, question, now):
                question.rings_at = None
                continue
            hosts, author = await bridge.answering(session, question, now)
            theirs = theirs or author
            others += [one for one in hosts if one not in others]
        here = [one for one in theirs if one.id not in away and one.can_be_reached]
        told = here if is_first and here else [one for one in others if one not in here]
        question.rings_at = (
            after(now, exchanges.ANSWERED_WITHIN, ZoneInfo(zone), country)
            if is_first and here
            else None
        )
        await deliveries.plan(
            session,
            now,
            *(
                Plan(
                    OVERDUE,
                    one.id,
                    f"overdue:{question.id}:{question.due_at}:{one.id}",
                    now,
                    {"ref": question.ref},
                    subject_id=question.id,
                )
                for one in told
            ),
        )
    await session.flush()
    return len(questions)


async def next_ring(session: AsyncSession) -> datetime | None:
    """Return when somebody is told next that a question is overdue."""
    moment: datetime | None = await session.scalar(select(func.min(Exchange.rings_at)))
    return moment


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

    Whoever answers takes care of it from now on.

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
    question.owner_id = actor.id
    question.wait_no_more()
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
    question.wait_no_more()
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
