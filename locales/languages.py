"""Which languages are offered, what they are called, and which one a newcomer is shown first."""

import re
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from locales.translator import FOLDER, Translator

OFFERED: tuple[str, ...] = tuple(
    sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.po"))
)
"""The languages that have a catalogue. A new one is one file."""

ALIASES = {
    "prs": "fa-AF",
    "kmr": "ku",
    "tl": "fil",
    "no": "nb",
    "nn": "nb",
    "iw": "he",
    "ji": "yi",
    "in": "id",
    "mo": "ro",
}
"""Other codes of the same language. Near languages are not the same language."""

BOT_API_CODES = {"fil": "tl"}
"""Telegram takes menu texts by two letters only; this is how it writes longer codes."""


@cache
def native_name(language: str) -> str:
    """Return the language's own name for itself: English, Français, العربية, Українська."""
    locale = Locale.parse(language, sep="-")
    name = locale.get_display_name(locale) or language
    return name[:1].title() + name[1:]  # title, for Georgian has capitals but no titles


def language_name(language: str, _: Translator) -> str:
    """Return the name of any language, offered or not, as the reader calls it."""
    try:
        return Locale.parse(language, sep="-").get_display_name(_.locale) or language
    except (ValueError, UnknownLocaleError):
        return language


def negotiate(telegram_code: str | None) -> str | None:
    """Return the offered language that Telegram's code means, or None.

    The territory may be dropped, and the script where it is the usual one of the language.
    Somebody who reads none of the offered languages is never given a neighbouring one.
    """
    offered = {language.lower(): language for language in OFFERED}
    for candidate in _candidates(telegram_code or ""):
        if candidate.lower() in offered:
            return offered[candidate.lower()]
    return None


def _candidates(telegram_code: str) -> list[str]:
    code = telegram_code.strip().replace("_", "-").lower()
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", code):
        return []
    language, *rest = code.split("-")
    named = ALIASES.get(language, language).split("-")
    language = named[0]
    script = next((part.title() for part in rest if len(part) == 4), None)
    territory = next((part.upper() for part in named[1:] + rest if len(part) in {2, 3}), None)

    likely = get_global("likely_subtags")
    usual = likely.get(language, "").split("_")  # zh_Hans_CN
    usual_script = usual[1] if len(usual) == 3 else None
    here = likely.get(f"{language}_{territory}", "").split("_")  # zh_Hant_TW
    script = script or (here[1] if len(here) == 3 else usual_script)
    if territory is None and script == usual_script and usual_script:
        territory = usual[2]

    candidates = [[language, script, territory], [language, script]]
    if script == usual_script:
        candidates += [[language, territory], [language]]
    return ["-".join(part for part in parts if part) for parts in candidates]


def sorted_for(telegram_code: str | None) -> list[str]:
    """Return all offered languages, the one of the person's Telegram first."""
    first = negotiate(telegram_code)
    return sorted(OFFERED, key=lambda language: (language != first, native_name(language)))


def bot_api_code(language: str) -> str | None:
    """Return the code under which Telegram keeps menu texts of this language, if there is one."""
    code = BOT_API_CODES.get(language, language.split("-", maxsplit=1)[0])
    # Of two languages that would share a code, it belongs to the one that the code means.
    return code if len(code) == 2 and negotiate(code) == language else None
