"""A directory of many services in HSDS: imported, and beside it its file and rows the plain way.

Plain is ``json.load`` and one ``executemany`` for each table, of exactly the rows that the import
has made, into an empty database of the same tables and indices, in one transaction.
"""

import json
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from bench.contestants import Meter
from bot.database import Database
from bot.migrating import migrate_async
from community.people import Person
from community.providers import comparing
from community.providers import importing as writing
from community.providers.items import Directory
from community.roles import Role, RoleName
from reports.hsds import files
from reports.hsds.known import Known

SERVICES_EACH = 10
"""How many services an organisation has."""
TERMS = 16


def _service(number: int) -> dict[str, Any]:
    term = number % TERMS
    return {
        "id": f"service-{number}",
        "name": f"Advice number {number}",
        "description": "We help people who start a business with their first steps. " * 4,
        "status": "active",
        "email": f"advice{number}@example.org",
        "url": f"https://example.org/{number}",
        "application_process": "Call us, or come.\n1. Make an appointment\n2. Bring your papers",
        "eligibility_description": "Everybody who lives here and has a plan.",
        "x_kept": {"number": number},
        "phones": [{"id": f"phone-{number}", "number": f"+33 1 {number}"}],
        "languages": [{"id": f"lang-{number}-{code}", "code": code} for code in ("fr", "ar")],
        "cost_options": [{"id": f"cost-{number}", "amount": number % 50, "currency": "EUR"}],
        "attributes": [
            {
                "id": f"attribute-{number}",
                "taxonomy_term": {
                    "id": f"term-{term}",
                    "code": f"T{term}",
                    "name": f"Term {term}",
                    "description": "",
                },
            }
        ],
        "service_at_locations": [
            {
                "id": f"there-{number}",
                "location": {
                    "id": f"location-{number}",
                    "location_type": "physical",
                    "name": f"Office {number}",
                    "latitude": 48 + number % 100 / 100,
                    "longitude": 2 + number % 77 / 100,
                },
            }
        ],
        "schedules": [
            {
                "id": f"hours-{number}",
                "byday": "MO,TU",
                "opens_at": "09:00:00",
                "closes_at": "17:00:00",
            }
        ],
    }


def _directory(services: int) -> Iterator[dict[str, Any]]:
    return (
        {
            "id": f"organization-{number}",
            "name": f"Organisation {number}",
            "description": "A made-up organisation.",
            "services": [
                _service(number * SERVICES_EACH + at)
                for at in range(min(SERVICES_EACH, services - number * SERVICES_EACH))
            ],
        }
        for number in range(-(-services // SERVICES_EACH))
    )


def _written(path: Path, services: int) -> None:
    """Write it one by one: what has been in memory before would hide what the import needs."""
    with path.open("w") as file:
        before = "["
        for one in _directory(services):
            file.write(before + json.dumps(one))
            before = ", "
        file.write("]")


def _loaded(path: Path) -> tuple[float, float]:
    """Load the file, in a process of its own; return the CPU seconds, and MiB more at the peak."""
    before, begin = _peak(), time.process_time()
    with path.open() as file:
        json.load(file)
    return time.process_time() - begin, _peak() - before


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def importing(n: int, url: str) -> dict[str, float]:
    """Import so many services, and insert the same rows plainly; return what both took."""
    await migrate_async(url)
    now = datetime.now(UTC)
    database = Database(url)
    async with database.transaction() as session:
        boss = Person(telegram_id=1, name="Boss", language="en", met_at=now)
        session.add(boss)
        await session.flush()
        session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=now))
    await database.close()
    there = Path(make_url(url).database or "")
    with tempfile.TemporaryDirectory() as folder:
        empty, path = Path(folder, "empty.db"), Path(folder, "directory.json")
        shutil.copy(there, empty)
        _written(path, n)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            load_s, load_mib = apart.submit(_loaded, path).result()
        before = _peak()
        database = Database(url)
        with Meter() as meter, files.from_path(path, Known()) as directory:
            await _write(database, boss, directory, now)
        peak = _peak() - before
        await database.close()
        return {
            "seconds": meter.seconds,
            "cpu_s": meter.cpu,
            "peak_mib": peak,
            "load_mib": load_mib,
            "plain_cpu_s": load_s + _plainly(there, empty),
        }


async def _write(database: Database, boss: Person, directory: Directory, now: datetime) -> None:
    async with database.transaction() as session:
        plan = await comparing.compare(session, boss, directory, "en", now)
        await writing.write(session, boss, plan, "en", now)


def _plainly(there: Path, empty: Path) -> float:
    """Insert the rows of one database into another; return the CPU seconds."""
    with closing(sqlite3.connect(there)) as made, closing(sqlite3.connect(empty)) as plain:
        names = [
            name for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        rows = {}
        for name in names:
            had = plain.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            every = made.execute(f"SELECT * FROM {name}").fetchall()
            if not had and every:
                rows[name] = every
        begin = time.process_time()
        with plain:
            for name, every in rows.items():
                marks = ", ".join("?" * len(every[0]))
                plain.executemany(f"INSERT INTO {name} VALUES ({marks})", every)
        return time.process_time() - begin
