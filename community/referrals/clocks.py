"""The clock of each open state: who has to act, and after how long who hears of it.

A clock begins when its state does, and anew whenever the request comes back to that state. A day
counts whole, at the same time by the network's clock; working days are those of
its country (``workdays``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from community import workdays
from community.referrals.table import State


class Owner(StrEnum):
    """Whose turn it is."""

    MEMBER = "member"
    PROVIDER = "provider"
    TEAM = "team"


class Awaited(StrEnum):
    """What they do next."""

    ANSWER = "answer"
    TELL = "tell"
    """Share what was asked for, or say that they do not."""
    BEGIN = "begin"
    FINISH = "finish"
    CONFIRM = "confirm"
    SETTLE = "settle"


class Then(StrEnum):
    """What happens if they have not by then."""

    REMIND_STAFF = "remind_staff"
    REMIND_MEMBER = "remind_member"
    TELL_TEAM = "tell_team"
    ASK_AGAIN = "ask_again"
    EXPIRE = "expire"
    GIVE_UP = "give_up"
    """Take the member's word as not given."""


@dataclass(frozen=True)
class Clock:
    """One row of the table. ``marks`` are days since the state began, the earliest first."""

    owner: Owner
    awaited: Awaited
    marks: tuple[tuple[int, Then], ...] = ()
    working_days: bool = False
    again: int | None = None
    """After the last mark it rings anew so many days after each time, until somebody acts."""

    def then(self, number: int) -> Then | None:
        """Return what the mark with this number does, counted from 1."""
        if number > len(self.marks) and self.again is not None:
            return self.marks[-1][1]
        return self.marks[number - 1][1] if 0 < number <= len(self.marks) else None

    def following(
        self, number: int, moment: datetime, zone: ZoneInfo, country: str
    ) -> datetime | None:
        """Return when the next mark is due after this one, which was due at ``moment``.

        The mark with the number 0 is the beginning of the state.
        """
        if number < len(self.marks):
            days = self.marks[number][0] - (self.marks[number - 1][0] if number else 0)
        elif self.again is not None:
            days = self.again
        else:
            return None
        if self.working_days:
            return workdays.after(moment, days, zone, country)
        wall = moment.astimezone(zone).replace(tzinfo=None)
        return (wall + timedelta(days=days)).replace(tzinfo=zone).astimezone(UTC)


CLOCKS: Mapping[State, Clock] = {
    State.PENDING: Clock(
        Owner.PROVIDER,
        Awaited.ANSWER,
        ((3, Then.REMIND_STAFF), (5, Then.TELL_TEAM), (10, Then.EXPIRE)),
        working_days=True,
    ),
    State.NEEDS_INFORMATION: Clock(
        Owner.MEMBER,
        Awaited.TELL,
        ((3, Then.REMIND_MEMBER), (7, Then.REMIND_MEMBER), (14, Then.EXPIRE)),
    ),
    State.ACCEPTED: Clock(
        Owner.PROVIDER,
        Awaited.BEGIN,
        ((10, Then.REMIND_STAFF), (15, Then.TELL_TEAM)),
        working_days=True,
        again=15,
    ),
    State.IN_SERVICE: Clock(
        Owner.PROVIDER,
        Awaited.FINISH,
        ((30, Then.REMIND_STAFF), (45, Then.TELL_TEAM)),
        again=21,
    ),
    State.COMPLETED: Clock(
        Owner.MEMBER, Awaited.CONFIRM, ((7, Then.ASK_AGAIN), (14, Then.GIVE_UP))
    ),
    State.UNCONFIRMED: Clock(Owner.MEMBER, Awaited.CONFIRM),
    State.DISPUTED: Clock(
        Owner.TEAM, Awaited.SETTLE, ((5, Then.TELL_TEAM),), working_days=True, again=15
    ),
}
"""What is not here is over, or has not begun."""
