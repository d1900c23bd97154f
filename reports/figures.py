"""A month's figures as titled tables in the reader's language.

The text, the picture and the workbook all show these tables, so they cannot differ.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from babel.dates import format_skeleton

from community.figures import UNKNOWN, Cell, Hidden, Month, Protected, Question, Surveys
from locales import Html, Translator, language_name, number, percent, plain
from reports import words

K = TypeVar("K")


@dataclass(frozen=True)
class Row:
    """One line of a table. ``amount`` is None where the number is not shown or is no count."""

    label: str
    value: str
    amount: int | None = None
    is_total: bool = False


@dataclass(frozen=True)
class Section:
    """One table."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Report:
    """Everything a coordinator reads of one month. All of it is plain text."""

    title: str
    status: str
    sections: Sequence[Section]
    note: str


def month_name(year: int, month: int, _: Translator) -> str:
    """Return "November 2026" as the reader's language writes it."""
    return str(format_skeleton("yMMMM", date(year, month, 1), locale=_.locale))


def report(month: Month, _: Translator) -> Report:
    """Return the month in the reader's language."""
    when = month_name(month.span.year, month.span.month, _)
    return Report(
        _.label("figure", "Figures for {month}", month=when),
        _.label("figure", "This month is closed.")
        if month.span.is_closed
        else _.label("figure", "This month is still running: these are figures so far."),
        list(_sections(month, _)),
        _.label(
            "figure",
            "To protect people, numbers from 1 to 4 are not shown, "
            "nor are numbers from which one of them could be computed.",
        ),
    )


def _sections(month: Month, _: Translator) -> Iterable[Section]:
    yield Section(
        _.label("figure", "Members by language"),
        _rows(month.members.by_language, lambda code: _language(code, _), _),
    )
    moved = {
        "joined": _.label("figure", "Joined"),
        "left": _.label("figure", "Left"),
    }
    yield Section(
        _.label("figure", "Joined and left this month"),
        _rows(month.members.movement, moved.__getitem__, _),
    )
    yield Section(
        _.label("figure", "Events"),
        [
            _row(_.label("figure", "Took place"), month.meetings.held, _),
            _row(_.label("figure", "Cancelled"), month.meetings.cancelled, _),
        ],
    )
    yield Section(
        _.label("figure", "Who came to events"),
        _rows(month.meetings.people, lambda code: words.coming(code, _), _),
    )
    yield Section(
        _.label("figure", "Referrals made this month, by where they stand"),
        _rows(month.referrals, lambda code: words.referral(code, _), _),
    )
    yield Section(
        _.label("figure", "Messages by what became of them"),
        _rows(month.deliveries, lambda code: words.outcome(code, _), _),
    )
    yield Section(_.label("figure", "Short surveys"), _survey_rows(month.surveys, _))
    for question in month.surveys.questions:
        yield _question(question, _)


def _language(code: str, _: Translator) -> str:
    if code == UNKNOWN:
        return _.label("figure", "No language chosen yet")
    name = language_name(code, _)
    return name[:1].upper() + name[1:]


def _rows(table: Protected[K], name: Callable[[K], str], _: Translator) -> list[Row]:
    rows = [_row(name(key), cell, _) for key, cell in table.cells.items()]
    if table.total is not None and len(rows) != 1:
        total = _row(_.label("figure", "Total"), table.total, _)
        rows.append(replace(total, is_total=True))
    return rows


def _row(label: str, cell: Cell, _: Translator) -> Row:
    amount = cell if not isinstance(cell, Hidden) else None
    return Row(label, _value(cell, _), amount)


def _value(cell: Cell, _: Translator) -> str:
    if cell is Hidden.FEW:
        return _.label("figure", "fewer than 5")
    if isinstance(cell, Hidden):
        return _.label("figure", "not shown")
    return number(cell, _)


def _survey_rows(surveys: Surveys, _: Translator) -> list[Row]:
    rows = [
        _row(_.label("figure", "People asked"), surveys.asked, _),
        _row(_.label("figure", "Answered to the end"), surveys.answered, _),
    ]
    if surveys.response_rate is not None:
        rate = percent(surveys.response_rate, _)
        rows.append(Row(_.label("figure", "Response rate"), rate))
    return rows


def _question(question: Question, _: Translator) -> Section:
    asked = words.survey_question(question.template, question.code, _)
    if not question.is_current:
        asked = _("{question} (as asked earlier)", question=asked)
    rows = [
        _row(words.survey_answer(question.template, question.code, value, _), cell, _)
        for value, cell in question.answers.cells.items()
    ]
    answers = _row(_.label("figure", "Answers (n)"), question.n, _)
    return Section(plain(asked), [*rows, replace(answers, is_total=True)])


RLM = "\u200f"


def as_text(report: Report, _: Translator) -> Html:
    """Return the report as one message."""
    # A line of isolated fields has no direction of its own.
    start = Html(RLM if _.is_rtl else "")
    parts = [start + Html("<b>") + report.title + Html("</b>"), start + report.status]
    for section in report.sections:
        parts += [Html(""), start + Html("<b>") + section.title + Html("</b>")]
        parts += [
            start + _("{label}: {value}", label=row.label, value=row.value) for row in section.rows
        ]
        if not section.rows:
            parts.append(start + _("Nothing yet."))
    return Html("\n").join([*parts, Html(""), start + report.note])
