"""A survey comes back from a file as it went out; what is broken is named with sheet and row."""

import zipfile
from collections.abc import Mapping
from copy import deepcopy
from io import BytesIO

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.refusals import sentence
from community.errors import FileRefusedError
from community.surveys import SHIPPED, Asked, Brought, FormWords, Kind, Template
from community.surveys.templates import SCALE
from locales import OFFERED, plain, translator_for, without_isolates
from reports import survey_words, xlsform, xlsform_in

Sheets = dict[str, list[list[object]]]
EN, FR = "label::English (en)", "label::French (fr)"
GOOD: Sheets = {
    "survey": [
        ["type", "name", EN, FR, "relevant", "constraint"],
        ["select_one goods", "sells", "What do you sell?", "Que vendez-vous ?", "", ""],
        ["integer", "days", "How many days?", "Combien de jours ?", "${sells} = 'food'", ". >= 0"],
        ["audio", "more", "Anything else?", "Autre chose ?", "", ""],
    ],
    "choices": [
        ["list_name", "name", EN, FR],
        ["goods", "food", "Food", "À manger"],
        ["goods", "clothes", "Woolly socks", "Des habits"],
    ],
    "settings": [
        ["form_title", "form_id", "version", "default_language"],
        ["Markets", "markets", 1, "French (fr)"],
    ],
}


def xlsx(sheets: Mapping[str, list[list[object]]]) -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write(at, column, cell)
    return content.getvalue()


def said(content: bytes, language: str = "en") -> str:
    """Return what is said to whoever has brought this."""
    with pytest.raises(FileRefusedError) as refused:
        xlsform_in.read(content)
    return without_isolates(plain(sentence(refused.value, translator_for(language))))


# What comes back


@pytest.mark.parametrize("template", SHIPPED, ids=lambda template: template.code)
@settings(deadline=None, max_examples=20)
@given(languages=st.lists(st.sampled_from(sorted(OFFERED)), min_size=1, unique=True))
def test_every_shipped_survey_comes_back_as_it_went_out(
    template: Template, languages: list[str]
) -> None:
    brought = xlsform_in.read(xlsform.form(template, languages, "EUR"))
    assert brought.template == template
    assert [*brought.words] == languages
    for language, words in brought.words.items():
        _ = translator_for(language)
        for asked in template.questions:
            question = survey_words.question(template.code, asked.code, _)
            assert words.questions[asked.code] == without_isolates(plain(question))
            answers = survey_words.answers(template.code, asked.code, _)
            assert [*words.answers.get(asked.code, ())] == [*asked.values]
            assert [*words.answers.get(asked.code, {}).values()] == [
                without_isolates(plain(answers[value])) for value in asked.values
            ]


def test_a_survey_of_ones_own_is_read_with_the_authors_language_first() -> None:
    brought = xlsform_in.read(xlsx(GOOD))
    first, second, third = brought.template.questions
    assert (brought.title, brought.template.code, brought.template.version) == (
        "Markets",
        "markets",
        1,
    )
    assert first == Asked("sells", ("food", "clothes"))
    assert (second.kind, second.depends_on) == (Kind.NUMBER, {"sells"})
    assert third == Asked("more", (), Kind.VOICE)
    assert [*brought.words] == ["fr", "en"]
    assert brought.words["en"] == FormWords(
        {"sells": "What do you sell?", "days": "How many days?", "more": "Anything else?"},
        {"sells": {"food": "Food", "clothes": "Woolly socks"}},
    )
    assert Brought.of(brought.as_json()) == brought


def test_five_answers_from_one_to_five_are_a_scale() -> None:
    sheets = deepcopy(GOOD)
    sheets["survey"][1:] = [["select_one s", "happy", "Happy?", "Content ?", "", ""]]
    sheets["choices"][1:] = [["s", int(n), f"to {n}", f"à {n}"] for n in SCALE]
    assert xlsform_in.read(xlsx(sheets)).template.questions == (Asked("happy", SCALE, Kind.SCALE),)


# What is broken

CELLS: list[tuple[str, int, int, object, str]] = [
    # (sheet, row, column as a spreadsheet counts them, what stands there instead, what is said)
    ("survey", 3, 4, "", "Sheet “survey”, row 3: The words in this language are missing: French"),
    ("survey", 3, 4, "-", "Sheet “survey”, row 3: There is only a dash where the words in this"),
    ("choices", 2, 3, "", "Sheet “choices”, row 2: The words in this language are missing: Eng"),
    ("choices", 3, 4, "–", "Sheet “choices”, row 3: There is only a dash where the words in"),
    ("survey", 1, 4, "label", "Sheet “survey”, row 1: The words in the column “label” name no"),
    ("choices", 1, 4, "label", "Sheet “choices”, row 1: The words in the column “label” name no"),
    ("survey", 1, 4, "label::Klingon (tlh)", "row 1: “Klingon (tlh)” is no language of this bot."),
    ("survey", 1, 4, EN, "row 1: The column “label::English (en)” is there twice."),
    ("survey", 1, 4, "label::en", "row 1: The column “label::en” is there twice."),
    ("choices", 1, 4, "label::Arabic (ar)", "“French (fr)” is on one sheet only."),
    ("choices", 1, 5, "label::Arabic (ar)", "“Arabic (ar)” is on one sheet only."),
    ("survey", 4, 1, "geopoint", "row 4: This kind of question is not known: “geopoint”."),
    ("survey", 4, 1, "", "row 4: This kind of question is not known: “”. Known are: select_one"),
    ("survey", 2, 1, "integer goods", "row 2: This kind of question is not known: “integer"),
    ("survey", 2, 2, "what?", "Sheet “survey”, row 2: This is no name: “what?”."),
    ("survey", 2, 2, "", "Sheet “survey”, row 2: This is no name: “”."),
    ("survey", 2, 2, "n" * 21, "row 2: This is no name: “nnnnnnnnnnnnnnnnnnnnn”."),
    ("survey", 4, 2, "days", "Sheet “survey”, row 4: The name “days” is there twice."),
    ("survey", 2, 1, "select_one", "row 2: After “select_one” one name of a list of answers has"),
    ("survey", 2, 1, "select_one other", "row 2: There is no answer in the list “other”"),
    ("survey", 2, 1, "select_one goods or_other", "row 2: After “select_one goods or_other” one"),
    ("survey", 2, 3, "x" * 501, "Sheet “survey”, row 2: This has more than 500 letters: xxx"),
    ("survey", 3, 5, "${sells} > 3", "row 3: “${sells} > 3” is not understood from letter 10 on."),
    ("survey", 3, 5, "${buys} = 'food'", "row 3: The column “relevant” asks for “buys”, which is"),
    ("survey", 3, 5, "${more} = ''", "row 3: The column “relevant” asks for “more”, which is no"),
    ("survey", 3, 5, "${sells} = 'cars'", "relevant” asks for the answer “cars”, which that"),
    ("survey", 3, 6, ". < 8", "row 3: This limit of an answer is not known: “. < 8”."),
    ("survey", 2, 6, ". >= 0", "row 2: This limit of an answer is not known: “. >= 0”."),
    ("survey", 4, 7, "yes", "Sheet “survey”, row 4: The column “yes” means nothing here."),
    ("survey", 3, 3, "=1+1", "Sheet “survey”, row 3: A formula stands there and no text: =1+1."),
    ("settings", 2, 3, "=1+1", "Sheet “settings”, row 2: A formula stands there and no text"),
    ("survey", 1, 2, "code", "Sheet “survey”, row 1: The column “name” is missing."),
    ("survey", 2, 61, "x", "Sheet “survey”, row 2: There are more than 60 columns."),
    ("survey", 502, 2, "x", "Sheet “survey”, row 502: There are more than 500 rows."),
    ("choices", 3, 1, "", "Sheet “choices”, row 3: Nothing stands in the column “list_name”."),
    ("choices", 3, 2, "", "Sheet “choices”, row 3: This is no name of an answer: “”."),
    ("choices", 3, 2, "a b", "Sheet “choices”, row 3: This is no name of an answer: “a b”."),
    ("choices", 3, 2, "food", "Sheet “choices”, row 3: The name “food” is there twice."),
    ("choices", 3, 3, "x" * 65, "Sheet “choices”, row 3: This has more than 64 letters: xxx"),
    ("settings", 2, 1, "", "Sheet “settings”, row 2: Nothing stands in the column “form_title”."),
    ("settings", 2, 1, "x" * 101, "row 2: This has more than 100 letters: xxx"),
    ("settings", 2, 2, "our markets", "row 2: This is no name: “our markets”."),
    ("settings", 2, 3, "1.5", "row 2: This is no version: “1.5”."),
    ("settings", 2, 3, 0, "Sheet “settings”, row 2: This is no version: “0”."),
    ("settings", 2, 3, "99999999999", "row 2: This is no version: “99999999999”."),
    ("settings", 2, 4, "Arabic (ar)", "row 2: The default language “Arabic (ar)” has no column"),
]


@pytest.mark.parametrize(("sheet", "row", "column", "cell", "expected"), CELLS)
def test_what_is_broken_is_said_with_its_sheet_and_row(
    sheet: str, row: int, column: int, cell: object, expected: str
) -> None:
    sheets = deepcopy(GOOD)
    rows = sheets[sheet]
    rows += [[] for _empty in range(row - len(rows))]
    rows[row - 1] += [""] * (column - len(rows[row - 1]))
    rows[row - 1][column - 1] = cell
    told = said(xlsx(sheets))
    assert expected in told
    assert told.startswith(f"Sheet “{sheet}”, row {row}: ") or "sheet only" in told
    assert told.endswith("Nothing was kept.")


def test_more_than_ten_questions_are_refused_at_the_eleventh() -> None:
    sheets = deepcopy(GOOD)
    more: list[list[object]] = [["date", f"day{n}", "When?", "Quand ?", "", ""] for n in range(8)]
    sheets["survey"] += more
    assert said(xlsx(sheets)) == (
        "Sheet “survey”, row 12: There are more than 10 questions. Nothing was kept."
    )
    sheets["survey"].pop()
    assert len(xlsform_in.read(xlsx(sheets)).template.questions) == 10


def test_more_than_thirty_answers_are_refused() -> None:
    sheets = deepcopy(GOOD)
    sheets["choices"] += [["goods", f"x{n}", "X", "X"] for n in range(29)]
    assert "row 32: The list “goods” has more than 30 answers." in said(xlsx(sheets))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"survey": None}, "Sheet “survey”: There is no sheet of this name. Nothing was kept."),
        ({"settings": None}, "Sheet “settings”: There is no sheet of this name."),
        ({"choices": None}, "row 2: There is no answer in the list “goods”"),
        ({"survey": GOOD["survey"][:1]}, "Sheet “survey”: There is no question."),
        ({"settings": GOOD["settings"][:1]}, "row 2: Nothing stands in the column “form_id”."),
        ({"survey": []}, "Sheet “survey”, row 1: The column “type” is missing."),
    ],
)
def test_what_is_missing_as_a_whole_is_named(
    change: dict[str, list[list[object]] | None], expected: str
) -> None:
    sheets = {**GOOD, **change}
    assert expected in said(
        xlsx({name: rows for name, rows in sheets.items() if rows is not None})
    )


def test_a_refusal_is_in_the_readers_language() -> None:
    sheets = deepcopy(GOOD)
    sheets["survey"][2][3] = ""
    assert said(xlsx(sheets), "fr") == (
        "Feuille « survey », ligne 3 : Le texte manque dans cette langue : French (fr). Rien n’a "
        "été gardé."
    )
    for language in ("ar", "uk"):
        assert "survey" in said(xlsx(sheets), language)


def packed(files: Mapping[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no_workbook"),
        (b"type,name\ntext,x\n", "no_workbook"),
        (b"PK\x03\x04 broken", "no_workbook"),
        (packed({"a.txt": b"x"}), "no_workbook"),
        (packed({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'}), "no_workbook"),
        (packed({"xl/sharedStrings.xml": b" " * (8 * 2**20 + 1)}), "too_big"),
    ],
)
def test_what_is_no_workbook_or_too_large_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        xlsform_in.read(content)
    assert refused.value.why == why
    assert sentence(refused.value, translator_for("en"))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 4000))
def test_no_damage_breaks_the_reader(noise: bytes, at: int) -> None:
    whole = xlsx(GOOD)
    at = min(at, len(whole))
    try:
        xlsform_in.read(whole[:at] + noise + whole[at + len(noise) :])
    except FileRefusedError:
        return
