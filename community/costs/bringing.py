"""Costs out of a file: all of them, or none. What stands already is not written twice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import activities, roles
from community.costs.keeping import NOTE_LIMIT, clean
from community.costs.table import ABOUT, Cost, State, What
from community.errors import LineRefusedError, NotFoundError, NotUnderstoodError
from community.people import Person
from community.roles import RoleName

MOST = 5_000
"""So many lines has one file at most."""


@dataclass(frozen=True)
class Line:
    """One cost of a file, and in which of its rows it stands."""

    row: int
    what: What
    amount: Decimal
    currency: str
    first_day: date
    last_day: date
    note: str | None
    about: str
    """The reference of the thing; "" for none."""


@dataclass(frozen=True)
class Brought:
    """What a file would write."""

    new: Sequence[tuple[Line, int | None]]
    """With the number of the thing each is about."""
    there: int
    """How many lines stand already, and are left out."""

    @property
    def total(self) -> Decimal:
        """Return what is new, added up."""
        return sum((line.amount for line, _about in self.new), Decimal())


async def compare(
    session: AsyncSession, actor: Person, lines: Sequence[Line], now: datetime
) -> Brought:
    """Return what these lines would write.

    Raises:
        NotAllowedError: the actor is no coordinator.
        LineRefusedError: a line cannot be a cost; it says which, and why.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    stands = Counter(
        _key(cost, cost.about_id)
        for cost in await session.scalars(select(Cost).where(Cost.state == State.STANDS))
    )
    new, there = [], 0
    for line in lines:
        about = await _checked(session, line)
        key = _key(line, about)
        if stands[key]:
            stands[key] -= 1
            there += 1
        else:
            new.append((line, about))
    return Brought(new, there)


def _key(one: Cost | Line, about: int | None) -> tuple[object, ...]:
    days = one.first_day, one.last_day
    return (one.what, about, one.amount, one.currency, *days, one.note)


async def _checked(session: AsyncSession, line: Line) -> int | None:
    try:
        clean(line.amount)
    except NotUnderstoodError:
        raise LineRefusedError(line.row, "amount", str(line.amount)) from None
    if line.last_day < line.first_day:
        raise LineRefusedError(line.row, "days")
    if len(line.note or "") > NOTE_LIMIT:
        raise LineRefusedError(line.row, "note")
    if not line.about:
        return None
    kind = ABOUT.get(line.what)
    if kind is None:
        raise LineRefusedError(line.row, "no_thing", line.about)
    try:
        return (await activities.find_one(session, kind, line.about)).id
    except NotFoundError:
        raise LineRefusedError(line.row, "thing", line.about) from None


async def bring(
    session: AsyncSession, actor: Person, lines: Sequence[Line], now: datetime
) -> Brought:
    """Write what is new in these lines, all of it.

    Raises:
        NotAllowedError: the actor is no coordinator.
        LineRefusedError: a line cannot be a cost; nothing is written.
    """
    brought = await compare(session, actor, lines, now)
    session.add_all(
        Cost(
            what=line.what,
            about_id=about,
            amount=line.amount,
            currency=line.currency,
            first_day=line.first_day,
            last_day=line.last_day,
            note=line.note,
            state=State.STANDS,
            made_by_id=actor.id,
            made_at=now,
        )
        for line, about in brought.new
    )
    await session.flush()
    return brought
