"""Who is there says so themself: by the code at the door, or by the button that leads online."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, guessing, people, roles
from community.attendance.seeing import visible
from community.attendance.table import (
    ATTENDANCE,
    COMES,
    CONCERNED,
    Attendance,
    State,
    begin,
    of,
)
from community.base import find
from community.errors import (
    CalledOffError,
    DoorRefusedError,
    LinkRefusedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.events import Event
from community.lifecycle import Who
from community.people import Person

DOOR_OPENS = timedelta(hours=1)
"""So long before an event begins, who came can be ticked, and the code at the door be shown."""
ONLINE_OPENS = timedelta(minutes=15)
"""So long before an event begins, following its link is being there."""


def is_at_the_door(event: Event, now: datetime) -> bool:
    """Say whether people arrive now: from an hour before until the end."""
    is_on = event.state == events.State.PUBLISHED and not event.is_over(now)
    return is_on and now >= event.starts_at - DOOR_OPENS


async def open_door(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[str, str]:
    """Return a token for a link and digits to type; what was shown before ends with it.

    Only hashes are kept: neither is shown again.

    Raises:
        NotAllowedError: the actor does not look after this event.
        TooLateError: it is not from an hour before the event until its end.
    """
    event = await find(session, Event, ref, lock=True)
    await roles.require_host(session, actor, event, now)
    if not is_at_the_door(event, now):
        raise TooLateError(event.starts_at)
    token, code = secrets.token_urlsafe(16), f"{secrets.randbelow(10**6):06d}"
    event.door_hash, event.code_hash = _digest(token), _digest(f"{event.ref}:{code}")
    await session.flush()
    return token, code


async def expected_at(
    session: AsyncSession, person: Person, digits: str, now: datetime
) -> Event | None:
    """Return the event at whose door somebody writes six digits without saying where.

    It is among those where they are expected now; of several the one that has these digits.
    """
    rows = await session.scalars(
        select(Event)
        .join(Attendance, Attendance.event_id == Event.id)
        .where(
            Attendance.person_id == person.id,
            Attendance.state.in_([State.INVITED, *CONCERNED]),
            Event.state == events.State.PUBLISHED,
            Event.code_hash.is_not(None),
            Event.starts_at <= now + DOOR_OPENS,
        )
        .order_by(Event.starts_at.desc(), Event.id)
    )
    found = [event for event in rows if is_at_the_door(event, now)]
    right = (event for event in found if event.code_hash == _digest(f"{event.ref}:{digits}"))
    return next(right, found[0] if found else None)


async def check_in(session: AsyncSession, person: Person, token: str, now: datetime) -> Event:
    """Note that whoever has opened the link at the door is there, answered before or not.

    Raises:
        NotAMemberError: the person has not joined.
        LinkRefusedError: no such link, any more; or the event is over.
    """
    people.require_member(person)
    event: Event | None = await session.scalar(
        select(Event).where(Event.door_hash == _digest(token)).with_for_update()
    )
    if event is None or not is_at_the_door(event, now):
        raise LinkRefusedError
    await _is_there(session, person, event, now)
    return event


async def check_in_by_code(
    session: AsyncSession, person: Person, ref: str, code: str, now: datetime
) -> Event:
    """Note that whoever has typed the digits at the door is there.

    Raises:
        NotAMemberError: the person has not joined.
        NotFoundError: no such event.
        TooLateError: nobody arrives there now.
        NotUnderstoodError: these are other digits.
        DoorRefusedError: too many others have been tried, and none is for a while.
    """
    people.require_member(person)
    event = await visible(session, person, ref, now, lock=True)
    if not is_at_the_door(event, now) or event.code_hash is None:
        raise TooLateError(event.ends_at)
    what, who = guessing.door(event.ref), await guessing.chat_of(session, person)
    if patience := await guessing.wait(session, what, who, now):
        raise DoorRefusedError(patience)
    if not hmac.compare_digest(event.code_hash, _digest(f"{event.ref}:{code}")):
        guessing.note_wrong(session, what, who, now)
        raise NotUnderstoodError("door_code")
    await _is_there(session, person, event, now)
    return event


async def go_online(session: AsyncSession, person: Person, ref: str, now: datetime) -> Event:
    """Return an event whose link is for this person; from 15 minutes before they are there.

    Raises:
        NotAMemberError: the person has not joined.
        NotFoundError: no such event, or no link that would be theirs.
        TooLateError: it is over, or does not take place.
    """
    people.require_member(person)
    event = await visible(session, person, ref, now, lock=True)
    if event.state == events.State.CANCELLED:
        raise CalledOffError
    if event.state != events.State.PUBLISHED or event.is_over(now):
        raise TooLateError(event.ends_at)
    mine = await of(session, event, person)
    if not event.is_online or mine is None or mine.state not in COMES:
        raise NotFoundError("Event")
    if now >= event.starts_at - ONLINE_OPENS:
        await _is_there(session, person, event, now)
    return event


async def _is_there(session: AsyncSession, person: Person, event: Event, now: datetime) -> None:
    mine = await of(session, event, person) or await begin(session, event, person, now)
    await ATTENDANCE.move(
        session,
        mine,
        State.ATTENDED,
        Who.SELF,
        now,
        actor_id=person.id,
        offered_until=None,
        asked_again=False,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
