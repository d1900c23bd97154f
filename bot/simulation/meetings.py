"""Events of years, who answered and who came, and the reminders."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.simulation.crowd import DAY, TEAM, Somebody
from bot.simulation.rows import Rows
from community import attendance, events
from community.attendance import ATTENDANCE, HOLDS_A_PLACE, Attendance
from community.attendance import State as Attending
from community.deliveries import Delivery
from community.deliveries import State as Sending
from community.events import EVENT, Event, wall_to_utc
from community.lifecycle import Who
from community.policy import POLICY, next_morning

AHEAD = 60 * DAY
KNOWN_BEFORE = 20 * DAY
"""How long before it begins an event is published."""
WISHES: Mapping[Attending, float] = {
    Attending.GOING: 60,
    Attending.MAYBE: 15,
    Attending.DECLINED: 25,
}
REMINDED: Mapping[Sending, float] = {
    Sending.SENT: 970,
    Sending.SUPPRESSED: 15,
    Sending.EXPIRED: 10,
    Sending.UNCERTAIN: 3,
    Sending.FAILED: 2,
}
WHY: Mapping[Sending, str] = {
    Sending.SUPPRESSED: "no_longer_applies",
    Sending.EXPIRED: "no_time_left",
    Sending.UNCERTAIN: "after_crash",
    Sending.FAILED: "cannot_render",
}


@dataclass
class Meeting:
    """An event, as the rest of the simulation needs to know it."""

    id: int
    ref: str
    state: events.State
    published_at: datetime
    starts_at: datetime
    ends_at: datetime
    zone: str
    capacity: int | None
    stands: dict[int, Attending] = field(default_factory=dict)
    """By person."""
    steps: dict[int, list[tuple[Attending, datetime, Who]]] = field(default_factory=dict)

    def moves(self, person_id: int, to: Attending, at: datetime, by: Who) -> None:
        """Let a person take a step of the lifecycle."""
        assert ATTENDANCE.allows(self.stands.get(person_id, Attending.NONE), to, by)
        self.stands[person_id] = to
        self.steps.setdefault(person_id, []).append((to, at, by))

    @property
    def is_full(self) -> bool:
        """Say whether every place is taken or offered."""
        taken = sum(state in HOLDS_A_PLACE for state in self.stands.values())
        return self.capacity is not None and taken >= self.capacity

    def standing(self, *states: Attending) -> list[int]:
        """Return who stands there, in the order of their answers."""
        return [person for person, state in self.stands.items() if state in states]


async def fill(
    rows: Rows,
    per_month: int,
    sample: Mapping[str, Any],
    crowd: Sequence[Somebody],
    zone: str,
    begin: datetime,
    now: datetime,
) -> list[Meeting]:
    """Let so many events take place each month, some of them still to come."""
    chance, span = rows.chance, now + AHEAD - begin - KNOWN_BEFORE
    count = max(1, round(span / (30.4 * DAY) * per_month))
    starts = [begin + KNOWN_BEFORE + span * chance.random() for _ in range(count)]
    starts = sorted([*starts, now + 5 * DAY, now + 9 * DAY])  # something is on next week
    made = []
    for starts_at in starts:
        meeting = _event(rows, chance.choice(sample["events"]), starts_at, zone, now)
        if meeting.state not in (events.State.DRAFT, events.State.DISCARDED):
            _answer(rows, meeting, crowd, now)
            if meeting.state is events.State.HELD:
                _tick(rows, meeting, crowd)
            _write(rows, meeting, crowd, now)
            made.append(meeting)
        await rows.breathe()
    return made


def _event(
    rows: Rows, entry: Mapping[str, Any], about: datetime, zone: str, now: datetime
) -> Meeting:
    chance = rows.chance
    wall = about.astimezone(ZoneInfo(zone)).replace(
        hour=chance.randint(10, 19), minute=0, second=0, microsecond=0, tzinfo=None
    )
    starts_at, minutes = wall_to_utc(wall, zone), chance.choice((60, 90, 120, 180))
    made_at = starts_at - KNOWN_BEFORE - DAY
    published_at = starts_at - KNOWN_BEFORE
    ends_at = starts_at + timedelta(minutes=minutes)
    if now < published_at:
        made_at, walked = min(made_at, now), [events.State.DRAFT]
    elif rows.happens(0.05):
        walked = [events.State.DRAFT, events.State.PUBLISHED, events.State.CANCELLED]
    elif ends_at <= now:
        walked = [events.State.DRAFT, events.State.PUBLISHED, events.State.HELD]
    else:
        walked = [events.State.DRAFT, events.State.PUBLISHED]
    capacity = chance.randint(6, 40) if rows.happens(0.7) else None
    ref, cancelled_at = rows.ref(), min(starts_at - 2 * DAY, now)
    actor_id = chance.randint(2, TEAM)
    number = rows.add(
        Event,
        ref=ref,
        uid=chance.randbytes(16).hex(),
        state=walked[-1],
        made_by_id=actor_id,
        made_at=made_at,
        changed_at=made_at,
        starts_wall=wall,
        zone=zone,
        starts_at=starts_at,
        minutes=minutes,
        place=entry.get("place"),
        link=entry.get("link"),
        capacity=capacity,
        languages=entry["languages"],
        child_care=entry["child_care"],
        sequence=int(walked[-1] is events.State.CANCELLED),
    )
    rows.words("event", number, "title", entry["title"], made_at)
    rows.words("event", number, "description", entry["description"], made_at)
    when = {
        events.State.PUBLISHED: published_at,
        events.State.HELD: ends_at,
        events.State.CANCELLED: cancelled_at,
    }
    for before, after in itertools.pairwise(walked):
        by = None if after is events.State.HELD else actor_id
        rows.step(EVENT.name, number, before, after, when[after], actor_id=by)
    return Meeting(number, ref, walked[-1], published_at, starts_at, ends_at, zone, capacity)


def _answer(rows: Rows, meeting: Meeting, crowd: Sequence[Somebody], now: datetime) -> None:
    """Let people answer one after another, some change their mind, and places be offered."""
    chance = rows.chance
    begin = meeting.published_at + 2 * DAY
    until = min(meeting.starts_at - 3 * DAY, now)
    if begin >= until:
        return
    invited = chance.sample(crowd, min(len(crowd), chance.randint(10, 90)))
    moments = sorted(begin + (until - begin) * chance.random() for _ in invited)
    for me, at in zip(invited, moments, strict=True):
        if not me.is_active(at):
            continue
        wish = rows.one_of(WISHES)
        if wish is Attending.GOING and (
            meeting.is_full or meeting.standing(Attending.WAITING, Attending.OFFERED)
        ):
            wish = Attending.WAITING if meeting.is_full else Attending.MAYBE
        meeting.moves(me.id, wish, at, Who.SELF)
    for person_id in meeting.standing(Attending.GOING):
        if rows.happens(0.08):
            meeting.moves(person_id, Attending.DECLINED, until, Who.SELF)
            _offer(rows, meeting, until, now)


def _offer(rows: Rows, meeting: Meeting, at: datetime, now: datetime) -> None:
    """Offer a freed place to the next who wait, until somebody takes it."""
    for person_id in meeting.standing(Attending.WAITING):
        meeting.moves(person_id, Attending.OFFERED, at, Who.CLOCK)
        if at + attendance.OFFER_HOLDS > now:
            return  # it is still held for them
        at += attendance.OFFER_HOLDS
        if rows.happens(0.7):
            meeting.moves(person_id, Attending.GOING, at, Who.SELF)
            return
        meeting.moves(person_id, Attending.LAPSED, at, Who.CLOCK)


def _tick(rows: Rows, meeting: Meeting, crowd: Sequence[Somebody]) -> None:
    """Note who came; of some nobody has noted anything."""
    at = meeting.ends_at
    for person_id in meeting.standing(Attending.GOING, Attending.MAYBE):
        is_going = meeting.stands[person_id] is Attending.GOING
        if rows.happens(0.78 if is_going else 0.3):
            if is_going or not meeting.is_full:
                meeting.moves(person_id, Attending.ATTENDED, at, Who.ANIMATOR)
        elif rows.happens(0.6):
            meeting.moves(person_id, Attending.MISSED, at, Who.ANIMATOR)
    for me in rows.chance.sample(crowd, 2):  # who came without a word
        if me.id not in meeting.stands and me.is_active(at) and not meeting.is_full:
            meeting.moves(me.id, Attending.ATTENDED, at, Who.ANIMATOR)


def _write(rows: Rows, meeting: Meeting, crowd: Sequence[Somebody], now: datetime) -> None:
    for person_id, steps in meeting.steps.items():
        state, at, _ = steps[-1]
        until = min(at + attendance.OFFER_HOLDS, meeting.starts_at)
        number = rows.add(
            Attendance,
            event_id=meeting.id,
            person_id=person_id,
            state=state,
            answered_at=steps[0][1],
            offered_until=until if state is Attending.OFFERED else None,
        )
        before = Attending.NONE
        for after, moment, by in steps:
            actor = {Who.SELF: person_id, Who.ANIMATOR: 2}.get(by)
            rows.step(ATTENDANCE.name, number, before, after, moment, actor_id=actor)
            before = after
        said = {step for step, _, _ in steps}
        if said & {Attending.GOING, Attending.MAYBE}:
            _remind(rows, meeting, crowd[person_id - 1], now, is_open=state in _REMINDED_IN)


_REMINDED_IN = (Attending.GOING, Attending.MAYBE, Attending.ATTENDED, Attending.MISSED)


def _remind(rows: Rows, meeting: Meeting, me: Somebody, now: datetime, *, is_open: bool) -> None:
    for name, before in attendance.REMINDERS:
        due = meeting.starts_at - before
        if name == "day":
            due = next_morning(due, ZoneInfo(meeting.zone))
        state = Sending.QUEUED if due > now else rows.one_of(REMINDED)
        if not is_open or meeting.state is events.State.CANCELLED:
            state = Sending.CANCELLED
        owe(
            rows,
            me,
            "event_reminder",
            f"event_reminder:{meeting.id}:0:{me.id}:{name}:{due.isoformat()}",
            state,
            due,
            args={"ref": meeting.ref, "which": name},
            expires_at=meeting.starts_at,
            subject_id=meeting.id,
            planned_at=min(due, now),
            now=now,
        )


def owe(
    rows: Rows,
    me: Somebody,
    kind: str,
    key: str,
    state: Sending,
    due_at: datetime,
    *,
    args: Mapping[str, Any],
    expires_at: datetime,
    planned_at: datetime,
    now: datetime,
    subject_id: int | None = None,
    send_id: int | None = None,
    settled_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    """Add one message with what became of it; what it was about is kept for sixty days."""
    is_open = state in (Sending.QUEUED, Sending.WAITING)
    rows.add(
        Delivery,
        key=key,
        kind=kind,
        person_id=me.id,
        subject_id=subject_id,
        send_id=send_id,
        args=args if is_open or due_at > now - 60 * DAY else {},
        lane=int(POLICY[kind].lane),
        state=state,
        reason=reason or WHY.get(state),
        due_at=due_at,
        expires_at=expires_at,
        tries=int(not is_open),
        language=me.language if state in (Sending.SENT, Sending.RECALLED) else None,
        settled_at=None if is_open else settled_at or min(due_at, now),
        planned_at=planned_at,
    )
