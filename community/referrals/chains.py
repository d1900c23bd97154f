"""From one provider to the next: a chain of requests, none to whoever has been asked already.

Nothing goes along by itself. What the member had chosen is offered again, and agreed to anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, providers, roles
from community.base import find
from community.errors import IllegalMoveError, MemberIsAskedError, NotFoundError
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.providers import Fit, Found, Look, Reader, Service
from community.referrals.answering import for_provider
from community.referrals.by_team import PassedOn, for_team
from community.referrals.moving import move
from community.referrals.table import (
    OPEN,
    RECORDED,
    REFERRAL,
    TURNED_AWAY,
    FieldName,
    Referral,
    SharedField,
    Source,
    State,
)


@dataclass(frozen=True)
class Onward:
    """Where somebody can go on to."""

    to: Fit | None
    """The best fitting service that a request can be sent to now."""
    by_oneself: Service | None
    """The best fitting one that one can only go to oneself."""
    suggested: Service | None = None
    """What an organisation has suggested, where no request can be sent to it now."""


def takes_requests(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a request can be sent to a service now, and somebody reads it."""
    return and_(
        Service.is_open,
        Service.organization_id.in_(agreements.with_active(now)),
        or_(
            Service.organization_id.in_(roles.with_staff(now)),
            Service.organization_id.in_(select(PassedOn.organization_id)),
        ),
        not_(providers.is_full(now)),
    )


async def instead_of(
    session: AsyncSession,
    person: Person,
    service: Service,
    now: datetime,
    *,
    languages: Sequence[str],
    not_at: Collection[int] = (),
    suggested_id: int | None = None,
) -> Onward:
    """Return the next best services for the same need; what somebody has suggested comes first.

    ``not_at`` are organisations that are left out.
    """
    reader = Reader(languages, person.area_id)
    others = [Service.id != service.id, Service.organization_id.not_in(not_at)]
    taking, look = [*others, takes_requests(now)], Look(need=Need(service.need))
    suggested = suggested_id and await _first(
        session, Look(), reader, now, [*taking, Service.id == suggested_id]
    )
    hint = None
    if suggested_id and not suggested:
        named = [*others, and_(Service.is_open, Service.id == suggested_id)]
        found = await _first(session, Look(), reader, now, named)
        hint = found.service if found else None
    to = suggested or await _first(session, look, reader, now, taking)
    if to is not None:
        return Onward(to, None, hint)
    rest = await _first(session, look, reader, now, [*others, not_(takes_requests(now))])
    return Onward(None, rest.service if rest else None, hint)


async def _first(
    session: AsyncSession,
    look: Look,
    reader: Reader,
    now: datetime,
    only: Sequence[ColumnElement[bool]],
) -> Fit | None:
    # The zone counts only for who asks what is open now.
    found = await providers.find_services(session, look, reader, now, zone="UTC", only=only)
    return found.fits[0] if found.fits else None


async def onward(
    session: AsyncSession, referral: Referral, now: datetime, *, languages: Sequence[str]
) -> Onward:
    """Return where the member of a request that was turned away can go on to."""
    person = await session.get(Person, referral.person_id) if referral.person_id else None
    if person is None or referral.state not in TURNED_AWAY:
        return Onward(None, None)
    return await instead_of(
        session,
        person,
        await session.get_one(Service, referral.service_id),
        now,
        languages=languages,
        not_at=await been_at(session, referral),
        suggested_id=referral.suggested_id,
    )


async def been_at(session: AsyncSession, referral: Referral) -> set[int]:
    """Return the organisations that the chain has been at."""
    rows = await session.scalars(
        select(Referral.organization_id).where(Referral.chain_id == referral.chain_id)
    )
    return set(rows)


async def following(session: AsyncSession, referral: Referral) -> Referral | None:
    """Return the request that the member sent after this one, and has not taken back."""
    found: Referral | None = await session.scalar(
        select(Referral)
        .where(
            Referral.chain_id == referral.chain_id,
            Referral.id > referral.id,
            Referral.state != State.CANCELLED,
        )
        .order_by(Referral.id)
        .limit(1)
    )
    return found


async def continued(session: AsyncSession, actor: Person, ref: str) -> Referral:
    """Return one's own request that was turned away, locked: its chain grows by one at a time.

    Raises:
        NotFoundError: it is not the actor's.
        IllegalMoveError: nobody has turned it away.
    """
    referral = await find(session, Referral, ref, lock=True)
    if referral.person_id != actor.id:
        raise NotFoundError("Referral")
    if referral.state not in TURNED_AWAY:
        raise IllegalMoveError(REFERRAL.name, referral.state, State.PENDING)
    return referral


async def open_in(session: AsyncSession, referral: Referral) -> Referral | None:
    """Return the request of this chain that was sent and is open; there is at most one."""
    found: Referral | None = await session.scalar(
        select(Referral).where(
            Referral.chain_id == referral.chain_id,
            Referral.state.in_(OPEN),
            Referral.state != State.DRAFT,
        )
    )
    return found


async def chosen_before(
    session: AsyncSession, actor: Person, ref: str
) -> tuple[set[FieldName], str]:
    """Return which fields the member had chosen for an earlier request, and the note.

    Raises:
        NotFoundError: it is not the actor's.
    """
    referral = await find(session, Referral, ref)
    if referral.person_id != actor.id:
        raise NotFoundError("Referral")
    newest = await _newest(session, referral)
    return set(newest) - {FieldName.NOTE}, newest.get(FieldName.NOTE, "")


async def note_of(session: AsyncSession, referral: Referral) -> str:
    """Return the note of a request, as it was sent last."""
    return (await _newest(session, referral)).get(FieldName.NOTE, "")


async def _newest(session: AsyncSession, referral: Referral) -> dict[FieldName, str]:
    rows = await session.scalars(
        select(SharedField).where(SharedField.referral_id == referral.id).order_by(SharedField.id)
    )
    return {FieldName(row.name): row.value for row in rows}


# The provider's side


async def elsewhere(
    session: AsyncSession, referral: Referral, now: datetime, page: int = 0
) -> Found:
    """Return a page of the services of others that can be suggested to the member."""
    service = await session.get_one(Service, referral.service_id)
    return await providers.find_services(
        session,
        Look(need=Need(service.need)),
        Reader([], service.area_id),
        now,
        zone="UTC",
        page=page,
        only=[Service.organization_id != referral.organization_id],
    )


async def pass_on(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, to_ref: str = ""
) -> Referral:
    """Say that somebody else can help better, and who, if staff know; the member decides.

    It opens nothing, so it is said without an agreement, too.

    Raises:
        NotFoundError: it is another organisation's request; the service is closed, or their own.
        MemberIsAskedError: the member has been asked something and has not answered yet.
        IllegalMoveError: it does not wait for an answer any more.
    """
    referral = await for_provider(session, actor, ref, now, lock=True)
    return await _reroute(session, actor, referral, to_ref, now, source=Source.CHAT)


async def record_passed_on(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    source: Source,
    to_ref: str = "",
) -> Referral:
    """Write down that a provider says so, and how; the member decides.

    Raises:
        NotFoundError: it is not the actor's business; there is no such source; the service is
            closed, or the provider's own.
        MemberIsAskedError: the member has been asked something and has not answered yet.
        IllegalMoveError: it does not wait for an answer any more.
    """
    if source not in RECORDED:
        raise NotFoundError("source")
    referral = await for_team(session, actor, ref, now, lock=True)
    return await _reroute(session, actor, referral, to_ref, now, source=source)


async def _reroute(
    session: AsyncSession,
    actor: Person,
    referral: Referral,
    to_ref: str,
    now: datetime,
    *,
    source: Source,
) -> Referral:
    suggested = await find(session, Service, to_ref) if to_ref else None
    if suggested is not None and (
        not suggested.is_open or suggested.organization_id == referral.organization_id
    ):
        raise NotFoundError("Service")
    if referral.state == State.NEEDS_INFORMATION:
        raise MemberIsAskedError(REFERRAL.name, referral.state, State.REROUTED)
    await move(
        session,
        referral,
        State.REROUTED,
        Who.PROVIDER,
        actor,
        now,
        source=source,
        suggested_id=suggested.id if suggested else None,
    )
    return referral
