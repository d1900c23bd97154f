"""``diwan import statistics``: how many people live where, by others' count."""

import asyncio
from pathlib import Path

from bot.directory import coordinator, in_a_sentence
from bot.languages import LanguageError
from bot.settings import Settings
from bot.texts import opened
from community.gaps import statistics
from handlers import reach


def bring_in(settings: Settings, path: Path, number: int | None) -> int:
    """Write the lines of a table, all of them or none; return how many.

    Raises:
        LanguageError: it cannot be read, a line has a mistake, or nobody is named who may write.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LanguageError(f"{path} cannot be read ({error.strerror}).") from None
    return asyncio.run(_bring_in(settings, content, number))


async def _bring_in(settings: Settings, content: bytes, number: int | None) -> int:
    _network, database, now = await opened(settings)
    try:
        with in_a_sentence():
            async with database.transaction() as session:
                person = await coordinator(session, number, now)
                lines = await reach.read(session, content, now)
                return await statistics.bring(session, person, lines, now)
    finally:
        await database.close()
