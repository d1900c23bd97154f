"""Agreements with providers. Without an active one, no personal data goes to an organisation.

An agreement is active from the moment a coordinator says so, once it is signed and says on which
ground data is shared, until it is ended or its end date has come: whichever is first.
"""

from community.agreements.ending import BEFORE, end, end_expired, next_due, remind
from community.agreements.keeping import (
    FACTS,
    TEXT_LIMIT,
    activate,
    active_among,
    advance,
    begin,
    change,
    current,
    every,
    holds,
    is_active,
    listed,
    opened,
    with_active,
)
from community.agreements.table import (
    AGREEMENT,
    OVER,
    TO_ACTIVE,
    Agreement,
    Basis,
    State,
)

__all__ = [
    "AGREEMENT",
    "BEFORE",
    "FACTS",
    "OVER",
    "TEXT_LIMIT",
    "TO_ACTIVE",
    "Agreement",
    "Basis",
    "State",
    "activate",
    "active_among",
    "advance",
    "begin",
    "change",
    "current",
    "end",
    "end_expired",
    "every",
    "holds",
    "is_active",
    "listed",
    "next_due",
    "opened",
    "remind",
    "with_active",
]
