"""Networks and programmes that fit a member, and that one has joined them: actively, or to read.

Joining is a member's own note. It goes to nobody, and is taken back as easily.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import needs, people
from community.base import Base, BigId, find
from community.errors import NotFoundError
from community.needs import Need
from community.people import Participation, Person
from community.providers.finding import Reader
from community.providers.fitting import around
from community.providers.networks import REGISTERED, strengths
from community.providers.table import Service
from community.writing import rows_changed

MOST = 300
"""So many networks are weighed against each other; no town has more."""
WAYS = (Participation.ACTIVE, Participation.READING)


class NetworkJoining(Base):
    """That a member has joined a network or a programme, and how."""

    __tablename__ = "network_joinings"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    service_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("services.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    how: Mapped[Participation] = mapped_column(String(16))
    since: Mapped[datetime]


@dataclass(frozen=True)
class NetworkFit:
    """A network or a programme, and why it fits."""

    service: Service
    given: str | None
    """The language of the reader's that is spoken there, the best first."""
    by_interpreter: bool
    good_at: Sequence[Need]
    """What the reader looks for and it is strong in, or mainly about."""
    weak_in: Sequence[Need]
    """What the reader looks for and it is weak in."""
    is_near: bool
    """In the reader's area, by its own entry; what is everywhere or online is near nobody."""
    joined: Participation | None

    @property
    def score(self) -> int:
        """Return how well it fits. Whether it is for migrants or for all makes no difference."""
        language = 2 if self.given else 1 if self.by_interpreter else 0
        return language + 2 * len(self.good_at) - len(self.weak_in) + self.is_near


async def that_fit(session: AsyncSession, person: Person, reader: Reader) -> list[NetworkFit]:
    """Return every open network and programme, what fits this person best first."""
    rows = await session.scalars(
        select(Service)
        .where(Service.kind.in_(REGISTERED), Service.is_open)
        .order_by(Service.id)
        .limit(MOST)
    )
    services = rows.all()
    coded = await strengths(session, [service.id for service in services])
    wanted = await needs.of(session, person)
    areas = set(await around(session, reader.area_id))
    mine = await joined(session, person)
    found = []
    for service in services:
        has = {Need(service.need): True, **coded[service.id]}
        found.append(
            NetworkFit(
                service,
                next((code for code in reader.languages if code in service.languages), None),
                service.interpretation,
                [need for need in wanted if has.get(need) is True],
                [need for need in wanted if has.get(need) is False],
                service.area_id in areas,
                mine.get(service.id),
            )
        )
    return sorted(found, key=lambda fit: -fit.score)


async def join(
    session: AsyncSession, actor: Person, ref: str, how: Participation, now: datetime
) -> None:
    """Note that the actor has joined, actively or just to read; joining anew changes how.

    Raises:
        NotAMemberError: the actor has not joined this network.
        NotFoundError: it is no open network or programme.
    """
    people.require_member(actor)
    service = await find(session, Service, ref)
    if service.kind not in REGISTERED or not service.is_open or how not in WAYS:
        raise NotFoundError("Service")
    row = await session.get(NetworkJoining, (actor.id, service.id), with_for_update=True)
    if row is None:
        row = NetworkJoining(person_id=actor.id, service_id=service.id, how=how, since=now)
        session.add(row)
    elif row.how != how:
        row.how, row.since = how, now
    await session.flush()


async def part(session: AsyncSession, actor: Person, ref: str) -> bool:
    """Take the note back; False if there is none."""
    service = await find(session, Service, ref)
    mine = (NetworkJoining.person_id == actor.id, NetworkJoining.service_id == service.id)
    return bool(await rows_changed(session, delete(NetworkJoining).where(*mine)))


async def joined(session: AsyncSession, person: Person) -> dict[int, Participation]:
    """Return which services (by their numbers) this person has joined, and how, in order."""
    rows = await session.scalars(
        select(NetworkJoining)
        .where(NetworkJoining.person_id == person.id)
        .order_by(NetworkJoining.since, NetworkJoining.service_id)
    )
    return {row.service_id: Participation(row.how) for row in rows}
