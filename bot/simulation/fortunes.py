"""How it goes with the people of the simulated network, and what they say of it when asked.

A business begins, grows, shrinks or closes from year to year; attitudes rise a little. All shares
are made up (``tables.py``): no figure of them says anything about any real network.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.simulation.rows import Rows
from bot.simulation.tables import (
    ATTRIBUTIONS,
    AWAY_FROM,
    BUSINESSES,
    COMES_OF_IT,
    HELPED,
    HELPED_NOT,
    HOURS,
    MET,
    PROFITS,
    SITUATIONS,
    STAFF,
    UNDERSTOOD,
    USEFUL,
    YES,
)
from community.surveys.relevant import holds
from community.surveys.templates import Kind, Template

RUNS = ("running", "same", "new")
ATTITUDES = ("employability", "networking", "belonging")
TYPICAL, SPREAD, GROWS, VARIES = 10.2, 0.8, 1.08, 0.25
"""Sales: the logarithm of what half of the businesses have, and how a year changes them."""


@dataclass(slots=True)
class Fortune:
    """How somebody's business and attitudes are now."""

    business: str
    """Running, starting or none; later, what has become of it: same, new, closed or none."""
    sales: int
    staff: int
    hours: int
    attitudes: dict[str, int]


def begin(rows: Rows) -> Fortune:
    """Return how it goes with somebody who joins."""
    chance = rows.chance
    attitudes = {one: min(5, max(1, round(chance.gauss(2.9, 1)))) for one in ATTITUDES}
    return _with_figures(rows, Fortune(rows.one_of(BUSINESSES), 0, 0, 0, attitudes))


def _with_figures(rows: Rows, fortune: Fortune) -> Fortune:
    fortune.sales = _hundreds(rows.chance.lognormvariate(TYPICAL, SPREAD))
    fortune.staff = rows.one_of(STAFF)
    fortune.hours = fortune.staff * rows.one_of(HOURS)
    return fortune


def _hundreds(amount: float) -> int:
    return 100 * round(amount / 100)


def go_on(rows: Rows, fortune: Fortune) -> None:
    """Let a year pass, or the time until somebody leaves."""
    chance = rows.chance
    fortune.business = rows.one_of(COMES_OF_IT[fortune.business])
    if fortune.business == "new":
        _with_figures(rows, fortune)
        fortune.sales = _hundreds(fortune.sales * 0.4)
    elif fortune.business == "same":
        fortune.sales = max(0, _hundreds(fortune.sales * chance.gauss(GROWS, VARIES)))
        fortune.staff = max(0, fortune.staff + chance.choices((-1, 0, 1, 2), (8, 72, 16, 4))[0])
        fortune.hours = fortune.staff * rows.one_of(HOURS)
    for one, level in fortune.attitudes.items():
        moved = level + chance.choices((-1, 0, 1), (12, 58, 30))[0]
        fortune.attitudes[one] = min(5, max(1, moved))


Said = tuple[str, str, Decimal | None]
"""A question, and what was answered: a code, or a number."""


def told(
    rows: Rows, template: Template, fortune: Fortune, language: str, *, was_helped: bool = True
) -> Iterator[Said]:
    """Yield what somebody answers to each question that is put to them, in order."""
    chosen: dict[str, list[str]] = {}
    fixed = {
        "business": fortune.business,
        "sales": fortune.sales,
        "staff": fortune.staff,
        "hours": fortune.hours,
        **fortune.attitudes,
    }
    has_one = fortune.business in RUNS
    drawn: Mapping[str, Mapping[str, float]] = {
        "profit": PROFITS,
        "export": YES,
        "situation": SITUATIONS[has_one],
        "attribution": ATTRIBUTIONS,
        "why": AWAY_FROM,
        "useful": USEFUL,
        "met": MET,
        "helped": HELPED if was_helped else HELPED_NOT,
        "understood": UNDERSTOOD[language],
    }
    for asked in template.questions:
        if asked.relevant is not None and not holds(asked.relevant, chosen):
            continue
        said = fixed.get(asked.code)
        value = str(rows.one_of(drawn[asked.code]) if said is None else said)
        is_code = asked.kind in (Kind.ONE, Kind.SCALE)
        chosen[asked.code] = [value]
        amount = None if asked.kind is Kind.ONE else Decimal(value)
        yield asked.code, value if is_code else "", amount
