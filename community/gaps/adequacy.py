"""Whether networks and programmes suit members: their own word, told by closed quarters.

What a member says of a network is theirs and can be changed; it counts in the quarter in which it
was said last. What may be told of a quarter is written down once, when it is over, so that nobody
watches one answer come in. It is a tree, as in ``community/figures/outcomes.py``: who answered,
who of them knew it, and of these how many it suits; each reason is a margin of those it does not.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import people, roles
from community.base import Base, BigId, find
from community.errors import NotFoundError
from community.figures.periods import Quarter, quarter_of
from community.figures.protecting import Cell, cell_of, split
from community.figures.protecting import people as number_of_people
from community.people import Person
from community.providers.networks import REGISTERED
from community.providers.table import Service
from community.roles import RoleName
from community.writing import insert_new

SUITS_FROM = 0.5
"""From this share of those who know it on, a network counts as one that suits its members."""


class Use(StrEnum):
    """How well somebody knows a network or a programme."""

    UNKNOWN = "unknown"
    KNEW = "knew"
    USED = "used"


class Misfit(StrEnum):
    """Why it does not suit somebody."""

    LANGUAGE = "language"
    COST = "cost"
    TIME = "time"
    PLACE = "place"
    CONDITIONS = "conditions"
    """It asks for papers, a status or experience that somebody does not have."""
    CONTENT = "content"
    """It is about something else than what somebody needs."""
    FULL = "full"
    NOT_WELCOME = "not_welcome"
    OTHER = "other"


class NetworkRating(Base):
    """What one member says of one network or programme."""

    __tablename__ = "network_ratings"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    service_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("services.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    use: Mapped[Use] = mapped_column(String(8))
    suits: Mapped[bool | None]
    """None is not said; whoever did not know it is not asked."""
    reasons: Mapped[list[str]] = mapped_column(default=list)
    """Why it does not (``Misfit``)."""
    rated_at: Mapped[datetime] = mapped_column(index=True)


class NetworkFigure(Base):
    """One number of what members said of a network in one quarter, as it may be told."""

    __tablename__ = "network_figures"

    service_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    year: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(16), primary_key=True)
    """``n``, ``known``, ``used``, ``suits``, ``suits_not``, or the code of a reason."""
    told: Mapped[str] = mapped_column(String(8))


@dataclass(frozen=True)
class Adequacy:
    """What members said of one network in one quarter. What is not there is not told at all."""

    quarter: Quarter
    figures: Mapping[str, Cell]

    @property
    def share(self) -> float | None:
        """Return the share it suits of those who know it and said so; None where not told."""
        return share(self.figures.get("suits"), self.figures.get("suits_not"))

    @property
    def reasons(self) -> Mapping[Misfit, Cell]:
        """Return how many named each reason."""
        return {one: self.figures[one] for one in Misfit if one in self.figures}


def share(suits: Cell | None, suits_not: Cell | None) -> float | None:
    """Return which part of both the first is, where both are numbers and somebody is counted."""
    if not isinstance(suits, int) or not isinstance(suits_not, int) or not suits + suits_not:
        return None
    return suits / (suits + suits_not)


async def rated(session: AsyncSession, person: Person, service: Service) -> NetworkRating | None:
    """Return what this person has said of a network."""
    return await session.get(NetworkRating, (person.id, service.id))


async def rate(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    use: Use,
    suits: bool | None = None,
    reasons: Collection[Misfit] = (),
) -> NetworkRating:
    """Note what the actor says of a network, in place of what they said before.

    Whether it suits is nothing for who did not know it, and reasons for whom it suits.

    Raises:
        NotAMemberError: the actor has not joined this network of ours.
        NotFoundError: it is no open network or programme.
    """
    people.require_member(actor)
    service = await find(session, Service, ref)
    if service.kind not in REGISTERED or not service.is_open:
        raise NotFoundError("Service")
    suits = None if use == Use.UNKNOWN else suits
    row = await session.get(NetworkRating, (actor.id, service.id), with_for_update=True)
    if row is None:
        row = NetworkRating(person_id=actor.id, service_id=service.id)
        session.add(row)
    row.use, row.suits, row.rated_at = use, suits, now
    row.reasons = [one.value for one in Misfit if one in reasons and suits is False]
    await session.flush()
    return row


async def take_back(session: AsyncSession, actor: Person, ref: str) -> bool:
    """Forget what the actor has said of a network; False if there is nothing."""
    row = await rated(session, actor, await find(session, Service, ref))
    if row is None:
        return False
    await session.delete(row)
    await session.flush()
    return True


def tell(ratings: Sequence[NetworkRating]) -> dict[str, Cell]:
    """Return what may be told of the ratings of one network in one quarter."""
    n = number_of_people(len(ratings))
    told: dict[str, Cell] = {"n": n}
    if not isinstance(n, int) or not n:
        return told
    knowing = [one for one in ratings if one.use != Use.UNKNOWN]
    told["known"] = split({True: len(knowing), False: n - len(knowing)}).cells[True]
    if not isinstance(told["known"], int) or not knowing:
        return told
    uses = Counter(one.use for one in knowing)
    told["used"] = split({use: uses[use] for use in (Use.KNEW, Use.USED)}).cells[Use.USED]
    says = Counter(one.suits for one in knowing)
    suits = split({answer: says[answer] for answer in (True, False, None)}).cells
    told["suits"], told["suits_not"] = suits[True], suits[False]
    if not isinstance(suits[False], int) or not suits[False]:
        return told
    unsuited = [one for one in knowing if one.suits is False]
    for reason in Misfit:
        named = sum(reason in one.reasons for one in unsuited)
        told[reason] = split({True: named, False: len(unsuited) - named}).cells[True]
    return told


async def close(session: AsyncSession, now: datetime, zone: ZoneInfo) -> int:
    """Write down each quarter that is over and has not been yet; return how many numbers."""
    began = await session.scalar(select(func.min(NetworkRating.rated_at)))
    if began is None:
        return 0
    key = NetworkFigure.year * 4 + NetworkFigure.number
    written = set(await session.scalars(select(key).distinct()))
    quarter, count = quarter_of(began, zone), 0
    while quarter.following.start(zone) <= now:
        if quarter.year * 4 + quarter.number not in written:
            count += await _write(session, quarter, zone)
        quarter = quarter.following
    return count


async def _write(session: AsyncSession, quarter: Quarter, zone: ZoneInfo) -> int:
    rows = await session.scalars(
        select(NetworkRating).where(
            NetworkRating.rated_at >= quarter.start(zone),
            NetworkRating.rated_at < quarter.following.start(zone),
        )
    )
    by_service: dict[int, list[NetworkRating]] = {}
    for row in rows:
        by_service.setdefault(row.service_id, []).append(row)
    return await insert_new(
        session,
        NetworkFigure,
        [
            {
                "service_id": service_id,
                "year": quarter.year,
                "number": quarter.number,
                "what": str(what),
                "told": str(cell),
            }
            for service_id, ratings in by_service.items()
            for what, cell in tell(ratings).items()
        ],
    )


async def of_network(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> list[Adequacy]:
    """Return what members said of a network or programme, the newest quarter first.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    service = await find(session, Service, ref)
    rows = await session.scalars(
        select(NetworkFigure).where(NetworkFigure.service_id == service.id)
    )
    found: dict[Quarter, dict[str, Cell]] = {}
    for row in rows:
        found.setdefault(Quarter(row.year, row.number), {})[row.what] = cell_of(row.told)
    return [Adequacy(quarter, found[quarter]) for quarter in sorted(found, reverse=True)]


async def suiting(session: AsyncSession, until: Quarter) -> dict[int, bool]:
    """Return which services suit their members (True) or do not, by the newest that is told.

    A service of which no share is told in any quarter up to ``until`` is left out.
    """
    rows = await session.scalars(
        select(NetworkFigure)
        .where(NetworkFigure.what.in_(("suits", "suits_not")))
        .order_by(NetworkFigure.year, NetworkFigure.number)
    )
    found: dict[tuple[int, Quarter], dict[str, Cell]] = {}
    for row in rows:
        if (quarter := Quarter(row.year, row.number)) <= until:
            found.setdefault((row.service_id, quarter), {})[row.what] = cell_of(row.told)
    told = {}
    for (service_id, _quarter), cells in found.items():
        part = share(cells.get("suits"), cells.get("suits_not"))
        if part is not None:
            told[service_id] = part >= SUITS_FROM
    return told
