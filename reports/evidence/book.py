"""Evidence as a workbook: the indicators, their groups, period by period, and how to read it."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from community.evidence import Figure
from community.figures import Hidden
from locales import Translator
from reports.evidence import formulas, indicators, titled, words
from reports.evidence.content import Evidence, Line
from reports.evidence.method import notes
from reports.evidence.words import Names
from reports.workbook import Sheet, Value, of_words


def workbook(told: Evidence, names: Names, _: Translator, now: datetime) -> bytes:
    """Return an XLSX file: what is shown is a number, what is hidden says so in words."""
    return of_words(titled.title(told, _), list(_sheets(told, names, _)), _, now)


def _sheets(told: Evidence, names: Names, _: Translator) -> Iterable[Sheet]:
    value, n = _.label("figure", "Value"), _.label("figure", "Out of (n)")
    indicator, unit = _.label("figure", "Indicator"), _.label("figure", "Unit")
    yield Sheet(
        _.label("figure", "Indicators"),
        [
            indicator,
            _.label("figure", "Level"),
            _.label("figure", "Kind"),
            value,
            unit,
            n,
            _.label("figure", "Target"),
            _.label("figure", "From the target"),
            _.label("figure", "Due"),
            _.label("figure", "Period before"),
            _.label("figure", "Change"),
        ],
        [_indicator(line, names, _) for line in told.lines],
    )
    yield Sheet(
        _.label("figure", "Groups"),
        [indicator, _.label("figure", "Split"), _.label("figure", "Group"), value, unit, n],
        [row for line in told.lines for row in _groups(line, names, _)],
    )
    yield Sheet(
        _.label("figure", "Periods"),
        [indicator, _.label("figure", "Period"), value, unit, n],
        [row for line in told.lines for row in _periods(line, names, _)],
    )
    if told.response is not None:
        yield Sheet(
            _.label("figure", "Who answered"),
            [indicator, _.label("figure", "Split"), _.label("figure", "Group"), value, unit, n],
            [_whole(told.response, names, _), *_groups(told.response, names, _)],
        )
    yield Sheet(
        _.label("figure", "How to read this"),
        [titled.title(told, _)],
        [
            [titled.status(told, _)],
            *([one] for one in notes(told, _)),
            *([f"{indicators.name(i, _)}: {indicators.about(i, _)} {formulas.formula(i, _)}"]
              for i in (line.indicator for line in told.lines)),
        ],
    )  # fmt: skip


def _value(one: Figure | None, line: Line, names: Names, _: Translator) -> Value:
    if one is None:
        return None
    if isinstance(one.value, Decimal):
        return one.value
    return words.value(one, line.indicator, line.few, names, _)


def _n(one: Figure, line: Line, _: Translator) -> Value:
    return words.cell(one.n, line.few, _) if isinstance(one.n, Hidden) else one.n


def _indicator(line: Line, names: Names, _: Translator) -> list[Value]:
    indicator = line.indicator
    return [
        indicators.name(indicator, _),
        words.level(indicator.level, _),
        words.stage(indicator.stage, _),
        _value(line.figure, line, names, _),
        words.unit(indicator.unit, _),
        _n(line.figure, line, _),
        indicator.target,
        line.distance,
        indicator.due,
        _value(line.before, line, names, _),
        line.change,
    ]


def _whole(line: Line, names: Names, _: Translator) -> list[Value]:
    everybody = _.label("figure", "All")
    return [
        indicators.name(line.indicator, _),
        "",
        everybody,
        *_cells(line.figure, line, names, _),
    ]


def _groups(line: Line, names: Names, _: Translator) -> Iterable[list[Value]]:
    for by, cells in line.groups.items():
        for key, one in cells.items():
            cut, group = words.split(by, _), words.group(by, key, names, _)
            yield [indicators.name(line.indicator, _), cut, group, *_cells(one, line, names, _)]


def _periods(line: Line, names: Names, _: Translator) -> Iterable[list[Value]]:
    for when, one in line.past:
        name, period = indicators.name(line.indicator, _), words.period(when, _)
        yield [name, period, *_cells(one, line, names, _)]


def _cells(one: Figure, line: Line, names: Names, _: Translator) -> list[Value]:
    unit = words.unit(line.indicator.unit, _)
    return [_value(one, line, names, _), unit, _n(one, line, _)]
