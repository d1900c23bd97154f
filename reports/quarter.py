"""An organisation's quarter as titled tables in the reader's language: text and picture alike."""

from collections.abc import Callable

from babel.dates import format_interval

from community.figures import Hidden, Quarter
from community.quarters import Record, Times
from community.referrals import Reason, State
from locales import Translator, number
from reports.tables import Report, Row, Section, row, rows


def named_by_months(quarter: Quarter, _: Translator) -> str:
    """Return "October – December 2026" as the reader's language writes it."""
    first, last = quarter.days
    return str(format_interval(first, last, "yMMMM", locale=_.locale))


def report(
    organization: str,
    record: Record,
    state: Callable[[State, Translator], str],
    reason: Callable[[Reason, Translator], str],
    _: Translator,
) -> Report:
    """Return an organisation's quarter in the reader's language; the callables name the codes."""
    when = named_by_months(record.quarter, _)
    return Report(
        _.label("figure", "{organization}: {quarter}", organization=organization, quarter=when),
        _.label("figure", "This quarter is over.")
        if record.is_closed
        else _.label("figure", "This quarter is still running: these are figures so far."),
        [
            Section(
                _.label("figure", "Referrals"),
                [
                    row(_.label("figure", "Received"), record.received, _),
                    row(_.label("figure", "Answered for the first time"), record.answered, _),
                ],
            ),
            Section(_.label("figure", "How long the first answer took"), _times(record, _)),
            Section(
                _.label("figure", "What has come of them"),
                rows(record.outcomes, lambda code: state(code, _), _),
            ),
            *(
                [
                    Section(
                        _.label("figure", "Why they were declined"),
                        rows(record.declined, lambda code: reason(code, _), _),
                    )
                ]
                if record.declined.cells
                else []
            ),
        ],
        _.label(
            "figure",
            "To protect people, numbers from 1 to 4 are not shown, "
            "nor are numbers from which one of them could be computed.",
        ),
    )


def _times(record: Record, _: Translator) -> list[Row]:
    if record.times is None:
        few = isinstance(record.answered, Hidden)
        return [Row(_.label("figure", "Days"), _.label("figure", "fewer than 5"))] if few else []
    times: Times = record.times
    return [
        _span(_.label("figure", "Days"), times.days, _),
        _span(_.label("figure", "Working days, Monday to Friday"), times.working_days, _),
    ]


def _span(label: str, span: tuple[float, int, int], _: Translator) -> Row:
    middle, quickest, slowest = span
    value = _.label(
        "figure",
        "{middle} in the middle, from {quickest} to {slowest}",
        middle=number(middle, _),
        quickest=number(quickest, _),
        slowest=number(slowest, _),
    )
    return Row(label, value)
