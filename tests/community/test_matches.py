"""Matches: yes and no, what each may see, and what later rounds learn of it."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import blocks, bridge, consents, deliveries, erasure, matches, needs
from community.areas import Area
from community.deliveries import Delivery
from community.errors import (
    ConsentMissingError,
    FullError,
    NotFoundError,
    TooLateError,
    TooOftenError,
)
from community.exchanges import Kind as Between
from community.matches import Match, Outcome, Partner, Reason, State, View
from community.needs import Need
from community.people import Membership, Participation, Person
from tests.matching import a_partner, a_round, matches_of, pairing

DAY = timedelta(days=1)


async def two(session: AsyncSession, now: datetime) -> tuple[Person, Person, str]:
    """Return who looks for something, who knows it, and the reference of their match."""
    receiver = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    giver = await a_partner(session, 2, now, knows=[Need.EXPORT])
    await a_round(session, now)
    (match,) = await matches_of(session, receiver)
    return receiver, giver, match.ref


async def planned(session: AsyncSession, kind: str, what: str = "") -> list[int]:
    """Return to whom this kind of message is owed, in order of asking."""
    rows = await session.scalars(
        select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id)
    )
    return [row.person_id for row in rows if row.person_id and what in str(row.args)]


def seen(view: View) -> tuple[object, ...]:
    """Return everything that a card of a match may be made of, beside what one said oneself."""
    return view.is_known, view.is_open, view.partner, view.other


async def test_only_both_together_show_anybody_who_the_other_is(
    session: AsyncSession, now: datetime
) -> None:
    receiver, giver, ref = await two(session, now)
    before = seen(await matches.look(session, giver, ref, now))
    await matches.accept(session, receiver, ref, now)
    assert seen(await matches.look(session, giver, ref, now)) == before
    assert await planned(session, "match_introduced") == []
    view = await matches.accept(session, giver, ref, now + DAY)
    assert view.is_known
    assert (await matches.look(session, receiver, ref, now + DAY)).is_known
    assert await planned(session, "match_introduced") == [giver.id, receiver.id]
    assert await matches.accept(session, giver, ref, now + DAY)  # again: nothing new
    assert len(await planned(session, "match_introduced")) == 2


@pytest.mark.parametrize("first_says", ["yes", "no", "nothing"])
async def test_what_one_said_changes_nothing_in_what_the_other_sees_and_hears(
    session: AsyncSession, now: datetime, first_says: str
) -> None:
    receiver, giver, ref = await two(session, now)
    if first_says == "yes":
        await matches.accept(session, receiver, ref, now)
    elif first_says == "no":
        await matches.decline(session, receiver, ref, Reason.TOPIC, now)
    fresh = await matches.look(session, giver, ref, now)
    assert (fresh.is_known, fresh.is_open) == (False, True)
    if first_says == "yes":
        await matches.decline(session, giver, ref, Reason.KNOWN, now)
        hears = receiver
    else:
        await matches.accept(session, giver, ref, now)
        hears = giver
    assert not (await matches.look(session, hears, ref, now)).is_known
    assert await matches.lapse(session, now + 9 * DAY) == 0
    assert await matches.lapse(session, now + 10 * DAY) == 1
    assert await planned(session, "match_notice", "closed") == [hears.id]
    with pytest.raises(TooLateError):
        await matches.accept(
            session, giver if hears is receiver else receiver, ref, now + 11 * DAY
        )


@pytest.mark.parametrize("other_side", [0, 1])
@pytest.mark.parametrize("mine", ["yes", "no", "nothing"])
async def test_nobodys_export_tells_what_the_other_has_said(
    session: AsyncSession, now: datetime, mine: str, other_side: int
) -> None:
    told = []
    for number, (theirs, first) in enumerate(
        [("nothing", "me"), ("yes", "them"), ("no", "them"), ("no", "me"), ("gone", "them")]
    ):
        at = number * 10
        receiver = await a_partner(session, at + 1, now, looks_for=[[*Need][number]])
        giver = await a_partner(session, at + 2, now, knows=[[*Need][number]])
        await a_round(session, now + timedelta(minutes=number))
        (match,) = await matches_of(session, receiver)
        pair = [receiver, giver]
        other = pair.pop(other_side)
        says = [(other, theirs), (pair[0], mine)]
        if mine == theirs == "yes":
            continue  # then both know each other
        for person, answer in says if first == "them" else says[::-1]:
            if answer == "yes":
                await matches.accept(session, person, match.ref, now)
            elif answer == "no":
                await matches.decline(session, person, match.ref, Reason.KNOWN, now)
        for row in await session.scalars(select(Delivery).where(Delivery.person_id == pair[0].id)):
            # What was not worth sending any more: the other has left.
            is_gone = theirs == "gone"
            row.state = deliveries.State.SUPPRESSED if is_gone else deliveries.State.SENT
        export = await erasure.export(session, pair[0])
        told.append({name: export.get(name) for name in ("history", "match_sides", "pairings")})
        told[-1]["deliveries"] = [sorted(row) for row in export["deliveries"]]
        told[-1]["match_sides"] = [
            {key: value for key, value in row.items() if key != "match_id" and "ref" not in key}
            for row in export["match_sides"]
        ]
        assert not [row for row in export["deliveries"] if {"state", "settled_at"} & {*row}]
    for one in told:
        for row in [
            *(one["match_sides"] or []),
            *(one["pairings"] or []),
            *(one["history"] or []),
        ]:
            for key in [key for key in row if key.endswith("_at") or key == "at"]:
                row[key] = key  # rounds of different minutes
    assert all(one == told[0] for one in told)


async def test_a_match_is_the_business_of_its_two_alone(
    session: AsyncSession, now: datetime
) -> None:
    receiver, _giver, ref = await two(session, now)
    stranger = await a_partner(session, 3, now)
    for verb in (matches.look, matches.accept, matches.block, matches.end):
        with pytest.raises(NotFoundError):
            await verb(session, stranger, ref, now)
    await consents.switch(session, receiver, set(), now, version="1", language="en")
    with pytest.raises(ConsentMissingError):
        await matches.accept(session, receiver, ref, now)


@pytest.mark.parametrize("gone", ["consent", "left", "blocked"])
async def test_whoever_is_gone_when_the_other_says_yes_is_not_shown(
    session: AsyncSession, now: datetime, gone: str
) -> None:
    receiver, giver, ref = await two(session, now)
    await matches.accept(session, receiver, ref, now)
    if gone == "consent":
        await consents.switch(session, receiver, set(), now, version="1", language="en")
    elif gone == "left":
        receiver.state = Membership.LEFT
    else:
        await blocks.block(session, receiver, giver.id, now)
    await session.flush()
    assert not (await matches.accept(session, giver, ref, now)).is_known


async def test_a_mentors_places_are_a_hard_limit(session: AsyncSession, now: datetime) -> None:
    mentor = await a_partner(session, 1, now, knows=[Need.TAX], gives=Partner.MENTOR, places=2)
    mentees = [
        await a_partner(session, 10 + at, now, looks_for=[Need.TAX], seeks=["mentor"])
        for at in range(4)
    ]
    await a_round(session, now)
    found = await matches_of(session, mentor)
    assert len(found) == 2
    for match in found:
        await matches.accept(session, mentor, match.ref, now)
    (await pairing(session, mentor)).places = 1
    chosen = [one for one in mentees if await matches_of(session, one)]
    refs = {one.id: (await matches_of(session, one))[0].ref for one in chosen}
    await matches.accept(session, chosen[0], refs[chosen[0].id], now)
    view = await matches.accept(session, chosen[1], refs[chosen[1].id], now)
    assert (view.is_known, view.is_open, view.match.state) == (False, False, State.LAPSED)
    heard = await planned(session, "match_notice", "closed")
    assert sorted(heard) == sorted([chosen[1].id, mentor.id])  # at once, and both the same
    await matches.end(session, mentor, refs[chosen[0].id], now + DAY)
    assert (await matches.look(session, chosen[0], refs[chosen[0].id], now)).match.ended_at
    assert await matches.taken(session, mentor) == 0


@pytest.mark.parametrize("mentee_said_yes", [False, True])
async def test_a_mentor_without_a_place_is_told_so_whatever_the_other_has_said(
    session: AsyncSession, now: datetime, mentee_said_yes: bool
) -> None:
    mentor = await a_partner(session, 1, now, knows=[Need.TAX], gives=Partner.MENTOR, places=2)
    mentees = [
        await a_partner(session, 10 + at, now, looks_for=[Need.TAX], seeks=["mentor"])
        for at in range(2)
    ]
    await a_round(session, now)
    refs = [(await matches_of(session, one))[0].ref for one in mentees]
    (await pairing(session, mentor)).places = 1
    for person in (mentees[0], mentor):
        await matches.accept(session, person, refs[0], now)
    if mentee_said_yes:
        await matches.accept(session, mentees[1], refs[1], now)
    with pytest.raises(FullError):
        await matches.accept(session, mentor, refs[1], now)


async def test_two_who_say_yes_at_once_to_a_mentors_last_place_get_one(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        mentor = await a_partner(session, 1, now, knows=[Need.TAX], gives=Partner.MENTOR, places=2)
        mentees = [
            await a_partner(session, 10 + at, now, looks_for=[Need.TAX], seeks=["mentor"])
            for at in range(2)
        ]
        await a_round(session, now)
        for match in await matches_of(session, mentor):
            await matches.accept(session, mentor, match.ref, now)
        refs = [(one.id, (await matches_of(session, one))[0].ref) for one in mentees]
        (await pairing(session, mentor)).places = 1

    async def says_yes(person_id: int, ref: str) -> bool:
        async with database.transaction() as session:
            person = await session.get_one(Person, person_id)
            return (await matches.accept(session, person, ref, now)).is_known

    assert sorted(await asyncio.gather(*(says_yes(*one) for one in refs))) == [False, True]
    async with database.transaction() as session:
        count = select(func.count()).select_from(Match).where(Match.state == State.INTRODUCED)
        assert await session.scalar(count) == 1


async def test_a_pair_that_declined_comes_back_only_after_a_year(
    session: AsyncSession, now: datetime
) -> None:
    receiver, _giver, ref = await two(session, now)
    await matches.decline(session, receiver, ref, Reason.KNOWN, now)
    for days in (31, 200, 364):
        await a_round(session, now + days * DAY)
        assert len(await matches_of(session, receiver)) == 1
    await a_round(session, now + 366 * DAY)
    assert len(await matches_of(session, receiver)) == 2


@pytest.mark.parametrize("ended", [True, False])
async def test_two_who_know_each_other_come_back_at_most_a_year_after_the_end(
    session: AsyncSession, now: datetime, ended: bool
) -> None:
    receiver, giver, ref = await two(session, now)
    for person in (receiver, giver):
        await matches.accept(session, person, ref, now)
    if ended:
        await matches.end(session, giver, ref, now + 300 * DAY)
    await a_round(session, now + 400 * DAY)
    assert len(await matches_of(session, receiver)) == 1
    await a_round(session, now + 666 * DAY)
    assert len(await matches_of(session, receiver)) == 1 + ended


async def test_a_pair_is_kept_apart_for_a_year_after_its_proposal_is_over(
    session: AsyncSession, now: datetime
) -> None:
    receiver, _giver, _ref = await two(session, now)
    await matches.lapse(session, now + 10 * DAY)
    await a_round(session, now + 370 * DAY)
    assert len(await matches_of(session, receiver)) == 1
    await a_round(session, now + 376 * DAY)
    assert len(await matches_of(session, receiver)) == 2


@pytest.mark.parametrize("says_no", [True, False])
async def test_a_no_frees_a_mentors_place_no_sooner_than_silence(
    session: AsyncSession, now: datetime, says_no: bool
) -> None:
    mentor = await a_partner(session, 1, now, knows=[Need.TAX], gives=Partner.MENTOR)
    first = await a_partner(session, 2, now, looks_for=[Need.TAX], seeks=["mentor"])
    await a_round(session, now)
    if says_no:
        (match,) = await matches_of(session, first)
        await matches.decline(session, first, match.ref, Reason.TOPIC, now)
    later = await a_partner(session, 3, now, looks_for=[Need.TAX], seeks=["mentor"])
    await a_round(session, now + DAY)
    assert await matches_of(session, later) == []
    await matches.lapse(session, now + 10 * DAY)
    await a_round(session, now + 11 * DAY)
    assert len(await matches_of(session, mentor)) == 2


@pytest.mark.parametrize("kilometres", [10, 800])
async def test_near_is_twenty_kilometres_for_who_has_not_said_how_far(
    session: AsyncSession, now: datetime, kilometres: int
) -> None:
    areas = [
        Area(zone="UTC", made_at=now, latitude=50 + at * kilometres / 111.2, longitude=4)
        for at in range(2)
    ]
    session.add_all(areas)
    await session.flush()
    in_person = await a_partner(
        session, 1, now, looks_for=[Need.TAX], knows=[Need.HIRING], way="in_person"
    )
    giver = await a_partner(session, 2, now, knows=[Need.TAX])
    in_person.area_id, giver.area_id = (area.id for area in areas)
    await session.flush()
    await a_round(session, now)
    assert bool(await matches_of(session, in_person)) == (kilometres < 20)


async def test_whoever_says_too_far_gets_people_near_them_alone(
    session: AsyncSession, now: datetime
) -> None:
    areas = [
        Area(zone="UTC", made_at=now, latitude=latitude, longitude=4) for latitude in (50, 57.2)
    ]
    session.add_all(areas)
    await session.flush()
    receiver = await a_partner(session, 1, now, looks_for=[Need.TAX])
    first, far = [await a_partner(session, at, now, knows=[Need.TAX]) for at in (2, 3)]
    receiver.area_id, first.area_id, far.area_id = areas[0].id, areas[1].id, areas[1].id
    await session.flush()
    await a_round(session, now)
    (match,) = await matches_of(session, receiver)
    await matches.decline(session, receiver, match.ref, Reason.TOO_FAR, now)
    await a_round(session, now + 31 * DAY)
    assert len(await matches_of(session, receiver)) == 1
    near = await a_partner(session, 4, now, knows=[Need.TAX])
    near.area_id = areas[0].id
    await session.flush()
    await a_round(session, now + 32 * DAY)
    assert len(await matches_of(session, near)) == 1


async def test_blocked_pairs_never_come_back_and_nobody_else_hears_of_it(
    session: AsyncSession, now: datetime
) -> None:
    receiver, giver, ref = await two(session, now)
    await matches.block(session, giver, ref, now)
    assert (await matches.look(session, receiver, ref, now)).is_open
    later = now + 370 * DAY
    await needs.offer(session, receiver, [Need.TAX])
    await needs.look_for(session, giver, [Need.TAX])  # now they fit twice
    third = await a_partner(session, 3, later, knows=[Need.EXPORT])
    await a_round(session, later)
    assert len(await matches_of(session, receiver)) == 2
    assert len(await matches_of(session, third)) == len(await matches_of(session, giver)) == 1


@pytest.mark.parametrize(
    ("reason", "then_found"),
    [
        (Reason.LANGUAGE, ["language"]),
        (Reason.TOO_FAR, ["near"]),
        (Reason.TOPIC, ["other topic"]),
        (Reason.NOT_NOW, []),
    ],
)
async def test_the_reason_of_a_no_changes_whom_the_next_round_proposes(
    session: AsyncSession, now: datetime, reason: Reason, then_found: list[str]
) -> None:
    areas = [Area(zone="UTC", made_at=now) for _ in range(2)]
    session.add_all(areas)
    await session.flush()
    receiver = await a_partner(session, 1, now, looks_for=[Need.TAX, Need.HIRING], speaks=["ar"])
    receiver.area_id = areas[0].id
    first = await a_partner(session, 2, now, knows=[Need.TAX], speaks=["uk"])
    first.area_id = areas[1].id
    await session.flush()
    await a_round(session, now)
    (match,) = await matches_of(session, receiver)
    await matches.decline(session, receiver, match.ref, reason, now)
    later = now + 31 * DAY
    people = {
        "language": await a_partner(session, 3, later, knows=[Need.TAX], speaks=["ar"]),
        "near": await a_partner(session, 4, later, knows=[Need.TAX], speaks=["uk"]),
        "other topic": await a_partner(session, 5, later, knows=[Need.HIRING], speaks=["uk"]),
        # Who fits better by everything but the reason.
        "none of it": await a_partner(
            session,
            6,
            later,
            knows=[Need.TAX] if reason is Reason.TOPIC else [Need.TAX, Need.HIRING],
            speaks=["ar"] if reason is Reason.TOPIC else ["uk"],
        ),
    }
    for name, person in people.items():
        person.area_id = areas[0 if name == "near" else 1].id
    for name, person in people.items():  # of these, only who fits the reason is there
        if name not in ("none of it", *then_found):
            person.state = Membership.STOPPED
    await session.flush()
    await a_round(session, later)
    new = [one for one in await matches_of(session, receiver) if one.id != match.id]
    found = [
        name
        for name, person in people.items()
        if {one.id for one in await matches_of(session, person)} & {one.id for one in new}
    ]
    assert found == then_found


async def test_nobody_is_proposed_more_than_twice_a_month(
    session: AsyncSession, now: datetime
) -> None:
    receiver = await a_partner(session, 1, now, looks_for=[Need.TAX])
    for number in range(2, 8):
        await a_partner(session, number, now, knows=[Need.TAX], looks_for=[Need.EXPORT])
    for days in (0, 1, 2, 11, 12, 24):
        at = now + days * DAY
        await matches.lapse(session, at)
        if days in (1, 12):
            for match in await matches_of(session, receiver):
                if match.state == State.PROPOSED:
                    await matches.decline(session, receiver, match.ref, Reason.KNOWN, at)
        await a_round(session, at)
    assert len(await matches_of(session, receiver)) == 2
    with pytest.raises(TooOftenError):
        await a_round(session, now + 29 * DAY, receiver)
    await a_round(session, now + 32 * DAY, receiver)
    assert len(await matches_of(session, receiver)) == 3


async def test_the_unmatched_are_told_and_who_asks_hears_at_once(
    session: AsyncSession, now: datetime
) -> None:
    alone = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    for days in (0, 14, 28, 61):
        await a_round(session, now + days * DAY)
    assert await planned(session, "match_none") == [alone.id] * 2
    await a_round(session, now + 62 * DAY, alone)
    assert await planned(session, "match_answer") == [alone.id]


async def test_each_is_asked_once_what_came_of_it_and_after_three_misses_pairing_rests(
    session: AsyncSession, now: datetime
) -> None:
    receiver, giver, ref = await two(session, now)
    for person in (receiver, giver):
        await matches.accept(session, person, ref, now)
    assert await matches.ask_what_came(session, now + 13 * DAY) == 0
    assert await matches.ask_what_came(session, now + 14 * DAY) == 2
    assert await matches.ask_what_came(session, now + 15 * DAY) == 0
    await matches.say(
        session, giver, ref, now + 15 * DAY, met=True, useful=True, outcome=Outcome.CLIENT
    )
    await matches.say(session, receiver, ref, now + 15 * DAY, met=False)
    assert (await matches.look(session, giver, ref, now)).match.state == State.MET
    assert await matches.close(session, now + 40 * DAY) == 0


async def test_what_nobody_speaks_of_has_not_met_and_the_third_miss_pauses(
    session: AsyncSession, now: datetime
) -> None:
    receiver, giver, ref = await two(session, now)
    (await pairing(session, receiver)).misses = 2
    for person in (receiver, giver):
        await matches.accept(session, person, ref, now)
    assert (await pairing(session, receiver)).misses == 0  # who answers misses nothing
    (await pairing(session, receiver)).misses = 2
    await matches.ask_what_came(session, now + 14 * DAY)
    asked = select(Delivery).where(Delivery.kind == "match_followup")
    for row in await session.scalars(asked.where(Delivery.person_id == receiver.id)):
        row.state = deliveries.State.SENT
    (await pairing(session, giver)).misses = 2  # who was not reached has missed nothing
    assert await matches.close(session, now + 28 * DAY) == 1
    match = (await matches.look(session, giver, ref, now)).match
    assert (match.state, match.ended_at) == (State.NOT_MET, None)
    assert await planned(session, "match_notice", "paused") == [receiver.id]
    await a_round(session, now + 60 * DAY)
    assert len(await matches_of(session, receiver)) == 1
    await matches.begin_again(session, receiver, now + 61 * DAY)
    assert (await pairing(session, receiver)).rests_since is None


async def test_two_who_write_to_each_other_are_in_touch_though_they_say_nothing(
    session: AsyncSession, now: datetime
) -> None:
    receiver, giver, ref = await two(session, now)
    for person in (receiver, giver):
        await matches.accept(session, person, ref, now)
    exchange = await bridge.begin(session, receiver, Between.MATCH, ref, now)
    await bridge.write(session, giver, exchange.ref, "Hello", now, language="en")
    assert await matches.close(session, now + 28 * DAY) == 0
    match = (await matches.look(session, giver, ref, now)).match
    assert (match.state, match.closes_at) == (State.INTRODUCED, None)
    assert (await bridge.look(session, receiver, exchange.ref, now + 29 * DAY)).may_write


async def test_only_whom_a_proposal_has_reached_can_miss_it(
    session: AsyncSession, now: datetime
) -> None:
    receiver, giver, _ref = await two(session, now)
    theirs = select(Delivery).where(
        Delivery.kind == "match_proposed", Delivery.person_id == giver.id
    )
    (await session.scalars(theirs)).one().state = deliveries.State.SENT
    await matches.lapse(session, now + 10 * DAY)
    assert (await pairing(session, giver)).misses == 1
    assert (await pairing(session, receiver)).misses == 0


@pytest.mark.parametrize("is_gone", [True, False])
async def test_nobody_has_missed_whom_they_could_not_have_met_any_more(
    session: AsyncSession, now: datetime, is_gone: bool
) -> None:
    receiver, giver, _ref = await two(session, now)
    for row in await session.scalars(select(Delivery).where(Delivery.kind == "match_proposed")):
        row.state = deliveries.State.SENT
    if is_gone:
        giver.state = Membership.LEFT
    await session.flush()
    await matches.lapse(session, now + 10 * DAY)
    assert (await pairing(session, receiver)).misses == (0 if is_gone else 1)


async def test_who_asks_is_answered_and_whom_that_concerns_reads_it_unasked(
    session: AsyncSession, now: datetime
) -> None:
    receiver = await a_partner(session, 1, now, looks_for=[Need.TAX])
    receiver.participation = Participation.READING
    giver = await a_partner(session, 2, now, knows=[Need.TAX])
    await a_round(session, now)
    assert await planned(session, "match_proposed") == []
    await a_round(session, now, receiver)
    assert await planned(session, "match_answer") == [receiver.id]
    assert await planned(session, "match_proposed") == [giver.id]


async def test_a_proposal_that_cannot_be_answered_any_more_does_not_leave(
    session: AsyncSession, now: datetime
) -> None:
    await two(session, now)
    ends = await session.scalars(
        select(Delivery.expires_at).where(Delivery.kind == "match_proposed")
    )
    assert {*ends} == {now + 10 * DAY}
    assert await deliveries.expire(session, now + 10 * DAY) == 2


async def test_nobody_who_has_not_agreed_rests_or_is_gone_is_in_a_round(
    session: AsyncSession, now: datetime
) -> None:
    receiver = await a_partner(session, 1, now, looks_for=[Need.TAX])
    silent = await a_partner(session, 2, now, knows=[Need.TAX])
    await consents.switch(session, silent, set(), now, version="1", language="en")
    stopped = await a_partner(session, 3, now, knows=[Need.TAX])
    stopped.state = Membership.STOPPED
    blocked = await a_partner(session, 4, now, knows=[Need.TAX])
    blocked.came_from = Membership.ACTIVE
    resting = await a_partner(session, 5, now, knows=[Need.TAX])
    await matches.rest(session, resting, now + DAY, now)
    await session.flush()
    await a_round(session, now)
    assert await matches_of(session, receiver) == []
    await a_round(session, now + 2 * DAY)
    assert len(await matches_of(session, resting)) == 1
