"""What a report of evidence tells: every indicator of a period that was told, beside those before.

One model, which the page, the workbook, the tables of data, the text and the pictures all show, so
that they cannot differ. Its figures are made of what is told (``community.evidence``), and of
nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from community.evidence import (
    FACTS,
    Every,
    Figure,
    Framework,
    Indicator,
    Level,
    Period,
    Published,
    Stage,
    figure,
    figures,
    shipped,
)
from community.evidence.facts import of
from community.evidence.telling import STEPS

PERIODS = 5
"""So many are shown of one indicator: a quarter stands beside that of the year before."""
ASKED, RESPONSE_RATE = "asked", "response_rate"
CLEARLY = STEPS
"""Percent. Shares of groups are told in steps of ten: what is nearer says nothing."""


@dataclass(frozen=True)
class Line:
    """One indicator in one period."""

    indicator: Indicator
    figure: Figure
    past: Sequence[tuple[Period, Figure]]
    """Of the periods that were told, the oldest first; the last is this one."""
    groups: Mapping[str, Mapping[str, Figure]]
    """By split (``telling.SPLITS``) and group."""
    few: int
    """Of fewer people nothing is shown."""

    @property
    def before(self) -> Figure | None:
        """Return the figure of the period just before, if that was told."""
        period, _figure = self.past[-1]
        return next((one for when, one in self.past if when == period.before), None)

    @property
    def distance(self) -> Decimal | None:
        """Return how far it is above its target (below: negative), where both are there."""
        target, value = self.indicator.target, self.figure.value
        return value - target if target is not None and isinstance(value, Decimal) else None

    @property
    def change(self) -> Decimal | None:
        """Return how far it is above the period before."""
        before, value = self.before, self.figure.value
        if before is None or not isinstance(before.value, Decimal):
            return None
        return value - before.value if isinstance(value, Decimal) else None

    @property
    def has_shares(self) -> bool:
        """Say whether its groups are told in steps of ten percent."""
        return FACTS[self.indicator.part.fact].shape.has_shares


@dataclass(frozen=True)
class Evidence:
    """What one report tells."""

    period: Period
    lines: Sequence[Line]
    """In the order of the file of indicators."""
    response: Line | None
    """Who has answered surveys."""
    without: Sequence[Indicator]
    """What this reader is not told: requests, if they work for one who gets some."""
    threshold: int
    counted_on: date
    """By the network's clock."""
    framework: str
    """Which file of indicators these are."""
    was_changed: bool
    """Whether another one was in force when the period was told."""

    def of(self, level: Level, stage: Stage) -> Sequence[Line]:
        """Return the lines of a group."""
        return [
            line
            for line in self.lines
            if line.indicator.level is level and line.indicator.stage is stage
        ]

    @property
    def foremost(self) -> Sequence[Line]:
        """Return the lines by how much they matter.

        What has a target comes first, then what comes of the work, then the work; what is not
        shown is left out.
        """
        shown = [line for line in self.lines if isinstance(line.figure.value, Decimal)]
        return sorted(
            shown,
            key=lambda line: (
                line.indicator.target is None,
                line.indicator.stage is Stage.OUTPUT,
                [*Level].index(line.indicator.level),
            ),
        )


def evidence(told: Sequence[Published], framework: Framework, zone: ZoneInfo) -> Evidence:
    """Return what is told of a period.

    ``told`` are periods of one length, the oldest first; the last is the one that is reported. An
    indicator of longer or shorter periods is not in it.
    """
    last = told[-1]
    every = last.period.every
    lines, without = [], []
    for indicator in framework.indicators.values():
        if not _is_of(indicator, every):
            continue
        if indicator.part.fact in last.facts:
            lines.append(_line(indicator, told))
        else:
            without.append(indicator)
    response = shipped().indicators.get(RESPONSE_RATE)
    is_told = response and _is_of(response, every) and ASKED in last.facts
    return Evidence(
        last.period,
        lines,
        _line(response, told) if response and is_told else None,
        without,
        last.threshold,
        last.frozen_at.astimezone(zone).date(),
        framework.version,
        last.framework != framework.version,
    )


def _is_of(indicator: Indicator, every: Every) -> bool:
    return indicator.part.fact in of(every)


def _line(indicator: Indicator, told: Sequence[Published]) -> Line:
    last = told[-1]
    past = [
        (one.period, figure(indicator, one.facts))
        for one in told[-PERIODS:]
        if indicator.part.fact in one.facts
    ]
    few = FACTS[indicator.part.fact].shape.few or last.threshold
    return Line(indicator, past[-1][1], past, figures(indicator, last.facts), few)


# Who has answered


@dataclass(frozen=True)
class Bias:
    """How a group's share of answers differs from that of everybody; zero: not clearly."""

    by: str
    key: str
    share: Decimal
    apart: int
    """In percent."""


def biases(response: Line) -> Iterator[Bias]:
    """Yield each group of which a share is told beside that of everybody."""
    whole = response.figure.value
    if not isinstance(whole, Decimal):
        return
    for by, key, one in groups(response):
        if isinstance(one.value, Decimal):
            apart = int(one.value - whole)
            yield Bias(by, key, one.value, apart if abs(apart) >= CLEARLY else 0)


def groups(line: Line) -> Iterator[tuple[str, str, Figure]]:
    """Yield the figures of groups in order: split, group, figure."""
    for by, cells in line.groups.items():
        for key, one in cells.items():
            yield by, key, one
