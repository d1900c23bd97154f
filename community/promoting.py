"""Partners who promote: several links each, and what came of them, as figures.

A link gives no right and works many times. The first link by which somebody came counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.among import among
from community.attendance import ATTENDANCE
from community.base import find
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError
from community.exchanges import Exchange, ExchangeMessage
from community.figures.protecting import FEW, Cell, Hidden, people, protect
from community.history import Step
from community.needs import PersonNeed
from community.people import Attribution, JoinLink, Person
from community.providers import Organization
from community.referrals import REFERRAL
from community.roles import RoleName

LABEL_LIMIT = 40
MOST_LINKS = 20
WEEK = timedelta(days=7)
LATER = timedelta(days=90)
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Promoted:
    """What came of the links of one partner, as it stood when the last month ended."""

    organization: Organization
    joined: Cell
    """Who had come by one of its links and joined, a week before that or earlier."""
    activated: Cell
    """Of these: who had done something that counts within a week (see the glossary)."""
    due: Cell
    """Of these: who had joined three months before that or earlier."""
    stayed: Cell
    """Of those: who is a member and was here in the thirty days before that."""


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
    session: AsyncSession, actor: Person, organization_ref: str, zone: ZoneInfo, now: datetime
) -> Promoted:
    """Return what came of the links of one partner.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates, and is not of its staff.
    """
    return await _figures(
        session, await _partner(session, actor, organization_ref, now), _end(zone, now)
    )


async def every_promoted(
    session: AsyncSession, actor: Person, zone: ZoneInfo, now: datetime
) -> list[Promoted]:
    """Return the same of every partner that has, or had, a link.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    promoting = select(JoinLink.organization_id).where(JoinLink.organization_id.is_not(None))
    rows = await session.scalars(
        select(Organization).where(Organization.id.in_(promoting)).order_by(Organization.id)
    )
    return [await _figures(session, one, _end(zone, now)) for one in rows.all()]


def _end(zone: ZoneInfo, now: datetime) -> datetime:
    """Return when the last month ended: what is counted at every moment tells of each next one."""
    today = now.astimezone(zone)
    return datetime(today.year, today.month, 1, tzinfo=zone).astimezone(UTC)


async def _figures(session: AsyncSession, organization: Organization, end: datetime) -> Promoted:
    came = (
        await session.scalars(
            select(Person)
            .join(Attribution, Attribution.person_id == Person.id)
            .join(JoinLink, JoinLink.id == Attribution.link_id)
            .where(JoinLink.organization_id == organization.id, Person.joined_at <= end - WEEK)
        )
    ).all()
    began = await _first_acts(session, [person.id for person in came])
    active = sum(_is_active(person, began.get(person.id)) for person in came)
    early = [person for person in came if _joined(person) <= end - LATER]
    stayed = sum(_has_stayed(person, end) for person in early)
    joined = people(len(came))
    if len(came) < FEW:
        return Promoted(organization, joined, Hidden.FEW, Hidden.FEW, Hidden.FEW)
    parts = protect({True: len(early), False: len(came) - len(early)})
    due = parts.cells[True]
    kept = protect({True: stayed, False: len(early) - stayed}).cells[True]
    return Promoted(
        organization,
        joined,
        protect({True: active, False: len(came) - active}).cells[True],
        due,
        Hidden.COVERED if isinstance(due, Hidden) else kept,
    )


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
