"""A hand-over plan: how something of the team passes to a member, step by step.

An animator starts it and the member agrees before it begins; both see who does what until when,
and who learns from whom. It ends in a role with an end, or when either of them ends it.
"""

from community.transfers.beginning import BEGINS_WITH, answer, find_members, start
from community.transfers.ending import cut_short, end, finish, hand_on, holds_until, leave
from community.transfers.reading import due, every, mentors, of, opened, steps
from community.transfers.stepping import MOST_STEPS, add_step, drop_step, move_step, tick
from community.transfers.table import PASSED, TRANSFER, Code, Does, State, Transfer, TransferStep

__all__ = [
    "BEGINS_WITH",
    "MOST_STEPS",
    "PASSED",
    "TRANSFER",
    "Code",
    "Does",
    "State",
    "Transfer",
    "TransferStep",
    "add_step",
    "answer",
    "cut_short",
    "drop_step",
    "due",
    "end",
    "every",
    "find_members",
    "finish",
    "hand_on",
    "holds_until",
    "leave",
    "mentors",
    "move_step",
    "of",
    "opened",
    "start",
    "steps",
    "tick",
]
