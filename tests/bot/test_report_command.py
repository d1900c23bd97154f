"""``diwan report`` writes what was told of a period, and says what keeps it from that."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.clock import SystemClock
from bot.database import Database
from bot.migrating import migrate_async
from community.roles import RoleName
from tests.handlers.test_brought import the_team
from tests.handlers.test_reading_evidence import told
from tests.reporting import five_quarters

NOW = SystemClock().now()


def diwan(*words: str) -> Result:
    return CliRunner().invoke(main, ["report", *words])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network of which five quarters were told."""
    address = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("DEFAULT_LANGUAGE", "fr")

    async def fill() -> None:
        await migrate_async(address)
        database = Database(address)
        async with database.transaction() as session:
            await the_team(session, NOW, RoleName.COORDINATOR)
        await told(database, five_quarters())
        await database.close()

    asyncio.run(fill())
    return tmp_path


def test_the_newest_quarter_in_the_networks_language_if_nothing_else_is_said() -> None:
    assert diwan("out.html").output == "out.html: 4th quarter 2026.\n"
    page = Path("out.html").read_text(encoding="utf-8")
    assert '<html lang="fr" dir="ltr">' in page
    assert "4e trimestre 2026" in page
    assert "exists already" in diwan("out.html").output
    assert diwan("out.html", "--force").exit_code == 0


def test_period_language_format_and_mark_are_said() -> None:
    given = ("--period", "2026q3", "--language", "ar", "--format", "html", "--mark", "محاكاة")
    assert diwan("out", *given).output == "out: 3rd quarter 2026.\n"
    page = Path("out").read_text(encoding="utf-8")
    assert '<html lang="ar" dir="rtl">' in page
    assert '<aside class="mark">محاكاة</aside>' in page
    assert r'content: "\00645\0062d' in page.replace(r"\000", r"\00"), "on each sheet"
    assert diwan("out.xlsx").output == "out.xlsx: 4th quarter 2026.\n"
    assert Path("out.xlsx").read_bytes().startswith(b"PK")
    assert diwan("out.zip", "--format", "csv").exit_code == 0


def test_the_cover_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORT_PUBLISHER", "Ville de Namur")
    monkeypatch.setenv("REPORT_LOGO", "none.png")
    refused = diwan("out.html")
    assert refused.output == "REPORT_LOGO: no readable file is there; correct the path.\n"
    assert refused.exit_code == 1
    monkeypatch.setenv("REPORT_LOGO", "")
    assert diwan("out.html").exit_code == 0
    assert "Ville de Namur" in Path("out.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("out.html", "--period", "2027Q1"),
            "Nothing was told of 2027Q1; periods that were told:",
        ),
        (("out.html", "--period", "x"), "Nothing was told of x;"),
        (("out.html", "--language", "xx"), "--language: xx is none of"),
        (("out.txt",), "--format: say one of html, xlsx, csv."),
        (("none/out.html",), "none/out.html cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(words: tuple[str, ...], line: str) -> None:
    told_why = diwan(*words)
    assert told_why.output.startswith(line)
    assert told_why.output.count("\n") == 1
    assert told_why.exit_code == 1
    assert not Path("out.html").exists()
