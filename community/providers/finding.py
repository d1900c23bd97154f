"""Which services fit somebody, and how well."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community.needs import Need
from community.providers.table import Service


@dataclass(frozen=True)
class Fit:
    """A service, and how it suits somebody."""

    service: Service
    given: str | None
    """The language it is given in that the person speaks, or None."""
    by_interpreter: bool
    here: bool
    """In the person's area, or everywhere."""


async def find_services(
    session: AsyncSession, need: Need, *, languages: Sequence[str], area_id: int | None
) -> list[Fit]:
    """Return the open services for a need: those given in the person's language first.

    Then those with an interpreter, then the others, which are shown as what they are. Within
    each, what is near comes first.
    """
    rows = await session.scalars(
        select(Service).where(Service.need == need, Service.is_open).order_by(Service.id)
    )
    fits = []
    for service in rows:
        given = next((code for code in languages if code in service.languages), None)
        here = service.online or service.area_id is None or service.area_id == area_id
        fits.append(Fit(service, given, service.interpretation, here))
    fits.sort(
        key=lambda fit: (
            0 if fit.given else 1 if fit.by_interpreter else 2,
            not fit.here,
            fit.service.id,
        )
    )
    return fits
