"""Drafts wait for a second reader: how many for whom, and a word to them once a day.

A draft is a translator's text, or a translator's recording of one. Whoever may approve it is
whoever may write it and is not the one it comes from.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles, untranslated
from community.people import Person
from community.reading_aloud import IS_OF
from community.recordings import Recording
from community.roles import RoleName
from community.translations import ContentText, State
from community.untranslated import ANIMATORS

PATIENCE = timedelta(hours=6)
"""Somebody is told of a draft that has waited for so long."""
TOLD_FROM, TOLD_UNTIL = time(10), time(20)
"""When the notice of a day is made, by the network's clock: two never come in one night."""


@dataclass(frozen=True)
class Draft:
    """What waits for a second reader: of what, in which language, from whom, since when."""

    subject: str
    language: str
    by_id: int | None
    since: datetime
    is_voice: bool = False
    """Whether it is a recording, and not a text."""

    def is_for(self, reader: Person, held: Collection[RoleName]) -> bool:
        """Say whether somebody who holds these roles may approve it."""
        role = RoleName.ANIMATOR if self.subject in ANIMATORS else RoleName.COORDINATOR
        return self.by_id != reader.id and bool({role, RoleName.TRANSLATOR} & {*held})


async def drafts(session: AsyncSession, network_language: str, now: datetime) -> list[Draft]:
    """Return all that waits, in languages that members read, of what is to be translated now."""
    texts = (
        await session.scalars(select(ContentText).where(ContentText.state == State.DRAFT))
    ).all()
    # Only of words that stand there: of others it is stale, and nobody can approve it.
    voices = (
        await session.scalars(
            select(Recording)
            .join(ContentText, IS_OF)
            .where(
                Recording.is_approved.is_(False),
                ContentText.state.in_([State.DRAFT, State.APPROVED]),
            )
        )
    ).all()
    if not texts and not voices:
        return []
    read = await untranslated.readers(session, network_language)
    is_open = await untranslated.still_open(session, now)
    found = [
        Draft(row.subject, row.language, row.written_by_id, row.written_at)
        for row in texts
        if row.language in read and row.subject_id in is_open[row.subject]
    ]
    is_open = await untranslated.still_open(session, now, is_to_be_changed=True)
    found += [
        Draft(row.subject, row.language, row.recorded_by_id, row.recorded_at, is_voice=True)
        for row in voices
        if row.subject_id in is_open[row.subject]
    ]
    return found


async def waiting_for(
    session: AsyncSession, reader: Person, network_language: str, now: datetime
) -> list[Draft]:
    """Return the drafts that this person may approve."""
    held = {role.name for role in await roles.held(session, reader, now)}
    return [
        one for one in await drafts(session, network_language, now) if one.is_for(reader, held)
    ]


async def notice(session: AsyncSession, now: datetime, *, network_language: str, zone: str) -> int:
    """Tell those who may approve what has waited for hours, at most once a day; return how many.

    Not at night, so that what is held back until the morning is never two notices.
    """
    local = now.astimezone(ZoneInfo(zone))
    if not TOLD_FROM <= local.time() < TOLD_UNTIL:
        return 0
    ripe = [
        one for one in await drafts(session, network_language, now) if one.since <= now - PATIENCE
    ]
    if not ripe:
        return 0
    held: dict[int, set[RoleName]] = {}
    readers: dict[int, Person] = {}
    for role in untranslated.WRITERS:
        for person in await roles.holders(session, role, now):
            held.setdefault(person.id, set()).add(role)
            readers[person.id] = person
    told = [
        number
        for number in sorted(readers)
        if any(one.is_for(readers[number], held[number]) for one in ripe)
    ]
    return await deliveries.plan_notices(session, now, "drafts", told, f"drafts:{local.date()}")
