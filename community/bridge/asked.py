"""What waits for the organisers of an event, for authors, and for animators."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import authors, hosting, roles
from community.base import find
from community.bridge.reporting import may_settle
from community.bridge.seeing import is_of_team, rest_of_event
from community.events import Event
from community.exchanges import Exchange, Kind, State
from community.people import Person
from community.roles import RoleName


async def asked_of_hosts(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> list[Exchange]:
    """Return what people have asked the organisers of an event and nobody has answered.

    Raises:
        NotAllowedError: the actor does not look after this event.
    """
    event = await find(session, Event, ref)
    await roles.require_host(session, actor, event, now)
    rows = await session.scalars(
        select(Exchange)
        .where(
            Exchange.event_id == event.id,
            Exchange.state == State.OPEN,
            Exchange.person_id != actor.id,
        )
        .order_by(Exchange.touched_at, Exchange.id)
    )
    return list(rows)


async def for_team(session: AsyncSession, actor: Person, now: datetime) -> list[Exchange]:
    """Return what waits for animators: questions about events and texts.

    Of texts, those whose author is gone; nobody has to answer their own question. What was
    reported waits in the queue of reports (``moderation.queue``).

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    asked = await session.scalars(
        select(Exchange)
        .where(
            Exchange.kind.in_([Kind.EVENT, Kind.TEXT]),
            Exchange.state == State.OPEN,
            Exchange.reported_at.is_(None),
        )
        .order_by(Exchange.due_at, Exchange.id)
    )
    return [one for one in asked.all() if await _is_for_team(session, actor, one, now)]


async def _is_for_team(
    session: AsyncSession, actor: Person, exchange: Exchange, now: datetime
) -> bool:
    if await is_over(session, exchange, now):
        return False
    if exchange.event_id is not None:
        return True
    source = await authors.about(session, exchange, now)
    has_author = source is not None and source.author is not None
    return exchange.person_id != actor.id and (not has_author or is_of_team(exchange))


async def is_for(
    session: AsyncSession, animator: Person, exchange: Exchange, now: datetime
) -> bool:
    """Say whether an animator may take care of such a question, or of what was forwarded."""
    if exchange.reported_at is not None:
        return exchange.due_at is not None and await may_settle(session, animator, exchange, now)
    if exchange.kind not in (Kind.EVENT, Kind.TEXT) or exchange.person_id == animator.id:
        return False
    return await _is_for_team(session, animator, exchange, now)


async def due(
    session: AsyncSession, animator: Person, before: datetime, now: datetime
) -> list[datetime]:
    """Return when is due what the team is asked about events and texts, or was forwarded."""
    rows = await session.execute(
        select(Exchange, Event)
        .outerjoin(Event, Event.id == Exchange.event_id)  # so that none is read one by one
        .where(Exchange.kind != Kind.TEAM, Exchange.due_at < before)
    )
    return [
        exchange.due_at
        for exchange, _event in rows.all()
        if exchange.due_at
        and (exchange.reported_at or await _is_for_team(session, animator, exchange, now))
    ]


async def is_over(session: AsyncSession, exchange: Exchange, now: datetime) -> bool:
    """Say whether nothing can be answered any more of what is asked about an event or a text."""
    if exchange.event_id is not None:
        return rest_of_event(await session.get_one(Event, exchange.event_id), now) is not None
    return await authors.is_over(
        session, exchange, await authors.about(session, exchange, now), now
    )


async def answering(
    session: AsyncSession, exchange: Exchange, now: datetime
) -> tuple[list[Person], list[Person]]:
    """Return who hosts the event that is asked about, and the author of the text."""
    if exchange.event_id is not None:
        event = await session.get_one(Event, exchange.event_id)
        return list(await hosting.hosts_of(session, event, now)), []
    source = await authors.about(session, exchange, now)
    return [], [source.author] if source is not None and source.author is not None else []
