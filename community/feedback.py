"""A partner sends people in by a link, and hears of them what each of them allows.

The link carries no right and works many times. The first link by which somebody came counts. What
the partner may hear is asked for apart, fact by fact, and is told only as long as it is agreed to.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, people, roles
from community.attendance import Attendance
from community.attendance import State as Attending
from community.base import find
from community.errors import ChangedError, NoAgreementError, NotFoundError
from community.feedback_consents import Fact, FeedbackConsent
from community.people import Attribution, JoinLink, Membership, Person, Stage
from community.providers import Organization
from community.roles import RoleName


@dataclass(frozen=True)
class Told:
    """What a partner hears of one person: only what that person allows."""

    facts: Mapping[Fact, str]


# The coordinator's side


async def link_of(
    session: AsyncSession, actor: Person, organization_ref: str, now: datetime
) -> JoinLink:
    """Return the link that an organisation hands out; the same one until it is withdrawn.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, organization_ref, lock=True)
    link: JoinLink | None = await session.scalar(
        select(JoinLink).where(
            JoinLink.organization_id == organization.id,
            JoinLink.label.is_(None),
            JoinLink.withdrawn_at.is_(None),
        )
    )
    if link is None:
        link = JoinLink(made_by_id=actor.id, organization_id=organization.id, made_at=now)
        session.add(link)
        await session.flush()
    return link


async def withdraw_link(
    session: AsyncSession, actor: Person, organization_ref: str, now: datetime
) -> None:
    """Make an organisation's link lead nowhere from now on; who has come by it stays.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, organization_ref, lock=True)
    links = select(JoinLink.ref).where(
        JoinLink.organization_id == organization.id,
        JoinLink.label.is_(None),
        JoinLink.withdrawn_at.is_(None),
    )
    for ref in (await session.scalars(links)).all():
        await people.withdraw_join_link(session, ref, now)


# The member's side


async def came_by(session: AsyncSession, person: Person) -> Organization | None:
    """Return the organisation by whose link somebody came, if it was one."""
    found: Organization | None = await session.scalar(
        select(Organization)
        .join(JoinLink, JoinLink.organization_id == Organization.id)
        .join(Attribution, Attribution.link_id == JoinLink.id)
        .where(Attribution.person_id == person.id)
    )
    return found


async def as_it_stands(session: AsyncSession, person: Person) -> dict[Fact, str]:
    """Return what each fact would tell now; "" is: not yet."""
    came = select(func.count()).where(
        Attendance.person_id == person.id, Attendance.state == Attending.ATTENDED
    )
    return {
        Fact.NAME: person.name,
        Fact.JOINED: "yes" if person.is_member else "",
        Fact.TAKES_PART: "yes" if await session.scalar(came) else "",
        Fact.STARTED: "yes" if person.stage in (Stage.RUNNING, Stage.GROWING) else "",
    }


async def allowed(session: AsyncSession, person: Person) -> set[Fact]:
    """Return what the person allows to be told."""
    rows = await session.scalars(
        select(FeedbackConsent.fact).where(
            FeedbackConsent.person_id == person.id, FeedbackConsent.withdrawn_at.is_(None)
        )
    )
    return {Fact(fact) for fact in rows}


def fingerprint(facts: Collection[Fact], told: Mapping[Fact, str]) -> str:
    """Return a short digest of what a card shows, so that its button agrees to that only."""
    shown = "\n".join(f"{fact}={told[fact]}" for fact in Fact if fact in facts)
    return hashlib.sha256(shown.encode()).hexdigest()[:8]


async def allow(
    session: AsyncSession,
    actor: Person,
    facts: Collection[Fact],
    seen: str,
    now: datetime,
    *,
    version: str,
    language: str,
) -> Organization:
    """Allow exactly these facts to be told to the partner; none ends it, at once.

    ``seen`` is the fingerprint of what was shown; what is allowed no more needs none.

    Raises:
        NotAMemberError: the person has not joined.
        NotFoundError: they came by nobody's link.
        ChangedError: it would tell something else than was shown.
    """
    people.require_member(actor)
    organization = await came_by(session, actor)
    if organization is None:
        raise NotFoundError("Organization")
    # Of two who turn one person's switches at once, the second sees what the first has done.
    mine = select(Person.id).where(Person.id == actor.id)
    await session.execute(mine.with_for_update(key_share=True))
    before = await allowed(session, actor)
    new = {*facts} - before
    if new and seen != fingerprint(facts, await as_it_stands(session, actor)):
        raise ChangedError("feedback", "shown", "changed")
    await session.execute(
        update(FeedbackConsent)
        .where(
            FeedbackConsent.person_id == actor.id,
            FeedbackConsent.withdrawn_at.is_(None),
            FeedbackConsent.fact.in_(before - {*facts}),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    session.add_all(
        FeedbackConsent(
            person_id=actor.id,
            organization_id=organization.id,
            fact=fact,
            version=version,
            language=language,
            agreed_at=now,
        )
        for fact in sorted(new)
    )
    await session.flush()
    return organization


# The partner's side


async def hear(
    session: AsyncSession, actor: Person, organization_ref: str, now: datetime
) -> list[Told]:
    """Return to an organisation's staff what those who came by its link allow it to hear.

    Raises:
        NotFoundError: the actor is not of its staff.
        NoAgreementError: there is no active agreement: nothing personal goes there.
    """
    organization = await _own(session, actor, organization_ref, now)
    if not await agreements.is_active(session, organization.id, now):
        raise NoAgreementError
    rows = await session.execute(
        select(Person, FeedbackConsent.fact)
        .join(FeedbackConsent, FeedbackConsent.person_id == Person.id)
        .where(
            FeedbackConsent.organization_id == organization.id,
            FeedbackConsent.withdrawn_at.is_(None),
            Person.state.not_in([Membership.JOINING, Membership.LEFT]),
        )
        .order_by(Person.id)
    )
    agreed: dict[Person, set[Fact]] = {}
    for person, fact in rows:
        agreed.setdefault(person, set()).add(Fact(fact))
    found = []
    for person, facts in agreed.items():
        now_told = await as_it_stands(session, person)
        found.append(Told({fact: now_told[fact] for fact in Fact if fact in facts}))
    return found


async def _own(
    session: AsyncSession, actor: Person, organization_ref: str, now: datetime
) -> Organization:
    organization = await find(session, Organization, organization_ref)
    if organization.id not in await roles.staffed(session, actor, now):
        raise NotFoundError("Organization")
    return organization
