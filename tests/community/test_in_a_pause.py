"""Whoever has paused: of every kind what they get, and why; what waits comes afterwards."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, judging, people
from community.consents import Purpose
from community.deliveries import Delivery, Due, Outcome, Plan, State
from community.judging import Verdict
from community.people import Person
from community.policy import POLICY
from tests.community.test_sends import NETWORK, ZONE, a_member

DAY = timedelta(days=1)
COMES, WAITS, NEVER = "comes", "waits", "never"

# kind: what becomes of it in a pause, and why
IN_A_PAUSE = {
    # Nobody asked for these: they are what one takes a break from.
    "event_invitation": (NEVER, "nobody asked for it; /events shows what there is"),
    "newsletter": (NEVER, "nobody asked for it; /news keeps it"),
    "offer": (NEVER, "nobody asked for it"),
    "digest": (NEVER, "nobody asked for it; the next one gathers anew"),
    "step_nudge": (NEVER, "a nudge; it does not count as one of the two"),
    "silence": (NEVER, "a nudge, to somebody who has said why they are not here"),
    "pulse": (NEVER, "a survey"),
    "survey": (NEVER, "a survey"),
    "exit_survey": (NEVER, "only who has left is asked"),
    "facilitation": (NEVER, "a survey"),
    "match_proposed": (NEVER, "nobody asked for it; the next round proposes again"),
    "match_none": (NEVER, "says that there is nothing"),
    "post_new": (NEVER, "nobody asked for it; the list shows it"),
    "missed_question": (NEVER, "a question of ours; an old visit is not worth asking about later"),
    "post_expiring": (NEVER, "a question; what ends is told, and put up again by a tap"),
    # Not urgent, and said only once: it would be lost.
    "match_followup": (WAITS, "is asked once; useless when the match is closed, and so it says"),
    "match_notice": (WAITS, "says what became of it; nothing has to be done"),
    "translated": (WAITS, "they asked for it, and it stays there"),
    "service_found": (WAITS, "they wait for it, and it stays there; the wish is gone with it"),
    "cohort_settled": (WAITS, "says whether a group goes on; nothing has to be done"),
    # What they have asked for, or said yes to.
    "event_reminder": (COMES, "they go there; the card of the break says that it comes"),
    "event_changed": (COMES, "they go there, and would stand before a closed door"),
    "event_cancelled": (COMES, "they go there, and would stand before a closed door"),
    "place_offered": (COMES, "they stand in line, and the place is held for hours"),
    "match_answer": (COMES, "the answer to what they have just pressed"),
    "match_introduced": (COMES, "both have said yes, and the other waits"),
    "post_notice": (COMES, "what became of their own words, or a contact shown to them"),
    "group_welcome": (COMES, "they have just asked to join a group"),
    "team_answer": (COMES, "an answer to what they have written"),
    "bridge_message": (COMES, "somebody writes to them, and waits"),
    "transfer_notice": (COMES, "a plan that ends by a day; a role is at stake"),
    "transfer_result": (COMES, "what became of a plan of theirs"),
    # What one must hear.
    "measure_notice": (COMES, "a decision about them, which they can dispute"),
    "report_notice": (COMES, "a decision about what they have reported"),
    "correction": (COMES, "an edit: makes no sound, and what was wrong stands there"),
    "recall": (COMES, "an edit: makes no sound, and what was wrong stands there"),
    # A request to an organisation goes on.
    "referral_step": (COMES, "their own request, which goes on"),
    "referral_outcome": (COMES, "asks for the member's word before a deadline"),
    "referral_reminder": (COMES, "their turn, before a deadline"),
    # The work of a role is not what a member pauses.
    "entry_check": (COMES, "work of a role"),
    "provider_reminder": (COMES, "work of a role: a member waits"),
    "provider_notice": (COMES, "work of a role: a member waits"),
    "question_overdue": (COMES, "work of a role: a member waits"),
    "staff_notice": (COMES, "work of a role"),
    "team_notice": (COMES, "work of a role"),
    "role_notice": (COMES, "a role given or taken"),
    # Posted in a group.
    "group_card": (COMES, "is for a group; nobody's pause is asked"),
}


async def one_who_rests(session: AsyncSession, now: datetime, weeks: int = 2) -> Person:
    person = await a_member(session, 1, now)
    await people.pause(session, person, now + timedelta(weeks=weeks), now)
    return person


async def judged(session: AsyncSession, now: datetime) -> dict[str, Verdict]:
    """Judge all that is due as a sender does, write it back, and return what became of each."""
    found: dict[str, Verdict] = {}
    while rows := await deliveries.claim(session, "me", 100, 60, now):
        for row in rows:
            found[row.kind] = verdict = await _judged(session, row, now)
            done = Outcome(row.id, row.kind, verdict.state, verdict.reason, due_at=verdict.due_at)
            await deliveries.settle(session, [done], now)
    return found


async def _judged(session: AsyncSession, row: Due, now: datetime) -> Verdict:
    """Judge one row of somebody who agrees to everything, and has got nothing lately."""
    readers = await judging.readers(session, [row], now, NETWORK)
    reader = readers[row.person_id or 0]
    reader.agrees_to, reader.unasked = {*Purpose}, []
    return judging.judge(row, reader, now, ZONE)


async def owe(session: AsyncSession, person: Person, now: datetime, *kinds: str) -> None:
    plans = [Plan(kind, person.id, f"{kind}:{now}", now) for kind in kinds]
    await deliveries.plan(session, now, *plans)


def test_of_every_kind_it_is_said_what_becomes_of_it_in_a_pause() -> None:
    assert set(IN_A_PAUSE) == set(POLICY)


async def test_a_paused_member_gets_what_is_theirs_later_what_can_wait_and_nothing_unasked(
    session: AsyncSession, now: datetime
) -> None:
    person = await one_who_rests(session, now)
    await owe(session, person, now, *POLICY)
    fates = {
        judging.GO: COMES,
        Verdict(State.SUPPRESSED, "paused"): NEVER,
        Verdict(State.QUEUED, "deferred", now + DAY): WAITS,
    }
    found = {kind: fates[verdict] for kind, verdict in (await judged(session, now)).items()}
    assert found == {kind: fate for kind, (fate, _why) in IN_A_PAUSE.items()}


WAITING = {kind for kind, (fate, _why) in IN_A_PAUSE.items() if fate == WAITS}


@pytest.mark.parametrize("weeks", [1, 12])
async def test_what_waits_comes_on_the_day_that_was_named(
    session: AsyncSession, now: datetime, weeks: int
) -> None:
    person = await one_who_rests(session, now, weeks)
    await owe(session, person, now, *WAITING)
    for day in range(weeks * 7):
        waiting = (await judged(session, now + day * DAY)).values()
        assert {verdict.state for verdict in waiting} == {State.QUEUED}, day
    back = now + timedelta(weeks=weeks)
    assert await deliveries.next_due(session) == back
    assert await judged(session, back) == dict.fromkeys(WAITING, judging.GO)


async def test_who_comes_back_before_has_it_within_a_day_and_who_stops_does_not(
    session: AsyncSession, now: datetime
) -> None:
    person = await one_who_rests(session, now)
    await owe(session, person, now, "translated")
    await judged(session, now)
    await people.resume(session, person, now)
    assert await judged(session, now + DAY) == {"translated": judging.GO}
    await people.pause(session, person, now + 9 * DAY, now + DAY)
    await owe(session, person, now + DAY, "service_found")
    await judged(session, now + DAY)
    await people.stop(session, person, now + DAY)
    gone = await judged(session, now + 2 * DAY)
    assert gone == {"service_found": Verdict(State.SUPPRESSED, "stopped")}


async def test_what_has_an_end_of_its_own_does_not_outlive_it_by_a_pause(
    session: AsyncSession, now: datetime
) -> None:
    person = await one_who_rests(session, now)
    ends = now + timedelta(days=3)
    await deliveries.plan(session, now, Plan("match_followup", person.id, "k", now, {}, ends))
    for day in range(3):
        await judged(session, now + day * DAY)
    state = await session.scalar(select(Delivery.state))
    assert state == State.EXPIRED
