"""When is the next thing due? The emulator's clock stops there when it plays forward."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    agreements,
    attendance,
    deliveries,
    digests,
    events,
    evidence,
    facilitation,
    inbox,
    matches,
    moderation,
    plans,
    posts,
    providers,
    quarters,
    referrals,
    sends,
    series,
    silences,
    surveys,
)
from community.attendance import Attendance
from community.people import Membership, Person
from community.sends import Send


async def next_due(session: AsyncSession, now: datetime, zone: str = "UTC") -> datetime | None:
    """Return the earliest moment after which the clock alone changes something."""
    found: list[datetime | None] = [
        await deliveries.next_due(session),
        await providers.next_nudge(session),
        await referrals.next_ring(session),
        await inbox.next_ring(session),
        await agreements.next_due(session),
        await plans.next_due(session),
        await referrals.next_draft_end(session),
        await quarters.next_telling(session, now, ZoneInfo(zone)),
        await providers.next_ask(session, now),
        await events.next_end(session),
        await series.next_fill(session),
        await digests.next_composing(session, now, ZoneInfo(zone)),
        await silences.next_nudge(session),
        await matches.next_round(session, now, ZoneInfo(zone)),
        await matches.next_lapse(session),
        await matches.next_step(session),
        await posts.next_step(session),
        await moderation.next_ring(session),
        await surveys.next_asking(session, now),
        await facilitation.next_asking(session, now, ZoneInfo(zone)),
        await evidence.next_freeze(session, now, ZoneInfo(zone)),
        await session.scalar(
            select(func.min(Send.starts_at)).where(Send.state == sends.State.SCHEDULED)
        ),
        await session.scalar(
            select(func.min(Attendance.offered_until)).where(
                Attendance.state == attendance.State.OFFERED
            )
        ),
        await session.scalar(
            select(func.min(Person.paused_until)).where(Person.state == Membership.PAUSED)
        ),
    ]
    moments = [moment for moment in found if moment is not None]
    return max(min(moments), now - timedelta(days=1)) if moments else None
