"""In which languages something is given: HSDS's codes and names, and ours."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from babel import Locale

from community.providers.items import outer_id
from locales.languages import ALIASES
from reports.hsds.fields import Here, objects, string


@cache
def _languages() -> dict[str, str]:
    names = Locale("en").languages
    return {name.casefold(): code.replace("_", "-") for code, name in names.items()}


@cache
def _known(code: str) -> str | None:
    """Return the BCP 47 tag for a code of two or three letters, with what may follow."""
    first, *more = code.replace("_", "-").split("-")
    first = _THREE.get(first.lower(), first.lower())
    tag = "-".join([first, *more])
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", tag) or len(tag) > 16:
        return None
    if tag in ALIASES:
        return ALIASES[tag]
    return tag if first in Locale("en").languages else None


_THREE = {
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "ara": "ar",
    "ukr": "uk",
    "deu": "de",
    "ger": "de",
    "spa": "es",
    "por": "pt",
    "rus": "ru",
    "tur": "tr",
    "pol": "pl",
    "ron": "ro",
    "rum": "ro",
    "ita": "it",
    "urd": "ur",
    "fas": "fa",
    "per": "fa",
    "pus": "ps",
    "som": "so",
    "tir": "ti",
    "amh": "am",
    "hin": "hi",
    "ben": "bn",
    "zho": "zh",
    "chi": "zh",
    "nld": "nl",
    "dut": "nl",
    "ell": "el",
    "gre": "el",
    "kur": "ku",
    "sqi": "sq",
    "alb": "sq",
    "srp": "sr",
    "hrv": "hr",
    "bul": "bg",
    "ces": "cs",
    "cze": "cs",
    "slk": "sk",
    "slo": "sk",
    "hun": "hu",
    "swe": "sv",
    "dan": "da",
    "fin": "fi",
    "nor": "nb",
    "vie": "vi",
    "tam": "ta",
    "swa": "sw",
    "pan": "pa",
}
"""ISO 639-2, which HSDS allows, for the languages that have a shorter code."""


def languages(raw: Any, name: str, here: Here) -> list[str]:
    """Return the languages that something is given in.

    Raises:
        DirectoryRefusedError: a code is none.
    """
    found: list[str] = []
    for at, one in enumerate(objects(raw, name, here)):
        code, said = one.get("code"), one.get("name")
        if code:
            tag = _known(string(code, f"{name}[{at}].code", here).strip())
            if tag is None:
                here.refuse("language", f"{name}[{at}].code", code)
        else:
            tag = _languages().get(string(said, f"{name}[{at}].name", here).strip().casefold())
            if tag is None:
                here.note("unused", f"{name}[{at}].name", said)
                continue
        if tag not in found:
            found.append(tag)
    return found


def language_list(value: Sequence[str] | None, uid: str) -> Any:
    """Return languages as HSDS lists them."""
    names = Locale("en").languages
    return [
        {
            "id": outer_id(f"{uid}/language/{code}"),
            "name": names.get(code, code),
            "code": code,
        }
        for code in value or ()
    ] or None
