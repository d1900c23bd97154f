"""The member's word on the outcome: asked twice (``clocks.py`` says when)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries
from community.deliveries import Plan
from community.referrals.table import Referral

ASKED_TWICE = 2


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
