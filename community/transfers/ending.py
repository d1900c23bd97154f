"""A plan ends in the role, or without it; until then another animator may teach."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.errors import NotAllowedError, NotFoundError, TooLateError
from community.events import Event
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from community.transfers.beginning import answer
from community.transfers.reading import of, steps, still_open
from community.transfers.table import TRANSFER, State, Transfer
from community.transfers.telling import remind, tell, tell_of_role, tell_team


async def hand_on(
    session: AsyncSession, actor: Person, ref: str, to: str, now: datetime
) -> Transfer:
    """Let another animator teach, or the actor.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such animator.
        IllegalMoveError: the plan is over.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    transfer = await still_open(session, actor, ref, now)
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    successor = next((one for one in animators if one.ref == to), None)
    if successor is None:
        raise NotFoundError("Person")
    transfer.owner_id = successor.id
    await session.flush()
    if successor.id != actor.id:
        await tell_team(session, transfer, "yours", now)
    return transfer


async def holds_until(
    session: AsyncSession, giver: Person, transfer: Transfer, event: Event | None, now: datetime
) -> datetime:
    """Return when the role would end, if the giver passed it on now: not after their own right.

    Raises:
        NotAllowedError: the giver may not grant the role.
    """
    until = now + timedelta(days=30 * transfer.months) if event is None else event.hosted_until
    limit = await roles.grants_until(session, giver, RoleName(transfer.name), now)
    return min(until, limit) if limit else until


async def cut_short(
    session: AsyncSession, giver: Person, transfer: Transfer, now: datetime
) -> datetime | None:
    """Return when the giver's own right ends, if that is before the role would; else None.

    Of a giver who may not grant the role nothing is known: somebody else will have to.
    """
    try:
        limit = await roles.grants_until(session, giver, RoleName(transfer.name), now)
    except NotAllowedError:
        return None
    return limit if limit and limit < now + timedelta(days=30 * transfer.months) else None


async def finish(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Transfer:
    """End a plan well: the member holds the role from now on, until its end, and is told.

    Raises:
        NotAllowedError: the actor is no animator, or may not grant the role.
        IllegalMoveError: the member has not agreed, or it is over.
        NotFoundError: the member has left.
        TooLateError: the event does not take place, or has been over for some days.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    transfer = await still_open(session, actor, ref, now, offered=False)
    person = await session.get_one(Person, transfer.person_id)
    if not person.is_member:
        raise NotFoundError("Person")
    event = await session.get(Event, transfer.event_id) if transfer.event_id else None
    if event is not None and not event.is_hosted(now):
        raise TooLateError(event.ends_at)
    until = await holds_until(session, actor, transfer, event, now)
    name = RoleName(transfer.name)
    await roles.grant(session, person, name, transfer.scope, actor, until, now)
    await TRANSFER.move(
        session, transfer, State.DONE, Who.ANIMATOR, now, actor_id=actor.id, changed_at=now
    )
    await tell(session, transfer, "done", person.id, now)
    return transfer


async def leave(session: AsyncSession, person: Person, now: datetime) -> None:
    """End, with a membership, what passes to the member and what they were entrusted with.

    The animators are told of each role, so that somebody else takes it over.
    """
    for transfer in await of(session, person, now):
        await end(session, person, transfer.ref, now)
    for role in await roles.end_of_member(session, person, now):
        await tell_of_role(session, role, now)


async def end(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Transfer:
    """End a plan without a role, as the member or as an animator; the other side is told.

    Raises:
        NotAllowedError: it is no plan of the actor's, who is no animator either.
        IllegalMoveError: it is over already.
    """
    transfer = await still_open(session, actor, ref, now)
    is_mine = transfer.person_id == actor.id
    if is_mine and transfer.state == State.OFFERED:
        return await answer(session, actor, ref, now, takes=False)
    by = Who.SELF if is_mine else Who.ANIMATOR
    await TRANSFER.move(session, transfer, State.ENDED, by, now, actor_id=actor.id, changed_at=now)
    for step in await steps(session, transfer):
        await remind(session, transfer, step, now)  # of none any more
    if is_mine:
        await tell_team(session, transfer, "ended", now)
    else:
        await tell(session, transfer, "ended", transfer.person_id, now)
    return transfer
