"""The send policy: what may leave by itself, when, to whom, and what a crash does to it.

One row per kind of delivery. ``docs/send-policy.md`` shows the table and is checked against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum, StrEnum
from zoneinfo import ZoneInfo

from community.consents import Purpose
from community.people import Membership

QUIET_FROM = time(21)
QUIET_UNTIL = time(8)
WEEKLY_CAP = 3
GAP = timedelta(hours=4)
NUDGES = 2
"""A member is nudged about one thing at most so many times."""


class Crash(StrEnum):
    """What happens to a message whose fate a crash has hidden. Telegram has no idempotency key."""

    RESEND = "resend"
    UNCERTAIN = "uncertain"


class Lane(IntEnum):
    """Who overtakes whom on the way to Telegram; smaller goes first."""

    REPLY = 0
    URGENT = 1
    SERVICE = 2
    NEWS = 3


@dataclass(frozen=True)
class Policy:
    """The rules for one kind of delivery."""

    lane: Lane
    crash: Crash
    lives: timedelta
    """How long after it was due it may still be sent, if its plan names no earlier end."""
    consent: Purpose | None = None
    unasked: bool = False
    """Counts against the weekly cap, and is bound by it and by the gap."""
    waits_for_morning: bool = True
    silent_in: frozenset[Membership] = frozenset()


_RESTING = frozenset({Membership.PAUSED, Membership.STOPPED, Membership.LEFT, Membership.JOINING})
_GONE = frozenset({Membership.STOPPED, Membership.LEFT})

POLICY: Mapping[str, Policy] = {
    "event_invitation": Policy(
        Lane.NEWS, Crash.UNCERTAIN, timedelta(days=3), Purpose.NEWS, True, silent_in=_RESTING
    ),
    "newsletter": Policy(
        Lane.NEWS, Crash.UNCERTAIN, timedelta(days=3), Purpose.NEWS, True, silent_in=_RESTING
    ),
    "event_reminder": Policy(Lane.SERVICE, Crash.UNCERTAIN, timedelta(hours=12), silent_in=_GONE),
    "event_changed": Policy(Lane.URGENT, Crash.RESEND, timedelta(days=2), waits_for_morning=False),
    "event_cancelled": Policy(
        Lane.URGENT, Crash.RESEND, timedelta(days=2), waits_for_morning=False
    ),
    "place_offered": Policy(Lane.URGENT, Crash.RESEND, timedelta(hours=12), silent_in=_GONE),
    "step_nudge": Policy(
        Lane.SERVICE, Crash.UNCERTAIN, timedelta(days=3), Purpose.NEWS, True, silent_in=_RESTING
    ),
    "pulse": Policy(
        Lane.SERVICE, Crash.UNCERTAIN, timedelta(days=7), Purpose.SURVEYS, True, silent_in=_RESTING
    ),
    "referral_step": Policy(Lane.URGENT, Crash.RESEND, timedelta(days=14)),
    "referral_outcome": Policy(Lane.SERVICE, Crash.RESEND, timedelta(days=7)),
    "provider_notice": Policy(Lane.URGENT, Crash.RESEND, timedelta(days=14)),
    "team_notice": Policy(Lane.SERVICE, Crash.RESEND, timedelta(days=7)),
    "team_answer": Policy(Lane.URGENT, Crash.RESEND, timedelta(days=7), waits_for_morning=False),
    "role_notice": Policy(Lane.URGENT, Crash.RESEND, timedelta(days=3), waits_for_morning=False),
}


def is_quiet(moment: datetime, zone: ZoneInfo) -> bool:
    """Say whether it is between 21:00 and 08:00 where the person is."""
    local = moment.astimezone(zone).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def next_morning(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment itself, or 08:00 of the person's day when it falls into quiet hours."""
    if not is_quiet(moment, zone):
        return moment
    local = moment.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, zone).astimezone(UTC)


def evening_before(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment itself, or 20:00 of the evening before the night it falls into."""
    if not is_quiet(moment, zone):
        return moment
    local = moment.astimezone(zone)
    day = local.date() - timedelta(days=1 if local.time() < QUIET_UNTIL else 0)
    return datetime.combine(day, time(QUIET_FROM.hour - 1), zone).astimezone(UTC)
