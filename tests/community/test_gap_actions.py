"""What is planned about gaps: scores with their history, evidence, and the link to the gap."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import erasure
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError
from community.figures import Quarter
from community.gaps import GapCell, actions
from community.gaps.actions import ActionScore, Criterion, Proof, Way
from community.needs import Need
from community.people import Person
from community.providers import Organization
from tests.community.test_gaps import NEXT, OVER, a_coordinator, a_service, look_for, the_map


async def a_gap(session: AsyncSession, now: datetime) -> tuple[Person, GapCell]:
    boss = await a_coordinator(session, now)
    await look_for(session, now, 1, 6, Need.TAX)
    found = await the_map(session, now)
    return boss, found.gaps[0]


async def test_an_action_keeps_its_gap_through_the_next_map(
    session: AsyncSession, now: datetime
) -> None:
    boss, gap = await a_gap(session, now)
    action = await actions.begin(session, boss, gap.ref, Way.PARTNER, OVER)
    again = await actions.begin(session, boss, gap.ref, Way.PARTNER, OVER)
    other = await actions.begin(session, boss, gap.ref, Way.EVENT, OVER)
    assert action.id == again.id != other.id
    await a_service(session, now)
    second = await the_map(session, now, NEXT)
    assert action.place == gap.place
    assert gap.place not in {cell.place for cell in second.gaps}
    assert [one.place for one in second.past if one.place == gap.place] == [gap.place]
    about = await actions.about(session, boss, gap.place, NEXT)
    assert {one.id for one in about} == {action.id, other.id}


async def test_an_action_lists_its_evidence_its_newest_scores_and_their_history(
    session: AsyncSession, now: datetime
) -> None:
    boss, gap = await a_gap(session, now)
    action = await actions.begin(session, boss, gap.ref, Way.EVENT, OVER)
    later = OVER + timedelta(days=1)
    for value, at in ((2, OVER), (4, later)):
        await actions.score(session, boss, action.ref, Criterion.RELEVANCE, value, at)
    await actions.score(session, boss, action.ref, Criterion.EFFICIENCY, 3, later)
    link = await actions.attach(
        session, boss, action.ref, Proof.LINK, "https://example.org/study", later
    )
    await actions.attach(session, boss, action.ref, Proof.BENCHMARK, "Turin: 12 a year", later)
    found = await actions.weighed(session, boss, action.ref, later)
    assert found.scores == {Criterion.RELEVANCE: 4, Criterion.EFFICIENCY: 3}
    assert [(row.criterion, row.value) for row in found.history] == [
        (Criterion.EFFICIENCY, 3),
        (Criterion.RELEVANCE, 4),
        (Criterion.RELEVANCE, 2),
    ]
    assert [row.kind for row in found.evidence] == [Proof.FIGURE, Proof.LINK, Proof.BENCHMARK]
    ((cell, wave),) = found.cells.values()
    assert (cell.id, wave.quarter) == (gap.id, Quarter(2026, 4))
    await actions.take_off(session, boss, link.ref, later)
    found = await actions.weighed(session, boss, action.ref, later)
    assert [row.kind for row in found.evidence] == [Proof.FIGURE, Proof.BENCHMARK]
    await erasure.erase(session, boss, later, b"key")
    assert {*await session.scalars(select(ActionScore.by_id))} == {None}


@pytest.mark.parametrize("value", [0, 6, -1])
async def test_a_score_is_from_one_to_five(
    session: AsyncSession, now: datetime, value: int
) -> None:
    boss, gap = await a_gap(session, now)
    action = await actions.begin(session, boss, gap.ref, Way.EVENT, OVER)
    with pytest.raises(NotUnderstoodError):
        await actions.score(session, boss, action.ref, Criterion.IMPACT, value, OVER)


@pytest.mark.parametrize(
    ("kind", "said"),
    [(Proof.LINK, "study"), (Proof.LINK, "https://a b"), (Proof.TEXT, " "), (Proof.FIGURE, "x")],
)
async def test_evidence_says_something_and_a_link_is_one(
    session: AsyncSession, now: datetime, kind: Proof, said: str
) -> None:
    boss, gap = await a_gap(session, now)
    action = await actions.begin(session, boss, gap.ref, Way.EVENT, OVER)
    with pytest.raises(NotUnderstoodError):
        await actions.attach(session, boss, action.ref, kind, said, OVER)


async def test_what_is_no_gap_gets_no_action_and_only_coordinators_plan(
    session: AsyncSession, now: datetime
) -> None:
    boss, gap = await a_gap(session, now)
    (member, *_others) = await look_for(session, now, 50, 1)
    with pytest.raises(NotAllowedError):
        await actions.begin(session, member, gap.ref, Way.EVENT, OVER)
    gap.gap = None
    with pytest.raises(NotFoundError):
        await actions.begin(session, boss, gap.ref, Way.EVENT, OVER)


async def test_a_partner_gets_a_task_of_the_plan_and_a_task_can_be_scored_by_itself(
    session: AsyncSession, now: datetime
) -> None:
    boss, gap = await a_gap(session, now)
    service = await a_service(session, now)
    partner = await session.get_one(Organization, service.organization_id)
    action = await actions.begin(session, boss, gap.ref, Way.PARTNER, OVER)
    await actions.with_partner(session, boss, action.ref, partner.ref, "Tax help in Arabic", OVER)
    task = await actions.task_of(session, action)
    assert task is not None
    assert task.what == "Tax help in Arabic"
    assert (await actions.for_task(session, boss, task.ref, OVER)).id == action.id
    ended = await actions.end(session, boss, action.ref, OVER, done=True)
    assert (ended.ended_at, ended.is_done) == (OVER, True)
    anew = await actions.begin(session, boss, gap.ref, Way.PARTNER, OVER)
    assert anew.id != action.id
