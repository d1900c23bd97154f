"""The steps of a plan: done by either of the two, written by animators."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles
from community.base import find
from community.errors import IllegalMoveError
from community.people import Person
from community.roles import RoleName
from community.team_tasks import clean
from community.transfers.reading import steps, still_open
from community.transfers.table import TRANSFER, Does, Transfer, TransferStep
from community.transfers.telling import remind

MOST_STEPS = 12


async def tick(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, done: bool
) -> Transfer:
    """Say that a step is done, or is not; either of the two may, whosever it is.

    Raises:
        NotAllowedError: it is no plan of the actor's, who is no animator either.
        IllegalMoveError: the plan is not under way.
    """
    step, transfer = await _one(session, actor, ref, now)
    step.done_at = (step.done_at or now) if done else None
    await session.flush()
    await remind(session, transfer, step, now)
    return transfer


async def add_step(
    session: AsyncSession,
    actor: Person,
    ref: str,
    what: str,
    does: Does,
    due_at: datetime,
    now: datetime,
) -> TransferStep:
    """Write a further step into a plan.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: the plan is over.
        NotUnderstoodError: no words, or too many.
        IllegalMoveError: there are enough steps.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    transfer = await still_open(session, actor, ref, now)
    if len(await steps(session, transfer)) >= MOST_STEPS:
        raise IllegalMoveError(TRANSFER.name, transfer.state, transfer.state)
    step = TransferStep(transfer_id=transfer.id, what=clean(what), does=does, due_at=due_at)
    session.add(step)
    await session.flush()
    await remind(session, transfer, step, now)
    return step


async def move_step(
    session: AsyncSession, actor: Person, ref: str, due_at: datetime, now: datetime
) -> TransferStep:
    """Give a step another day.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: the plan is over.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    step, transfer = await _one(session, actor, ref, now, offered=True)
    step.due_at = due_at
    await session.flush()
    await remind(session, transfer, step, now)
    return step


async def drop_step(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Transfer:
    """Take a step out of a plan.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: the plan is over.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    step, transfer = await _one(session, actor, ref, now, offered=True)
    await deliveries.replan(session, "transfer_notice", step.id, transfer.person_id, now)
    await session.delete(step)
    await session.flush()
    return transfer


async def _one(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, offered: bool = False
) -> tuple[TransferStep, Transfer]:
    step = await find(session, TransferStep, ref)
    transfer = await session.get_one(Transfer, step.transfer_id)
    transfer = await still_open(session, actor, transfer.ref, now, offered=offered)
    return await find(session, TransferStep, ref, lock=True), transfer
