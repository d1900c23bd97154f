"""What a directory is read with, compared and written does not grow with the directory."""

import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database
from community import disk
from community.providers import comparing, importing, standing
from reports.hsds import files, reading, tables
from reports.hsds.known import Known
from tests.reports.test_hsds import a_coordinator

FEW, MANY = 150, 600
MOST = 2**21
MORE = 2**18
"""So many bytes more than for few services many may need; what they say is ten times that."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few services be several parts already."""
    for module in (disk, standing, reading):
        monkeypatch.setattr(module, "AT_ONCE", 50)
    monkeypatch.setattr(files, "CHUNK", 2**12)


def organizations(services: int) -> Iterator[dict[str, Any]]:
    for number in range(services):
        hours = {"id": f"h{number}", "byday": "MO", "opens_at": "09:00", "closes_at": "17:00"}
        service = {
            "id": f"s{number}",
            "name": f"Advice {number % 20}",
            "status": "active",
            "application_process": "We help with the first steps. " * 20,
            "wait_time": f"{number} long words. " * 30,
            "schedules": [hours],
            "x_kept": [number] * 40,
        }
        yield {"id": f"o{number}", "name": f"Help {number % 20}", "services": [service]}


def as_json(folder: Path, services: int) -> Path:
    path = folder / "x.json"
    path.write_text(json.dumps([*organizations(services)]))
    return path


def as_tables(folder: Path, services: int) -> Path:
    (folder / "tables").mkdir()
    for name, content in tables.package(organizations(services)).items():
        (folder / "tables" / name).write_bytes(content)
    return folder / "tables"


@contextmanager
def peak() -> Iterator[list[int]]:
    """Give the bytes that were needed at most, at the end."""
    found: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        yield found
        found.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("made", [as_json, as_tables])
def test_what_is_read_of_many_services_is_in_memory_as_that_of_few(
    tmp_path: Path, made: Callable[[Path, int], Path]
) -> None:
    needed = []
    for services in (1, FEW, MANY):  # the first time everything else is made that stays
        folder = tmp_path / str(services)
        folder.mkdir()
        path = made(folder, services)
        with peak() as bytes_:
            directory = files.from_path(path, Known(), MOST)
            assert len(directory.items["service"]) == len(directory.notes) == services
        needed += bytes_
    assert needed[2] - needed[1] < MORE, needed


async def test_what_is_read_compared_and_written_of_many_is_in_memory_as_that_of_few(
    database: Database, now: datetime, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        boss = await a_coordinator(session, now)
    needed = []
    for services in (1, FEW, MANY):
        path = as_json(tmp_path, services)
        with peak() as bytes_:
            directory = files.from_path(path, Known(), MOST)
            async with database.transaction() as session:
                plan = await comparing.compare(session, boss, directory, "en", now)
                await importing.write(session, boss, plan, "en", now)
                assert len(plan.new) > services
                await session.rollback()
        needed += bytes_
    assert needed[2] - needed[1] < 2 * MORE, needed
