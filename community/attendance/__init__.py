"""Answers to events: places, the waiting list, offered places, reminders, and who came.

Every verb locks the event's row first, so that twelve people who press at once for the last place
get one place and eleven numbers on the waiting list, on either database.
"""

from community.attendance.answering import answer, expect, give_up
from community.attendance.changing import cancel_event, change_event
from community.attendance.guests import guest_list, tick
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
from community.attendance.seeing import been_at, has_been_anywhere, upcoming, visible
from community.attendance.table import (
    ATTENDANCE,
    COMES,
    HOLDS_A_PLACE,
    UNANSWERED,
    Attendance,
    State,
    Wish,
    concerned,
    counts,
    counts_of,
    of,
)

__all__ = [
    "ATTENDANCE",
    "COMES",
    "HOLDS_A_PLACE",
    "OFFER_HOLDS",
    "REMINDERS",
    "UNANSWERED",
    "Attendance",
    "State",
    "Wish",
    "answer",
    "been_at",
    "cancel_event",
    "change_event",
    "concerned",
    "counts",
    "counts_of",
    "expect",
    "give_up",
    "guest_list",
    "has_been_anywhere",
    "is_free_for",
    "lapse_offers",
    "of",
    "offer_places",
    "place_in_line",
    "places_left",
    "remind_again",
    "tick",
    "upcoming",
    "visible",
    "welcome_back",
]
