"""When what two were introduced for ends: by one of them, by the clock, by a block or a report.

Whoever is blocked or reported is told nothing of it: to them it ends as anything ends, in the same
words, with the same question what came of it.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from community import blocks, deliveries
from community.deliveries import Plan
from community.errors import TooLateError
from community.matches.answering import View, decline, look, view_of
from community.matches.table import Match, MatchSide, Reason
from community.people import Person


async def end(session: AsyncSession, actor: Person, ref: str, now: datetime) -> View:
    """End what was begun with somebody, or prolong nothing: a mentor's place is free.

    Raises:
        NotFoundError: it is not theirs.
        TooLateError: the two have not been introduced.
    """
    view = await look(session, actor, ref, now, lock=True)
    if not view.is_known:
        raise TooLateError
    await end_now(session, view.match, now, but=actor.id)
    return await view_of(session, actor, view.match, now)


async def block(session: AsyncSession, actor: Person, ref: str, now: datetime) -> View:
    """Want nothing to do with the other any more: an open proposal is declined, the rest ends.

    Raises:
        NotFoundError: it is not theirs.
    """
    view = await look(session, actor, ref, now)
    if view.other_id is not None:
        await keep_apart(session, actor, view.other_id, now)
    return await view_of(session, actor, view.match, now)


async def keep_apart(session: AsyncSession, actor: Person, other_id: int, now: datetime) -> None:
    """Let the actor have nothing to do with somebody any more, whatever there is of the two."""
    await blocks.block(session, actor, other_id, now)
    mine, theirs = aliased(MatchSide), aliased(MatchSide)
    refs = await session.scalars(
        select(Match.ref)
        .join(mine, mine.match_id == Match.id)
        .join(theirs, theirs.match_id == Match.id)
        .where(mine.person_id == actor.id, theirs.person_id == other_id)
        .order_by(Match.id)
    )
    for ref in refs.all():
        view = await look(session, actor, ref, now, lock=True)
        if view.is_known:
            await end_now(session, view.match, now, but=actor.id)
        elif not view.is_over:
            await decline(session, actor, ref, Reason.NOT_THIS_PERSON, now)


async def end_now(
    session: AsyncSession, match: Match, now: datetime, but: int | None = None
) -> None:
    """End what has not ended, and tell both; ``but`` is who knows it."""
    if match.ended_at is not None:
        return
    match.ended_at = now
    sides = await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "match_notice",
                side.person_id,
                f"match:{match.id}:ended:{side.person_id}",
                now,
                {"what": "ended", "ref": match.ref},
                subject_id=match.id,
            )
            for side in sides.all()
            if side.person_id != but
        ),
    )
    await session.flush()
