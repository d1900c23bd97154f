"""Who has not been here for long: two messages at most, the second a question, then silence."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, people, silences
from community.audiences import ACTIVE_WITHIN
from community.deliveries import Delivery
from community.errors import NotFoundError
from community.people import Membership, Participation, Person
from community.silences import AGAIN, Answer
from tests.community.test_sends import a_member

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)


async def asked(session: AsyncSession) -> list[bool]:
    """Return what was owed so far: whether each of them asks."""
    rows = await session.scalars(
        select(Delivery).where(Delivery.kind == silences.KIND).order_by(Delivery.id)
    )
    return [row.args["asks"] for row in rows]


async def lived(session: AsyncSession, begin: datetime, days: int) -> None:
    """Let so many days pass, and the job run every day."""
    for day in range(days + 1):
        await silences.nudge(session, begin + day * DAY)


async def test_whoever_stays_away_is_nudged_asked_and_left_in_peace(
    session: AsyncSession, now: datetime
) -> None:
    (await a_member(session, 1, now)).seen_at = now
    await lived(session, now, ACTIVE_WITHIN.days - 1)
    assert await asked(session) == []
    assert await silences.next_nudge(session) == now + ACTIVE_WITHIN
    away = now + ACTIVE_WITHIN
    await lived(session, away, AGAIN.days - 1)
    assert await asked(session) == [False]
    assert await silences.next_nudge(session) == away + AGAIN
    await lived(session, away + AGAIN, 3 * 365)
    assert await asked(session) == [False, True]
    assert await silences.next_nudge(session) is None


async def test_whoever_comes_back_is_not_asked_and_may_fall_silent_anew(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    person.seen_at = now
    away = now + ACTIVE_WITHIN
    await silences.nudge(session, away)
    person.seen_at = back = away + 2 * DAY
    await lived(session, back, ACTIVE_WITHIN.days - 1)
    assert await asked(session) == [False]
    assert await silences.next_nudge(session) == back + ACTIVE_WITHIN
    await lived(session, back + ACTIVE_WITHIN, 3 * 365)
    assert await asked(session) == [False, False, True], "a new silence: two again, then none"


async def test_to_answer_the_question_or_to_wake_from_a_pause_is_not_to_come_back(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    person.seen_at = now
    away = now + ACTIVE_WITHIN
    await lived(session, away, AGAIN.days)
    answered = person.seen_at = away + AGAIN + 3 * DAY
    await silences.answer(session, person, Answer.PAUSE, answered, PARIS)
    await people.end_pauses(session, answered + timedelta(weeks=silences.BREAK))
    assert person.state == Membership.ACTIVE
    await lived(session, answered, 2 * 365)
    assert await asked(session) == [False, True]
    person.seen_at = back = answered + 2 * 365 * DAY
    await lived(session, back, ACTIVE_WITHIN.days)
    assert await asked(session) == [False, True, False]


@pytest.mark.parametrize("why", ["paused", "stopped", "left", "reading", "no_consent"])
async def test_nobody_is_nudged_who_rests_or_wants_nothing_by_itself(
    session: AsyncSession, now: datetime, why: str
) -> None:
    person = await a_member(session, 1, now, agrees=why != "no_consent")
    person.seen_at = now
    if why == "reading":
        person.participation = Participation.READING
    elif why != "no_consent":
        person.state = Membership(why)
    await lived(session, now, 130)
    assert await asked(session) == []
    assert await silences.next_nudge(session) is None


async def an_asked_one(session: AsyncSession, now: datetime) -> Person:
    person = await a_member(session, 1, now - ACTIVE_WITHIN)
    person.seen_at, person.participation = now - ACTIVE_WITHIN, Participation.ACTIVE
    await session.flush()
    await silences.nudge(session, now)
    return person


async def test_an_answer_is_done_at_once_and_can_be_taken_back(
    session: AsyncSession, now: datetime
) -> None:
    person = await an_asked_one(session, now)

    def stands() -> tuple[Membership, Participation | None]:
        return person.state, person.participation

    before = stands()
    became = {
        Answer.STAY: before,
        Answer.DIGEST: (Membership.ACTIVE, Participation.DIGEST),
        Answer.PAUSE: (Membership.PAUSED, Participation.ACTIVE),
    }
    for wish, so in became.items():  # one instead of the other
        await silences.answer(session, person, wish, now, PARIS)
        assert stands() == so
    assert person.paused_until is not None
    assert person.paused_until > now + timedelta(weeks=silences.BREAK) - DAY
    assert await silences.take_back(session, person, now, PARIS)
    assert stands() == before
    assert not await silences.take_back(session, person, now, PARIS)


async def test_what_has_changed_meanwhile_is_not_undone(
    session: AsyncSession, now: datetime
) -> None:
    person = await an_asked_one(session, now)
    await silences.answer(session, person, Answer.DIGEST, now, PARIS)
    person.participation = Participation.READING
    await silences.take_back(session, person, now, PARIS)
    assert person.participation == Participation.READING
    await silences.answer(session, person, Answer.PAUSE, now, PARIS)
    await people.resume(session, person, now + DAY)
    own = now + timedelta(weeks=20)
    await people.pause(session, person, own, now + DAY)
    for undone in (True, False):  # neither an old button nor another answer ends it
        if undone:
            await silences.take_back(session, person, now + 2 * DAY, PARIS)
        else:
            await silences.answer(session, person, Answer.STAY, now + 2 * DAY, PARIS)
        assert (person.state, person.paused_until) == (Membership.PAUSED, own)


async def test_who_was_asked_nothing_answers_nothing(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    with pytest.raises(NotFoundError):
        await silences.answer(session, person, Answer.DIGEST, now, PARIS)
    assert person.participation is None
    assert await deliveries.next_due(session) is None
    people.require_member(person)
