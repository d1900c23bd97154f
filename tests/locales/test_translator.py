"""Sentences: escaped, isolated, in the right plural form, never broken by a translation."""

import logging
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from babel import Locale

from locales import Html, Translator, escape, plain, translator, translator_for, without_isolates
from locales.translator import read_texts

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def speaking(tmp_path: Path, language: str, plural_forms: str, entries: str) -> Translator:
    path = tmp_path / "messages.po"
    path.write_text(f'{HEADER}"Plural-Forms: {plural_forms}\\n"\n\n{entries}')
    return Translator(language, Locale.parse(language), read_texts(path, language))


def french(tmp_path: Path, entries: str) -> Translator:
    return speaking(tmp_path, "fr", "nplurals=2; plural=(n > 1);", entries)


def test_what_is_inserted_into_a_message_is_escaped_and_isolated() -> None:
    _ = translator_for("en")
    said = _("Hello, <b>{name}</b>!", name='<a href="x">Amina & co</a>')
    assert said == (
        "Hello, <b>\u2068&lt;a href=&quot;x&quot;&gt;Amina &amp; co&lt;/a&gt;\u2069</b>!"
    )
    assert isinstance(said, Html)


def test_html_is_inserted_as_it_stands_but_isolated() -> None:
    _ = translator_for("en")
    assert _("It is {when}.", when=Html("<i>noon</i>")) == "It is \u2068<i>noon</i>\u2069."


def test_an_address_inside_a_tag_is_escaped_but_not_isolated() -> None:
    said = translator_for("en")(
        '<a href="{link}">{title}</a>', link='https://x/?a=1&b="', title="T"
    )
    assert said == '<a href="https://x/?a=1&amp;b=&quot;">\u2068T\u2069</a>'


def test_every_line_of_an_inserted_text_is_isolated_on_its_own() -> None:
    assert translator_for("en")("{text}", text="a\n\nb") == "\u2068a\u2069\n\n\u2068b\u2069"


@pytest.mark.parametrize(
    ("written", "inserted"),
    [
        ("a\u2069b", "ab"),  # would end our isolate
        ("a\u2067b", "ab"),  # would be ended by ours, which then ends nothing
        ("\u202egpj.exe\u202c", "gpj.exe"),
        ("\u2067\u202eb\u2069", "\u2067b\u2069"),
        ("\u2069\u2069\u2068a\u2066b\u2069", "a\u2066b\u2069"),
        ("\u2068a\u2069 \u2067b\u2069", "\u2068a\u2069 \u2067b\u2069"),  # ours, or harmless
        ("a\u200cb\u200f", "a\u200cb\u200f"),  # letters need them; they reach nowhere
    ],
)
def test_no_mark_of_direction_reaches_out_of_what_is_inserted(written: str, inserted: str) -> None:
    _ = translator_for("en")
    assert _("To {name}!", name=written) == f"To \u2068{inserted}\u2069!"
    assert _.label("button", "To {name}!", name=written) == f"To \u2068{inserted}\u2069!"


def test_a_paragraph_of_another_kind_is_isolated_on_its_own_too() -> None:
    said = translator_for("en")("To {name}!", name="a\u2029b")
    assert said == "To \u2068a\u2069\u2029\u2068b\u2069!"


def test_a_label_is_plain_text_with_isolates() -> None:
    _ = translator_for("en")
    assert _.label("button", "To {name}", name="Tea & <co>") == "To \u2068Tea & <co>\u2069"
    assert _.label("button", "To {name}", name=Html("Tea &amp; <b>co</b>")) == (
        "To \u2068Tea & co\u2069"
    )
    assert type(_.label("button", "To {name}", name=Html("x"))) is str
    assert without_isolates(_.label("button", "To {name}", name="x")) == "To x"


def test_what_is_joined_to_html_is_escaped() -> None:
    assert Html("<b>") + "<" == "<b>&lt;"
    assert "<" + Html("<b>") == "&lt;<b>"
    assert Html("\n").join(["<", Html("<b>")]) == "&lt;\n<b>"
    assert isinstance("a" + Html("b"), Html)
    assert escape(escape("<")) == "&lt;"
    assert plain(Html("<b>&lt;</b>")) == "<"
    assert plain("<b>") == "<b>"


ARABIC = """
msgid "{n} seat"
msgid_plural "{n} seats"
msgstr[0] "zero"
msgstr[1] "one"
msgstr[2] "two"
msgstr[3] "few {n}"
msgstr[4] "many {n}"
msgstr[5] "other {n}"
"""


@pytest.mark.parametrize(
    ("n", "form"),
    [(0, "zero"), (1, "one"), (2, "two"), (3, "few"), (10, "few"), (11, "many"), (99, "many"),
     (100, "other"), (102, "other"), (103, "few"), (111, "many"), (1000, "other")],
)  # fmt: skip
def test_arabic_has_six_plural_forms(tmp_path: Path, n: int, form: str) -> None:
    from locales.catalogue import plural_forms

    _ = speaking(tmp_path, "ar", plural_forms("ar"), ARABIC)
    assert _.ngettext("{n} seat", "{n} seats", n).startswith(form)


UKRAINIAN = """
msgctxt "button"
msgid "{n} seat"
msgid_plural "{n} seats"
msgstr[0] "{n} місце"
msgstr[1] "{n} місця"
msgstr[2] "{n} місць"
"""


@pytest.mark.parametrize(
    ("n", "noun"),
    [(0, "місць"), (1, "місце"), (2, "місця"), (4, "місця"), (5, "місць"), (11, "місць"),
     (12, "місць"), (21, "місце"), (22, "місця"), (111, "місць"), (101, "місце")],
)  # fmt: skip
def test_ukrainian_has_three_plural_forms(tmp_path: Path, n: int, noun: str) -> None:
    from locales.catalogue import plural_forms

    _ = speaking(tmp_path, "uk", plural_forms("uk"), UKRAINIAN)
    assert _.nlabel("button", "{n} seat", "{n} seats", n) == f"\u2068{n}\u2069 {noun}"
    assert _.npgettext("button", "{n} seat", "{n} seats", n) == f"\u2068{n}\u2069 {noun}"


@pytest.mark.parametrize(
    "broken",
    ["{nmae}", "{name.__class__}", "{name[0]}", "{name!r}", "{name:>99}", "{", "}", "{}", "{0}"],
)
def test_a_broken_translation_falls_back_to_the_source_and_is_reported_once(
    tmp_path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = f"Hello, {{name}}! ({len(broken)}{broken[:5].translate(str.maketrans('{}', '()'))})"
    _ = french(tmp_path, f'msgid "{source}"\nmsgstr "Bonjour, {broken}"\n')
    with caplog.at_level(logging.WARNING, "diwan.locales"):
        assert _(source, name="Amina").startswith("Hello, \u2068Amina\u2069!")
        assert _(source, name="Amina").startswith("Hello, \u2068Amina\u2069!")
    assert len(caplog.records) == 1
    assert "Amina" not in caplog.text


def test_a_broken_plural_falls_back_to_the_right_source_form(tmp_path: Path) -> None:
    entry = 'msgid "{n} seat"\nmsgid_plural "{n} seats"\nmsgstr[0] "{x}"\nmsgstr[1] "{x}"\n'
    _ = french(tmp_path, entry)
    assert _.ngettext("{n} seat", "{n} seats", 1) == "\u20681\u2069 seat"
    assert _.ngettext("{n} seat", "{n} seats", 0) == "\u20680\u2069 seats"


def test_a_field_that_the_program_forgot_is_an_error() -> None:
    with pytest.raises(KeyError):
        translator_for("fr")("A sentence with a {field} that nobody gave")


def test_what_is_not_translated_or_fuzzy_or_half_translated_is_said_in_english(
    tmp_path: Path,
) -> None:
    entries = (
        'msgid "Empty"\nmsgstr ""\n\n#, fuzzy\nmsgid "Fuzzy"\nmsgstr "Flou"\n\n'
        'msgid "{n} half"\nmsgid_plural "{n} halves"\nmsgstr[0] "{n} demi"\nmsgstr[1] ""\n\n'
        'msgid "Whole"\nmsgstr "Entier"\n'
    )
    _ = french(tmp_path, entries)
    assert [_("Empty"), _("Fuzzy"), _("Whole"), _("Unknown")] == [
        *("Empty", "Fuzzy", "Entier", "Unknown")
    ]
    assert _.ngettext("{n} half", "{n} halves", 2) == "\u20682\u2069 halves"


def test_the_same_words_may_mean_two_things(tmp_path: Path) -> None:
    _ = french(
        tmp_path,
        'msgctxt "button"\nmsgid "Open"\nmsgstr "Ouvrir"\n\n'
        'msgctxt "state"\nmsgid "Open"\nmsgstr "Ouvert"\n',
    )
    assert _.label("button", "Open") == "Ouvrir"
    assert _.pgettext("state", "Open") == "Ouvert"
    assert _("Open") == "Open"


@pytest.mark.parametrize("language", ["", "xx", "zz-ZZ", "not a language"])
def test_an_unknown_language_is_answered_in_english(language: str) -> None:
    assert translator_for(language).language == "en"


def test_a_region_falls_back_to_its_language_and_keeps_its_own_tag() -> None:
    sentence = "{time} ({city} time)"
    fields = {"time": "t", "city": "c"}
    canadian, french = translator_for("fr-CA"), translator_for("fr")
    assert canadian.language == "fr-CA"
    assert canadian(sentence, **fields) == french(sentence, **fields)
    assert "heure" in french(sentence, **fields)


def test_what_a_region_does_not_say_wholly_is_said_as_its_language_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seats = 'msgid "{n} seat"\nmsgid_plural "{n} seats"\nmsgstr[0] "{n} place"\nmsgstr[1]'
    for language, last in (("fr", '"{n} places"'), ("fr-CA", '""')):
        path = tmp_path / language / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        path.write_text(
            f'{HEADER}"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n{seats} {last}\n'
        )
    monkeypatch.setattr(translator, "FOLDER", tmp_path)
    _ = translator_for.__wrapped__("fr-CA")
    assert _.ngettext("{n} seat", "{n} seats", 2) == "\u20682\u2069 places"


def test_a_translator_knows_its_direction_and_is_shared_and_immutable() -> None:
    assert translator_for("ar").is_rtl
    assert translator_for("fa-AF").is_rtl
    assert not translator_for("uk").is_rtl
    assert translator_for("uk") is translator_for("uk")
    with pytest.raises(FrozenInstanceError):
        translator_for("uk").language = "fr"  # type: ignore[misc]
