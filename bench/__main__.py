"""``make bench``: every contestant in the same run, interleaved; medians and ratios.

Nothing here is asserted: machines are noisy, and a timed test is a lie waiting for a busy day.
"""

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

from bench import limits
from bench.contestants import TOKEN

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
UPDATES, SENDS = 2000, 3000


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stub:
    """The stub server, in a process of its own."""

    def __enter__(self) -> "Stub":
        port = _port()
        self.base = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.stub", str(port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def calls(self, method: str) -> int:
        """Return how often a method was called."""
        with urllib.request.urlopen(f"{self.base}/count") as answer:
            return int(json.load(answer)["calls"].get(method, 0))

    def load(self, updates: list[object]) -> None:
        """Queue updates."""
        body = json.dumps(updates).encode()
        request = urllib.request.Request(
            f"{self.base}/load", body, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()


def measure(name: str, n: int) -> dict[str, float]:
    """Run one contestant once."""
    with Stub() as stub:
        done = subprocess.run(
            [sys.executable, "-m", "bench.contestants", name, stub.base, str(n)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(done.stderr)
        return dict(json.loads(done.stdout.splitlines()[-1]))


def first_answer(what: str) -> dict[str, float]:
    """Return the seconds from the start of the process to the first answer."""
    with Stub() as stub, tempfile.TemporaryDirectory() as folder:
        person = {"id": 1000, "is_bot": False, "first_name": "A", "language_code": "en"}
        message = {
            "message_id": 1,
            "date": 1_790_000_000,
            "from": person,
            "chat": {"id": 1000, "type": "private", "first_name": "A"},
            "text": "/start",
        }
        stub.load([{"update_id": 1, "message": message}])
        command = (
            [sys.executable, "-m", "bench.contestants", "serve", stub.base, "0"]
            if what == "echo"
            else [sys.executable, "-m", "bot", "run"]
        )
        settings = {
            "BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE": stub.base,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bench.db",
        }
        begin = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while stub.calls("sendmessage") < 1:
            time.sleep(0.02)
        took = time.monotonic() - begin
        process.kill()
        process.wait()
        return {"seconds": took}


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["everything", "limits"], default="everything")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60, help="how long each sender sends")
    parser.add_argument("--at-once", type=int, default=3, help="how many of them at a time")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    given = parser.parse_args()
    if given.what == "limits":
        table = limits.measure(given.seconds, given.at_once, _port)
        print(table)
        if given.write:
            _write(table, "limits: ")
        return
    results: dict[str, list[dict[str, float]]] = defaultdict(list)
    for number in range(given.rounds):
        cases = ["echo", "ours", "bare", "send", "first echo", "first ours"]
        random.shuffle(cases)
        for case in cases:
            print(f"round {number + 1} of {given.rounds}: {case}", file=sys.stderr)
            if case.startswith("first "):
                results[case].append(first_answer(case.removeprefix("first ")))
            else:
                n = UPDATES if case in {"echo", "ours"} else SENDS
                results[case].append(measure(case, n))
    table = _table(results, given.rounds)
    print(table)
    if given.write:
        _write(table)


def _write(table: str, name: str = "") -> None:
    """Put a table between its marks in the docs."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}begin -->\n", f"<!-- {name}end -->"
    before, _, rest = text.partition(begin)
    PAGE.write_text(before + begin + table + end + rest.partition(end)[2], encoding="utf-8")


def _median(results: dict[str, list[dict[str, float]]], case: str, key: str) -> float:
    return statistics.median(result[key] for result in results[case])


def _table(results: dict[str, list[dict[str, float]]], rounds: int) -> str:
    def row(what: str, ours: tuple[str, str], bare: tuple[str, str], digits: int = 0) -> str:
        a, b = _median(results, *ours), _median(results, *bare)
        return f"| {what} | {a:,.{digits}f} | {b:,.{digits}f} | {a / b:.2f} |"

    lines = [
        f"Medians of {rounds} rounds, interleaved, SQLite, a stub server on loopback.",
        "",
        "| what | Diwan | bare aiogram | ratio |",
        "|---|---:|---:|---:|",
        row(
            "CPU µs per handled press (inbox, transaction, reply) against an echo",
            ("ours", "cpu_us"),
            ("echo", "cpu_us"),
        ),
        row("presses a second against echoes", ("ours", "per_second"), ("echo", "per_second")),
        row(
            "messages a second through the delivery table against `Bot.send_message`, 30 at once",
            ("send", "per_second"),
            ("bare", "per_second"),
        ),
        row("CPU µs per message sent", ("send", "cpu_us"), ("bare", "cpu_us")),
        row("memory idle, MiB", ("ours", "idle_mib"), ("echo", "idle_mib")),
        row("memory afterwards, MiB", ("ours", "after_mib"), ("echo", "after_mib")),
        row(
            "seconds from start to first answer",
            ("first ours", "seconds"),
            ("first echo", "seconds"),
            2,
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
