"""Who takes part in a round, in columns: needs, offers, languages, and what the past says."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.areas import Area
from community.blocks import PersonBlock
from community.consents import Consent, Purpose
from community.contacts import Contact
from community.limits import AccessLimit, Limit
from community.matches.table import (
    APART,
    BUDGET,
    BUDGET_WITHIN,
    GUIDES,
    REASON_LASTS,
    SOUGHT,
    Match,
    MatchRound,
    MatchSide,
    Pairing,
    Partner,
    Reason,
    Sector,
    Side,
    State,
    Way,
)
from community.measures import is_suspended
from community.needs import Need, PersonNeed, PersonOffer
from community.people import Membership, Participation, Person, is_reachable
from community.spoken import SpokenLanguage

NEEDS = {need: 1 << bit for bit, need in enumerate(Need)}
SECTORS = {sector: number for number, sector in enumerate(Sector)}
KINDS = {partner: 1 << bit for bit, partner in enumerate(SOUGHT)}
TIMES = (Limit.MORNINGS, Limit.AFTERNOONS, Limit.EVENINGS, Limit.WEEKENDS)
ALL_TIMES = (1 << len(TIMES)) - 1
REACH = 20.0
"""So many kilometres count as near for who has not said how far they can travel."""
MOST_LANGUAGES = 62
"""Bits of a number; the rarest languages beyond them are not compared."""


@dataclass(frozen=True)
class Columns:
    """Everybody who takes part in a round, one position each, in the order of their numbers.

    Plain lists: arrays are made of them by who solves the round, in a process of its own. A set
    (of needs, languages, times of day) is a number with one bit for each member.
    """

    ids: list[int]
    receives: list[bool]
    """Somebody is looked for this person in this round."""
    slots: list[int]
    """For so many others this person can be proposed."""
    needs: list[int]
    """What is looked for, without what was declined lately as beside the point."""
    offers: list[int]
    seeks: list[int]
    """The kinds of partner that are sought."""
    gives: list[int]
    """The kind that this person is: one bit."""
    languages: list[int]
    areas: list[int]
    """-1 without one."""
    sectors: list[int]
    """-1 without one."""
    times: list[int]
    """When this person has time."""
    online: list[bool]
    in_person: list[bool]
    reach: list[float]
    """How many kilometres are near to them."""
    spots: list[tuple[float, float]]
    """Latitude and longitude of the area, in degrees; NaN where nobody knows."""
    same_language_only: list[bool]
    nearby_only: list[bool]
    apart: list[tuple[int, int]]
    """Positions of two who must not meet."""


@dataclass
class _Past:
    """What earlier matches say about who can be proposed to whom."""

    used: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """How often each was proposed lately."""
    taken: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Of guides: places that are taken, or waited for."""
    given: set[int] = field(default_factory=set)
    """Who was proposed to somebody in this round, before it was cut off."""
    busy: set[int] = field(default_factory=set)
    """For whom somebody was found already, or who has not answered yet."""
    apart: set[tuple[int, int]] = field(default_factory=set)
    wishes: dict[int, set[Reason]] = field(default_factory=lambda: defaultdict(set))
    beside_the_point: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """By receiver, the givers whose offers were not what they look for."""


def taking_part(at: datetime) -> Select[Person]:
    """Return everybody who can be proposed to somebody: by consent, reachable, not resting."""
    return (
        select(Person)
        .join(Pairing, Pairing.person_id == Person.id)
        .where(
            Person.state == Membership.ACTIVE,
            Person.telegram_id.is_not(None),
            is_reachable(),
            Pairing.rests_since.is_(None),
            or_(Pairing.rests_until.is_(None), Pairing.rests_until <= at),
            exists().where(
                Consent.person_id == Person.id,
                Consent.purpose == Purpose.MATCHING,
                Consent.current,
                Consent.granted,
            ),
            ~is_suspended(at),
        )
    )


async def population(session: AsyncSession, found: MatchRound, now: datetime) -> Columns:
    """Return everybody who can be proposed to somebody in this round, in columns."""
    here = taking_part(now)
    rows = (
        await session.execute(
            here.with_only_columns(
                Person.id,
                Person.language,
                Person.second_language,
                Person.area_id,
                Person.participation,
                Pairing.seeks,
                Pairing.gives,
                Pairing.places,
                Pairing.confirmed_at,
                Pairing.sector,
                Pairing.way,
            ).order_by(Person.id)
        )
    ).all()
    ids = [row.id for row in rows]
    position = {person_id: at for at, person_id in enumerate(ids)}
    past = await _past(session, found, now)
    needs = await _terms(session, PersonNeed)
    offers = await _terms(session, PersonOffer)
    for receiver, givers in past.beside_the_point.items():
        for giver in givers:
            # What was answered there counts no more, as long as something else is looked for.
            needs[receiver] = (needs[receiver] & ~offers[giver]) or needs[receiver]
    languages = await _languages(session, rows)
    limits = await _limits(session)
    spots = await _spots(session)
    order = {area_id: number for number, area_id in enumerate(sorted(spots))}
    receives, slots = [], []
    for row in rows:
        left = BUDGET - past.used.get(row.id, 0)
        wants = (
            (found.person_id is None or found.person_id == row.id)
            and row.id not in past.busy
            and (row.participation != Participation.READING or found.person_id == row.id)
            and bool(needs.get(row.id)) and bool(row.seeks) and left > 0
        )  # fmt: skip
        receives.append(wants)
        is_guide = row.confirmed_at is not None and row.gives in GUIDES
        if is_guide:
            places = row.places - past.taken.get(row.id, 0)
        else:
            places = int(row.id not in past.given)
        is_asleep = row.participation == Participation.READING and not is_guide
        slots.append(0 if is_asleep else max(min(places, left - wants), 0))
    pairs = {
        (min(position[one], position[other]), max(position[one], position[other]))
        for one, other in past.apart
        if one in position and other in position
    }
    no_limits = (ALL_TIMES, REACH)
    return Columns(
        ids=ids,
        receives=receives,
        slots=slots,
        needs=[needs.get(one, 0) for one in ids],
        offers=[offers.get(one, 0) for one in ids],
        seeks=[sum(KINDS[Partner(kind)] for kind in row.seeks) for row in rows],
        gives=[
            KINDS[Partner(row.gives) if row.confirmed_at is not None else Partner.PEER]
            for row in rows
        ],
        languages=[languages[one] for one in ids],
        areas=[order.get(row.area_id or 0, -1) for row in rows],
        sectors=[-1 if row.sector is None else SECTORS[Sector(row.sector)] for row in rows],
        times=[limits.get(one, no_limits)[0] for one in ids],
        online=[row.way != Way.IN_PERSON for row in rows],
        in_person=[row.way != Way.ONLINE for row in rows],
        reach=[limits.get(one, no_limits)[1] for one in ids],
        spots=[spots.get(row.area_id or 0, NOWHERE) for row in rows],
        same_language_only=_wished(past, ids, Reason.LANGUAGE),
        nearby_only=_wished(past, ids, Reason.TOO_FAR),
        apart=sorted(pairs),
    )


NOWHERE = (math.nan, math.nan)


def _wished(past: _Past, ids: Sequence[int], reason: Reason) -> list[bool]:
    return [reason in past.wishes.get(one, ()) for one in ids]


async def _terms(
    session: AsyncSession, table: type[PersonNeed] | type[PersonOffer]
) -> dict[int, int]:
    """Return the terms of everybody who takes part, as bits."""
    found: dict[int, int] = defaultdict(int)
    for person_id, term in await session.execute(
        select(table.person_id, table.term).join(Pairing, Pairing.person_id == table.person_id)
    ):
        found[person_id] |= NEEDS[Need(term)]
    return found


async def _languages(session: AsyncSession, rows: Sequence[Any]) -> dict[int, int]:
    spoken: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        spoken[row.id] |= {one for one in (row.language, row.second_language) if one}
    for person_id, language in await session.execute(
        select(SpokenLanguage.person_id, SpokenLanguage.language).join(
            Pairing, Pairing.person_id == SpokenLanguage.person_id
        )
    ):
        if person_id in spoken:
            spoken[person_id].add(language)
    counted: dict[str, int] = defaultdict(int)
    for languages in spoken.values():
        for one in languages:
            counted[one] += 1
    common = sorted(counted, key=lambda one: (-counted[one], one))[:MOST_LANGUAGES]
    bits = {one: 1 << bit for bit, one in enumerate(common)}
    return {row.id: sum(bits.get(one, 0) for one in spoken[row.id]) for row in rows}


async def _limits(session: AsyncSession) -> Mapping[int, tuple[int, float]]:
    """Return when each has time, and how many kilometres they can travel."""
    free = {limit: 1 << bit for bit, limit in enumerate(TIMES)}
    found: dict[int, tuple[int, float]] = {}
    for person_id, code, value in await session.execute(
        select(AccessLimit.person_id, AccessLimit.code, AccessLimit.value).where(
            AccessLimit.code.in_([*TIMES, Limit.DISTANCE])
        )
    ):
        times, reach = found.get(person_id, (ALL_TIMES, REACH))
        if code == Limit.DISTANCE:
            found[person_id] = times, float(value)
        else:
            found[person_id] = times & ~free[Limit(code)], reach
    return found


async def _spots(session: AsyncSession) -> Mapping[int, tuple[float, float]]:
    rows = await session.execute(select(Area.id, Area.latitude, Area.longitude))
    return {
        area_id: NOWHERE if latitude is None or longitude is None else (latitude, longitude)
        for area_id, latitude, longitude in rows
    }


async def _past(session: AsyncSession, found: MatchRound, now: datetime) -> _Past:
    """Read what earlier matches and blocks say."""
    past = _Past()
    one, other = MatchSide, select(MatchSide).subquery()
    rows = await session.execute(
        select(
            one.person_id,
            one.side,
            one.proposed_at,
            one.declined_at,
            one.reason,
            one.accepted_at,
            other.c.person_id.label("with_id"),
            Match.state,
            Match.partner,
            Match.round_id,
            Match.settled_at,
            Match.introduced_at,
            Match.ended_at,
            Match.lapses_at,
            _is_here(other.c.person_id).label("is_here"),
        )
        .join(Match, Match.id == one.match_id)
        .outerjoin(other, (other.c.match_id == one.match_id) & (other.c.id != one.id))
        .where(
            or_(
                Match.settled_at.is_(None),
                Match.settled_at > now - APART,
                Match.ended_at > now - APART,
                Match.introduced_at.is_not(None) & Match.ended_at.is_(None),
            )
        )
    )
    for row in rows:
        if row.proposed_at > now - BUDGET_WITHIN:
            past.used[row.person_id] += 1
        if row.side == Side.GIVER and row.round_id == found.id:
            past.given.add(row.person_id)
        if row.side == Side.RECEIVER and (
            row.round_id == found.id
            or (row.is_here and row.lapses_at > now and not (row.accepted_at or row.declined_at))
        ):
            past.busy.add(row.person_id)
        # A no frees a place only once the proposal is over: else the next told of it.
        is_held = row.settled_at is None or holds_place(row.state, row.ended_at)
        if row.side == Side.GIVER and row.partner in GUIDES and is_held:
            past.taken[row.person_id] += 1
        if row.with_id is not None and _keeps_apart(row, now):
            past.apart.add((row.person_id, row.with_id))
        if row.declined_at is not None and row.declined_at > now - REASON_LASTS and row.reason:
            past.wishes[row.person_id].add(Reason(row.reason))
            if row.reason == Reason.TOPIC and row.side == Side.RECEIVER and row.with_id:
                past.beside_the_point[row.person_id].add(row.with_id)
    for row in await session.execute(select(PersonBlock.person_id, PersonBlock.blocked_id)):
        past.apart.add((row.person_id, row.blocked_id))
    return past


def _is_here(other_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that there is somebody to say yes to, as in ``answering.View``."""
    agrees = exists().where(
        Consent.person_id == other_id,
        Consent.purpose == Purpose.MATCHING,
        Consent.current,
        Consent.granted,
        Person.id == other_id,
        Person.state.in_([Membership.ACTIVE, Membership.PAUSED, Membership.STOPPED]),
    )
    contact = exists().where(Contact.id == Match.contact_id, Contact.consented_at.is_not(None))
    return or_(agrees, contact)


def _keeps_apart(row: Row[Any], now: datetime) -> bool:
    """Say whether two are not proposed to each other again: introduced, or within a year."""
    if row.introduced_at is not None and row.ended_at is None:
        return True
    moments = (row.proposed_at, row.declined_at, row.settled_at, row.ended_at)
    return bool(max(filter(None, moments)) > now - APART)


def holds_place(state: State, ended_at: datetime | None) -> bool:
    """Say whether a match takes up a mentor's place now."""
    return state in (State.INTRODUCED, State.MET) and ended_at is None
