"""What a member shares with a provider: previewed, agreed to, withdrawn."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import exchanges
from community.areas import Area
from community.errors import NotUnderstoodError
from community.people import Person
from community.providers import Service
from community.referrals.table import OPEN, FieldName, Referral, SharedField, State

NOTE_LIMIT = 500
NOTES_LIMIT = 2_000
"""Letters of a note with all that was added to it: it is shown in one message, which closes."""


async def preview(session: AsyncSession, person: Person, service: Service) -> dict[FieldName, str]:
    """Return what could be shared, as it stands: names, codes and refs; "" is not known."""
    area = await session.get(Area, person.area_id) if person.area_id else None
    return {
        FieldName.NAME: person.name,
        FieldName.LANGUAGE: person.language or "",
        FieldName.NEED: service.need,
        FieldName.AREA: area.ref if area else "",
        FieldName.STAGE: person.stage or "",
        FieldName.ACCOUNT: f"@{person.username}" if person.username else "",
    }


async def would_share(
    session: AsyncSession,
    person: Person,
    service: Service,
    fields: Collection[FieldName],
    note: str,
) -> dict[FieldName, str]:
    """Return exactly what these choices would share: what is known of them, and the note."""
    known = await preview(session, person, service)
    known[FieldName.NOTE] = note.strip()
    chosen = {*fields, FieldName.NOTE}
    return {name: value for name, value in known.items() if name in chosen and value}


def fingerprint(
    values: Mapping[FieldName, str], organization_id: int, *, by_team: bool = False
) -> str:
    """Return a short digest of what a card shows, so that its button agrees to that only.

    That is also to whom it goes. ``by_team``: the team reads it and passes it on.
    """
    told = "\n".join(f"{name}={values[name]}" for name in sorted(values))
    told += f"\nto {organization_id}"
    told += "\nby the team" if by_team else ""
    return hashlib.sha256(told.encode()).hexdigest()[:8]


async def shared(session: AsyncSession, referral: Referral) -> dict[FieldName, str]:
    """Return the fields that are agreed to and not withdrawn."""
    rows = await session.scalars(
        select(SharedField)
        .where(SharedField.referral_id == referral.id, SharedField.withdrawn_at.is_(None))
        .order_by(SharedField.id)
    )
    return {FieldName(row.name): row.value for row in rows}


async def was_sealed(session: AsyncSession, referral: Referral) -> bool:
    """Say whether an open request shares nothing because an agreement has ended meanwhile.

    Whatever else ends a consent ends the request, too.
    """
    rows = await session.scalars(
        select(SharedField.withdrawn_at).where(SharedField.referral_id == referral.id)
    )
    ended = [at is not None for at in rows]
    return referral.state in OPEN and bool(ended) and all(ended)


async def needs_a_new_one(session: AsyncSession, referral: Referral) -> bool:
    """Say whether only a new request leads on: nobody can ask any more for what was sealed.

    A request that still waits for its answer leads on itself: the organisation can ask.
    """
    is_answered = referral.state in (State.ACCEPTED, State.IN_SERVICE)
    return is_answered and await was_sealed(session, referral)


async def asked_for(
    session: AsyncSession, actor: Person, referral: Referral
) -> dict[FieldName, str]:
    """Return what saying yes to the provider's question would share; nothing if not known."""
    if referral.asked_field is None:
        return {}
    service = await session.get_one(Service, referral.service_id)
    return await would_share(session, actor, service, {FieldName(referral.asked_field)}, "")


def has_room_for_a_note(told: Mapping[FieldName, str]) -> bool:
    """Say whether as much can be added to the note as one may write at once."""
    return len(told.get(FieldName.NOTE, "")) + 1 + NOTE_LIMIT <= NOTES_LIMIT


async def longer_note(session: AsyncSession, referral: Referral, note: str, now: datetime) -> str:
    """Return the note with the new words under it, and end the one before."""
    before = (await shared(session, referral)).get(FieldName.NOTE)
    longer = f"{before}\n{note.strip()}" if before else note.strip()
    limit = min(NOTE_LIMIT, NOTES_LIMIT - len(before or "") - 1)
    if not 0 < len(note.strip()) <= limit:
        raise NotUnderstoodError("note", limit=limit)
    await session.execute(
        update(SharedField)
        .where(SharedField.referral_id == referral.id, SharedField.name == FieldName.NOTE)
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    return longer


async def withdraw_fields(
    session: AsyncSession, referral_ids: Sequence[int] | Select[int], now: datetime
) -> None:
    """End the consent to all that these share, and to what was written about them."""
    await exchanges.seal(session, referral_ids, now)
    await session.execute(
        update(SharedField)
        .where(SharedField.referral_id.in_(referral_ids), SharedField.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
