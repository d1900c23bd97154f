"""After the introduction: what came of it.

Each of the two is asked once. Met is what either says has met; not met is what both say has not,
or what nobody has said or written anything about for four weeks.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries
from community.deliveries import Delivery, Plan
from community.deliveries import State as Sent
from community.errors import TooLateError
from community.exchanges import Exchange, ExchangeMessage
from community.lifecycle import Who
from community.matches import answering
from community.matches.answering import View, look
from community.matches.parting import end_now
from community.matches.table import (
    GUIDES,
    MATCH,
    Match,
    MatchSide,
    Outcome,
    State,
)
from community.people import Person


async def ask(session: AsyncSession, now: datetime, most: int = 500) -> int:
    """Ask both what came of it, once, two weeks after the introduction; return how many."""
    matches = await session.scalars(
        select(Match)
        .where(Match.asks_at <= now)
        .order_by(Match.asks_at, Match.id)
        .limit(most)
        .with_for_update(key_share=True)
    )
    asked = 0
    for match in matches.all():
        match.asks_at = None
        sides = await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
        for side in sides.all():
            if side.met is None:
                asked += await deliveries.plan(
                    session,
                    now,
                    Plan(
                        "match_followup",
                        side.person_id,
                        f"match:{match.id}:asked:{side.person_id}",
                        now,
                        {"ref": match.ref},
                        match.closes_at,
                        subject_id=match.id,
                    ),
                )
    await session.flush()
    return asked


async def say(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    met: bool,
    useful: bool | None = None,
    outcome: Outcome | None = None,
) -> View:
    """Say what came of a match; it can be said before one is asked, and changed.

    Raises:
        NotFoundError: it is not theirs.
        TooLateError: the two have not been introduced.
    """
    view = await look(session, actor, ref, now, lock=True)
    match, side = view.match, view.mine
    if not view.is_known:
        raise TooLateError
    side.met, side.said_at = met, side.said_at or now
    side.useful = useful if met else None
    side.outcome = outcome if met else None
    await session.flush()
    if met and match.state == State.INTRODUCED:
        await MATCH.move(session, match, State.MET, Who.SELF, now)
    elif not met and match.state == State.INTRODUCED and await _nobody_met(session, match):
        await _did_not_meet(session, match, Who.SELF, now)
    return await answering.view_of(session, actor, match, now)


async def _nobody_met(session: AsyncSession, match: Match) -> bool:
    said = (
        await session.scalars(select(MatchSide.met).where(MatchSide.match_id == match.id))
    ).all()
    return all(met is False for met in said)


async def _did_not_meet(session: AsyncSession, match: Match, by: Who, now: datetime) -> None:
    """Take two as not met. Silence ends nothing between peers: they can write to each other."""
    is_silence = by is Who.CLOCK and match.partner not in GUIDES
    ended_at = match.ended_at or (None if is_silence else now)
    await MATCH.move(session, match, State.NOT_MET, by, now, ended_at=ended_at)
    sides = await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
    for side in sides.all():
        if by is not Who.CLOCK or await _was_asked(session, match, side):
            await answering.missed(session, side.person_id, now)


async def _was_asked(session: AsyncSession, match: Match, side: MatchSide) -> bool:
    """Say whether the question what came of it has reached somebody."""
    sent = select(Delivery.id).where(
        Delivery.kind == "match_followup",
        Delivery.subject_id == match.id,
        Delivery.person_id == side.person_id,
        Delivery.state == Sent.SENT,
    )
    return await session.scalar(sent.limit(1)) is not None


async def _have_written(session: AsyncSession, match: Match) -> bool:
    written = (
        select(ExchangeMessage.id)
        .join(Exchange, Exchange.id == ExchangeMessage.exchange_id)
        .where(Exchange.match_id == match.id)
    )
    return await session.scalar(written.limit(1)) is not None


async def close(session: AsyncSession, now: datetime, most: int = 500) -> int:
    """Take as not met what nobody has said anything about, and free places; return how many.

    Two who have written to each other here are in touch, whether they tell us or not.
    """
    silent = await session.scalars(
        select(Match)
        .where(Match.state == State.INTRODUCED, Match.closes_at <= now)
        .order_by(Match.closes_at, Match.id)
        .limit(most)
        .with_for_update(key_share=True)
    )
    closed = 0
    for match in silent.all():
        match.closes_at = None
        if await _have_written(session, match):
            continue
        await _did_not_meet(session, match, Who.CLOCK, now)
        closed += 1
    over = await session.scalars(
        select(Match)
        .where(Match.ends_at <= now, Match.ended_at.is_(None))
        .limit(most)
        .with_for_update(key_share=True)
    )
    for match in over.all():
        await end_now(session, match, now)
        closed += 1
    await session.flush()
    return closed


async def next_step(session: AsyncSession) -> datetime | None:
    """Return when the clock alone asks, closes or ends something next."""
    moments = [
        await session.scalar(select(func.min(Match.asks_at))),
        await session.scalar(
            select(func.min(Match.closes_at)).where(Match.state == State.INTRODUCED)
        ),
        await session.scalar(select(func.min(Match.ends_at)).where(Match.ended_at.is_(None))),
    ]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None
