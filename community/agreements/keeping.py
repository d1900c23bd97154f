"""A coordinator leads an agreement from the first idea on, and writes down what it says."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import feedback_consents, roles
from community.agreements.reminding import next_before
from community.agreements.table import AGREEMENT, OVER, TO_ACTIVE, Agreement, State
from community.among import among
from community.base import find
from community.errors import (
    AgreementLacksError,
    IllegalMoveError,
    NoAgreementError,
    NotUnderstoodError,
    TooLateError,
)
from community.lifecycle import Who
from community.people import Person
from community.portions import Portion, portion
from community.providers import Organization
from community.roles import RoleName

TEXT_LIMIT = 1000
TEXTS = ("ours", "theirs", "vision", "experience", "contact")
FACTS = frozenset({*TEXTS, "languages", "basis", "signed_on", "ends_at", "document"})
"""What an agreement says; each can be left open, and put right later."""


def gives_access(now: datetime) -> ColumnElement[bool]:
    """Return what holds of an agreement under which personal data may go."""
    return and_(
        Agreement.state == State.ACTIVE, or_(Agreement.ends_at.is_(None), Agreement.ends_at > now)
    )


async def is_active(session: AsyncSession, organization_id: int, now: datetime) -> bool:
    """Say whether personal data may go to this organisation now: its end date counts at once."""
    return bool(await active_among(session, [organization_id], now))


async def holds(session: AsyncSession, organization_id: int, now: datetime) -> bool:
    """Say whether personal data may go to an organisation, and that stays so until it has gone.

    What is shared while somebody ends the agreement is then ended with it.
    """
    found = await session.scalar(
        select(Agreement)
        .where(Agreement.organization_id == organization_id, gives_access(now))
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return found is not None


def with_active(now: datetime) -> Select[int]:
    """Return the query for the organisations to which personal data may go now."""
    return select(Agreement.organization_id).where(gives_access(now))


async def active_among(
    session: AsyncSession, organization_ids: Collection[int], now: datetime
) -> set[int]:
    """Return those of these organisations to which personal data may go now."""
    found = await session.scalars(
        select(Agreement.organization_id).where(
            Agreement.organization_id.in_(organization_ids), gives_access(now)
        )
    )
    return set(found)


async def current(session: AsyncSession, organization_id: int) -> Agreement | None:
    """Return the agreement that is not over, or else the last one there was."""
    found: Agreement | None = await session.scalar(
        select(Agreement)
        .where(Agreement.organization_id == organization_id)
        .order_by(Agreement.state.in_(OVER), Agreement.id.desc())
        .limit(1)
    )
    return found


async def every(
    session: AsyncSession, actor: Person, now: datetime
) -> list[tuple[Organization, Agreement | None]]:
    """Return each organisation with its agreement, or the last it had; what ends first is first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organizations = await session.scalars(_by_end())
    return await _with_agreements(session, organizations.all())


async def listed(
    session: AsyncSession, actor: Person, now: datetime, *, at: int, size: int
) -> Portion[tuple[Organization, Agreement | None]]:
    """Return a page of what ``every`` returns, in the same order.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    found = await portion(session, _by_end(), at, size)
    rows = await _with_agreements(session, found.rows)
    return Portion(rows, found.total, found.at, found.size)


def _by_end() -> Select[Organization]:
    """Return the query for all organisations, that whose agreement ends first before others.

    There is at most one agreement that is not over.
    """
    return (
        select(Organization)
        .outerjoin(
            Agreement,
            and_(Agreement.organization_id == Organization.id, Agreement.state.not_in(OVER)),
        )
        .order_by(
            Agreement.id.is_(None), Agreement.ends_at.is_(None), Agreement.ends_at, Organization.id
        )
    )


async def _with_agreements(
    session: AsyncSession, organizations: Sequence[Organization]
) -> list[tuple[Organization, Agreement | None]]:
    of_these = among(Agreement.organization_id, [each.id for each in organizations])
    # The one that is not over comes last, so that it stays.
    query = select(Agreement).where(of_these).order_by(Agreement.state.not_in(OVER), Agreement.id)
    found = {agreement.organization_id: agreement for agreement in await session.scalars(query)}
    return [(each, found.get(each.id)) for each in organizations]


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Agreement:
    """Return an agreement, for a coordinator.

    Raises:
        NotAllowedError: the actor is none.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await find(session, Agreement, ref, lock=lock)


async def running(session: AsyncSession, organization: Organization) -> Agreement | None:
    """Return the agreement of an organisation that is not over, locked."""
    found: Agreement | None = await session.scalar(
        select(Agreement)
        .where(Agreement.organization_id == organization.id, Agreement.state.not_in(OVER))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def begin(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Agreement:
    """Note that an organisation could be a partner; return the agreement that is not over, if any.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, ref, lock=True)
    agreement = await running(session, organization)
    if agreement is None:
        agreement = Agreement(organization_id=organization.id, state=State.IDENTIFIED, since=now)
        session.add(agreement)
        await session.flush()
    return agreement


async def change(
    session: AsyncSession, actor: Person, ref: str, now: datetime, **facts: Any
) -> Agreement:
    """Write down what an agreement says, or put it right; None: not known.

    Raises:
        NotAllowedError: the actor is no coordinator.
        TooLateError: it is over; a new end date comes before the old one.
        AgreementLacksError: it is active, and personal data could not go without this.
        NotUnderstoodError: too long, signed in the future, or an end that is past.
    """
    agreement = await opened(session, actor, ref, now, lock=True)
    if agreement.state in OVER or (agreement.state == State.ACTIVE and agreement.has_ended(now)):
        raise TooLateError
    _write(agreement, facts, now)
    if agreement.state in (State.SIGNED, State.ACTIVE):
        _require(agreement, State(agreement.state), now)
    await session.flush()
    return agreement


def _write(agreement: Agreement, facts: dict[str, Any], now: datetime) -> None:
    unknown = facts.keys() - FACTS
    if unknown:
        raise TypeError(f"an agreement has no {unknown}")
    for name in TEXTS:
        if len(facts.get(name) or "") > TEXT_LIMIT:
            raise NotUnderstoodError(name, limit=TEXT_LIMIT)
    if facts.get("signed_on") and facts["signed_on"] > (now + timedelta(days=1)).date():
        raise NotUnderstoodError("signed_on")
    if facts.get("ends_at") and facts["ends_at"] <= now:
        raise NotUnderstoodError("ends_at")
    for name, value in facts.items():
        if name == "document":
            agreement.file_id = value.file_id if value else None
            agreement.file_kind = value.kind if value else None
            agreement.file_extension = value.extension if value else None
        else:
            setattr(agreement, name, value or None)
    if "ends_at" in facts:
        agreement.remind_at = next_before(agreement.ends_at, now)


def _require(agreement: Agreement, state: State, now: datetime) -> None:
    """Refuse a state for which something is missing."""
    lacking = [name for name in agreement.lacks if state == State.ACTIVE or name == "signed_on"]
    if state == State.ACTIVE and agreement.has_ended(now):
        lacking.append("ends_at")
    if lacking:
        raise AgreementLacksError(lacking)


async def advance(
    session: AsyncSession, actor: Person, ref: str, to: State, now: datetime
) -> Agreement:
    """Take an agreement one step on, or drop it; ``referrals.end_agreement`` ends one.

    Raises:
        NotAllowedError: the actor is no coordinator.
        AgreementLacksError: what has to be known first is not known.
        IllegalMoveError: it does not stand where this step begins.
    """
    agreement = await opened(session, actor, ref, now, lock=True)
    if to == State.ENDED or not AGREEMENT.allows(State(agreement.state), to, Who.COORDINATOR):
        if agreement.state == to:
            return agreement
        raise IllegalMoveError(AGREEMENT.name, agreement.state, to)
    await _step(session, actor, agreement, to, now)
    return agreement


async def _step(
    session: AsyncSession, actor: Person, agreement: Agreement, to: State, now: datetime
) -> None:
    _require(agreement, to, now) if to in (State.SIGNED, State.ACTIVE) else None
    if to == State.ACTIVE:
        agreement.remind_at = next_before(agreement.ends_at, now)
        # What was allowed while nothing could be told was not allowed under this agreement.
        await feedback_consents.end_of(session, agreement.organization_id, now)
    await AGREEMENT.move(
        session, agreement, to, Who.COORDINATOR, now, actor_id=actor.id, since=now
    )


async def activate(
    session: AsyncSession, actor: Person, ref: str, now: datetime, **facts: Any
) -> Agreement:
    """Note that the agreement with an organisation is signed and active: all its steps at once.

    Of what is active already nothing is changed.

    Raises:
        NotAllowedError: the actor is no coordinator.
        TooLateError: the one before it is over, and has not been closed yet.
        AgreementLacksError: what has to be known first is neither known nor given.
        NotUnderstoodError: signed in the future, or an end that is past.
    """
    agreement = await begin(session, actor, ref, now)
    if agreement.state == State.ACTIVE:
        if agreement.has_ended(now):
            raise TooLateError
        return agreement
    _write(agreement, facts, now)
    for step in TO_ACTIVE[list(State).index(State(agreement.state)) :]:
        await _step(session, actor, agreement, step, now)
    return agreement


async def active_with(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Agreement:
    """Return the agreement of an organisation that is not over, to end it.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NoAgreementError: there is none.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    organization = await find(session, Organization, ref, lock=True)
    agreement = await running(session, organization)
    if agreement is None:
        raise NoAgreementError
    return agreement
