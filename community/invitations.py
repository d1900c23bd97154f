"""Links that people are given: into the network, and into the team.

A join link carries no right and works many times. A role invitation works once; who made it is
told when somebody has opened it, and who opened it is told how it was settled.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, people, roles
from community.deliveries import Plan
from community.errors import NotAllowedError
from community.people import JoinLink, Person
from community.roles import RoleInvitation, RoleName


async def _require_team(session: AsyncSession, actor: Person, now: datetime) -> None:
    held = {role.name for role in await roles.held(session, actor, now)}
    if not held & {RoleName.ANIMATOR, RoleName.ADMINISTRATOR}:
        raise NotAllowedError(RoleName.ANIMATOR)


async def join_link(session: AsyncSession, actor: Person, now: datetime) -> JoinLink:
    """Return the link with which this actor invites members; the same one until withdrawn.

    Raises:
        NotAllowedError: the actor is neither animator nor administrator.
    """
    await _require_team(session, actor, now)
    return await people.make_join_link(session, actor, now)


async def withdraw_join_link(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> None:
    """Make a join link lead nowhere from now on, whoever of the team made it.

    Raises:
        NotAllowedError: the actor is neither animator nor administrator.
    """
    await _require_team(session, actor, now)
    await people.withdraw_join_link(session, ref, now)


async def accept(
    session: AsyncSession, person: Person, token: str, now: datetime
) -> RoleInvitation:
    """Open a role invitation; its inviter is asked once to confirm the person.

    Raises:
        LinkRefusedError: wrong, expired or used by somebody else; the same answer for all.
    """
    invitation = await roles.accept(session, person, token, now)
    if invitation.invited_by_id is not None and invitation.settled_at is None:
        await notify(session, invitation, invitation.invited_by_id, "opened", now)
    return invitation


async def settle(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, grant: bool
) -> tuple[RoleInvitation, Person]:
    """Confirm or refuse the person who opened an invitation, and tell them.

    Raises:
        NotAllowedError: the actor is not the inviter, or may no longer grant this role.
        AlreadySettledError: it is settled already.
        LinkRefusedError: nobody has opened it.
    """
    invitation, person = await roles.confirm(session, actor, ref, now, grant=grant)
    await notify(session, invitation, person.id, "granted" if grant else "refused", now)
    return invitation, person


async def revoke(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """End a role at once, and tell who held it; what they have offered others ends with it.

    Raises:
        NotAllowedError: the actor may not grant this role, so may not end it either.
        LastAdministratorError: nobody would be left to run the network.
    """
    role = await roles.revoke(session, actor, ref, now)
    holder = await session.get_one(Person, role.person_id)
    await withdraw_of(session, holder, await roles.may_grant(session, holder, now), now)
    if role.person_id != actor.id:
        await deliveries.plan(
            session,
            now,
            Plan(
                "role_notice",
                role.person_id,
                f"role_notice:{role.ref}:ended",
                now,
                {"what": "ended", "ref": role.ref},
                subject_id=role.id,
            ),
        )


async def withdraw_of(
    session: AsyncSession, inviter: Person, may_grant: Collection[RoleName], now: datetime
) -> None:
    """Withdraw what somebody has offered and may grant no more; tell whoever waits for a word."""
    for invitation in await roles.withdraw_invitations(session, inviter, may_grant, now):
        assert invitation.used_by_id is not None
        await notify(session, invitation, invitation.used_by_id, "refused", now)


async def notify(
    session: AsyncSession, invitation: RoleInvitation, person_id: int, what: str, now: datetime
) -> None:
    """Owe somebody one notice of what has become of an offer of a role."""
    await deliveries.plan(
        session,
        now,
        Plan(
            "role_notice",
            person_id,
            f"role_notice:{invitation.ref}:{what}",
            now,
            {"what": what, "ref": invitation.ref},
            subject_id=invitation.id,
        ),
    )
