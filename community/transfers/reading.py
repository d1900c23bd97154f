"""Who sees which plan: the member whose it is, and the animators."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.base import find
from community.errors import IllegalMoveError
from community.people import Person
from community.roles import Role, RoleName, is_held
from community.transfers.table import TRANSFER, State, Transfer, TransferStep


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Transfer:
    """Return a plan to the member whose it is, or to an animator.

    Raises:
        NotAllowedError: the actor is neither.
        NotFoundError: there is none.
    """
    transfer = await find(session, Transfer, ref, lock=lock)
    if transfer.person_id != actor.id:
        await roles.require(session, actor, RoleName.ANIMATOR, now)
    return transfer


async def still_open(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, offered: bool = True
) -> Transfer:
    """Return a plan that is under way or offered, locked, to whoever may see it.

    Raises:
        NotAllowedError: it is no plan of the actor's, who is no animator either.
        IllegalMoveError: it is over, or the member has not agreed.
    """
    transfer = await opened(session, actor, ref, now, lock=True)
    if transfer.state != State.AGREED and not (offered and transfer.is_offered(now)):
        raise IllegalMoveError(TRANSFER.name, transfer.state, State.ENDED)
    return transfer


async def steps(session: AsyncSession, transfer: Transfer) -> Sequence[TransferStep]:
    """Return the steps of a plan, the first first."""
    rows = await session.scalars(
        select(TransferStep)
        .where(TransferStep.transfer_id == transfer.id)
        .order_by(TransferStep.due_at, TransferStep.id)
    )
    return rows.all()


async def of(session: AsyncSession, person: Person, now: datetime) -> list[Transfer]:
    """Return the plans by which something passes to this person now."""
    rows = await session.scalars(
        select(Transfer)
        .where(Transfer.person_id == person.id, Transfer.state.in_([State.OFFERED, State.AGREED]))
        .order_by(Transfer.id)
    )
    return [one for one in rows if one.is_open(now)]


async def every(session: AsyncSession, actor: Person, now: datetime) -> list[Transfer]:
    """Return all plans that are under way or offered.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.scalars(
        select(Transfer)
        .where(Transfer.state.in_([State.OFFERED, State.AGREED]))
        .order_by(Transfer.id)
    )
    return [one for one in rows if one.is_open(now)]


async def due(
    session: AsyncSession, actor: Person, midnight: datetime, now: datetime, *, size: int
) -> list[TransferStep]:
    """Return what is due by then in the plans in which the actor teaches, or nobody does now.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    others = select(Role.person_id).where(
        Role.name == RoleName.ANIMATOR, is_held(now), Role.person_id != actor.id
    )
    rows = await session.scalars(
        select(TransferStep)
        .join(Transfer, Transfer.id == TransferStep.transfer_id)
        .where(
            Transfer.state == State.AGREED,
            TransferStep.done_at.is_(None),
            TransferStep.due_at <= midnight,
            or_(Transfer.owner_id.is_(None), Transfer.owner_id.not_in(others)),
        )
        .order_by(TransferStep.due_at, TransferStep.id)
        .limit(size)
    )
    return list(rows)


async def mentors(
    session: AsyncSession, found: Collection[Transfer], now: datetime
) -> dict[int, Person]:
    """Return who teaches in which plan, by its number; who animates no more teaches in none."""
    animators = {one.id: one for one in await roles.holders(session, RoleName.ANIMATOR, now)}
    return {one.id: animators[one.owner_id] for one in found if one.owner_id in animators}
