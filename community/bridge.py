"""The bridge: a member writes with an organisation about a request, or with an event's organisers.

A third kind is between who translates a text and its author. Animators read what concerns an
event, or a text whose author is gone or has let them wait for long, because they are asked; of
anything else they read nothing unless one side reports it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    absences,
    agreements,
    attendance,
    authors,
    blocks,
    deliveries,
    events,
    exchanges,
    hosting,
    measures,
    posts,
    referrals,
    roles,
)
from community.authors import Source
from community.base import find, new_ref
from community.deliveries import Plan
from community.errors import NotAllowedError, NotFoundError, TooLateError
from community.events import Event
from community.exchanges import (
    EXCHANGE,
    Attachment,
    Exchange,
    ExchangeMessage,
    Kind,
    State,
)
from community.lifecycle import Who
from community.people import Person
from community.posts import Post
from community.referrals import Referral
from community.roles import RoleName
from community.untranslated import DIRECTORY
from community.workdays import NOWHERE
from community.writing import insert_new

OPEN_AFTER_EVENT = timedelta(days=3)
"""So long after its end an event's organisers can still be asked."""
WRITABLE = (
    referrals.State.NEEDS_INFORMATION,
    referrals.State.ACCEPTED,
    referrals.State.IN_SERVICE,
)
"""While a request stands here, both sides write."""


class Side(StrEnum):
    """On which side of an exchange somebody stands; the team only reads what was reported."""

    MEMBER = "member"
    OTHER = "other"
    TEAM = "team"


class Rest(StrEnum):
    """Why nothing can be written now."""

    NOT_YET = "not_yet"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    NO_AGREEMENT = "no_agreement"
    SEALED = "sealed"
    """The agreement under which it was written has ended, whatever has been signed since."""
    CLOSED = "closed"
    """By the other side; whoever has closed it may write, and then it is open again."""


@dataclass(frozen=True)
class View:
    """An exchange, as one person may see it now."""

    exchange: Exchange
    side: Side
    rest: Rest | None
    referral: Referral | None = None
    event: Event | None = None
    source: Source | None = None
    """The text it is about, if it still is there."""
    post: Post | None = None

    @property
    def is_about_text(self) -> bool:
        """Say whether this is between who translates a text and its author."""
        return self.exchange.kind == Kind.TEXT

    @property
    def author(self) -> Person | None:
        """Return the author of the text who can be asked; without one, animators answer."""
        return self.source.author if self.source else None

    @property
    def may_read(self) -> bool:
        """Say whether what was written is for this person."""
        is_shut = self.rest is Rest.NO_AGREEMENT or self.exchange.withdrawn_at is not None
        return not (is_shut and self.side is Side.OTHER)

    @property
    def may_write(self) -> bool:
        """Say whether this person can write now."""
        return self.rest is None and self.side is not Side.TEAM


async def begin(
    session: AsyncSession, actor: Person, kind: Kind, ref: str, now: datetime
) -> Exchange:
    """Return the exchange about a request or an event; an empty one, if there is none yet.

    Raises:
        NotFoundError: there is no such request or event, or it is not the actor's business.
        TooLateError: there is none, and nothing can be written any more, or not yet.
    """
    if kind == Kind.REFERRAL:
        referral = await find(session, Referral, ref, lock=True)
        if referral.person_id != actor.id:
            await referrals.for_provider(session, actor, ref, now)
        if referral.person_id is None:
            raise NotFoundError("Referral")
        rest = await _rest_of_referral(session, referral, now)
        about = {"person_id": referral.person_id, "referral_id": referral.id, "event_id": None}
    elif kind == Kind.EVENT:
        event = await attendance.visible(session, actor, ref, now)
        rest = _rest_of_event(event, now)
        about = {"person_id": actor.id, "referral_id": None, "event_id": event.id}
    elif kind == Kind.POST:
        post = await posts.begin(session, actor, ref, now)
        rest = await _rest_of_post(session, post, actor.id, now)
        about = {"person_id": actor.id, "post_id": post.id}
    else:
        raise NotFoundError("Exchange")
    found = await _about(session, about)
    if found is not None:
        return found
    if rest is not None:
        raise TooLateError
    row = {"ref": new_ref(), "kind": kind, "begun_at": now, "touched_at": now}
    nobody_waits = {"state": State.ANSWERED}
    await insert_new(session, Exchange, [about | row | nobody_waits])
    found = await _about(session, about)
    assert found is not None
    return found


async def _about(session: AsyncSession, about: dict[str, int | None]) -> Exchange | None:
    by = (
        {"referral_id"} if about.get("referral_id") is not None else about.keys() - {"referral_id"}
    )
    same = [getattr(Exchange, name) == about[name] for name in sorted(by)]
    found: Exchange | None = await session.scalar(select(Exchange).where(*same))
    return found


async def _rest_of_referral(
    session: AsyncSession, referral: Referral, now: datetime
) -> Rest | None:
    if referral.state == referrals.State.CANCELLED:
        return Rest.WITHDRAWN
    if not await agreements.is_active(session, referral.organization_id, now):
        return Rest.NO_AGREEMENT
    if referral.by_team:
        return Rest.ENDED  # nobody of the organisation is here
    if referral.state in (referrals.State.DRAFT, referrals.State.PENDING):
        return Rest.NOT_YET
    return None if referral.state in WRITABLE else Rest.ENDED


async def _rest_of_post(
    session: AsyncSession, post: Post, answerer_id: int, now: datetime
) -> Rest | None:
    if post.person_id in await blocks.apart_from(session, answerer_id):
        return Rest.CLOSED
    return None if posts.is_open(post, now) else Rest.ENDED


def _rest_of_event(event: Event, now: datetime) -> Rest | None:
    return Rest.ENDED if now >= event.ends_at + OPEN_AFTER_EVENT else None


def takes_questions(event: Event, now: datetime) -> bool:
    """Say whether the organisers of an event can be asked now."""
    return event.state in events.VISIBLE and _rest_of_event(event, now) is None


async def look(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> View:
    """Return an exchange as the actor may see it.

    Raises:
        NotFoundError: there is none, or it is not the actor's business; which is not told.
    """
    exchange = await find(session, Exchange, ref, lock=lock)
    referral = event = source = post = None
    if exchange.referral_id is not None:
        referral = await session.get_one(Referral, exchange.referral_id)
        rest = await _rest_of_referral(session, referral, now)
        if exchange.withdrawn_at is not None and rest in (None, Rest.NOT_YET):
            rest = Rest.SEALED
    elif exchange.event_id is not None:
        event = await session.get_one(Event, exchange.event_id)
        rest = _rest_of_event(event, now)
    elif exchange.kind == Kind.TEXT:
        source = await authors.about(session, exchange, now)
        is_over = await authors.is_over(session, exchange, source, now)
        rest = Rest.ENDED if is_over else None
    elif exchange.post_id is not None:
        post = await session.get_one(Post, exchange.post_id)
        rest = await _rest_of_post(session, post, exchange.person_id, now)
        if actor.id not in (post.person_id, exchange.person_id):
            raise NotFoundError("Exchange")  # of it the team sees only what was reported
        side = Side.MEMBER if actor.id == exchange.person_id else Side.OTHER
        return _closed(View(exchange, side, rest, post=post))
    else:
        raise NotFoundError("Exchange")
    side = await _side(session, actor, exchange, referral, source, event, now)
    return _closed(View(exchange, side, rest, referral, event, source))


def _closed(view: View) -> View:
    """Return the view of an exchange that one side may have closed."""
    exchange, rest = view.exchange, view.rest
    if rest is None and exchange.state == State.CLOSED:
        is_own = exchange.closed_by_member == (view.side is Side.MEMBER)
        rest = None if is_own else Rest.CLOSED
    return replace(view, rest=rest)


async def _side(
    session: AsyncSession,
    actor: Person,
    exchange: Exchange,
    referral: Referral | None,
    source: Source | None,
    event: Event | None,
    now: datetime,
) -> Side:
    if exchange.person_id == actor.id:
        return Side.MEMBER
    if referral is not None and await roles.holds(
        session,
        actor,
        RoleName.PROVIDER_STAFF,
        now,
        organization_id=referral.organization_id,
    ):
        return Side.OTHER
    author = source.author if source is not None else None
    if author is not None and author.id == actor.id:
        return Side.OTHER
    if await roles.holds(session, actor, RoleName.ANIMATOR, now):
        if referral is None and (author is None or _is_of_team(exchange)):
            return Side.OTHER
        if exchange.reported_at is not None:
            return Side.TEAM
    if event is not None and await roles.host(session, actor, event, now) is not None:
        return Side.OTHER
    if exchange.reported_at is not None and await roles.holds(
        session, actor, RoleName.MODERATOR, now
    ):
        return Side.TEAM
    raise NotFoundError("Exchange")


def _is_of_team(exchange: Exchange) -> bool:
    """Say whether animators help out with a text whose author has let a question wait."""
    return exchange.is_left or exchange.owner_id is not None


async def messages(session: AsyncSession, view: View) -> Sequence[ExchangeMessage]:
    """Return what was written, as far as this person may read it; oldest first."""
    return await exchanges.messages(session, view.exchange) if view.may_read else ()


async def attached(
    session: AsyncSession, actor: Person, ref: str, number: int, now: datetime
) -> tuple[View, ExchangeMessage]:
    """Return the message with an attachment, by its number, to whom may read the exchange.

    Raises:
        NotFoundError: there is none, or it is not the actor's business.
    """
    view = await look(session, actor, ref, now)
    return view, exchanges.attached(await messages(session, view), number)


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
    if view.post is not None:
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
    elif exchange.kind not in (Kind.REFERRAL, Kind.POST):
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
    is_author = view.author is not None and view.author.id == actor.id
    if is_author and view.exchange.subject in DIRECTORY:
        return Who.COORDINATOR
    if view.referral is not None:
        return Who.PROVIDER
    if view.post is not None:
        return Who.HOST  # of the post
    return by if view.event is not None and by is not None else Who.ANIMATOR


async def _tell(
    session: AsyncSession, view: View, actor: Person, message: ExchangeMessage, now: datetime
) -> None:
    """Owe the other side one notice, however many messages wait."""
    exchange = view.exchange
    key = f"exchange:{message.id}"
    if view.side is not Side.MEMBER:
        readers = [exchange.person_id]
    elif view.referral is not None:
        staff = await roles.staff_of(session, view.referral.organization_id, now)
        readers = [person.id for person in staff]
    elif view.post is not None:
        readers = [view.post.person_id]
    elif view.author is not None and not _is_of_team(exchange):
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


async def report(session: AsyncSession, actor: Person, ref: str, now: datetime) -> View:
    """Call the team in: animators may read it from now on; and it is closed.

    Raises:
        NotFoundError: it is not the actor's business.
    """
    view = await look(session, actor, ref, now, lock=True)
    if view.side is Side.TEAM or not view.may_read or view.post is not None:
        raise NotFoundError("Exchange")
    exchange = view.exchange
    if exchange.reported_at is not None:
        return view
    await close(session, actor, ref, now)
    exchange.reported_at = exchange.touched_at = now
    # Whoever had closed it before could open it again.
    exchange.reported_by_member = exchange.closed_by_member = view.side is Side.MEMBER
    await session.flush()
    await deliveries.plan_notices(
        session,
        now,
        "reported",
        sorted(await _settlers(session, now) - {actor.id}),
        f"exchange:{exchange.id}:reported:{now.isoformat()}",
        subject_id=exchange.id,
        ref=exchange.ref,
    )
    return await look(session, actor, ref, now)


async def forward(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, zone: str, country: str
) -> bool:
    """Let the animators settle what was reported: it has a clock now; False if they had it.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
        NotFoundError: it was not reported.
    """
    if actor.id not in await _settlers(session, now):
        raise NotAllowedError(RoleName.MODERATOR)
    exchange = await find(session, Exchange, ref, lock=True)
    if exchange.reported_at is None:
        raise NotFoundError("Exchange")
    if exchange.due_at is not None:
        return False
    exchange.wait(now, zone, country)
    exchange.owner_id = None
    await session.flush()
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    await deliveries.plan_notices(
        session,
        now,
        "forwarded",
        [one.id for one in animators if one.id != actor.id],
        f"exchange:{exchange.id}:forwarded:{now.isoformat()}",
        subject_id=exchange.id,
        ref=exchange.ref,
    )
    return True


async def settle(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Settle a report: from now on animators read nothing of a request's exchange any more.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator, or it is about them and
            another could do it.
        NotFoundError: it was not reported.
    """
    if actor.id not in await _settlers(session, now):
        raise NotAllowedError(RoleName.MODERATOR)
    exchange = await find(session, Exchange, ref, lock=True)
    if exchange.reported_at is None:
        raise NotFoundError("Exchange")
    if not await may_settle(session, actor, exchange, now):
        raise NotAllowedError(RoleName.ANIMATOR)
    was_forwarded = exchange.due_at is not None
    exchange.reported_at = exchange.reported_by_member = None
    exchange.wait_no_more()
    await session.flush()
    moderators = await roles.holders(session, RoleName.MODERATOR, now) if was_forwarded else ()
    await deliveries.plan_notices(
        session,
        now,
        "report_settled",
        [one.id for one in moderators if one.id not in {actor.id, exchange.person_id}],
        f"exchange:{exchange.id}:settled:{now.isoformat()}",
        subject_id=exchange.id,
    )


async def may_settle(
    session: AsyncSession, actor: Person, exchange: Exchange, now: datetime
) -> bool:
    """Say whether a report is the actor's to settle: nobody's own, unless there is nobody else."""
    settlers = await _settlers(session, now)
    if exchange.reported_at is None or actor.id not in settlers:
        return False
    concerned: set[int | None] = {exchange.person_id}
    concerned |= {one.written_by_id for one in await exchanges.messages(session, exchange)}
    if exchange.referral_id is not None:
        referral = await session.get_one(Referral, exchange.referral_id)
        staff = await roles.colleagues(session, referral.organization_id, now)
        concerned |= {one.id for _role, one in staff}
    if (source := await authors.about(session, exchange, now)) and source.author is not None:
        concerned.add(source.author.id)
    return actor.id not in concerned or settlers <= concerned


async def _settlers(session: AsyncSession, now: datetime) -> set[int]:
    """Return who reads and settles what was reported."""
    return {
        person.id
        for name in (RoleName.ANIMATOR, RoleName.MODERATOR)
        for person in await roles.holders(session, name, now)
    }


async def reported(session: AsyncSession, actor: Person, now: datetime) -> list[Exchange]:
    """Return what was reported, the oldest first.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
    """
    if actor.id not in await _settlers(session, now):
        raise NotAllowedError(RoleName.MODERATOR)
    rows = await session.scalars(
        select(Exchange)
        .where(Exchange.reported_at.is_not(None))
        .order_by(Exchange.reported_at, Exchange.id)
    )
    return list(rows)


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
    """Return what waits for animators: what was reported, then questions about events and texts.

    Of texts, those whose author is gone; nobody has to answer their own question.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    reported = await session.scalars(
        select(Exchange)
        .where(Exchange.reported_at.is_not(None))
        .order_by(Exchange.reported_at, Exchange.id)
    )
    asked = await session.scalars(
        select(Exchange)
        .where(
            Exchange.kind.in_([Kind.EVENT, Kind.TEXT]),
            Exchange.state == State.OPEN,
            Exchange.reported_at.is_(None),
        )
        .order_by(Exchange.due_at, Exchange.id)
    )
    return [
        *reported,
        *[one for one in asked.all() if await _is_for_team(session, actor, one, now)],
    ]


async def _is_for_team(
    session: AsyncSession, actor: Person, exchange: Exchange, now: datetime
) -> bool:
    if await is_over(session, exchange, now):
        return False
    if exchange.event_id is not None:
        return True
    source = await authors.about(session, exchange, now)
    has_author = source is not None and source.author is not None
    return exchange.person_id != actor.id and (not has_author or _is_of_team(exchange))


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
        return _rest_of_event(await session.get_one(Event, exchange.event_id), now) is not None
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


async def about_referral(session: AsyncSession, referral: Referral) -> Exchange | None:
    """Return what was written about a request, if anything was."""
    found: Exchange | None = await session.scalar(
        select(Exchange).where(Exchange.referral_id == referral.id)
    )
    return found


async def about_post(session: AsyncSession, post_id: int, person_id: int) -> Exchange | None:
    """Return what was written about somebody's answer to a post."""
    return await _about(session, {"post_id": post_id, "person_id": person_id})


async def of_report(session: AsyncSession, exchange_id: int | None) -> Exchange | None:
    """Return the exchange that was reported as a whole, if it is there and not settled."""
    found = await session.get(Exchange, exchange_id) if exchange_id is not None else None
    return found if found is not None and found.reported_at is not None else None


async def can_begin(session: AsyncSession, referral: Referral, now: datetime) -> bool:
    """Say whether both sides can write about a request now."""
    written = await about_referral(session, referral)
    is_sealed = written is not None and written.withdrawn_at is not None
    return not is_sealed and await _rest_of_referral(session, referral, now) is None
