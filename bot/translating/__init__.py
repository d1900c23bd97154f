"""Machine translation: engines, what protects facts from them, and the loop that works.

An engine is imported when it is set, what it needs itself when it translates its first text.
"""

from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.database import Database
from bot.settings import Settings
from bot.translating.engines import Engine, EngineUnusableError

if TYPE_CHECKING:
    from bot.translating.working import Translating


def worker_of(
    settings: Settings,
    database: Database,
    clock: Clock,
    holder: str,
    *,
    lease: float,
    translates: bool,
) -> "Translating | None":
    """Return who works with the engine that is set, or None.

    Raises:
        EngineUnusableError: its packages are not installed.
    """
    engine = engine_of(settings, translates=translates)
    if engine is None:
        return None
    from bot.translating.working import Translating

    return Translating(database, engine, clock, holder, lease=lease)


def engine_of(settings: Settings, *, translates: bool = True) -> Engine | None:
    """Return the engine that is set, or None. Whoever only reads needs no packages for it.

    Raises:
        EngineUnusableError: its packages are not installed.
    """
    if settings.translation_engine == "argos":
        from bot.translating.argos import INSTALL, Argos, is_there

        if translates and not is_there():
            raise EngineUnusableError(f"TRANSLATION_ENGINE: argos is not installed; `{INSTALL}`.")
        return Argos(settings.models_dir)
    if settings.translation_engine == "libretranslate":
        from bot.translating.libretranslate import LibreTranslate

        assert settings.libretranslate_url is not None
        key = settings.libretranslate_api_key
        return LibreTranslate(settings.libretranslate_url, key.get_secret_value() if key else "")
    return None
