"""Events that repeat: a rule, and the dates that it gives for the next eight weeks.

Each date is an event of its own, which members answer, and which nothing else need know to be one
of several. A date that is left out is one that was cancelled; one that was changed alone stands
apart, and keeps what it was given. The rule is by the wall: six in the evening stays six in the
evening when the clocks change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, String, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, events, roles, sends, speakers, translations
from community.base import Base, Referable, find, lock_all
from community.deliveries import Delivery
from community.errors import IllegalMoveError, NotFoundError, NotUnderstoodError, TooLateError
from community.events import EVENT, Details, Event, details_of
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from community.sends import Send

AHEAD = timedelta(weeks=8)
"""So far ahead the dates of a series are there to be answered."""
MOST = 60
"""No series names more dates than this when it is made; one without an end goes on."""


class Every(StrEnum):
    """How often."""

    WEEK = "week"
    TWO_WEEKS = "fortnight"
    MONTH = "month"
    """On the same weekday of the month, as "the second Tuesday"; from the 29th on, the last."""


class Series(Base, Referable):
    """What repeats, from when on, and how long."""

    __tablename__ = "event_series"

    every: Mapped[Every] = mapped_column(String(16))
    starts_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    """The first date of the rule as it is now; its time is that of every date."""
    zone: Mapped[str] = mapped_column(String(64))
    until: Mapped[date | None]
    """The last day on which there may be one."""
    made_until: Mapped[date]
    """Up to this day its dates have become events."""
    made_at: Mapped[datetime]


@dataclass(frozen=True)
class Rule:
    """When something repeats."""

    every: Every
    starts_wall: datetime
    until: date | None = None

    def days(self, last: date, most: int | None = None) -> list[date]:
        """Return its days up to this one, or so many of them; the first is where it starts."""
        from dateutil import rrule

        first = self.starts_wall.date()
        end = min(last, self.until) if self.until else last
        weekly = {Every.WEEK: 1, Every.TWO_WEEKS: 2}
        if self.every in weekly:
            freq, interval, which = rrule.WEEKLY, weekly[self.every], None
        else:
            number = -1 if first.day > 28 else (first.day - 1) // 7 + 1
            freq, interval = rrule.MONTHLY, 1
            which = rrule.weekdays[first.weekday()](number)
        found = rrule.rrule(
            freq,
            dtstart=datetime.combine(first, time()),
            interval=interval,
            byweekday=which,
            until=datetime.combine(end, time()),
        )
        days: list[date] = []
        for moment in found:
            if most is not None and len(days) == most:
                break
            days.append(moment.date())
        return days

    def lasting(self, times: int) -> "Rule":
        """Return the rule that ends after so many dates."""
        if not 1 <= times <= MOST:
            raise NotUnderstoodError("number")
        return replace(self, until=self.days(FOR_EVER, times)[-1])


FOR_EVER = date(2200, 1, 1)


def rule_of(series: Series) -> Rule:
    """Return when a series repeats."""
    return Rule(Every(series.every), series.starts_wall, series.until)


def wall_on(day: date, at: time, zone: str) -> datetime:
    """Return the wall time of a day; where the clocks skip it, the one that they show instead."""
    moment = datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


# Making


async def repeat(
    session: AsyncSession,
    actor: Person,
    ref: str,
    every: Every,
    now: datetime,
    *,
    until: date | None = None,
    times: int | None = None,
) -> Series:
    """Let an event repeat: until a day, so many times, or until somebody ends it.

    Of a draft the other dates appear when it is published.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: it would end before it begins again, or go on very often.
        IllegalMoveError: it repeats already, or is only proposed.
        TooLateError: it has begun, or does not take place.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    events.require_decided(event)
    if event.series_id is not None:
        raise IllegalMoveError("series", "repeated", "repeated")
    if event.state not in (events.State.DRAFT, events.State.PUBLISHED) or event.starts_at <= now:
        raise TooLateError(event.starts_at)
    rule = Rule(every, event.starts_wall, until)
    if times is not None:
        rule = rule.lasting(times)
    if len(rule.days(FOR_EVER, 2)) < 2:
        raise NotUnderstoodError("ends_at")
    day = event.starts_wall.date()
    series = Series(
        every=every,
        starts_wall=event.starts_wall,
        zone=event.zone,
        until=rule.until,
        made_until=day,
        made_at=now,
    )
    session.add(series)
    await session.flush()
    event.series_id, event.series_day = series.id, day
    await session.flush()
    await _fill(session, series, now)
    return series


async def fill(session: AsyncSession, now: datetime) -> int:
    """Make the dates that have come within eight weeks; return how many."""
    horizon = (now + AHEAD + timedelta(days=1)).date()  # of the zone that is furthest ahead
    due = await session.scalars(
        select(Series.ref).where(Series.made_until < horizon, _goes_on()).order_by(Series.id)
    )
    made = 0
    for series in await lock_all(session, Series, due.all()):
        made += await _fill(session, series, now)
    return made


def _goes_on() -> ColumnElement[bool]:
    """Return the rule: it has not ended, and one date has been published."""
    has_begun = exists().where(Event.series_id == Series.id, Event.state.in_(events.VISIBLE))
    return and_(or_(Series.until.is_(None), Series.until > Series.made_until), has_begun)


async def _fill(session: AsyncSession, series: Series, now: datetime) -> int:
    """Make the dates of one series that is locked; none while its first date is a draft."""
    horizon = (now.astimezone(ZoneInfo(series.zone)) + AHEAD).date()
    days = [day for day in rule_of(series).days(horizon) if day > series.made_until]
    model = await pattern(session, series) if days else None
    if model is None:
        return 0
    made = 0
    for day in days:
        series.made_until = day
        wall = wall_on(day, series.starts_wall.time(), series.zone)
        if events.wall_to_utc(wall, series.zone) <= now:
            continue  # nobody was there to make it in time
        event = Event(
            **_facts_of(model),
            state=events.State.PUBLISHED,
            made_at=now,
            changed_at=now,
            starts_wall=wall,
            starts_at=events.wall_to_utc(wall, series.zone),
            series_id=series.id,
            series_day=day,
        )
        session.add(event)
        await session.flush()
        await _give_words(session, model, event)
        made += 1
    return made


WHOSE = ("made_by_id", "organization_id", "need", "audience_area_id", "cohort_id", "area_id")
"""Whose event it is, and for whom: what is made like another has these as well as its facts."""


def _facts_of(event: Event) -> dict[str, Any]:
    facts = vars(details_of(event))
    theirs = {name: getattr(event, name) for name in WHOSE}
    return {name: facts[name] for name in facts if name != "starts_wall"} | theirs


async def _give_words(session: AsyncSession, model: Event, event: Event) -> None:
    """Give an event the words of another, but not who speaks: they have agreed to that one."""
    await translations.copy(session, "event", model.id, event.id, but=speakers.FIELD)


async def pattern(session: AsyncSession, series: Series) -> Event | None:
    """Return the date that new ones are like: the last that does not stand apart."""
    found: Event | None = await session.scalar(
        select(Event)
        .where(Event.series_id == series.id, Event.state.in_(events.VISIBLE))
        .order_by(Event.stands_apart, Event.series_day.desc())
        .limit(1)
    )
    return found


async def copy(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    """Make a draft like an event: at the same time, on the same weekday of the next month.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: somebody has proposed it, and nobody has decided about it yet.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    model = await find(session, Event, ref)
    events.require_decided(model)
    monthly = Rule(Every.MONTH, model.starts_wall)
    today = now.astimezone(events.zone_of(model)).date()
    later = max(today, model.starts_wall.date())
    day = next(day for day in monthly.days(later + timedelta(days=70)) if day > later)
    wall = wall_on(day, model.starts_wall.time(), model.zone)
    event = Event(
        **{**_facts_of(model), "made_by_id": actor.id},
        state=events.State.DRAFT,
        made_at=now,
        changed_at=now,
        starts_wall=wall,
        starts_at=events.wall_to_utc(wall, model.zone),
    )
    session.add(event)
    await session.flush()
    await _give_words(session, model, event)
    return event


# Changing


async def change_from(
    session: AsyncSession,
    actor: Person,
    ref: str,
    details: Details,
    now: datetime,
    *,
    default_zone: str,
) -> tuple[int, Send | None]:
    """Change this date and all that follow; return how many people are told, each once.

    And the announcement of this date, if that is a draft again.

    What differs now from before changes in the later dates as well, wherever they still had what
    this one had: a date that was given another place or time for itself keeps it. A new day of
    the week, or a new time, is that of the rule.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a field is wrong.
        NotFoundError: it does not repeat.
        TooLateError: it is over or cancelled, or would start in the past.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    series, event, later = await _from_here(session, ref)
    before, rule, zone = details_of(event), rule_of(series), series.zone
    stood_apart = event.stands_apart
    _told, send = await sends.change_event(
        session, actor, ref, details, now, default_zone=default_zone
    )
    event.stands_apart = stood_apart
    moves = (details.starts_wall, details.zone) != (before.starts_wall, before.zone)
    was_on = {each.id: each.series_day for each in [event, *later]}
    if moves:
        await _rule_anew(session, series, rule, event, later, details)
    for each in later:
        old = details_of(each)
        new = _alike(old, before, details)
        is_regular = old.starts_wall == _regular(was_on[each.id], rule, zone)
        if moves and is_regular and each.series_day is not None:
            wall = wall_on(each.series_day, details.starts_wall.time(), details.zone)
            new = replace(new, starts_wall=wall, zone=details.zone)
        if new == old or not _is_open(each, now):
            continue
        apart = each.stands_apart
        await sends.change_event(session, actor, each.ref, new, now, default_zone=default_zone)
        each.stands_apart = apart
    if moves:
        await _fill(session, series, now)
    await session.flush()
    return await _once(session, "event_changed", [event, *later], now), send


def _is_open(event: Event, now: datetime) -> bool:
    """Say whether a date can still change; one that was moved alone may have begun sooner."""
    return event.state in (events.State.DRAFT, events.State.PUBLISHED) and event.starts_at > now


def _regular(day: date | None, rule: Rule, zone: str) -> datetime | None:
    return wall_on(day, rule.starts_wall.time(), zone) if day else None


def _alike(old: Details, before: Details, after: Details) -> Details:
    """Return the facts of a later date with what has changed, where it had what stood before."""
    changes = {
        one.name: getattr(after, one.name)
        for one in fields(Details)
        if one.name not in ("starts_wall", "zone")
        and getattr(after, one.name) != getattr(before, one.name)
        and getattr(old, one.name) == getattr(before, one.name)
    }
    return replace(old, **changes)


async def _rule_anew(
    session: AsyncSession,
    series: Series,
    rule: Rule,
    event: Event,
    later: Sequence[Event],
    details: Details,
) -> None:
    """Let the rule begin again with this date; the dates that follow are its next ones."""
    series.zone = details.zone
    if details.starts_wall.date() == event.series_day:  # another time of the same days
        first = rule.starts_wall.date()
        series.starts_wall = datetime.combine(first, details.starts_wall.time())
        return
    anew = Rule(rule.every, details.starts_wall)
    if rule.until is not None and event.series_day is not None:
        left = [day for day in rule.days(rule.until) if day >= event.series_day]
        anew = anew.lasting(max(len(left), 1))
    every = [event, *later]
    days = anew.days(FOR_EVER, len(every))
    for each in every:
        each.series_day = None
    await session.flush()  # each day is there once, so all leave theirs before any takes one
    for each, day in zip(every, days, strict=False):
        each.series_day = day
    series.starts_wall, series.until, series.made_until = anew.starts_wall, anew.until, days[-1]
    await session.flush()


SHARED = (
    *("kind", "languages", "interpretation", "child_care", "step_free", "travel_help"),
    *("latitude", "longitude"),
)
"""What goes to the later dates with the words: neither when and where, nor for how many."""


async def share(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, default_zone: str
) -> int:
    """Give the words of this date, in all languages, and what there is, to all that follow.

    Who speaks stays as it is with each: they have agreed to their own date.

    Return how many are told: nobody, but those who need what is there no more. What is left of an
    announcement is to be read again, as after any change.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it does not repeat.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    _series, event, later = await _from_here(session, ref)
    facts = {name: getattr(details_of(event), name) for name in SHARED}
    open_ones = [each for each in later if _is_open(each, now)]
    for each in open_ones:
        await translations.forget(session, "event", each.id, but=speakers.FIELD)
        await _give_words(session, event, each)
        await sends.take_back(session, actor, each, now)
        apart, new = each.stands_apart, replace(details_of(each), **facts)
        await sends.change_event(session, actor, each.ref, new, now, default_zone=default_zone)
        each.stands_apart = apart
    await session.flush()
    return await _once(session, "event_changed", [event, *open_ones], now)


async def cancel_from(session: AsyncSession, actor: Person, ref: str, now: datetime) -> int:
    """Cancel this date and all that follow, and end the series; return how many are told, once.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it does not repeat.
        IllegalMoveError: this date is over, or was never published.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    series, event, later = await _from_here(session, ref)
    if event.series_day is not None:
        series.until = event.series_day - timedelta(days=1)
    for each in [event, *later]:
        if each is not event and not _is_open(each, now):
            continue
        if each is event or each.state == events.State.PUBLISHED:
            await sends.cancel_event(session, actor, each.ref, now)
        else:
            await EVENT.move(
                session, each, events.State.DISCARDED, Who.ANIMATOR, now, actor_id=actor.id
            )
    return await _once(session, "event_cancelled", [event, *later], now)


async def _from_here(session: AsyncSession, ref: str) -> tuple[Series, Event, list[Event]]:
    """Return the series of a date, the date, and those that follow, all of them locked."""
    event = await find(session, Event, ref)
    if event.series_id is None:
        raise NotFoundError("Series")
    series = await session.get_one(
        Series, event.series_id, with_for_update=True, populate_existing=True
    )
    await session.refresh(event)
    later = await session.scalars(
        select(Event.ref).where(Event.series_id == series.id, Event.series_day > event.series_day)
    )
    locked = await lock_all(session, Event, [ref, *later])
    in_order = sorted(locked, key=lambda each: (each.series_day or date.min, each.id))
    return series, in_order[0], in_order[1:]


async def _once(session: AsyncSession, kind: str, changed: Sequence[Event], now: datetime) -> int:
    """Leave each person the message about the first of these dates that concerns them.

    It takes the others along, so that it is about them still when nothing is to be said of the
    first any more: its card decides, when it is sent.
    """
    in_time = sorted(changed, key=lambda event: (event.starts_at, event.id))
    order = {event.id: number for number, event in enumerate(in_time)}
    rows = await session.execute(
        select(
            Delivery.id,
            Delivery.person_id,
            Delivery.subject_id,
            Delivery.args,
            Delivery.due_at,
            Delivery.expires_at,
        ).where(
            Delivery.kind == kind,
            Delivery.subject_id.in_(order),
            Delivery.state == deliveries.State.QUEUED,
        )
    )
    of_person: dict[int | None, list[Any]] = {}
    for row in sorted(rows, key=lambda row: order[row.subject_id]):
        of_person.setdefault(row.person_id, []).append(row)
    several = [owed for owed in of_person.values() if len(owed) > 1]
    surplus = [row.id for owed in several for row in owed[1:]]
    await deliveries.cancel(session, now, Delivery.id.in_(surplus))
    taken_along = [
        {
            "id": owed[0].id,
            "args": {**owed[0].args, "also": _refs(owed)},
            "due_at": min(
                max(row.due_at for row in owed), owed[0].expires_at - timedelta(seconds=1)
            ),
            "expires_at": max(row.expires_at for row in owed),
        }
        for owed in several
    ]
    if taken_along:
        await session.execute(update(Delivery), taken_along)
    return len(of_person)


def _refs(owed: Sequence[Any]) -> list[str]:
    """Return the dates that messages are about, each once, but that of the first."""
    every = [ref for row in owed for ref in (row.args["ref"], *row.args.get("also", ()))]
    return [ref for ref in dict.fromkeys(every) if ref != every[0]]


# Reading


async def of_event(session: AsyncSession, event: Event) -> Series | None:
    """Return the series that an event belongs to."""
    return await session.get(Series, event.series_id) if event.series_id else None


async def last_of(session: AsyncSession, series_id: int) -> int | None:
    """Return the number of the newest date of a series, which has the words of today."""
    newest = select(Event.id).where(Event.series_id == series_id).order_by(Event.id.desc())
    return await session.scalar(newest.limit(1))


async def dates(session: AsyncSession, series: Series, now: datetime) -> list[Event]:
    """Return the dates of a series that are to come or were left out, the next first."""
    rows = await session.scalars(
        select(Event)
        .where(
            Event.series_id == series.id,
            Event.starts_at > now,
            Event.state != events.State.DISCARDED,
        )
        .order_by(Event.starts_at, Event.id)
    )
    return list(rows)


async def every_date(session: AsyncSession, series: Series) -> list[Event]:
    """Return all dates that a series has had so far, those that were left out, too."""
    rows = await session.scalars(
        select(Event).where(Event.series_id == series.id).order_by(Event.starts_at, Event.id)
    )
    return list(rows)


async def next_fill(session: AsyncSession) -> datetime | None:
    """Return about when the next date comes within eight weeks."""
    rows = await session.scalars(select(Series).where(_goes_on()))
    found = []
    for series in rows:
        ahead = series.made_until + timedelta(days=70)
        day = next((day for day in rule_of(series).days(ahead) if day > series.made_until), None)
        if day is not None:
            midnight = datetime.combine(day, time(), ZoneInfo(series.zone)) - AHEAD
            found.append(midnight.astimezone(UTC))
    return min(found, default=None)
