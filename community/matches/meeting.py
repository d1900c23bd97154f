"""After the introduction: what came of it, when a mentor's place is free again, and who is third.

Each of the two is asked once. Met is what either says has met; not met is what both say has not,
or what nobody has said anything about for four weeks.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import contacts, deliveries, people, roles
from community.base import find
from community.consents import Purpose, given
from community.deliveries import Plan
from community.errors import ConsentMissingError, NotFoundError, TooLateError
from community.lifecycle import Who
from community.matches import answering
from community.matches.answering import View, look
from community.matches.table import (
    ANSWERED_WITHIN,
    ASKED_AFTER,
    ASKED_UNTIL,
    MATCH,
    Match,
    MatchSide,
    Outcome,
    Partner,
    Side,
    State,
)
from community.people import Person
from community.roles import RoleName


async def ask(session: AsyncSession, now: datetime, most: int = 500) -> int:
    """Ask both what came of it, once, two weeks after the introduction; return how many."""
    matches = await session.scalars(
        select(Match)
        .where(Match.asks_at <= now)
        .order_by(Match.asks_at, Match.id)
        .limit(most)
        .with_for_update(key_share=True)
    )
    asked = 0
    for match in matches.all():
        match.asks_at = None
        sides = await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
        for side in sides.all():
            if side.met is None:
                asked += await deliveries.plan(
                    session,
                    now,
                    Plan(
                        "match_followup",
                        side.person_id,
                        f"match:{match.id}:asked:{side.person_id}",
                        now,
                        {"ref": match.ref},
                        match.closes_at,
                        subject_id=match.id,
                    ),
                )
    await session.flush()
    return asked


async def say(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    met: bool,
    useful: bool | None = None,
    outcome: Outcome | None = None,
) -> View:
    """Say what came of a match; it can be said before one is asked, and changed.

    Raises:
        NotFoundError: it is not theirs.
        TooLateError: the two have not been introduced.
    """
    view = await look(session, actor, ref, now, lock=True)
    match, side = view.match, view.mine
    if not view.is_known:
        raise TooLateError
    side.met, side.said_at = met, side.said_at or now
    side.useful = useful if met else None
    side.outcome = outcome if met else None
    await session.flush()
    if met and match.state == State.INTRODUCED:
        await MATCH.move(session, match, State.MET, Who.SELF, now, actor_id=actor.id)
    elif not met and match.state == State.INTRODUCED and await _nobody_met(session, match):
        await _did_not_meet(session, match, Who.SELF, now, actor.id)
    return await answering.view_of(session, actor, match, now)


async def _nobody_met(session: AsyncSession, match: Match) -> bool:
    said = (
        await session.scalars(select(MatchSide.met).where(MatchSide.match_id == match.id))
    ).all()
    return all(met is False for met in said)


async def _did_not_meet(
    session: AsyncSession, match: Match, by: Who, now: datetime, actor_id: int | None = None
) -> None:
    await MATCH.move(
        session, match, State.NOT_MET, by, now, actor_id=actor_id, ended_at=match.ended_at or now
    )
    sides = await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
    for side in sides.all():
        await answering.missed(session, side.person_id, now)


async def close(session: AsyncSession, now: datetime, most: int = 500) -> int:
    """Take as not met what nobody has said anything about, and free places; return how many."""
    silent = await session.scalars(
        select(Match)
        .where(Match.state == State.INTRODUCED, Match.closes_at <= now)
        .order_by(Match.closes_at, Match.id)
        .limit(most)
        .with_for_update(key_share=True)
    )
    closed = 0
    for match in silent.all():
        await _did_not_meet(session, match, Who.CLOCK, now)
        match.closes_at = None
        closed += 1
    over = await session.scalars(
        select(Match)
        .where(Match.ends_at <= now, Match.ended_at.is_(None))
        .limit(most)
        .with_for_update(key_share=True)
    )
    for match in over.all():
        await _end(session, match, now)
        closed += 1
    await session.flush()
    return closed


async def end(session: AsyncSession, actor: Person, ref: str, now: datetime) -> View:
    """End what was begun with a mentor or role model, or prolong nothing: the place is free.

    Raises:
        NotFoundError: it is not theirs.
        TooLateError: the two have not been introduced.
    """
    view = await look(session, actor, ref, now, lock=True)
    if not view.is_known:
        raise TooLateError
    if view.match.ended_at is None:
        await _end(session, view.match, now, but=actor.id)
        await session.flush()
    return await answering.view_of(session, actor, view.match, now)


async def _end(session: AsyncSession, match: Match, now: datetime, but: int | None = None) -> None:
    match.ended_at = now
    sides = await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "match_notice",
                side.person_id,
                f"match:{match.id}:ended:{side.person_id}",
                now,
                {"what": "ended", "ref": match.ref},
                subject_id=match.id,
            )
            for side in sides.all()
            if side.person_id != but
        ),
    )


async def next_step(session: AsyncSession) -> datetime | None:
    """Return when the clock alone asks, closes or ends something next."""
    moments = [
        await session.scalar(select(func.min(Match.asks_at))),
        await session.scalar(
            select(func.min(Match.closes_at)).where(Match.state == State.INTRODUCED)
        ),
        await session.scalar(select(func.min(Match.ends_at)).where(Match.ended_at.is_(None))),
    ]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None


# Introduced by the team


async def introduce(
    session: AsyncSession, actor: Person, member_ref: str, contact_ref: str, now: datetime
) -> Match:
    """Propose to a member somebody outside who has agreed to be introduced: the team is third.

    The member is asked first; the contact's yes is what the animator has written down of them.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such member or contact, or the contact has not agreed.
        ConsentMissingError: the member does not agree to be matched.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    member = await find(session, Person, member_ref, lock=True)
    people.require_member(member)
    contact = await contacts.opened(session, actor, contact_ref, now)
    if contact.consented_at is None:
        raise NotFoundError("Contact")
    if Purpose.MATCHING not in await given(session, member):
        raise ConsentMissingError(Purpose.MATCHING)
    match = Match(
        partner=Partner.MAINSTREAM,
        proposed_at=now,
        lapses_at=now + ANSWERED_WITHIN,
        by_id=actor.id,
        contact_id=contact.id,
    )
    session.add(match)
    await session.flush()
    side = MatchSide(match_id=match.id, person_id=member.id, side=Side.RECEIVER, proposed_at=now)
    session.add(side)
    await session.flush()
    await deliveries.plan(
        session,
        now,
        Plan(
            "match_proposed",
            member.id,
            f"match:{match.id}:{member.id}",
            now,
            {"ref": match.ref},
            match.lapses_at,
            subject_id=match.id,
        ),
    )
    return match


async def to_introduce(session: AsyncSession, actor: Person, now: datetime) -> list[Match]:
    """Return what a member has said yes to and an animator now has to introduce, oldest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.scalars(
        select(Match)
        .where(Match.partner == Partner.MAINSTREAM, Match.state == State.ACCEPTED)
        .order_by(Match.proposed_at, Match.id)
    )
    return list(rows)


async def introduced(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Match:
    """Note that the contact has got the introduction; the member now reads who it is.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such match, or its contact was erased.
        IllegalMoveError: the member has not said yes.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    match = await find(session, Match, ref, lock=True)
    if match.contact_id is None:
        raise NotFoundError("Match")
    if match.state == State.INTRODUCED:
        return match
    await MATCH.move(
        session,
        match,
        State.INTRODUCED,
        Who.ANIMATOR,
        now,
        actor_id=actor.id,
        introduced_at=now,
        settled_at=now,
        asks_at=now + ASKED_AFTER,
        closes_at=now + ASKED_UNTIL,
    )
    sides = await session.scalars(select(MatchSide).where(MatchSide.match_id == match.id))
    await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "match_introduced",
                side.person_id,
                f"match:{match.id}:introduced:{side.person_id}",
                now,
                {"ref": match.ref},
                subject_id=match.id,
            )
            for side in sides.all()
        ),
    )
    return match
