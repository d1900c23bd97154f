"""Events in the hands of members: who is asked to host one, and what somebody hosts.

A host looks after one event with the team (``roles.require_host``): its answers, who came, and
what people write to its organisers. Animators offer that by a link, or to somebody by name.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, invitations, roles
from community.areas import Area
from community.attendance import COMES, Attendance
from community.base import find
from community.errors import NotAllowedError, NotFoundError, TooLateError
from community.events import Event
from community.people import Person
from community.roles import Role, RoleInvitation, RoleName

HOSTED = (events.State.DRAFT, events.State.PUBLISHED, events.State.HELD)


async def hosted(session: AsyncSession, actor: Person, now: datetime) -> list[Event]:
    """Return the events that the actor hosts now, the next first."""
    mine = await roles.held(session, actor, now)
    co_host = [role for role in mine if role.name == RoleName.CO_HOST]
    own = [role.event_id for role in co_host if role.event_id is not None]
    series = [role.series_id for role in co_host if role.series_id is not None]
    led = [role.area_id for role in mine if role.name == RoleName.COMMUNITY_LEAD]
    if not co_host and not led:
        return []
    within = select(Area.id).where(or_(Area.id.in_(led), Area.parent_id.in_(led)))
    rows = await session.scalars(
        select(Event)
        .where(
            or_(Event.id.in_(own), Event.series_id.in_(series), Event.area_id.in_(within)),
            Event.state.in_(HOSTED),
            Event.starts_at > now - events.HOST_STAYS - events.LONGEST,
        )
        .order_by(Event.starts_at, Event.id)
    )
    return [event for event in rows if event.is_hosted(now)]


async def hosts_of(session: AsyncSession, event: Event, now: datetime) -> list[Person]:
    """Return the members who host an event now: its co-hosts, and whoever leads its area."""
    if not event.is_hosted(now):
        return []
    found = [
        person
        for role, person in await roles.team(session, now)
        if role.name == RoleName.CO_HOST and roles.is_of(role, event)
    ]
    if event.area_id is not None:
        area = await session.get_one(Area, event.area_id)
        led = {area.id, area.parent_id} - {None}
        found += [
            person
            for role, person in await roles.team(session, now)
            if role.name == RoleName.COMMUNITY_LEAD and role.area_id in led
        ]
    return [*{person.id: person for person in found}.values()]


async def standing(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Event, list[tuple[Role, Person]], list[tuple[RoleInvitation, Person]]]:
    """Return an event, its co-hosts, and who has been asked by name and has not answered.

    Raises:
        NotAllowedError: the actor may not make anybody a co-host.
    """
    event = await _to_host(session, actor, ref, now)
    co_hosts = [
        (role, person)
        for role, person in await roles.team(session, now)
        if role.name == RoleName.CO_HOST and roles.is_of(role, event)
    ]
    asked = await session.execute(
        select(RoleInvitation, Person)
        .join(Person, Person.id == RoleInvitation.offered_to_id)
        .where(
            RoleInvitation.event_id == event.id,
            RoleInvitation.settled_at.is_(None),
            RoleInvitation.expires_at > now,
        )
        .order_by(RoleInvitation.id)
    )
    return event, co_hosts, [(invitation, person) for invitation, person in asked]


async def candidates(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> Sequence[Person]:
    """Return whom an animator may ask by name: who has proposed the event, and who goes there.

    Raises:
        NotAllowedError: the actor may not make anybody a co-host.
    """
    event, co_hosts, asked = await standing(session, actor, ref, now)
    going = select(Attendance.person_id).where(
        Attendance.event_id == event.id, Attendance.state.in_(COMES)
    )
    busy = {person.id for _row, person in (*co_hosts, *asked)} | {actor.id}
    rows = await session.scalars(
        select(Person)
        .where(or_(Person.id == (event.made_by_id or 0), Person.id.in_(going)))
        .order_by(Person.id != (event.made_by_id or 0), Person.name, Person.id)
    )
    return [one for one in rows if one.is_member and one.can_be_reached and one.id not in busy]


async def invite(session: AsyncSession, actor: Person, ref: str, now: datetime) -> str:
    """Return a token that offers hosting this event once, for 72 hours; it ends with the event.

    Raises:
        NotAllowedError: the actor may not make anybody a co-host.
        TooLateError: it does not take place, or has been over for some days.
    """
    event = await _open_to_host(session, actor, ref, now)
    return await roles.invite(
        session, actor, RoleName.CO_HOST, now, event_id=event.id, until=event.hosted_until
    )


async def ask(
    session: AsyncSession, actor: Person, ref: str, person_ref: str, now: datetime
) -> RoleInvitation:
    """Ask a member by name to host an event; nothing is theirs before they say yes.

    Raises:
        NotAllowedError: the actor may not make anybody a co-host.
        NotFoundError: there is no such person among the candidates.
        TooLateError: it does not take place, or has been over for some days.
    """
    event = await _open_to_host(session, actor, ref, now)
    found = {one.ref: one for one in await candidates(session, actor, ref, now)}
    if person_ref not in found:
        raise NotFoundError("Person")
    person = found[person_ref]
    invitation = await roles.offer(
        session, actor, person, RoleName.CO_HOST, now, event_id=event.id, until=event.hosted_until
    )
    await invitations.notify(session, invitation, person.id, "offered", now)
    return invitation


async def answer(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, takes: bool
) -> RoleInvitation:
    """Take or turn down what was offered to the actor by name; who offered it is told.

    Raises:
        LinkRefusedError: it was offered to somebody else, or cannot be taken any more.
        AlreadySettledError: it is settled already.
    """
    invitation = await roles.answer_offer(session, actor, ref, now, takes=takes)
    if invitation.invited_by_id is not None:
        what = "taken" if takes else "declined"
        await invitations.notify(session, invitation, invitation.invited_by_id, what, now)
    return invitation


async def entrust(
    session: AsyncSession, actor: Person, name: RoleName, area_ref: str, months: int, now: datetime
) -> str:
    """Return a token that offers a role for so many months of thirty days, of one area or of all.

    Raises:
        NotAllowedError: the actor may not grant this role, or not with this scope.
        NotFoundError: there is no such area.
    """
    area = await find(session, Area, area_ref) if area_ref else None
    until = now + timedelta(days=30 * months)
    return await roles.invite(
        session, actor, name, now, area_id=area.id if area else None, until=until
    )


async def place_in(
    session: AsyncSession, actor: Person, ref: str, area_ref: str, now: datetime
) -> Event:
    """Say in which area an event is, or that it is in none: whoever leads it hosts it, too.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such event or area.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    events.require_decided(event)
    event.area_id = (await find(session, Area, area_ref)).id if area_ref else None
    await session.flush()
    return event


async def _to_host(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    if RoleName.CO_HOST not in await roles.may_grant(session, actor, now):
        raise NotAllowedError(RoleName.CO_HOST)
    return await find(session, Event, ref)


async def _open_to_host(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    event = await _to_host(session, actor, ref, now)
    if not event.is_hosted(now):
        raise TooLateError(event.ends_at)
    return event
