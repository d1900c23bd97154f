"""The directory in and out on the command line."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.clock import SystemClock
from bot.database import Database
from bot.migrating import migrate_async
from community.roles import RoleName
from tests.handlers.test_brought import the_team

NOW = SystemClock().now()
SAID = {
    "id": "o1",
    "name": "Help Desk",
    "description": "We help",
    "services": [
        {
            "id": "s1",
            "name": "Advice",
            "status": "active",
            "assured_date": "2026-01-01",
            "languages": [{"id": "l1", "code": "ar"}],
            "application_process": "Call first.\n1. Bring your papers\n2. Sign",
        }
    ],
}


def diwan(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A network with one coordinator."""
    address = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", address)

    async def fill() -> None:
        await migrate_async(address)
        database = Database(address)
        async with database.transaction() as session:
            await the_team(session, NOW, RoleName.COORDINATOR)
        await database.close()

    asyncio.run(fill())
    return address


@pytest.mark.usefixtures("address")
def test_a_directory_comes_in_and_goes_out_and_nothing_is_written_unasked() -> None:
    Path("in.json").write_text(json.dumps(SAID), encoding="utf-8")
    told = diwan("import", "hsds", "in.json")
    assert "➕ Service Advice" in told.output
    assert "➕ New: 2" in told.output
    assert told.output.endswith("Written: 0.\n"), told.output
    assert diwan("import", "hsds", "in.json", "--yes").output.endswith("Written: 2.\n")
    told = diwan("import", "hsds", "in.json", "--yes")
    assert "🟰 As it is: 2" in told.output
    assert told.output.endswith("Written: 0.\n")
    for path in ("out.json", "out.zip", "out"):
        assert diwan("export", "hsds", path).output == f"{path}: organisations: 1.\n"
        assert "exists already" in diwan("export", "hsds", path).output
        told = diwan("import", "hsds", path, "--yes")
        assert told.output.endswith("Written: 0.\n"), told.output
    assert json.loads(Path("out.json").read_text(encoding="utf-8")) == [SAID]


@pytest.mark.usefixtures("address")
def test_what_changes_is_told_line_by_line() -> None:
    Path("in.json").write_text(json.dumps(SAID), encoding="utf-8")
    diwan("import", "hsds", "in.json", "--yes")
    other = {**SAID, "email": "a@example.org", "tax_id": "7", "name": "Help Place"}
    Path("in.json").write_text(json.dumps(other), encoding="utf-8")
    told = diwan("import", "hsds", "in.json", "--yes").output.splitlines()
    assert told[:3] == [
        "✏️ Organisation Help Desk, name: “Help Desk” → “Help Place”",
        "✏️ Organisation Help Desk, email: “” → “a@example.org”",
        "✏️ Organisation Help Desk, tax_id: “” → “7”",
    ]
    assert told[-1] == "Written: 3."
    diwan("export", "hsds", "out.json")
    assert json.loads(Path("out.json").read_text(encoding="utf-8")) == [other]


@pytest.mark.usefixtures("address")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["import", "hsds", "missing.json"], "missing.json cannot be read"),
        (["import", "hsds", "bad.json"], "bad.json: This file is empty. Nothing was changed."),
        (["import", "hsds", "bad.json", "--language", "xx"], "--language: xx is none of"),
        (["import", "hsds", "good.json", "--as", "99"], "--as: 99 is no coordinator here."),
        (["export", "hsds", "nowhere/out.json"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: list[str], told: str) -> None:
    Path("bad.json").write_bytes(b"")
    Path("good.json").write_text(json.dumps(SAID), encoding="utf-8")
    done = diwan(*words)
    assert done.exit_code == 1
    assert told in done.output
    assert done.output.count("\n") == 1
