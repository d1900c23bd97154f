"""Writing costs down, putting them right, taking them back; and what they add up to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import activities, history, roles
from community.base import find
from community.costs.table import ABOUT, CENT, COST, HIGHEST, Cost, State, What, share
from community.errors import NotUnderstoodError
from community.history import Step
from community.lifecycle import Who
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName

NOTE_LIMIT = 200
FACTS = ("what", "about_id", "amount", "currency", "first_day", "last_day", "note")
"""What there is to know of a cost."""


async def add(
    session: AsyncSession, actor: Person, now: datetime, *, about: str = "", **facts: Any
) -> Cost:
    """Write a cost down; ``about`` refers to the thing it was for, ``facts`` are ``FACTS``.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such thing.
        NotUnderstoodError: the amount, the days or the note cannot be.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    cost = Cost(made_by_id=actor.id, made_at=now, state=State.STANDS, note=None, about_id=None)
    await _write(session, cost, about, facts)
    session.add(cost)
    await session.flush()
    return cost


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Cost:
    """Return a cost.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await find(session, Cost, ref, lock=lock)


async def change(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    about: str = "",
    **facts: Any,
) -> Cost:
    """Put a cost right. The history keeps what stood there, but no words.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such cost, or no such thing.
        NotUnderstoodError: the amount, the days or the note cannot be.
    """
    cost = await opened(session, actor, ref, now, lock=True)
    before = {name: getattr(cost, name) for name in FACTS}
    await _write(session, cost, about, facts)
    for name in FACTS:
        if (stands := getattr(cost, name)) != before[name]:
            line = history.step(
                COST.name,
                cost.id,
                _noted(name, before[name]),
                _noted(name, stands),
                actor_id=actor.id,
                now=now,
                reason=name,
            )
            await history.note(session, line)
    await session.flush()
    return cost


def _noted(name: str, value: Any) -> str:
    return "" if value is None or name == "note" else str(value)


async def _write(session: AsyncSession, cost: Cost, about: str, facts: Mapping[str, Any]) -> None:
    if unknown := facts.keys() - {*FACTS}:
        raise TypeError(f"a cost has no {unknown}")
    for name, value in facts.items():
        setattr(cost, name, value)
    if "amount" in facts:
        cost.amount = clean(facts["amount"])
    if cost.last_day < cost.first_day:
        raise NotUnderstoodError("days")
    if "note" in facts:
        cost.note = (facts["note"] or "").strip() or None
        if len(cost.note or "") > NOTE_LIMIT:
            raise NotUnderstoodError("text", limit=NOTE_LIMIT)
    kind = ABOUT.get(What(cost.what))
    if about and kind:
        cost.about_id = (await activities.find_one(session, kind, about)).id
    elif "what" in facts:
        cost.about_id = None


def clean(amount: Decimal) -> Decimal:
    """Return an amount to the cent.

    Raises:
        NotUnderstoodError: it is nothing, less, or more than anybody spends at a time.
    """
    if not (amount.is_finite() and amount <= HIGHEST and amount.quantize(CENT) > 0):
        raise NotUnderstoodError("cost")
    return amount.quantize(CENT)


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Cost:
    """Let a cost count no more; it stays to be seen.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    return await _move(session, actor, ref, State.WITHDRAWN, now)


async def put_back(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Cost:
    """Let a cost that was withdrawn count again.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    return await _move(session, actor, ref, State.STANDS, now)


async def _move(session: AsyncSession, actor: Person, ref: str, to: State, now: datetime) -> Cost:
    cost = await opened(session, actor, ref, now, lock=True)
    await COST.move(session, cost, to, Who.COORDINATOR, now, actor_id=actor.id)
    return cost


async def steps(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Cost, Sequence[Step]]:
    """Return a cost, and what was changed about it, the oldest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    cost = await opened(session, actor, ref, now)
    rows = await session.scalars(
        select(Step).where(Step.subject == COST.name, Step.subject_id == cost.id).order_by(Step.id)
    )
    return cost, rows.all()


def _within(first: date, last: date) -> Select[Cost]:
    return (
        select(Cost)
        .where(Cost.first_day <= last, Cost.last_day >= first)
        .order_by(Cost.first_day.desc(), Cost.id.desc())
    )


async def listed(
    session: AsyncSession,
    actor: Person,
    days: tuple[date, date],
    now: datetime,
    *,
    at: int = 0,
    size: int = 10,
) -> Portion[Cost]:
    """Return a page of the costs of which something falls between two days, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await portion(session, _within(*days), at, size)


async def every(session: AsyncSession, actor: Person, now: datetime) -> Sequence[Cost]:
    """Return all costs that count, the oldest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    query = select(Cost).where(Cost.state == State.STANDS).order_by(Cost.first_day, Cost.id)
    return (await session.scalars(query)).all()


@dataclass(frozen=True)
class Totals:
    """What the costs of a period add up to, in the network's currency."""

    by_what: Mapping[What, Decimal]
    others: Sequence[str] = ()
    """Currencies in which there are costs, too: these are in no total."""

    @property
    def total(self) -> Decimal:
        """Return all of it."""
        return sum(self.by_what.values(), Decimal())


async def totals(
    session: AsyncSession, actor: Person, days: tuple[date, date], currency: str, now: datetime
) -> Totals:
    """Return what falls between two days, both included.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    sums: defaultdict[What, Decimal] = defaultdict(Decimal)
    others = set()
    for cost in await session.scalars(_within(*days).where(Cost.state == State.STANDS)):
        if cost.currency == currency:
            sums[What(cost.what)] += share(cost, *days)
        else:
            others.add(cost.currency)
    return Totals({what: sums[what] for what in What if what in sums}, sorted(others))
