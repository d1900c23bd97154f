"""A survey that somebody brings as an XLSForm file: taken as a whole, or refused with the place.

What is taken is what the chat can ask: the kinds of questions that ``xlsform.py`` writes, words
for everything in languages of the bot, ``relevant`` as far as it is understood. Hints are passed
over: the chat says itself how a question is answered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from community.errors import FormRefusedError
from community.surveys.forms import Brought, FormWords
from community.surveys.relevant import Equals, Expression, RelevantError, comparisons, parse
from community.surveys.templates import MOST, SCALE, Asked, Kind, Template
from locales import OFFERED
from reports.workbook_in import Cell, Grid, Limits, sheets
from reports.xlsform import NOBODY_BELOW, SELECTS, TYPES

MOST_ROWS, MOST_COLUMNS = 500, 60
LIMITS = Limits(unpacked=8 * 2**20, rows=MOST_ROWS + 1, columns=MOST_COLUMNS)
"""The first row has the headings."""
MOST_CHOICES = 30
LONGEST_TITLE, LONGEST_QUESTION, LONGEST_ANSWER = 100, 500, 64
HIGHEST_VERSION = 2**31 - 1
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,19}")
CHOICE = re.compile(r"[A-Za-z0-9_.-]{1,20}")
"""Both stand in a button, which has sixty-four letters for everything."""
DASHES = frozenset({"-", "–", "—"})
"""What XLSForm programs put where a translation is missing."""
NAMED = re.compile(r"(?:.*\()?\s*([A-Za-z-]+)\s*\)?")
"""A language in the heading of a column: "French (fr)", or "fr"."""
KINDS: Mapping[str, Kind] = {type_: kind for kind, type_ in TYPES.items()}
TAKEN: Mapping[str, frozenset[str]] = {
    "survey": frozenset({"type", "name", "label", "hint", "relevant", "constraint"}),
    "choices": frozenset({"list_name", "name", "label"}),
    "settings": frozenset({"form_title", "form_id", "version", "default_language"}),
}
"""Columns that are read; any other has to be empty."""
NEEDED: Mapping[str, Sequence[str]] = {
    "survey": ("type", "name"),
    "choices": ("list_name", "name"),
    "settings": ("form_title", "form_id", "version"),
}


def read(content: bytes) -> Brought:
    """Return the survey of a file, its default language first.

    Raises:
        FileRefusedError: it is no workbook, or too large.
        FormRefusedError: something in it is not taken; it says on which sheet, in which row.
    """
    book = _book(content)
    settings = book["settings"]
    title, code, version = _settings(settings)
    languages = _languages(book)
    lists = _lists(book.get("choices"), languages)
    questions: list[_Question] = []
    for row in book["survey"].rows:
        questions.append(_question(row, questions, lists, languages))
    if not questions:
        raise FormRefusedError("no_questions", "survey")
    template = Template(code, version, tuple(one.asked for one in questions))
    said = {
        language: FormWords(
            {one.asked.code: one.labels[language] for one in questions},
            {
                one.asked.code: {value: labels[language] for value, labels in one.choices.items()}
                for one in questions
                if one.choices
            },
        )
        for language in languages
    }
    return Brought(title, template, said)


# The workbook


@dataclass(frozen=True)
class _Row:
    """One line of a sheet: what stands in which column, and which line it is."""

    sheet: str
    number: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def refused(self, why: str, what: str = "", **more: int) -> FormRefusedError:
        return FormRefusedError(why, self.sheet, self.number, what, **more)


@dataclass(frozen=True)
class _Sheet:
    name: str
    columns: Sequence[str]
    rows: Sequence[_Row]


def _book(content: bytes) -> Mapping[str, _Sheet]:
    grids = sheets(content, LIMITS, TAKEN)
    for name in ("survey", "settings"):
        if name not in grids:
            raise FormRefusedError("sheet", name)
    return {name: _sheet(name, grid) for name, grid in grids.items()}


def _sheet(name: str, grid: Grid) -> _Sheet:
    for number, line in enumerate(grid, 1):
        _require_values(name, number, line)
    columns = [_heading(cell.text) for cell in grid[0]] if grid else []
    for column in filter(None, columns):
        if columns.count(column) > 1:
            raise FormRefusedError("column_twice", name, 1, column)
    for needed in NEEDED[name]:
        if needed not in columns:
            raise FormRefusedError("column", name, 1, needed)
    rows = [
        _Row(name, number, _said(columns, line))
        for number, line in enumerate(grid[1:], 2)
        if any(cell.text for cell in line)
    ]
    for row in rows:
        for column, text in row.cells.items():
            if column.partition("::")[0] not in TAKEN[name]:
                raise row.refused("column_unknown", column or text)
    return _Sheet(name, columns, rows)


def _require_values(name: str, number: int, line: Sequence[Cell]) -> None:
    if number > MOST_ROWS + 1 and any(cell.text for cell in line):
        raise FormRefusedError("many_rows", name, number, limit=MOST_ROWS)
    for cell in line:
        if cell.text and not cell.is_value:
            raise FormRefusedError("formula", name, number, cell.text)
    if len(line) > MOST_COLUMNS and line[MOST_COLUMNS].text:
        raise FormRefusedError("many_columns", name, number, limit=MOST_COLUMNS)


def _said(columns: Sequence[str], line: Sequence[Cell]) -> Mapping[str, str]:
    headings = chain(columns, repeat(""))  # what stands beyond the headings has none
    return {c: cell.text for c, cell in zip(headings, line, strict=False) if cell.text}


def _heading(text: str) -> str:
    """Return a heading with its languages written alike: ``label :: French`` is one with two."""
    return re.sub(r"\s*::?\s*", "::", text)


# Settings and languages


def _settings(sheet: _Sheet) -> tuple[str, str, int]:
    if not sheet.rows:
        raise FormRefusedError("empty", "settings", 2, "form_id")
    row = sheet.rows[0]
    title = row.get("form_title")
    if not title or title in DASHES:
        raise row.refused("empty", "form_title")
    if len(title) > LONGEST_TITLE:
        raise row.refused("too_long", title, limit=LONGEST_TITLE)
    code, version = row.get("form_id"), row.get("version")
    if not NAME.fullmatch(code):
        raise row.refused("name", code)
    if not (version.isdecimal() and len(version) < 11 and 0 < int(version) <= HIGHEST_VERSION):
        raise row.refused("version_number", version)
    return title, code, int(version)


def _languages(book: Mapping[str, _Sheet]) -> Mapping[str, str]:
    """Return the languages of the words, by their codes: how the columns name them."""
    found: dict[str, str] = {}
    survey = book["survey"]
    labels = [column for column in survey.columns if column.partition("::")[0] == "label"]
    named = [column.partition("::")[2] for column in labels if "::" in column]
    if not named:
        raise FormRefusedError("unnamed", "survey", 1, "label")
    for name in named:
        match = NAMED.fullmatch(name)
        code = match[1] if match else ""
        if code not in OFFERED:
            raise FormRefusedError("language", "survey", 1, name)
        if code in found:
            raise FormRefusedError("column_twice", "survey", 1, f"label::{name}")
        found[code] = name
    for sheet in book.values():
        if "label" in sheet.columns:
            raise FormRefusedError("unnamed", sheet.name, 1, "label")
    choices = book.get("choices")
    if choices is not None and choices.rows:
        theirs = [c.partition("::")[2] for c in choices.columns if c.startswith("label::")]
        for name in [*found.values(), *theirs]:
            if name not in theirs or name not in found.values():
                raise FormRefusedError("languages_differ", "choices", 1, name)
    settings = book["settings"].rows[0]
    default = settings.get("default_language")
    first = next((code for code, name in found.items() if default in (code, name)), "")
    if default and not first:
        raise settings.refused("default_language", default)
    return {code: found[code] for code in dict.fromkeys([first or next(iter(found)), *found])}


def _labels(row: _Row, languages: Mapping[str, str], limit: int) -> Mapping[str, str]:
    found = {code: row.get(f"label::{name}") for code, name in languages.items()}
    for code, text in found.items():
        if not text:
            raise row.refused("translation", languages[code])
        if text in DASHES:
            raise row.refused("dash", languages[code])
        if len(text) > limit:
            raise row.refused("too_long", text, limit=limit)
    return found


# Choices and questions

Choices = Mapping[str, Mapping[str, str]]
"""By the code of an answer, its words by language."""


@dataclass(frozen=True)
class _Question:
    asked: Asked
    labels: Mapping[str, str]
    choices: Choices


def _lists(sheet: _Sheet | None, languages: Mapping[str, str]) -> Mapping[str, Choices]:
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    for row in sheet.rows if sheet else ():
        name, value = row.get("list_name"), row.get("name")
        if not name:
            raise row.refused("empty", "list_name")
        if not CHOICE.fullmatch(value):
            raise row.refused("choice_name", value)
        answers = found.setdefault(name, {})
        if value in answers:
            raise row.refused("twice", value)
        if len(answers) == MOST_CHOICES:
            raise row.refused("many_choices", name, limit=MOST_CHOICES)
        answers[value] = _labels(row, languages, LONGEST_ANSWER)
    return found


def _question(
    row: _Row,
    before: Sequence[_Question],
    lists: Mapping[str, Choices],
    languages: Mapping[str, str],
) -> _Question:
    if len(before) == MOST:
        raise row.refused("many_questions", limit=MOST)
    code = row.get("name")
    if not NAME.fullmatch(code):
        raise row.refused("name", code)
    if any(one.asked.code == code for one in before):
        raise row.refused("twice", code)
    kind, choices = _kind(row, lists)
    if row.get("constraint") not in ("", NOBODY_BELOW.get(kind, "")):
        raise row.refused("constraint", row.get("constraint"))
    labels = _labels(row, languages, LONGEST_QUESTION)
    asked = Asked(code, tuple(choices), kind, _relevant(row, before))
    return _Question(asked, labels, choices)


def _kind(row: _Row, lists: Mapping[str, Choices]) -> tuple[Kind, Choices]:
    type_, *more = row.get("type").split() or [""]
    if type_ in KINDS and not more:
        return KINDS[type_], {}
    if type_ not in SELECTS.values():
        raise row.refused("type", row.get("type"))
    if len(more) != 1:
        raise row.refused("list_missing", row.get("type"))
    if more[0] not in lists:
        raise row.refused("list", more[0])
    choices = lists[more[0]]
    if type_ == SELECTS[Kind.SEVERAL]:
        return Kind.SEVERAL, choices
    return Kind.SCALE if tuple(choices) == SCALE else Kind.ONE, choices


def _relevant(row: _Row, before: Sequence[_Question]) -> Expression | None:
    text = row.get("relevant")
    if not text:
        return None
    try:
        found = parse(text)
    except RelevantError as error:
        raise row.refused("relevant", text, position=error.position) from None
    earlier = {one.asked.code: one.asked for one in before}
    for one in comparisons(found):
        if one.question not in earlier:
            raise row.refused("relevant_question", one.question)
        is_about_nothing = isinstance(one, Equals) and not one.value
        if not is_about_nothing and one.value not in earlier[one.question].values:
            raise row.refused("relevant_value", one.value)
    return found
