"""The bridge: a member writes with an organisation about a request, or with an event's organisers.

Others are between who translates a text and its author, between two who have been introduced to
each other, and between who asks or offers something and who answers. Animators read what concerns
an event, or a text whose author is gone or has let them wait for long, because they are asked; of
anything else they read nothing unless one side reports it.

``seeing`` says who stands where and may read, ``writing`` writes and closes, ``reporting`` calls
the team in, ``asked`` is what waits for an answer.
"""

from community.bridge.asked import (
    answering,
    asked_of_hosts,
    due,
    for_team,
    is_for,
    is_over,
)
from community.bridge.reporting import (
    forward,
    may_settle,
    report,
    reported,
    settle,
)
from community.bridge.seeing import (
    OPEN_AFTER_EVENT,
    WRITABLE,
    Rest,
    Side,
    View,
    about_post,
    about_referral,
    attached,
    begin,
    begin_report,
    can_begin,
    look,
    messages,
    of_report,
    takes_questions,
)
from community.bridge.writing import close, write

__all__ = [
    "OPEN_AFTER_EVENT",
    "WRITABLE",
    "Rest",
    "Side",
    "View",
    "about_post",
    "about_referral",
    "answering",
    "asked_of_hosts",
    "attached",
    "begin",
    "begin_report",
    "can_begin",
    "close",
    "due",
    "for_team",
    "forward",
    "is_for",
    "is_over",
    "look",
    "may_settle",
    "messages",
    "of_report",
    "report",
    "reported",
    "settle",
    "takes_questions",
    "write",
]
