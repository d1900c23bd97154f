"""What a provider reads of its quarter: the own times and outcomes, and nothing of few people."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community import agreements, quarters, referrals
from community.errors import NotFoundError
from community.figures import Hidden, Quarter, quarter_of
from community.people import Person
from community.quarters import Times, working_days
from community.referrals import Reason, State
from tests.community import test_referrals
from tests.community.test_referrals import Town, a_person

town = test_referrals.town
PARIS = ZoneInfo("Europe/Paris")
RUNNING = Quarter(2026, 4)
"""The quarter of the tests' Monday."""


def test_a_year_has_four_quarters_by_the_networks_clock() -> None:
    assert quarter_of(datetime(2026, 12, 31, 22, 59, tzinfo=UTC), PARIS) == Quarter(2026, 4)
    assert quarter_of(datetime(2026, 12, 31, 23, 0, tzinfo=UTC), PARIS) == Quarter(2027, 1)
    every = [Quarter(2026, number) for number in (1, 2, 3, 4)]
    assert [each.following for each in every] == [*every[1:], Quarter(2027, 1)]
    assert [each.before for each in every] == [Quarter(2025, 4), *every[:3]]
    assert every[3].days == (date(2026, 10, 1), date(2026, 12, 31))
    assert every[0].start(PARIS) == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_working_days_leave_the_weekend_out() -> None:
    friday, monday = date(2026, 11, 27), date(2026, 11, 30)
    assert working_days(friday, monday) == 1
    assert working_days(friday, friday) == 0
    assert working_days(date(2026, 11, 23), friday) == 4
    assert working_days(friday, date(2026, 11, 29)) == 0


async def asked(town: Town, waits: list[int]) -> list[referrals.Referral]:
    """Let as many members ask, and the provider accept after so many days."""
    made = []
    for number, days in enumerate(waits):
        member = await a_person(town.session, 200 + number, town.now)
        referral = await town.agrees(actor=member)
        await town.answers(referral, "accept", now=town.now + timedelta(days=days))
        made.append(referral)
    return made


async def read(town: Town, actor: Person | None = None) -> quarters.Record:
    return await quarters.read(
        town.session,
        actor or town.staff,
        town.organization.ref,
        RUNNING,
        PARIS,
        town.now + timedelta(days=20),
    )


async def test_times_and_outcomes_of_five_and_more_are_told(town: Town) -> None:
    made = await asked(town, [0, 1, 1, 4, 7, 9])  # from a Monday: the seventh day is a Monday
    later = town.now + timedelta(days=9)
    for referral in made[:5]:
        await town.answers(referral, "begin", "complete", now=later)
    record = await read(town)
    assert (record.received, record.answered, record.is_closed) == (6, 6, False)
    assert record.times == Times((2.5, 0, 9), (2.5, 0, 7))
    assert set(record.outcomes.cells) == {State.ACCEPTED, State.COMPLETED}


async def test_of_fewer_than_five_nothing_is_told(town: Town) -> None:
    await asked(town, [0, 1, 2, 3])
    record = await read(town)
    assert (record.received, record.answered) == (Hidden.FEW, Hidden.FEW)
    assert record.times is None
    assert set(record.outcomes.cells.values()) == {Hidden.FEW}


async def test_reasons_are_told_only_beside_the_number_of_those_declined(town: Town) -> None:
    for number in range(11):
        member = await a_person(town.session, 300 + number, town.now)
        referral = await town.agrees(actor=member)
        reason = Reason.LANGUAGE if number < 6 else Reason.NO_CAPACITY
        await referrals.answer(
            town.session, town.staff, referral.ref, "decline", town.now, reason=reason
        )
    record = await read(town)
    assert record.outcomes.cells == {State.DECLINED: 11}
    assert record.declined.cells == {Reason.LANGUAGE: 6, Reason.NO_CAPACITY: 5}
    await asked(town, [0, 0, 0])
    record = await read(town)
    assert isinstance(record.outcomes.cells[State.DECLINED], Hidden)
    assert record.declined.cells == {}


async def test_what_was_received_in_another_quarter_is_not_in_this_one(town: Town) -> None:
    await asked(town, [0] * 6)
    before = await quarters.read(
        town.session, town.staff, town.organization.ref, RUNNING.before, PARIS, town.now
    )
    assert (before.received, before.is_closed) == (0, True)


@pytest.mark.parametrize("who", ["member", "stranger", "animator", "coordinator"])
async def test_only_its_staff_read_it(town: Town, who: str) -> None:
    # Beside the figures of all, one provider's own would tell a coordinator what is hidden there.
    with pytest.raises(NotFoundError):
        await read(town, getattr(town, who))
    assert (await read(town, town.staff)).received == 0
    with pytest.raises(NotFoundError):
        await quarters.read(
            town.session, town.staff, town.organization.ref, RUNNING.following, PARIS, town.now
        )


async def test_each_of_the_staff_is_told_once_at_the_beginning_of_a_quarter(town: Town) -> None:
    begin = RUNNING.following.start(PARIS)
    assert await quarters.next_telling(town.session, town.now, PARIS) == begin
    assert await quarters.tell(town.session, begin - timedelta(minutes=1), PARIS) == 0
    for late in (timedelta(0), timedelta(hours=1), timedelta(days=13)):
        await quarters.tell(town.session, begin + late, PARIS)
    told = Counter(row.person_id for row in await town.owed("staff_notice"))
    assert told == {person.id: 1 for person in (town.staff, town.colleague, town.stranger)}
    await quarters.tell(town.session, RUNNING.following.following.start(PARIS), PARIS)
    assert len(await town.owed("staff_notice")) == 6


async def test_without_an_agreement_nobody_is_told(town: Town) -> None:
    await agreements.end(town.session, town.coordinator, town.organization.ref, town.now)
    await quarters.tell(town.session, RUNNING.following.start(PARIS), PARIS)
    assert [row.person_id for row in await town.owed("staff_notice")] == [town.stranger.id]
