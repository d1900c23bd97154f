"""Rounds: partners are looked for every other Monday, for everybody, and at once for who asks.

A round is a row; who solves it (``bot/matching.py``) reads the population as of one moment,
solves it in no transaction, and writes what was found in portions. A round that was cut off is
solved again for whoever has nobody yet.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, history, needs
from community.among import among
from community.base import new_ref
from community.blocks import PersonBlock
from community.deliveries import Plan
from community.errors import NobodySoughtError, TooOftenError
from community.matches.answering import mine
from community.matches.populating import holds_place, taking_part
from community.matches.table import (
    ANSWERED_WITHIN,
    BUDGET,
    BUDGET_WITHIN,
    GUIDES,
    Match,
    MatchRound,
    MatchSide,
    Pairing,
    Side,
)
from community.matches.taking_part import take_part
from community.people import Person
from community.writing import insert_many, insert_new

EVERY = timedelta(days=14)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
"""A Monday from which the fortnights are counted."""
HOUR = time(10)
ASKS_A_DAY = 3
"""So often a day somebody is looked for at once for one person."""
TOLD_AGAIN = timedelta(days=60)
"""Whoever was told that there is nobody hears it again after so long."""
MATCHES, SIDES = (cast("Table", table.__table__) for table in (Match, MatchSide))

# When


def due_round(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the last round by the calendar was due."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=(today - FIRST.date()).days % EVERY.days)
    moment = datetime.combine(monday, HOUR, zone).astimezone(UTC)
    return moment if moment <= now else due_round(moment - timedelta(days=1), zone)


def next_after(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the next round by the calendar is due."""
    last = due_round(now, zone).astimezone(zone)
    return datetime.combine(last.date() + EVERY, HOUR, zone).astimezone(UTC)


async def open_due(session: AsyncSession, now: datetime, zone: ZoneInfo) -> bool:
    """Open the round that is due, if anybody takes part; False if it is open or over.

    One that is more than a day late is left out: nobody gets two in a row.
    """
    moment = due_round(now, zone)
    if now - moment > timedelta(days=1) or not await _anybody(session):
        return False
    row = {"ref": new_ref(), "key": f"{moment.astimezone(zone):%Y-%m-%d}", "opened_at": now}
    return bool(await insert_new(session, MatchRound, [row | {"receivers": 0, "matched": 0}]))


async def next_round(session: AsyncSession, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the clock alone opens a round next, if anybody takes part."""
    return next_after(now, zone) if await _anybody(session) else None


async def _anybody(session: AsyncSession) -> bool:
    return await session.scalar(select(Pairing.person_id).limit(1)) is not None


async def ask(session: AsyncSession, actor: Person, now: datetime) -> MatchRound:
    """Look for somebody for the actor at once; a pause of their pairing ends.

    Raises:
        NotAMemberError, ConsentMissingError: as of ``take_part``.
        NobodySoughtError: a round would find nobody for them, whoever is there; or it was asked
            several times today.
        TooOftenError: somebody was proposed to them twice within a month.
    """
    pairing = await take_part(session, actor, now)
    await session.get(Pairing, actor.id, with_for_update=True, populate_existing=True)
    waits = await session.scalar(
        select(MatchRound)
        .where(MatchRound.person_id == actor.id, MatchRound.finished_at.is_(None))
        .limit(1)
    )
    if waits is not None:
        return waits
    if not await needs.of(session, actor):
        raise NobodySoughtError("needs")
    if not pairing.seeks:
        raise NobodySoughtError("seeks")
    for view in await mine(session, actor, now):
        if view.is_open and view.mine.side == Side.RECEIVER and not view.mine.has_answered:
            raise NobodySoughtError("open", view.match.ref)
    await require_budget(session, actor, now)
    today = select(func.count()).where(
        MatchRound.person_id == actor.id, MatchRound.opened_at > now - timedelta(days=1)
    )
    if (await session.scalar(today) or 0) >= ASKS_A_DAY:
        raise NobodySoughtError("today")
    pairing.misses, pairing.rests_since, pairing.rests_until = 0, None, None
    found = MatchRound(key=f"{actor.id}:{now.isoformat()}", person_id=actor.id, opened_at=now)
    session.add(found)
    await session.flush()
    return found


async def require_budget(session: AsyncSession, person: Person, now: datetime) -> None:
    """Refuse a third proposal within a month.

    Raises:
        TooOftenError: somebody was proposed to them twice; when the next may be.
    """
    lately = (
        await session.scalars(
            select(MatchSide.proposed_at)
            .where(MatchSide.person_id == person.id, MatchSide.proposed_at > now - BUDGET_WITHIN)
            .order_by(MatchSide.proposed_at.desc())
            .limit(BUDGET)
        )
    ).all()
    if len(lately) == BUDGET:
        raise TooOftenError(lately[-1] + BUDGET_WITHIN - now)


async def next_open(session: AsyncSession) -> MatchRound | None:
    """Return the round to be solved next: of who asks first."""
    found: MatchRound | None = await session.scalar(
        select(MatchRound)
        .where(MatchRound.finished_at.is_(None))
        .order_by(MatchRound.person_id.is_(None), MatchRound.id)
        .limit(1)
    )
    return found


# Writing what was found


@dataclass
class _Room:
    """How much room there is for the proposals of a portion; each that is taken leaves less."""

    here: Mapping[int, Pairing]
    """Of those who can be proposed to somebody now."""
    blocks: AbstractSet[tuple[int, int]]
    used: dict[int, int]
    """How often each was proposed within the month."""
    held: dict[int, int]
    """How many places of guides are taken, or waited for."""
    received: set[int]
    """For whom somebody was found in this round already,"""
    given: set[int]
    """and who was proposed in it: a peer is proposed once."""

    def takes(self, receiver: int, giver: int) -> bool:
        """Say whether these two can be proposed to each other; if so, count it."""
        one, other = self.here.get(receiver), self.here.get(giver)
        if one is None or other is None or receiver in self.received:
            return False
        if (receiver, giver) in self.blocks or (giver, receiver) in self.blocks:
            return False
        is_guide = other.gives_as in GUIDES
        is_full = self.held[giver] >= other.places if is_guide else giver in self.given
        is_spent = any(self.used[person] >= BUDGET for person in (receiver, giver))
        if is_full or is_spent or other.gives_as not in one.seeks:
            return False
        for person in (receiver, giver):
            self.used[person] += 1
        self.held[giver] += 1
        self.received.add(receiver)
        self.given.add(giver)
        return True


async def _room(
    session: AsyncSession, found: MatchRound, concerned: Collection[int], now: datetime
) -> _Room:
    here = await session.scalars(
        taking_part(now).with_only_columns(Pairing).where(among(Person.id, concerned)),
        execution_options={"populate_existing": True},
    )
    blocks = await session.execute(
        select(PersonBlock.person_id, PersonBlock.blocked_id).where(
            among(PersonBlock.person_id, concerned)
        )
    )
    rows = await session.execute(
        select(
            MatchSide.person_id,
            MatchSide.side,
            MatchSide.proposed_at,
            Match.round_id,
            Match.state,
            Match.partner,
            Match.settled_at,
            Match.ended_at,
        )
        .join(Match, Match.id == MatchSide.match_id)
        .where(
            among(MatchSide.person_id, concerned),
            or_(
                MatchSide.proposed_at > now - BUDGET_WITHIN,
                Match.settled_at.is_(None),
                Match.introduced_at.is_not(None) & Match.ended_at.is_(None),
            ),
        )
    )
    room = _Room(
        {pairing.person_id: pairing for pairing in here},
        {(row.person_id, row.blocked_id) for row in blocks},
        defaultdict(int), defaultdict(int), set(), set(),
    )  # fmt: skip
    for row in rows:
        is_giver = row.side == Side.GIVER
        room.used[row.person_id] += row.proposed_at > now - BUDGET_WITHIN
        if row.round_id == found.id:
            (room.given if is_giver else room.received).add(row.person_id)
        if is_giver and row.partner in GUIDES:
            room.held[row.person_id] += row.settled_at is None or holds_place(
                row.state, row.ended_at
            )
    return room


async def propose(
    session: AsyncSession, found: MatchRound, pairs: Collection[tuple[int, int]], now: datetime
) -> int:
    """Propose these receivers and givers, by their numbers, to each other; return how many.

    Between reading and writing somebody may have left, taken back a consent, blocked the other, or
    been proposed by the team or by another round: who has no room left is asked nothing.
    """
    concerned = {one for pair in pairs for one in pair}
    # Whoever proposes somebody to these people meanwhile waits, and then counts this, too.
    theirs = select(Person.id).where(among(Person.id, concerned)).order_by(Person.id)
    await session.execute(theirs.with_for_update(key_share=True))
    room = await _room(session, found, concerned, now)
    fit = [pair for pair in pairs if room.takes(*pair)]
    lapses = now + ANSWERED_WITHIN
    refs = [new_ref() for _pair in fit]
    # Rows by hand: as objects they took half of a round.
    rows = [
        {
            "ref": ref,
            "round_id": found.id,
            "partner": room.here[other].gives_as,
            "proposed_at": now,
            "lapses_at": lapses,
        }
        for ref, (_one, other) in zip(refs, fit, strict=True)
    ]
    await session.run_sync(lambda sync: insert_many(sync.connection(), insert(MATCHES), rows))
    made = await session.execute(select(Match.ref, Match.id).where(Match.ref.in_(refs)))
    numbers = {row.ref: row.id for row in made}
    sides = [
        (numbers[ref], ref, person_id, side)
        for ref, pair in zip(refs, fit, strict=True)
        for person_id, side in zip(pair, (Side.RECEIVER, Side.GIVER), strict=True)
    ]
    halves = [
        {"match_id": match_id, "person_id": person_id, "side": side, "proposed_at": now}
        for match_id, _ref, person_id, side in sides
    ]
    await session.run_sync(lambda sync: insert_many(sync.connection(), insert(SIDES), halves))
    await deliveries.plan_new(
        session,
        now,
        [
            Plan(
                # Who has asked waits for it: no cap and no gap holds it back.
                "match_answer" if person_id == found.person_id else "match_proposed",
                person_id,
                f"match:{match_id}:{person_id}",
                now,
                {"ref": ref},
                lapses,
                subject_id=match_id,
            )
            for match_id, ref, person_id, _side in sides
        ],
    )
    return len(fit)


async def tell_none(
    session: AsyncSession, found: MatchRound, receivers: Collection[int], now: datetime
) -> int:
    """Tell those of these for whom a round has found nobody; return how many are told.

    Who has asked hears it at once; of the others nobody more often than every two months.
    """
    matched = await session.scalars(
        select(MatchSide.person_id)
        .join(Match, Match.id == MatchSide.match_id)
        .where(Match.round_id == found.id, among(MatchSide.person_id, receivers))
    )
    alone = {*receivers} - {*matched}
    pairings = await session.scalars(
        select(Pairing).where(among(Pairing.person_id, alone)).order_by(Pairing.person_id)
    )
    told = [
        pairing
        for pairing in pairings
        if found.person_id is not None
        or pairing.told_of_none_at is None
        or pairing.told_of_none_at <= now - TOLD_AGAIN
    ]
    for pairing in told:
        pairing.told_of_none_at = now
    await session.flush()
    kind = "match_none" if found.person_id is None else "match_answer"
    keys = {one.person_id: f"round:{found.id}:none:{one.person_id}" for one in told}
    plans = [
        Plan(kind, person_id, key, now, subject_id=found.id) for person_id, key in keys.items()
    ]
    await deliveries.plan_new(session, now, plans)
    return len(told)


async def finish(
    session: AsyncSession, found: MatchRound, receivers: Collection[int], now: datetime
) -> int:
    """End a round, and tell whoever has asked that there is nobody; return how many are told.

    For everybody's, ``tell_none`` has told them before, in portions.
    """
    if found.finished_at is not None:
        return 0
    sides = (
        await session.execute(
            select(MatchSide.person_id, MatchSide.side)
            .join(Match, Match.id == MatchSide.match_id)
            .where(Match.round_id == found.id)
        )
    ).all()
    matched = {row.person_id for row in sides}
    sought = {row.person_id for row in sides if row.side == Side.RECEIVER}
    found.matched = len(matched)
    found.receivers = len(sought) + len({*receivers} - matched)
    found.finished_at = now
    await session.flush()
    await history.note(
        session,
        history.step("match_round", found.id, "open", "finished", actor_id=None, now=now),
    )
    if found.person_id is None:
        return 0
    return await tell_none(session, found, [found.person_id], now)
