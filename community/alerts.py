"""What goes wrong with the bot itself is told to the administrators: once, and not again soon."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import arrivals, deliveries, guessing, roles
from community.deliveries import Delivery
from community.roles import RoleName

AT_MOST_EVERY = timedelta(hours=6)
PILE, PILE_WITHIN = 5, timedelta(hours=1)
"""So many updates set aside within so long are a pile."""


class Cause(StrEnum):
    """What is wrong."""

    PARKED = "parked"
    """Telegram wants a long silence: nothing leaves."""
    WEBHOOK = "webhook"
    """Telegram cannot bring updates, or somebody has changed where it brings them."""
    SET_ASIDE = "set_aside"
    """Updates that could not be handled pile up."""
    GUESSING = "guessing"
    """So many wrong paper codes come in that none is tried for a while."""


async def raise_alert(session: AsyncSession, cause: Cause, now: datetime) -> int:
    """Owe every administrator a word about this, at most once in six hours; return how many."""
    latest = await session.scalar(
        select(func.max(Delivery.planned_at)).where(
            Delivery.kind == "team_notice",
            Delivery.key.startswith(f"alert:{cause}:", autoescape=True),
        )
    )
    if latest is not None and now - AT_MOST_EVERY < latest <= now:
        return 0
    window = int(now.timestamp() // AT_MOST_EVERY.total_seconds())  # for two processes at once
    return await deliveries.plan_notices(
        session,
        now,
        "alert",
        [person.id for person in await roles.holders(session, RoleName.ADMINISTRATOR, now)],
        f"alert:{cause}:{window}",
        cause=cause.value,
        since=now.isoformat(),
    )


async def watch_set_aside(session: AsyncSession, now: datetime) -> int:
    """Raise the alarm if updates that could not be handled pile up."""
    if await arrivals.set_aside_since(session, now - PILE_WITHIN) < PILE:
        return 0
    return await raise_alert(session, Cause.SET_ASIDE, now)


async def watch_paper_codes(session: AsyncSession, now: datetime) -> int:
    """Raise the alarm if somebody seems to guess the codes of people without Telegram."""
    if not await guessing.are_guessed(session, guessing.PAPER, now):
        return 0
    return await raise_alert(session, Cause.GUESSING, now)
