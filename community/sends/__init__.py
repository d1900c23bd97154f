"""Sends: a newsletter or the announcement of an event, from draft to the last row settled.

Approval binds what was approved: any change of words, facts or audience takes the send back to
draft. A large send needs a second person; an animator who is alone gets ten minutes in which it
can still be taken back.
"""

from community.sends.announcing import (
    announce,
    binds,
    cancel_event,
    change_event,
    mean_for,
    take_back,
    translate_event,
)
from community.sends.approving import (
    FOUR_EYES_ABOVE,
    REASON_LIMIT,
    review,
    submission,
    submit,
    why,
)
from community.sends.offering import (
    need_of,
    offer,
    offer_again,
    offers_of,
    own_offer,
    withdraw_offer,
)
from community.sends.outcomes import (
    by_phone,
    deferred,
    leave_uncertain,
    outcomes_by_language,
    resend_uncertain,
    was_for,
)
from community.sends.pictures import has_its_words, illustrate
from community.sends.planning import dry_run, in_the_night, release
from community.sends.running import (
    ALONE_DELAY,
    UNDO,
    cancel,
    finish,
    hold,
    resume,
    schedule,
    start_due,
)
from community.sends.table import SEND, TAKEN, Held, Kind, Picture, Send, State
from community.sends.writing import (
    PICTURE,
    complete,
    current,
    edit,
    first_of,
    in_review,
    recent,
    shelf,
    standings,
    translate_offer,
    undo,
    write_language,
    write_newsletter,
)

__all__ = [
    "ALONE_DELAY",
    "FOUR_EYES_ABOVE",
    "PICTURE",
    "REASON_LIMIT",
    "SEND",
    "TAKEN",
    "UNDO",
    "Held",
    "Kind",
    "Picture",
    "Send",
    "State",
    "announce",
    "binds",
    "by_phone",
    "cancel",
    "cancel_event",
    "change_event",
    "complete",
    "current",
    "deferred",
    "dry_run",
    "edit",
    "finish",
    "first_of",
    "has_its_words",
    "hold",
    "illustrate",
    "in_review",
    "in_the_night",
    "leave_uncertain",
    "mean_for",
    "need_of",
    "offer",
    "offer_again",
    "offers_of",
    "outcomes_by_language",
    "own_offer",
    "recent",
    "release",
    "resend_uncertain",
    "resume",
    "review",
    "schedule",
    "shelf",
    "standings",
    "start_due",
    "submission",
    "submit",
    "take_back",
    "translate_event",
    "translate_offer",
    "undo",
    "was_for",
    "why",
    "withdraw_offer",
    "write_language",
    "write_newsletter",
]
