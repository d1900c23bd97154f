"""Referrals: a member's request to a provider, with exactly the fields the member agreed to.

What the provider can open is the snapshot that was previewed and is still agreed to: nothing
else, nobody else's, and nothing at all once it is withdrawn. The member has the last word on the
outcome.
"""

from community.referrals.answering import (
    PROVIDERS_STEPS,
    answer,
    ask_for,
    for_provider,
    for_staff,
    opened,
)
from community.referrals.asking import (
    agree,
    confirm,
    give,
    mine,
    of_member,
    open_of,
    open_with,
    stop_sharing,
    withdraw,
    withdraw_open,
)
from community.referrals.chains import (
    Onward,
    chosen_before,
    elsewhere,
    following,
    instead_of,
    onward,
    pass_on,
    takes_requests,
)
from community.referrals.clocks import CLOCKS, Awaited, Clock, Owner, Then
from community.referrals.outcomes import ASKED_TWICE
from community.referrals.ringing import next_mark, next_ring, ring
from community.referrals.sharing import (
    NOTE_LIMIT,
    asked_for,
    fingerprint,
    preview,
    shared,
    would_share,
)
from community.referrals.table import (
    OPEN,
    REASONS,
    REFERRAL,
    SETTLED,
    TURNED_AWAY,
    FieldName,
    Reason,
    Referral,
    SharedField,
    State,
)
from community.referrals.tending import (
    are_unattended,
    disputed,
    disputes,
    end_agreement,
    end_expired,
    notice_unattended,
    resolve,
)

__all__ = [
    "ASKED_TWICE",
    "CLOCKS",
    "NOTE_LIMIT",
    "OPEN",
    "PROVIDERS_STEPS",
    "REASONS",
    "REFERRAL",
    "SETTLED",
    "TURNED_AWAY",
    "Awaited",
    "Clock",
    "FieldName",
    "Onward",
    "Owner",
    "Reason",
    "Referral",
    "SharedField",
    "State",
    "Then",
    "agree",
    "answer",
    "are_unattended",
    "ask_for",
    "asked_for",
    "chosen_before",
    "confirm",
    "disputed",
    "disputes",
    "elsewhere",
    "end_agreement",
    "end_expired",
    "fingerprint",
    "following",
    "for_provider",
    "for_staff",
    "give",
    "instead_of",
    "mine",
    "next_mark",
    "next_ring",
    "notice_unattended",
    "of_member",
    "onward",
    "open_of",
    "open_with",
    "opened",
    "pass_on",
    "preview",
    "resolve",
    "ring",
    "shared",
    "stop_sharing",
    "takes_requests",
    "withdraw",
    "withdraw_open",
    "would_share",
]
