"""Which language a newcomer is shown first, and what languages are called."""

import pytest

from locales import (
    OFFERED,
    bot_api_code,
    language_name,
    languages,
    native_name,
    negotiate,
    sorted_for,
    translator_for,
)


def test_the_languages_with_a_catalogue_are_offered_by_their_own_names() -> None:
    names = {language: native_name(language) for language in OFFERED}
    assert names == {"ar": "العربية", "en": "English", "fr": "Français", "uk": "Українська"}


def test_a_language_is_named_as_the_reader_calls_it() -> None:
    assert language_name("fa-AF", translator_for("fr")) == "persan (Afghanistan)"
    assert language_name("klingon", translator_for("fr")) == "klingon"


@pytest.mark.parametrize(
    ("telegram_code", "language"),
    [
        ("fr", "fr"), ("fr-CA", "fr"), ("FR", "fr"), ("ar-EG", "ar"), ("en-us", "en"),
        ("uk", "uk"), (None, None), ("", None), ("-", None), ("xx-YY-zz", None), ("zh-hans", None),
        ("pt-br", None), ("ru", None), ("fa", None), ("be", None), ("fr_FR", "fr"),
        ("é", None), ("uk-Latn", None), ("a" * 500, None),
    ],
)  # fmt: skip
def test_telegrams_code_means_an_offered_language_or_none(
    telegram_code: str | None, language: str | None
) -> None:
    assert negotiate(telegram_code) == language


@pytest.mark.parametrize(
    ("telegram_code", "language"),
    [
        ("zh-hans", "zh-Hans"), ("zh-cn", "zh-Hans"), ("zh", "zh-Hans"), ("zh-tw", None),
        ("zh-hant", None), ("pt-br", "pt-BR"), ("pt", "pt-BR"), ("pt-pt", None), ("prs", "fa-AF"),
        ("fa", None), ("tl", "fil"), ("kmr", "ku"), ("no", "nb"), ("iw", "he"), ("sr-latn", None),
        ("sr", "sr"),
    ],
)  # fmt: skip
def test_other_codes_and_scripts_of_a_language_are_known(
    telegram_code: str, language: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = ("fa-AF", "fil", "he", "ku", "nb", "pt-BR", "sr", "zh-Hans")
    monkeypatch.setattr(languages, "OFFERED", offered)
    assert negotiate(telegram_code) == language


def test_the_language_of_telegram_only_sorts_first() -> None:
    assert sorted_for("uk") == ["uk", "en", "fr", "ar"]
    assert sorted_for("ru") == ["en", "fr", "uk", "ar"]


def test_menu_texts_are_kept_under_two_letters_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offered = ("ckb", "fil", "fr", "pt-BR", "zh-Hans", "zh-Hant")
    monkeypatch.setattr(languages, "OFFERED", offered)
    codes = {language: bot_api_code(language) for language in (*offered, "de")}
    assert codes == {
        "ckb": None,
        "fil": "tl",
        "fr": "fr",
        "pt-BR": "pt",
        "zh-Hans": "zh",
        "zh-Hant": None,
        "de": None,
    }
