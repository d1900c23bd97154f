"""Every line of a right-to-left reader knows its direction."""

import pytest

from locales.direction import RLM, pointed


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("📅 \u2068الخميس\u2069", True),  # the letters are isolated: they do not count
        ("📅 \u2068\u2068الفرنسية\u2069 و\u2068العربية\u2069\u2069", True),  # nested isolates
        ("<b>\u2068Chamber\u2069</b>", True),
        ("✅ \u20681\u2069. \u2068خطوة\u2069", True),
        ("اللغات: \u2068French\u2069", False),
        ("Une phrase en français", False),  # an author's own language keeps its direction
        ("", False),
        ("<b></b>", False),
    ],
)
def test_only_a_line_without_letters_of_its_own_is_marked(line: str, marked: bool) -> None:
    assert pointed(line) == (RLM + line if marked else line)


def test_each_line_is_looked_at_by_itself() -> None:
    assert pointed("سطر\n📅 \u2068x\u2069\n\nسطر") == f"سطر\n{RLM}📅 \u2068x\u2069\n\nسطر"
