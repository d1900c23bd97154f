"""Whatever an engine returns, each fact comes out once, or the source stays."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.translating import protecting
from bot.translating.engines import LONGEST
from bot.translating.protecting import FACT
from bot.translating.sentences import sentences
from locales import calendar_names

SLOT = regex.compile(r"\[X\d+X\]")


def translated(text: str, engine: Callable[[str], str]) -> str | None:
    async def by(texts: Sequence[str]) -> list[str]:
        return [engine(one) for one in texts]

    return asyncio.run(protecting.translate(text, by))


@pytest.mark.parametrize(
    "fact",
    [
        "<b>",
        "</b>",
        '<a href="https://example.org/a?b=1&amp;c=2">',
        "<tg-time unix='1'>",
        "&amp;",
        "&#39;",
        "https://example.org/a_b?c=d#e",
        "tg://resolve?domain=x",
        "example.org",
        "t.me/joinchat/AbC",
        "anna.b+c@mail.example.org",
        "@anna_bot",
        "#femmes_du_monde",
        "/start",
        "{name}",
        "snake_case_word",
        "5",
        "10 000",
        "1.234,56",
        "12/03/2026",
        "2026-03-12",
        "14h30",
        "14 h",
        "18:00",
        "3 pm",
        "10 a.m.",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34",
        "20 €",
        "€ 20",
        "$1,000.50",
        "20 EUR",
        "50 %",
        "21°C",
        "№ 7",
        "B12",
        "COVID-19",
        "3rd",
        "18:00–20:00",
        "١٢٫٥"[:2],
        "2️⃣",
        "👩🏽‍💻",
        "🇺🇦",
        "✅",
        "❤️",
        "[X1X]",
        "[ x 12 X ]",
    ],
)
def test_a_fact_is_one_whole(fact: str) -> None:
    assert FACT.findall(f"Avant {fact} après") == [fact]
    assert translated(f"Avant {fact} après", lambda text: text.upper()) == f"AVANT {fact} APRÈS"


@pytest.mark.parametrize(
    "words",
    [
        "et/ou",
        "Bonjour, ça va ?",
        "fin. Début",
        "l'été",
        "a < b",
        "AT&T",
        "peut-être",
        "كيف حالك؟",
        "Z. B. so",
    ],
)
def test_words_are_no_facts(words: str) -> None:
    assert FACT.findall(words) == []


@pytest.mark.parametrize(
    ("text", "answer", "told"),
    [
        # As engines bring slots back: spaced, small, in other digits, in another order.
        ("Venez à 18h", "Come at [ x 0 X ]", "Come at 18h"),
        ("Venez à 18h", "تعال [X٠X]", "تعال 18h"),
        ("Le 12/3 à 18h", "At [X1X] on [X0X]", "At 18h on 12/3"),
        # What would grow into a fact is set apart from it.
        ("Salle 12 ou @anna", "[X0X][X1X] or room", "12 @anna or room"),
        ("Voir https://a.org/b ici", "See[X0X]here", "See https://a.org/b here"),
        ("Écrivez à @anna aujourd'hui", "Write to [X0X].", "Write to @anna."),
        # Tags may move as long as they nest.
        ("<b>A</b> et <i>B</i>", "[X2X]b[X3X] and [X0X]a[X1X]", "<i>b</i> and <b>a</b>"),
    ],
)
def test_slots_come_back_as_facts(text: str, answer: str, told: str) -> None:
    assert translated(text, lambda _: answer) == told


@pytest.mark.parametrize("text", ["5/jour ou 20 €", "Le 2-го числа", "100km/h et 3x/jour"])
def test_what_stands_right_beside_a_fact_is_no_fact_of_its_own(text: str) -> None:
    def engine(one: str) -> str:
        return SLOT.sub("", one) if SLOT.search(one) else one + one[-1]

    assert translated(text, lambda one: one) == text
    told = translated(text, engine)
    assert told is not None
    assert FACT.findall(told) == FACT.findall(text)


def test_two_facts_that_would_become_one_are_told_between_the_slots() -> None:
    def engine(text: str) -> str:
        return "[X0X] [X1X] rooms" if SLOT.search(text) else text.upper()

    assert translated("Salle 12 ou 14", engine) == "SALLE 12 OU 14"


@pytest.mark.parametrize(
    "answer",
    [
        "Come at",  # lost
        "Come [X0X] at [X0X]",  # doubled
        "Come at [X7X]",  # another's
        "Come at [X0X] or 19h",  # invented
        "Come at [X0X] https://evil.example",
        "[X0X]",  # all words lost
        "Come <b at [X0X]",  # broken markup
        "Come at [X0X] \u202e",
        "",
    ],
)
def test_a_sentence_that_comes_back_wrong_is_translated_between_its_slots(answer: str) -> None:
    def engine(text: str) -> str:
        return answer if SLOT.search(text) else text.upper()

    def tired(text: str) -> str:
        return answer if SLOT.search(text) else ""

    assert translated("Venez à 18h ici", engine) == "VENEZ À 18h ICI"
    assert translated("Venez à 18h ici", tired) is None


def test_a_sentence_that_comes_back_well_keeps_its_order_beside_one_that_does_not() -> None:
    def engine(text: str) -> str:
        if text == "Le [X0X] à [X1X].":
            return "At [X1X] on [X0X]."
        return "See 5 [X2X]" if SLOT.search(text) else text.upper()

    told = translated("Le 12/3 à 18h. Voir @anna", engine)
    assert told == "At 18h on 12/3. VOIR @anna"


def test_tags_that_cross_are_not_believed() -> None:
    def engine(text: str) -> str:
        return "[X0X]x[X2X]y[X1X]z[X3X]" if SLOT.search(text) else text.upper()

    assert translated("<b>a</b> <i>b</i>", engine) == "<b>A</b> <i>B</i>"


def test_what_has_no_words_is_not_given_to_an_engine() -> None:
    def engine(_text: str) -> str:
        raise AssertionError

    for text in ("18:00–20:00", "https://example.org\n\n@anna 👍", "", "\n", "—"):
        assert translated(text, engine) == text


def test_lines_bullets_and_spaces_stay() -> None:
    text = "  Bonjour \n\n• un\n• deux  \n- trois. Quatre\n"
    asked: list[str] = []

    def engine(one: str) -> str:
        asked.append(one)
        return one.upper()

    assert translated(text, engine) == text.upper()
    assert asked == ["Bonjour", "un", "deux", "trois.", "Quatre"]


# Whatever an engine returns

OFTEN = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WORDS = st.text("abcdefg éèàАБВгдеابت你好", min_size=1, max_size=12)
FACTS = st.sampled_from(
    [
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "12/3",
        "18h",
        "https://a.org/b_c",
        "@anna",
        "{name}",
        "👍",
        "5",
    ]
)
TEXTS = st.lists(
    st.one_of(
        WORDS, FACTS.map(lambda fact: f" {fact} "), st.sampled_from([". ", "\n", ", ", "。"])
    ),
    max_size=12,
).map("".join)


def _swapped(text: str) -> str:
    slots = SLOT.findall(text)
    return "mot".join(slots[1:] + slots[:1]) + "mot"


NASTY: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: "",
    lambda text: "12 https://evil.example <b> @x",
    lambda text: text + text,
    lambda text: str(SLOT.sub("", text)),
    lambda text: str(SLOT.sub("[X99X]", text)),
    lambda text: "".join(SLOT.findall(text)),
    lambda text: " ".join(SLOT.findall(text)) + "mot" + "".join(SLOT.findall(text)[:1]),
    lambda text: "".join(reversed(regex.split(r"(\[X\d+X\])", text))),
    lambda text: "".join(piece.strip() for piece in regex.split(r"(\[X\d+X\])", text)),
    lambda text: text.replace("[X", "[ x").replace("X]", " X ]").upper(),
    _swapped,
]
"""What engines do to a text."""


@OFTEN
@given(TEXTS, st.data())
def test_whatever_an_engine_returns_facts_come_out_once_and_nested_or_the_source_stays(
    text: str, data: Any
) -> None:
    nasty = st.sampled_from(NASTY)
    told = translated(text, lambda one: str(data.draw(nasty)(one)))
    if told is None:
        return
    assert Counter(FACT.findall(told)) == Counter(FACT.findall(text))
    before, after = tags(text), tags(told)
    assert after == before or (is_nested(before) and is_nested(after)) or not is_nested(before)


def tags(text: str) -> list[str]:
    return [str(fact) for fact in FACT.findall(text) if fact.startswith("<")]


def is_nested(found: list[str]) -> bool:
    still_open: list[str] = []
    for tag in found:
        if not tag.startswith("</"):
            still_open.append(tag[1:])
        elif not still_open or still_open.pop() != tag[2:]:
            return False
    return not still_open


@OFTEN
@given(TEXTS)
def test_an_engine_that_copies_changes_nothing(text: str) -> None:
    assert translated(text, lambda one: one) == text


# Cutting


@OFTEN
@given(st.text('ab. !?…,;،؟。！ é你\u0301👍\n«»")', max_size=900))
def test_nothing_is_lost_by_cutting_and_nothing_is_too_long(text: str) -> None:
    parts = sentences(text)
    assert "".join(parts) == text
    for part in parts:
        assert len(part) <= LONGEST or len(regex.findall(r"\X", part)) == 1


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Un. Deux! Trois", ["Un. ", "Deux! ", "Trois"]),
        ("M. Diop et Mme. Sow p. ex. ici", ["M. Diop et Mme. Sow p. ex. ici"]),
        ("كيف حالك؟ أهلا", ["كيف حالك؟ ", "أهلا"]),
        ("你好。世界！", ["你好。", "世界！"]),
        ("Il dit : « Oui. » Puis", ["Il dit : « Oui. » ", "Puis"]),
        ("Attends… non", ["Attends… ", "non"]),
        ("ሰላም። ደህና", ["ሰላም። ", "ደህና"]),
    ],
)
def test_sentences_are_found(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_a_slot_and_a_letter_with_its_marks_are_never_cut() -> None:
    text = "x" * (LONGEST - 3) + "[X12X]" + "x" * (LONGEST - 7) + "e\u0301"
    assert [len(part) for part in sentences(text)] == [LONGEST - 3, LONGEST - 1, 2]


@pytest.mark.parametrize(
    ("source", "target", "text", "told"),
    [
        ("fr", "ar", "Rendez-vous mardi 3 mars, merci", "RENDEZ-VOUS الثلاثاء 3 مارس, MERCI"),
        ("fr", "uk", "Le 12 mai", "LE 12 травня"),
        ("en", "uk", "Tuesday, May 5", "вівторок, травня 5"),
        ("uk", "fr", "У п'ятницю, 7 березня", "У П'ЯТНИЦЮ, 7 mars"),
        ("ar", "fr", "يوم الثلاثاء 3 مارس", "يوم mardi 3 mars"),
        # A month alone may be another word, and part of a word is none.
        ("en", "fr", "You may come", "YOU MAY COME"),
        ("fr", "en", "Les mardis de mars", "LES MARDIS DE MARS"),
        ("en", "fr", "20 MAY or 20 May", "20 MAY OR 20 mai"),
        ("xx", "fr", "Tuesday in 3 weeks", "TUESDAY IN 3 WEEKS"),
    ],
)
def test_days_and_months_are_said_by_the_calendar_not_by_the_engine(
    source: str, target: str, text: str, told: str
) -> None:
    async def by(texts: Sequence[str]) -> list[str]:
        return [one.upper() for one in texts]

    names = calendar_names(source, target) or protecting.NO_NAMES
    assert asyncio.run(protecting.translate(text, by, names)) == told


def test_an_engine_that_loses_a_day_is_asked_for_what_stands_round_it() -> None:
    async def by(texts: Sequence[str]) -> list[str]:
        return ["Come on Monday" if SLOT.search(one) else one.upper() for one in texts]

    names = calendar_names("fr", "en") or protecting.NO_NAMES
    assert asyncio.run(protecting.translate("Venez mardi", by, names)) == "VENEZ Tuesday"
