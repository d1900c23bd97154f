"""The full report of a quarter and a year, beside pandas that computes it from the data set.

Ours counts every fact in the tables, writes down who was counted, tells what may be told, and
makes the figures of all indicators, of all and by group. Beside it ``docs/rebuild.py``, which
imports nothing of ours, computes the same from the exported rows of the two periods, which it has
in memory before the clock starts. Both have to come to the same, to the last digit.
"""

import csv
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

PEOPLE, YEARS = 100_000, 3
NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
"""Two days after the last quarter and the last year have been counted."""
ZONE = ZoneInfo("Europe/Brussels")
REBUILD = Path(__file__).parents[1] / "docs" / "rebuild.py"


async def fill(url: str, people: int) -> None:
    """Simulate a network; what was before the last quarter and year has been told."""
    from bench import places
    from bot.database import Database
    from bot.migrating import migrate_async
    from bot.simulation import simulate, tell_periods
    from community import evidence

    await migrate_async(url)
    database = Database(url)
    async with database.transaction() as session:
        await simulate(session, people=people, seed=1, now=NOW, years=YEARS, zone=ZONE.key)
    if not database.is_sqlite:
        await places.administer("VACUUM ANALYZE", url)
    async with database.transaction() as session:
        await tell_periods(session, ZONE, evidence.shipped(), NOW)
    await database.close()
    if not database.is_sqlite:
        await places.administer("VACUUM ANALYZE", url)


async def report(url: str) -> dict[str, float]:
    """Tell the last quarter and year anew, and let pandas compute the same."""
    from bot.database import Database
    from community import evidence

    database, framework = Database(url), evidence.shipped()
    newest = [evidence.Period(NOW.year - 1, 4), evidence.Period(NOW.year - 1)]
    await _untell(database, newest)
    begin, cpu = time.monotonic(), time.process_time()
    async with database.transaction() as session:
        told = await evidence.freeze(session, NOW, ZONE, framework)
    async with database.snapshot() as session:
        ours = {period.code: await _figures(session, period, framework) for period in newest}
    result = {"seconds": time.monotonic() - begin, "cpu_s": time.process_time() - cpu}
    result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert sorted(told) == sorted(newest), told
    with tempfile.TemporaryDirectory() as folder:
        result["rows"] = await _export(database, Path(folder), set(ours))
        await database.close()
        theirs = _by_pandas(Path(folder))
    for code, figures in ours.items():
        assert theirs["found"][code]["figures"] == figures, code
    return {**result, **{f"pandas_{key}": theirs[key] for key in ("s", "cpu_s", "mib")}}


async def _untell(database: Any, periods: Sequence[Any]) -> None:
    from sqlalchemy import delete, select

    from community.evidence import EvidencePeriod, EvidenceRow

    async with database.transaction() as session:
        for period in periods:
            row = await session.scalar(
                select(EvidencePeriod).filter_by(year=period.year, number=period.number)
            )
            await session.execute(delete(EvidenceRow).where(EvidenceRow.period_id == row.id))
            await session.delete(row)


async def _export(database: Any, folder: Path, codes: Container[str]) -> int:
    """Write the data set of these periods; return how many people were counted in all facts."""
    from community.evidence.dataset import files

    count = 0
    async with database.transaction() as session:
        async for file in files(session, ZONE):
            at = file.columns.index("period") if "period" in file.columns else None
            with (folder / f"{file.name}.csv").open("w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(file.columns)
                async for row in file.rows:
                    if at is None or row[at] in codes:
                        writer.writerow(["" if value is None else value for value in row])
                        count += file.name.startswith("fact_")
    return count


def _by_pandas(folder: Path) -> Any:
    from community.evidence.framework import SHIPPED

    command = [sys.executable, "-m", "bench.evidence", str(folder), str(SHIPPED)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


async def _figures(session: Any, period: Any, framework: Any) -> Mapping[str, Any]:
    from sqlalchemy import select

    from community import evidence
    from community.evidence import EvidencePeriod
    from community.evidence.reading import published
    from community.figures import Hidden

    row = await session.scalar(
        select(EvidencePeriod).filter_by(year=period.year, number=period.number)
    )
    told = published(row).facts

    def fit(figure: Any) -> list[Any]:
        value = figure.value
        is_said = value is None or isinstance(value, Hidden)
        return [value if is_said else str(value), figure.n]

    return {
        code: {
            "": fit(evidence.figure(one, told)),
            **{
                by: {key: fit(figure) for key, figure in cells.items()}
                for by, cells in evidence.figures(one, told).items()
            },
        }
        for code, one in framework.indicators.items()
        if one.part.fact in told
    }


def _with_pandas(folder: Path, indicators: Path) -> None:
    """Read the files, then compute; print what came out and how long that took."""
    spec = importlib.util.spec_from_file_location("rebuild", REBUILD)
    assert spec is not None
    assert spec.loader is not None
    rebuild = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rebuild)
    there = {file.stem: rebuild.table(folder, file.stem) for file in folder.glob("*.csv")}
    vars(rebuild)["table"] = lambda _folder, name: there[name]
    begin, cpu = time.monotonic(), time.process_time()
    found = rebuild.main(folder, indicators)
    took = {"s": time.monotonic() - begin, "cpu_s": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"found": found, **took, "mib": peak}, sys.stdout)


if __name__ == "__main__":
    _with_pandas(Path(sys.argv[1]), Path(sys.argv[2]))
