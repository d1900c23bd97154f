"""What indicators, their levels, units and groups are called, in the reader's words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from community.evidence import Figure, Indicator, Level, Period, Stage, Unit
from community.evidence.telling import AREA, BY_PROFILE, LANGUAGE
from community.figures import Cell, Hidden
from community.people import Profile
from locales import Translator, balanced, money, number, percent
from reports.figures import language_title
from reports.support import quarter_name

LRM = "\u200e"
SIGNED = "+#,##0.###;-#,##0.###"


@dataclass(frozen=True)
class Names:
    """What is called how, in the reader's language."""

    areas: Mapping[str, str]
    profile: Callable[[Profile], str]
    currency: str = ""
    """Of amounts of money (ISO 4217)."""


def period(which: Period, _: Translator) -> str:
    """Return "4th quarter 2026", or the year, as the reader's language writes it."""
    if which.number:
        return quarter_name(which.quarter, _)
    return str(format_skeleton("y", date(which.year, 1, 1), locale=_.locale))


def short_period(which: Period, _: Translator) -> str:
    """Return it in few letters, for a chart."""
    first, _last = which.quarter.days
    return str(format_skeleton("yQQQ" if which.number else "y", first, locale=_.locale))


def level(code: Level, _: Translator) -> str:
    """Return what a group of indicators is called."""
    return {
        Level.IMPACT: _.label("level", "Impact"),
        Level.COST_EFFECTIVENESS: _.label("level", "Cost-effectiveness"),
        Level.NET_BENEFIT: _.label("level", "Net benefit"),
    }[code]


def stage(code: Stage, _: Translator) -> str:
    """Return whether it is what the network does, or what comes of it."""
    return {
        Stage.OUTPUT: _.label("stage", "What the network did"),
        Stage.OUTCOME: _.label("stage", "What came of it"),
    }[code]


def unit(code: Unit, _: Translator) -> str:
    """Return what figures are of."""
    return {
        Unit.PEOPLE: _.label("unit", "people"),
        Unit.REQUESTS: _.label("unit", "requests"),
        Unit.PERCENT: _.label("unit", "percent"),
        Unit.MONEY: _.label("unit", "money"),
        Unit.HOURS: _.label("unit", "hours"),
        Unit.RATIO: _.label("unit", "for each"),
    }[code]


def split(by: str, _: Translator) -> str:
    """Return by what figures are told apart."""
    if by in BY_PROFILE:
        return _.label("split", "By profile")
    return {
        LANGUAGE: _.label("split", "By language"),
        AREA: _.label("split", "By area"),
    }[by]


def group(by: str, key: str, names: Names, _: Translator) -> str:
    """Return what a group is called; of a profile, those who have told it."""
    if by in BY_PROFILE:
        return names.profile(Profile(by.partition(":")[2]))
    if by == AREA:
        return balanced(names.areas.get(key, "?")) if key else _.label("figure", "No area told")
    return language_title(key or "?", _) if key else _.label("figure", "No language chosen yet")


# Figures


def value(one: Figure, indicator: Indicator, few: int, names: Names, _: Translator) -> str:
    """Return a figure as the reader writes it, or in words why it is not there."""
    if one.value is None:
        return _.label("figure", "nobody to tell of")
    if isinstance(one.value, Hidden):
        return cell(one.value, few, _)
    return amount(one.value, indicator.unit, names, _)


def amount(found: Decimal, of: Unit, names: Names, _: Translator) -> str:
    """Return a number in its unit."""
    if of is Unit.PERCENT:
        return percent(float(found) / 100, _)
    if of is Unit.MONEY and names.currency:
        return money(found, names.currency, _)
    return number(found, _)


def cell(found: Cell, few: int, _: Translator) -> str:
    """Return of how many, or in words why that is not shown."""
    if found is Hidden.FEW:
        return _.label("figure", "fewer than {n}", n=number(few, _))
    if isinstance(found, Hidden):
        return _.label("figure", "not shown")
    return number(found, _)


def apart(found: Decimal | int, of: Unit, _: Translator) -> str:
    """Return a difference with its sign; of percent, in points."""
    told = format_decimal(found, format=SIGNED if found else None, locale=_.locale)
    if _.is_rtl:
        told = LRM + told  # else the sign stands behind the number
    if of is Unit.PERCENT:
        points = abs(int(found))
        return _.nlabel(
            "figure", "{difference} point", "{difference} points", points, difference=told
        )
    return told


def due(day: date, _: Translator) -> str:
    """Return the day by which a target is to be reached."""
    return str(format_date(day, "long", locale=_.locale))
