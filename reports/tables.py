"""Titled tables in the reader's language: what the text, the picture and the workbook all show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from community.figures import Cell, Hidden, Protected
from locales import Html, Translator, number

K = TypeVar("K")


@dataclass(frozen=True)
class Row:
    """One line of a table. ``amount`` is None where the number is not shown or is no count."""

    label: str
    value: str
    amount: int | None = None
    bar: float | None = None
    """How long its bar is drawn, where that is not the amount."""
    is_total: bool = False
    codes: Sequence[str] = ()
    """What it is called in the lists of ``Section.codes``."""


@dataclass(frozen=True)
class Section:
    """One table."""

    title: str
    rows: Sequence[Row]
    codes: Sequence[str] = ()
    """Published lists whose codes stand beside the rows where somebody works on with them."""
    longest: float | None = None
    """What the longest bar there can be stands for; by itself the highest row."""


@dataclass(frozen=True)
class Report:
    """Everything a coordinator reads of one period. All of it is plain text."""

    title: str
    status: str
    sections: Sequence[Section]
    note: str


def note(_: Translator) -> str:
    """Return why some numbers are not there."""
    return _.label(
        "figure",
        "To protect people, numbers from 1 to 4 are not shown, "
        "nor are numbers from which one of them could be computed.",
    )


def rows(table: Protected[K], name: Callable[[K], str], _: Translator) -> list[Row]:
    """Return a table line by line, its total last."""
    found = [row(name(key), cell, _) for key, cell in table.cells.items()]
    if table.total is not None and len(found) != 1:
        found.append(replace(row(_.label("figure", "Total"), table.total, _), is_total=True))
    return found


def row(label: str, cell: Cell, _: Translator) -> Row:
    """Return one number, or that it is not shown."""
    amount = cell if not isinstance(cell, Hidden) else None
    return Row(label, value(cell, _), amount)


def value(cell: Cell, _: Translator) -> str:
    """Return a number as the reader writes it."""
    if cell is Hidden.FEW:
        return _.label("figure", "fewer than 5")
    if isinstance(cell, Hidden):
        return _.label("figure", "not shown")
    return number(cell, _)


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
