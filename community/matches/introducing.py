"""Three-way introductions: an animator proposes somebody outside to a member, and is the third.

The member is asked as of any proposal; then the animator passes a few words on to the contact by
whatever way they are reached, and the member reads who it is.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import contacts, deliveries, people, roles
from community.base import find
from community.consents import Purpose, given, given_by
from community.contacts import Contact
from community.deliveries import Plan
from community.errors import (
    AskedAlreadyError,
    ConsentMissingError,
    ContactConsentError,
    NotFoundError,
    RestingError,
)
from community.lifecycle import Who
from community.matches.answering import View
from community.matches.populating import taking_part
from community.matches.rounds import require_budget
from community.matches.table import (
    ANSWERED_WITHIN,
    APART,
    ASKED_AFTER,
    ASKED_UNTIL,
    MATCH,
    Match,
    MatchSide,
    Partner,
    Side,
    State,
)
from community.needs import Need, PersonNeed
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName


async def introduce(
    session: AsyncSession, actor: Person, member_ref: str, contact_ref: str, now: datetime
) -> Match:
    """Propose to a member somebody outside who has agreed to be introduced: the team is third.

    The member is asked first; the contact's yes is what the animator has written down of them.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such member or contact, or the contact has not agreed.
        ConsentMissingError: the member does not agree to be matched.
        RestingError: the member's pairing pauses, or they are suspended.
        AskedAlreadyError: the member has been asked about this contact within the year.
        TooOftenError: somebody was proposed to the member twice within a month.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    member = await find(session, Person, member_ref, lock=True)
    people.require_member(member)
    contact = await contacts.opened(session, actor, contact_ref, now)
    if contact.consented_at is None:
        raise NotFoundError("Contact")
    if Purpose.MATCHING not in await given(session, member):
        raise ConsentMissingError(Purpose.MATCHING)
    here = taking_part(now).with_only_columns(Person.id).where(Person.id == member.id)
    if await session.scalar(here) is None:
        raise RestingError
    if await _was_asked(session, member, contact.id, now):
        raise AskedAlreadyError
    await require_budget(session, member, now)
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


async def _was_asked(
    session: AsyncSession, member: Person, contact_id: int, now: datetime
) -> bool:
    found = await session.scalar(
        select(Match.id)
        .join(MatchSide, MatchSide.match_id == Match.id)
        .where(
            MatchSide.person_id == member.id,
            Match.contact_id == contact_id,
            Match.proposed_at > now - APART,
        )
        .limit(1)
    )
    return found is not None


async def who_look_for(
    session: AsyncSession, actor: Person, need: Need, now: datetime, at: int = 0, *, size: int
) -> Portion[Person]:
    """Return a page of the members who take part in matching and look for this, by name.

    Nobody is found by what describes them: only by what they ask for.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    looking = select(PersonNeed.person_id).where(PersonNeed.term == need)
    query = (
        taking_part(now)
        .with_only_columns(Person)
        .where(Person.id.in_(looking), Person.id != actor.id)
        .order_by(Person.name, Person.id)
    )
    return await portion(session, query, at, size)


async def to_introduce(session: AsyncSession, actor: Person, now: datetime) -> list[Match]:
    """Return what a member has said yes to and an animator now has to introduce, oldest first.

    Only those of who is a member and agrees to be matched now: of nobody else a name is told.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    rows = await session.execute(
        select(Match, Person)
        .join(MatchSide, MatchSide.match_id == Match.id)
        .join(Person, Person.id == MatchSide.person_id)
        .where(
            Match.partner == Partner.MAINSTREAM,
            Match.state == State.ACCEPTED,
            Match.contact_id.is_not(None),
            MatchSide.accepted_at.is_not(None),
        )
        .order_by(Match.proposed_at, Match.id)
    )
    found = [(match, person) for match, person in rows if person.is_member]
    agree = await given_by(session, {person.id for _match, person in found}, [Purpose.MATCHING])
    return [match for match, person in found if person.id in agree]


@dataclass(frozen=True)
class Asked:
    """A member, and whom an animator introduces to them."""

    match: Match
    member: Person
    contact: Contact


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Asked:
    """Return an introduction by the team that waits to be made, for whoever makes it.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is no such match, the member has not said yes or is gone, or it is
            made or over.
        ConsentMissingError: the member does not agree to be matched any more.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    match = await find(session, Match, ref, lock=lock)
    if match.contact_id is None or match.state != State.ACCEPTED:
        raise NotFoundError("Match")
    member = await session.scalar(
        select(Person)
        .join(MatchSide, MatchSide.person_id == Person.id)
        .where(MatchSide.match_id == match.id, MatchSide.accepted_at.is_not(None))
    )
    if member is None or not member.is_member:
        raise NotFoundError("Match")
    if Purpose.MATCHING not in await given(session, member):
        raise ConsentMissingError(Purpose.MATCHING)
    return Asked(match, member, await session.get_one(Contact, match.contact_id))


async def contact_of(session: AsyncSession, view: View) -> Contact | None:
    """Return whom the member was introduced to; None before, or if nothing is kept of them."""
    if not view.is_known or view.match.contact_id is None:
        return None
    contact = await session.get(Contact, view.match.contact_id)
    return contact if contact is not None and contact.consented_at else None


async def introduced(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Match:
    """Note that the contact has got the introduction; the member now reads who it is.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError, ConsentMissingError: as of ``opened``.
        ContactConsentError: the contact has taken their consent back.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    match = await find(session, Match, ref, lock=True)
    if match.introduced_at is not None and match.contact_id is not None:
        return match
    asked = await opened(session, actor, ref, now, lock=True)
    if not asked.contact.consented_at:
        raise ContactConsentError
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
