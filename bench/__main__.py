"""``make bench``: every contestant in the same run, interleaved; medians and ratios.

``python -m bench press send`` measures a part of it, ``--on`` on one database only, and
``python -m bench profile press`` tells where the time goes. Nothing here is asserted: machines are
noisy, and a timed test is a lie waiting for a busy day.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench import (
    eventful,
    evidence,
    finding,
    limits,
    opening,
    places,
    planning,
    profiles,
    rounding,
    surveying,
)
from bench.contestants import PRESSERS, TOKEN, greeting

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
UPDATES, SENDS, PRESSES, MILLION, SENTENCES = 10_000, 10_000, 200, 1_000_000, 200_000
SERVICES = 20_000
FILLED = ("million", "evidence")
"""What is measured on one database in every round, because filling it takes minutes."""
IDLE = 2.0
"""Seconds after the first answer until an idle bot's memory is looked at."""


@dataclass(frozen=True)
class Case:
    """One contestant, on one database if it has any."""

    name: str
    on: str = ""
    n: int = 0
    people: int = 0

    def __str__(self) -> str:
        """Return what is said while it runs."""
        return f"{self.name} on {self.on}" if self.on else self.name


Results = dict[Case, list[dict[str, float]]]


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def stub() -> Iterator[str]:
    """Run the stub server in a process of its own; give its address."""
    port = _port()
    command = [sys.executable, "-m", "bench.stub", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _run(name: str, *args: object, profile: str = "") -> dict[str, float]:
    """Run a contestant in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.contestants", name, *map(str, args)],
        cwd=ROOT,
        env={**os.environ, "BENCH_PROFILE": profile},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


async def measure(case: Case, filled: dict[str, str], profile: str = "") -> dict[str, float]:
    """Run one contestant once, on a fresh database, or on one that has been filled."""
    if case.name in FILLED:
        return _run(case.name, "", case.n, filled[str(case)])
    if case.name == "sentence":
        return _run(case.name, "", case.n)
    async with AsyncExitStack() as stack:
        base = stack.enter_context(stub())
        if case.name == "start":
            return first_answer(base, ours=bool(case.on))
        url = ""
        if case.name == "importing":
            url = await stack.enter_async_context(places.fresh(case.on))
            return _run(case.name, "", case.n, url, profile=profile)
        if case.on:
            url = await stack.enter_async_context(places.fresh(case.on))
            _run("crowd", base, case.people, url)
        return _run(case.name, base, case.n, url, profile=profile)


def first_answer(base: str, *, ours: bool) -> dict[str, float]:
    """Start a bot; return the seconds to its first answer, and the memory it then idles with."""
    with tempfile.TemporaryDirectory() as folder:
        body = json.dumps([greeting(0, "/start")]).encode()
        urllib.request.urlopen(f"{base}/load", body).close()
        module = ["bot", "run"] if ours else ["bench.contestants", "serve", base, "0"]
        settings = {
            "BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE": base,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bench.db",
            "HEALTH_PORT": str(_port()),
        }
        begin = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        urllib.request.urlopen(f"{base}/await?method=sendmessage&times=1").close()
        took = time.monotonic() - begin
        time.sleep(IDLE)
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        process.kill()
        process.wait()
        return {"seconds": took, "idle_mib": pages * os.sysconf("SC_PAGE_SIZE") / 2**20}


def cases(what: set[str], kinds: list[str], n: int = 0) -> list[Case]:
    """Return who competes."""
    found = []
    updates, sends = n or UPDATES, n or SENDS
    if "press" in what:
        found += [Case("echo", n=updates)]
        found += [Case("press", on, updates, PRESSERS) for on in kinds]
    if "send" in what:
        found += [Case("bare", n=sends), *(Case("send", on, sends, sends) for on in kinds)]
    if "replies" in what:
        for name in ("replies", "flooded"):
            found += [Case(name, on, n or PRESSES, SENDS) for on in kinds]
    if "translate" in what:
        found += [Case("sentence", "memory", n or SENTENCES)]
        found += [Case("drafting", on, n or PRESSES, SENDS) for on in kinds]
    for name, shown, people in (
        ("find", finding.SHOWN, PRESSERS),
        ("events", eventful.SHOWN, eventful.PEOPLE),
        ("planning", planning.SHOWN, planning.PEOPLE),
        ("opening", opening.SHOWN, PRESSERS),
        ("surveying", surveying.SHOWN, PRESSERS),
    ):
        if name in what:
            found += [Case(name, on, n or shown, people) for on in kinds]
    for name, count, people in (
        ("gathering", sends, sends),
        ("rounding", n or rounding.PEOPLE, n or rounding.PEOPLE),
        ("million", MILLION, 0),
        ("evidence", n or evidence.PEOPLE, 0),
    ):
        if name in what:
            found += [Case(name, on, count, people) for on in kinds]
    if "importing" in what and "sqlite" in kinds:
        found += [Case("importing", "sqlite", n or SERVICES)]
    if "start" in what:
        found += [Case("start"), Case("start", "sqlite")]
    return found


PARTS = (
    *(
        "press",
        "send",
        "replies",
        "translate",
        "find",
        "events",
        "gathering",
        "planning",
        "rounding",
        "opening",
        "surveying",
        "evidence",
        "million",
        "importing",
        "start",
    ),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"{', '.join(PARTS)}; limits; profile and one")
    parser.add_argument("--on", choices=places.kinds(), help="one of the databases")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--n", type=int, default=0, help="so many updates and messages instead")
    parser.add_argument("--seconds", type=float, default=60, help="how long each sender sends")
    parser.add_argument("--at-once", type=int, default=3, help="how many of them at a time")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    given = parser.parse_args()
    kinds = [given.on] if given.on else places.kinds()
    if given.what[:1] == ["profile"]:
        print(_profile(given.what[1], given.on or "sqlite", given.n or PROFILED))
    elif given.what == ["limits"]:
        table = limits.measure(given.seconds, given.at_once, _port)
        print(table)
        if given.write:
            _write(table, "limits: ")
    else:
        chosen = cases(set(given.what or PARTS), kinds, given.n)
        results = asyncio.run(_rounds(chosen, given.rounds))
        table = _table(results, given.rounds)
        print(table)
        if given.write:
            _write(table)


async def _rounds(chosen: list[Case], rounds: int) -> Results:
    results: Results = {case: [] for case in chosen}
    async with AsyncExitStack() as stack:
        filled = {}
        for case in (case for case in chosen if case.name in FILLED):
            filled[str(case)] = await stack.enter_async_context(places.fresh(case.on))
            _run(f"fill {case.name}", "", case.n, filled[str(case)])
        for number in range(rounds):
            for case in random.sample(chosen, len(chosen)):
                results[case].append(await measure(case, filled))
                told = f"round {number + 1} of {rounds}: {case}: {results[case][-1]}"
                print(told, file=sys.stderr)
    return results


PROFILED = 500
"""So many updates or messages without ``--n``: under a profiler each takes many times as long."""


def _profile(name: str, on: str, n: int) -> str:
    """Return where the time of one contestant goes."""
    (case,) = (case for case in cases({name}, [on], n) if case.name == name)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/profile"
        asyncio.run(measure(case, {}, path))
        return f"{case}\n\n{profiles.table(path, case.n)}"


def _write(table: str, name: str = "") -> None:
    """Put a table between its marks in the docs."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}begin -->\n", f"<!-- {name}end -->"
    before, _, rest = text.partition(begin)
    PAGE.write_text(before + begin + table + end + rest.partition(end)[2], encoding="utf-8")


NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "memory": "–"}


@dataclass(frozen=True)
class Row:
    """One line of the table: what of ours is compared with what, of another case or its own."""

    what: str
    name: str
    key: str
    against: str
    other_key: str = ""
    digits: int = 0


ROWS = (
    Row("CPU µs per press handled, against an echo", "press", "cpu_us", "echo"),
    Row("presses a second, against echoes", "press", "per_second", "echo"),
    Row("MiB more after all of them", "press", "growth_mib", "echo"),
    Row("CPU µs per message sent, against `Bot.send_message`", "send", "cpu_us", "bare"),
    Row("messages sent a second, against `Bot.send_message`", "send", "per_second", "bare"),
    Row(
        "95 of 100 answers within so many ms while a send leaves at 28 a second, against idle",
        *("replies", "busy_ms", "replies", "idle_ms"),
    ),
    Row(
        "the same while it leaves as fast as the machine can",
        *("flooded", "busy_ms", "flooded", "idle_ms"),
    ),
    Row(
        "ns to say a sentence, against a dictionary look-up and `str.format`",
        *("sentence", "ns", "sentence", "bare_ns"),
    ),
    Row(
        "ms to the median answer while a machine drafts, against idle",
        *("drafting", "busy_median_ms", "drafting", "idle_median_ms", 1),
    ),
    Row(
        "CPU µs to answer a need in a language among 20,000 services, against /menu",
        *("find", "need_us", "find", "menu_us"),
    ),
    Row("the same, nearest first", "find", "given_near_us", "find", "menu_us"),
    Row("a need in any language, nearest first", "find", "near_us", "find", "menu_us"),
    Row("words with a slip, in all of them", "find", "words_us", "find", "menu_us"),
    Row(
        "CPU µs to list what is to come, of 5,000 events with 100,000 answers, against /menu",
        *("events", "list_us", "events", "menu_us"),
    ),
    Row("the third page of it", "events", "page_us", "events", "menu_us"),
    Row(
        "an animator's list of all of them, against their own /menu",
        *("events", "desk_us", "events", "menu_alone_us"),
    ),
    Row(
        "CPU µs to compose and render a digest, against a newsletter to the same people",
        *("gathering", "digest_us", "gathering", "newsletter_us"),
    ),
    Row(
        "CPU µs to show who can come of 10,000 invited, against /menu",
        *("planning", "planner_us", "planning", "menu_us"),
    ),
    Row("fifty venues ranked for them", "planning", "venues_us", "planning", "menu_us"),
    Row(
        f"CPU seconds of a round of matches for {rounding.PEOPLE:,}, against the bare assignment",
        *("rounding", "cpu_s", "rounding", "bare_s", 2),
    ),
    Row("MiB of memory at its peak", "rounding", "peak_mib", ""),
    Row(
        "CPU µs to open a proposal, against answering an event",
        *("opening", "match_us", "opening", "answer_us"),
    ),
    Row("to open an ask", "opening", "post_us", "opening", "answer_us"),
    Row(
        "CPU µs to answer a question of a survey, against answering an event",
        *("surveying", "survey_us", "surveying", "answer_us"),
    ),
    Row(
        f"seconds to tell a quarter and a year of {evidence.PEOPLE:,} people, against pandas",
        *("evidence", "seconds", "evidence", "pandas_s", 1),
    ),
    Row(
        "MiB of memory at its peak, against pandas",
        *("evidence", "peak_mib", "evidence", "pandas_mib"),
    ),
    Row(
        f"seconds to plan a send to {MILLION:,}, against a bulk insert of the same rows",
        *("million", "plan_s", "million", "bulk_s", 1),
    ),
    Row(
        "seconds of its dry run, against a count of its readers by language",
        *("million", "dry_s", "million", "readers_s", 2),
    ),
    Row(
        "the same, against a count of all members by language",
        *("million", "dry_s", "million", "everybody_s", 2),
    ),
    Row("MiB more memory while it is planned", "million", "growth_mib", "", digits=0),
    Row(
        f"CPU seconds to import {SERVICES:,} services, against `json.load` and plain inserts",
        *("importing", "cpu_s", "importing", "plain_cpu_s", 1),
    ),
    Row(
        "MiB more memory at its peak, against `json.load` alone",
        *("importing", "peak_mib", "importing", "load_mib"),
    ),
    Row("seconds from start to first answer, against echo", "start", "seconds", "start", digits=2),
    Row("MiB of memory idle, against echo", "start", "idle_mib", "start"),
)


def _machine() -> str:
    """Describe where and with what this was measured, and how busy it is at the end."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    parts = [
        f"{time.strftime('%d %B %Y').lstrip('0')}, commit {commit or 'unknown'}",
        f"{os.cpu_count()} cores" + (f" ({model[1]})" if model else "") + f", {gib:.0f} GiB",
        f"{platform.system()}, Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in ("aiogram", "SQLAlchemy")),
        f"SQLite {sqlite3.sqlite_version}",
        *([f"PostgreSQL {asyncio.run(places.version())}"] if places.POSTGRESQL else []),
        f"load {os.getloadavg()[1]:.1f}",
    ]
    return ", ".join(parts)


def _table(results: Results, rounds: int) -> str:
    """Return the medians, and how often ours is the other."""

    def median(case: Case, key: str) -> float:
        return statistics.median(result[key] for result in results[case])

    lines = [
        f"Medians of {rounds} {'round' if rounds == 1 else 'rounds'}, interleaved; {_machine()}.",
        "",
        "| what | on | Diwan | the other | ratio |",
        "|---|---|---:|---:|---:|",
    ]
    for row in ROWS:
        for case in (case for case in results if case.name == row.name and case.on):
            numbers = [median(case, row.key)]
            if row.against:
                other = case if row.other_key else Case(row.against, n=case.n)
                numbers.append(median(other, row.other_key or row.key))
            cells = [f"{number:,.{row.digits}f}" for number in numbers]
            cells += [f"{numbers[0] / numbers[1]:.2f}"] if row.against else ["", ""]
            lines.append(f"| {row.what} | {NAMES[case.on]} | {' | '.join(cells)} |")
    if not places.POSTGRESQL:
        lines += ["", places.SKIPPED]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
