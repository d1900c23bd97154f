"""The catalogues are complete and sound, and every check can see what it looks for."""

from collections.abc import Callable, Iterator
from gettext import c2py
from io import BytesIO
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.pofile import read_po

from locales import OFFERED, catalogue, checks
from locales.catalogue import PLURALS, plural_forms, text_of
from locales.translator import FOLDER

ROOT = FOLDER.parent


def test_extraction_leaves_no_difference() -> None:
    extracted = text_of(catalogue.extract())
    assert catalogue.TEMPLATE.read_text() == extracted, "run `python -m locales extract`"


@pytest.mark.parametrize("language", OFFERED)
def test_updating_leaves_no_difference(language: str) -> None:
    known, template = (
        catalogue.read(p) for p in (catalogue.path_of(language), catalogue.TEMPLATE)
    )
    written = text_of(catalogue.updated(template, known, language), language)
    assert catalogue.path_of(language).read_text() == written, "run `python -m locales update`"


@pytest.mark.parametrize("language", OFFERED)
def test_the_catalogue_is_complete_and_sound(language: str) -> None:
    assert checks.problems(language) == []


@pytest.mark.parametrize("folder", catalogue.SPOKEN_IN)
def test_every_sentence_stands_where_it_is_spoken(folder: str) -> None:
    own = {FOLDER / "translator.py"}  # hands on what it is given
    lines = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path not in own
        for line in checks.unextractable(path.read_text())
    ]
    assert lines == []


@pytest.mark.parametrize("language", sorted(PLURALS))
def test_the_plural_rule_is_that_of_cldr(language: str) -> None:
    expression, categories = PLURALS[language]
    rule, cldr = c2py(expression), Locale.parse(language, sep="-").plural_form
    assert [categories[rule(n)] for n in range(1001)] == [cldr(n) for n in range(1001)]


def entry(source: str, translation: str, *, context: str = "", marks: str = "") -> str:
    about = f'msgctxt "{context}"\n' if context else ""
    return f'{marks}{about}msgid "{source}"\nmsgstr "{translation}"\n'


def plural(*translations: str) -> str:
    lines = [f'msgstr[{index}] "{text}"' for index, text in enumerate(translations)]
    return "\n".join(['msgid "{n} seat"', 'msgid_plural "{n} seats"', *lines, ""])


def po(language: str, body: str, rule: str | None = None) -> Catalog:
    header = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {rule or plural_forms(language)}\\n"\n\n'
    )
    return read_po(BytesIO((header + body).encode()))


Check = Callable[[Catalog, str], Iterator[str]]
BROKEN: list[tuple[Check, str, str]] = [
    (checks.incomplete, "fr", entry("Yes", "")),
    (checks.incomplete, "fr", plural("{n} place", "")),
    (checks.left_over, "fr", entry("Yes", "Oui", marks="#, fuzzy\n")),
    (checks.left_over, "fr", '#~ msgid "Gone"\n#~ msgstr "Parti"\n'),
    (checks.out_of_step, "fr", entry("Nobody says this.", "Personne ne le dit.")),
    (checks.wrong_fields, "fr", entry("Hello, {name}", "Bonjour, {nmae}")),
    (checks.wrong_fields, "fr", entry("Hello, {name}", "Bonjour")),
    (checks.wrong_fields, "fr", entry("Hello, {name}", "Bonjour, {name!r}")),
    (checks.wrong_fields, "fr", entry("Hello, {name}", "Bonjour, {name")),
    (checks.wrong_fields, "fr", plural("une place", "{n} places")),  # said of none, too
    (checks.wrong_fields, "uk", plural("одне місце", "{n} місця", "{n} місць")),  # and of 21
    (checks.wrong_fields, "ar", plural("لا", "واحد", "اثنان", "بضعة", "{n}", "{n}")),
    (checks.wrong_tags, "fr", entry("<b>Yes</b>", "Oui")),
    (checks.wrong_tags, "fr", entry("<b>Yes</b>", "<b>Oui<b>")),
    (checks.wrong_tags, "fr", entry("<b>a</b> <i>b</i>", "<b>a <i>b</b></i>")),
    (checks.wrong_tags, "fr", entry("<h1>Yes</h1>", "<h1>Oui</h1>")),
    (checks.wrong_links, "fr", entry("See /help", "Voir /aide")),
    (checks.wrong_links, "fr", entry("See https://t.me/a", "Voir https://t.me/b")),
    (checks.too_long, "fr", entry("Yes", "O" * 31, context="button")),
    (checks.too_long, "fr", entry("Yes", "O" * 201, context="toast")),
    (checks.too_long, "fr", entry("Yes", "O" * 257, context="command")),
    (checks.too_long, "fr", entry("Yes", "O" * 121, context="short description")),
    (checks.too_long, "fr", entry("Yes", "O" * 513, context="description")),
    (checks.wrong_marks, "ar", entry("Yes", "\u202bنعم\u202c")),
    (checks.wrong_marks, "ar", entry("Yes", "\u2068نعم")),
    (checks.wrong_marks, "ar", entry("Yes", "\u2069نعم\u2068")),
    (checks.wrong_edges, "fr", entry("Yes ", "Oui")),
    (checks.wrong_edges, "fr", entry("Yes", " Oui")),
    (checks.wrong_edges, "fr", entry(r"One\ntwo", "Un deux")),
    (checks.wrong_script, "ar", entry("Good morning", "Morning صباح")),
    (checks.wrong_script, "uk", entry("Good morning", "Dobryi ранок")),
    (checks.unchanged, "fr", entry("Good morning", "Good morning")),
]


@pytest.mark.parametrize(("check", "language", "body"), BROKEN)
def test_a_broken_catalogue_is_seen(check: Check, language: str, body: str) -> None:
    assert list(check(po(language, body), language))


def test_a_wrong_plural_rule_is_seen() -> None:
    broken = po("uk", "", rule="nplurals=2; plural=(n != 1);")
    assert list(checks.wrong_plural_rule(broken, "uk"))
    assert list(checks.wrong_plural_rule(broken, "xx"))


SOUND: list[tuple[str, str]] = [
    ("fr", entry("Hello, <b>{name}</b> /help", "/help <b>{name}</b>, bonjour")),
    ("fr", plural("{n} place", "{n} places")),
    ("ar", plural("لا مكان", "مكان", "مكانان", "{n} أماكن", "{n} مكانًا", "{n} مكان")),
    ("uk", plural("{n} місце", "{n} місця", "{n} місць")),
    ("fr", entry("Message", "Message", marks=f"# {catalogue.SAME}\n")),
    ("uk", entry("XLSX", "XLSX", marks=f"# {catalogue.SAME}\n")),
    ("ar", entry("{n} / {m}", "{n} / {m}")),
    ("fr", entry("Yes, {name}", "O" * 30 + "{name}", context="button")),
    ("ar", entry("Yes, {name}", "نعم \u2068{name}\u2069")),
]


@pytest.mark.parametrize(("language", "body"), SOUND)
def test_a_sound_catalogue_passes(language: str, body: str) -> None:
    looked_at = [check for check in checks.CHECKS if check is not checks.out_of_step]
    assert [fault for check in looked_at for fault in check(po(language, body), language)] == []


def test_every_check_has_a_broken_catalogue() -> None:
    assert {check for check, *_ in BROKEN} | {checks.wrong_plural_rule} == set(checks.CHECKS)


def test_words_that_stand_elsewhere_are_seen() -> None:
    source = '_(title)\n_.label("button", f"{x}")\n_.ngettext("a", many, 2)\n'
    fine = '_("a")\n_.label("button", "a", name=x)\ncolumn.label(x)\nfor _ in x: pass\n'
    assert list(checks.unextractable(source)) == [1, 2, 3]
    assert list(checks.unextractable(fine)) == []


def test_everything_that_is_spoken_is_extracted(tmp_path: Path) -> None:
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "cards.py").write_text(
        '# NOTE: A greeting.\n_("Hello, {name}", name=_.label("button", "You"))\n'
        '_.nlabel("button", "{n} a", "{n} b", 2)\n_.npgettext("x", "{n} c", "{n} d", 2)\n'
        '_.label("button", "on {what}", what=words.need(need, _))\n'
        '_.pgettext("x", "e")\n_.ngettext("{n} f", "{n} g", 2)\n'
    )
    extracted = catalogue.extract(tmp_path)
    assert {(m.context, m.id) for m in extracted if m.id} == {
        *((None, "Hello, {name}"), ("button", "You"), ("button", ("{n} a", "{n} b"))),
        ("button", "on {what}"),
        *(("x", ("{n} c", "{n} d")), ("x", "e"), (None, ("{n} f", "{n} g"))),
    }
    text = text_of(extracted)
    assert "#. NOTE: A greeting." in text
    assert "#: handlers/cards.py\n" in text
    assert "POT-Creation-Date" not in text


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of catalogues of its own, with two sentences to translate."""
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    monkeypatch.setattr(catalogue, "TEMPLATE", tmp_path / "messages.pot")
    template = Catalog()
    template.add("Yes", context="button")
    template.add(("{n} seat", "{n} seats"))
    catalogue.TEMPLATE.write_text(text_of(template))
    catalogue.update(["uk", "en"])
    return tmp_path


def test_a_translator_gets_what_is_missing_and_gives_it_back(workshop: Path) -> None:
    yes, seats = catalogue.missing("uk")
    assert (yes["context"], yes["id"], seats["plural"]) == ("button", "Yes", "{n} seats")
    assert list(seats["translation"]) == ["one", "few", "many"]
    yes["translation"] = "Так"
    seats["translation"] = ["{n} місце", "{n} місця", "{n} місць"]
    assert catalogue.fill("uk", [yes, seats]) == []
    assert catalogue.missing("uk") == []
    catalogue.update(["uk"])
    assert catalogue.missing("uk") == []


def test_english_is_its_own_translation(workshop: Path) -> None:
    assert catalogue.missing("en") == []


def test_a_sentence_that_is_no_longer_said_is_dropped_and_a_changed_one_is_new(
    workshop: Path,
) -> None:
    catalogue.fill("uk", [{"context": "button", "id": "Yes", "translation": "Так"}])
    template = Catalog()
    template.add("Yes!", context="button")
    catalogue.TEMPLATE.write_text(text_of(template))
    catalogue.update(["uk"])
    text = catalogue.path_of("uk").read_text()
    assert "Так" not in text
    assert "fuzzy" not in text
    assert [item["id"] for item in catalogue.missing("uk")] == ["Yes!"]


def test_a_guess_does_not_become_a_translation(workshop: Path) -> None:
    path = catalogue.path_of("uk")
    guessed = '#, fuzzy\nmsgctxt "button"\nmsgid "Yes"\nmsgstr "Ні"'
    path.write_text(path.read_text().replace('msgctxt "button"\nmsgid "Yes"\nmsgstr ""', guessed))
    catalogue.update(["uk"])
    assert "Yes" in [item["id"] for item in catalogue.missing("uk")]


@pytest.mark.parametrize(
    "given",
    [
        {"id": "Yes", "translation": "Так"},  # without its context
        {"context": "button", "id": "Yes", "translation": ["Так"]},
        {"id": "{n} seat", "translation": "місце"},
        {"id": "{n} seat", "translation": ["місце", "місця"]},
    ],
)
def test_a_translation_that_fits_nothing_is_refused(
    workshop: Path, given: dict[str, object]
) -> None:
    assert len(catalogue.fill("uk", [given])) == 1
    assert len(catalogue.missing("uk")) == 2
