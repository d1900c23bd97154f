"""How text is read: HTML, cleaning, trimming, what is found in it, and how it is shown."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.parsing import (
    BadMarkupError,
    clean,
    find_entities,
    is_link,
    parse_html,
    trim,
    utf16_length,
)
from emulator.rendering import to_html


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a</b><strong>b</strong>", "ab", [entity("bold", 0, 1), entity("bold", 1, 1)]),
        ("<i>a</i><em>b</em>", "ab", [entity("italic", 0, 1), entity("italic", 1, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [entity("underline", 0, 1), entity("underline", 1, 1)]),
        (
            "<s>a</s><strike>b</strike><del>c</del>",
            "abc",
            [entity("strikethrough", at, 1) for at in range(3)],
        ),
        (
            '<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>',
            "ab",
            [entity("spoiler", 0, 1), entity("spoiler", 1, 1)],
        ),
        ("<code>a</code>", "a", [entity("code", 0, 1)]),
        ('<code class="language-py">a</code>', "a", [entity("code", 0, 1)]),
        ("<pre>a</pre>", "a", [entity("pre", 0, 1)]),
        (
            '<pre><code class="language-py">a</code></pre>',
            "a",
            [entity("pre", 0, 1, language="py")],
        ),
        ("<blockquote>a</blockquote>", "a", [entity("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [entity("expandable_blockquote", 0, 1)]),
        (
            '<tg-emoji emoji-id="5">👍</tg-emoji>',
            "👍",
            [entity("custom_emoji", 0, 2, custom_emoji_id="5")],
        ),
        (
            '<tg-time unix="1790000000" format="wDT">soon</tg-time>',
            "soon",
            [entity("date_time", 0, 4, unix_time=1790000000, date_time_format="wDT")],
        ),
        ('<tg-time unix="1">x</tg-time>', "x", [entity("date_time", 0, 1, unix_time=1)]),
        (
            '<a href="https://e.org/?a=1&amp;b=2">x</a>',
            "x",
            [entity("text_link", 0, 1, url="https://e.org/?a=1&b=2")],
        ),
        ("<a>e.org</a>", "e.org", [entity("text_link", 0, 5, url="e.org")]),
        ('<a href="javascript:alert(1)">x</a>', "x", []),
        ('<a href="http://localhost:80/">x</a>', "x", []),
        ('<a href="tg://user?id=7">x</a>', "x", [entity("text_mention", 0, 1, user={"id": 7})]),
        ("<B>a</B>", "a", [entity("bold", 0, 1)]),
        ("<b>a</>", "a", [entity("bold", 0, 1)]),
        ("<b ></b >", "", []),
        ("<b>a<i>b</i></b>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)]),
        ("👋<b>ب</b>", "👋ب", [entity("bold", 2, 1)]),
        ("&lt;&gt;&amp;&quot;", '<>&"', []),
        ("&lt b &#128075; &#x1f44b", "< b 👋 👋", []),
        ("&nbsp; &ampx &#0; &#x110000; &", "&nbsp; &ampx &#0; &#x110000; &", []),
    ],
)
def test_html_becomes_text_and_entities(
    markup: str, text: str, entities: list[dict[str, Any]]
) -> None:
    assert parse_html(markup) == (text, entities)


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <", "Unclosed start tag at byte offset 2"),
        ("é<script>", 'Unsupported start tag "script" at byte offset 2'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</b x>", "Unclosed end tag at byte offset 4"),
        (
            "<b><i>x</b></i>",
            'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        ),
        ("<a =x>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=http://x>", "Unexpected end of name token at byte offset 8"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        (
            "&#xd800;",
            "Text contains invalid Unicode characters after decoding HTML entities, check for "
            "unmatched surrogate code units",
        ),
    ],
)
def test_html_that_telegram_refuses_is_refused_in_its_words(markup: str, words: str) -> None:
    with pytest.raises(BadMarkupError) as refused:
        parse_html(markup)
    assert refused.value.description == f"can't parse entities: {words}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\tb\x01c", "a b c"),
        ("a\r\nb", "a\nb"),
        ("a\u202eb\u2028c", "abc"),
        ("Z\u0333\u033f\u030a", "Z"),
        ("\u2068name\u2069", "\u2068name\u2069"),
        ("\u200e\u200fa\u200f", "\u200c\u200fa\u200f"),
    ],
)
def test_a_text_is_cleaned_as_telegram_cleans(before: str, after: str) -> None:
    assert clean(before, [])[0] == after


def test_entities_move_when_a_text_is_cleaned_and_trimmed() -> None:
    text, entities = clean(" \n\u202e👋 x\r", [entity("bold", 3, 4), entity("italic", 0, 1)])
    assert (text, entities) == (" \n👋 x", [entity("bold", 2, 4), entity("italic", 0, 1)])
    assert trim(text, entities) == ("👋 x", [entity("bold", 0, 4)])


@pytest.mark.parametrize("nothing", ["", " ", "\n\n", "\u200b", "\u2800\u3000"])
def test_invisible_characters_are_no_text(nothing: str) -> None:
    assert trim(nothing, []) == ("", [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start abc", [("bot_command", "/start")]),
        ("please /help@diwan_bot", [("bot_command", "/help@diwan_bot")]),
        ("and/or 1/2", []),
        ("👋 https://e.org/a?b=c.", [("url", "https://e.org/a?b=c")]),
        ("see e.org/x, or t.me/diwan", [("url", "e.org/x"), ("url", "t.me/diwan")]),
        ("write to a.b@c.org!", [("email", "a.b@c.org")]),
        ("@amina and @x", [("mention", "@amina")]),
        ("call +33 6 12 34 56 78", [("phone_number", "+33 6 12 34 56 78")]),
        ("#news #12", [("hashtag", "#news")]),
    ],
)
def test_what_people_type_is_recognised(text: str, found: list[tuple[str, str]]) -> None:
    units = text.encode("utf-16-le")
    shown = [
        (e["type"], units[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le"))
        for e in find_entities(text)
    ]
    assert shown == found


def test_nothing_is_found_inside_code_and_links() -> None:
    text, entities = parse_html('<code>/x</code> <a href="https://e.org">e.org</a> <b>/y</b>')
    assert find_entities(text, entities) == [entity("bot_command", 9, 2)]


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("https://e.org", True),
        ("tg://resolve?domain=x", True),
        ("e.org/path", True),
        ("https://localhost/", False),
        ("mailto:a@e.org", False),
        ("javascript:x.y", False),
        ("https://e .org", False),
    ],
)
def test_only_some_addresses_open(address: str, opens: bool) -> None:
    assert is_link(address) is opens


pieces = st.sampled_from(
    [
        *("<b>", "</b>", "<i>", "</i>", "<a href='", "'>", "</a>", "<", ">", "&", "&lt;", "&#"),
        *("x", "👋", "ب", "\u202e", "\r", " ", "\n", "/go", "@name", "https://e.org", "=", '"'),
    ]
)


@given(st.lists(pieces, max_size=20).map("".join))
def test_whatever_is_written_is_refused_or_has_entities_within_the_text(markup: str) -> None:
    try:
        text, entities = parse_html(markup)
    except BadMarkupError:
        return
    text, entities = trim(*clean(text, entities))
    for found in [*entities, *find_entities(text, entities)]:
        assert found["length"] > 0
        assert 0 <= found["offset"] <= utf16_length(text) - found["length"]


class Balance(HTMLParser):
    """Fails at a tag that is closed out of order, or that is not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert re.fullmatch("b|i|u|s|code|pre|blockquote|span|a|time", tag)
        assert {name for name, _ in attrs} <= {"class", "href", "rel", "datetime"}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


kinds = st.sampled_from(["bold", "italic", "code", "url", "text_link", "spoiler", "date_time"])
entities = st.builds(
    lambda kind, offset, length: entity(kind, offset, length, url="https://e.org", unix_time=0),
    kinds,
    st.integers(0, 8),
    st.integers(1, 8),
)


@given(st.text("<>&\"'ab/:", min_size=16, max_size=16), st.lists(entities, max_size=5))
def test_the_page_gets_balanced_html_however_entities_overlap(
    text: str, entities: list[dict[str, Any]]
) -> None:
    reader = Balance()
    reader.feed(to_html(text, entities))
    reader.close()
    assert not reader.open
    assert reader.words == text


def test_what_overlaps_goes_on_after_the_tag_that_ends() -> None:
    shown = to_html("abcdef", [entity("bold", 0, 4), entity("italic", 2, 4)])
    assert shown == "<b>ab<i>cd</i></b><i>ef</i>"


def test_the_page_never_gets_a_script() -> None:
    text = "javascript:alert(1) <img src=x onerror=alert(1)>"
    shown = to_html(text, [entity("text_link", 0, 10, url="javascript:alert(1)")])
    assert "<img" not in shown
    assert "href" not in shown
