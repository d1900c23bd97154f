"""What one side reports the team reads, until one of them has settled it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import authors, deliveries, exchanges, roles
from community.base import find
from community.bridge.seeing import Side, View, look
from community.bridge.writing import close
from community.errors import NotAllowedError, NotFoundError
from community.exchanges import Exchange
from community.people import Person
from community.referrals import Referral
from community.roles import RoleName


async def report(session: AsyncSession, actor: Person, ref: str, now: datetime) -> View:
    """Call the team in: animators may read it from now on; and it is closed.

    Between members only what is reported is read (``community/moderation``).

    Raises:
        NotFoundError: it is not the actor's business.
    """
    view = await look(session, actor, ref, now, lock=True)
    is_between_members = view.post is not None or view.match is not None
    if view.side is Side.TEAM or not view.may_read or is_between_members:
        raise NotFoundError("Exchange")
    exchange = view.exchange
    if exchange.reported_at is not None:
        return view
    await close(session, actor, ref, now)
    exchange.reported_at = exchange.touched_at = now
    # Whoever had closed it before could open it again.
    exchange.reported_by_member = exchange.closed_by_member = view.side is Side.MEMBER
    await session.flush()
    await deliveries.plan_notices(
        session,
        now,
        "reported",
        sorted(await _settlers(session, now) - {actor.id}),
        f"exchange:{exchange.id}:reported:{now.isoformat()}",
        subject_id=exchange.id,
        ref=exchange.ref,
    )
    return await look(session, actor, ref, now)


async def forward(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, zone: str, country: str
) -> bool:
    """Let the animators settle what was reported: it has a clock now; False if they had it.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
        NotFoundError: it was not reported.
    """
    if actor.id not in await _settlers(session, now):
        raise NotAllowedError(RoleName.MODERATOR)
    exchange = await find(session, Exchange, ref, lock=True)
    if exchange.reported_at is None:
        raise NotFoundError("Exchange")
    if exchange.due_at is not None:
        return False
    exchange.wait(now, zone, country)
    exchange.owner_id = None
    await session.flush()
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    await deliveries.plan_notices(
        session,
        now,
        "forwarded",
        [one.id for one in animators if one.id != actor.id],
        f"exchange:{exchange.id}:forwarded:{now.isoformat()}",
        subject_id=exchange.id,
        ref=exchange.ref,
    )
    return True


async def settle(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Settle a report: from now on animators read nothing of a request's exchange any more.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator, or it is about them and
            another could do it.
        NotFoundError: it was not reported.
    """
    if actor.id not in await _settlers(session, now):
        raise NotAllowedError(RoleName.MODERATOR)
    exchange = await find(session, Exchange, ref, lock=True)
    if exchange.reported_at is None:
        raise NotFoundError("Exchange")
    if not await may_settle(session, actor, exchange, now):
        raise NotAllowedError(RoleName.ANIMATOR)
    was_forwarded = exchange.due_at is not None
    exchange.reported_at = exchange.reported_by_member = None
    exchange.wait_no_more()
    await session.flush()
    moderators = await roles.holders(session, RoleName.MODERATOR, now) if was_forwarded else ()
    await deliveries.plan_notices(
        session,
        now,
        "report_settled",
        [one.id for one in moderators if one.id not in {actor.id, exchange.person_id}],
        f"exchange:{exchange.id}:settled:{now.isoformat()}",
        subject_id=exchange.id,
    )


async def may_settle(
    session: AsyncSession, actor: Person, exchange: Exchange, now: datetime
) -> bool:
    """Say whether a report is the actor's to settle: nobody's own, unless there is nobody else."""
    settlers = await _settlers(session, now)
    if exchange.reported_at is None or actor.id not in settlers:
        return False
    concerned: set[int | None] = {exchange.person_id}
    concerned |= {one.written_by_id for one in await exchanges.messages(session, exchange)}
    if exchange.referral_id is not None:
        referral = await session.get_one(Referral, exchange.referral_id)
        staff = await roles.colleagues(session, referral.organization_id, now)
        concerned |= {one.id for _role, one in staff}
    if (source := await authors.about(session, exchange, now)) and source.author is not None:
        concerned.add(source.author.id)
    return actor.id not in concerned or settlers <= concerned


async def _settlers(session: AsyncSession, now: datetime) -> set[int]:
    """Return who reads and settles what was reported."""
    return {
        person.id
        for name in (RoleName.ANIMATOR, RoleName.MODERATOR)
        for person in await roles.holders(session, name, now)
    }


async def reported(session: AsyncSession, actor: Person, now: datetime) -> list[Exchange]:
    """Return what was reported, the oldest first.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
    """
    if actor.id not in await _settlers(session, now):
        raise NotAllowedError(RoleName.MODERATOR)
    rows = await session.scalars(
        select(Exchange)
        .where(Exchange.reported_at.is_not(None))
        .order_by(Exchange.reported_at, Exchange.id)
    )
    return list(rows)
