"""The member's word on the outcome: asked twice, and then taken as not given."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries
from community.deliveries import Plan
from community.lifecycle import Who
from community.referrals.moving import move
from community.referrals.table import Referral, State

ASKED_TWICE = 2
ASK_AGAIN = timedelta(days=7)
UNCONFIRMED_AFTER = timedelta(days=14)


async def ask_outcomes(session: AsyncSession, now: datetime) -> int:
    """Ask once more for the member's word after a week; give up after two; return how many."""
    rows = (
        await session.scalars(
            select(Referral)
            .where(Referral.state == State.COMPLETED)
            .order_by(Referral.id)
            .with_for_update(skip_locked=True)  # who is speaking just now needs no asking
            .execution_options(populate_existing=True)
        )
    ).all()
    count = 0
    for referral in rows:
        assert referral.completed_at is not None
        if now >= referral.completed_at + UNCONFIRMED_AFTER:
            count += await move(session, referral, State.UNCONFIRMED, Who.CLOCK, None, now)
        elif referral.outcome_asked < ASKED_TWICE and now >= referral.completed_at + ASK_AGAIN:
            referral.outcome_asked += 1
            await ask_outcome(session, referral, now, referral.outcome_asked)
            count += 1
    return count


async def next_outcome(session: AsyncSession) -> datetime | None:
    """Return when a member's word is next asked for, or given up."""
    first_asked = await session.scalar(
        select(func.min(Referral.completed_at)).where(
            Referral.state == State.COMPLETED, Referral.outcome_asked < ASKED_TWICE
        )
    )
    oldest = await session.scalar(
        select(func.min(Referral.completed_at)).where(Referral.state == State.COMPLETED)
    )
    moments = [
        *([first_asked + ASK_AGAIN] if first_asked else []),
        *([oldest + UNCONFIRMED_AFTER] if oldest else []),
    ]
    return min(moments, default=None)


async def ask_outcome(
    session: AsyncSession, referral: Referral, now: datetime, number: int
) -> None:
    """Owe the member the question whether they were helped."""
    if referral.person_id is None:
        return
    await deliveries.plan(
        session,
        now,
        Plan(
            "referral_outcome",
            referral.person_id,
            f"referral_outcome:{referral.id}:{number}",
            now,
            {"ref": referral.ref},
            subject_id=referral.id,
        ),
    )
