"""Who gets a send: counted before it starts, and its rows when it starts, by one expression."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import audiences, deliveries
from community.audiences import DryRun, Sending
from community.deliveries import Delivery
from community.policy import POLICY, is_quiet
from community.sends.table import Send, State
from community.sends.writing import current, shelf
from community.translations import Fallback


async def _sending(
    session: AsyncSession, send: Send, network_language: str, said: Send | None = None
) -> Sending:
    """Return what decides who gets a send, with its own words or those of another."""
    words = await shelf(session, said or send)
    return Sending(
        send.kind,
        send.id,
        send.is_for,
        send.event_id,
        words.serves(),
        Fallback(send.fallback),
        network_language,
    )


async def dry_run(
    session: AsyncSession, send: Send, network_language: str, now: datetime
) -> DryRun:
    """Count who would get this send now, and who would not and why."""
    if send.of_id is not None:
        return await audiences.dry_edit(session, send.of_id)
    return await audiences.dry_run(session, await _sending(session, send, network_language), now)


async def in_the_night(
    session: AsyncSession, send: Send, network_language: str, now: datetime, default_zone: str
) -> int:
    """Count who would get it, but not before the morning: it is night where they are."""
    if send.of_id is not None or not POLICY[send.kind].waits_for_morning:
        return 0
    sending = await _sending(session, send, network_language)
    found = await audiences.zones(session, sending, now)
    return sum(
        count for zone, count in found.items() if is_quiet(now, ZoneInfo(zone or default_zone))
    )


async def plan(
    session: AsyncSession,
    send: Send,
    args: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
    network_language: str,
) -> int:
    """Owe it to everybody who gets it now; return how many that are."""
    if send.of_id is not None:
        edit_of = (send.kind, send.id, send.of_id)
        return await audiences.make_edits(session, edit_of, args, now, expires_at)
    sending = await _sending(session, send, network_language)
    return await audiences.make_rows(session, sending, args, now, expires_at)


async def release(session: AsyncSession, now: datetime, *, network_language: str) -> int:
    """Let go who has waited for a language that is ready now; return how many.

    What counts is what they would read: the words of a correction, once there is one. Of what has
    been taken back nobody waits for anything.
    """
    some_wait = exists().where(
        Delivery.send_id == Send.id, Delivery.state == deliveries.State.WAITING
    )
    released = 0
    on_its_way = Send.state.in_([State.SENDING, State.HELD])
    waiting = select(Send).where(on_its_way, some_wait).order_by(Send.id)
    for send in (await session.scalars(waiting)).all():
        said = await current(session, send)
        if said is None:
            still_waits = Delivery.state == deliveries.State.WAITING
            await deliveries.cancel(session, now, Delivery.send_id == send.id, still_waits)
            continue
        sending = await _sending(session, send, network_language, said)
        released += await audiences.release(session, sending, now)
    return released


async def plan_missed(session: AsyncSession, send: Send, now: datetime) -> bool:
    """Owe an edit to copies that were on their way at its start; True while more may come."""
    assert send.of_id is not None
    edit_of = (send.kind, send.id, send.of_id)
    expires_at = now + POLICY[send.kind].lives
    more = await audiences.make_edits(session, edit_of, {"ref": send.ref}, now, expires_at)
    send.audience = (send.audience or 0) + more
    on_their_way = await session.scalar(
        select(func.count()).where(
            Delivery.send_id == send.of_id, Delivery.state == deliveries.State.CLAIMED
        )
    )
    return bool(more or on_their_way)
