"""Surveys as XLSForm files, which KoboToolbox, ODK and others read: survey, choices, settings."""

from collections.abc import Iterator, Sequence
from io import BytesIO

import xlsxwriter

from community.surveys import Asked, Kind, Template
from community.surveys.relevant import written
from locales import Translator, language_name, plain, translator_for, without_isolates
from reports import survey_words

TYPES = {
    Kind.NUMBER: "integer",
    Kind.MONEY: "decimal",
    Kind.DATE: "date",
    Kind.TEXT: "text",
    Kind.VOICE: "audio",
}
"""What a question without choices is in XLSForm. Whoever would rather write than speak can do so
here; in other programs a voice is recorded."""
SELECTS = {Kind.ONE: "select_one", Kind.SCALE: "select_one", Kind.SEVERAL: "select_multiple"}
NOBODY_BELOW = {Kind.NUMBER: ". >= 0", Kind.MONEY: ". >= 0"}

Sheet = list[list[str]]


def form(template: Template, languages: Sequence[str], currency: str) -> bytes:
    """Return a template as XLSX with its words in these languages, the first by default."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        for name, sheet in _sheets(template, languages, currency).items():
            page = book.add_worksheet(name)
            page.set_column(0, len(sheet[0]), 24)
            for number, row in enumerate(sheet):
                for column, value in enumerate(row):
                    page.write_string(number, column, value, *([] if number else [bold]))
    return content.getvalue()


def _sheets(template: Template, languages: Sequence[str], currency: str) -> dict[str, Sheet]:
    speakers = [translator_for(language) for language in languages]
    labels = [f"label::{_column(_)}" for _ in speakers]
    hints = [f"hint::{_column(_)}" for _ in speakers]
    questions = [
        [
            _type(asked),
            asked.code,
            *(_said(survey_words.question(template.code, asked.code, _)) for _ in speakers),
            *(_said(survey_words.how(asked.kind, currency, _) or "") for _ in speakers),
            written(asked.relevant) if asked.relevant else "",
            NOBODY_BELOW.get(asked.kind, ""),
        ]
        for asked in template.questions
    ]
    return {
        "survey": [["type", "name", *labels, *hints, "relevant", "constraint"], *questions],
        "choices": [["list_name", "name", *labels], *_choices(template, speakers)],
        "settings": [
            ["form_title", "form_id", "version", "default_language"],
            [
                survey_words.title(template.code, speakers[0]),
                template.code,
                str(template.version),
                _column(speakers[0]),
            ],
        ],
    }


def _column(_: Translator) -> str:
    """Return how XLSForm names a language: "French (fr)"."""
    return f"{language_name(_.language, translator_for('en'))} ({_.language})"


def _type(asked: Asked) -> str:
    select = SELECTS.get(asked.kind)
    return f"{select} {asked.code}" if select else TYPES[asked.kind]


def _choices(template: Template, speakers: Sequence[Translator]) -> Iterator[list[str]]:
    for asked in template.questions:
        named = [survey_words.answers(template.code, asked.code, _) for _ in speakers]
        for value in asked.values:
            yield [asked.code, value, *(one[value] for one in named)]


def _said(text: str) -> str:
    return without_isolates(plain(text))
