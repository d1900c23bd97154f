"""Evidence as titled tables: for a message, and for pictures with bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from community.evidence import Level, Stage, Unit
from locales import Translator, join, number, plain
from reports.evidence import indicators, words
from reports.evidence.content import Evidence, Line, biases
from reports.evidence.words import Names
from reports.tables import Report, Row, Section

IN_A_MESSAGE, IN_A_PICTURE = 12, 6
WHOLE = 100.0


def title(told: Evidence, _: Translator) -> str:
    """Return what a report is called."""
    return _.label("figure", "Evidence: {period}", period=words.period(told.period, _))


def status(told: Evidence, _: Translator) -> str:
    """Return that these figures do not change, and what is not in them for this reader."""
    when = words.due(told.counted_on, _)
    said = [
        _.label(
            "figure", "Counted once, on {date}. These figures do not change any more.", date=when
        )
    ]
    if told.was_changed:
        said.append(
            _.label(
                "figure",
                "The file of indicators has been changed since then: names, formulas and targets "
                "are those of today, the numbers they are made of are those of then.",
            )
        )
    if told.without:
        names = plain(join([indicators.name(one, _) for one in told.without], _))
        said.append(
            _.label(
                "figure",
                "Not in it, because you have worked for an organisation that gets requests, or "
                "because it was not counted yet: {indicators}.",
                indicators=names,
            )
        )
    return " ".join(said)


def note(told: Evidence, _: Translator) -> str:
    """Return why some numbers are not there."""
    return _.label(
        "figure",
        "To protect people, numbers from 1 to {most} are not shown, nor are numbers from which "
        "one of them could be computed.",
        most=number(told.threshold - 1, _),
    )


def in_short(told: Evidence, names: Names, _: Translator) -> Report:
    """Return the most important figures, the first first: for a message."""
    lines = told.foremost[:IN_A_MESSAGE]
    rows = [Row(indicators.name(line.indicator, _), beside(line, names, _)) for line in lines]
    left = len(told.lines) - len(lines)
    if left:
        more = _.nlabel("figure", "{n} more in the files", "{n} more in the files", left)
        rows.append(Row("…", more))
    return Report(
        title(told, _),
        status(told, _),
        [Section(_.label("figure", "At a glance"), rows), *_response(told, names, _)],
        note(told, _),
    )


def beside(line: Line, names: Names, _: Translator) -> str:
    """Return a figure with its target and the period before, as far as they are there."""
    value = words.value(line.figure, line.indicator, line.few, names, _)
    return " · ".join([value, *compared(line, names, _)])


def compared(line: Line, names: Names, _: Translator) -> Sequence[str]:
    """Return the target of an indicator and the period before, as far as they are there."""
    indicator, said = line.indicator, []
    if indicator.target is not None:
        target = words.amount(indicator.target, indicator.unit, names, _)
        said.append(_.label("figure", "target {target}", target=target))
    if line.before is not None and isinstance(line.before.value, Decimal):
        before = words.amount(line.before.value, indicator.unit, names, _)
        said.append(_.label("figure", "before {figure}", figure=before))
    return said


def _response(told: Evidence, names: Names, _: Translator) -> Sequence[Section]:
    said = bias(told, names, _)
    if told.response is None or not said:
        return []
    return [Section(_.label("figure", "Who answered"), [Row(one, two) for one, two in said])]


def bias(told: Evidence, names: Names, _: Translator) -> Sequence[tuple[str, str]]:
    """Return each group that has answered clearly more or less often than all, and how often."""
    if told.response is None:
        return []
    found = []
    for one in biases(told.response):
        if one.apart:
            share = words.amount(one.share, Unit.PERCENT, names, _)
            how = (
                _.label("figure", "{share}: less often than all", share=share)
                if one.apart < 0
                else _.label("figure", "{share}: more often than all", share=share)
            )
            found.append((words.group(one.by, one.key, names, _), how))
    return found


# Pictures


def bars(told: Evidence, names: Names, _: Translator) -> Report:
    """Return the figures of the period, shares and numbers apart: for a picture."""
    sections = []
    for level, stage, unit, lines in _alike(told):
        name = _.label(
            "figure",
            "{level}: {stage}, {unit}",
            level=words.level(level, _),
            stage=words.stage(stage, _),
            unit=words.unit(unit, _),
        )
        longest = WHOLE if unit is Unit.PERCENT else None
        rows = [_bar(line, names, _) for line in lines]
        sections.append(Section(name, rows, longest=longest))
    return Report(title(told, _), status(told, _), sections, note(told, _))


def _alike(told: Evidence) -> Sequence[tuple[Level, Stage, Unit, Sequence[Line]]]:
    found = []
    for level in Level:
        for stage in Stage:
            lines = told.of(level, stage)
            for unit in dict.fromkeys(line.indicator.unit for line in lines):
                same = [line for line in lines if line.indicator.unit is unit]
                found.append((level, stage, unit, same))
    return found


def _bar(line: Line, names: Names, _: Translator) -> Row:
    value = line.figure.value
    length = _length(value if isinstance(value, Decimal) else None)
    label = " · ".join([indicators.name(line.indicator, _), *compared(line, names, _)])
    return Row(label, words.value(line.figure, line.indicator, line.few, names, _), bar=length)


def _length(value: Decimal | None) -> float | None:
    """Return how long a bar is; what has become less has none, and its number says so."""
    return float(value) if value is not None and value > 0 else None


@dataclass(frozen=True)
class Bar:
    """One period of one indicator, or its target."""

    label: str
    said: str
    value: Decimal | None


def course(line: Line, names: Names, _: Translator) -> Sequence[Bar]:
    """Return an indicator period by period."""
    return [
        Bar(
            words.short_period(when, _),
            words.value(one, line.indicator, line.few, names, _),
            one.value if isinstance(one.value, Decimal) else None,
        )
        for when, one in line.past
    ]


def against_targets(told: Evidence, names: Names, _: Translator) -> Report | None:
    """Return the foremost indicators period by period, with their targets: for a picture.

    None where there is neither a target nor a period before.
    """
    sections = []
    for line in told.foremost:
        indicator = line.indicator
        rows = [Row(bar.label, bar.said, bar=_length(bar.value)) for bar in course(line, names, _)]
        if indicator.target is not None:
            target = words.amount(indicator.target, indicator.unit, names, _)
            rows.append(Row(_target(line, _), target, bar=_length(indicator.target)))
        if len(rows) > 1:
            longest = WHOLE if indicator.unit is Unit.PERCENT else None
            sections.append(Section(indicators.name(indicator, _), rows, longest=longest))
    if not sections:
        return None
    return Report(title(told, _), status(told, _), sections[:IN_A_PICTURE], note(told, _))


def _target(line: Line, _: Translator) -> str:
    if line.indicator.due is None:
        return _.label("figure", "Target")
    return _.label("figure", "Target by {date}", date=words.due(line.indicator.due, _))
