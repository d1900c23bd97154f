"""Messages that are owed: planned once, claimed once, their outcome written back.

A delivery holds a kind, ids, a due time, an expiry and a key for its occurrence; never text. What
it says is rendered when it is sent, from what is true then, in the language the person has then.
"""

from community.deliveries.claiming import claim, let_go, next_due
from community.deliveries.ending import Unsure, expire, lose, rescue, resend, uncertain
from community.deliveries.planning import Plan, cancel, plan, plan_new, plan_notices, replan
from community.deliveries.settling import Outcome, copies_of, remember, settle
from community.deliveries.table import (
    DELIVERY,
    OPEN,
    Delivery,
    Due,
    SentMessage,
    State,
)

__all__ = [
    "DELIVERY",
    "OPEN",
    "Delivery",
    "Due",
    "Outcome",
    "Plan",
    "SentMessage",
    "State",
    "Unsure",
    "cancel",
    "claim",
    "copies_of",
    "expire",
    "let_go",
    "lose",
    "next_due",
    "plan",
    "plan_new",
    "plan_notices",
    "remember",
    "replan",
    "rescue",
    "resend",
    "settle",
    "uncertain",
]
