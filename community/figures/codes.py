"""What became of requests, in the codes of others (``community/referrals/codes.py``).

A code stands beside a number that is told anyway, and says nothing that its name does not. Numbers
by code are not counted: they would be sums that cross with the others.
"""

from collections.abc import Mapping, Sequence

from community.figures.outcomes import Outcome
from community.referrals import State, codes

STANDS: Mapping[Outcome, Sequence[State]] = {
    Outcome.WAITING: (State.PENDING,),
    Outcome.UNANSWERED: (State.EXPIRED,),
    Outcome.TAKEN_BACK: (State.CANCELLED,),
    Outcome.QUESTIONED: (State.NEEDS_INFORMATION, State.PENDING),
    Outcome.GIVEN_UP: (State.EXPIRED, State.CANCELLED),
    Outcome.DECLINED: (State.DECLINED,),
    Outcome.PASSED_ON: (State.REROUTED,),
    Outcome.UNDER_WAY: (State.ACCEPTED, State.IN_SERVICE),
    Outcome.WITHDRAWN: (State.CANCELLED,),
    Outcome.NOT_DELIVERED: (State.NOT_DELIVERED,),
    Outcome.CONFIRMED: (State.CONFIRMED,),
    Outcome.UNCONFIRMED: (State.COMPLETED, State.UNCONFIRMED),
    Outcome.DISPUTED: (State.DISPUTED,),
    Outcome.SETTLED_GIVEN: (State.RESOLVED,),
    Outcome.SETTLED_NOT_GIVEN: (State.RESOLVED,),
}
"""In which states the requests of a leaf can be. What has parts has no code: its parts do."""


def statuses(outcome: Outcome) -> Sequence[codes.Status]:
    """Return PublicSchema's codes of a leaf: one, unless it ended in either of two ways."""
    delivered = outcome == Outcome.SETTLED_GIVEN
    found = (codes.status(state, delivered=delivered) for state in STANDS.get(outcome, ()))
    return list(dict.fromkeys(code for code in found if code))


def success(outcome: Outcome) -> codes.Success | None:
    """Return Primero's code for whether a leaf helped; None where that is open, or both."""
    delivered = outcome == Outcome.SETTLED_GIVEN
    found = {codes.success(state, delivered=delivered) for state in STANDS.get(outcome, ())}
    return found.pop() if len(found) == 1 else None
