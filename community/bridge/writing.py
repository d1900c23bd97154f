"""Writing to the other side, and closing what was written."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import absences, deliveries, exchanges, hosting, measures, roles
from community.bridge.seeing import Side, View, is_of_team, look
from community.deliveries import Plan
from community.errors import NotFoundError, TooLateError
from community.exchanges import EXCHANGE, Attachment, ExchangeMessage, Kind, State
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from community.untranslated import COORDINATORS
from community.workdays import NOWHERE


async def write(
    session: AsyncSession,
    actor: Person,
    ref: str,
    text: str,
    now: datetime,
    *,
    language: str,
    attachment: Attachment | None = None,
    zone: str = "UTC",
    country: str = NOWHERE,
) -> View:
    """Write to the other side, which hears that there is something new, and nothing personal.

    What the organisers of an event or the author of a text are asked has a clock, by the working
    days of ``zone`` and ``country``. The animator who answers takes care of it from now on.

    Raises:
        NotFoundError: it is not the actor's business.
        NotUnderstoodError: the text is too long, or empty with nothing beside it.
        SuspendedError: the actor is suspended from writing to other members.
        TooLateError: nothing can be written here now.
        TooOftenError: the actor has written as much as the pace allows.
    """
    view = await look(session, actor, ref, now, lock=True)
    if not view.may_write:
        raise TooLateError
    exchange, by_member = view.exchange, view.side is Side.MEMBER
    if view.post is not None or view.match is not None:
        await measures.require_free(session, actor, now)
    message = await exchanges.add(
        session,
        exchange,
        actor,
        text,
        now,
        by_member=by_member,
        language=language,
        attachment=attachment,
    )
    to = State.OPEN if by_member else State.ANSWERED
    by = await _who(session, actor, view, now)
    if not by_member and exchange.reported_at is None:
        exchange.wait_no_more()
    elif exchange.kind not in (Kind.REFERRAL, Kind.MATCH, Kind.POST):
        exchange.wait(now, zone, country)
    is_author = view.author is not None and view.author.id == actor.id
    if by is Who.ANIMATOR and not is_author:
        exchange.owner_id = actor.id
    await EXCHANGE.move(session, exchange, to, by, now, actor_id=actor.id, closed_by_member=None)
    await _tell(session, view, actor, message, now)
    return view


async def _who(session: AsyncSession, actor: Person, view: View, now: datetime) -> Who:
    by = await roles.host(session, actor, view.event, now) if view.event is not None else None
    if view.side is Side.MEMBER:
        return Who.SELF
    if view.match is not None:
        return Who.PARTNER
    if view.post is not None:
        return Who.HOST  # of the post
    is_author = view.author is not None and view.author.id == actor.id
    if is_author and view.exchange.subject in COORDINATORS:
        return Who.COORDINATOR
    if view.referral is not None:
        return Who.PROVIDER
    return by if view.event is not None and by is not None else Who.ANIMATOR


async def _tell(
    session: AsyncSession, view: View, actor: Person, message: ExchangeMessage, now: datetime
) -> None:
    """Owe the other side one notice, however many messages wait."""
    exchange = view.exchange
    key = f"exchange:{message.id}"
    if view.side is not Side.MEMBER:
        readers = [exchange.person_id]
    elif view.match is not None:
        readers = [view.other.id] if view.other is not None else []
    elif view.post is not None:
        readers = [view.post.person_id]
    elif view.referral is not None:
        staff = await roles.staff_of(session, view.referral.organization_id, now)
        readers = [person.id for person in staff]
    elif view.author is not None and not is_of_team(exchange):
        readers = [view.author.id]
    else:
        readers = [one.id for one in await roles.holders(session, RoleName.ANIMATOR, now)]
        if exchange.owner_id in readers and exchange.owner_id not in await absences.away(
            session, now
        ):
            readers = [exchange.owner_id]
        if view.event is not None:
            readers += [one.id for one in await hosting.hosts_of(session, view.event, now)]
        others = [one for one in dict.fromkeys(readers) if one != actor.id]
        what = "text_question" if view.is_about_text else "event_question"
        await deliveries.plan_notices(
            session, now, what, others, key, subject_id=exchange.id, ref=exchange.ref
        )
        return
    for reader in readers:
        plan = Plan(
            "bridge_message",
            reader,
            f"{key}:{reader}",
            now,
            {"ref": exchange.ref},
            subject_id=exchange.id,
        )
        await deliveries.replan(session, "bridge_message", exchange.id, reader, now, plan)


async def close(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """End an exchange: the other side writes nothing more, unless the actor writes again.

    Raises:
        NotFoundError: it is not the actor's business.
    """
    view = await look(session, actor, ref, now, lock=True)
    if view.side is Side.TEAM:
        raise NotFoundError("Exchange")
    view.exchange.wait_no_more()
    return await EXCHANGE.move(
        session,
        view.exchange,
        State.CLOSED,
        await _who(session, actor, view, now),
        now,
        actor_id=actor.id,
        closed_by_member=view.side is Side.MEMBER,
        touched_at=now,
    )
