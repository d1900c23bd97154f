"""A role is offered: by a link that works once, or to somebody by name, who can say no.

A link is made in chat, works once, is kept as a hash only, expires, and holds when the inviter
has confirmed the person. The first administrator comes by the one-time link that the first run
prints; that one needs no confirmation, since nobody is there to confirm.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community.base import find
from community.errors import (
    AlreadySettledError,
    LinkRefusedError,
    NotAllowedError,
    NotUnderstoodError,
)
from community.people import Person
from community.roles.granting import give
from community.roles.holding import earlier, grants_until, holders, may_grant
from community.roles.table import RoleInvitation, RoleName

INVITATION_HOLDS = timedelta(hours=72)
SCOPED: Mapping[RoleName, str] = {
    RoleName.PROVIDER_STAFF: "organization",
    RoleName.EVALUATOR: "organization",
    RoleName.CO_HOST: "event",
    RoleName.COMMUNITY_LEAD: "area",
}
"""For what a role is, of those that are for one thing."""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def offer_first(session: AsyncSession, now: datetime) -> str | None:
    """Return a fresh token for the first administrator, or None when there is one already.

    An earlier token that nobody used stops working.
    """
    if await holders(session, RoleName.ADMINISTRATOR, now):
        return None
    await session.execute(
        update(RoleInvitation)
        .where(RoleInvitation.invited_by_id.is_(None), RoleInvitation.used_at.is_(None))
        .values(expires_at=now)
    )
    token = secrets.token_urlsafe(24)
    session.add(
        RoleInvitation(
            token_hash=_hash(token),
            name=RoleName.ADMINISTRATOR,
            made_at=now,
            expires_at=now + INVITATION_HOLDS,
        )
    )
    await session.flush()
    return token


async def invite(
    session: AsyncSession,
    actor: Person,
    name: RoleName,
    now: datetime,
    *,
    organization_id: int | None = None,
    event_id: int | None = None,
    area_id: int | None = None,
    until: datetime | None = None,
) -> str:
    """Return a token that offers this role once, for 72 hours.

    The role ends with ``until``, and not later than the actor's own right to grant it.

    Raises:
        NotAllowedError: the actor may not grant this role, or not with this scope.
        NotUnderstoodError: it would have ended already.
    """
    token, _invitation = await _offer(
        session, actor, name, (organization_id, event_id, area_id), until, now
    )
    return token


async def offer(
    session: AsyncSession,
    actor: Person,
    person: Person,
    name: RoleName,
    now: datetime,
    *,
    event_id: int | None = None,
    area_id: int | None = None,
    until: datetime | None = None,
) -> RoleInvitation:
    """Offer this role to a person whom the actor names; it waits 72 hours for the person's word.

    Raises:
        NotAllowedError: the actor may not grant this role, or not with this scope.
        NotUnderstoodError: it would have ended already.
    """
    _token, invitation = await _offer(session, actor, name, (None, event_id, area_id), until, now)
    invitation.offered_to_id = person.id
    await session.flush()
    return invitation


async def _offer(
    session: AsyncSession,
    actor: Person,
    name: RoleName,
    scope: tuple[int | None, int | None, int | None],
    until: datetime | None,
    now: datetime,
) -> tuple[str, RoleInvitation]:
    organization_id, event_id, area_id = scope
    limit = await grants_until(session, actor, name, now)
    given = {
        what
        for what, number in zip(("organization", "event", "area"), scope, strict=True)
        if number is not None
    }
    if given != ({SCOPED[name]} if name in SCOPED else set()):
        raise NotAllowedError(name)
    until = earlier(until, limit)
    if until is not None and until <= now:
        raise NotUnderstoodError("until")
    token = secrets.token_urlsafe(24)
    invitation = RoleInvitation(
        token_hash=_hash(token),
        name=name,
        organization_id=organization_id,
        event_id=event_id,
        area_id=area_id,
        invited_by_id=actor.id,
        made_at=now,
        expires_at=now + INVITATION_HOLDS,
        until=until,
    )
    session.add(invitation)
    await session.flush()
    return token, invitation


async def accept(
    session: AsyncSession, person: Person, token: str, now: datetime
) -> RoleInvitation:
    """Use the token. The first administrator holds the role at once; others wait for a word.

    Raises:
        LinkRefusedError: wrong, expired or used by somebody else; the same answer for all.
    """
    invitation: RoleInvitation | None = await session.scalar(
        select(RoleInvitation).where(RoleInvitation.token_hash == _hash(token)).with_for_update()
    )
    if invitation is None:
        raise LinkRefusedError
    if invitation.used_by_id == person.id:
        return invitation
    if invitation.used_at is not None or invitation.expires_at <= now:
        raise LinkRefusedError
    invitation.used_by_id, invitation.used_at = person.id, now
    if invitation.invited_by_id is None:
        invitation.settled_at = now
        await give(session, person, invitation, None, now)
    await session.flush()
    return invitation


async def answer_offer(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, takes: bool
) -> RoleInvitation:
    """Take or turn down a role that was offered to the actor by name.

    Raises:
        LinkRefusedError: it was offered to somebody else, is too old, or whoever offered it may
            not grant it any more; which is not told.
        AlreadySettledError: it is settled already.
    """
    invitation = await find(session, RoleInvitation, ref, lock=True)
    if invitation.offered_to_id != actor.id:
        raise LinkRefusedError
    if invitation.settled_at is not None:
        raise AlreadySettledError(granted=invitation.granted)
    if invitation.expires_at <= now:
        raise LinkRefusedError
    invitation.used_by_id, invitation.used_at, invitation.settled_at = actor.id, now, now
    if takes:
        inviter = await session.get(Person, invitation.invited_by_id or 0)
        if inviter is None:
            raise LinkRefusedError
        try:
            await give(session, actor, invitation, inviter, now)
        except NotAllowedError:
            raise LinkRefusedError from None
    await session.flush()
    return invitation


async def confirm(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, grant: bool
) -> tuple[RoleInvitation, Person]:
    """Settle an invitation somebody has opened: only its inviter can, while still allowed to.

    Raises:
        NotAllowedError: the actor is not the inviter, or may no longer grant this role.
        AlreadySettledError: it is settled already.
        LinkRefusedError: nobody has opened it.
    """
    invitation = await find(session, RoleInvitation, ref, lock=True)
    if invitation.invited_by_id != actor.id:
        raise NotAllowedError(invitation.name)
    if invitation.name not in await may_grant(session, actor, now):
        raise NotAllowedError(invitation.name)
    person = await session.get(Person, invitation.used_by_id) if invitation.used_by_id else None
    if person is None:
        raise LinkRefusedError
    if invitation.settled_at is not None:
        raise AlreadySettledError(granted=invitation.granted)
    invitation.settled_at = now
    if grant:
        await give(session, person, invitation, actor, now)
    await session.flush()
    return invitation, person


async def withdraw_invitations(
    session: AsyncSession, inviter: Person, may_grant: Collection[RoleName], now: datetime
) -> list[RoleInvitation]:
    """Let the inviter's pending invitations lead nowhere, save to what they may still grant.

    Return those that somebody has opened and who waits for a word.
    """
    pending = await session.scalars(
        select(RoleInvitation)
        .where(
            RoleInvitation.invited_by_id == inviter.id,
            RoleInvitation.settled_at.is_(None),
            RoleInvitation.name.not_in(may_grant),
        )
        .order_by(RoleInvitation.id)
        .with_for_update()
    )
    opened = []
    for invitation in pending.all():
        invitation.settled_at, invitation.expires_at = now, min(invitation.expires_at, now)
        if invitation.used_by_id is not None:
            opened.append(invitation)
    await session.flush()
    return opened
