"""Newsletters and announcements: who gets one, who approves it, and how it ends."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    areas,
    attendance,
    corrections,
    deliveries,
    events,
    judging,
    needs,
    sends,
    topics,
)
from community.audiences import Audience, Standing
from community.base import find
from community.consents import Consent, Purpose
from community.deliveries import Delivery, Due, Outcome, Plan, SentMessage
from community.deliveries import State as Row
from community.errors import (
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotUnderstoodError,
    TooLateError,
)
from community.events import Details, Event, details_of
from community.history import Step
from community.lifecycle import Who
from community.needs import Need
from community.people import Membership, Person
from community.roles import Role, RoleName
from community.sends import SEND, Held, Send, State
from community.topics import Topic
from community.translations import Fallback

NETWORK = "en"
ZONE = "Europe/Paris"
D, R, A, C, S, H, T, X = (
    State.DRAFT,
    State.IN_REVIEW,
    State.APPROVED,
    State.SCHEDULED,
    State.SENDING,
    State.HELD,
    State.SENT,
    State.CANCELLED,
)
STEPS = {D: {R, A, X}, R: {A, D, X}, A: {C, D, X}, C: {S, H, D, X}, S: {H, X, T}, H: {S, C, X}}
"""DESIGN, lifecycles: send."""

Verb = Callable[[AsyncSession, Person, Person, Send, datetime], Awaitable[object]]


def _submit(s: AsyncSession, a: Person, b: Person, send: Send, now: datetime) -> Awaitable[object]:
    return sends.submit(s, a, send.ref, now, network_language=NETWORK)


def _approve(
    s: AsyncSession, a: Person, b: Person, send: Send, now: datetime
) -> Awaitable[object]:
    return sends.review(s, b, send.ref, now, approve=True)


def _return(s: AsyncSession, a: Person, b: Person, send: Send, now: datetime) -> Awaitable[object]:
    return sends.review(s, b, send.ref, now, approve=False)


def _edit(s: AsyncSession, a: Person, b: Person, send: Send, now: datetime) -> Awaitable[object]:
    return sends.edit(s, a, send.ref, now, fallback=Fallback.SKIP)


def _held_by_hand(
    s: AsyncSession, a: Person, b: Person, send: Send, now: datetime
) -> Awaitable[object]:
    return sends.hold(s, a, send.ref, now)


def _resume(s: AsyncSession, a: Person, b: Person, send: Send, now: datetime) -> Awaitable[object]:
    return sends.resume(s, a, send.ref, now)


def _schedule(
    s: AsyncSession, a: Person, b: Person, send: Send, now: datetime
) -> Awaitable[object]:
    return sends.schedule(s, a, send.ref, now + timedelta(hours=1), now)


def _cancel(s: AsyncSession, a: Person, b: Person, send: Send, now: datetime) -> Awaitable[object]:
    return sends.cancel(s, a, send.ref, now)


def _start(s: AsyncSession, a: Person, b: Person, send: Send, now: datetime) -> Awaitable[object]:
    return sends.start_due(s, now + timedelta(days=1), network_language=NETWORK)


def _finish(s: AsyncSession, a: Person, b: Person, send: Send, now: datetime) -> Awaitable[object]:
    return sends.finish(s, now)


VERBS: dict[str, tuple[Verb, dict[State, State]]] = {
    "submit": (_submit, {D: A, R: A, A: A}),
    "approve": (_approve, {R: A}),
    "return": (_return, {R: D}),
    "edit": (_edit, {D: D, R: D, A: D, C: D}),
    "schedule": (_schedule, {A: C, H: C}),
    "hold": (_held_by_hand, {C: H, S: H, H: H}),
    "resume": (_resume, {H: C}),
    "cancel": (_cancel, {D: X, R: X, A: X, C: X, S: X, H: X, X: X}),
    "start": (_start, {C: S, **{state: state for state in State if state != C}}),
    "finish": (_finish, {S: T, **{state: state for state in State if state != S}}),
}
"""Where each verb leads from each state (a small send, nothing left to go); else it refuses."""


async def a_member(
    session: AsyncSession,
    number: int,
    now: datetime,
    language: str = "en",
    *,
    agrees: bool = True,
    state: Membership = Membership.ACTIVE,
) -> Person:
    person = Person(
        telegram_id=number, name=f"Person {number}", language=language, state=state, met_at=now
    )
    session.add(person)
    await session.flush()
    session.add(
        Consent(
            person_id=person.id,
            purpose=Purpose.NEWS,
            granted=agrees,
            version="1",
            language=language,
            at=now,
        )
    )
    return person


async def staff(
    session: AsyncSession, number: int, now: datetime, name: RoleName = RoleName.ANIMATOR
) -> Person:
    person = Person(telegram_id=number, name=f"Staff {number}", language="en", met_at=now)
    session.add(person)
    await session.flush()
    session.add(Role(person_id=person.id, name=name, granted_at=now))
    await session.flush()
    return person


async def a_newsletter(session: AsyncSession, author: Person, now: datetime) -> Send:
    return await sends.write_newsletter(session, author, "en", "News", "All is well.", now)


async def rows_of(session: AsyncSession, send: Send) -> list[Delivery]:
    return list(await session.scalars(select(Delivery).where(Delivery.send_id == send.id)))


async def put(session: AsyncSession, send: Send, state: State, now: datetime) -> None:
    send.state = state
    send.starts_at = now + timedelta(hours=1) if state == C else None
    await session.flush()


# The table


@pytest.mark.parametrize("to", list(State))
@pytest.mark.parametrize("at", list(State))
async def test_a_send_takes_exactly_the_steps_of_the_design(
    session: AsyncSession, now: datetime, at: State, to: State
) -> None:
    send = await a_newsletter(session, await staff(session, 1, now), now)
    await put(session, send, at, now)
    allowed = [whose for whose in Who if SEND.allows(at, to, whose)]
    assert bool(allowed) == (to in STEPS.get(at, set()))
    if allowed:
        assert await SEND.move(session, send, to, allowed[0], now)
    elif at == to:
        assert not await SEND.move(session, send, to, Who.ANIMATOR, now)
    else:
        with pytest.raises(IllegalMoveError):
            await SEND.move(session, send, to, Who.ANIMATOR, now)


@pytest.mark.parametrize("at", list(State))
@pytest.mark.parametrize("verb", list(VERBS))
async def test_each_verb_leads_where_the_table_says_or_refuses(
    session: AsyncSession, now: datetime, verb: str, at: State
) -> None:
    author, other = await staff(session, 1, now), await staff(session, 2, now)
    await a_member(session, 3, now)
    send = await a_newsletter(session, author, now)
    await put(session, send, at, now)
    call, leads = VERBS[verb]
    if at in leads:
        await call(session, author, other, send, now)
        assert send.state == leads[at]
    else:
        with pytest.raises(IllegalMoveError):
            await call(session, author, other, send, now)
        await session.refresh(send)
        assert send.state == at


@pytest.mark.parametrize("name", [RoleName.COORDINATOR, RoleName.ADMINISTRATOR, None])
async def test_only_animators_write_change_send_and_stop(
    session: AsyncSession, now: datetime, name: RoleName | None
) -> None:
    author = await staff(session, 1, now)
    if name is None:
        stranger = await a_member(session, 2, now)
    else:
        stranger = await staff(session, 2, now, name)
    send = await a_newsletter(session, author, now)
    attempts: list[Awaitable[object]] = [
        a_newsletter(session, stranger, now),
        sends.edit(session, stranger, send.ref, now, fallback=Fallback.SKIP),
        sends.submit(session, stranger, send.ref, now, network_language=NETWORK),
        sends.schedule(session, stranger, send.ref, None, now),
        sends.undo(session, stranger, send.ref, now),
        sends.cancel(session, stranger, send.ref, now),
        sends.resend_uncertain(session, stranger, send.ref, now),
        sends.announce(session, stranger, "nothing", now),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowedError):
            await attempt
    assert send.state == D


# The dry run


@pytest.mark.parametrize("rule", list(Fallback))
async def test_the_numbers_of_the_dry_run_equal_the_later_rows(
    session: AsyncSession, now: datetime, rule: Fallback
) -> None:
    author = await staff(session, 1, now)
    number = 100
    for language, count in {"en": 7, "ar": 6, "uk": 2, "fr": 1}.items():
        for _ in range(count):
            number += 1
            member = await a_member(session, number, now, language)
            member.second_language = {"uk": "ar", "fr": "uk"}.get(language)  # one is ready
    await a_member(session, 201, now, agrees=False)
    await a_member(session, 202, now, state=Membership.PAUSED)
    await a_member(session, 203, now, state=Membership.STOPPED)
    await a_member(session, 204, now, state=Membership.UNREACHABLE)
    await a_member(session, 205, now, state=Membership.LEFT)
    await a_member(session, 206, now, state=Membership.JOINING)
    send = await a_newsletter(session, author, now)
    texts = {"title": "أخبار", "body": "كل شيء بخير."}
    await sends.edit(session, author, send.ref, now, language="ar", texts=texts, fallback=rule)
    run = await sends.dry_run(session, send, NETWORK, now)
    assert run.without_translation == {"uk", "fr"}
    reasons = (Standing.NO_CONSENT, Standing.RESTING, Standing.UNREACHABLE)
    assert tuple(map(run.left, reasons)) == (1, 2, 1)
    others: dict[Fallback, dict[str, int]] = {
        Fallback.SKIP: {},
        Fallback.SECOND: {"uk": 2},
        Fallback.NETWORK: {"uk": 2, "fr": 1},
        Fallback.WAIT: {"uk": 2, "fr": 1},
    }
    assert run.left(Standing.UNTRANSLATED) == 3 - sum(others[rule].values())
    assert run.gets == {"en": 7, "ar": 6} | others[rule]

    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    await sends.start_due(session, now + sends.UNDO, network_language=NETWORK)
    rows = await rows_of(session, send)
    languages = [(await session.get_one(Person, row.person_id)).language for row in rows]
    assert Counter(languages) == Counter(row.language for row in rows) == run.gets
    assert len(rows) == run.people == send.audience
    waiting = Counter(row.language for row in rows if row.state == deliveries.State.WAITING)
    assert waiting == (others[rule] if rule == Fallback.WAIT else {})


async def test_who_waits_for_a_language_gets_it_when_it_is_there(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    people_of = {
        code: await a_member(session, number, now, code)
        for number, code in enumerate(("en", "uk", "uk-simple", "fr"), 10)
    }
    people_of["fr"].second_language = "en"  # that is no reason to wait less
    send = await a_newsletter(session, author, now)
    await sends.edit(session, author, send.ref, now, fallback=Fallback.WAIT)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    await sends.start_due(session, now + sends.UNDO, network_language=NETWORK)

    async def states() -> dict[str, deliveries.State]:
        rows = select(Delivery.language, Delivery.state).where(Delivery.send_id == send.id)
        return {language or "": state for language, state in await session.execute(rows)}

    waiting, queued = deliveries.State.WAITING, deliveries.State.QUEUED
    before = {"en": queued, "uk": waiting, "uk-simple": waiting, "fr": waiting}
    assert await states() == before
    assert await sends.release(session, now, network_language=NETWORK) == 0

    with pytest.raises(IllegalMoveError):
        await sends.complete(session, author, send.ref, "en", {"title": "Other"}, now)
    texts = {"title": "Новини", "body": "Усе гаразд."}
    await sends.complete(session, author, send.ref, "uk", texts, now)
    with pytest.raises(IllegalMoveError):
        await sends.complete(session, author, send.ref, "uk", texts, now)
    later = now + timedelta(hours=1)
    assert await sends.release(session, later, network_language=NETWORK) == 2
    assert await states() == {"en": queued, "uk": queued, "uk-simple": queued, "fr": waiting}
    people_of["fr"].language = "en"
    assert await sends.release(session, later, network_language=NETWORK) == 1
    assert set((await states()).values()) == {queued}


async def test_who_waits_for_a_language_gets_the_words_that_stand_by_then(
    session: AsyncSession, now: datetime
) -> None:
    author, olha = await staff(session, 1, now), await a_member(session, 2, now, "uk")
    paul = await a_member(session, 3, now, "fr")
    send = await a_newsletter(session, author, now)
    await sends.edit(session, author, send.ref, now, fallback=Fallback.WAIT)
    later = now + sends.UNDO
    await starts(session, author, send, now)

    async def states() -> dict[int | None, Row]:
        for row in (rows := await rows_of(session, send)):
            await session.refresh(row)
        return {row.person_id: row.state for row in rows}

    correction = await corrections.correct(session, author, send.ref, later)
    french = {"title": "Nouvelles", "body": "Tout va bien."}
    await sends.edit(session, author, correction.ref, later, language="fr", texts=french)
    await starts(session, author, correction, later)
    assert await sends.release(session, later, network_language=NETWORK) == 1
    assert await states() == {olha.id: Row.WAITING, paul.id: Row.QUEUED}

    words = {"title": "Новини", "body": "Усе гаразд."}
    with pytest.raises(IllegalMoveError):  # nobody would read them
        await sends.complete(session, author, send.ref, "uk", words, later)
    await sends.complete(session, author, correction.ref, "uk", words, later)
    assert await sends.release(session, later, network_language=NETWORK) == 1
    assert await states() == {olha.id: Row.QUEUED, paul.id: Row.QUEUED}


async def test_nobody_waits_for_a_language_of_what_has_been_taken_back(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    await a_member(session, 2, now, "uk")
    send = await a_newsletter(session, author, now)
    await sends.edit(session, author, send.ref, now, fallback=Fallback.WAIT)
    later = now + sends.UNDO
    await starts(session, author, send, now)
    recall = await corrections.recall(session, author, send.ref, later)
    await starts(session, author, recall, later)
    assert await sends.release(session, later, network_language=NETWORK) == 0
    (row,) = await rows_of(session, send)
    await session.refresh(row)
    assert row.state == Row.CANCELLED
    await sends.finish(session, later)
    assert send.state == T


async def test_a_language_that_went_stale_is_missing_in_the_dry_run(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    await a_member(session, 2, now, "ar")
    send = await a_newsletter(session, author, now)
    texts = {"title": "أخبار", "body": "كل شيء بخير."}
    await sends.edit(session, author, send.ref, now, language="ar", texts=texts)
    assert not (await sends.dry_run(session, send, NETWORK, now)).without_translation
    texts = {"body": "All is different."}
    await sends.edit(session, author, send.ref, now, language="en", texts=texts)
    assert (await sends.dry_run(session, send, NETWORK, now)).without_translation == {"ar"}


async def test_a_text_that_is_too_long_is_refused(session: AsyncSession, now: datetime) -> None:
    author = await staff(session, 1, now)
    with pytest.raises(NotUnderstoodError):
        await sends.write_newsletter(session, author, "en", "News", "x" * 3501, now)


# Four eyes


async def a_crowd(session: AsyncSession, now: datetime, size: int) -> None:
    for number in range(size):
        await a_member(session, 1000 + number, now)
    await session.flush()


async def test_fifty_need_no_second_person_and_fifty_one_do(
    session: AsyncSession, now: datetime
) -> None:
    author, other = await staff(session, 1, now), await staff(session, 2, now)
    await a_crowd(session, now, 50)
    small = await a_newsletter(session, author, now)
    await sends.submit(session, author, small.ref, now, network_language=NETWORK)
    assert (small.state, small.approved_by_id) == (A, author.id)

    await a_member(session, 2000, now)
    large = await a_newsletter(session, author, now)
    await sends.submit(session, author, large.ref, now, network_language=NETWORK)
    assert large.state == R
    assert await noticed(session, "review") == [other.id]
    with pytest.raises(NotAllowedError):
        await sends.review(session, author, large.ref, now, approve=True)
    await sends.review(session, other, large.ref, now, approve=True)
    assert (large.state, large.approved_by_id) == (A, other.id)
    assert await noticed(session, "reviewed") == [author.id]


async def test_a_yes_is_to_the_words_that_were_read(session: AsyncSession, now: datetime) -> None:
    author, other = await staff(session, 1, now), await staff(session, 2, now)
    await a_crowd(session, now, 51)
    send = await a_newsletter(session, author, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    read = await sends.submission(session, send)
    await sends.edit(session, author, send.ref, now, language="en", texts={"body": "Other words."})
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    with pytest.raises(ChangedError):
        await sends.review(session, other, send.ref, now, approve=True, seen=read)
    read = await sends.submission(session, send)
    await sends.review(session, other, send.ref, now, approve=True, seen=read)
    assert send.state == A


async def noticed(session: AsyncSession, what: str) -> list[int | None]:
    rows = await session.scalars(
        select(Delivery).where(Delivery.kind == "team_notice").order_by(Delivery.person_id)
    )
    return [row.person_id for row in rows if row.args["what"] == what]


async def test_who_submits_somebody_elses_large_send_cannot_approve_it(
    session: AsyncSession, now: datetime
) -> None:
    author, other = await staff(session, 1, now), await staff(session, 2, now)
    third = await staff(session, 3, now)
    await a_crowd(session, now, 51)
    send = await a_newsletter(session, author, now)
    await sends.submit(session, other, send.ref, now, network_language=NETWORK)
    for hand in (author, other):
        with pytest.raises(NotAllowedError):
            await sends.review(session, hand, send.ref, now, approve=True)
    await sends.review(session, third, send.ref, now, approve=True)
    assert send.state == A


async def test_an_administrator_is_a_second_person_and_a_coordinator_is_not(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    boss = await staff(session, 2, now, RoleName.ADMINISTRATOR)
    coordinator = await staff(session, 3, now, RoleName.COORDINATOR)
    await a_crowd(session, now, 51)
    send = await a_newsletter(session, author, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    assert await noticed(session, "review") == [boss.id]
    with pytest.raises(NotAllowedError):
        await sends.review(session, coordinator, send.ref, now, approve=True)
    await sends.review(session, boss, send.ref, now, approve=True)
    assert send.state == A


async def test_an_animator_who_is_alone_waits_ten_minutes(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    await a_crowd(session, now, 51)
    send = await a_newsletter(session, author, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    assert send.starts_at == now + timedelta(minutes=10)
    assert not await sends.start_due(
        session, now + timedelta(minutes=9, seconds=59), network_language=NETWORK
    )
    assert await sends.start_due(session, now + timedelta(minutes=10), network_language=NETWORK)


@pytest.mark.parametrize("at", [R, A, C])
async def test_any_change_takes_the_approval_back(
    session: AsyncSession, now: datetime, at: State
) -> None:
    author = await staff(session, 1, now)
    send = await a_newsletter(session, author, now)
    send.approved_by_id = author.id
    await put(session, send, at, now)
    texts = {"title": "Other news"}
    await sends.edit(session, author, send.ref, now, language="en", texts=texts)
    await session.refresh(send)
    assert send.state == D
    assert (send.approved_by_id or send.starts_at) is None


# Out it goes


async def under_way(session: AsyncSession, now: datetime, readers: int = 3) -> tuple[Person, Send]:
    author = await staff(session, 1, now)
    for number in range(readers):
        await a_member(session, 10 + number, now)
    send = await a_newsletter(session, author, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    await sends.start_due(session, now + sends.UNDO, network_language=NETWORK)
    return author, send


async def settle(session: AsyncSession, now: datetime, *states: Row) -> None:
    claimed = await deliveries.claim(session, "me", len(states), 60, now)
    outcomes = [
        Outcome(row.id, row.kind, state) for row, state in zip(claimed, states, strict=True)
    ]
    await deliveries.settle(session, outcomes, now)


async def outcomes_of(session: AsyncSession, send: Send) -> Counter[Row]:
    by_language = await sends.outcomes_by_language(session, send)
    return sum(by_language.values(), Counter[Row]())


async def test_send_now_can_be_undone_for_twenty_seconds(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    await a_member(session, 2, now)
    send = await a_newsletter(session, author, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    before = now + timedelta(seconds=19)
    assert not await sends.start_due(session, before, network_language=NETWORK)
    await sends.undo(session, author, send.ref, before)
    assert send.state == D
    assert not await sends.start_due(session, now + timedelta(days=1), network_language=NETWORK)
    assert await rows_of(session, send) == []


async def test_what_has_started_cannot_be_undone(session: AsyncSession, now: datetime) -> None:
    author, send = await under_way(session, now)
    with pytest.raises(IllegalMoveError):
        await sends.undo(session, author, send.ref, now)
    assert len(await rows_of(session, send)) == 3


async def test_a_send_starts_once_however_often_the_clock_looks(
    session: AsyncSession, now: datetime
) -> None:
    _author, send = await under_way(session, now)
    await sends.start_due(session, now + timedelta(days=1), network_language=NETWORK)
    assert len(await rows_of(session, send)) == 3


async def test_cancelling_stops_what_has_not_left_and_the_rest_adds_up(
    session: AsyncSession, now: datetime
) -> None:
    author, send = await under_way(session, now, readers=5)
    later = now + sends.UNDO
    await settle(session, later, Row.SENT, Row.REFUSED)
    await sends.cancel(session, author, send.ref, later)
    outcomes = await outcomes_of(session, send)
    assert outcomes == {Row.SENT: 1, Row.REFUSED: 1, Row.CANCELLED: 3}
    assert outcomes.total() == send.audience
    assert await deliveries.claim(session, "me", 10, 60, later) == []


async def test_a_send_has_ended_when_nothing_is_open_and_its_outcomes_are_the_audience(
    session: AsyncSession, now: datetime
) -> None:
    _author, send = await under_way(session, now, readers=4)
    later = now + sends.UNDO
    await settle(session, later, Row.SENT, Row.UNCERTAIN, Row.SUPPRESSED)
    assert not await sends.finish(session, later)
    await settle(session, later, Row.FAILED)
    assert await sends.finish(session, later) == 1
    assert send.state == T
    assert (await outcomes_of(session, send)).total() == send.audience == 4


async def test_an_animator_sends_again_to_whom_it_may_not_have_reached(
    session: AsyncSession, now: datetime
) -> None:
    author, send = await under_way(session, now, readers=3)
    later = now + sends.UNDO
    await settle(session, later, Row.SENT, Row.UNCERTAIN, Row.UNCERTAIN)
    await sends.finish(session, later)
    assert await sends.resend_uncertain(session, author, send.ref, later) == 2
    assert await sends.resend_uncertain(session, author, send.ref, later) == 0
    assert await outcomes_of(session, send) == {Row.SENT: 1, Row.QUEUED: 2}


async def test_an_animator_leaves_whom_it_may_not_have_reached(
    session: AsyncSession, now: datetime
) -> None:
    author, send = await under_way(session, now, readers=3)
    later = now + sends.UNDO
    await settle(session, later, Row.SENT, Row.UNCERTAIN, Row.UNCERTAIN)
    before = await outcomes_of(session, send)
    for _time in range(2):
        await sends.leave_uncertain(session, author, send.ref, later)
    assert send.unsure_left == 2
    assert await outcomes_of(session, send) == before, "the outcomes stay what they are"
    noted = select(func.count()).where(Step.subject_id == send.id, Step.after == "left")
    assert await session.scalar(noted) == 1
    with pytest.raises(NotAllowedError):
        await sends.leave_uncertain(session, await a_member(session, 99, now), send.ref, later)
    await sends.resend_uncertain(session, author, send.ref, later)
    assert send.unsure_left == 0


async def test_the_latest_newsletter_is_one_that_went_out(
    session: AsyncSession, now: datetime
) -> None:
    assert await corrections.latest_newsletter(session) is None
    author, send = await under_way(session, now)
    await a_newsletter(session, author, now)  # a draft
    assert await corrections.latest_newsletter(session) == send


# Announcements


async def an_event(session: AsyncSession, author: Person, now: datetime) -> str:
    details = Details((now + timedelta(days=2)).replace(tzinfo=None), ZONE, place="Library")
    event = await events.create(session, author, details, {"title": "Meeting"}, "en", now)
    await events.publish(session, author, event.ref, now)
    return event.ref


async def test_an_event_is_announced_once_however_often_it_is_asked_for(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    ref = await an_event(session, author, now)
    first = await sends.announce(session, author, ref, now)
    assert await sends.announce(session, author, ref, now) == first


async def test_an_announcement_is_held_when_its_event_has_begun_and_its_author_is_told(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    await a_member(session, 2, now)
    ref = await an_event(session, author, now)
    send = await sends.announce(session, author, ref, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    late = now + timedelta(days=400)
    await sends.start_due(session, late, network_language=NETWORK)
    assert (send.state, send.held_because) == (H, Held.NOT_OPEN)
    assert await rows_of(session, send) == []
    notice = await session.scalar(select(Delivery).where(Delivery.kind == "team_notice"))
    assert notice is not None
    assert (notice.person_id, notice.args["what"]) == (author.id, "send_held")


@pytest.mark.parametrize("at", [D, R, A, C, S, H])
async def test_who_calls_an_event_off_calls_off_what_was_to_announce_it(
    session: AsyncSession, now: datetime, at: State
) -> None:
    author = await staff(session, 1, now)
    ref = await an_event(session, author, now)
    send = await sends.announce(session, author, ref, now)
    await put(session, send, at, now)
    await sends.cancel_event(session, author, ref, now)
    assert send.state == X


@pytest.mark.parametrize("change", [{"place": "Elsewhere"}, {"child_care": True}, {}])
async def test_new_facts_of_an_event_take_the_approval_of_its_announcement_back(
    session: AsyncSession, now: datetime, change: dict[str, Any]
) -> None:
    author = await staff(session, 1, now)
    ref = await an_event(session, author, now)
    send = await sends.announce(session, author, ref, now)
    await put(session, send, A, now)
    details = replace(details_of(await find(session, Event, ref)), **change)
    _, changed = await sends.change_event(
        session, author, ref, details, now, default_zone="Europe/Paris"
    )
    assert (changed, send.state) == ((send, D) if change else (None, A))


async def test_a_send_that_has_grown_since_its_author_approved_it_waits_for_a_second_person(
    session: AsyncSession, now: datetime
) -> None:
    author, other = await staff(session, 1, now), await staff(session, 2, now)
    send = await a_newsletter(session, author, now)
    await a_member(session, 10, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    for number in range(sends.FOUR_EYES_ABOVE):
        await a_member(session, 100 + number, now)
    await sends.start_due(session, now + sends.UNDO, network_language=NETWORK)
    assert (send.state, send.held_because) == (H, Held.GROWN)
    with pytest.raises(NotAllowedError):
        await sends.resume(session, author, send.ref, now)
    await sends.resume(session, other, send.ref, now)
    await sends.start_due(session, now + sends.UNDO, network_language=NETWORK)
    assert (send.state, send.audience) == (S, sends.FOUR_EYES_ABOVE + 1)


async def test_a_send_that_is_held_keeps_its_rows_and_goes_on_where_it_stopped(
    session: AsyncSession, now: datetime
) -> None:
    author, send = await under_way(session, now, readers=5)
    later = now + sends.UNDO
    await settle(session, later, Row.SENT, Row.SENT)
    await sends.hold(session, author, send.ref, later)
    assert await deliveries.claim(session, "me", 10, 60, later) == []
    await sends.resume(session, author, send.ref, later)
    assert len(await deliveries.claim(session, "me", 10, 60, later)) == 3
    assert (send.state, send.held_because) == (S, None)


@pytest.mark.parametrize("stop", [sends.hold, sends.cancel])
async def test_what_was_claimed_before_a_send_was_stopped_does_not_leave_after_it(
    session: AsyncSession, now: datetime, stop: Any
) -> None:
    author, send = await under_way(session, now, readers=2)
    later = now + sends.UNDO
    ids = [row.id for row in await deliveries.claim(session, "me", 2, 60, later)]
    await stop(session, author, send.ref, later)
    free, stopped = await deliveries.let_go(session, "me", ids, 60, later)
    assert len(ids) == 2
    assert (free, stopped) == (set(), dict.fromkeys(ids, str(send.state)))


async def test_what_the_policy_puts_off_under_a_cancelled_send_is_cancelled_too(
    session: AsyncSession, now: datetime
) -> None:
    author, send = await under_way(session, now, readers=1)
    later = now + sends.UNDO
    (row,) = await deliveries.claim(session, "me", 1, 60, later)
    await sends.cancel(session, author, send.ref, later)
    tomorrow = later + timedelta(hours=20)
    put_off = Outcome(row.id, row.kind, Row.QUEUED, "deferred", due_at=tomorrow)
    await deliveries.settle(session, [put_off], later)
    await sends.finish(session, later)
    assert await outcomes_of(session, send) == {Row.CANCELLED: 1}


async def test_an_audience_is_who_matches_every_part_of_it(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    send = await a_newsletter(session, author, now)
    people = [await a_member(session, number, now) for number in range(10, 16)]
    ukrainian, seeker, guest, old = people[:4]
    ukrainian.language = "uk"
    for person in people:
        person.seen_at = now - timedelta(days=91 if person is old else 1)
    await needs.look_for(session, seeker, [Need.FINANCE])
    await topics.turn(session, guest, Topic.STEPS, now, on=False)
    ref = await an_event(session, author, now)
    await attendance.answer(
        session, guest, ref, attendance.Wish.GOING, now, default_zone="Europe/Paris"
    )
    for audience, readers in [
        (Audience(), 6),
        (Audience(languages=("uk",)), 1),
        (Audience(needs=(Need.FINANCE, Need.LEGAL)), 1),
        (Audience(guests_of=ref), 1),
        (Audience(topics=(Topic.STEPS,)), 5),
        (Audience(topics=(Topic.STEPS, Topic.EVENTS)), 6),
        (Audience(only_active=True), 5),
        (Audience(languages=("uk",), guests_of=ref), 0),
    ]:
        await sends.edit(session, author, send.ref, now, audience=audience)
        assert (await sends.dry_run(session, send, NETWORK, now)).people == readers, audience
        assert send.is_for == audience


@pytest.mark.parametrize("at", list(State))
async def test_new_words_of_an_event_take_the_approval_of_its_announcement_back(
    session: AsyncSession, now: datetime, at: State
) -> None:
    author = await staff(session, 1, now)
    ref = await an_event(session, author, now)
    send = await sends.announce(session, author, ref, now)
    await put(session, send, at, now)
    texts = {"title": "Another meeting"}
    changed = await sends.translate_event(session, author, ref, "en", texts, now)
    if at in (R, A, C):
        assert changed == send
        assert send.state == D
    else:
        assert changed is None
        assert send.state == at


async def test_an_announcement_cannot_go_out_after_its_event_has_begun(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    ref = await an_event(session, author, now)
    send = await sends.announce(session, author, ref, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    with pytest.raises(TooLateError):
        await sends.schedule(session, author, send.ref, now + timedelta(days=3), now)
    with pytest.raises(TooLateError):
        await sends.announce(session, author, ref, now + timedelta(days=3))


# What else may not have arrived


async def test_uncertain_reminders_are_listed_by_what_they_are_about_and_sent_again_by_hand(
    session: AsyncSession, now: datetime
) -> None:
    author, member = await staff(session, 1, now), await a_member(session, 2, now)
    other = await a_member(session, 3, now)
    await session.flush()
    for person, ref in ((member, "one"), (other, "one"), (member, "two")):
        key = f"event_reminder:{person.id}:{ref}"
        plan = Plan("event_reminder", person.id, key, now, {"ref": ref, "which": "day"})
        await deliveries.plan(session, now, plan)
    await settle(session, now, Row.UNCERTAIN, Row.UNCERTAIN)
    await settle(session, now, Row.UNCERTAIN)  # the member's second comes after their first
    listed = await deliveries.uncertain(session, now)
    assert [(unsure.ref, unsure.count) for unsure in listed] == [("one", 2), ("two", 1)]
    with pytest.raises(NotAllowedError):
        await deliveries.resend(session, member, "event_reminder", "one", now)
    assert await deliveries.resend(session, author, "event_reminder", "one", now) == 2
    assert [unsure.ref for unsure in await deliveries.uncertain(session, now)] == ["two"]
    assert len(await deliveries.claim(session, "me", 10, 60, now)) == 2


async def test_what_would_come_too_late_is_not_offered_again(
    session: AsyncSession, now: datetime
) -> None:
    author, member = await staff(session, 1, now), await a_member(session, 2, now)
    await session.flush()
    plan = Plan("event_reminder", member.id, "key", now, {"ref": "one"})
    await deliveries.plan(session, now, plan)
    await settle(session, now, Row.UNCERTAIN)
    late = now + timedelta(hours=12)
    assert await deliveries.uncertain(session, late) == []
    assert await deliveries.resend(session, author, "event_reminder", "one", late) == 0


async def test_the_uncertain_rows_of_a_send_are_listed_with_the_send_alone(
    session: AsyncSession, now: datetime
) -> None:
    _author, _send = await under_way(session, now, readers=1)
    await settle(session, now + sends.UNDO, Row.UNCERTAIN)
    assert await deliveries.uncertain(session, now + sends.UNDO) == []


# Put right, and taken back


async def has_a_copy(session: AsyncSession, row: Delivery | Due, now: datetime) -> None:
    session.add(
        SentMessage(delivery_id=row.id, chat_id=1, message_id=row.id, kind=row.kind, sent_at=now)
    )
    await session.flush()


async def starts(session: AsyncSession, author: Person, send: Send, now: datetime) -> None:
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    await sends.start_due(session, now + sends.UNDO, network_language=NETWORK)


async def test_a_correction_counts_and_edits_the_copies_of_the_first_and_no_others(
    session: AsyncSession, now: datetime
) -> None:
    author, first = await under_way(session, now, readers=6)
    later = now + sends.UNDO
    await settle(session, later, Row.SENT, Row.SENT, Row.REFUSED)
    for row in await rows_of(session, first):
        if row.state == Row.SENT:
            await has_a_copy(session, row, later)
    for number in range(100, 160):
        await a_member(session, number, now)
    correction = await corrections.correct(session, author, first.ref, later)
    assert await corrections.correct(session, author, first.ref, later) == correction
    assert (await sends.dry_run(session, correction, NETWORK, later)).people == 2
    await starts(session, author, correction, later)
    assert (correction.state, correction.audience) == (S, 2)
    assert {row.kind for row in await rows_of(session, correction)} == {"correction"}


async def test_a_copy_that_was_on_its_way_when_a_recall_began_is_recalled_too(
    session: AsyncSession, now: datetime
) -> None:
    author, first = await under_way(session, now, readers=2)
    later = now + sends.UNDO
    slow, quick = await deliveries.claim(session, "me", 2, 60, later)
    await deliveries.let_go(session, "me", [slow.id, quick.id], 60, later)
    await deliveries.settle(session, [Outcome(quick.id, quick.kind, Row.SENT)], later)
    await has_a_copy(session, quick, later)
    recall = await corrections.recall(session, author, first.ref, later)
    await starts(session, author, recall, later)
    (edit,) = await rows_of(session, recall)
    await session.execute(update(Delivery).where(Delivery.id == edit.id).values(state=Row.SENT))
    await sends.finish(session, later)
    assert recall.state == S, "one is still on its way"
    await deliveries.settle(session, [Outcome(slow.id, slow.kind, Row.SENT)], later)
    await has_a_copy(session, slow, later)
    await sends.finish(session, later)
    assert (recall.state, recall.audience) == (S, 2)


async def test_what_was_prepared_before_a_correction_is_prepared_anew(
    session: AsyncSession, now: datetime
) -> None:
    author, first = await under_way(session, now, readers=1)
    later = now + sends.UNDO
    (row,) = await deliveries.claim(session, "me", 1, 60, later)
    await session.execute(update(Delivery).values(settled_at=later))
    correction = await corrections.correct(session, author, first.ref, later)
    await starts(session, author, correction, later)
    free, stopped = await deliveries.let_go(session, "me", [row.id], 60, later)
    assert (free, stopped) == (set(), {row.id: "sending"})


async def test_what_was_for_some_is_not_the_newest_newsletter_of_all(
    session: AsyncSession, now: datetime
) -> None:
    author, general = await under_way(session, now)
    later = now + timedelta(hours=1)
    some = await a_newsletter(session, author, later)
    await sends.edit(session, author, some.ref, later, audience=Audience(languages=("uk",)))
    await starts(session, author, some, later)
    assert some.started_at is not None
    assert await corrections.latest_newsletter(session) == general


async def test_whoever_is_alone_gets_ten_minutes_when_their_send_has_grown(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    send = await a_newsletter(session, author, now)
    await a_member(session, 10, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    for number in range(sends.FOUR_EYES_ABOVE):
        await a_member(session, 100 + number, now)
    due = now + sends.UNDO
    await sends.start_due(session, due, network_language=NETWORK)
    assert (send.state, send.starts_at) == (C, due + sends.ALONE_DELAY)
    await sends.start_due(session, due + sends.ALONE_DELAY, network_language=NETWORK)
    assert send.state == S


async def test_an_administrator_may_be_the_second_person_for_what_has_grown(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    boss = await staff(session, 2, now, RoleName.ADMINISTRATOR)
    send = await a_newsletter(session, author, now)
    await put(session, send, H, now)
    send.held_because, send.approved_by_id = Held.GROWN, author.id
    await sends.resume(session, boss, send.ref, now)
    assert (send.state, send.approved_by_id) == (C, boss.id)


async def test_an_event_that_changes_while_its_announcement_is_held_needs_a_new_approval(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    ref = await an_event(session, author, now)
    send = await sends.announce(session, author, ref, now)
    await put(session, send, H, now)
    send.held_because, send.approved_by_id = Held.NOT_OPEN, author.id
    details = replace(details_of(await find(session, Event, ref)), place="Elsewhere")
    await sends.change_event(session, author, ref, details, now, default_zone="Europe/Paris")
    assert (send.state, str(send.held_because)) == (H, "changed")
    assert not send.approved_by_id
    await sends.resume(session, author, send.ref, now)
    assert (send.state, send.approved_by_id) == (C, author.id)


async def test_invitations_that_wait_are_there_until_the_event_begins_wherever_it_moves(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    await a_member(session, 10, now)
    ref = await an_event(session, author, now)
    send = await sends.announce(session, author, ref, now)
    await starts(session, author, send, now)
    await sends.hold(session, author, send.ref, now + sends.UNDO)
    event = await find(session, Event, ref)
    was = event.starts_at
    for days in (3, -1):
        moved = replace(details_of(event), starts_wall=event.starts_wall + timedelta(days=days))
        await sends.change_event(session, author, ref, moved, now, default_zone=ZONE)
        (row,) = await rows_of(session, send)
        await session.refresh(row)
        assert (row.state, row.expires_at) == (Row.QUEUED, event.starts_at)
    await sends.resume(session, author, send.ref, was + timedelta(hours=1))
    (due,) = await deliveries.claim(session, "me", 1, 60, was + timedelta(hours=1))
    assert due.expires_at > was + timedelta(hours=1), "the later start is what counts"


# Between the start and one's turn


async def test_an_event_is_announced_to_the_guests_of_another(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    guest, _other = [await a_member(session, number, now) for number in (10, 11)]
    past, coming = [await an_event(session, author, now) for _ in range(2)]
    await attendance.answer(session, guest, past, attendance.Wish.GOING, now, default_zone=ZONE)
    send = await sends.announce(session, author, coming, now)
    for audience in (Audience(guests_of=past), Audience(guests_of=past, topics=(Topic.EVENTS,))):
        await sends.edit(session, author, send.ref, now, audience=audience)
        assert (await sends.dry_run(session, send, NETWORK, now)).people == 1
    await starts(session, author, send, now)
    assert [row.person_id for row in await rows_of(session, send)] == [guest.id]


@pytest.mark.parametrize("part", ["language", "need", "topic", "guest", "area"])
async def test_whoever_leaves_the_audience_before_their_turn_is_not_sent_to(
    session: AsyncSession, now: datetime, part: str
) -> None:
    author, boss = await staff(session, 1, now), await staff(session, 2, now, RoleName.COORDINATOR)
    stays, leaves = [await a_member(session, number, now) for number in (10, 11)]
    event_ref = await an_event(session, author, now)
    area = await areas.create(session, boss, ZONE, now)
    for person in (stays, leaves):
        await needs.look_for(session, person, [Need.FINANCE])
        person.area_id = area.id
        await attendance.answer(
            session, person, event_ref, attendance.Wish.GOING, now, default_zone=ZONE
        )
    send = await a_newsletter(session, author, now)
    audience = Audience(
        languages=("en",),
        needs=(Need.FINANCE,),
        areas=(area.ref,),
        topics=(Topic.EVENTS,),
        guests_of=event_ref,
    )
    await sends.edit(session, author, send.ref, now, audience=audience)
    await starts(session, author, send, now)
    later = now + sends.UNDO
    match part:
        case "language":
            leaves.language = "uk"
        case "need":
            await needs.look_for(session, leaves, [Need.LEGAL])
        case "topic":
            await topics.turn(session, leaves, Topic.EVENTS, later, on=False)
        case "guest":
            await attendance.answer(
                session, leaves, event_ref, attendance.Wish.DECLINED, later, default_zone=ZONE
            )
        case "area":
            leaves.area_id = None
    joins = await a_member(session, 12, later)
    await session.flush()
    assert send.audience == 2
    rows = await deliveries.claim(session, "me", 10, 60, later)
    assert joins.id not in {row.person_id for row in rows}
    readers = await judging.readers(session, rows, later, NETWORK)
    fates = {
        row.person_id: judging.judge(row, readers[row.person_id or 0], later, ZONE).reason
        for row in rows
        if row.send_id == send.id
    }
    assert fates == {stays.id: None, leaves.id: "left_audience"}


async def test_the_night_is_counted_where_the_readers_are(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    for number in range(10, 16):
        person = await a_member(session, number, now, agrees=number != 15)
        person.zone = "Asia/Tokyo" if number > 12 else None
    await session.flush()
    send = await a_newsletter(session, author, now)
    for hour, asleep in ((11, 0), (12, 2), (22, 5), (23, 3)):  # nine hours earlier than in Tokyo
        moment = datetime(2026, 11, 24, hour, tzinfo=UTC)
        found = await sends.in_the_night(session, send, NETWORK, moment, "Europe/Lisbon")
        assert found == asleep, hour
