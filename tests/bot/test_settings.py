"""A wrong setting is answered by one line that says what to do, and never repeats the value."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from bot.addresses import for_driver
from bot.settings import Settings, SettingsError, load

GOOD_TOKEN = "123456789:" + "A" * 35


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower() in Settings.model_fields or name.endswith("_FILE"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default_but_the_token() -> None:
    settings = load()
    assert settings.bot_token is None
    assert settings.default_language == "en"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", "123:short"),
        ("BOT_TOKEN", "not a token at all"),
        ("BOT_TOKEN", GOOD_TOKEN + "\nX"),
        ("TELEGRAM_API_BASE", "ftp://example.org"),
        ("TELEGRAM_API_BASE", "https://?token=1"),
        ("DATABASE_URL", "sqlite:///file.db"),
        ("DATABASE_URL", "postgresql://host/name"),
        ("DATABASE_URL", "postgresql+asyncpg://host"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("DATABASE_URL", "sqlite+aiosqlite:///file.db?foo=bar"),
        ("DATABASE_URL", "sqlite+aiosqlite://host/file.db"),
        ("DATABASE_URL", "postgresql+asyncpg://u@host:0/name"),
        ("DATABASE_URL", "postgresql+asyncpg://u@host:65536/name"),
        ("DATABASE_URL", "postgresql+asyncpg://u@host/name?foo=bar"),
        ("DATABASE_URL", "postgresql+asyncpg://u@host/name?sslmode=perhaps"),
        ("DATABASE_URL", "postgresql+asyncpg://u@host/name?sslmode=require&sslmode=disable"),
        ("DATABASE_URL", "postgresql+asyncpg://u@host/name?sslrootcert=/nowhere"),
        ("TELEGRAM_API_BASE", "http://[::1"),
        ("TELEGRAM_API_BASE", "http://localhost:65536"),
        ("TELEGRAM_API_BASE", "http://localhost:0"),
        ("TELEGRAM_API_BASE", "http://:8081"),
        ("BOT_MODE", "push"),
        ("WEBHOOK_URL", "ftp://example.org/telegram"),
        ("WEBHOOK_URL", "https://example.org"),
        ("WEBHOOK_URL", f"https://example.org/{GOOD_TOKEN}"),
        ("WEBHOOK_SECRET", "short"),
        ("WEBHOOK_SECRET", "with spaces and points......"),
        ("WEBHOOK_SECRET", "A" * 257),
        ("WEB_HOST", "0.0.0.0:80/x"),
        ("WEB_PORT", "1e9"),
        ("WEB_PORT", "-1"),
        ("WEB_PORT", "0"),
        ("WEB_PORT", "abc"),
        ("WEB_PORT", "65536"),
        ("HEALTH_PORT", "٣٣٣٣٣٣٣"),
        ("HEALTH_PORT", "99999"),
        ("TRUSTED_PROXY", "proxy.example"),
        ("TRUSTED_PROXY", "10.0.0.1/8"),
        ("DEFAULT_LANGUAGE", "xx"),
        ("DEFAULT_LANGUAGE", ""),
        ("TIMEZONE", "Mars/Olympus"),
        ("COUNTRY", "XX"),
        ("COUNTRY", "BE-NOWHERE"),
        ("CURRENCY", "EURO"),
        ("CURRENCY", "XXY"),
        ("EMERGENCY_CONTACT", ""),
        ("REPORT_PUBLISHER", "x" * 201),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load()
    line = str(refused.value)
    assert line.startswith(f"{name}: ")
    assert "\n" not in line
    assert not value or value not in line


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://u:p@w:hunter2@db/diwan",
        "postgresql+asyncpg://u:hunter2:@db:hunter2/diwan",
        "postgresql+asyncpg://u@db/diwan?hunter2=1&host=hunter2:x&host=y:1",
        "hunter2://db/diwan",
    ],
)
def test_no_part_of_a_password_is_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsError) as refused:
        load()
    assert "hunter2" not in str(refused.value)
    assert "literal" not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("", None),
        ("?sslmode=disable", "disable"),
        ("?sslmode=require", "require"),
        ("?ssl=prefer", "prefer"),
        ("?host=/run/postgresql", None),
    ],
)
def test_what_hosted_postgresql_hands_out_is_understood(query: str, mode: str | None) -> None:
    text = f"postgresql+asyncpg://u:secret@host:5433/name{query}"
    url = load(database_url=text).database_url.get_secret_value()
    rest, arguments = for_driver(make_url(url))
    assert arguments == ({"ssl": mode} if mode else {})
    assert not {"ssl", "sslmode"} & set(rest.query)
    assert rest.password == "secret"


@pytest.mark.parametrize(("mode", "by_name"), [("verify-ca", False), ("verify-full", True)])
def test_a_server_is_verified_against_what_the_machine_trusts(mode: str, by_name: bool) -> None:
    url = f"postgresql+asyncpg://u@host/name?sslmode={mode}"
    _, arguments = for_driver(make_url(load(database_url=url).database_url.get_secret_value()))
    context = arguments["ssl"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is by_name


def test_a_blank_file_of_erasures_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERASURES_FILE", "")
    assert load().erasures_file is None


def test_a_dotenv_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("EMERGENCY_CONTACT=Zoë\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"^\.env: .*UTF-8"):
        load()


def test_a_file_named_in_the_dotenv_file_is_read_unless_the_environment_says_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(GOOD_TOKEN + "\n")
    (tmp_path / ".env").write_text("BOT_TOKEN=\nBOT_TOKEN_FILE=token\nDATABASE_URL_FILE=none\n")
    monkeypatch.setenv("DATABASE_URL", "sqlite+aiosqlite:///other.db")
    with pytest.raises(SettingsError, match="DATABASE_URL_FILE"):
        load()
    (tmp_path / "none").write_text("sqlite+aiosqlite:///file.db")
    settings = load()
    assert settings.bot_token is not None
    assert settings.bot_token.get_secret_value() == GOOD_TOKEN
    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///other.db"


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(GOOD_TOKEN + "\n")
    monkeypatch.setenv("BOT_TOKEN_FILE", str(path))
    token = load().bot_token
    assert token is not None
    assert token.get_secret_value() == GOOD_TOKEN


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN_FILE", "/nowhere/at/all")
    with pytest.raises(SettingsError, match="BOT_TOKEN_FILE"):
        load()


def test_the_dotenv_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TIMEZONE=Asia/Tokyo\n")
    assert load().timezone == "Asia/Tokyo"


def command(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``diwan`` with nothing set but what is given."""
    root = Path(__file__).parents[2]
    environment = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(root), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_run_without_a_token_ends_with_one_line_and_code_two(tmp_path: Path) -> None:
    done = command(tmp_path, "run")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "BOT_TOKEN" in done.stderr


def test_migrating_a_damaged_file_ends_with_one_line_and_code_two(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"this is no database at all" * 100)
    done = command(tmp_path, "migrate", DATABASE_URL="sqlite+aiosqlite:///a.db")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("DATABASE_URL: ")


def test_check_says_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = command(
        tmp_path,
        "check",
        DATABASE_URL="sqlite+aiosqlite:///file/a.db",
        ERASURES_FILE=str(tmp_path / "file" / "erasures"),
    )
    assert done.returncode == 1
    assert done.stderr == ""
    assert "NO  database: file/a.db cannot be written" in done.stdout
    assert "NO  file of erasures: ERASURES_FILE" in done.stdout


@pytest.mark.parametrize(
    ("missing", "given"),
    [
        ("WEBHOOK_URL", {"webhook_secret": "A" * 16}),
        ("WEBHOOK_SECRET", {"webhook_url": "https://example.org/telegram"}),
        ("WEBHOOK_SECRET", {"webhook_url": "https://example.org/telegram", "webhook_secret": ""}),
        (
            "WEBHOOK_URL",
            {"webhook_url": "http://example.org/telegram", "webhook_secret": "A" * 16},
        ),
    ],
)
def test_a_webhook_without_address_or_secret_is_refused(
    missing: str, given: dict[str, str]
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(bot_mode="webhook", **given)
    assert str(refused.value).startswith(f"{missing}: ")
    assert "\n" not in str(refused.value)


def test_a_secret_of_the_webhook_may_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("A" * 32 + "\n")
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))
    settings = load(bot_mode="webhook", webhook_url="https://example.org/telegram")
    assert settings.webhook_secret is not None
    assert settings.webhook_secret.get_secret_value() == "A" * 32
    assert "A" * 32 not in repr(settings)
