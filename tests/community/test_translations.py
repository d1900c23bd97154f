"""Which language a reader gets, and what becomes of texts when the source changes."""

import itertools

import pytest

from community.translations import Block, Fallback, Reads, Shelf

SKIP, SECOND, NETWORK, WAIT = Fallback
WORDS = {"title": "words"}

# The language of the network is French, the author wrote in English. Each line: what is complete,
# and what a reader of Arabic gets by each rule, without and with Ukrainian as a second language.
TABLE: list[tuple[set[str], dict[Fallback, tuple[str | None, str | None]]]] = [
    (
        {"en"},
        {SKIP: (None, None), SECOND: (None, None), NETWORK: ("en", "en"), WAIT: (None, None)},
    ),
    (
        {"en", "fr"},
        {SKIP: (None, None), SECOND: (None, None), NETWORK: ("fr", "fr"), WAIT: (None, None)},
    ),
    (
        {"en", "uk"},
        {SKIP: (None, None), SECOND: (None, "uk"), NETWORK: ("en", "uk"), WAIT: (None, None)},
    ),
    (
        {"en", "fr", "uk"},
        {SKIP: (None, None), SECOND: (None, "uk"), NETWORK: ("fr", "uk"), WAIT: (None, None)},
    ),
    (
        {"en", "fr", "uk", "ar"},
        {SKIP: ("ar", "ar"), SECOND: ("ar", "ar"), NETWORK: ("ar", "ar"), WAIT: ("ar", "ar")},
    ),
    (
        set(),
        {SKIP: (None, None), SECOND: (None, None), NETWORK: (None, None), WAIT: (None, None)},
    ),
]


def _shelf(*languages: str) -> Shelf:
    return Shelf("en", {language: dict(WORDS) for language in languages})


@pytest.mark.parametrize(
    ("complete", "rule", "has_second"),
    [*itertools.product(range(len(TABLE)), Fallback, [False, True])],
)
def test_each_rule_gives_each_reader_one_language(
    complete: int, rule: Fallback, has_second: bool
) -> None:
    languages, expected = TABLE[complete]
    reads = Reads("ar", "uk" if has_second else None)
    block = _shelf(*languages).choose(reads, "fr", rule)
    language = expected[rule][has_second]
    is_translated = language != "en"
    expected_block = Block(language, WORDS, language == "ar", is_translated) if language else None
    assert block == expected_block


@pytest.mark.parametrize("rule", list(Fallback))
@pytest.mark.parametrize(
    ("languages", "gets"), [({"uk", "uk-simple"}, "uk-simple"), ({"uk"}, "uk"), ({"en"}, None)]
)
def test_easy_reading_is_a_variant_of_ones_own_language(
    rule: Fallback, languages: set[str], gets: str | None
) -> None:
    block = _shelf("en", *languages).choose(Reads("uk-simple"), "en", rule)
    expected = gets or ("en" if rule == NETWORK else None)
    assert (block.language if block else None) == expected
    assert block is None or block.is_own == (gets is not None)


def test_who_reads_plainly_is_not_given_the_easy_variant() -> None:
    assert _shelf("uk-simple").choose(Reads("uk"), "en", SKIP) is None
    assert "uk-simple" in _shelf("uk").serves()
    assert "uk" not in _shelf("uk-simple").serves()
