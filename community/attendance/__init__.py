"""Answers to events: places, the waiting list, offered places, reminders, and who came.

Every verb locks the event's row first, so that twelve people who press at once for the last place
get one place and eleven numbers on the waiting list, on either database.
"""

from community.attendance.answering import answer, expect, give_up
from community.attendance.changing import cancel_event, change_event
from community.attendance.company import MOST_GUESTS, bring, need, needed
from community.attendance.door import (
    DOOR_OPENS,
    check_in,
    check_in_by_code,
    expected_at,
    go_online,
    is_at_the_door,
    open_door,
)
from community.attendance.guests import guest_list, nobody_else, tick
from community.attendance.places import (
    OFFER_HOLDS,
    is_free_for,
    lapse_offers,
    offer_places,
    place_in_line,
    places_left,
    welcome_back,
)
from community.attendance.reminding import REMINDERS, remind_again
from community.attendance.seeing import (
    been_at,
    for_everybody,
    has_been_anywhere,
    upcoming,
    visible,
)
from community.attendance.table import (
    ATTENDANCE,
    BRINGS,
    COMES,
    CONCERNED,
    HOLDS_A_PLACE,
    UNANSWERED,
    Attendance,
    State,
    Wish,
    comes_to,
    concerned,
    counts,
    counts_of,
    guests_of,
    is_concerned,
    of,
)

__all__ = [
    "ATTENDANCE",
    "BRINGS",
    "COMES",
    "CONCERNED",
    "DOOR_OPENS",
    "HOLDS_A_PLACE",
    "MOST_GUESTS",
    "OFFER_HOLDS",
    "REMINDERS",
    "UNANSWERED",
    "Attendance",
    "State",
    "Wish",
    "answer",
    "been_at",
    "bring",
    "cancel_event",
    "change_event",
    "check_in",
    "check_in_by_code",
    "comes_to",
    "concerned",
    "counts",
    "counts_of",
    "expect",
    "expected_at",
    "for_everybody",
    "give_up",
    "go_online",
    "guest_list",
    "guests_of",
    "has_been_anywhere",
    "is_at_the_door",
    "is_concerned",
    "is_free_for",
    "lapse_offers",
    "need",
    "needed",
    "nobody_else",
    "of",
    "offer_places",
    "open_door",
    "place_in_line",
    "places_left",
    "remind_again",
    "tick",
    "upcoming",
    "visible",
    "welcome_back",
]
