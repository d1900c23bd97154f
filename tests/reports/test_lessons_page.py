"""The page to publish: whole in itself, in the reader's direction, and nothing of it is markup."""

import re
from html.parser import HTMLParser

import pytest

from locales import translator_for
from reports.lessons_page import Lesson, Words, page


def a_page(language: str) -> str:
    said = Words("Too <b>late</b> & far", "en")
    does = Words("نلتقي صباحًا", "ar")
    made = Lesson("Q3 2026", said, does, ["<Coffee>"], "It worked", None)
    return page([made], "24 November 2026", translator_for(language)).decode()


@pytest.mark.parametrize(("language", "runs"), [("en", "ltr"), ("ar", "rtl"), ("uk", "ltr")])
def test_it_runs_as_its_language_and_marks_what_is_in_another(language: str, runs: str) -> None:
    text = a_page(language)
    assert f'<html lang="{language}" dir="{runs}">' in text
    assert ('<span lang="ar" dir="rtl">' in text) == (language != "ar")
    assert ('<span lang="en" dir="ltr">' in text) == (language != "en")


def test_words_are_words_and_it_needs_nothing_from_elsewhere() -> None:
    text = a_page("en")
    assert "Too &lt;b&gt;late&lt;/b&gt; &amp; far" in text
    assert "&lt;Coffee&gt;" in text
    assert not re.search(r"<script|<link|src=|href=|url\(|\bon\w+=", text)
    assert "\u2068" not in text
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in {"meta", "br"}:
                opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Reader().feed(text)
    assert opened == [], "each element ends"
