"""Events: what an animator creates in chat and members answer.

Wall time is the truth of an event: ``starts_wall`` in the event's zone. ``starts_at`` is the
same moment in UTC, kept beside it for comparing.
"""

import secrets
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from community import roles, translations
from community.areas import known_zone, place
from community.base import Base, BigId, Referable, UTCDateTime, find
from community.errors import (
    IllegalMoveError,
    NotUnderstoodError,
    TooLateError,
)
from community.lifecycle import Lifecycle, Who, who
from community.needs import Need
from community.people import Person
from community.portions import FURTHEST, Portion
from community.roles import RoleName


class State(StrEnum):
    """How far an event is."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    DRAFT = "draft"
    DISCARDED = "discarded"
    PUBLISHED = "published"
    HELD = "held"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What sort of occasion an event is."""

    MEETING = "meeting"
    TRAINING = "training"
    MENTORING = "mentoring"
    PROVIDER_VISIT = "provider_visit"
    ONLINE = "online"
    DIGITAL_SKILLS = "digital_skills"


VISIBLE = (State.PUBLISHED, State.HELD, State.CANCELLED)
"""What members may see."""
LEFT_ALONE = (State.PROPOSED, State.REFUSED, State.DISCARDED)
"""What animators do not have on their list."""
LONGEST = timedelta(days=7)
"""Nothing lasts longer."""
HOST_STAYS = timedelta(days=7)
"""So long after the end its co-hosts can still say who came."""

_A = who(Who.ANIMATOR)
EVENT = Lifecycle(
    "event",
    {
        State.PROPOSED: {State.DRAFT: _A, State.REFUSED: _A},
        State.DRAFT: {State.PUBLISHED: _A, State.DISCARDED: _A},
        State.PUBLISHED: {State.HELD: who(Who.CLOCK), State.CANCELLED: _A},
    },
)


class _Later(FunctionElement[datetime]):
    """A moment and so many minutes more."""

    name, type, inherit_cache = "later", UTCDateTime(), True


@compiles(_Later)
def _in_sql(element: _Later, compiler: SQLCompiler, **options: Any) -> str:
    begin, minutes = (compiler.process(each, **options) for each in element.clauses)
    return f"({begin} + {minutes} * interval '1 minute')"


@compiles(_Later, "sqlite")
def _in_sqlite(element: _Later, compiler: SQLCompiler, **options: Any) -> str:
    """Return it as moments are written there, so that they compare as texts do."""
    begin, minutes = (compiler.process(each, **options) for each in element.clauses)
    return f"strftime('%Y-%m-%d %H:%M:%f000', {begin}, {minutes} || ' minutes')"


class Event(Base, Referable):
    """A meeting of the network."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_state_starts_at", "state", "starts_at"),
        UniqueConstraint("series_id", "series_day"),
    )

    uid: Mapped[str] = mapped_column(String(64), default=lambda: secrets.token_hex(16))
    """iCalendar's UID: stays for ever. The bot adds ``@diwan``."""
    sequence: Mapped[int] = mapped_column(default=0)
    state: Mapped[State] = mapped_column(String(16), default=State.DRAFT)
    kind: Mapped[Kind] = mapped_column(String(32), default=Kind.MEETING)
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    starts_wall: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    minutes: Mapped[int] = mapped_column(default=120)
    place: Mapped[str | None] = mapped_column(String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    """Where the place is on the map."""
    link: Mapped[str | None] = mapped_column(String(300))
    capacity: Mapped[int | None]
    languages: Mapped[list[str]] = mapped_column(default=list)
    """Languages spoken there."""
    interpretation: Mapped[list[str]] = mapped_column(default=list)
    """Languages into which is interpreted there."""
    child_care: Mapped[bool] = mapped_column(default=False)
    step_free: Mapped[bool] = mapped_column(default=False)
    travel_help: Mapped[bool] = mapped_column(default=False)
    """The network helps with the way there, or with what it costs."""
    door_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the token behind the code at the door, once that is open."""
    code_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the digits that say the same to whoever types them."""
    organization_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("organizations.id"))
    """Which support organisation proposed it."""
    need: Mapped[Need | None] = mapped_column(String(32))
    """Whom alone an event is for: members who look for this; None is everybody."""
    audience_area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    """Whom alone it is for: members who live in this area, or within it; None is everybody."""
    cohort_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cohorts.id"))
    """Whom alone it is for: members who belong to this cohort; None is everybody."""
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    """In which area it is: whoever leads that looks after it, too."""
    owner_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    """Of a proposal: which animator takes care of it."""
    refused_because: Mapped[str | None] = mapped_column(Text)
    series_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("event_series.id"))
    """The series of which it is one date (``community/series.py``)."""
    series_day: Mapped[date | None]
    """Which day of its rule it is, also when it has been moved to another one."""
    stands_apart: Mapped[bool] = mapped_column(default=False)
    """This date was changed alone: no later one is made like it."""
    source_message: Mapped[int | None] = mapped_column(BigInteger)
    """The Telegram message that created it: the same press twice makes one event."""

    @hybrid_property
    def ends_at(self) -> datetime:
        """Return when it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @ends_at.inplace.expression
    @classmethod
    def _ends_at(cls) -> ColumnElement[datetime]:
        return _Later(cls.starts_at, cls.minutes)

    @property
    def is_for_some(self) -> bool:
        """Say whether it is for some members only, and the others do not see it."""
        whose = self.need, self.audience_area_id, self.cohort_id
        return any(one is not None for one in whose)

    @property
    def is_online(self) -> bool:
        """Say whether one takes part by link instead of going there."""
        return bool(self.link) and not self.place

    @property
    def hosted_until(self) -> datetime:
        """Return when the rights of its hosts end."""
        return self.ends_at + HOST_STAYS

    def is_hosted(self, now: datetime) -> bool:
        """Say whether its hosts look after it: it takes place, or has not been over for long."""
        takes_place = self.state in (State.DRAFT, State.PUBLISHED, State.HELD)
        return takes_place and now < self.hosted_until

    def is_over(self, now: datetime) -> bool:
        """Say whether it has ended."""
        return now >= self.ends_at


def zone_of(event: Event) -> ZoneInfo:
    """Return the zone in which the event takes place."""
    return ZoneInfo(event.zone)


@dataclass(frozen=True)
class Details:
    """The facts of an event. Where: a place or a link."""

    starts_wall: datetime
    zone: str
    place: str | None = None
    link: str | None = None
    minutes: int = 120
    capacity: int | None = None
    languages: list[str] = field(default_factory=list)
    child_care: bool = False
    kind: Kind = Kind.MEETING
    interpretation: list[str] = field(default_factory=list)
    step_free: bool = False
    travel_help: bool = False
    latitude: float | None = None
    longitude: float | None = None

    def check(self) -> datetime:
        """Return the start in UTC.

        Raises:
            NotUnderstoodError: a field is out of range or the wall time does not exist.
        """
        known_zone(self.zone)
        if not self.place and not self.link:
            raise NotUnderstoodError("where")
        if self.place and len(self.place) > 200:
            raise NotUnderstoodError("where", limit=200)
        if self.link and not _is_web_link(self.link):
            raise NotUnderstoodError("link")
        if self.capacity is not None and not 1 <= self.capacity <= 100_000:
            raise NotUnderstoodError("capacity")
        if not timedelta(minutes=5) <= timedelta(minutes=self.minutes) <= LONGEST:
            raise NotUnderstoodError("duration")
        place(self.latitude, self.longitude)
        return wall_to_utc(self.starts_wall, self.zone)


FACTS = tuple(one.name for one in fields(Details))


def details_of(event: Event) -> Details:
    """Return the facts of an event as they stand, to change some of them."""
    return Details(**{name: _copied(getattr(event, name)) for name in FACTS})


def set_details(event: Event, details: Details) -> None:
    """Let these be the facts of an event.

    Raises:
        NotUnderstoodError: a field is wrong.
    """
    event.starts_at = details.check()
    for name in FACTS:
        setattr(event, name, _copied(getattr(details, name)))


def _copied(fact: Any) -> Any:
    return list(fact) if isinstance(fact, list) else fact


def is_material(before: Details, after: Details) -> bool:
    """Say whether a change matters to everybody who comes: when, for how long, and where.

    It is a new SEQUENCE of the calendar's entry, as RFC 5546 wants it, and asks "still?".
    """

    def when_and_where(facts: Details) -> tuple[object, ...]:
        return wall_to_utc(facts.starts_wall, facts.zone), facts.minutes, facts.place, facts.link

    return when_and_where(before) != when_and_where(after)


def _is_web_link(link: str) -> bool:
    return link.startswith(("https://", "http://")) and len(link) <= 300 and " " not in link


def wall_to_utc(wall: datetime, zone: str) -> datetime:
    """Return the moment of a wall time; the first one where the clocks go back.

    Raises:
        NotUnderstoodError: the clocks skip this time on that day.
    """
    local = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise NotUnderstoodError("when")
    return moment


async def create(
    session: AsyncSession,
    actor: Person,
    details: Details,
    texts: dict[str, str],
    language: str,
    now: datetime,
    *,
    source_message: int | None = None,
) -> Event:
    """Make a draft, with its words in the author's language.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a field is wrong.
        TooLateError: it would start in the past.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    if source_message is not None:
        twin: Event | None = await session.scalar(
            select(Event).where(
                Event.made_by_id == actor.id, Event.source_message == source_message
            )
        )
        if twin is not None:
            return twin
    starts_at = details.check()
    if starts_at <= now:
        raise TooLateError(starts_at)
    event = Event(made_by_id=actor.id, made_at=now, changed_at=now, source_message=source_message)
    set_details(event, details)
    session.add(event)
    await session.flush()
    await translations.write(session, actor, "event", event.id, language, texts, now)
    return event


async def translate(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: dict[str, str],
    now: datetime,
    *,
    minor: bool = False,
) -> Event:
    """Write an event's words in one language.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: somebody has proposed it, and nobody has decided about it yet.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    require_decided(event)
    await translations.write(session, actor, "event", event.id, language, texts, now, minor=minor)
    return event


def require_decided(event: Event) -> None:
    """Refuse to change what somebody has proposed: it is taken as it is, or refused.

    Raises:
        IllegalMoveError: it is a proposal, or was refused.
    """
    if event.state in (State.PROPOSED, State.REFUSED):
        raise IllegalMoveError(EVENT.name, event.state, State.DRAFT)


async def of_animator(
    session: AsyncSession, now: datetime, *, at: int = 0, size: int
) -> Portion[Event]:
    """Return a page of what animators work on: what is to come, then the last month backwards.

    Nobody counts its pages, as of a ``leaf``.
    """
    at = at if 0 <= at < FURTHEST else 0
    # Said by what is left out, so that the index by time alone is walked, and only to its end.
    query = select(Event).where(Event.state.not_in(LEFT_ALONE))
    to_come = query.where(Event.starts_at > now - LONGEST, Event.ends_at > now)
    past = query.where(Event.starts_at > now - timedelta(days=31), Event.ends_at <= now)
    in_order = to_come.order_by(Event.starts_at, Event.id)
    rows = [*await session.scalars(in_order.limit(size + 1).offset(at * size))]
    if len(rows) <= size:
        before = at * size + len(rows)
        if at and not rows:
            counted = to_come.with_only_columns(func.count(), maintain_column_froms=True)
            before = int(await session.scalar(counted) or 0)
        backwards = past.order_by(Event.starts_at.desc(), Event.id)
        skipped = max(at * size - before, 0)
        rows += await session.scalars(backwards.limit(size + 1 - len(rows)).offset(skipped))
    if at and not rows:
        return await of_animator(session, now, size=size)
    return Portion(rows[:size], at * size + len(rows), at, size)


async def last_place(session: AsyncSession) -> str | None:
    """Return where the newest event that has a place takes place."""
    found: str | None = await session.scalar(
        select(Event.place).where(Event.place.is_not(None)).order_by(Event.id.desc()).limit(1)
    )
    return found


async def publish(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    """Let members see the event.

    Raises:
        NotAllowedError: the actor is no animator.
        TooLateError: it has started already.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    if event.starts_at <= now:
        raise TooLateError(event.starts_at)
    await EVENT.move(session, event, State.PUBLISHED, Who.ANIMATOR, now, actor_id=actor.id)
    return event


async def discard(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Event:
    """Drop a draft.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    await EVENT.move(session, event, State.DISCARDED, Who.ANIMATOR, now, actor_id=actor.id)
    return event


async def hold(session: AsyncSession, now: datetime) -> int:
    """Mark what has ended as held; return how many."""
    rows = await session.scalars(
        select(Event)
        .where(Event.state == State.PUBLISHED, Event.starts_at <= now, Event.ends_at <= now)
        .order_by(Event.id)  # each is locked when it is moved
    )
    count = 0
    for event in rows.all():
        count += await EVENT.move(session, event, State.HELD, Who.CLOCK, now)
    return count


async def next_end(session: AsyncSession) -> datetime | None:
    """Return when the next published event ends."""
    found: datetime | None = await session.scalar(
        select(func.min(Event.ends_at)).where(Event.state == State.PUBLISHED)
    )
    return found
