"""Agreements come to an end: by a coordinator's word, or by their date; who is told before."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles
from community.agreements.keeping import active_with
from community.agreements.reminding import BEFORE, next_before
from community.agreements.table import AGREEMENT, Agreement, State
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName

__all__ = ["BEFORE", "end", "end_expired", "next_due", "remind"]


async def end(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Agreement:
    """Note that the agreement with an organisation has ended.

    Use ``referrals.end_agreement``, which also ends what was shared under it.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NoAgreementError: there is none.
        IllegalMoveError: it has never been active.
    """
    agreement = await active_with(session, actor, ref, now)
    await AGREEMENT.move(
        session, agreement, State.ENDED, Who.COORDINATOR, now, actor_id=actor.id, since=now
    )
    return agreement


async def end_expired(session: AsyncSession, now: datetime) -> list[Agreement]:
    """End what is past its date, and tell the coordinators; return what has ended.

    Access has ended before, with the date itself. Use ``referrals.end_expired``, as above.
    """
    ended = list(
        await session.scalars(
            select(Agreement)
            .where(Agreement.state == State.ACTIVE, Agreement.ends_at <= now)
            .order_by(Agreement.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    for agreement in ended:
        await AGREEMENT.move(session, agreement, State.ENDED, Who.CLOCK, now, since=now)
        await _tell(session, agreement, "agreement_ended", f"agreement:{agreement.id}:ended", now)
    return ended


async def remind(session: AsyncSession, now: datetime) -> int:
    """Tell the coordinators that an agreement ends soon, once for each distance; return how many.

    After an outage they are told once, whatever was missed meanwhile.
    """
    due = await session.scalars(
        select(Agreement)
        .where(Agreement.state == State.ACTIVE, Agreement.remind_at <= now)
        .order_by(Agreement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    count = 0
    for agreement in due.all():
        occurrence = f"agreement:{agreement.id}:{agreement.remind_at:%Y%m%d%H%M}"
        if not agreement.has_ended(now):
            count += await _tell(session, agreement, "agreement_ends", occurrence, now)
        agreement.remind_at = next_before(agreement.ends_at, now)
    await session.flush()
    return count


async def _tell(
    session: AsyncSession, agreement: Agreement, what: str, occurrence: str, now: datetime
) -> int:
    return await deliveries.plan_notices(
        session,
        now,
        what,
        [reader.id for reader in await roles.holders(session, RoleName.COORDINATOR, now)],
        occurrence,
        subject_id=agreement.id,
        ref=agreement.ref,
    )


async def next_due(session: AsyncSession) -> datetime | None:
    """Return when an agreement is next told of, or ends by its date."""
    row = (
        await session.execute(
            select(func.min(Agreement.remind_at), func.min(Agreement.ends_at)).where(
                Agreement.state == State.ACTIVE
            )
        )
    ).one()
    return min((moment for moment in row if moment is not None), default=None)
