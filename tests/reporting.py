"""Evidence of five quarters, made up: what reports are tested with."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from community.evidence import (
    FACTS,
    Every,
    Formula,
    Framework,
    Indicator,
    Level,
    Part,
    Period,
    Published,
    Split,
    Stage,
    Unit,
    shipped,
)
from community.evidence.facts import of
from community.evidence.telling import AREA, LANGUAGE, Counted, Kind, tell
from handlers import words
from locales import Translator
from reports.evidence import Evidence, Names, evidence

AUTUMN = Period(2026, 4)
PARIS = ZoneInfo("Europe/Paris")
FROZEN = datetime(2027, 1, 7, 23, 0, tzinfo=UTC)
"""In Paris it is the eighth."""
AREAS = {"1": "Old Town", "2": "حي النهر"}
THREAT = '=HYPERLINK("http://x","<script>alert(1)</script>")'
"""What somebody may have called an indicator: a formula, and markup."""


def names(_: Translator) -> Names:
    return Names(AREAS, lambda code: words.profile(code, _))


def counted(fact: str, size: int) -> Counted:
    """Return some people of each leaf: Arabic and Ukrainian speakers, a few French; some women."""
    found: Counter[Kind] = Counter()
    for number, leaf in enumerate(FACTS[fact].shape.leaves):
        many = size + 3 * number
        found[Kind(leaf, "ar", "1", 1)] += many
        found[Kind(leaf, "ar", "1", 0)] += many + 4
        found[Kind(leaf, "uk", "2", 2)] += many + (9 if number else 0)
        found[Kind(leaf, "uk", "2", 0)] += 2 * many
        found[Kind(leaf, "fr", "", 0)] += 2
    return Counted(found)


def quarter(period: Period, size: int, framework: Framework) -> Published:
    facts = of(period.every)
    told = tell(
        {name: fact.shape for name, fact in facts.items()},
        {name: counted(name, size) for name in facts if name != "learned"},
        {LANGUAGE: ["", "ar", "fr", "uk"], AREA: ["", "1", "2"]},
        framework.threshold,
    )
    return Published(period, framework.version, framework.threshold, told, FROZEN)


def framework() -> Framework:
    """Return what is shipped, with two targets and an indicator of one's own."""
    given = dict(shipped().indicators)
    day = date(2027, 12, 31)
    given["active_members"] = replace(given["active_members"], target=Decimal(75), due=day)
    given["membership"] = replace(given["membership"], target=Decimal(100), due=day)
    given["own"] = Indicator(
        "own",
        {"fr": THREAT, "ar": "رأي الأعضاء"},
        Level.NET_BENEFIT,
        Stage.OUTCOME,
        Formula.SHARE,
        Part("event_useful", ("yes", "partly")),
        None,
        Unit.PERCENT,
        "after_event, useful",
        (Split.LANGUAGE,),
        None,
        None,
    )
    return replace(shipped(), indicators=given)


def of_quarters() -> Sequence[Indicator]:
    """Return the indicators that a quarter has figures of."""
    return [one for one in framework().indicators.values() if one.part.fact in of(Every.QUARTER)]


def a_year(sales: int) -> Published:
    """Return a year of ten businesses, each of which sells so much more, or less."""
    facts, year = of(Every.YEAR), Period(2026)
    leaf = "up" if sales > 0 else "down"
    change = Counted(Counter({Kind(leaf, "ar"): 10}), [(Kind(leaf, "ar"), Decimal(sales))] * 10)
    told = tell(
        {name: fact.shape for name, fact in facts.items()},
        {"business": Counted(Counter({Kind("same", "ar"): 10})), "sales_change": change},
        {LANGUAGE: ["", "ar"], AREA: [""]},
        5,
    )
    return Published(year, framework().version, 5, told, FROZEN)


def five_quarters() -> Sequence[Published]:
    period, found = AUTUMN, []
    for size in (17, 14, 11, 1, 8):
        found.append(quarter(period, size, framework()))
        period = period.before
    return found[::-1]


def an_evidence() -> Evidence:
    return evidence(five_quarters(), framework(), PARIS)
