"""An event is announced by a send, which loses its approval when the event changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, deliveries, event_support, events, live, roles
from community.areas import Area
from community.audiences import EVERYBODY
from community.base import find, lock_all
from community.cohorts import Cohort
from community.deliveries import Delivery
from community.errors import NotUnderstoodError, TooLateError
from community.events import Details, Event
from community.needs import Need
from community.people import Person
from community.roles import RoleName
from community.sends.running import cancel
from community.sends.table import Held, Kind, Send, State
from community.sends.writing import edit, narrowed

OPEN = (events.State.DRAFT, events.State.PUBLISHED)
"""What still takes place."""


async def announce(session: AsyncSession, actor: Person, event_ref: str, now: datetime) -> Send:
    """Begin the announcement of a published event; there is one at a time.

    Once it has gone out another may be made, for those who have come since: nobody is told twice.

    Raises:
        NotAllowedError: the actor is no animator.
        TooLateError: the event is not open any more.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, event_ref, lock=True)
    if event.state != events.State.PUBLISHED or event.starts_at <= now:
        raise TooLateError(event.starts_at)
    send: Send | None = await session.scalar(
        select(Send).where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.state.not_in([State.CANCELLED, State.SENT]),
        )
    )
    if send is None:
        send = Send(
            kind=Kind.EVENT_INVITATION, event_id=event.id, made_by_id=actor.id, made_at=now
        )
        send.for_whom = (await narrowed(session, send, EVERYBODY)).as_json()
        session.add(send)
        await session.flush()
    return send


async def translate_event(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> Send | None:
    """Write an event's words; return its announcement if that has lost its approval by it.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    event = await events.translate(session, actor, event_ref, language, texts, now)
    return await take_back(session, actor, event, now)


async def change_event(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    details: Details,
    now: datetime,
    *,
    default_zone: str,
) -> tuple[int, Send | None]:
    """Change the facts of an event: how many are told, and the announcement that is a draft again.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a field is wrong.
        TooLateError: it is over or cancelled, or would start in the past.
    """
    event = await find(session, Event, event_ref, lock=True)
    events.require_decided(event)
    before = events.details_of(event)
    told = await attendance.change_event(
        session, actor, event_ref, details, now, default_zone=default_zone
    )
    after = events.details_of(event)
    if after == before:
        return told, None
    event.stands_apart = event.series_id is not None
    if events.is_material(before, after):
        await event_support.tell_coming(session, event, now, called_off=False)
    # Invitations are there until it begins: those that still have to leave, too.
    await session.execute(
        update(Delivery)
        .where(
            Delivery.kind == Kind.EVENT_INVITATION,
            Delivery.subject_id == event.id,
            Delivery.state.in_(deliveries.OPEN),
        )
        .values(expires_at=event.starts_at)
    )
    return told, await take_back(session, actor, event, now)


async def mean_for(
    session: AsyncSession,
    actor: Person,
    event_ref: str,
    now: datetime,
    *,
    need: Need | None = None,
    area: str | None = None,
    cohort: str | None = None,
) -> Send | None:
    """Let an event be for who looks for one need, lives in one area, or belongs to one cohort.

    With none of them it is for everybody.

    What repeats is for the same people from this date on. Who has answered keeps seeing it. The
    announcement that has not begun is for them, too, and is returned if it is a draft again.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: no such event, area or cohort.
        NotUnderstoodError: more than one of them, or a cohort to which nobody belongs any more.
        TooLateError: it is over or cancelled.
        IllegalMoveError: somebody has proposed it, and nobody has decided about it yet.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    if sum(one is not None for one in (need, area, cohort)) > 1:
        raise NotUnderstoodError("choice")
    area_id = (await find(session, Area, area)).id if area is not None else None
    cohort_id = None
    if cohort is not None:
        found = await find(session, Cohort, cohort)
        if found.goes_on is False:
            raise NotUnderstoodError("choice")
        cohort_id = found.id
    whose = need, area_id, cohort_id
    dates = await _from_here(session, await find(session, Event, event_ref))
    event = next(each for each in dates if each.ref == event_ref)
    events.require_decided(event)
    if event.state not in OPEN or event.is_over(now):
        raise TooLateError(event.ends_at)
    drafted = None
    for each in dates:
        before = each.need, each.audience_area_id, each.cohort_id
        if before == whose:
            continue
        each.need, each.audience_area_id, each.cohort_id = whose
        each.changed_at = now
        await session.flush()
        if each.is_for_some:
            in_groups = Delivery.kind == "group_card", Delivery.subject_id == each.id
            await deliveries.cancel(session, now, *in_groups)
            await live.show_at_once(session, each.ref)
        send = await _aim_anew(session, actor, each, before, now)
        drafted = drafted or send
    return drafted


async def _from_here(session: AsyncSession, event: Event) -> Sequence[Event]:
    """Return an event and, of what repeats, the dates that follow and still take place; locked."""
    refs = [event.ref]
    if event.series_id is not None:
        follows = Event.series_id == event.series_id, Event.starts_at > event.starts_at
        refs += await session.scalars(select(Event.ref).where(*follows, Event.state.in_(OPEN)))
    return await lock_all(session, Event, refs)


async def _aim_anew(
    session: AsyncSession,
    actor: Person,
    event: Event,
    before: tuple[Need | None, int | None, int | None],
    now: datetime,
) -> Send | None:
    """Let what has not left of an event's announcement be for those whom the event is for now."""
    drafted = await take_back(session, actor, event, now)
    need, area_id, cohort_id = before
    unsent = await session.scalars(
        select(Send).where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.started_at.is_(None),
            Send.state != State.CANCELLED,
        )
    )
    for send in unsent.all():
        audience = send.is_for
        if need is not None:
            audience = replace(audience, needs=())
        if area_id is not None:
            audience = replace(audience, areas=())
        if cohort_id is not None:
            audience = replace(audience, cohorts=())
        send.for_whom = (await narrowed(session, send, audience)).as_json()
    await session.flush()
    return drafted


async def cancel_event(session: AsyncSession, actor: Person, event_ref: str, now: datetime) -> int:
    """Call an event off, and everything that was to announce it; return how many are told.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is over, or was never published.
    """
    event = await find(session, Event, event_ref, lock=True)
    was_open = event.state == events.State.PUBLISHED
    told = await attendance.cancel_event(session, actor, event_ref, now)
    if was_open:
        await event_support.tell_coming(session, event, now, called_off=True)
    unsent = await session.scalars(
        select(Send).where(
            Send.event_id == event.id, Send.state.not_in([State.SENT, State.CANCELLED])
        )
    )
    for send in unsent.all():
        await cancel(session, actor, send.ref, now)
    return told


async def binds(session: AsyncSession, event: Event) -> bool:
    """Say whether an approval of the announcement, given or asked for, binds the event's words."""
    unsent = await session.scalars(
        select(Send)
        .where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.started_at.is_(None),
            Send.state.not_in([State.DRAFT, State.CANCELLED]),
        )
        .with_for_update()
    )
    return unsent.first() is not None


async def take_back(
    session: AsyncSession, actor: Person, event: Event, now: datetime
) -> Send | None:
    """Make an announcement that was submitted, approved or scheduled a draft again.

    One that is held before its start stays held, and its approval does not count any more.
    """
    held: Send | None = await session.scalar(
        select(Send).where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.state == State.HELD,
            Send.started_at.is_(None),
        )
    )
    if held is not None:
        held.held_because, held.approved_by_id, held.alone = Held.CHANGED, None, False
    send: Send | None = await session.scalar(
        select(Send).where(
            Send.event_id == event.id,
            Send.kind == Kind.EVENT_INVITATION,
            Send.state.in_([State.IN_REVIEW, State.APPROVED, State.SCHEDULED]),
        )
    )
    return await edit(session, actor, send.ref, now) if send else None
