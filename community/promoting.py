"""Partners who promote: several links each, and what came of them, as figures of closed quarters.

A link gives no right and works many times. The first link by which somebody came counts. Figures
are of those who joined within one quarter, so that no two count the same person. They are
written down once, as they may be told, when the quarter is over, and stay so whatever becomes of
those who were counted: nobody watches a number change by one.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ForeignKey, Select, String, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import roles
from community.among import among
from community.attendance import ATTENDANCE
from community.base import Base, BigId, find
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError
from community.exchanges import Exchange, ExchangeMessage
from community.figures import Quarter, quarter_of
from community.figures.protecting import FEW, Cell, Hidden, cell_of, protect
from community.history import Step
from community.needs import PersonNeed
from community.people import Attribution, JoinLink, Person
from community.providers import Organization
from community.referrals import REFERRAL
from community.roles import RoleName
from community.writing import insert_new

K = TypeVar("K", bound=Hashable)

LABEL_LIMIT = 40
MOST_LINKS = 20
WEEK = timedelta(days=7)
LATER = timedelta(days=90)
LATELY = timedelta(days=30)


class PartnerQuarter(Base):
    """What may be told of those who joined by a partner's links in one quarter.

    A number, or why it is not told (``Hidden``): what is too small is not even written down.
    """

    __tablename__ = "partner_quarters"

    organization_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("organizations.id"), primary_key=True
    )
    year: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    joined: Mapped[str] = mapped_column(String(8))
    activated: Mapped[str] = mapped_column(String(8))
    stayed: Mapped[str | None] = mapped_column(String(8))
    """None until three months after the quarter."""


@dataclass(frozen=True)
class Promoted:
    """What came of the links of one partner in one quarter."""

    organization: Organization
    quarter: Quarter
    joined: Cell
    """Who came by one of its links and joined in the quarter."""
    activated: Cell
    """Of these: who had done something that counts within a week (see the glossary)."""
    stayed: Cell | None
    """Of these: who was a member three months after the quarter, and had been here in the thirty
    days before. None: that day has not come yet."""


async def _partner(
    session: AsyncSession,
    actor: Person,
    organization_ref: str,
    now: datetime,
    *,
    lock: bool = False,
) -> Organization:
    held = {role.name for role in await roles.held(session, actor, now)}
    if not held & {RoleName.ANIMATOR, RoleName.COORDINATOR, RoleName.PROVIDER_STAFF}:
        raise NotAllowedError(RoleName.ANIMATOR)
    organization = await find(session, Organization, organization_ref, lock=lock)
    if held & {RoleName.ANIMATOR, RoleName.COORDINATOR}:
        return organization
    if organization.id not in await roles.staffed(session, actor, now):
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    return organization


def clean(label: str) -> str:
    """Return what a link is called: one short line.

    Raises:
        NotUnderstoodError: it is empty or longer than 40 characters.
    """
    label = " ".join(label.split())
    if not 0 < len(label) <= LABEL_LIMIT:
        raise NotUnderstoodError("label", limit=LABEL_LIMIT)
    return label


async def links(
    session: AsyncSession, actor: Person, organization_ref: str, now: datetime
) -> list[JoinLink]:
    """Return the links of a partner that lead somewhere.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates, and is not of its staff.
    """
    organization = await _partner(session, actor, organization_ref, now)
    rows = await session.scalars(
        select(JoinLink)
        .where(JoinLink.organization_id == organization.id, JoinLink.withdrawn_at.is_(None))
        .order_by(JoinLink.id)
    )
    return list(rows)


async def make(
    session: AsyncSession, actor: Person, organization_ref: str, label: str, now: datetime
) -> JoinLink:
    """Make one more link of a partner, for a place or a campaign.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates, and is not of its staff.
        NotUnderstoodError: its label is none, or the partner has as many links as one can.
    """
    organization = await _partner(session, actor, organization_ref, now, lock=True)
    label = clean(label)
    if len(await links(session, actor, organization_ref, now)) >= MOST_LINKS:
        raise NotUnderstoodError("links", count=MOST_LINKS)
    link = JoinLink(made_by_id=actor.id, organization_id=organization.id, label=label, made_at=now)
    session.add(link)
    await session.flush()
    return link


async def link_of(
    session: AsyncSession, actor: Person, organization_ref: str, link_ref: str, now: datetime
) -> tuple[JoinLink, Organization]:
    """Return one link of a partner that leads somewhere.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates, and is not of its staff.
        NotFoundError: the partner has no such link, or it was withdrawn.
    """
    organization = await _partner(session, actor, organization_ref, now, lock=True)
    link = await find(session, JoinLink, link_ref)
    if link.organization_id != organization.id or link.withdrawn_at is not None:
        raise NotFoundError("JoinLink")
    return link, organization


async def withdraw(
    session: AsyncSession, actor: Person, organization_ref: str, link_ref: str, now: datetime
) -> None:
    """Make a link lead nowhere from now on; who has come by it stays.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates, and is not of its staff.
        NotFoundError: the partner has no such link, or it was withdrawn.
    """
    link, _organization = await link_of(session, actor, organization_ref, link_ref, now)
    link.withdrawn_at = now
    await session.flush()


async def promoted(
    session: AsyncSession, actor: Person, organization_ref: str, now: datetime
) -> tuple[Organization, Sequence[Promoted]]:
    """Return a partner, and what came of its links in each closed quarter, the newest first.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates, and is not of its staff.
    """
    organization = await _partner(session, actor, organization_ref, now)
    rows = await session.scalars(
        select(PartnerQuarter)
        .where(PartnerQuarter.organization_id == organization.id)
        .order_by(PartnerQuarter.year.desc(), PartnerQuarter.number.desc())
    )
    return organization, [_read(organization, row) for row in rows]


async def every_promoted(
    session: AsyncSession, actor: Person, now: datetime
) -> Sequence[Promoted]:
    """Return the same of every partner and quarter, the newest quarter first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    rows = await session.execute(
        select(Organization, PartnerQuarter)
        .join(PartnerQuarter, PartnerQuarter.organization_id == Organization.id)
        .order_by(PartnerQuarter.year.desc(), PartnerQuarter.number.desc(), Organization.id)
    )
    return [_read(organization, row) for organization, row in rows]


def _read(organization: Organization, row: PartnerQuarter) -> Promoted:
    return Promoted(
        organization,
        Quarter(row.year, row.number),
        cell_of(row.joined),
        cell_of(row.activated),
        None if row.stayed is None else cell_of(row.stayed),
    )


def told_from(quarter: Quarter, zone: ZoneInfo) -> datetime:
    """Return when a quarter is written down: everybody who joined in it has had a week."""
    return quarter.following.start(zone) + WEEK


def stayed_from(quarter: Quarter, zone: ZoneInfo) -> datetime:
    """Return when it is added who was still there: all had three months."""
    return quarter.following.start(zone) + LATER


async def close(session: AsyncSession, now: datetime, zone: ZoneInfo) -> int:
    """Write down each quarter that is over and has not been yet; return how many lines.

    A quarter that was over before this was written down counts as people stand now.
    """
    began = await session.scalar(
        select(func.min(JoinLink.made_at)).where(JoinLink.organization_id.is_not(None))
    )
    if began is None:
        return 0
    written = set(await session.scalars(select(PartnerQuarter.year * 4 + PartnerQuarter.number)))
    quarter, count = quarter_of(began, zone), 0
    while told_from(quarter, zone) <= now:
        if quarter.year * 4 + quarter.number not in written:
            count += await _write(session, quarter, zone)
        quarter = quarter.following
    return count + await _add_who_stayed(session, now, zone)


async def _write(session: AsyncSession, quarter: Quarter, zone: ZoneInfo) -> int:
    partners = await session.scalars(
        select(JoinLink.organization_id)
        .where(
            JoinLink.organization_id.is_not(None),
            JoinLink.made_at < quarter.following.start(zone),
        )
        .distinct()
    )
    came: dict[int | None, list[Person]] = {number: [] for number in partners}
    for person, number in await session.execute(_came(quarter, zone)):
        came[number].append(person)
    everybody = await session.scalar(select(func.count()).where(_joined_in(quarter, zone)))
    others = (everybody or 0) - sum(map(len, came.values()))
    joined = shares({number: len(theirs) for number, theirs in came.items()}, others)
    began = await _first_acts(session, [one.id for theirs in came.values() for one in theirs])
    rows = []
    for number, cell in joined.items():
        active = sum(_is_active(person, began.get(person.id)) for person in came[number])
        rows.append(
            {
                "organization_id": number,
                "year": quarter.year,
                "number": quarter.number,
                "joined": str(cell),
                "activated": str(_part(active, cell)),
                "stayed": None,
            }
        )
    return await insert_new(session, PartnerQuarter, rows)


def _joined_in(quarter: Quarter, zone: ZoneInfo) -> ColumnElement[bool]:
    start, end = quarter.start(zone), quarter.following.start(zone)
    return and_(Person.joined_at >= start, Person.joined_at < end)


def _came(quarter: Quarter, zone: ZoneInfo) -> Select[Person, int | None]:
    """Return the query for who joined in a quarter by a partner's link, and by whose."""
    return (
        select(Person, JoinLink.organization_id)
        .join(Attribution, Attribution.person_id == Person.id)
        .join(JoinLink, JoinLink.id == Attribution.link_id)
        .where(JoinLink.organization_id.is_not(None), _joined_in(quarter, zone))
    )


def shares(counts: Mapping[K, int], others: int) -> dict[K, Cell]:
    """Return what may be told of how many joined by each partner's links.

    A count from 1 to 4 is hidden. How many joined without a partner is told nowhere, but all who
    joined are counted elsewhere: where those whose number is not told are few together, the
    smallest of the others are hidden with them (all that are equal).
    """
    small = {number for number, count in counts.items() if 0 < count < FEW}
    if not small or others + sum(counts[number] for number in small) >= FEW:
        return {
            number: Hidden.FEW if number in small else count for number, count in counts.items()
        }
    cover = min((count for count in counts.values() if count >= FEW), default=0)
    return {
        number: Hidden.COVERED if number in small or count == cover else count
        for number, count in counts.items()
    }


def _part(count: int, of: Cell) -> Cell:
    """Return what may be told of a part of those who joined."""
    if isinstance(of, Hidden):
        return of
    count = min(count, of)
    return protect({True: count, False: of - count}).cells[True]


async def _add_who_stayed(session: AsyncSession, now: datetime, zone: ZoneInfo) -> int:
    count = 0
    waiting = await session.scalars(select(PartnerQuarter).where(PartnerQuarter.stayed.is_(None)))
    for row in waiting.all():
        quarter = Quarter(row.year, row.number)
        day = stayed_from(quarter, zone)
        if day > now:
            continue
        theirs = _came(quarter, zone).where(JoinLink.organization_id == row.organization_id)
        stayed = sum(_has_stayed(person, day) for person in await session.scalars(theirs))
        row.stayed = str(_part(stayed, cell_of(row.joined)))
        count += 1
    await session.flush()
    return count


async def _first_acts(session: AsyncSession, ids: Sequence[int]) -> dict[int, datetime]:
    """Return when each of these people first answered, asked for support, or wrote."""
    acted = (
        select(Step.actor_id, func.min(Step.at))
        .where(
            among(Step.actor_id, ids),
            Step.subject.in_([ATTENDANCE.name, REFERRAL.name]),
        )
        .group_by(Step.actor_id)
    )
    wrote = (
        select(Exchange.person_id, func.min(ExchangeMessage.at))
        .join(ExchangeMessage, ExchangeMessage.exchange_id == Exchange.id)
        .where(among(Exchange.person_id, ids), ExchangeMessage.by_member)
        .group_by(Exchange.person_id)
    )
    found: dict[int, datetime] = {}
    for query in (acted, wrote):
        for person_id, at in await session.execute(query):
            assert person_id is not None
            found[person_id] = min(at, found.get(person_id, at))
    # What they look for is asked on the way in, and kept without a time.
    said = await session.execute(
        select(Person.id, Person.joined_at)
        .join(PersonNeed, PersonNeed.person_id == Person.id)
        .where(among(Person.id, ids))
        .distinct()
    )
    return found | {person_id: at for person_id, at in said if at is not None}


def _joined(person: Person) -> datetime:
    assert person.joined_at is not None
    return person.joined_at


def _is_active(person: Person, first: datetime | None) -> bool:
    return person.stage is not None or (first is not None and first <= _joined(person) + WEEK)


def _has_stayed(person: Person, end: datetime) -> bool:
    seen = person.seen_at
    return person.is_member and seen is not None and seen >= end - LATELY
