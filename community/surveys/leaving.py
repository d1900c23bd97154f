"""Who has left may be asked twice what came of it, if they have said so as they left."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community.history import Step
from community.people import MEMBERSHIP, Membership, Person
from community.surveys.table import ExitAgreement
from community.surveys.windows import has_agreed_to_exit
from community.writing import rows_changed


async def agree_to_exit(
    session: AsyncSession, actor: Person, now: datetime, *, version: str, language: str
) -> bool:
    """Agree to be asked after leaving; True if that changed anything.

    Whoever is a member (again) has nothing to agree to.
    """
    mine = select(Person.id).where(Person.id == actor.id)
    await session.execute(mine.with_for_update(key_share=True))
    if actor.state != Membership.LEFT or await may_be_asked(session, actor.id):
        return False
    left_at = await session.scalar(
        select(func.max(Step.at)).where(
            Step.subject == MEMBERSHIP.name,
            Step.subject_id == actor.id,
            Step.after == Membership.LEFT,
        )
    )
    agreement = ExitAgreement(
        person_id=actor.id, version=version, language=language, left_at=left_at or now
    )
    session.add(agreement)
    await session.flush()
    return True


async def end_exit(session: AsyncSession, actor: Person, now: datetime) -> bool:
    """Be asked nothing more after leaving; True if that changed anything."""
    statement = (
        update(ExitAgreement)
        .where(ExitAgreement.person_id == actor.id, ExitAgreement.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
    return bool(await rows_changed(session, statement))


async def may_be_asked(session: AsyncSession, person_id: int) -> bool:
    """Say whether somebody has left, and has agreed to be asked after that."""
    found = await session.scalar(
        select(ExitAgreement.id)
        .join(Person, Person.id == ExitAgreement.person_id)
        .where(Person.id == person_id, has_agreed_to_exit())
        .limit(1)
    )
    return found is not None
