"""A round as numbers: what no population can make it do, and that it is worth solving."""

import math
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bench import pairing
from community import limits, matches, needs, spoken
from community.limits import Limit
from community.matches import Columns, MatchSide, Way, reasons
from community.matches.fitting import arrays, edges
from community.matches.solving import solve
from community.needs import Need
from community.people import Person
from tests.matching import a_partner, a_round, matches_of

PLACES = [(50.8, 4.3), (50.9, 4.4), (math.nan, math.nan)]


@st.composite
def towns(draw: st.DrawFn) -> Columns:
    """Return a small town in which anything may be so."""
    size = draw(st.integers(2, 14))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=size, max_size=size))

    bits, flag = st.integers(0, 15), st.booleans()
    pairs = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))
    areas = column(st.integers(-1, 1))
    return Columns(
        ids=[*range(100, 100 + size)],
        receives=column(flag),
        slots=column(st.integers(0, 3)),
        needs=column(bits),
        offers=column(bits),
        seeks=column(st.integers(0, 7)),
        gives=column(st.sampled_from([1, 2, 4])),
        languages=column(bits),
        areas=areas,
        sectors=column(st.integers(-1, 3)),
        times=column(bits),
        online=column(flag),
        in_person=column(flag),
        reach=column(st.sampled_from([2.0, 20.0, math.inf])),
        spots=[PLACES[area] for area in areas],
        same_language_only=column(flag),
        nearby_only=column(flag),
        apart=sorted({(min(pair), max(pair)) for pair in draw(st.lists(pairs, max_size=10))}),
    )


@settings(max_examples=300, deadline=None)
@given(town=towns(), seed=st.integers(0, 9))
def test_no_round_breaks_a_rule(town: Columns, seed: int) -> None:
    people = arrays(town)
    pairs = solve(people, edges(people, seed))
    receivers = [one for one, _other in pairs]
    assert len(receivers) == len({*receivers})
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    for giver in range(len(town.ids)):
        assert sum(other == giver for _one, other in pairs) <= town.slots[giver]
    for one, other in pairs:
        assert one != other
        assert town.receives[one]
        assert town.needs[one] & town.offers[other]
        assert town.seeks[one] & town.gives[other]
        assert (min(one, other), max(one, other)) not in town.apart
        same_area = town.areas[one] == town.areas[other] >= 0
        near = town.in_person[one] and town.in_person[other] and same_area
        far_apart = {town.areas[one], town.areas[other]} == {0, 1}  # 13 kilometres
        if far_apart and min(town.reach[one], town.reach[other]) > 13:
            near = town.in_person[one] and town.in_person[other]
        assert near or (town.online[one] and town.online[other])
        if town.nearby_only[one] or town.nearby_only[other]:
            assert near
        if town.same_language_only[one] or town.same_language_only[other]:
            assert town.languages[one] & town.languages[other]


@settings(max_examples=300, deadline=None)
@given(town=towns(), seed=st.integers(0, 9))
def test_nobody_does_better_by_taking_the_best_that_is_left(town: Columns, seed: int) -> None:
    people = arrays(town)
    found = edges(people, seed)
    scores = {
        (int(one), int(other)): float(score)
        for one, other, score in zip(found.receivers, found.givers, found.scores, strict=True)
    }
    in_turn = pairing.greedy(people, found, seed)
    ours = solve(people, found)
    # Two who would be proposed to each other are one pair, and worth what both ways are.
    both_ways = sum(scores[pair] + scores.get((pair[1], pair[0]), 0) for pair in ours)
    assert both_ways >= sum(map(scores.__getitem__, in_turn))
    assert bool(ours) == bool(len(found))


def test_a_round_answers_more_needs_than_greedy_random_or_blind_pairing() -> None:
    met = dict.fromkeys(pairing.WAYS, 0)
    for seed in range(3):
        town, _languages, _profiles = pairing.population(600, seed)
        people = arrays(town)
        found = edges(people, seed)
        for name, way in pairing.WAYS.items():
            met[name] += sum(
                one.bit_count() for one in pairing.satisfied(town, way(people, found, seed))
            )
    order = sorted(met, key=met.__getitem__, reverse=True)
    assert order == ["the round", "greedy", "random edges", "blind"]


async def test_every_reason_shown_is_true(session: AsyncSession, now: datetime) -> None:
    terms, languages = [*Need][:6], ["en", "fr", "ar", "uk"]
    for number in range(1, 25):
        person = await a_partner(
            session,
            number,
            now,
            looks_for=[terms[number % 6], terms[(number * 5 + 1) % 6]],
            knows=[terms[(number * 7 + 2) % 6]],
            speaks=[languages[number % 4], languages[(number // 3) % 4]],
            way=[*Way][number % 3],
            sector=["food", "trade", None][number % 3],
        )
        await limits.tick(session, person, [*Limit][2 + number % 4], on=True)
    await a_round(session, now)
    seen = 0
    sides = await session.execute(
        select(MatchSide, Person).join(Person, Person.id == MatchSide.person_id)
    )
    for _side, reader in sides.all():
        for match in await matches_of(session, reader):
            view = await matches.view_of(session, reader, match, now)
            assert view.other is not None
            why = await reasons(session, reader, view)
            mine = await needs.of(session, reader), await needs.offered_by(session, reader)
            theirs = (
                await needs.of(session, view.other),
                await needs.offered_by(session, view.other),
            )
            assert {*why.answered} == {*mine[0]} & {*theirs[1]}
            assert {*why.answering} == {*theirs[0]} & {*mine[1]}
            assert why.answered or why.answering
            assert {*why.languages} == {*await spoken.of(session, reader)} & {
                *await spoken.of(session, view.other)
            }
            seen += 1
    assert seen >= 6
