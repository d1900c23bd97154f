"""Leases: one holder at a time, for as long as it keeps saying so, by the database's clock."""

from sqlalchemy import Float, String, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base
from community.database_time import database_seconds
from community.writing import insert_new, rows_changed


class Lease(Base):
    """Who does the thing that only one may do, and until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[float] = mapped_column(Float)


async def hold(session: AsyncSession, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease; False while somebody else holds it."""
    until = database_seconds() + seconds
    renewal = (
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.until < database_seconds()))
        .values(holder=holder, until=until)
    )
    if await rows_changed(session, renewal):
        return True
    row = {"name": name, "holder": holder, "until": until}
    if await insert_new(session, Lease, [row]):
        return True
    # Somebody else has it, or another transaction of ours has just taken it.
    return await rows_changed(session, renewal) == 1


async def release_all(session: AsyncSession, holder: str) -> None:
    """Give back every lease that this process still holds."""
    await session.execute(delete(Lease).where(Lease.holder == holder))


async def current(session: AsyncSession, name: str) -> tuple[str, float] | None:
    """Return who holds the lease now, and until when by the database's clock."""
    row = (
        await session.execute(
            select(Lease.holder, Lease.until).where(
                Lease.name == name, Lease.until >= database_seconds()
            )
        )
    ).first()
    return (row[0], row[1]) if row else None


async def anybody_holds_one(session: AsyncSession) -> bool:
    """Say whether any process holds any lease now."""
    held = select(Lease.name).where(Lease.until >= database_seconds()).limit(1)
    return await session.scalar(held) is not None


async def holders(session: AsyncSession) -> dict[str, str]:
    """Return who holds what now."""
    rows = await session.scalars(select(Lease).where(Lease.until >= database_seconds()))
    return {lease.name: lease.holder for lease in rows}
