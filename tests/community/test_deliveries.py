"""What is owed: once, in time, by the policy, and with a fate after every crash."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import consents, conversations, deliveries, judging, people, sends, topics
from community.consents import Purpose
from community.deliveries import DELIVERY, Delivery, Due, Outcome, Plan, State
from community.errors import IllegalMoveError
from community.judging import GO, Verdict
from community.lifecycle import Who
from community.people import Membership, Person
from community.policy import POLICY
from community.topics import Topic

ZONE = "Europe/Paris"


async def a_member(
    session: AsyncSession, number: int, now: datetime, *purposes: Purpose
) -> Person:
    person = await people.meet(session, number, now, name="Someone")
    await people.join(session, person, now, terms_version="1", language="en")
    await consents.switch(session, person, set(purposes), now, version="1", language="en")
    return person


async def owe(
    session: AsyncSession, person: Person, now: datetime, kind: str = "newsletter", key: str = "k"
) -> Delivery:
    await deliveries.plan(session, now, Plan(kind, person.id, f"{kind}:{key}", now))
    row = await session.scalar(select(Delivery).where(Delivery.key == f"{kind}:{key}"))
    assert row is not None
    return row


async def judged(session: AsyncSession, *owed: Delivery | Due, at: datetime) -> list[Verdict]:
    rows = [Due._make(getattr(row, name) for name in Due._fields) for row in owed]
    readers = await judging.readers(session, rows, at, "en")
    return [judging.judge(row, readers.get(row.person_id or 0), at, ZONE) for row in rows]


async def test_the_same_occurrence_is_planned_once(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    plan = Plan("event_reminder", person.id, "the same", now)
    assert await deliveries.plan(session, now, plan) == 1
    assert await deliveries.plan(session, now, plan, plan) == 0


async def test_a_row_is_claimed_by_one_of_many(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        for number in range(1, 41):
            await owe(session, await a_member(session, number, now), now, key=str(number))

    async def work(name: str) -> list[int]:
        mine: list[int] = []
        while True:
            async with database.transaction() as session:
                rows = await deliveries.claim(session, name, 3, 60, now)
                mine += [row.id for row in rows]
            if not rows:
                return mine

    shares = await asyncio.gather(*(work(f"worker {n}") for n in range(4)))
    claimed = [row for share in shares for row in share]
    assert len(claimed) == len(set(claimed)) == 40


async def test_of_one_persons_backlog_the_first_is_claimed_and_nobody_waits_behind_the_rest(
    session: AsyncSession, now: datetime
) -> None:
    flooded, ada, ben = [await a_member(session, number, now) for number in (1, 2, 3)]
    backlog = [await owe(session, flooded, now, "event_cancelled", str(n)) for n in range(10)]
    others = [await owe(session, who, now, "event_cancelled", who.ref) for who in (ada, ben)]
    first, second, *_ = (row.id for row in backlog)
    rows = await deliveries.claim(session, "w", 3, 60, now)
    assert [row.id for row in rows] == [first, *(row.id for row in others)]
    assert await deliveries.claim(session, "w", 3, 60, now) == [], "the first is still in hand"
    done = [Outcome(row.id, row.kind, State.SENT) for row in rows]
    await deliveries.settle(session, done, now)
    assert [row.id for row in await deliveries.claim(session, "w", 3, 60, now)] == [second]


async def test_what_is_held_holds_up_nothing_that_its_person_is_owed_after_it(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    held = sends.Send(kind="newsletter", made_at=now, state=sends.State.HELD)
    session.add(held)
    await session.flush()
    plan = Plan("newsletter", person.id, "held", now - timedelta(hours=1), send_id=held.id)
    await deliveries.plan(session, now, plan)
    row = await owe(session, person, now)
    assert [due.id for due in await deliveries.claim(session, "w", 3, 60, now)] == [row.id]


async def test_two_senders_that_claim_at_once_bring_nothing_of_a_person_out_of_order(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        person = await a_member(session, 1, now)
        owed = [(await owe(session, person, now, "event_cancelled", str(n))).id for n in range(6)]
    both_have_claimed = asyncio.Barrier(1 if database.is_sqlite else 2)

    async def take(name: str) -> list[int]:
        async with database.transaction() as session:
            rows = await deliveries.claim(session, name, 2, 60, now)
            async with asyncio.timeout(10):
                await both_have_claimed.wait()
            return [row.id for row in rows]

    for row_id in owed:
        assert sorted(await asyncio.gather(take("one"), take("two"))) == [[], [row_id]]
        async with database.transaction() as session:
            sent = Outcome(row_id, "event_cancelled", State.SENT)
            await deliveries.settle(session, [sent], now)


async def test_urgent_messages_are_claimed_before_news(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    await owe(session, person, now, "newsletter")
    await owe(session, person, now, "event_cancelled")
    rows = await deliveries.claim(session, "w", 2, 60, now)
    assert [row.kind for row in rows] == ["event_cancelled", "newsletter"]


@pytest.mark.parametrize(
    ("state", "kind", "goes"),
    [
        (Membership.ACTIVE, "newsletter", True),
        (Membership.PAUSED, "newsletter", False),
        (Membership.STOPPED, "newsletter", False),
        (Membership.UNREACHABLE, "newsletter", False),
        (Membership.PAUSED, "event_reminder", True),
        (Membership.STOPPED, "event_reminder", False),
        (Membership.STOPPED, "event_cancelled", True),
        (Membership.STOPPED, "referral_step", True),
        (Membership.STOPPED, "referral_reminder", True),
        (Membership.LEFT, "referral_reminder", False),
        (Membership.STOPPED, "provider_reminder", True),
        (Membership.LEFT, "entry_check", True),
        (Membership.STOPPED, "team_answer", True),
        (Membership.UNREACHABLE, "team_answer", False),
    ],
)
async def test_who_rests_or_has_stopped_hears_only_what_they_asked_for(
    session: AsyncSession, now: datetime, state: Membership, kind: str, goes: bool
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    person.state = state
    row = await owe(session, person, now, kind)
    (verdict,) = await judged(session, row, at=now)
    assert (verdict == GO) is goes
    if not goes:
        assert verdict.state == State.SUPPRESSED


async def test_without_consent_no_newsletter(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now)
    (verdict,) = await judged(session, row, at=now)
    assert (verdict.state, verdict.reason) == (State.SUPPRESSED, "no_consent")


async def _was_sent(session: AsyncSession, row: Delivery, when: datetime) -> None:
    row.state, row.settled_at = State.SENT, when
    await session.flush()


async def test_the_second_unasked_message_waits_four_hours(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    await _was_sent(session, await owe(session, person, now, key="1"), now)
    row = await owe(session, person, now, key="2")
    (verdict,) = await judged(session, row, at=now)
    assert (verdict.state, verdict.due_at) == (State.QUEUED, now + timedelta(hours=4))


async def test_of_two_in_one_batch_one_goes_and_the_other_waits(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS, Purpose.SURVEYS)
    for kind in ("newsletter", "pulse"):
        await owe(session, person, now, kind)
    rows = await deliveries.claim(session, "w", 8, 60, now)
    verdicts = await judged(session, *rows, at=now)
    assert verdicts == [GO, Verdict(State.QUEUED, "deferred", now + timedelta(hours=4))]
    assert await judged(session, rows[1], at=now) == [GO], "the first did not go after all"


async def test_two_senders_at_once_let_one_unasked_message_go(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        person = await a_member(session, 1, now, Purpose.NEWS, Purpose.SURVEYS)
        for kind in ("newsletter", "pulse"):
            await owe(session, person, now, kind)
    both_have_claimed = asyncio.Barrier(1 if database.is_sqlite else 2)

    async def send(name: str) -> bool:
        async with database.transaction() as session:
            (row,) = await deliveries.claim(session, name, 1, 60, now)
            await both_have_claimed.wait()
            (verdict,) = await judged(session, row, at=now)
            if verdict == GO:
                await session.execute(update(Delivery).values(settled_at=now))
            return verdict == GO

    assert sorted(await asyncio.gather(send("one"), send("two"))) == [False, True]


async def test_the_fourth_unasked_message_of_a_week_waits_for_the_week_to_end(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    for number in range(3):
        row = await owe(session, person, now, key=str(number))
        await _was_sent(session, row, now - timedelta(days=5 - number))
    row = await owe(session, person, now, key="last")
    (verdict,) = await judged(session, row, at=now)
    assert (verdict.state, verdict.due_at) == (State.QUEUED, now + timedelta(days=2))


async def test_a_deferral_never_crosses_the_expiry(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    night = now.replace(hour=22)
    row = await owe(session, person, night)
    row.expires_at = night + timedelta(hours=2)
    (verdict,) = await judged(session, row, at=night)
    assert (verdict.state, verdict.reason) == (State.EXPIRED, "no_time_left")


async def test_what_is_late_expires_and_stays_listed(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now, "event_reminder")
    assert await deliveries.expire(session, row.expires_at) == 1
    await session.refresh(row)
    assert (row.state, row.reason) == (State.EXPIRED, "too_late")


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("newsletter", State.UNCERTAIN),
        ("event_invitation", State.UNCERTAIN),
        ("event_reminder", State.UNCERTAIN),
        ("step_nudge", State.UNCERTAIN),
        ("pulse", State.UNCERTAIN),
        ("event_cancelled", State.QUEUED),
        ("event_changed", State.QUEUED),
        ("place_offered", State.QUEUED),
        ("referral_step", State.QUEUED),
        ("provider_notice", State.QUEUED),
        ("team_answer", State.QUEUED),
    ],
)
async def test_a_crash_leaves_each_kind_as_its_policy_says(
    session: AsyncSession, now: datetime, kind: str, after: State
) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now, kind)
    await deliveries.claim(session, "dead", 1, 60, now)
    free, stopped = await deliveries.let_go(session, "dead", [row.id], -1, now)
    assert (free, stopped) == ({row.id}, {})
    await deliveries.rescue(session, now)
    await session.refresh(row)
    assert row.state == after


async def test_what_was_claimed_but_not_let_go_is_owed_again_whatever_its_kind(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    rows = [await owe(session, person, now, kind) for kind in ("newsletter", "event_cancelled")]
    await deliveries.claim(session, "dead", 2, -1, now)
    assert await deliveries.rescue(session, now) == (2, 0)
    for row in rows:
        await session.refresh(row)
        assert (row.state, row.claimed_by) == (State.QUEUED, None)


async def test_a_sender_whose_lease_has_run_out_lets_nothing_go(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now)
    await deliveries.claim(session, "asleep", 1, -1, now)
    assert await deliveries.let_go(session, "asleep", [row.id], 60, now) == (set(), {})


async def test_a_topic_that_is_turned_off_is_silent_and_the_others_are_not(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    await topics.turn(session, person, Topic.NEWSLETTERS, now, on=False)
    rows = [await owe(session, person, now, kind) for kind in ("newsletter", "event_invitation")]
    assert await judged(session, *rows, at=now) == [Verdict(State.SUPPRESSED, "muted"), GO]
    await topics.turn(session, person, Topic.NEWSLETTERS, now, on=True)
    assert await judged(session, rows[0], at=now) == [GO]


async def test_a_nudge_for_which_there_is_no_room_is_skipped(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    await _was_sent(session, await owe(session, person, now), now)
    row = await owe(session, person, now, "step_nudge")
    assert await judged(session, row, at=now) == [Verdict(State.SUPPRESSED, "no_room")]


@pytest.mark.parametrize(
    ("kind", "waits"), [("newsletter", True), ("event_reminder", True), ("team_answer", False)]
)
async def test_whoever_is_answering_a_question_is_left_to_finish_it(
    session: AsyncSession, now: datetime, kind: str, waits: bool
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    touched = now - timedelta(minutes=4)
    session.add(
        conversations.Conversation(telegram_id=1, state="form", data={}, touched_at=touched)
    )
    row = await owe(session, person, now, kind)
    later = Verdict(State.QUEUED, "deferred", now + timedelta(minutes=6))
    assert await judged(session, row, at=now) == [later if waits else GO]
    assert await judged(session, row, at=now + timedelta(minutes=6)) == [GO]


def test_what_nobody_asked_for_can_wait_until_the_weekly_cap_has_room() -> None:
    for kind, policy in POLICY.items():
        assert policy.lives > timedelta(days=7) or not policy.unasked, kind


async def test_a_lease_that_runs_is_left_alone(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    await owe(session, person, now)
    await deliveries.claim(session, "alive", 1, 60, now)
    assert await deliveries.rescue(session, now) == (0, 0)


async def test_a_pause_by_telegram_costs_no_try(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now)
    for _ in range(3):
        await deliveries.claim(session, "w", 1, 60, now)
        busy = Outcome(row.id, row.kind, State.QUEUED, "429", due_at=now)
        await deliveries.settle(session, [busy], now)
    await session.refresh(row)
    assert row.tries == 0


@pytest.mark.parametrize(("hours", "then"), [(3, State.QUEUED), (1, State.EXPIRED)])
async def test_what_is_put_off_has_time_until_what_its_event_has_been_moved_to(
    session: AsyncSession, now: datetime, hours: int, then: State
) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now, "event_invitation")
    row.expires_at = now + timedelta(hours=2)
    await session.flush()
    await deliveries.claim(session, "w", 1, 60, now)
    await session.execute(update(Delivery).values(expires_at=now + timedelta(hours=hours)))
    later = now + timedelta(hours=2)
    busy = Outcome(row.id, row.kind, State.QUEUED, "429", due_at=later, holds_up=True)
    await deliveries.settle(session, [busy], now)
    await session.refresh(row)
    settled_at = now if then == State.EXPIRED else None
    assert (row.state, row.reason, row.settled_at) == (then, "429", settled_at)


async def test_what_is_put_off_stays_before_what_was_planned_earlier_and_is_due_later(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    keys = ("third", "second", "first")  # in the order of their numbers
    owed = [await owe(session, person, now, "event_cancelled", key) for key in keys]
    for seconds, row in enumerate(reversed(owed)):
        row.due_at = now + timedelta(seconds=seconds)
    await session.flush()
    (first,) = await deliveries.claim(session, "w", 3, 60, now)
    later = now + timedelta(seconds=2)
    busy = Outcome(
        first.id, first.kind, State.QUEUED, "429", person.id, due_at=later, holds_up=True
    )
    await deliveries.settle(session, [busy], now)
    later += timedelta(seconds=1)
    told: list[int] = []
    while due := await deliveries.claim(session, "w", 3, 60, later):
        told += [row.id for row in due]
        await deliveries.settle(session, [Outcome(r.id, r.kind, State.SENT) for r in due], later)
    assert told == [row.id for row in reversed(owed)]


async def test_what_waits_for_words_is_next_due_when_it_becomes_too_late(
    session: AsyncSession, now: datetime
) -> None:
    row = await owe(session, await a_member(session, 1, now), now)
    row.state, row.expires_at = State.WAITING, now + timedelta(days=2)
    await session.flush()
    assert await deliveries.next_due(session) == row.expires_at


async def test_an_outcome_that_comes_after_the_lease_is_not_written(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now)
    await deliveries.claim(session, "slow", 1, 60, now)
    await deliveries.let_go(session, "slow", [row.id], -1, now)
    await deliveries.rescue(session, now)
    await deliveries.settle(session, [Outcome(row.id, row.kind, State.SENT)], now)
    await session.refresh(row)
    assert row.state == State.UNCERTAIN


async def test_whoever_wakes_late_does_not_settle_what_another_has_claimed(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now)
    await deliveries.claim(session, "asleep", 1, -1, now)
    await deliveries.rescue(session, now)
    await deliveries.claim(session, "awake", 1, 60, now)
    late = [Outcome(row.id, row.kind, State.QUEUED)]
    await deliveries.settle(session, late, now, holder="asleep")
    await session.refresh(row)
    assert (row.state, row.claimed_by) == (State.CLAIMED, "awake")


async def test_a_blocked_member_leaves_and_returns_without_a_backlog(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now, Purpose.NEWS)
    row = await owe(session, person, now)
    await deliveries.lose(session, person, "blocked", now)
    await session.refresh(row)
    assert (person.state, row.state) == (Membership.UNREACHABLE, State.SUPPRESSED)
    await people.reached(session, person, now)
    assert person.state == Membership.ACTIVE
    assert await consents.given(session, person) == {Purpose.NEWS}


# From DESIGN's table, typed again.
STEPS = {
    "waiting": {"queued", "suppressed", "expired", "cancelled"},
    "queued": {"claimed", "expired", "suppressed", "cancelled"},
    "claimed": {
        "sent",
        "refused",
        "failed",
        "queued",
        "uncertain",
        "suppressed",
        "expired",
    },
    "uncertain": {"queued"},
    "sent": {"recalled"},
}


@pytest.mark.parametrize("at", list(State))
async def test_deliveries_take_exactly_the_steps_of_the_design(
    at: State, session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    row = await owe(session, person, now)
    for to in State:
        if to == at:
            continue
        await session.execute(update(Delivery).values(state=at))
        await session.refresh(row)
        taken = False
        for who in Who:
            try:
                taken = await DELIVERY.move(session, row, to, who, now) or taken
                break
            except IllegalMoveError:
                continue
        assert taken == (to.value in STEPS.get(at.value, set())), (at, to)
