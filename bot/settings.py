"""Every setting, typed, documented, read once from the environment and `.env`.

A wrong one is answered by one line that says what to do; the value is never repeated, because it
may be a secret.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.addresses import AddressError, check_database, check_http
from community import workdays
from community.workdays import NOWHERE
from locales import OFFERED, is_currency

TOKEN = re.compile(r"[1-9]\d{4,14}:[\w-]{30,60}")
SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
SECRETS = ("BOT_TOKEN", "DATABASE_URL", "WEBHOOK_SECRET", "LIBRETRANSLATE_API_KEY")
"""Settings that may also be given as a file: BOT_TOKEN_FILE, DATABASE_URL_FILE …"""


class Part(StrEnum):
    """What a process may do; without ``--only`` it does all three."""

    RECEIVE = "receive"
    SEND = "send"
    SCHEDULE = "schedule"


class SettingsError(Exception):
    """A setting is missing or wrong. The message is one line that says what to do."""


class WrongValueError(ValueError):
    """What is wrong with a value, said without repeating it. Only these words are shown."""


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
    country: str = Field(
        NOWHERE,
        description="Whose public holidays are no working days: BE, FR, DE-BE …; none by default.",
    )
    currency: str = Field(
        "EUR", description="In which money members are asked for amounts: EUR, CHF, UAH …"
    )
    emergency_contact: str = Field(
        "112", description="Whom /help says to call instead: this bot is no emergency service."
    )
    messages_per_second: float = Field(
        28.0,
        ge=1,
        le=30,
        description="How many messages leave a second, all processes together; Telegram takes 30.",
    )
    paid_messages_per_second: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="How many messages to many leave a second if the bot pays Telegram for "
        "each of them; 0 pays nothing.",
    )
    translation_engine: Literal["none", "argos", "libretranslate"] = Field(
        "none", description="What makes drafts and translates what people write; none by default."
    )
    models_dir: Path = Field(
        Path("var/models"), description="Where the models of Argos are: `diwan languages add`."
    )
    libretranslate_url: str | None = Field(
        None, description="Your LibreTranslate server, such as http://127.0.0.1:5000."
    )
    libretranslate_api_key: SecretStr | None = Field(
        None, description="Its key, if it asks for one."
    )
    build_models: Literal["first_use", "start"] = Field(
        "first_use",
        description="When aiogram's models are built: each when it is first used, or all at the "
        "start, which takes seconds and 100 MiB.",
    )
    indicators_file: Path | None = Field(
        None, description="Your own indicators (YAML); those of the guidance note if not set."
    )
    report_publisher: str = Field(
        "", description="Who publishes the reports: a name or short text for their cover."
    )
    report_logo: Path | None = Field(
        None, description="A logo for their cover: PNG or JPEG of at most 200 kB."
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
            raise WrongValueError("must look like 123456:ABC…; copy it from @BotFather once more")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not re.fullmatch(r"https?://[^\s/?#@]+/[^\s?#]+", value):
            raise WrongValueError("must be an https:// address with a path, such as …/telegram")
        if TOKEN.search(value):
            raise WrongValueError("must not contain the token: addresses end up in logs")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if not SECRET.fullmatch(value.get_secret_value()):
            raise WrongValueError("must be 16 to 256 of the characters A-Z a-z 0-9 _ -")
        return value

    @field_validator("web_host")
    @classmethod
    def _host(cls, value: str) -> str:
        if not re.fullmatch(r"[\w.:-]+", value, re.ASCII):
            raise WrongValueError("must be the name or address of an interface, such as 0.0.0.0")
        return value

    @field_validator("trusted_proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            ip_network(value)
        except ValueError:
            raise WrongValueError("must be an address or a network such as 10.0.0.0/8") from None
        return value

    @field_validator("telegram_api_base")
    @classmethod
    def _base(cls, value: str) -> str:
        check_http(value)
        return value.rstrip("/")

    @field_validator("libretranslate_url")
    @classmethod
    def _libretranslate(cls, value: str | None) -> str | None:
        if not value:
            return None
        check_http(value)
        return value.rstrip("/")

    @field_validator("libretranslate_api_key")
    @classmethod
    def _libretranslate_key(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value and value.get_secret_value() else None

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        check_database(value.get_secret_value())
        return value

    @field_validator("erasures_file", "indicators_file", "report_logo", mode="before")
    @classmethod
    def _no_file(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("report_publisher")
    @classmethod
    def _publisher(cls, value: str) -> str:
        if len(value.strip()) > 200:
            raise WrongValueError("must be a text of at most 200 characters")
        return value.strip()

    @field_validator("default_language")
    @classmethod
    def _language(cls, value: str) -> str:
        if value not in OFFERED:
            raise WrongValueError(f"must be one of: {', '.join(OFFERED)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise WrongValueError("must be an IANA time zone such as Europe/Paris")
        return value

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        value = value.strip().upper()
        if value != NOWHERE and not workdays.is_known(value):
            raise WrongValueError("must be the code of a country such as BE, or a part: DE-BE")
        return value

    @field_validator("currency")
    @classmethod
    def _currency(cls, value: str) -> str:
        value = value.strip().upper()
        if not is_currency(value):
            raise WrongValueError("must be the three letters of a currency such as EUR")
        return value

    @field_validator("emergency_contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if not 0 < len(value.strip()) <= 60:
            raise WrongValueError(
                "must be a phone number or a short text of at most 60 characters"
            )
        return value.strip()

    @field_validator("log_level", mode="before")
    @classmethod
    def _level(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def builds_at_start(self) -> bool:
        """Say whether aiogram's models are all built before anything else happens."""
        return self.build_models == "start"

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
        return self.database_url.get_secret_value().startswith("sqlite")

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
        return (
            init_settings,
            _Files(settings_cls, env_settings.env_vars),
            env_settings,
            _Files(settings_cls, dotenv_settings.env_vars),
            dotenv_settings,
        )


class _Files(PydanticBaseSettingsSource):
    """Secrets in files of their own, named in the environment or in `.env`."""

    def __init__(self, settings: type[BaseSettings], named: Mapping[str, str | None]) -> None:
        super().__init__(settings)
        self.named = named

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 - asked for by the base class
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Return what the file of one setting says."""
        path = self.named.get(f"{field_name}_file")
        if field_name.upper() not in SECRETS or not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                f"{field_name.upper()}_FILE: no readable file is there; correct the path."
            ) from None

    def __call__(self) -> dict[str, Any]:
        """Return every secret that stands in a file."""
        fields = self.settings_cls.model_fields.items()
        found = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in found.items() if value is not None}


def load(**given: Any) -> Settings:
    """Read and validate every setting.

    Raises:
        SettingsError: one line that names the setting and says what to do.
    """
    try:
        settings = Settings(**given)
    except ValidationError as problem:
        raise SettingsError(" ".join(map(_line, problem.errors()[:1]))) from None
    except UnicodeDecodeError:
        raise SettingsError(".env: is not UTF-8; save it once more, as UTF-8.") from None
    except OSError:
        raise SettingsError(".env: cannot be read; correct its rights.") from None
    _check_webhook(settings)
    if settings.translation_engine == "libretranslate" and settings.libretranslate_url is None:
        raise SettingsError(
            "LIBRETRANSLATE_URL: is not set; TRANSLATION_ENGINE=libretranslate needs it."
        )
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
    own = error.get("ctx", {}).get("error")
    if isinstance(own, WrongValueError | AddressError):
        return f"{name}: {own}."
    # Words of libraries may repeat the value.
    return f"{name}: is not valid; `.env.example` shows how it is written."
