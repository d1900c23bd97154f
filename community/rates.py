"""How fast messages may leave: one row per rate, shared by every process that sends.

A process leases the next few slots of the row, a fraction of a second at a time, by the database's
clock. A slot is a moment at which one message may leave. Whoever sends alone keeps a ``Rate`` of
its own in memory and reckons by its own clock: the arithmetic is the same.
"""

from dataclasses import dataclass

from sqlalchemy import Float, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base
from community.database_time import database_seconds
from community.writing import insert_new

LATE = 0.03
"""A slot taken so many seconds late, or by less than the gap to the next, moves no later one."""
SHRINK, FLOOR = 0.9, 0.5
"""What a 429 leaves of the rate, and what many of them leave at least.

The configured rate is nearly right: small steps find what passes, and half of it passes anywhere.
"""
RECOVERY = 600.0
"""Seconds in which a rate would grow from nothing to what was configured: a step of ``SHRINK`` is
made good in a minute. A rate that is too high is then told so about once a minute, which costs a
second or two of silence; faster recovery costs more of those than it gains."""
FAR = 10.0
"""Seconds ahead of the clock that no slots are given away: if they are, the clock went back."""


@dataclass(frozen=True)
class Slice:
    """Slots that were leased: ``count`` of them from ``start``, ``gap`` seconds apart.

    Of a rate that is paused there are none; ``paused_for`` says for how long.
    """

    now: float
    start: float
    gap: float
    count: int
    paused_for: float = 0.0

    @property
    def slots(self) -> list[float]:
        """Return the moments."""
        return [self.start + self.gap * number for number in range(self.count)]


class Rate(Base):
    """Where a rate stands. Every moment is in seconds of one clock, that of the database."""

    __tablename__ = "rates"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    next_slot: Mapped[float] = mapped_column(Float)
    paused_until: Mapped[float] = mapped_column(Float)
    share: Mapped[float] = mapped_column(Float)
    """What 429s have left of the configured rate, at the moment ``since``."""
    since: Mapped[float] = mapped_column(Float)
    overtaken_until: Mapped[float] = mapped_column(Float)
    """Until then somebody has gone ahead of slots that were given away, and nobody else may."""

    @classmethod
    def fresh(cls, name: str) -> "Rate":
        """Return a rate that nobody has used."""
        return cls(name=name, **_FRESH)

    def share_at(self, now: float) -> float:
        """Return what is left of the configured rate: 1 when no 429 is remembered."""
        return min(1.0, self.share + max(0.0, now - self.since) / RECOVERY)

    def take(self, now: float, count: int, per_second: float, *, overtake: bool = False) -> Slice:
        """Give the next slots away.

        One message at a time may ``overtake`` slots that others hold: it goes at once, and the
        next slot that would be given away stays empty. So no second has more than one too many,
        for which there is room between our rate and Telegram's limit.
        """
        gap = 1.0 / (per_second * self.share_at(now))
        if now < self.paused_until:
            return Slice(now, self.paused_until, gap, 0, self.paused_until - now)
        if max(self.next_slot, self.overtaken_until) > now + FAR:
            self.next_slot = self.overtaken_until = now
        start = self.next_slot if self.next_slot > now - max(gap, LATE) else now
        self.next_slot = start + gap * count
        if overtake and count == 1 and start > now + gap and now >= self.overtaken_until:
            self.overtaken_until, start = start, now
        return Slice(now, start, gap, count)

    def pause(self, now: float, seconds: float, *, shrink: bool = True) -> None:
        """Give no slots for so long, and fewer afterwards.

        The 429s that answer what was under way already shrink the rate once, not each.
        """
        if shrink and now >= self.paused_until:
            self.share = max(FLOOR, SHRINK * self.share_at(now))
            self.since = now + seconds
        self.paused_until = max(self.paused_until, now + seconds)


_FRESH = {
    "next_slot": 0.0,
    "paused_until": 0.0,
    "share": 1.0,
    "since": 0.0,
    "overtaken_until": 0.0,
}


async def lease(
    session: AsyncSession, name: str, count: int, per_second: float, *, overtake: bool = False
) -> Slice:
    """Take the next slots of a rate for this process alone; unused they are lost for all."""
    query = (
        select(Rate, database_seconds())
        .where(Rate.name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = (await session.execute(query)).first()
    if found is None:
        await insert_new(session, Rate, [{"name": name, **_FRESH}])
        found = (await session.execute(query)).one()
    rate, now = found
    return rate.take(float(now), count, per_second, overtake=overtake)


async def pause(session: AsyncSession, name: str, seconds: float) -> None:
    """Stop every rate for so long: Telegram has answered 429; the one it answered shrinks."""
    query = select(Rate, database_seconds()).order_by(Rate.name).with_for_update()
    for rate, now in await session.execute(query):
        rate.pause(float(now), seconds, shrink=rate.name == name)
