"""What has gone out is put right, or taken back: every copy that can still be edited.

Each is a send of its own that points at the first, with its own approval and outcomes.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import digests, roles, sends, translations
from community.audiences import EVERYBODY
from community.base import find
from community.errors import IllegalMoveError, NotAllowedError, NotFoundError
from community.people import Person
from community.roles import RoleName
from community.sends import SEND, Kind, Send, State
from community.sends.pictures import copy_picture
from community.sends.writing import RUNS

OUT = (State.SENDING, State.HELD, State.SENT, State.CANCELLED)
"""Of a send in these states copies may be out."""


async def correct(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Begin a correction of what has gone out, with words and picture as they are; one at a time.

    Of an announcement the copies come to show the event as it is then.

    Raises:
        NotAllowedError: the actor is no animator, or it is an offer: the team changes none.
        IllegalMoveError: nothing of it has gone out, or it is a correction itself.
    """
    return await _begin(session, actor, ref, Kind.CORRECTION, now)


async def recall(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Begin to take back what has gone out; there is one recall of a send.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: nothing of it has gone out, or it is a recall itself.
    """
    return await _begin(session, actor, ref, Kind.RECALL, now)


async def _begin(
    session: AsyncSession, actor: Person, ref: str, kind: Kind, now: datetime
) -> Send:
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    first = await find(session, Send, ref, lock=True)
    if first.kind == Kind.OFFER and kind is Kind.CORRECTION:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    if first.of_id is not None or first.started_at is None or first.state not in OUT:
        raise IllegalMoveError(SEND.name, first.state, State.DRAFT)
    begun: Send | None = await session.scalar(
        select(Send).where(
            Send.of_id == first.id,
            Send.kind == kind,
            Send.state.not_in([State.SENT, State.CANCELLED]),
        )
    )
    if begun is not None:
        return begun
    send = Send(
        kind=kind,
        of_id=first.id,
        event_id=first.event_id,
        made_by_id=actor.id,
        made_at=now,
        fallback=first.fallback,
    )
    session.add(send)
    await session.flush()
    if kind is Kind.CORRECTION:
        present = await sends.current(session, first) or first
        await copy_picture(session, present, send)
        if first.event_id is None:
            await translations.copy(session, "newsletter", present.id, send.id)
    return send


async def latest_newsletter(session: AsyncSession) -> Send | None:
    """Return the newest newsletter for everybody that has begun to go out and stands.

    What was for some is for those alone.
    """
    newest = await session.scalars(
        select(Send)
        .where(Send.kind == Kind.NEWSLETTER, Send.state.in_(RUNS))
        .order_by(Send.started_at.desc())
        .limit(50)
    )
    for send in newest.all():
        if send.is_for == EVERYBODY and (found := await sends.current(session, send)) is not None:
            return found
    return None


async def may_open(session: AsyncSession, person: Person, send: Send, now: datetime) -> bool:
    """Say whether a newsletter is for this person.

    It is if they have a copy of their own, if their digest names it, if /news shows it to all, or
    if it is for everybody and they were there when it went out.
    """
    latest = await latest_newsletter(session)
    first = await sends.first_of(session, send)
    return (
        (latest is not None and latest.id == send.id)
        or (
            first.kind == Kind.NEWSLETTER
            and first.is_for == EVERYBODY
            and first.state in RUNS
            and first.started_at is not None
            and person.joined_at is not None
            and person.joined_at < first.started_at
        )
        or await sends.was_for(session, first, person)
        or await digests.brought(session, person, first.id)
        or await roles.holds(session, person, RoleName.ANIMATOR, now)
    )


async def opened(session: AsyncSession, person: Person, ref: str, now: datetime) -> Send:
    """Return the first send of a newsletter that stands and is this person's to read.

    Raises:
        NotFoundError: it is not, or it has been taken back.
    """
    send = await find(session, Send, ref)
    first = await sends.first_of(session, send)
    if (
        first.kind != Kind.NEWSLETTER
        or first.started_at is None
        or not await may_open(session, person, send, now)
        or await sends.current(session, first) is None
    ):
        raise NotFoundError("Send")
    return first
