"""The clocks of referrals ring: somebody is reminded, the team is told, a request expires.

``Referral.rings_at`` is when the mark ``rung`` of its state's clock is due. The first, number 0,
is the beginning of the state: it only finds out when the next is due, because a verb knows no
zone.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles
from community.deliveries import Plan
from community.history import Step
from community.lifecycle import Who
from community.referrals.clocks import CLOCKS, Then
from community.referrals.moving import move, readers
from community.referrals.outcomes import ASKED_TWICE, ask_outcome
from community.referrals.table import REFERRAL, Referral, State
from community.roles import RoleName
from community.workdays import NOWHERE


async def ring(session: AsyncSession, now: datetime, zone: str, country: str = NOWHERE) -> int:
    """Do what the clocks say at this moment, each mark once; return how many rang.

    After an outage one mark rings, and the next keeps its distance from it: nobody is passed over
    who was not reminded before.
    """
    due = (
        select(Referral)
        .where(Referral.rings_at <= now)
        .order_by(Referral.id)
        .with_for_update(skip_locked=True)  # who acts just now needs no reminder
        .execution_options(populate_existing=True)
    )
    count = 0
    for referral in (await session.scalars(due)).all():
        clock = CLOCKS.get(State(referral.state))
        if clock is None or referral.rings_at is None:
            referral.rings_at = None
            continue
        number = referral.rung
        following = clock.following(number, referral.rings_at, ZoneInfo(zone), country)
        if following is not None and following <= now:
            following = clock.following(number, now, ZoneInfo(zone), country)
        referral.rings_at, referral.rung = following, number + 1
        await session.flush()
        if (then := clock.then(number)) is not None:
            await _act(session, referral, then, number, now)
            count += 1
    await session.flush()
    return count


def next_mark(
    referral: Referral, zone: str, country: str = NOWHERE
) -> tuple[Then, datetime] | None:
    """Return what happens next if nobody acts, and when; None if nothing does."""
    clock = CLOCKS.get(State(referral.state))
    number, moment = referral.rung, referral.rings_at
    if clock is not None and moment is not None and number == 0:
        number, moment = 1, clock.following(0, moment, ZoneInfo(zone), country)
    then = clock.then(number) if clock is not None else None
    return (then, moment) if then is not None and moment is not None else None


async def next_ring(session: AsyncSession) -> datetime | None:
    """Return when a clock rings next."""
    first: datetime | None = await session.scalar(select(func.min(Referral.rings_at)))
    return first


async def _act(
    session: AsyncSession, referral: Referral, then: Then, number: int, now: datetime
) -> None:
    # The number of the step tells this stay in the state from an earlier one.
    steps = await session.scalar(
        select(func.count())
        .select_from(Step)
        .where(Step.subject == REFERRAL.name, Step.subject_id == referral.id)
    )
    key = f"{referral.id}:{steps}:{number}"
    about = {"ref": referral.ref, "at": str(State(referral.state))}
    if then is Then.EXPIRE:
        await move(session, referral, State.EXPIRED, Who.CLOCK, None, now)
    elif then is Then.GIVE_UP:
        await move(session, referral, State.UNCONFIRMED, Who.CLOCK, None, now)
    elif then is Then.ASK_AGAIN:
        if referral.outcome_asked < ASKED_TWICE:
            referral.outcome_asked += 1
            await ask_outcome(session, referral, now, referral.outcome_asked)
    elif then is Then.TELL_TEAM:
        team = await roles.holders(session, RoleName.ANIMATOR, now)
        await deliveries.plan_notices(
            session,
            now,
            "waiting",
            [animator.id for animator in team],
            f"waiting:{key}",
            subject_id=referral.id,
            **about,
        )
    elif then is Then.REMIND_STAFF and referral.by_team:
        team = await readers(session, referral, now)
        await deliveries.plan_notices(
            session,
            now,
            "by_team",
            [reader.id for reader in team],
            f"by_team:{key}",
            subject_id=referral.id,
            ref=referral.ref,
        )
    elif then is Then.REMIND_STAFF:
        staff = await roles.staff_of(session, referral.organization_id, now)
        await deliveries.plan(
            session,
            now,
            *(
                Plan(
                    "provider_reminder",
                    person.id,
                    f"provider_reminder:{key}:{person.id}",
                    now,
                    about,
                    subject_id=referral.id,
                )
                for person in staff
            ),
        )
    elif referral.person_id is not None:
        await deliveries.plan(
            session,
            now,
            Plan(
                "referral_reminder",
                referral.person_id,
                f"referral_reminder:{key}",
                now,
                about,
                subject_id=referral.id,
            ),
        )
