"""Who would like to hear of a service that is not there yet: one row for each person and need.

They hear of it once. A wish ends with that, by a tap, or after a year.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import deliveries, people
from community.among import among
from community.base import Base, BigId, Identified
from community.deliveries import Plan
from community.needs import Need
from community.people import Person
from community.providers.capacity import is_full
from community.providers.finding import Reader, find_services
from community.providers.fitting import Look
from community.providers.table import Service
from community.translations import Reads
from community.writing import rows_changed

TOLD = "service_found"
"""The kind of the message that says that there is something."""


class ServiceWish(Base, Identified):
    """One person waits for a service for one need, in their language, in their area."""

    __tablename__ = "service_wishes"
    __table_args__ = (UniqueConstraint("person_id", "need"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    need: Mapped[Need] = mapped_column(String(24))
    language: Mapped[str] = mapped_column(String(16))
    area_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("areas.id", ondelete="SET NULL"), index=True
    )
    """None: anywhere."""
    asked_at: Mapped[datetime]


async def wish(
    session: AsyncSession,
    actor: Person,
    need: Need,
    language: str,
    now: datetime,
    *,
    area_id: int | None = None,
) -> bool:
    """Keep that the actor wants to hear of a service; False if they have said so already.

    It is wanted in this area, or else in their own. A new wish for the same need takes the place
    of the old one.

    Raises:
        NotAMemberError: the actor has not joined.
    """
    people.require_member(actor)
    row = await of(session, actor, need)
    is_new = row is None
    if row is None:
        row = ServiceWish(person_id=actor.id, need=need)
        session.add(row)
    row.language, row.asked_at = language, now
    row.area_id = actor.area_id if area_id is None else area_id
    await session.flush()
    return is_new


async def unwish(session: AsyncSession, actor: Person, need: Need) -> None:
    """Forget that the actor wanted to hear of it."""
    mine = (ServiceWish.person_id == actor.id, ServiceWish.need == need)
    await rows_changed(session, delete(ServiceWish).where(*mine))


async def of(session: AsyncSession, person: Person, need: Need) -> ServiceWish | None:
    """Return what this person waits for, of this need."""
    found: ServiceWish | None = await session.scalar(
        select(ServiceWish).where(ServiceWish.person_id == person.id, ServiceWish.need == need)
    )
    return found


async def settle(session: AsyncSession, now: datetime, *, zone: str) -> int:
    """Tell each who waits for a service that is there by now, and has room; return how many."""
    kinds = (
        select(ServiceWish.need, ServiceWish.language, Person.second_language, ServiceWish.area_id)
        .join(Person, Person.id == ServiceWish.person_id)
        .distinct()
    )
    told: list[ServiceWish] = []
    plans: list[Plan] = []
    for need, language, second, area_id in (await session.execute(kinds)).all():
        reader = Reader(Reads(language, second).every, area_id)
        service = await _fitting(session, Need(need), reader, now, zone)
        if service is None:
            continue
        waiting = await session.scalars(
            select(ServiceWish)
            .join(Person, Person.id == ServiceWish.person_id)
            .where(
                Person.second_language.is_not_distinct_from(second),
                ServiceWish.need == need,
                ServiceWish.language == language,
                ServiceWish.area_id.is_not_distinct_from(area_id),
            )
        )
        for one in waiting:
            told.append(one)
            args = {"ref": service.ref, "need": one.need}
            key = f"{TOLD}:{one.id}"
            plans.append(Plan(TOLD, one.person_id, key, now, args, subject_id=service.id))
    if told:
        gone = delete(ServiceWish).where(among(ServiceWish.id, [one.id for one in told]))
        await rows_changed(session, gone)
    return await deliveries.plan(session, now, *plans)


async def _fitting(
    session: AsyncSession, need: Need, reader: Reader, now: datetime, zone: str
) -> Service | None:
    """Return what has room and is given there in a language of the reader's, the first first."""
    for language in reader.languages:
        look = Look(need=need, language=language, area_id=reader.area_id)
        has_room = [~is_full(now)]
        found = await find_services(session, look, reader, now, zone=zone, only=has_room)
        if found.given_here:
            fitting = (fit for fit in found.fits if fit.given and fit.here)
            return next(fitting, found.fits[0]).service
    return None
