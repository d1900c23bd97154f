"""Costs: what the network's activities cost, and what came of them for the money.

Coordinators write them down, in the chat or from a file. Nothing of a person is in them. They are
the numerators of cost-effectiveness; the denominators are figures that are told anyway.
"""

from community.costs.bringing import MOST, Brought, Line, bring, compare
from community.costs.keeping import (
    FACTS,
    NOTE_LIMIT,
    Totals,
    add,
    change,
    clean,
    every,
    listed,
    opened,
    put_back,
    steps,
    totals,
    withdraw,
)
from community.costs.table import ABOUT, COST, HIGHEST, Assumption, Cost, State, What, share
from community.costs.worth import (
    PERCENT,
    Benefit,
    Name,
    Outcomes,
    Per,
    Ratio,
    assume,
    assumptions,
    forget,
    net_benefit,
    ratio,
    rounded,
)

__all__ = [
    "ABOUT",
    "COST",
    "FACTS",
    "HIGHEST",
    "MOST",
    "NOTE_LIMIT",
    "PERCENT",
    "Assumption",
    "Benefit",
    "Brought",
    "Cost",
    "Line",
    "Name",
    "Outcomes",
    "Per",
    "Ratio",
    "State",
    "Totals",
    "What",
    "add",
    "assume",
    "assumptions",
    "bring",
    "change",
    "clean",
    "compare",
    "every",
    "forget",
    "listed",
    "net_benefit",
    "opened",
    "put_back",
    "ratio",
    "rounded",
    "share",
    "steps",
    "totals",
    "withdraw",
]
