"""Every setting, typed, documented, read once from the environment and `.env`.

A wrong one is answered by one line that says what to do; the value is never repeated, because it
may be a secret.
"""

import os
import re
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from locales import OFFERED

TOKEN = re.compile(r"[1-9]\d{4,14}:[\w-]{30,60}")
SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
SECRETS = ("BOT_TOKEN", "DATABASE_URL", "WEBHOOK_SECRET")
"""Settings that may also be given as a file: BOT_TOKEN_FILE, DATABASE_URL_FILE …"""


class Part(StrEnum):
    """What a process may do; without ``--only`` it does all three."""

    RECEIVE = "receive"
    SEND = "send"
    SCHEDULE = "schedule"


class SettingsError(Exception):
    """A setting is missing or wrong. The message is one line that says what to do."""


class Settings(BaseSettings):
    """What an operator sets. Names are those of the environment."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", case_sensitive=False
    )

    bot_token: SecretStr | None = Field(
        None, description="The token that @BotFather gives you. Needed by `diwan run`."
    )
    bot_mode: Literal["polling", "webhook"] = Field(
        "polling",
        description="How updates come: the bot asks for them, or Telegram brings them.",
    )
    webhook_url: str | None = Field(
        None, description="Where Telegram brings updates to: the https:// address of your proxy."
    )
    webhook_secret: SecretStr | None = Field(
        None, description="What Telegram shows with each update; nothing is taken without it."
    )
    web_host: str = Field("127.0.0.1", description="Where the webhook is listened for.")
    web_port: int = Field(8081, ge=1, le=65535, description="And on which port.")
    trusted_proxy: str | None = Field(
        None,
        description="The proxy's address or network; what others say of whom they forward for "
        "is not believed.",
    )
    health_port: int = Field(
        0, ge=0, le=65535, description="/healthz and /metrics, on this machine only; 0: nowhere."
    )
    telegram_api_base: str = Field(
        "https://api.telegram.org",
        description="The Bot API server: Telegram's, your own, or the emulator.",
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///var/diwan.db"),
        description="Where the data are: sqlite+aiosqlite:///FILE or postgresql+asyncpg://….",
    )
    erasures_file: Path | None = Field(
        None,
        description="Where it is noted, outside the database, who was erased (keyed hashes); "
        "beside the SQLite file if not set.",
    )
    default_language: str = Field(
        "en", description="The network's own language, one of those that `locales/` offers."
    )
    timezone: str = Field(
        "Europe/Brussels", description="Where the network is: an IANA zone such as Europe/Paris."
    )
    emergency_contact: str = Field(
        "112", description="Whom /help says to call instead: this bot is no emergency service."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged. Never a person's words, never a token."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Lines for people or for machines."
    )

    @field_validator("bot_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if not TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("must look like 123456:ABC…; copy it from @BotFather once more")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not re.fullmatch(r"https?://[^\s/?#@]+/[^\s?#]+", value):
            raise ValueError("must be an https:// address with a path, such as …/telegram")
        if TOKEN.search(value):
            raise ValueError("must not contain the token: addresses end up in logs")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if not SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("must be 16 to 256 of the characters A-Z a-z 0-9 _ -")
        return value

    @field_validator("web_host")
    @classmethod
    def _host(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.:-]+", value, re.ASCII):
            raise ValueError("must be the name or address of an interface, such as 0.0.0.0")
        return value

    @field_validator("trusted_proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            ip_network(value)
        except ValueError:
            raise ValueError("must be an address or a network such as 10.0.0.0/8") from None
        return value

    @field_validator("telegram_api_base")
    @classmethod
    def _base(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
            raise ValueError("must be an http:// or https:// address without a query")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        problem = "must be sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME"
        try:
            url = make_url(value.get_secret_value())
        except ArgumentError:
            raise ValueError(problem) from None
        if url.drivername not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
            raise ValueError(problem)
        if not url.database:
            raise ValueError(problem)
        return value

    @field_validator("default_language")
    @classmethod
    def _language(cls, value: str) -> str:
        if value not in OFFERED:
            raise ValueError(f"must be one of: {', '.join(OFFERED)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("must be an IANA time zone such as Europe/Paris")
        return value

    @field_validator("emergency_contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if not 0 < len(value.strip()) <= 60:
            raise ValueError("must be a phone number or a short text of at most 60 characters")
        return value.strip()

    @field_validator("log_level", mode="before")
    @classmethod
    def _level(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def by_webhook(self) -> bool:
        """Say whether Telegram brings the updates."""
        return self.bot_mode == "webhook"

    @property
    def polls_on_purpose(self) -> bool:
        """Say whether somebody wrote BOT_MODE=polling, so that a webhook may be taken away."""
        return not self.by_webhook and "bot_mode" in self.model_fields_set

    @property
    def on_sqlite(self) -> bool:
        """Say whether the data are one file, which is for one process."""
        return make_url(self.database_url.get_secret_value()).get_backend_name() == "sqlite"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the call, then the environment, then `.env`; no directory of secrets."""
        assert isinstance(env_settings, EnvSettingsSource)
        assert isinstance(dotenv_settings, DotEnvSettingsSource)
        return init_settings, env_settings, dotenv_settings


def load(**given: Any) -> Settings:
    """Read and validate every setting.

    Raises:
        SettingsError: one line that names the setting and says what to do.
    """
    for name in SECRETS:
        path = os.environ.get(f"{name}_FILE")
        if path and name.lower() not in given:
            try:
                given[name.lower()] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise SettingsError(
                    f"{name}_FILE: no readable file is there; correct the path."
                ) from None
    try:
        settings = Settings(**given)
    except ValidationError as problem:
        raise SettingsError(" ".join(map(_line, problem.errors()[:1]))) from None
    _check_webhook(settings)
    return settings


def _check_webhook(settings: Settings) -> None:
    """Refuse a webhook that anybody could feed, or that Telegram would not use."""
    if not settings.by_webhook:
        return
    if settings.webhook_url is None:
        raise SettingsError("WEBHOOK_URL: is not set; BOT_MODE=webhook needs it.")
    if settings.webhook_secret is None:
        raise SettingsError(
            "WEBHOOK_SECRET: is not set; without it anybody could send updates. Make one with "
            "`openssl rand -hex 32`."
        )
    is_telegrams = urlsplit(settings.telegram_api_base).hostname == "api.telegram.org"
    if is_telegrams and not settings.webhook_url.startswith("https://"):
        raise SettingsError("WEBHOOK_URL: must begin with https://; Telegram uses no other.")


def _line(error: Any) -> str:
    name = str(error["loc"][0]).upper()
    if error["type"] == "literal_error":
        return f"{name}: must be one of {error['ctx']['expected']}."
    return f"{name}: {error['msg'].removeprefix('Value error, ')}."
