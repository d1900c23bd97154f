"""What costs are for and what they came to, in the reader's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from community.costs import PERCENT, Assumption, Benefit, Name, Per, Ratio, Totals, What
from locales import Translator, money, number
from reports.tables import Report, Row, Section, note, row


def title(what: What, _: Translator) -> str:
    """Return what money was spent on."""
    return {
        What.EVENT: _.label("cost", "An event"),
        What.SERIES: _.label("cost", "Repeated events"),
        What.LESSON: _.label("cost", "A lesson"),
        What.COURSE: _.label("cost", "A course"),
        What.SUPPORT: _.label("cost", "The directory and requests"),
        What.NEWS: _.label("cost", "Newsletters and animation"),
        What.STAFF: _.label("cost", "Staff"),
        What.OTHER: _.label("cost", "Something else"),
    }[what]


def per_name(per: Per, _: Translator) -> str:
    """Return for each what a cost is told."""
    return {
        Per.CONTACT: _.label("cost", "For each member who came to an event"),
        Per.REFERRAL: _.label("cost", "For each completed request"),
        Per.BUSINESS: _.label("cost", "For each new business"),
        Per.JOB: _.label("cost", "For each job added"),
    }[per]


def assumed_name(name: Name, _: Translator) -> str:
    """Return what is assumed."""
    return {
        Name.JOB_YEAR: _.label("assumed", "Value of one job for a year"),
        Name.JOB_YEARS: _.label("assumed", "Years for which a job counts"),
        Name.BUSINESS: _.label("assumed", "Value of a business that goes on"),
        Name.ATTRIBUTION: _.label("assumed", "Share that is our doing"),
        Name.DEADWEIGHT: _.label("assumed", "Share that would have come anyway"),
        Name.DISCOUNT: _.label("assumed", "Discount for each later year"),
    }[name]


def assumed_value(name: Name, value: Decimal, currency: str | None, _: Translator) -> str:
    """Return a value as the reader writes it: money, percent, or years."""
    if currency is not None:
        return money(value, currency, _)
    shown = number(value.normalize(), _)
    return _.label("assumed", "{n} %", n=shown) if name in PERCENT else shown


@dataclass(frozen=True)
class Effectiveness:
    """What a period cost, and what came of it as far as that is told."""

    title: str
    """Of the period."""
    sums: Totals
    ratios: Sequence[Ratio]
    assumed: Mapping[Name, Assumption] | None
    """None where the period is no year: there is no net benefit of it."""
    benefit: Benefit | None


def report(found: Effectiveness, currency: str, _: Translator) -> Report:
    """Return costs, costs for each outcome, and net benefit with all that it assumes."""
    sections = [
        Section(
            _.label("figure", "What it cost"),
            [
                *(
                    Row(title(what, _), money(amount, currency, _))
                    for what, amount in found.sums.by_what.items()
                ),
                Row(
                    _.label("figure", "Total"), money(found.sums.total, currency, _), is_total=True
                ),
                *(
                    Row(code, _.label("figure", "not counted: another currency"))
                    for code in found.sums.others
                ),
            ],
        ),
        *(Section(per_name(one.per, _), _divided(one, currency, _)) for one in found.ratios),
    ]
    if found.assumed is not None:
        sections += [
            Section(
                _.label("figure", "What is assumed"),
                [_assumed(name, found.assumed.get(name), _) for name in Name],
            ),
            Section(_.label("figure", "Net benefit"), _benefit(found.benefit, currency, _)),
        ]
    return Report(
        _.label("figure", "What it came to: {period}", period=found.title),
        _.label(
            "figure",
            "All costs of the period, divided by what is told of it. Amounts for each have three "
            "digits.",
        ),
        sections,
        note(_),
    )


def _divided(one: Ratio, currency: str, _: Translator) -> list[Row]:
    return [
        Row(_.label("figure", "Costs"), money(one.costs, currency, _)),
        row(_.label("figure", "How many"), one.of, _),
        Row(
            _.label("figure", "For each"),
            money(one.value, currency, _)
            if one.value is not None
            else _.label("figure", "not told: how many is not shown, or none"),
            is_total=True,
        ),
    ]


def _assumed(name: Name, one: Assumption | None, _: Translator) -> Row:
    if one is None:
        return Row(assumed_name(name, _), _.label("figure", "nobody has said"))
    value = assumed_value(name, one.value, one.currency, _)
    told = _.label("figure", "{value} (source: {source})", value=value, source=one.source)
    return Row(assumed_name(name, _), told)


def _benefit(found: Benefit | None, currency: str, _: Translator) -> list[Row]:
    if found is None:
        return [
            Row(
                _.label("figure", "Net benefit"),
                _.label("figure", "not told: an assumption lacks, or a number is not shown"),
            )
        ]
    rows = {
        _.label("figure", "Jobs added, over their years"): found.jobs,
        _.label("figure", "Businesses that go on"): found.businesses,
        _.label("figure", "Both together"): found.gross,
        _.label("figure", "Of that our doing, and not without us"): found.benefits,
        _.label("figure", "Costs"): found.costs,
    }
    told = [Row(label, money(amount, currency, _)) for label, amount in rows.items()]
    net = Row(_.label("figure", "Net benefit"), money(found.net, currency, _), is_total=True)
    return [*told, net]
