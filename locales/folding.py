"""Letters as they are compared, not as they are written: typed text in any script made plain."""

import unicodedata

TATWEEL = "\u0640"
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ‘`´", "'"))


def fold_digits(text: str) -> str:
    """Replace the decimal digits of every script by 0 to 9."""
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() and not char.isascii() else char
        for char in text
    )


def fold(text: str) -> str:
    """Return the text without case, accents, vowel signs, tatweel and invisible marks.

    Every apostrophe becomes the plain one.
    """
    plain = fold_digits(text).casefold().translate(_APOSTROPHES)
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(
        char
        for char in decomposed
        if char != TATWEEL and unicodedata.category(char) not in {"Mn", "Cf"}
    )
