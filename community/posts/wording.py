"""What stands in no post: how to reach somebody outside. That would get round the bridge."""

import re
import unicodedata

from community.errors import NotUnderstoodError
from community.posts.table import SUBJECT
from community.translations import clean

DIGITS = 7
"""So many digits, with nothing but spaces and signs between them, are a telephone number."""
_BETWEEN = r"[\s().+/\-\u2010-\u2015\u00a0\u202f\u2066-\u2069\u200e\u200f]*"
_NUMBER = re.compile(rf"\d(?:{_BETWEEN}\d){{{DIGITS - 1},}}")
_DATE = re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{4}\b|\b\d{4}-\d{2}-\d{2}\b")
_LINK = re.compile(
    r"https?:|www\.|tg:|(?<![\w.])[\w-]+\.(?:com|org|net|info|biz|me|io|eu|shop|online|site|app|"
    r"link|fr|de|be|nl|it|es|pt|pl|ua|ru|uk|ch|at|tr|gr|se|ie|lu|sy|ir|af|ly|gl)(?![\w])",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"@\s*\w|\w\s*@|\(at\)|\[at\]", re.IGNORECASE)


def names_a_way_round(text: str) -> bool:
    """Say whether there is a telephone number, a link, an e-mail address or an account in it."""
    plain = unicodedata.normalize("NFKC", text)
    without_dates = _DATE.sub("", plain)
    return bool(_NUMBER.search(without_dates) or _LINK.search(plain) or _ACCOUNT.search(plain))


def checked(text: str) -> str:
    """Return the words of a post.

    Raises:
        NotUnderstoodError: they are none, too many, or say how to reach somebody outside.
    """
    text = clean(SUBJECT, "text", text)
    if names_a_way_round(text):
        raise NotUnderstoodError("no_contact")
    return text
