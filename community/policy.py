"""The send policy: what may leave by itself, when, to whom, and what a crash does to it.

One row per kind of delivery. ``docs/send-policy.md`` shows the table and is checked against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum, StrEnum
from zoneinfo import ZoneInfo

from community.consents import Purpose
from community.people import LONGEST_PAUSE, Membership, Participation
from community.topics import Topic

QUIET_FROM = time(21)
QUIET_UNTIL = time(8)
WEEKLY_CAP = 3
GAP = timedelta(hours=4)
NUDGES = 2
"""A member is nudged about one thing at most so many times."""


CONVERSATION = timedelta(minutes=10)
"""Whoever has been answering a question within this time is left to finish it."""
OUTLIVES_THE_CAP = timedelta(days=8)
"""What nobody asked for must be able to wait until the weekly cap has room again."""
OUTLIVES_A_PAUSE = LONGEST_PAUSE + timedelta(days=7)
"""What waits until a pause ends must still hold then; its card says nothing if it does not."""


class Crash(StrEnum):
    """What happens to a message whose fate a crash has hidden. Telegram has no idempotency key."""

    RESEND = "resend"
    UNCERTAIN = "uncertain"


class NoRoom(StrEnum):
    """What becomes of an unasked message for which the cap or the gap leaves no room now."""

    DEFER = "defer"
    SKIP = "skip"


class Lane(IntEnum):
    """The class of a message: who overtakes whom on the way to Telegram; smaller goes first."""

    REPLY = 0
    URGENT = 1
    SERVICE = 2
    NEWS = 3
    SURVEY = 4


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules for one kind of delivery."""

    lane: Lane
    crash: Crash
    lives: timedelta
    """How long after it was due it may still be sent, if its plan names no earlier end."""
    consent: Purpose | None = None
    topic: Topic | None = None
    """What the person turns off to get no more of this kind."""
    unasked: bool = False
    """Counts against the weekly cap, and is bound by it and by the gap."""
    no_room: NoRoom = NoRoom.DEFER
    waits_for_morning: bool = True
    silent_in: frozenset[Membership] = frozenset()
    after_a_pause: bool = False
    """Whoever has paused gets it once the pause is over, if there is still something to say."""
    not_for: frozenset[Participation] = frozenset()
    """Who has chosen to take part in one of these ways does not get it."""
    by_phone: bool = False
    """Whoever has no Telegram is told of it by the animator who looks after them."""

    @property
    def interrupts(self) -> bool:
        """Say whether it may come while the person is answering a question."""
        return self.lane <= Lane.URGENT


_RESTING = frozenset({Membership.PAUSED, Membership.STOPPED, Membership.LEFT, Membership.JOINING})
_AWAY = frozenset({Membership.PAUSED, Membership.STOPPED, Membership.LEFT})
_MEMBERS = frozenset(set(Membership) - {Membership.LEFT})
"""What only who has left may get, by an agreement of its own, which the card looks at."""
_GONE = frozenset({Membership.STOPPED, Membership.LEFT})
_LEFT = frozenset({Membership.LEFT})
_ONE_BY_ONE = frozenset({Participation.DIGEST, Participation.READING})
_BY_ITSELF = frozenset({Participation.READING})


def _news(topic: Topic, lane: Lane = Lane.NEWS, no_room: NoRoom = NoRoom.DEFER) -> Policy:
    """Return the rules of what nobody asked for and everybody can turn off."""
    return Policy(
        lane=lane,
        crash=Crash.UNCERTAIN,
        lives=OUTLIVES_THE_CAP,
        consent=Purpose.NEWS,
        topic=topic,
        unasked=True,
        no_room=no_room,
        silent_in=_RESTING,
        not_for=_ONE_BY_ONE,
    )


def _owed(
    lane: Lane,
    lives: timedelta,
    *,
    waits_for_morning: bool = True,
    silent_in: frozenset[Membership] = frozenset(),
) -> Policy:
    """Return the rules of what somebody waits for: better twice than never."""
    return Policy(
        lane=lane,
        crash=Crash.RESEND,
        lives=lives,
        waits_for_morning=waits_for_morning,
        silent_in=silent_in,
    )


def _reminder(
    lives: timedelta,
    silent_in: frozenset[Membership] = frozenset(),
    not_for: frozenset[Participation] = frozenset(),
) -> Policy:
    """Return the rules of a reminder of what somebody takes part in: better none than two.

    What is work of a role comes in every state: /stop is about what the network sends a member.
    """
    return Policy(
        lane=Lane.SERVICE,
        crash=Crash.UNCERTAIN,
        lives=lives,
        silent_in=silent_in,
        not_for=not_for,
    )


def _when_back(crash: Crash = Crash.RESEND) -> Policy:
    """Return the rules of what somebody is told, or asked, once and at leisure."""
    return Policy(
        lane=Lane.SERVICE,
        crash=crash,
        lives=OUTLIVES_A_PAUSE,
        silent_in=_GONE,
        after_a_pause=True,
    )


_SURVEY = Policy(
    lane=Lane.SURVEY,
    crash=Crash.UNCERTAIN,
    lives=OUTLIVES_THE_CAP,
    consent=Purpose.SURVEYS,
    unasked=True,
    silent_in=_RESTING,
    not_for=_BY_ITSELF,
)
_MATCHING = replace(_SURVEY, lane=Lane.SERVICE, consent=Purpose.MATCHING)

TOLD_BY_PHONE = ("by_phone", "not_reached", "told_by_phone")
"""The reasons of what is told by phone and not sent (``face_to_face.Called``)."""

_RULES: Mapping[str, Policy] = {
    "event_invitation": _news(Topic.EVENTS),
    "newsletter": _news(Topic.NEWSLETTERS),
    "offer": _news(Topic.OFFERS),
    "digest": replace(_news(Topic.DIGEST), not_for=_BY_ITSELF),
    "step_nudge": _news(Topic.STEPS, Lane.SERVICE, NoRoom.SKIP),
    "silence": replace(_SURVEY, consent=Purpose.NEWS),
    "pulse": _SURVEY,
    "survey": _SURVEY,
    "exit_survey": replace(_SURVEY, consent=None, silent_in=_MEMBERS),
    "facilitation": _SURVEY,
    "match_proposed": replace(_MATCHING, not_for=frozenset()),
    "match_none": replace(_MATCHING, no_room=NoRoom.SKIP),
    "match_answer": _owed(
        Lane.SERVICE, timedelta(days=3), waits_for_morning=False, silent_in=_GONE
    ),
    "match_introduced": _owed(Lane.URGENT, timedelta(days=14), silent_in=_GONE),
    "match_notice": _when_back(),
    "match_followup": _when_back(Crash.UNCERTAIN),
    "post_new": replace(
        _SURVEY,
        consent=Purpose.MATCHING,
        lane=Lane.NEWS,
        no_room=NoRoom.SKIP,
        not_for=_ONE_BY_ONE,
    ),
    "post_expiring": _reminder(timedelta(days=3), _AWAY),
    "post_notice": _owed(Lane.SERVICE, timedelta(days=7), silent_in=_GONE),
    "measure_notice": _owed(Lane.SERVICE, timedelta(days=30), silent_in=_LEFT),
    "report_notice": _owed(Lane.SERVICE, timedelta(days=14), silent_in=_LEFT),
    "event_reminder": _reminder(timedelta(hours=12), _GONE),
    "missed_question": _reminder(timedelta(days=3), _RESTING, _BY_ITSELF),
    "entry_check": _reminder(timedelta(hours=47)),
    "event_changed": _owed(Lane.URGENT, timedelta(days=2), waits_for_morning=False),
    "event_cancelled": _owed(Lane.URGENT, timedelta(days=2), waits_for_morning=False),
    "place_offered": _owed(Lane.URGENT, timedelta(hours=12), silent_in=_GONE),
    "correction": _owed(Lane.URGENT, timedelta(days=2), waits_for_morning=False),
    "recall": _owed(Lane.URGENT, timedelta(days=2), waits_for_morning=False),
    "referral_step": _owed(Lane.URGENT, timedelta(days=14)),
    "referral_outcome": _owed(Lane.SERVICE, timedelta(days=7)),
    "referral_reminder": _reminder(timedelta(days=3), _LEFT),
    "provider_reminder": _reminder(timedelta(days=3)),
    "question_overdue": _reminder(timedelta(days=3)),
    "provider_notice": _owed(Lane.URGENT, timedelta(days=14)),
    "team_notice": _owed(Lane.SERVICE, timedelta(days=7)),
    "staff_notice": _owed(Lane.SERVICE, timedelta(days=7)),
    "bridge_message": _owed(Lane.URGENT, timedelta(days=14)),
    "team_answer": _owed(Lane.URGENT, timedelta(days=7), waits_for_morning=False),
    "translated": _when_back(),
    "service_found": _when_back(),
    "cohort_settled": _when_back(),
    "group_card": _owed(Lane.NEWS, timedelta(days=2), waits_for_morning=False),
    "group_welcome": _owed(
        Lane.URGENT, timedelta(days=1), waits_for_morning=False, silent_in=_LEFT
    ),
    "role_notice": _owed(Lane.URGENT, timedelta(days=3), waits_for_morning=False),
    "transfer_notice": _owed(Lane.SERVICE, timedelta(days=7), silent_in=_GONE),
    "transfer_result": _owed(Lane.SERVICE, timedelta(days=7)),
}
BY_PHONE = (
    "event_invitation",
    "newsletter",
    "digest",
    "event_reminder",
    "event_changed",
    "event_cancelled",
    "place_offered",
)
"""What is read out to people without Telegram: what the network tells a member, and no more."""
POLICY: Mapping[str, Policy] = {
    kind: replace(rules, by_phone=kind in BY_PHONE) for kind, rules in _RULES.items()
}
UNASKED = tuple(kind for kind, policy in POLICY.items() if policy.unasked)
EDITS = ("correction", "recall")
"""What changes a message that is there already: it makes no sound, and doing it twice is once."""
RESENT = tuple(kind for kind, policy in POLICY.items() if policy.crash is Crash.RESEND)


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
