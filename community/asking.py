"""Asking for a translation, and hearing once that it is there.

Nobody is told who has asked: a request counts into the order of the translation desk
(``community/untranslated.py``), and goes when the text is there or the thing is over.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    attendance,
    awaited,
    corrections,
    deliveries,
    events,
    people,
    posts,
    sends,
    translations,
)
from community.among import among
from community.awaited import TranslationRequest
from community.base import find
from community.deliveries import Delivery, Plan
from community.errors import NotFoundError, TooLateError, TooManyAskedError
from community.events import Event
from community.people import Person
from community.policy import POLICY
from community.posts import Post
from community.providers import Service, ServiceStep
from community.sends import Kind, Send
from community.translations import Fallback, Reads, Shelf
from community.writing import insert_new, rows_changed

TOLD = "translated"
"""The kind of the message that says that it is there."""
AT_ONCE = 20
"""So many texts one person can wait for at once."""


TABLES: Mapping[str, type[Event] | type[Send] | type[Service] | type[Post]] = {
    "event": Event,
    "newsletter": Send,
    "service": Service,
    posts.SUBJECT: Post,
}


class Came(StrEnum):
    """What came of asking."""

    ASKED = "asked"
    ALREADY = "already"
    THERE = "there"


async def ask(
    session: AsyncSession, actor: Person, subject: str, ref: str, language: str, now: datetime
) -> Came:
    """Ask for an event, a newsletter or a service with its steps in one's own language.

    Raises:
        NotAMemberError: the actor has not joined.
        NotFoundError: there is no such thing, or it is not for the actor to open.
        TooLateError: it is over: nobody will translate it any more.
        TooManyAskedError: the actor waits for as many texts as one can.
    """
    people.require_member(actor)
    number = await opened_by(session, actor, subject, ref, now)
    shelves = (await _open(session, subject, [number], now)).get(number)
    if shelves is None:
        raise TooLateError
    if _is_there(shelves, language):
        return Came.THERE
    if await awaited.is_asked(session, subject, number, language, actor):
        return Came.ALREADY
    mine = select(func.count()).where(TranslationRequest.person_id == actor.id)
    if (await session.scalar(mine) or 0) >= AT_ONCE:
        raise TooManyAskedError
    row = {"subject": subject, "subject_id": number, "language": language}
    new = await insert_new(
        session, TranslationRequest, [{"person_id": actor.id, "asked_at": now, **row}]
    )
    return Came.ASKED if new else Came.ALREADY


async def opened_by(
    session: AsyncSession, reader: Person, subject: str, ref: str, now: datetime
) -> int:
    """Return the number of what somebody may open; of a newsletter that of its first send.

    Raises:
        NotFoundError: there is no such thing, or it is not for the reader to open.
    """
    if subject == "event":
        return (await attendance.visible(session, reader, ref, now)).id
    if subject == "service":
        return (await find(session, Service, ref)).id
    if subject == posts.SUBJECT:
        return (await posts.look(session, reader, ref, now)).id
    if subject == "newsletter":
        send = await find(session, Send, ref)
        first = await sends.first_of(session, send)
        is_asked_for = first.kind in (Kind.NEWSLETTER, Kind.OFFER)
        if is_asked_for and await corrections.may_open(session, reader, send, now):
            return first.id
    raise NotFoundError(subject)


def takes_requests(event: Event, now: datetime) -> bool:
    """Say whether it is still of use to ask for an event's words; a draft shows what will be."""
    return event.state in (events.State.DRAFT, events.State.PUBLISHED) and now < event.starts_at


async def _open(
    session: AsyncSession, subject: str, numbers: Collection[int], now: datetime
) -> Mapping[int, Sequence[Shelf]]:
    """Return those of these things that are not over, each with all that has words on its card."""
    if subject == "event":
        found = await session.scalars(select(Event).where(among(Event.id, numbers)))
        ids = [event.id for event in found if takes_requests(event, now)]
        shelves = await translations.shelves(session, subject, ids)
        return {number: [shelf] for number, shelf in shelves.items()}
    if subject == "service":
        return await _services(session, numbers)
    if subject == posts.SUBJECT:
        up = (Post.state == posts.State.PUBLISHED, Post.expires_at > now)
        ids = list(await session.scalars(select(Post.id).where(among(Post.id, numbers), *up)))
        shelves = await translations.shelves(session, subject, ids)
        return {number: [shelf] for number, shelf in shelves.items()}
    if subject != "newsletter":
        return {}
    letters = {}
    is_out = Send.state.in_([sends.State.SENDING, sends.State.HELD, sends.State.SENT])
    started = (among(Send.id, numbers), is_out, Send.started_at.is_not(None))
    for send in (await session.scalars(select(Send).where(*started))).all():
        if (said := await sends.current(session, send)) is not None:
            letters[send.id] = [await sends.shelf(session, said)]
    return letters


async def _services(
    session: AsyncSession, numbers: Collection[int]
) -> Mapping[int, Sequence[Shelf]]:
    is_open = select(Service.id).where(among(Service.id, numbers), Service.is_open)
    ids = list(await session.scalars(is_open))
    steps = await session.execute(
        select(ServiceStep.id, ServiceStep.service_id).where(among(ServiceStep.service_id, ids))
    )
    service_of: dict[int, int] = dict(steps.all())
    found = {
        number: [shelf]
        for number, shelf in (await translations.shelves(session, "service", ids)).items()
    }
    for step, shelf in (await translations.shelves(session, "step", [*service_of])).items():
        found.get(service_of[step], []).append(shelf)
    return found


def _is_there(shelves: Sequence[Shelf], language: str) -> bool:
    own = Reads(language).own
    return all(any(each in shelf.complete for each in own) for shelf in shelves)


async def settle(session: AsyncSession, now: datetime) -> int:
    """Tell each who asked for what is there by now, and forget what is over; return how many.

    Whoever is about to get the thing itself is not told besides: once they have it, that is it.
    """
    asked: dict[str, dict[int, list[TranslationRequest]]] = {}
    every = select(TranslationRequest).order_by(TranslationRequest.id)
    for request in await session.scalars(every):
        asked.setdefault(request.subject, {}).setdefault(request.subject_id, []).append(request)
    settled: list[int] = []
    plans: list[Plan] = []
    for subject, requests in asked.items():
        still_open = await _open(session, subject, requests.keys(), now)
        for number, waiting in requests.items():
            shelves = still_open.get(number)
            if shelves is None:
                settled += [one.id for one in waiting]
                continue
            ready = [one for one in waiting if _is_there(shelves, one.language)]
            copies = await _copies(session, subject, number, ready)
            ready = [one for one in ready if copies.get(one.person_id) not in deliveries.OPEN]
            settled += [one.id for one in ready]
            to_tell = [one for one in ready if one.person_id not in copies]
            if to_tell:
                plans += await _plans(session, subject, number, to_tell, now)
    if settled:
        gone = delete(TranslationRequest).where(among(TranslationRequest.id, settled))
        await rows_changed(session, gone)
    return await deliveries.plan(session, now, *plans)


OF_ALL = {"event": [Kind.EVENT_INVITATION], "newsletter": [Kind.NEWSLETTER, Kind.OFFER]}
"""By subject, the kinds of sends that bring the thing itself."""


async def _copies(
    session: AsyncSession, subject: str, number: int, ready: Sequence[TranslationRequest]
) -> Mapping[int, str]:
    """Return how far the thing itself is on its way to these people, or has come since they asked.

    What was dropped on its way counts for nothing, nor does what may have come in another
    language: only what waits for the reader's own words has certainly come in them.
    """
    if not ready or subject not in OF_ALL:
        return {}
    asked_at = {one.person_id: one.asked_at for one in ready}
    rows = await session.execute(
        select(Delivery.person_id, Delivery.state, Delivery.settled_at)
        .join(Send, Send.id == Delivery.send_id)
        .where(
            Delivery.kind.in_(OF_ALL[subject]),
            Delivery.subject_id == number,
            or_(
                Delivery.state.in_(deliveries.OPEN),
                and_(Delivery.state == deliveries.State.SENT, Send.fallback == Fallback.WAIT),
            ),
            among(Delivery.person_id, asked_at),
        )
        .order_by(Delivery.id)
    )
    return {
        person_id: state
        for person_id, state, settled_at in rows
        if person_id is not None
        and (settled_at is None or state in deliveries.OPEN or settled_at > asked_at[person_id])
    }


async def _plans(
    session: AsyncSession,
    subject: str,
    number: int,
    to_tell: Sequence[TranslationRequest],
    now: datetime,
) -> list[Plan]:
    row: Event | Send | Service | Post = await session.get_one(TABLES[subject], number)
    expires_at = now + POLICY[TOLD].lives
    if isinstance(row, Event):
        expires_at = min(expires_at, row.starts_at)
    return [
        Plan(
            TOLD,
            one.person_id,
            f"{TOLD}:{one.id}",
            now,
            {"subject": subject, "ref": row.ref},
            expires_at,
            subject_id=number,
        )
        for one in to_tell
    ]
