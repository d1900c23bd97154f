"""A month's figures as titled tables in the reader's language.

The text, the picture and the workbook all show these tables, so they cannot differ.
"""

from collections.abc import Iterable
from datetime import date

from babel.dates import format_skeleton

from community.figures import UNKNOWN, Month
from community.moderation import Reports
from locales import Translator, language_name
from reports import support, words
from reports.support import Names
from reports.tables import Report, Section, note, row, rows


def month_name(year: int, month: int, _: Translator) -> str:
    """Return "November 2026" as the reader's language writes it."""
    return str(format_skeleton("yMMMM", date(year, month, 1), locale=_.locale))


def report(month: Month, reports: Reports, names: Names, _: Translator) -> Report:
    """Return the month in the reader's language."""
    when = month_name(month.span.year, month.span.month, _)
    return Report(
        _.label("figure", "Figures for {month}", month=when),
        support.status(
            _.label("figure", "This month is closed.")
            if month.span.is_closed
            else _.label("figure", "This month is still running: these are figures so far."),
            month.support,
            names,
            _,
        ),
        list(_sections(month, reports, names, _)),
        note(_),
    )


def _sections(month: Month, reports: Reports, names: Names, _: Translator) -> Iterable[Section]:
    yield Section(
        _.label("figure", "Members"),
        [row(_.label("figure", "At the end of the month"), month.members, _)],
    )
    yield Section(
        _.label("figure", "Events"),
        [
            row(_.label("figure", "Took place"), month.meetings.held, _),
            row(_.label("figure", "Cancelled"), month.meetings.cancelled, _),
        ],
    )
    yield Section(
        _.label("figure", "Who came to events"),
        rows(month.meetings.people, lambda code: words.coming(code, _), _),
    )
    yield from support.sections(month.support, names, _)
    yield Section(
        _.label("figure", "Messages by what became of them"),
        rows(month.deliveries, lambda code: words.outcome(code, _), _),
    )
    yield Section(
        _.label("figure", "Reported and settled"),
        rows(reports.by_what, lambda code: words.reported(code, _), _),
    )
    yield Section(
        _.label("figure", "Measures taken"),
        rows(reports.measures, lambda code: words.measure(code, _), _),
    )


def language_title(code: str, _: Translator) -> str:
    """Return a language's name as it begins a line."""
    if code == UNKNOWN:
        return _.label("figure", "No language chosen yet")
    name = language_name(code, _)
    return name[:1].upper() + name[1:]
