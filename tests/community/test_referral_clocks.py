"""The clocks of referrals: who hears of what waits, on which day, once; and what expires."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from community import referrals, roles
from community.deliveries import Delivery
from community.referrals import FieldName, Referral, State, Then
from community.workdays import after, is_holiday, is_known
from scheduler import next_due
from tests.community import test_referrals
from tests.community.test_referrals import DAY, HOUR, PARIS, Town

town = test_referrals.town

STAFF, TEAM, MEMBER = "provider_reminder", "team_notice", "referral_reminder"


def wall(text: str, zone: str = PARIS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


async def heard(town: Town) -> Counter[str]:
    """Return how often somebody was to be reminded or told, by kind."""
    kinds = await town.session.scalars(
        select(Delivery.kind).where(Delivery.kind.in_([STAFF, TEAM, MEMBER, "referral_outcome"]))
    )
    return Counter(kinds)


async def days_of(
    town: Town,
    referral: Referral,
    begin: datetime,
    days: int,
    zone: str = PARIS,
    country: str = "",
) -> dict[str, str]:
    """Let the clock be looked at every hour; return what happened, by the minute of the wall."""
    told: dict[str, str] = {}
    before = await heard(town)
    state = referral.state
    for hour in range(days * 24 + 1):
        moment = begin + hour * HOUR
        await referrals.ring(town.session, moment, zone, country)
        now = await heard(town)
        new = sorted((now - before).elements())
        if referral.state != state:
            new.append(str(referral.state))
        if new:
            told[moment.astimezone(ZoneInfo(zone)).strftime("%a %d %H:%M")] = " ".join(new)
        before, state = now, referral.state
    return told


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        # A Monday: two of staff after three working days, the team after five, the end after ten.
        ("2026-11-23T10:00", ["Thu 26 10:00", "Mon 30 10:00", "Mon 07 10:00"]),
        ("2026-11-27T16:00", ["Wed 02 16:00", "Fri 04 16:00", "Fri 11 16:00"]),  # a Friday
        ("2026-11-28T16:00", ["Thu 03 00:00", "Mon 07 00:00", "Mon 14 00:00"]),  # a Saturday
        ("2026-11-29T23:00", ["Thu 03 00:00", "Mon 07 00:00", "Mon 14 00:00"]),  # a Sunday
        ("2026-10-22T09:00", ["Tue 27 09:00", "Thu 29 09:00", "Thu 05 09:00"]),  # summer ends
        ("2027-03-25T09:00", ["Tue 30 09:00", "Thu 01 09:00", "Thu 08 09:00"]),  # summer begins
    ],
)
async def test_what_nobody_answers_is_reminded_of_told_and_ended_on_working_days(
    town: Town, begin: str, expected: list[str]
) -> None:
    town.now = wall(begin)
    referral = await town.agrees()
    told = await days_of(town, referral, town.now, 18)
    staff, team, end = expected
    assert told == {staff: f"{STAFF} {STAFF}", team: TEAM, end: State.EXPIRED}


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("", ["Thu 24 10:00", "Mon 28 10:00", "Mon 04 10:00"]),
        ("BE", ["Thu 24 10:00", "Tue 29 10:00", "Wed 06 10:00"]),  # the 25th and the 1st
    ],
)
async def test_public_holidays_of_the_networks_country_are_no_working_days(
    town: Town, country: str, expected: list[str]
) -> None:
    town.now = wall("2026-12-21T10:00")
    referral = await town.agrees()
    assert referrals.next_mark(referral, PARIS, country) == (
        Then.REMIND_STAFF,
        wall("2026-12-24T10:00"),
    )
    told = await days_of(town, referral, town.now, 18, country=country)
    staff, team, end = expected
    assert told == {staff: f"{STAFF} {STAFF}", team: TEAM, end: State.EXPIRED}


def test_what_begins_on_a_holiday_begins_on_the_next_working_day() -> None:
    christmas = wall("2026-12-25T10:00")  # a Friday
    assert after(christmas, 1, ZoneInfo(PARIS), "BE") == wall("2026-12-29T00:00")


def test_a_part_of_a_country_has_holidays_of_its_own_and_nowhere_has_none() -> None:
    women, easter_monday = date(2027, 3, 8), date(2027, 3, 29)
    assert is_holiday(women, "DE-BE")
    assert not is_holiday(women, "DE")
    assert is_holiday(easter_monday, "BE")
    assert not is_holiday(easter_monday, "")
    assert [is_known(code) for code in ("FR", "DE-BE", "XX", "DE-XX")] == [
        True,
        True,
        False,
        False,
    ]


async def test_a_working_day_is_that_of_the_networks_zone(town: Town) -> None:
    # Friday in the evening in Paris is Saturday in Tokyo.
    evening = wall("2026-11-27T20:00")
    assert after(evening, 3, ZoneInfo(PARIS)) == wall("2026-12-02T20:00")
    assert after(evening, 3, ZoneInfo("Asia/Tokyo")) == wall("2026-12-03T00:00", "Asia/Tokyo")


async def test_the_clock_begins_anew_when_the_request_comes_back(town: Town) -> None:
    town.now = wall("2026-11-23T10:00")
    referral = await town.agrees(frozenset({FieldName.NAME}))
    await days_of(town, referral, town.now, 4)
    town.now += 4 * DAY
    await referrals.ask_for(town.session, town.staff, referral.ref, FieldName.STAGE, town.now)
    assert await days_of(town, referral, town.now, 4) == {"Mon 30 10:00": MEMBER}
    town.now += 4 * DAY  # Tuesday, 1 December
    await referrals.give(town.session, town.member, referral.ref, town.now, yes=True)
    told = await days_of(town, referral, town.now, 8)
    assert told == {"Fri 04 10:00": f"{STAFF} {STAFF}", "Tue 08 10:00": TEAM}


async def test_who_is_asked_something_is_reminded_twice_and_then_it_ends(town: Town) -> None:
    town.now = wall("2026-11-23T10:00")
    referral = await town.agrees(frozenset({FieldName.NAME}))
    await referrals.ask_for(town.session, town.staff, referral.ref, FieldName.STAGE, town.now)
    told = await days_of(town, referral, town.now, 20)
    assert told == {"Thu 26 10:00": MEMBER, "Mon 30 10:00": MEMBER, "Mon 07 10:00": State.EXPIRED}


async def test_what_was_accepted_is_asked_about_and_never_expires(town: Town) -> None:
    town.now = wall("2026-11-23T10:00")
    referral = await town.agrees()
    await town.answers(referral, "accept")
    told = await days_of(town, referral, town.now, 30)
    assert told == {"Mon 07 10:00": f"{STAFF} {STAFF}", "Mon 14 10:00": TEAM}
    town.now += 30 * DAY
    await town.answers(referral, "begin")
    told = await days_of(town, referral, town.now, 90)
    assert told == {
        "Fri 22 10:00": f"{STAFF} {STAFF}",
        "Sat 06 10:00": TEAM,
        "Sat 27 10:00": TEAM,  # and every three weeks from then on
        "Sat 20 10:00": TEAM,
    }
    assert referral.state == State.IN_SERVICE


async def test_the_member_is_asked_twice_for_the_outcome_and_the_team_settles_or_is_told(
    town: Town,
) -> None:
    town.now = wall("2026-11-23T10:00")
    referral = await town.agrees()
    await town.answers(referral, "accept", "begin", "complete")
    told = await days_of(town, referral, town.now, 20)
    assert told == {"Mon 30 10:00": "referral_outcome", "Mon 07 10:00": State.UNCONFIRMED}
    town.now += 20 * DAY
    await referrals.confirm(town.session, town.member, referral.ref, town.now, helped=False)
    assert await days_of(town, referral, town.now, 20) == {"Mon 21 00:00": TEAM}


async def test_looking_twice_at_one_moment_or_after_a_restart_repeats_nothing(town: Town) -> None:
    await town.agrees()
    for moment in (0, 0, 3, 3, 3.5):
        await referrals.ring(town.session, town.now + moment * DAY, PARIS)
        town.session.expunge_all()  # as another process, which knows nothing
    assert await heard(town) == {STAFF: 2}


async def test_a_clock_that_jumps_back_repeats_nothing(town: Town) -> None:
    await town.agrees()
    for moment in (0, 3, -3, 0, 3):
        await referrals.ring(town.session, town.now + moment * DAY, PARIS)
    assert await heard(town) == {STAFF: 2}


async def test_after_an_outage_one_mark_rings_and_the_others_keep_their_distance(
    town: Town,
) -> None:
    town.now = wall("2026-11-23T10:00")
    referral = await town.agrees()
    await referrals.ring(town.session, town.now, PARIS)
    back = wall("2027-01-04T10:00")  # a Monday
    told = await days_of(town, referral, back, 14)
    assert told == {
        "Mon 04 10:00": f"{STAFF} {STAFF}",
        "Wed 06 10:00": TEAM,
        "Wed 13 10:00": State.EXPIRED,
    }


async def test_the_clock_of_the_demo_stops_at_every_mark(town: Town) -> None:
    town.now = wall("2026-11-23T10:00")
    await town.agrees()
    stops = []
    moment = town.now
    for _stop in range(4):
        await referrals.ring(town.session, moment, PARIS)
        due = await referrals.next_ring(town.session)
        if due is None:
            break
        stops.append(due)
        moment = due
    assert stops == [
        wall("2026-11-26T10:00"),
        wall("2026-11-30T10:00"),
        wall("2026-12-07T10:00"),
    ]
    await town.session.execute(Delivery.__table__.delete())  # type: ignore[attr-defined]
    other = await town.agrees(actor=town.other_member)
    await referrals.ring(town.session, town.now, PARIS)
    assert other.rings_at == wall("2026-11-26T10:00")
    await town.session.execute(Delivery.__table__.delete())  # type: ignore[attr-defined]
    assert await next_due(town.session, town.now) == wall("2026-11-26T10:00")


async def test_who_has_no_staff_any_more_is_not_reminded_and_the_team_is(town: Town) -> None:
    town.now = wall("2026-11-23T10:00")
    referral = await town.agrees()
    for person in (town.staff, town.colleague):
        [role] = await roles.held(town.session, person, town.now)
        role.until = town.now
    await town.session.flush()
    told = await days_of(town, referral, town.now, 18)
    assert told == {"Mon 30 10:00": TEAM, "Mon 07 10:00": State.EXPIRED}


@pytest.mark.parametrize("how", ["decline", "expire"])
async def test_whoever_has_turned_the_member_away_can_open_nothing_any_more(
    town: Town, how: str
) -> None:
    referral = await town.agrees()
    if how == "decline":
        await town.answers(referral, "decline")
    else:
        for days in (0, 3, 7, 14):
            await referrals.ring(town.session, town.now + timedelta(days=days), PARIS)
        assert referral.state == State.EXPIRED
        to_staff = await town.owed("provider_notice")
        assert len(to_staff) == 4, "both of staff hear of the end, too"
    _referral, fields = await referrals.opened(town.session, town.staff, referral.ref, town.now)
    assert fields == {}
    [told] = await town.owed("referral_step")
    assert (told.person_id, dict(told.args)) == (town.member.id, {"ref": referral.ref})


async def test_no_reminder_says_anything_personal(town: Town) -> None:
    referral = await town.agrees()
    for days in (0, 3, 7):
        await referrals.ring(town.session, town.now + timedelta(days=days), PARIS)
    rows = [*await town.owed(STAFF), *await town.owed(TEAM)]
    assert len(rows) == 3
    for row in rows:
        assert {**row.args, "what": ""} == {"ref": referral.ref, "at": "pending", "what": ""}
