"""What a translated sentence costs, and a machine draft those who wait for an answer."""

import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DRAFTS = 500
WORDS = "Nous nous retrouvons chaque semaine dans une salle de la ville. " * 20


@contextmanager
def models() -> Iterator[Path]:
    """Give a folder with a model as deep and wide as real ones; what it says has no sense."""
    from tests.bot.translating import tiny_model

    with tempfile.TemporaryDirectory() as folder:
        tiny_model.install(Path(folder), "fr", "uk", {}, layers=6, width=512)
        yield Path(folder)


async def begin(app: Any) -> int:
    """Want more drafts than can be made while it is measured, and wait for the first one."""
    import asyncio

    from sqlalchemy import func, select

    from community import machine
    from community.machine import MachineText, State

    known = app.network.machine
    async with app.database.transaction() as session:
        for number in range(DRAFTS):
            text = f"{number}. {WORDS}"
            await machine.want(session, known, text, "fr", "uk", datetime.now(UTC))
    open_ones = select(func.count()).where(MachineText.state == State.WANTED)
    left = DRAFTS
    while left == DRAFTS:  # the engine is loaded
        await asyncio.sleep(0.1)
        async with app.database.transaction() as session:
            left = await session.scalar(open_ones) or 0
    return sys.maxsize


async def has_lasted(app: Any) -> bool:
    """Say whether there is still something to translate."""
    from sqlalchemy import func, select

    from community.machine import MachineText, State

    async with app.database.transaction() as session:
        wanted = select(func.count()).where(MachineText.state == State.WANTED)
        return bool(await session.scalar(wanted))


def sentence(n: int) -> dict[str, float]:
    """Say one sentence with a field in French: by the translator, and by a dictionary."""
    from locales import translator_for
    from locales.catalogue import path_of, read

    known = {str(m.id): str(m.string) for m in read(path_of("fr")) if m.id and not m.context}
    message = next(text for text in known if re.findall(r"{\w+}", text) == ["{name}"])
    _: Any = translator_for("fr")
    assert "Amina" in _(message, name="Amina")
    return {
        "ns": _timed(lambda: _(message, name="Amina"), n),
        "bare_ns": _timed(lambda: known[message].format(name="Amina"), n),
    }


def _timed(say: Callable[[], object], n: int) -> float:
    say()
    begun = time.perf_counter()
    for _number in range(n):
        say()
    return (time.perf_counter() - begun) / n * 1e9
