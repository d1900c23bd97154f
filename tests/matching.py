"""People who take part in matching, for tests."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, matches, needs, spoken
from community.consents import Purpose
from community.matches import Match, MatchRound, MatchSide, Pairing, Partner, solving
from community.needs import Need
from community.people import Membership, Person
from community.writing import insert_new


async def a_partner(
    session: AsyncSession,
    number: int,
    now: datetime,
    *,
    looks_for: Collection[Need] = (),
    knows: Collection[Need] = (),
    speaks: Collection[str] = ("en",),
    gives: Partner = Partner.PEER,
    places: int = 1,
    **wishes: Any,
) -> Person:
    """Return a member who takes part; a mentor or role model is confirmed."""
    first, *more = speaks
    person = Person(
        telegram_id=number,
        name=f"Person {number}",
        username=f"person_{number}",
        language=first,
        state=Membership.ACTIVE,
        met_at=now,
        joined_at=now,
    )
    session.add(person)
    await session.flush()
    await consents.switch(session, person, {Purpose.MATCHING}, now, version="1", language=first)
    await needs.look_for(session, person, [*looks_for])
    await needs.offer(session, person, [*knows])
    await spoken.speak(session, person, more)
    pairing = await matches.take_part(session, person, now, **wishes)
    if gives is not Partner.PEER:
        pairing.gives, pairing.places, pairing.confirmed_at = gives, places, now
        await session.flush()
    return person


async def a_round(session: AsyncSession, now: datetime, actor: Person | None = None) -> MatchRound:
    """Hold a round, for everybody or for who asks, as ``bot/matching.py`` does in parts."""
    if actor is not None:
        found = await matches.ask(session, actor, now)
    else:
        row = {"key": f"{now:%Y-%m-%dT%H:%M}", "ref": f"{now:%m%d%H%M%S}", "opened_at": now}
        await insert_new(session, MatchRound, [row | {"receivers": 0, "matched": 0}])
        last = select(MatchRound).order_by(MatchRound.id.desc()).limit(1)
        found = (await session.scalars(last)).one()
    people = await matches.population(session, found, now)
    await matches.propose(session, found, solving.best(people, found.id), now)
    receivers = [one for one, wants in zip(people.ids, people.receives, strict=True) if wants]
    if actor is None:
        await matches.tell_none(session, found, receivers, now)
    await matches.finish(session, found, receivers, now)
    return found


async def matches_of(session: AsyncSession, person: Person) -> list[Match]:
    """Return every match of somebody, the oldest first."""
    rows = await session.scalars(
        select(Match)
        .join(MatchSide, MatchSide.match_id == Match.id)
        .where(MatchSide.person_id == person.id)
        .order_by(Match.id)
    )
    return [*rows]


async def pairing(session: AsyncSession, person: Person) -> Pairing:
    """Return how somebody takes part."""
    found = await matches.pairing_of(session, person)
    assert found is not None
    return found
