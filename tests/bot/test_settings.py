"""A wrong setting is answered by one line that says what to do, and never repeats the value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
        ("EMERGENCY_CONTACT", ""),
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


def test_run_without_a_token_ends_with_one_line_and_code_two(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "BOT_TOKEN" in done.stderr


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
