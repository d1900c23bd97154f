"""What the money came to: cost for each outcome, and net benefit where values are assumed.

Denominators are numbers that are told anyway; a hidden one gives no ratio. Net benefit rests on
assumptions that a coordinator has written down with where they come from, each of them printed
beside the result; without one of them there is no result.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import history, roles
from community.costs.table import CENT, HIGHEST, Assumption
from community.errors import NotUnderstoodError
from community.figures import Cell, Hidden
from community.people import Person
from community.roles import RoleName

THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_EVEN)
SOURCE_LIMIT = 300
MOST_YEARS = 30
SUBJECT = "assumption"


def rounded(amount: Decimal) -> Decimal:
    """Return an amount to three digits; what lies between two goes to the even one."""
    return THREE_DIGITS.plus(amount)


class Per(StrEnum):
    """For each what costs are told."""

    CONTACT = "contact"
    """A member who came to an event of the period, counted once."""
    REFERRAL = "referral"
    """A request that was completed, by the organisation's word."""
    BUSINESS = "business"
    """A business begun in the year, by the member's word."""
    JOB = "job"
    """Somebody who works in a member's business, by the member's word."""


@dataclass(frozen=True)
class Ratio:
    """What one of them cost; None where the denominator is hidden, or there is none."""

    per: Per
    costs: Decimal
    of: Cell
    value: Decimal | None


def ratio(per: Per, costs: Decimal, of: Cell) -> Ratio:
    """Divide costs by a number that is told, to three digits."""
    value = rounded(costs / of) if not isinstance(of, Hidden) and of > 0 else None
    return Ratio(per, costs, of, value)


class Name(StrEnum):
    """Everything that has to be assumed before benefits can be added up."""

    JOB_YEAR = "job_year"
    """What one job is worth to society in one year."""
    JOB_YEARS = "job_years"
    """For how many years a job counts."""
    BUSINESS = "business"
    """What it is worth that a business goes on for the year."""
    ATTRIBUTION = "attribution"
    """Which share of outcomes is the network's doing, in percent."""
    DEADWEIGHT = "deadweight"
    """Which share would have come about anyway, in percent."""
    DISCOUNT = "discount"
    """By how much a year later is worth less, in percent."""


AMOUNTS = frozenset({Name.JOB_YEAR, Name.BUSINESS})
PERCENT = frozenset({Name.ATTRIBUTION, Name.DEADWEIGHT, Name.DISCOUNT})


async def assume(
    session: AsyncSession,
    actor: Person,
    name: Name,
    value: Decimal,
    source: str,
    currency: str,
    now: datetime,
) -> Assumption:
    """Write down what is assumed, and why.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: the value cannot be, or it is not said where it comes from.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    value, source = assumable(name, value), source.strip()
    if not 0 < len(source) <= SOURCE_LIMIT:
        raise NotUnderstoodError("text", limit=SOURCE_LIMIT)
    row = await session.scalar(select(Assumption).where(Assumption.name == name).with_for_update())
    before = "" if row is None else str(row.value)
    if row is None:
        row = Assumption(name=name)
        session.add(row)
    row.value, row.source = value, source
    row.currency = currency if name in AMOUNTS else None
    row.made_by_id, row.made_at = actor.id, now
    await session.flush()
    await _note(session, actor, row, before, str(value), now)
    return row


async def _note(
    session: AsyncSession, actor: Person, row: Assumption, before: str, after: str, now: datetime
) -> None:
    line = history.step(
        SUBJECT, row.id, before, after, actor_id=actor.id, now=now, reason=row.name
    )
    await history.note(session, line)


def assumable(name: Name, value: Decimal) -> Decimal:
    """Return a value to the cent.

    Raises:
        NotUnderstoodError: it is less than nothing, more than all, or no whole number of years.
    """
    highest = HIGHEST if name in AMOUNTS else Decimal(100)
    if not value.is_finite() or not 0 <= value <= highest:
        raise NotUnderstoodError("assumed")
    is_whole = value == value.to_integral_value()
    if name is Name.JOB_YEARS and not (is_whole and 1 <= value <= MOST_YEARS):
        raise NotUnderstoodError("assumed")
    return value.quantize(CENT)


async def forget(session: AsyncSession, actor: Person, name: Name, now: datetime) -> None:
    """Assume this no longer: there is no net benefit until somebody does.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    row = await session.scalar(select(Assumption).where(Assumption.name == name).with_for_update())
    if row is not None:
        await _note(session, actor, row, str(row.value), "", now)
        await session.delete(row)
        await session.flush()


async def assumptions(
    session: AsyncSession, actor: Person, now: datetime
) -> Mapping[Name, Assumption]:
    """Return what is assumed, in the order of ``Name``.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    rows = {Name(row.name): row for row in await session.scalars(select(Assumption))}
    return {name: rows[name] for name in Name if name in rows}


@dataclass(frozen=True)
class Outcomes:
    """What came of a year, as far as it is told."""

    jobs: Cell
    businesses: Cell
    """How many go on."""


@dataclass(frozen=True)
class Benefit:
    """The benefits of a year, and what is left of them after its costs."""

    jobs: Decimal
    businesses: Decimal
    gross: Decimal
    """Both, before it is asked whose doing they are."""
    benefits: Decimal
    """What is the network's doing, and would not have come anyway."""
    costs: Decimal
    net: Decimal


def net_benefit(
    outcomes: Outcomes, costs: Decimal, assumed: Mapping[Name, Decimal]
) -> Benefit | None:
    """Return benefits less costs, to three digits each; None where a number or a value lacks.

    A job counts for each of its years, the first in full and each later one discounted once more;
    a business that goes on counts once. Of the sum the attributed share is taken, and of that
    what would not have come anyway.
    """
    if isinstance(outcomes.jobs, Hidden) or isinstance(outcomes.businesses, Hidden):
        return None
    if any(name not in assumed for name in Name):
        return None
    later = 1 / (1 + assumed[Name.DISCOUNT] / 100)
    years = sum((later**year for year in range(int(assumed[Name.JOB_YEARS]))), Decimal())
    jobs = outcomes.jobs * assumed[Name.JOB_YEAR] * years
    businesses = outcomes.businesses * assumed[Name.BUSINESS]
    gross = jobs + businesses
    benefits = gross * assumed[Name.ATTRIBUTION] / 100 * (1 - assumed[Name.DEADWEIGHT] / 100)
    found = (jobs, businesses, gross, benefits, costs, benefits - costs)
    return Benefit(*map(rounded, found))
