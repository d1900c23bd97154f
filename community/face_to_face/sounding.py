"""How the terms sound: a voice message for each thing that is read out, in each language.

An animator who registers somebody need not speak their language. As with every text that is read
aloud, a recording is heard only while exactly the words stand that it reads, and a translator's
waits until somebody else of the desk has heard it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import recordings, roles
from community.errors import NotAllowedError, NotFoundError, OwnTextError
from community.people import Person
from community.reading_aloud import Voice
from community.recordings import SAID, Recording
from community.roles import RoleName
from community.untranslated import WRITERS

FIELD = "words"


async def sounds(
    session: AsyncSession, language: str, words: Sequence[str], *, heard: bool = True
) -> dict[int, Recording]:
    """Return the recordings of these words, by their place; or those nobody has heard yet."""
    rows = await session.scalars(
        select(Recording).where(
            Recording.subject == SAID,
            Recording.language == language,
            Recording.is_approved.is_(heard),
        )
    )
    return {row.subject_id: row for row in rows if _reads(row, words)}


def _reads(row: Recording, words: Sequence[str]) -> bool:
    return row.subject_id < len(words) and row.text == words[row.subject_id]


async def _desk(session: AsyncSession, actor: Person, now: datetime) -> set[RoleName]:
    held = {role.name for role in await roles.held(session, actor, now)} & WRITERS
    if not held:
        raise NotAllowedError(RoleName.TRANSLATOR)
    return held


async def keep(
    session: AsyncSession,
    actor: Person,
    language: str,
    step: int,
    words: Sequence[str],
    voice: Voice,
    now: datetime,
) -> bool:
    """Let this be how one of these words sounds; False if somebody else is to hear it first.

    Raises:
        NotAllowedError: the actor has no role at the translation desk.
    """
    held = await _desk(session, actor, now)
    counts = held != {RoleName.TRANSLATOR}
    role = RoleName.ANIMATOR if RoleName.ANIMATOR in held else min(held)
    await recordings.put(
        session,
        Recording(
            subject=SAID,
            subject_id=step,
            language=language,
            field=FIELD,
            text=words[step],
            file_id=voice.file_id,
            seconds=voice.seconds,
            is_approved=counts,
            recorded_by_id=actor.id,
            recorded_as=str(role),
            recorded_at=now,
        ),
    )
    return counts


async def approve(
    session: AsyncSession,
    actor: Person,
    language: str,
    step: int,
    words: Sequence[str],
    now: datetime,
) -> None:
    """Say of somebody else's recording that it says these words; it is heard from now on.

    Raises:
        NotAllowedError: the actor has no role at the translation desk.
        NotFoundError: nothing waits, or other words stand there by now.
        OwnTextError: the actor has recorded it.
    """
    await _desk(session, actor, now)
    recording = (await sounds(session, language, words, heard=False)).get(step)
    if recording is None:
        raise NotFoundError("Recording")
    if recording.recorded_by_id == actor.id:
        raise OwnTextError
    await recordings.approve(session, recording)
