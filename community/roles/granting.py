"""A role begins and ends: nobody grants what lasts longer than their own right to grant it."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import history
from community.base import find
from community.errors import LastAdministratorError, LinkRefusedError, NotAllowedError
from community.people import Person
from community.roles.holding import (
    earlier,
    grants_until,
    held,
    holders,
    holds,
    may_grant,
    require,
)
from community.roles.table import OF_MEMBERS, Role, RoleInvitation, RoleName, is_held


async def give(
    session: AsyncSession,
    person: Person,
    invitation: RoleInvitation,
    giver: Person | None,
    now: datetime,
) -> None:
    """Let the person hold what an invitation offers, for as long as its inviter may grant it.

    Raises:
        NotAllowedError: the inviter may not grant it any more.
        LinkRefusedError: it would have ended already.
    """
    name = RoleName(invitation.name)
    await grant(session, person, name, invitation.scope, giver, invitation.until, now)
    invitation.granted = True


async def grant(
    session: AsyncSession,
    person: Person,
    name: RoleName,
    scope: dict[str, int | None],
    giver: Person | None,
    until: datetime | None,
    now: datetime,
) -> None:
    """Let the person hold a role to which they have said yes.

    Raises:
        NotAllowedError: the giver may not grant it.
        LinkRefusedError: it would have ended already.
    """
    if giver is not None:
        until = earlier(until, await grants_until(session, giver, name, now))
    if until is not None and until <= now:
        raise LinkRefusedError
    for role in await held(session, person, now):
        if role.name == name and role.scope == scope:
            # Held already: one row, so that one word can end it. The later end counts.
            role.until = max(role.until, until) if role.until and until else None
            return
    session.add(
        Role(
            person_id=person.id,
            name=name,
            granted_by_id=giver.id if giver else None,
            granted_at=now,
            until=until,
            **scope,
        )
    )
    by = giver.id if giver else person.id
    step = history.step("role", person.id, "", name, actor_id=by, now=now)
    await history.note(session, step)


async def take(session: AsyncSession, actor: Person, name: RoleName, now: datetime) -> bool:
    """Let an administrator work as animator or coordinator too; False if they do already.

    Raises:
        NotAllowedError: the actor is no administrator, or the role is another.
    """
    await require(session, actor, RoleName.ADMINISTRATOR, now)
    if name not in (RoleName.ANIMATOR, RoleName.COORDINATOR):
        raise NotAllowedError(name)
    if await holds(session, actor, name, now):
        return False
    session.add(Role(person_id=actor.id, name=name, granted_by_id=actor.id, granted_at=now))
    await history.note(
        session, history.step("role", actor.id, "", name, actor_id=actor.id, now=now)
    )
    await session.flush()
    return True


async def revoke(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Role:
    """End a role at once.

    Raises:
        NotAllowedError: the actor may not grant this role, so may not end it either.
        LastAdministratorError: nobody would be left to run the network.
    """
    role = await find(session, Role, ref)
    if role.name == RoleName.ADMINISTRATOR:
        await _lock_administrators(session)
    role = await find(session, Role, ref, lock=True)
    if role.name not in await may_grant(session, actor, now):
        raise NotAllowedError(role.name)
    if role.name == RoleName.ADMINISTRATOR:
        others = await session.scalar(
            select(func.count(func.distinct(Role.person_id))).where(
                Role.name == RoleName.ADMINISTRATOR, is_held(now), Role.id != role.id
            )
        )
        if not others:
            raise LastAdministratorError
    if role.revoked_at is None:
        await _end(session, role, actor, now)
    await session.flush()
    return role


async def _end(session: AsyncSession, role: Role, actor: Person, now: datetime) -> None:
    role.revoked_at = now
    step = history.step("role", role.person_id, role.name, "revoked", actor_id=actor.id, now=now)
    await history.note(session, step)


async def end_of_member(session: AsyncSession, person: Person, now: datetime) -> list[Role]:
    """End what a member was entrusted with, and what waits for their word: they leave.

    Return the roles that have ended so.
    """
    rows = await session.scalars(
        select(Role)
        .where(Role.person_id == person.id, Role.name.in_(OF_MEMBERS), is_held(now))
        .order_by(Role.id)
        .with_for_update()
    )
    mine = list(rows)
    for role in mine:
        await _end(session, role, person, now)
    await session.execute(
        update(RoleInvitation)
        .where(
            RoleInvitation.offered_to_id == person.id,
            RoleInvitation.settled_at.is_(None),
            RoleInvitation.expires_at > now,
        )
        .values(expires_at=now)
        .execution_options(synchronize_session="fetch")
    )
    await session.flush()
    return mine


async def is_last_administrator(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Say whether nobody would administer the network without this person."""
    found = await holders(session, RoleName.ADMINISTRATOR, now)
    return [holder.id for holder in found] == [person.id]


async def _lock_administrators(session: AsyncSession) -> None:
    """Let two administrators who revoke each other at once do so one after the other."""
    await session.execute(
        select(Role.id)
        .where(Role.name == RoleName.ADMINISTRATOR, Role.revoked_at.is_(None))
        .order_by(Role.id)
        .with_for_update()
    )
