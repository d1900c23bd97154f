"""Quiet hours, caps, gaps, expiry: the send policy, also in the nights when clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community.policy import evening_before, is_quiet, next_morning

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("moment", "zone", "quiet"),
    [
        ("2026-11-23T20:00", "Europe/Paris", True),  # 21:00 there
        ("2026-11-23T19:59", "Europe/Paris", False),  # 20:59
        ("2026-11-24T06:59", "Europe/Paris", True),  # 07:59
        ("2026-11-24T07:00", "Europe/Paris", False),  # 08:00
        ("2026-11-23T20:00", "America/New_York", False),  # 15:00
        ("2026-03-29T00:59", "Europe/Paris", True),  # 01:59, before the gap
        ("2026-03-29T06:00", "Europe/Paris", False),  # 08:00 summer time
        ("2026-10-25T06:59", "Europe/Paris", True),  # 07:59 winter time
        ("2026-10-25T07:00", "Europe/Paris", False),  # 08:00
    ],
)
def test_quiet_hours_are_those_of_the_readers_zone(moment: str, zone: str, quiet: bool) -> None:
    assert is_quiet(datetime.fromisoformat(moment).replace(tzinfo=UTC), ZoneInfo(zone)) is quiet


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        ("2026-11-23T12:00", "2026-11-23T12:00"),  # by day: at once
        ("2026-11-23T20:30", "2026-11-24T07:00"),  # 21:30 -> 08:00 next day
        ("2026-11-24T03:00", "2026-11-24T07:00"),  # 04:00 -> 08:00 same day
        ("2026-03-28T21:00", "2026-03-29T06:00"),  # the short night
        ("2026-10-24T20:00", "2026-10-25T07:00"),  # the long night
        ("2026-10-25T01:30", "2026-10-25T07:00"),  # 02:30, the second time
    ],
)
def test_what_falls_into_the_night_waits_for_eight(moment: str, sent: str) -> None:
    got = next_morning(datetime.fromisoformat(moment).replace(tzinfo=UTC), PARIS)
    assert got == datetime.fromisoformat(sent).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        ("2026-11-24T06:00", "2026-11-23T19:00"),  # 07:00 -> 20:00 the evening before
        ("2026-11-24T21:30", "2026-11-24T19:00"),  # 22:30 -> 20:00 the same evening
        ("2026-11-24T07:00", "2026-11-24T07:00"),  # 08:00: at once
        ("2026-03-29T05:30", "2026-03-28T19:00"),  # 07:30 summer time -> 20:00 winter time
        ("2026-10-25T06:00", "2026-10-24T18:00"),  # 07:00 winter time -> 20:00 summer time
    ],
)
def test_a_two_hour_reminder_moves_to_the_evening_before(moment: str, sent: str) -> None:
    got = evening_before(datetime.fromisoformat(moment).replace(tzinfo=UTC), PARIS)
    assert got == datetime.fromisoformat(sent).replace(tzinfo=UTC)


def test_every_night_of_two_years_is_passed_without_a_step_back() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(2 * 365 * 24):
        assert next_morning(moment, PARIS) >= moment
        assert not is_quiet(next_morning(moment, PARIS), PARIS)
        assert evening_before(moment, PARIS) <= moment
        assert not is_quiet(evening_before(moment, PARIS), PARIS)
        moment += timedelta(hours=1)
