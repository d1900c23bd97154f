"""Word to the people of a support organisation about what they do with the network."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles
from community.base import Referable
from community.deliveries import Plan
from community.people import Person


async def tell_staff(
    session: AsyncSession,
    organization_id: int,
    what: str,
    about: Referable,
    now: datetime,
    *,
    occurrence: str = "",
    expires_at: datetime | None = None,
) -> int:
    """Owe everybody of an organisation's staff one notice of this occurrence; return how many."""
    people = await roles.staff_of(session, organization_id, now)
    return await tell(
        session, people, what, about, now, occurrence=occurrence, expires_at=expires_at
    )


async def tell(
    session: AsyncSession,
    people: list[Person],
    what: str,
    about: Referable,
    now: datetime,
    *,
    occurrence: str = "",
    expires_at: datetime | None = None,
) -> int:
    """Owe these people one notice of this occurrence; without a name for it, of this moment."""
    return await deliveries.plan(
        session,
        now,
        *(
            Plan(
                "staff_notice",
                person.id,
                f"staff:{what}:{about.id}:{occurrence or now.isoformat()}:{person.id}",
                now,
                {"what": what, "ref": about.ref},
                subject_id=about.id,
                expires_at=expires_at,
            )
            for person in people
        ),
    )
