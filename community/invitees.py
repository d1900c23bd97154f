"""Whom an event invites, and for how many of them it is hard to come: counts, and nobody's name.

The database counts by language, by area and by limit; what it has counted is added up here.
Nothing below five is told, and nothing from which it could be computed. Of a chosen audience what
fewer than five say is not even mentioned, and all else is told in steps of five: audiences that
differ by a person would name them. Of everybody, that few say something can be read, and in a
network of fewer than 20 the counts are exact, because steps of five would say nothing there:
whoever notes them before and after one person joins, or ticks something, can tell what that was.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeVar

from sqlalchemy import String, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, events, recordings, roles
from community.areas import Area, apart
from community.audiences import EVERYBODY, Audience
from community.events import Event, Kind
from community.figures import FEW, Cell, Hidden
from community.limits import CHOICES, NO_VALUE, AccessLimit, Limit
from community.people import Person
from community.roles import RoleName

K = TypeVar("K")
Point = tuple[float, float]
EXACT_BELOW = 20
"""Where so many are invited, five more or less plan as well as the exact count."""
SHOWN = 5
"""So many clashes are named."""


@dataclass(frozen=True)
class Said:
    """How many of those invited say that one thing makes it hard to come.

    ``met``: whether this event takes care of it; None if nobody can tell, because it or where
    they live is not on the map, or because they are few. ``value`` are the minutes of the day
    after which they cannot travel.
    """

    limit: Limit
    people: Cell
    met: bool | None
    value: int = NO_VALUE


@dataclass(frozen=True)
class Invited:
    """Whom an event invites, as far as it may be told."""

    total: Cell
    languages: Mapping[str, Cell]
    areas: Mapping[int | None, Cell]
    limits: Sequence[Said]
    in_steps: bool
    """Total, languages and areas are told in steps of five."""


@dataclass(frozen=True)
class Counts:
    """What the database has counted: for this package alone, nobody is shown it as it is."""

    languages: Counter[str]
    areas: Counter[int | None]
    limits: Mapping[tuple[Limit, int, int | None], int]
    """By limit, its value and area."""
    is_everybody: bool

    @property
    def total(self) -> int:
        """Return how many are invited."""
        return self.languages.total()

    @property
    def in_steps(self) -> bool:
        """Say whether exact counts would tell of few."""
        of_few = (
            count < FEW for group in (self.languages, self.areas) for count in group.values()
        )
        return not self.is_everybody or any(of_few)

    @property
    def is_exact(self) -> bool:
        """Say whether what they say is told exactly."""
        return self.is_everybody and self.total < EXACT_BELOW

    def saying(self, limit: Limit) -> int:
        """Return how many say this, whatever the value; few of a chosen audience are none."""
        people = sum(count for (code, *_rest), count in self.limits.items() if code == limit)
        return people if self.is_everybody or people >= FEW else 0

    def reach(self, km: Mapping[int, float]) -> tuple[int, bool | None]:
        """Return for how many it is too far, given how far areas are, and whether it is near.

        Few are none here: the place can be tried out. None if nobody can tell: for five or more it
        is too far or may be, because where they live is not known or not on the map.
        """
        too_far = unknown = 0
        for (code, value, area), people in self.limits.items():
            if code == Limit.DISTANCE and (area is None or area not in km):
                unknown += people
            elif code == Limit.DISTANCE and area is not None and km[area] > value:
                too_far += people
        if too_far >= FEW:
            return too_far, False
        can_tell = self.saying(Limit.DISTANCE) >= FEW > too_far + unknown
        return 0, True if can_tell else None

    def told(self, count: int) -> Cell:
        """Return how many say something, so that few are not told, nor few who do not say it."""
        if 0 < count < FEW:
            return Hidden.FEW
        if count and self.total - count < FEW:
            return Hidden.COVERED
        return count if self.is_exact else in_fives(count)


def in_fives(count: int) -> int:
    """Return a count in steps of five."""
    return FEW * round(count / FEW)


async def count(
    session: AsyncSession, audience: Audience, now: datetime, network_language: str
) -> Counts:
    """Count an audience by language, area and limit."""
    conditions = audience.conditions(now, network_language)
    spoken = func.coalesce(Person.language, literal(network_language, String)).label("spoken")
    found = Counts(Counter(), Counter(), {}, audience == EVERYBODY)
    rows = await session.execute(
        select(spoken, Person.area_id, func.count())
        .where(*conditions)
        .group_by("spoken", Person.area_id)
    )
    for language, area, people in rows:
        found.languages[language] += people
        found.areas[area] += people
    said = await session.execute(
        select(AccessLimit.code, AccessLimit.value, Person.area_id, func.count())
        .join(Person, Person.id == AccessLimit.person_id)
        .where(*conditions)
        .group_by(AccessLimit.code, AccessLimit.value, Person.area_id)
    )
    limits = {(Limit(code), value, area): people for code, value, area, people in said}
    return Counts(found.languages, found.areas, limits, found.is_everybody)


async def look(
    session: AsyncSession,
    actor: Person,
    event: Event,
    audience: Audience,
    now: datetime,
    network_language: str,
) -> Invited:
    """Return whom an event invites, and which of their limits it meets and which it does not.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    counts = await count(session, audience, now, network_language)
    if counts.total < FEW:
        return Invited(Hidden.FEW if counts.total else 0, {}, {}, (), in_steps=False)
    every = await areas.every(session)
    found = [
        *_by_distance(counts, event, every),
        *_by_hour(counts, event),
        *await _by_what_there_is(session, counts, event),
    ]
    order = [*Limit]
    return Invited(
        in_fives(counts.total) if counts.in_steps else counts.total,
        _groups(counts.languages, counts),
        _groups(counts.areas, counts),
        sorted(found, key=lambda said: order.index(said.limit)),
        counts.in_steps,
    )


def _groups(groups: Mapping[K, int], counts: Counts) -> Mapping[K, Cell]:
    """Return the groups, the large ones first."""
    return {
        key: Hidden.FEW if people < FEW else in_fives(people) if counts.in_steps else people
        for key, people in sorted(groups.items(), key=lambda one: (-one[1], str(one[0])))
        if people >= FEW or counts.is_everybody
    }


# How far


def point_of(event: Event, every: Collection[Area]) -> Point | None:
    """Return where an event is: its point on the map, or the centre of its area."""
    if event.latitude is not None and event.longitude is not None:
        return event.latitude, event.longitude
    area = next((area for area in every if area.id == event.area_id), None)
    if area is None or area.latitude is None or area.longitude is None:
        return None
    return area.latitude, area.longitude


def kilometres(point: Point, every: Collection[Area]) -> dict[int, float]:
    """Return how far a point is from the areas that are on the map."""
    found = {area.id: apart(*point, area) for area in every}
    return {number: km for number, km in found.items() if km is not None}


def _by_distance(counts: Counts, event: Event, every: Collection[Area]) -> list[Said]:
    """Say for how many it is too far: in steps of five, because the place can be tried out."""
    saying = counts.saying(Limit.DISTANCE)
    if not saying:
        return []
    point = point_of(event, every)
    if event.is_online or event.travel_help or point is None:
        met = True if event.is_online or event.travel_help else None
        return [Said(Limit.DISTANCE, counts.told(saying), met)]
    too_far, met = counts.reach(kilometres(point, every))
    told = counts.told(too_far or saying)
    if too_far and not isinstance(told, Hidden):
        told = in_fives(told)
    return [Said(Limit.DISTANCE, told, met)]


# Until when


def ladder(values: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return how many cannot travel after which time, in steps of five people at least.

    Two events that end an hour apart would otherwise tell of the one who has that hour more.
    """
    steps: list[tuple[int, int]] = []
    people = 0
    for value in sorted(values):
        people += values[value]
        if people - (steps[-1][1] if steps else 0) >= FEW:
            steps.append((value, people))
    return steps


def _by_hour(counts: Counts, event: Event) -> list[Said]:
    """Say how many cannot travel any more when the event ends."""
    values: Counter[int] = Counter()
    for (code, value, _area), people in counts.limits.items():
        if code == Limit.LATE:
            values[value] += people
    if not counts.saying(Limit.LATE):
        return []
    ends = event.ends_at.astimezone(events.zone_of(event)).replace(tzinfo=None)
    since = (ends - datetime.combine(event.starts_wall.date(), time())) // timedelta(minutes=1)
    steps = ladder(values)
    if not steps:
        met = event.is_online or since <= min(CHOICES[Limit.LATE])
        return [Said(Limit.LATE, Hidden.FEW, met)]
    late = [step for step in steps if step[0] < since and not event.is_online]
    value, people = late[-1] if late else steps[0]
    return [Said(Limit.LATE, counts.told(people), not late, value)]


# What there is

HOURS = {Limit.MORNINGS: (6, 12), Limit.AFTERNOONS: (12, 18), Limit.EVENINGS: (18, 24)}
SATURDAY = 5


def _takes_place(event: Event, limit: Limit) -> bool:
    """Say whether an event is at such a time, by the wall where it is."""
    begins = event.starts_wall
    ends = event.ends_at.astimezone(events.zone_of(event)).replace(tzinfo=None)
    midnight = datetime.combine(begins.date(), time())
    while midnight < ends:
        if limit == Limit.WEEKENDS:
            if midnight.weekday() >= SATURDAY:
                return True
        else:
            since, until = (midnight + timedelta(hours=hour) for hour in HOURS[limit])
            if begins < until and ends > since:
                return True
        midnight += timedelta(days=1)
    return False


async def _by_what_there_is(session: AsyncSession, counts: Counts, event: Event) -> list[Said]:
    online = event.is_online
    met = {
        **{limit: not _takes_place(event, limit) for limit in (*HOURS, Limit.WEEKENDS)},
        Limit.CHILD_CARE: event.child_care or online,
        Limit.STEPS: event.step_free or online,
        Limit.PHONE_ONLY: event.kind != Kind.DIGITAL_SKILLS,
        Limit.NO_DATA: not online,
        Limit.READING: any(
            recording.is_approved
            for recording in await recordings.of(session, "event", [event.id])
        ),
        Limit.SIGHT: event.travel_help or online,
    }
    return [
        Said(limit, counts.told(people), is_met)
        for limit, is_met in met.items()
        if (people := counts.saying(limit))
    ]


# What else there is on that day


async def clashes(session: AsyncSession, event: Event) -> Sequence[Event]:
    """Return what else the network plans on that day for the same people: area and need."""
    day = datetime.combine(event.starts_wall.date(), time())
    query = (
        select(Event)
        .where(
            Event.id != event.id,
            Event.state.in_([events.State.DRAFT, events.State.PUBLISHED]),
            # By the moment there is an index; a day begins within a day of its own in UTC.
            Event.starts_at > event.starts_at - timedelta(days=2),
            Event.starts_at < event.starts_at + timedelta(days=2),
            Event.starts_wall >= day,
            Event.starts_wall < day + timedelta(days=1),
        )
        .order_by(Event.starts_wall, Event.id)
        .limit(SHOWN)
    )
    if event.area_id is not None:
        query = query.where(or_(Event.area_id.is_(None), Event.area_id == event.area_id))
    if event.need is not None:
        query = query.where(or_(Event.need.is_(None), Event.need == event.need))
    if event.audience_area_id is not None:
        those = Event.audience_area_id
        query = query.where(or_(those.is_(None), those == event.audience_area_id))
    if event.cohort_id is not None:
        theirs = Event.cohort_id
        query = query.where(or_(theirs.is_(None), theirs == event.cohort_id))
    return (await session.scalars(query)).all()
