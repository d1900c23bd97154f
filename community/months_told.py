"""Coordinators who want it are told that a month's figures are there, each month once."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, roles
from community.base import Base, BigId
from community.deliveries import Plan
from community.people import Person
from community.policy import POLICY
from community.roles import RoleName
from community.workdays import is_working
from community.writing import insert_new

KIND = "month_report"
AT = time(9)


class MonthReader(Base):
    """That somebody wants to be told of each month."""

    __tablename__ = "month_readers"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    since: Mapped[datetime]


async def wants(session: AsyncSession, person: Person) -> bool:
    """Say whether a person wants to be told."""
    return await session.get(MonthReader, person.id) is not None


async def turn(session: AsyncSession, actor: Person, now: datetime, *, on: bool) -> None:
    """Want to be told of each month from now on, or not any more.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    if on:
        await insert_new(session, MonthReader, [{"person_id": actor.id, "since": now}])
        return
    await session.execute(delete(MonthReader).where(MonthReader.person_id == actor.id))
    await deliveries.cancel(
        session,
        now,
        deliveries.Delivery.kind == KIND,
        deliveries.Delivery.person_id == actor.id,
    )


def moment_of(day: date, zone: ZoneInfo, country: str) -> datetime:
    """Return nine o'clock of the first working day of the month in which a day lies."""
    first = day.replace(day=1)
    while not is_working(first, country):
        first += timedelta(days=1)
    return datetime.combine(first, AT, zone).astimezone(UTC)


async def tell(session: AsyncSession, now: datetime, zone: str, country: str) -> int:
    """Owe each who wants it the notice of the month before; return how many are new.

    After an outage it comes late, but not later than the policy lets it live.
    """
    plans = []
    for person, since in await _readers(session, now):
        theirs = person.local_zone(zone)
        today = now.astimezone(theirs).date()
        moment = moment_of(today, theirs, country)
        if since <= moment <= now < moment + POLICY[KIND].lives:
            over = today.replace(day=1) - timedelta(days=1)
            args = {"year": over.year, "month": over.month}
            key = f"{KIND}:{over:%Y-%m}:{person.id}"
            plans.append(Plan(KIND, person.id, key, moment, args))
    return await deliveries.plan(session, now, *plans)


async def next_telling(
    session: AsyncSession, now: datetime, zone: str, country: str
) -> datetime | None:
    """Return when somebody is told next."""
    found = []
    for person, _since in await _readers(session, now):
        theirs = person.local_zone(zone)
        today = now.astimezone(theirs).date()
        later = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
        moments = [moment_of(day, theirs, country) for day in (today, later)]
        found.append(min(moment for moment in moments if moment > now))
    return min(found, default=None)


async def _readers(session: AsyncSession, now: datetime) -> list[tuple[Person, datetime]]:
    coordinators = await roles.holders(session, RoleName.COORDINATOR, now)
    rows = await session.execute(select(MonthReader.person_id, MonthReader.since))
    since = {row.person_id: row.since for row in rows}
    return [(person, since[person.id]) for person in coordinators if person.id in since]
