"""On which side of an exchange somebody stands, and why nothing can be written now, if so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    agreements,
    attendance,
    authors,
    blocks,
    consents,
    events,
    exchanges,
    matches,
    posts,
    referrals,
    roles,
)
from community.authors import Source
from community.base import find, new_ref
from community.consents import Purpose
from community.errors import NotFoundError, TooLateError
from community.events import Event
from community.exchanges import Exchange, ExchangeMessage, Kind, State
from community.matches import Match, MatchSide
from community.people import Person
from community.posts import Post
from community.referrals import Referral
from community.roles import RoleName
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
    match: Match | None = None
    sides: Mapping[Side, Person] = field(default_factory=dict)
    """Of a match, who of the two is still here."""
    post: Post | None = None

    @property
    def other(self) -> Person | None:
        """Return to whom this side of a match writes; None if they are gone."""
        across = {Side.MEMBER: Side.OTHER, Side.OTHER: Side.MEMBER}.get(self.side)
        return self.sides.get(across) if across else None

    @property
    def is_private(self) -> bool:
        """Say whether this person reads it as one of the members, on a screen of their own."""
        is_between_members = self.match is not None or self.post is not None
        return self.side is Side.MEMBER or (is_between_members and self.side is Side.OTHER)

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
        rest = rest_of_event(event, now)
        about = {"person_id": actor.id, "referral_id": None, "event_id": event.id}
    elif kind == Kind.POST:
        post = await posts.begin(session, actor, ref, now)
        rest = await _rest_of_post(session, post, actor.id, now)
        about = {"person_id": actor.id, "post_id": post.id}
    elif kind == Kind.MATCH:
        return await _begin_of_match(session, actor, ref, now)
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


async def _begin_of_match(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, even_if_over: bool = False
) -> Exchange:
    view = await matches.look(session, actor, ref, now, lock=True)
    if not view.is_known or view.match.contact_id is not None:
        raise NotFoundError("Match")
    of_match = select(Exchange).where(Exchange.match_id == view.match.id)
    found: Exchange | None = await session.scalar(of_match)
    if found is not None:
        return found
    is_over = await _rest_of_match(session, view.match, (await _pair(session, view.match)))
    receiver_id = actor.id if view.mine.side == matches.Side.RECEIVER else view.other_id
    if receiver_id is None or view.other_id is None or (is_over and not even_if_over):
        raise TooLateError
    row = {"ref": new_ref(), "kind": Kind.MATCH, "begun_at": now, "touched_at": now}
    about = {"person_id": receiver_id, "match_id": view.match.id, "state": State.ANSWERED}
    await insert_new(session, Exchange, [row | about])
    return (await session.scalars(of_match)).one()


async def begin_report(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Exchange:
    """Return the exchange of a match by which one reports the other, though nothing was written.

    Raises:
        NotFoundError: it is not the actor's match, or they have not been introduced.
        TooLateError: whoever could be reported is not here any more.
    """
    return await _begin_of_match(session, actor, ref, now, even_if_over=True)


async def _pair(session: AsyncSession, match: Match) -> Mapping[Side, Person]:
    rows = await session.execute(
        select(MatchSide.side, Person)
        .join(Person, Person.id == MatchSide.person_id)
        .where(MatchSide.match_id == match.id)
    )
    stands = {matches.Side.RECEIVER: Side.MEMBER, matches.Side.GIVER: Side.OTHER}
    return {stands[matches.Side(side)]: person for side, person in rows}


async def _rest_of_match(
    session: AsyncSession, match: Match, sides: Mapping[Side, Person]
) -> Rest | None:
    """Both are here and agree to be matched, nobody has ended it, and nothing keeps them apart."""
    here = await _here(session, sides)
    if len(here) < len(matches.Side) or match.ended_at is not None:
        return Rest.ENDED
    one, other = here
    return Rest.ENDED if other in await blocks.apart_from(session, one) else None


async def _here(session: AsyncSession, sides: Mapping[Side, Person]) -> Collection[int]:
    """Return who of the two is a member and agrees to be matched: of others no name is told."""
    members = [person.id for person in sides.values() if person.is_member]
    return (await consents.given_by(session, members, [Purpose.MATCHING])).keys()


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


def rest_of_event(event: Event, now: datetime) -> Rest | None:
    """Return why the organisers of an event cannot be asked now."""
    return Rest.ENDED if now >= event.ends_at + OPEN_AFTER_EVENT else None


def takes_questions(event: Event, now: datetime) -> bool:
    """Say whether the organisers of an event can be asked now."""
    return event.state in events.VISIBLE and rest_of_event(event, now) is None


async def look(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> View:
    """Return an exchange as the actor may see it.

    Raises:
        NotFoundError: there is none, or it is not the actor's business; which is not told.
    """
    exchange = await find(session, Exchange, ref, lock=lock)
    referral = event = source = match = None
    sides: Mapping[Side, Person] = {}
    if exchange.referral_id is not None:
        referral = await session.get_one(Referral, exchange.referral_id)
        rest = await _rest_of_referral(session, referral, now)
        if exchange.withdrawn_at is not None and rest in (None, Rest.NOT_YET):
            rest = Rest.SEALED
    elif exchange.event_id is not None:
        event = await session.get_one(Event, exchange.event_id)
        rest = rest_of_event(event, now)
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
    elif exchange.match_id is not None:
        match = await session.get_one(Match, exchange.match_id)
        sides = await _pair(session, match)
        rest = await _rest_of_match(session, match, sides)
    else:
        raise NotFoundError("Exchange")
    side = await _side(session, actor, exchange, referral, source, event, sides, now)
    here = {actor.id, *await _here(session, sides)} if sides else ()
    sides = {which: person for which, person in sides.items() if person.id in here}
    return _closed(View(exchange, side, rest, referral, event, source, match, sides))


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
    sides: Mapping[Side, Person],
    now: datetime,
) -> Side:
    if exchange.person_id == actor.id:
        return Side.MEMBER
    if Side.OTHER in sides and sides[Side.OTHER].id == actor.id:
        return Side.OTHER
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
        is_asked = referral is None and exchange.match_id is None
        if is_asked and (author is None or is_of_team(exchange)):
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


def is_of_team(exchange: Exchange) -> bool:
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
