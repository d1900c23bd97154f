"""Yes and no to a proposal. Only both together show anybody who the other is.

What one has said changes nothing in what the other sees: a proposal looks the same whether it has
been accepted, declined or not answered, until both have said yes or its time is over; and who said
yes is told in the same words then, whatever the other did. Of a step of a match the history keeps
no actor: whether it is one's own or missing there would tell what the other has said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from community import blocks, consents, deliveries, history, measures, roles
from community.base import BigId, find
from community.blocks import PersonBlock
from community.consents import Consent, Purpose
from community.contacts import Contact
from community.deliveries import Delivery, Plan
from community.deliveries import State as Sent
from community.errors import ConsentMissingError, FullError, NotFoundError, TooLateError
from community.lifecycle import Who
from community.matches.table import (
    ANSWERED_WITHIN,
    ASKED_AFTER,
    ASKED_UNTIL,
    GUIDES,
    MATCH,
    MENTORING,
    MISSES,
    OPEN,
    RESTS,
    Match,
    MatchSide,
    Pairing,
    Partner,
    Reason,
    Side,
    State,
)
from community.people import Person
from community.roles import RoleName


@dataclass(frozen=True)
class View:
    """A match as one of the two may see it now."""

    match: Match
    mine: MatchSide
    other_id: int | None
    """The number of the other, by which they are blocked or reported though they are gone."""
    other: Person | None
    """None if they are gone, or no member (``Match.contact_id``)."""
    is_known: bool
    """Both have said yes: names and accounts are shown."""
    is_over: bool
    """The reader has said no, or the time to answer is over."""
    is_gone: bool
    """The other is not here any more: they have left, agree to it no more, or are forgotten.
    Which of these it is shows nowhere."""
    is_barred: bool
    """The reader wants nothing to do with the other; of the other's wish nothing stands here."""

    @property
    def is_open(self) -> bool:
        """Say whether it can be answered, as far as this side may know."""
        return not (self.is_known or self.is_over or self.is_gone)

    @property
    def partner(self) -> Partner | None:
        """Return what the other is to the reader; None if the reader is the guide."""
        is_receiver = self.mine.side == Side.RECEIVER or self.match.partner == Partner.PEER
        return Partner(self.match.partner) if is_receiver else None


Mine, Theirs = aliased(MatchSide), aliased(MatchSide)
Seen = Row[Match, MatchSide, Person, int, bool, bool]
"""A match, one's own side, who is on the other, and what is so between the two."""


@cache
def _seen() -> Select[Match, MatchSide, Person, int, bool, bool]:
    """Return the query of all that a view is made of: it is opened with every press."""
    actor = bindparam("actor", type_=BigId)
    is_agreed = and_(
        Consent.person_id == Theirs.person_id,
        Consent.purpose == Purpose.MATCHING,
        Consent.current,
        Consent.granted,
    )
    is_barred = and_(PersonBlock.person_id == actor, PersonBlock.blocked_id == Theirs.person_id)
    return (
        select(
            Match,
            Mine,
            Person,
            Theirs.person_id.label("other_id"),
            or_(Consent.id.is_not(None), Contact.consented_at.is_not(None)).label("agrees"),
            PersonBlock.id.is_not(None).label("is_barred"),
        )
        .join(Mine, and_(Mine.match_id == Match.id, Mine.person_id == actor))
        .outerjoin(Theirs, and_(Theirs.match_id == Match.id, Theirs.person_id != actor))
        .outerjoin(Person, Person.id == Theirs.person_id)
        .outerjoin(Consent, is_agreed)
        .outerjoin(Contact, Contact.id == Match.contact_id)
        .outerjoin(PersonBlock, is_barred)
        .execution_options(populate_existing=True)
    )


@cache
def _named() -> Select[Match, MatchSide, Person, int, bool, bool]:
    return _seen().where(Match.ref == bindparam("named"))


@cache
def _numbered() -> Select[Match, MatchSide, Person, int, bool, bool]:
    return _seen().where(Match.id == bindparam("match"))


def _view(row: Seen, now: datetime) -> View:
    match, mine, other_id, agrees, is_barred = row[0], row[1], row[3], row[4], row[5]
    person: Person | None = row[2]
    is_here = agrees and (person is None or person.is_member)
    is_over = mine.declined_at is not None or match.settled_at is not None
    return View(
        match=match,
        mine=mine,
        other_id=other_id,
        other=person if is_here else None,
        is_known=match.introduced_at is not None,
        is_over=is_over or match.lapses_at <= now,
        is_gone=not is_here,
        is_barred=is_barred,
    )


async def look(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> View:
    """Return a match as the actor may see it.

    Raises:
        NotFoundError: there is none, or it is not theirs.
    """
    if lock:
        await find(session, Match, ref, lock=True)
    found = await session.execute(_named(), {"actor": actor.id, "named": ref[:16]})
    return _the_only(found.one_or_none(), now)


async def view_of(session: AsyncSession, actor: Person, match: Match, now: datetime) -> View:
    """Return a match as one of its sides may see it.

    Raises:
        NotFoundError: the actor is none of the two.
    """
    await session.flush()
    found = await session.execute(_numbered(), {"actor": actor.id, "match": match.id})
    return _the_only(found.one_or_none(), now)


def _the_only(row: Seen | None, now: datetime) -> View:
    if row is None:
        raise NotFoundError("Match")
    return _view(row, now)


async def mine(session: AsyncSession, actor: Person, now: datetime) -> list[View]:
    """Return the actor's matches that can be answered or have come about, the newest first.

    Not those with whom they want nothing to do any more. The other's list stays as it is.
    """
    found = await session.execute(
        _seen()
        .where(
            Mine.declined_at.is_(None),
            PersonBlock.id.is_(None),
            or_(
                Match.introduced_at.is_not(None),
                and_(Match.lapses_at > now, Match.settled_at.is_(None)),
            ),
        )
        .order_by(Match.proposed_at.desc(), Match.id.desc())
        .limit(20),
        {"actor": actor.id},
    )
    views = [_view(row, now) for row in found]
    return [view for view in views if view.is_known or view.is_open]


async def accept(session: AsyncSession, actor: Person, ref: str, now: datetime) -> View:
    """Say yes. Once both have, each reads who the other is; before, nobody reads anything.

    To somebody who is gone it says nothing.

    Raises:
        NotFoundError: it is not theirs.
        TooLateError: its time is over, or they have said no.
        ConsentMissingError: they do not agree to be matched any more.
        SuspendedError: they are suspended from what concerns other members.
        FullError: the actor is the guide, and all their places are taken.
    """
    view = await look(session, actor, ref, now, lock=True)
    match, side = view.match, view.mine
    if side.accepted_at is not None or (view.is_gone and not view.is_over):
        return view
    if not view.is_open:
        raise TooLateError
    if Purpose.MATCHING not in await consents.given(session, actor):
        raise ConsentMissingError(Purpose.MATCHING)
    await measures.require_free(session, actor, now)
    # Their own places are theirs to know, and told whatever the other has said.
    is_guide = match.partner in GUIDES and side.side == Side.GIVER
    if is_guide and not await _has_place(session, actor, match):
        raise FullError
    side.accepted_at = now
    await session.flush()
    await _took_part(session, actor)
    if match.state == State.PROPOSED:
        await MATCH.move(session, match, State.ACCEPTED, Who.SELF, now)
        if match.contact_id is not None:
            await _ask_team(session, match, now)
    elif match.state == State.ACCEPTED and await _both(session, match):
        await _introduce(session, view, actor, now)
    return await view_of(session, actor, match, now)


async def _both(session: AsyncSession, match: Match) -> bool:
    yes = await session.scalar(
        select(func.count())
        .select_from(MatchSide)
        .where(MatchSide.match_id == match.id, MatchSide.accepted_at.is_not(None))
    )
    return yes == len(Side)


async def _introduce(session: AsyncSession, view: View, actor: Person, now: datetime) -> None:
    """Let both know each other, if nothing has come between them since."""
    match, other = view.match, view.other
    assert other is not None
    is_apart = other.id in await blocks.apart_from(session, actor.id)
    is_suspended = await measures.suspended_until(session, other.id, now) is not None
    if is_apart or is_suspended:
        return  # it ends as if the other had not answered
    if match.partner in GUIDES:
        guide = actor if view.mine.side == Side.GIVER else other
        if not await _has_place(session, guide, match):
            await MATCH.move(session, match, State.LAPSED, Who.SELF, now, settled_at=now)
            await _closed(session, match, [actor.id, other.id], now)
            return
    await MATCH.move(
        session,
        match,
        State.INTRODUCED,
        Who.SELF,
        now,
        introduced_at=now,
        settled_at=now,
        asks_at=now + ASKED_AFTER,
        closes_at=now + ASKED_UNTIL,
        ends_at=now + MENTORING if match.partner in GUIDES else None,
    )
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "match_introduced",
                person.id,
                f"match:{match.id}:introduced:{person.id}",
                now,
                {"ref": match.ref},
                subject_id=match.id,
            )
            for person in (actor, other)
        ),
    )


async def _has_place(session: AsyncSession, guide: Person, match: Match) -> bool:
    pairing = await session.get(Pairing, guide.id, with_for_update=True, populate_existing=True)
    return pairing is not None and await taken(session, guide, match) < pairing.places


async def _ask_team(session: AsyncSession, match: Match, now: datetime) -> None:
    """Let the animator who has proposed it introduce the two; there is time for that, too."""
    match.lapses_at = now + ANSWERED_WITHIN
    animators = [one.id for one in await roles.holders(session, RoleName.ANIMATOR, now)]
    readers = [match.by_id] if match.by_id in animators else animators
    await deliveries.plan_notices(
        session,
        now,
        "to_introduce",
        [one for one in readers if one is not None],
        f"match:{match.id}:to_introduce",
        subject_id=match.id,
        ref=match.ref,
    )


async def taken(session: AsyncSession, guide: Person, but: Match | None = None) -> int:
    """Return how many places of a mentor or role model are taken now."""
    return int(
        await session.scalar(
            select(func.count())
            .select_from(Match)
            .join(MatchSide, MatchSide.match_id == Match.id)
            .where(
                MatchSide.person_id == guide.id,
                MatchSide.side == Side.GIVER,
                Match.partner.in_(GUIDES),
                Match.state.in_([State.INTRODUCED, State.MET]),
                Match.ended_at.is_(None),
                Match.id != (but.id if but is not None else 0),
            )
        )
        or 0
    )


async def decline(
    session: AsyncSession, actor: Person, ref: str, reason: Reason, now: datetime
) -> View:
    """Say no, and why; the other learns nothing of it, and later rounds take it to heart.

    Raises:
        NotFoundError: it is not theirs.
        TooLateError: its time is over, or both have said yes.
    """
    view = await look(session, actor, ref, now, lock=True)
    match, side = view.match, view.mine
    if side.declined_at is not None:
        return view
    if view.is_known or view.is_over:
        raise TooLateError
    side.declined_at, side.reason, side.accepted_at = now, reason, None
    await session.flush()
    await _took_part(session, actor)
    if reason is Reason.NOT_NOW:
        pairing = await session.get(Pairing, actor.id)
        if pairing is not None:
            pairing.rests_until = now + RESTS
    if match.state in OPEN:
        await MATCH.move(session, match, State.DECLINED, Who.SELF, now, reason=reason.value)
    return await view_of(session, actor, match, now)


async def _took_part(session: AsyncSession, actor: Person) -> None:
    """Whoever answers does not miss anything."""
    pairing = await session.get(Pairing, actor.id)
    if pairing is not None and pairing.misses:
        pairing.misses = 0
        await session.flush()


async def lapse(session: AsyncSession, now: datetime, most: int = 500) -> int:
    """End proposals whose time is over; return how many.

    Who had said yes hears that it came to nothing; who had it before them and said nothing has
    missed one, unless whom they could have met is gone.
    """
    matches = await session.scalars(
        select(Match)
        .where(Match.settled_at.is_(None), Match.lapses_at <= now)
        .order_by(Match.lapses_at, Match.id)
        .limit(most)
        .with_for_update(key_share=True)
    )
    count = 0
    for match in matches.all():
        count += 1
        if match.state in OPEN:
            await MATCH.move(session, match, State.LAPSED, Who.CLOCK, now)
        match.settled_at = now
        sides = (
            await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
        ).all()
        said_yes = [side.person_id for side in sides if side.accepted_at is not None]
        await _closed(session, match, said_yes, now)
        for side in sides:
            if side.has_answered or not await _came(session, match, side):
                continue
            numbers = {"actor": side.person_id, "match": match.id}
            if not _view((await session.execute(_numbered(), numbers)).one(), now).is_gone:
                await missed(session, side.person_id, now)
    await session.flush()
    return count


async def _came(session: AsyncSession, match: Match, side: MatchSide) -> bool:
    """Say whether the proposal has reached somebody: it may have waited for the cap to the end."""
    sent = select(Delivery.id).where(
        Delivery.kind.in_(["match_proposed", "match_answer"]),
        Delivery.subject_id == match.id,
        Delivery.person_id == side.person_id,
        Delivery.state == Sent.SENT,
    )
    return await session.scalar(sent.limit(1)) is not None


async def _closed(
    session: AsyncSession, match: Match, readers: Iterable[int], now: datetime
) -> None:
    """Tell who has said yes that it came to nothing."""
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "match_notice",
                reader,
                f"match:{match.id}:closed:{reader}",
                now,
                {"what": "closed", "ref": match.ref},
                subject_id=match.id,
            )
            for reader in readers
        ),
    )


async def next_lapse(session: AsyncSession) -> datetime | None:
    """Return when the next proposal's time is over."""
    found: datetime | None = await session.scalar(
        select(func.min(Match.lapses_at)).where(Match.settled_at.is_(None))
    )
    return found


async def missed(session: AsyncSession, person_id: int, now: datetime) -> None:
    """Count one more match that somebody let pass; after the third in a row pairing pauses."""
    pairing = await session.get(
        Pairing, person_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if pairing is None:
        return
    pairing.misses += 1
    if pairing.misses >= MISSES and pairing.rests_since is None:
        pairing.rests_since = now
        await history.note(
            session,
            history.step("pairing", person_id, "on", "paused", actor_id=None, now=now),
        )
        await deliveries.plan(
            session,
            now,
            Plan(
                "match_notice",
                person_id,
                f"pairing:{person_id}:paused:{now.isoformat()}",
                now,
                {"what": "paused"},
            ),
        )
    await session.flush()
