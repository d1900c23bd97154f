"""Long messages are cut where a reader would cut them."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.splitting import length, split, visible_length

FAMILY = "👨‍👩‍👧‍👦"


def test_a_short_text_stays_whole() -> None:
    assert split("<b>Hello</b>") == ["<b>Hello</b>"]


def test_a_long_text_is_cut_between_paragraphs() -> None:
    paragraphs = ["a" * 60, "b" * 60, "c" * 60]
    assert split("\n\n".join(paragraphs), 130) == ["a" * 60 + "\n\n" + "b" * 60, "c" * 60]


def test_a_tag_open_at_the_cut_is_closed_and_opened_again() -> None:
    parts = split("<b>" + "word " * 30 + "</b>", 100)
    assert len(parts) == 2
    assert all(part.startswith("<b>") and part.endswith("</b>") for part in parts)


def test_an_entity_is_never_cut() -> None:
    for part in split("&amp;" * 150, 100):
        assert re.fullmatch(r"(?:&amp;)+", part)


def test_a_composed_emoji_is_never_cut() -> None:
    for part in split(FAMILY * 60, 100):
        assert part.replace(FAMILY, "") == ""


def test_a_link_keeps_its_address_in_both_parts() -> None:
    parts = split('<a href="https://example.org/?a=1&amp;b=2">' + "x " * 90 + "</a>", 100)
    assert all('href="https://example.org/?a=1&amp;b=2"' in part for part in parts)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "word ",
                "\n",
                "\n\n",
                "<b>",
                "</b>",
                "<i>",
                "</i>",
                "&lt;",
                FAMILY,
                "سلام ",
                "x" * 40,
            ]
        ),
        max_size=120,
    )
)
def test_nothing_is_lost_and_no_part_is_too_long(pieces: list[str]) -> None:
    opened: list[str] = []
    balanced = []
    for piece in pieces:
        if piece in {"<b>", "<i>"}:
            opened.append(piece)
        elif piece in {"</b>", "</i>"}:
            if not opened or opened[-1][1] != piece[2]:
                continue
            opened.pop()
        balanced.append(piece)
    balanced += [f"</{tag[1]}>" for tag in reversed(opened)]
    markup = "".join(balanced)
    parts = split(markup, 80)
    assert all(visible_length(part) <= 80 for part in parts)

    def words(text: str) -> str:
        return re.sub(r"\s", "", html.unescape(re.sub("<[^<>]*>", "", text)))

    if visible_length(markup) > 80:
        assert words("".join(parts)) == words(markup)
    for part in parts:
        for tag in ("b", "i"):
            assert part.count(f"<{tag}>") == part.count(f"</{tag}>")


def test_length_is_counted_as_telegram_counts() -> None:
    assert length("😀") == 2


@pytest.mark.parametrize("limit", [10, 4096])
def test_a_word_longer_than_a_part_is_cut_somewhere(limit: int) -> None:
    assert "".join(split("x" * (limit * 2 + 1), limit)) == "x" * (limit * 2 + 1)
