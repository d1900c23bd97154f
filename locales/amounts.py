"""Numbers as people type them: in any digits, with whatever separates thousands and cents."""

import re
from decimal import Decimal

from locales.folding import fold_digits

LONGEST = 40
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’_\u2066-\u2069\u200e\u200f]")
_CURRENCY = re.compile(r"^[^\W\d_]{0,12}\.?|[^\W\d_]{0,12}\.?$")
_WITH_THOUSANDS = re.compile(r"(\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*)(?:([.,])(\d{1,2}))?")
_PLAIN = re.compile(r"(\d+)(?:[.,](\d{1,2}))?")
_SIGNS = "€$£₴¥₺¤"


def parse_amount(text: str) -> Decimal | None:
    """Return the number that a text is, or None if it is nothing but a number in no reading.

    Amounts have two decimals at most, so three digits behind a separator are always thousands:
    "1.000", "1,000", "1 000" and «١٬٠٠٠» are a thousand to everybody, and "12,5" is twelve and a
    half. What a currency is called may stand before or behind.
    """
    if len(text) > LONGEST:
        return None
    line = fold_digits(text).replace("٬", ",").replace("٫", ".")
    line = _SPACES.sub("", line).strip(_SIGNS)
    line = _CURRENCY.sub("", line).strip(_SIGNS)
    if match := _WITH_THOUSANDS.fullmatch(line):
        if match[3] and match[3] == match[2]:
            return None
        whole, cents = re.sub(r"[.,]", "", match[1]), match[4]
    elif match := _PLAIN.fullmatch(line):
        whole, cents = match[1], match[2]
    else:
        return None
    return Decimal(f"{whole}.{cents or 0}")
