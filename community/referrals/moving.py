"""A step of a referral, after which the other side hears that there is something new."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, providers, roles
from community.deliveries import Plan
from community.history import Step
from community.lifecycle import Who
from community.people import Person
from community.referrals.clocks import CLOCKS
from community.referrals.sharing import withdraw_fields
from community.referrals.table import (
    REFERRAL,
    SETTLED,
    TURNED_AWAY,
    Reason,
    Referral,
    Source,
    State,
)
from community.roles import RoleName


async def move(
    session: AsyncSession,
    referral: Referral,
    to: State,
    by: Who,
    actor: Person | None,
    now: datetime,
    *,
    reason: Reason | None = None,
    source: Source = Source.CHAT,
    **changes: Any,
) -> bool:
    """Take a step, and tell the other side that there is something new. Nothing personal.

    With the new state its clock begins. Whoever has turned the member away can open nothing of
    the request any more: what it was shared for is over.
    """
    was_draft = referral.state == State.DRAFT
    moved = await REFERRAL.move(
        session,
        referral,
        to,
        by,
        now,
        actor_id=actor.id if actor else None,
        reason=reason,
        source=Source.CLOCK if by is Who.CLOCK else source,
        changed_at=now,
        rings_at=now if to in CLOCKS and CLOCKS[to].marks else None,
        rung=0,
        **changes,
    )
    if not moved:
        return False
    if was_draft and to == State.CANCELLED:
        return True  # nobody else has known of it
    if to in SETTLED and referral.person_id is not None:
        await providers.end_checklist(session, referral.person_id, referral.service_id)
    if to in TURNED_AWAY:
        await withdraw_fields(session, [referral.id], now)
    # The number of the step tells occurrences apart: the clock may stand still between two.
    number = await session.scalar(
        select(func.count())
        .select_from(Step)
        .where(Step.subject == REFERRAL.name, Step.subject_id == referral.id)
    )
    key = f"{referral.id}:{number}"
    if referral.by_team and to in (State.PENDING, State.CANCELLED):
        await deliveries.plan_notices(
            session,
            now,
            "by_team",
            [reader.id for reader in await readers(session, referral, now)],
            f"by_team:{key}",
            subject_id=referral.id,
            ref=referral.ref,
        )
    elif not referral.by_team and (by in (Who.SELF, Who.ANIMATOR) or to == State.EXPIRED):
        await deliveries.plan(
            session,
            now,
            *(
                Plan(
                    "provider_notice",
                    member_of_staff.id,
                    f"provider_notice:{key}:{member_of_staff.id}",
                    now,
                    {"ref": referral.ref},
                    subject_id=referral.id,
                )
                for member_of_staff in await roles.staff_of(
                    session, referral.organization_id, now, speaking=referral.consent_language
                )
            ),
        )
    silent = by is Who.SELF or to in (State.COMPLETED, State.UNCONFIRMED)
    if referral.person_id is not None and not silent:
        await deliveries.plan(
            session,
            now,
            Plan(
                "referral_step",
                referral.person_id,
                f"referral_step:{key}",
                now,
                {"ref": referral.ref},
                subject_id=referral.id,
            ),
        )
    return True


async def readers(session: AsyncSession, referral: Referral, now: datetime) -> list[Person]:
    """Return who of the team passes this request on: nobody's own, unless there is nobody else."""
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    others = [animator for animator in animators if animator.id != referral.person_id]
    return others or animators


async def last_source(session: AsyncSession, referral: Referral) -> Source | None:
    """Return how the last step came to us."""
    found = await session.scalar(
        select(Step.source)
        .where(Step.subject == REFERRAL.name, Step.subject_id == referral.id)
        .order_by(Step.id.desc())
        .limit(1)
    )
    return Source(found) if found else None


async def steps_so_far(session: AsyncSession, referral: Referral) -> list[tuple[datetime, State]]:
    """Return when a request came into which state, from the day on which it was sent."""
    rows = await session.execute(
        select(Step.at, Step.after)
        .where(Step.subject == REFERRAL.name, Step.subject_id == referral.id)
        .order_by(Step.id)
    )
    return [(at, State(after)) for at, after in rows if after != State.DRAFT]
