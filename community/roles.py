"""Who may do what: rows with a scope and an end, checked in the verb on every update.

A scope is one organisation (staff), one event (co-host), one area with those in it (community
lead), or the whole network. Nobody grants what lasts longer than their own right to grant it.

A role invitation is made in chat, works once, is kept as a hash only, expires, and holds when the
inviter has confirmed the person. The first administrator comes by the one-time link that the
first run prints; that one needs no confirmation, since nobody is there to confirm.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    String,
    and_,
    column,
    func,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import history
from community.among import among
from community.base import Base, BigId, Referable, find
from community.errors import (
    AlreadySettledError,
    LastAdministratorError,
    LinkRefusedError,
    NotAllowedError,
    NotUnderstoodError,
)
from community.lifecycle import Who
from community.people import Person, is_reachable

if TYPE_CHECKING:  # events check roles, and so come after this module
    from community.events import Event

INVITATION_HOLDS = timedelta(hours=72)
_AREAS = table("areas", column("id"), column("parent_id"))
"""Told by name, since areas check roles too."""


class RoleName(StrEnum):
    """The roles that exist so far."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    ANIMATOR = "animator"
    PROVIDER_STAFF = "provider_staff"
    TRANSLATOR = "translator"
    CO_HOST = "co_host"
    COMMUNITY_LEAD = "community_lead"
    MODERATOR = "moderator"


MAY_GRANT: dict[RoleName, frozenset[RoleName]] = {
    **dict.fromkeys(RoleName, frozenset()),
    RoleName.ADMINISTRATOR: frozenset(RoleName),
    RoleName.ANIMATOR: frozenset(
        {
            RoleName.PROVIDER_STAFF,
            RoleName.TRANSLATOR,
            RoleName.CO_HOST,
            RoleName.COMMUNITY_LEAD,
            RoleName.MODERATOR,
        }
    ),
}


class Role(Base, Referable):
    """A right that a person holds, for one organisation, event or area, or for the network."""

    __tablename__ = "roles"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[RoleName] = mapped_column(String(24))
    organization_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("organizations.id"))
    event_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("events.id"))
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    languages: Mapped[list[str]] = mapped_column(default=list)
    """In which languages a provider's staff serves people, as they say; empty is not known."""
    granted_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    granted_at: Mapped[datetime]
    until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RoleInvitation(Base, Referable):
    """An offer of a role: a link that works once and then waits for the inviter's word.

    What is offered to somebody whom the inviter has named waits for that person's word instead.
    """

    __tablename__ = "role_invitations"

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[RoleName] = mapped_column(String(24))
    organization_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("organizations.id"))
    event_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("events.id"))
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    invited_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    offered_to_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    until: Mapped[datetime | None]
    """When the role ends by itself."""
    used_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    used_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    granted: Mapped[bool] = mapped_column(default=False)
    """Whether it was settled with a yes."""


def _holds(now: datetime) -> ColumnElement[bool]:
    return and_(Role.revoked_at.is_(None), or_(Role.until.is_(None), Role.until > now))


async def held(session: AsyncSession, person: Person, now: datetime) -> list[Role]:
    """Return the roles the person holds now."""
    return list(
        await session.scalars(
            select(Role).where(Role.person_id == person.id, _holds(now)).order_by(Role.id)
        )
    )


async def holds(
    session: AsyncSession,
    person: Person,
    name: RoleName,
    now: datetime,
    *,
    organization_id: int | None = None,
) -> bool:
    """Say whether the person holds the role now, for this organisation if one is named."""
    return any(
        role.name == name and (organization_id is None or role.organization_id == organization_id)
        for role in await held(session, person, now)
    )


async def may_grant(session: AsyncSession, person: Person, now: datetime) -> set[RoleName]:
    """Return the roles that the person may give and take now."""
    mine = await held(session, person, now)
    return {name for role in mine for name in MAY_GRANT[RoleName(role.name)]}


async def require(
    session: AsyncSession,
    person: Person,
    name: RoleName,
    now: datetime,
    *,
    organization_id: int | None = None,
) -> None:
    """Refuse whoever does not hold the role.

    Raises:
        NotAllowedError: no such role, or it has ended, or it is for another organisation.
    """
    if not await holds(session, person, name, now, organization_id=organization_id):
        raise NotAllowedError(name)


async def host(session: AsyncSession, person: Person, event: "Event", now: datetime) -> Who | None:
    """Return as what the person looks after an event now: as animator, as its host, or not at all.

    Its hosts are its co-hosts and whoever leads its area, or the area in which that one is.
    """
    mine = await held(session, person, now)
    if any(role.name == RoleName.ANIMATOR for role in mine):
        return Who.ANIMATOR
    if not event.is_hosted(now):
        return None
    if any(role.name == RoleName.CO_HOST and role.event_id == event.id for role in mine):
        return Who.HOST
    led = {role.area_id for role in mine if role.name == RoleName.COMMUNITY_LEAD}
    if event.area_id is None or not led:
        return None
    within = select(_AREAS.c.parent_id).where(_AREAS.c.id == event.area_id)
    return Who.HOST if led & {event.area_id, await session.scalar(within)} - {None} else None


async def require_host(
    session: AsyncSession, person: Person, event: "Event", now: datetime
) -> Who:
    """Return as what the person looks after an event now.

    Raises:
        NotAllowedError: they are no animator, no co-host of this event, no lead of its area; or
            it has been over for some days, or does not take place.
    """
    found = await host(session, person, event, now)
    if found is None:
        raise NotAllowedError(RoleName.CO_HOST)
    return found


async def follow_event(
    session: AsyncSession, event: "Event", before: datetime, after: datetime
) -> None:
    """Let what ends with an event end when it does now; what was to end earlier still does."""
    for kind in (Role, RoleInvitation):
        await session.execute(
            update(kind)
            .where(kind.event_id == event.id, kind.until == before)
            .values(until=after)
            .execution_options(synchronize_session="fetch")
        )


async def holders(
    session: AsyncSession, name: RoleName, now: datetime, *, organization_id: int | None = None
) -> list[Person]:
    """Return everybody who holds the role now."""
    query = (
        select(Person)
        .join(Role, Role.person_id == Person.id)
        .where(Role.name == name, _holds(now))
    )
    if organization_id is not None:
        query = query.where(Role.organization_id == organization_id)
    return list((await session.scalars(query.order_by(Person.id))).unique())


async def staff_of(
    session: AsyncSession, organization_id: int, now: datetime, *, speaking: str = ""
) -> list[Person]:
    """Return the people who read an organisation's requests now: its staff who can be reached.

    Whoever serves people in the language ``speaking`` comes first; nobody of them is left out.
    """
    every = await colleagues(session, organization_id, now)
    found = [(role, person) for role, person in every if person.can_be_reached]
    plain = speaking.partition("-")[0]
    found.sort(key=lambda one: not {speaking, plain} & {*one[0].languages})
    return list({person.id: person for _role, person in found}.values())


async def colleagues(
    session: AsyncSession, organization_id: int, now: datetime
) -> list[tuple[Role, Person]]:
    """Return all of an organisation's staff, with the role that says what they speak."""
    rows = await session.execute(
        select(Role, Person)
        .join(Person, Person.id == Role.person_id)
        .where(
            Role.name == RoleName.PROVIDER_STAFF,
            Role.organization_id == organization_id,
            _holds(now),
        )
        .order_by(Person.id, Role.id)
    )
    return [(role, person) for role, person in rows]


async def staff_of_each(
    session: AsyncSession, organization_ids: Collection[int], now: datetime
) -> dict[int, list[int]]:
    """Return the numbers of those who read for several organisations; who has none is left out."""
    rows = await session.execute(
        with_staff(now)
        .add_columns(Role.person_id)
        .where(among(Role.organization_id, organization_ids))
        .distinct()
        .order_by(Role.person_id)
    )
    found: dict[int, list[int]] = {}
    for number, person_id in rows:
        if number is not None:
            found.setdefault(number, []).append(person_id)
    return found


async def speak(
    session: AsyncSession, actor: Person, organization_id: int, language: str, now: datetime
) -> Role:
    """Say that the actor serves people of an organisation in a language, or does not any more.

    Raises:
        NotAllowedError: the actor is not of its staff now.
    """
    held = await colleagues(session, organization_id, now)
    role = next((role for role, person in held if person.id == actor.id), None)
    if role is None:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    before = [*role.languages]
    role.languages = sorted({*before} ^ {language})
    await session.flush()
    return role


def with_staff(now: datetime) -> Select[int | None]:
    """Return the query for the organisations whose requests somebody reads now.

    Who cannot be reached reads nothing, whatever their role says.
    """
    return (
        select(Role.organization_id)
        .join(Person, Person.id == Role.person_id)
        .where(
            Role.name == RoleName.PROVIDER_STAFF,
            Role.organization_id.is_not(None),
            _holds(now),
            is_reachable(),
        )
    )


async def staffed(session: AsyncSession, person: Person, now: datetime) -> list[int]:
    """Return the numbers of the organisations of whose staff the person is now."""
    return [
        role.organization_id
        for role in await held(session, person, now)
        if role.name == RoleName.PROVIDER_STAFF and role.organization_id is not None
    ]


async def has_staffed(session: AsyncSession, person: Person, since: datetime) -> list[int]:
    """Return the organisations of whose staff the person has been since then, or is now."""
    rows = await session.scalars(
        select(Role.organization_id)
        .where(
            Role.person_id == person.id,
            Role.name == RoleName.PROVIDER_STAFF,
            Role.organization_id.is_not(None),
            or_(Role.revoked_at.is_(None), Role.revoked_at > since),
            or_(Role.until.is_(None), Role.until > since),
        )
        .distinct()
        .order_by(Role.organization_id)
    )
    return [number for number in rows if number is not None]


async def last_staff(session: AsyncSession, organization_id: int, now: datetime) -> str:
    """Return what changes whenever an organisation has had somebody again who read.

    That is its newest role, held or ended, and when any of its staff was here for the last time.
    """
    role = await session.scalar(
        select(func.max(Role.id)).where(Role.organization_id == organization_id)
    )
    every = await colleagues(session, organization_id, now)
    seen = [person.seen_at for _role, person in every if person.seen_at is not None]
    return f"{role}:{max(seen).isoformat()}" if seen else f"{role}"


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
    limit = await _grants_until(session, actor, name, now)
    scoped = {
        RoleName.PROVIDER_STAFF: organization_id,
        RoleName.CO_HOST: event_id,
        RoleName.COMMUNITY_LEAD: area_id,
    }
    if {one for one, scope in scoped.items() if scope is not None} != {name} & scoped.keys():
        raise NotAllowedError(name)
    until = _earlier(until, limit)
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


async def _grants_until(
    session: AsyncSession, actor: Person, name: RoleName, now: datetime
) -> datetime | None:
    """Return when the actor's right to grant this role ends; None is never.

    Raises:
        NotAllowedError: the actor has no such right now.
    """
    ends = [
        role.until
        for role in await held(session, actor, now)
        if name in MAY_GRANT[RoleName(role.name)]
    ]
    if not ends:
        raise NotAllowedError(name)
    told = [end for end in ends if end is not None]
    return max(told) if len(told) == len(ends) else None


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two ends, of which None is never."""
    return min(one, other) if one and other else one or other


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
        await _grant(session, person, invitation, None, now)
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
            await _grant(session, actor, invitation, inviter, now)
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
        await _grant(session, person, invitation, actor, now)
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


async def _grant(
    session: AsyncSession,
    person: Person,
    invitation: RoleInvitation,
    actor: Person | None,
    now: datetime,
) -> None:
    until = invitation.until
    if actor is not None:
        limit = await _grants_until(session, actor, RoleName(invitation.name), now)
        until = _earlier(until, limit)
    if until is not None and until <= now:
        raise LinkRefusedError
    invitation.granted = True
    scope = (invitation.organization_id, invitation.event_id, invitation.area_id)
    for role in await held(session, person, now):
        theirs = (role.organization_id, role.event_id, role.area_id)
        if (role.name, *theirs) == (invitation.name, *scope):
            # Held already: one row, so that one word can end it. The later end counts.
            role.until = max(role.until, until) if role.until and until else None
            return
    session.add(
        Role(
            person_id=person.id,
            name=invitation.name,
            organization_id=invitation.organization_id,
            event_id=invitation.event_id,
            area_id=invitation.area_id,
            granted_by_id=actor.id if actor else None,
            granted_at=now,
            until=until,
        )
    )
    await history.note(
        session,
        history.step(
            "role",
            person.id,
            "",
            invitation.name,
            actor_id=actor.id if actor else person.id,
            now=now,
        ),
    )


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
                Role.name == RoleName.ADMINISTRATOR, _holds(now), Role.id != role.id
            )
        )
        if not others:
            raise LastAdministratorError
    if role.revoked_at is None:
        role.revoked_at = now
        await history.note(
            session,
            history.step("role", role.person_id, role.name, "revoked", actor_id=actor.id, now=now),
        )
    await session.flush()
    return role


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


async def team(session: AsyncSession, now: datetime) -> list[tuple[Role, Person]]:
    """Return every role that holds now, with its holder."""
    rows = await session.execute(
        select(Role, Person)
        .join(Person, Person.id == Role.person_id)
        .where(_holds(now))
        .order_by(Role.name, Role.id)
    )
    return [(role, person) for role, person in rows]
