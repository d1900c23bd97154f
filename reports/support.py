"""The support of a period as titled tables: what was asked, what became of it, what not met."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from community.figures import (
    OF_UNMET,
    WITH_REASON,
    By,
    Cell,
    Group,
    Hidden,
    Outcome,
    Outline,
    Protected,
    Quarter,
    QuarterSpan,
    Support,
    Times,
    statuses,
    success,
)
from community.referrals import Reason, Source, codes
from locales import Translator, day, join, number, plain
from reports import words
from reports.tables import Report, Row, Section, note, row, value

K = TypeVar("K")
OUTCOME_CODES = ("PublicSchema referral-status", "Primero success_status")
REASON_CODES = ("Primero reason_not_successful",)
"""The lists whose codes stand in the workbook, as their publishers call them."""


@dataclass(frozen=True)
class Names:
    """What is called how, in the reader's language."""

    group: Mapping[Group, Callable[[Any], str]]
    reason: Callable[[Reason], str]


def quarter_name(quarter: Quarter, _: Translator) -> str:
    """Return "4th quarter 2026" as the reader's language writes it."""
    first, _last = quarter.days
    return str(format_skeleton("yQQQQ", first, locale=_.locale))


def report(support: Support, names: Names, zone: ZoneInfo, _: Translator) -> Report:
    """Return the support of a quarter in the reader's language."""
    assert isinstance(support.span, QuarterSpan)
    when = quarter_name(support.span.quarter, _)
    return Report(
        _.label("figure", "Support: {quarter}", quarter=when),
        status(
            _.label("figure", "This quarter is over.")
            if support.span.is_closed
            else _.label("figure", "This quarter is still running: these are figures so far."),
            support,
            names,
            _,
        ),
        [
            *sections(support, names, _),
            *_by_groups(support, names, _),
            *_sources(support, names, _),
            *_unmet(support, names, _),
            *_entries(support, names, zone, _),
        ],
        note(_),
    )


def status(how_far: str, support: Support, names: Names, _: Translator) -> str:
    """Return how far the period is, and whose requests are not counted for this reader."""
    called = [names.group[Group.PROVIDER](number) for number in support.without]
    left_out = _.label(
        "figure",
        "Requests to {organizations} are not in it, because you work there: its own quarter "
        "tells of them.",
        organizations=plain(join(called, _)),
    )
    return f"{how_far} {left_out}" if called else how_far


def sections(support: Support, names: Names, _: Translator) -> Iterator[Section]:
    """Yield what became of requests, and how soon they were answered."""
    told = support.outcomes
    asked = row(words.became(Outcome.ASKED, _), told.asked, _)
    whole = [replace(asked, is_total=True)]
    is_left_out = told.shows(Outcome.ASKED) and Outcome.ASKED not in told.parts
    if is_left_out:
        why = _.label("figure", "shown for the whole quarter only")
        whole.append(Row(_.label("figure", "What became of them"), why))
    elif told.shows(Outcome.ASKED):
        whole += _became(told.parts[Outcome.ASKED], _)
    title = _.label("figure", "Requests of this period, as they stand now")
    yield Section(title, whole, OUTCOME_CODES)
    if support.times is not None:
        yield Section(
            _.label("figure", "How soon the first answer came"), _times(support.times, _)
        )
    titles = {
        Outcome.ANSWERED: _.label("figure", "What the answers were"),
        Outcome.ACCEPTED: _.label("figure", "What became of accepted requests"),
        Outcome.COMPLETED: _.label("figure", "Completed: the provider's word and the member's"),
    }
    for parent, title in titles.items():
        if parent in told.parts and told.shows(parent):
            first = replace(row(words.became(parent, _), told.shows(parent), _), is_total=True)
            yield Section(title, [first, *_became(told.parts[parent], _)], OUTCOME_CODES)
    reasons = {
        Outcome.DECLINED: _.label("figure", "Why requests were declined"),
        Outcome.NOT_DELIVERED: _.label("figure", "Why accepted requests were not delivered"),
    }
    for parent in WITH_REASON:
        if parent in told.reasons and told.shows(parent):
            rows = _parts(told.reasons[parent], names.reason, _reason_codes, _, zeros=False)
            yield Section(reasons[parent], rows, REASON_CODES)


def _became(table: Protected[Outcome], _: Translator) -> list[Row]:
    return _parts(table, lambda code: words.became(code, _), _outcome_codes, _)


def _outcome_codes(outcome: Outcome) -> Sequence[str]:
    return ", ".join(statuses(outcome)), success(outcome) or ""


def _reason_codes(reason: Reason) -> Sequence[str]:
    return (codes.reason(reason),)


def _parts(
    table: Protected[K],
    name: Callable[[K], str],
    coded: Callable[[K], Sequence[str]],
    _: Translator,
    *,
    zeros: bool = True,
) -> list[Row]:
    """Return the parts that are shown, and one line for all that are not."""
    shown = [
        replace(row(name(key), cell, _), codes=coded(key))
        for key, cell in table.cells.items()
        if not isinstance(cell, Hidden) and (cell or zeros)
    ]
    why = next((cell for cell in table.cells.values() if isinstance(cell, Hidden)), None)
    return [*shown, *_others(why, bool(shown), _)]


def _why(hidden: Sequence[Hidden]) -> Hidden | None:
    """Return the one reason that holds for all of them."""
    return Hidden.COVERED if Hidden.COVERED in hidden else next(iter(hidden), None)


def _others(why: Hidden | None, are_some_shown: bool, _: Translator) -> list[Row]:
    if why is None:
        return []
    label = (
        _.label("figure", "Each of the others")
        if are_some_shown
        else _.label("figure", "Each of them")
    )
    return [Row(label, value(why, _))]


def _times(found: Times, _: Translator) -> list[Row]:
    rows = [Row(_.label("figure", "Half of them within"), _days(found.half, _))]
    if found.nine_of_ten is not None:
        label = _.label("figure", "Nine of ten within")
        rows.append(Row(label, _days(found.nine_of_ten, _)))
    n = row(_.label("figure", "Answers (n)"), found.n, _)
    return [*rows, replace(n, is_total=True)]


def _days(days: int, _: Translator) -> str:
    if not days:
        return _.label("figure", "the same day")
    return _.nlabel("figure", "{n} working day", "{n} working days", days)


def _by_groups(support: Support, names: Names, _: Translator) -> Iterable[Section]:
    titles = {
        Group.NEED: _.label("figure", "By need"),
        Group.LANGUAGE: _.label("figure", "By language"),
        Group.AREA: _.label("figure", "By area"),
        Group.PROVIDER: _.label("figure", "By provider"),
    }
    for group, title in titles.items():
        name = names.group[group]
        rows = list(_group(support.by[group], name, _))
        if rows:
            yield Section(title, rows, OUTCOME_CODES)
        answered = [
            Row(name(key), _in_short(times, _)) for key, times in support.times_by[group].items()
        ]
        if answered:
            how_soon = _.label("figure", "{group}: how soon the first answer came", group=title)
            yield Section(how_soon, sorted(answered, key=lambda each: each.label))


def _group(
    tables: Mapping[Outcome, Protected[Any]], name: Callable[[Any], str], _: Translator
) -> Iterable[Row]:
    """Yield what is shown of each group, the largest first; then, that there is more."""
    shown: dict[Any, dict[Outcome, int]] = {}
    hidden: list[Hidden] = []
    for outcome, table in tables.items():
        for key, cell in table.cells.items():
            if isinstance(cell, Hidden):
                hidden.append(cell)
            elif cell:
                shown.setdefault(key, {})[outcome] = cell
    for key in sorted(shown, key=lambda each: -sum(shown[each].values())):
        for outcome, count in shown[key].items():
            told = _.label(
                "figure", "{group} · {outcome}", group=name(key), outcome=words.became(outcome, _)
            )
            yield Row(told, number(count, _), count, codes=_outcome_codes(outcome))
    yield from _others(_why(hidden), bool(shown), _)


def _sources(support: Support, names: Names, _: Translator) -> Iterable[Section]:
    """Yield how the word of providers came, where the team has written any of it down."""
    name, shown = names.group[Group.PROVIDER], []
    hidden: list[Hidden] = []
    for outcome, tables in support.sources.items():
        for key, outline in tables.items():
            if outline.parts.cells[By.TEAM] == 0:
                continue
            for source, cell in _said(outline):
                if isinstance(cell, Hidden):
                    hidden.append(cell)
                elif cell:
                    label = _.label(
                        "figure",
                        "{group} · {outcome} · {source}",
                        group=name(key),
                        outcome=words.became(outcome, _),
                        source=words.said(source, _),
                    )
                    shown.append(Row(label, number(cell, _), cell, codes=_outcome_codes(outcome)))
    rows = [*shown, *_others(_why(hidden), bool(shown), _)]
    if rows:
        yield Section(_.label("figure", "How the providers' word came"), rows, OUTCOME_CODES)


def _said(outline: Outline) -> Iterable[tuple[By | Source, Cell]]:
    yield from outline.parts.cells.items()
    if By.TEAM in outline.below:
        yield from outline.below[By.TEAM].parts.cells.items()


def _in_short(times: Times, _: Translator) -> str:
    n = number(times.n, _)
    if times.nine_of_ten is None:
        return _.label(
            "figure", "half within {half} (n is {n} or more)", half=_days(times.half, _), n=n
        )
    return _.label(
        "figure",
        "half within {half}, nine of ten within {most} (n is {n} or more)",
        half=_days(times.half, _),
        most=_days(times.nine_of_ten, _),
        n=n,
    )


def _unmet(support: Support, names: Names, _: Translator) -> Iterable[Section]:
    titles = (
        (_.label("figure", "Not met: declined, or not answered in time"), support.unmet),
        (
            _.label("figure", "Looked for in vain (each person once a day for a need)"),
            support.missed,
        ),
    )
    for title, outline in titles:
        if outline is not None:
            yield Section(title, list(_outline(outline, names, _)))


def _outline(outline: Outline, names: Names, _: Translator) -> Iterable[Row]:
    """Yield each number with where it belongs: need, language, area."""
    hidden: list[Hidden] = []
    shown = list(_walk(outline, tuple(names.group[group] for group in OF_UNMET), (), hidden))
    for way, count in shown:
        yield Row(" · ".join(way), number(count, _), count)
    yield from _others(_why(hidden), bool(shown), _)


def _walk(
    outline: Outline,
    names: tuple[Callable[[Any], str], ...],
    way: tuple[str, ...],
    hidden: list[Hidden],
) -> Iterable[tuple[tuple[str, ...], int]]:
    cells = outline.parts.cells
    hidden += [cell for cell in cells.values() if isinstance(cell, Hidden)]
    named = [(key, cell) for key, cell in cells.items() if isinstance(cell, int) and cell]
    for key, count in sorted(named, key=lambda each: -each[1]):
        here = (*way, names[0](key))
        yield here, count
        if key in outline.below:
            yield from _walk(outline.below[key], names[1:], here, hidden)


def _entries(support: Support, names: Names, zone: ZoneInfo, _: Translator) -> Iterable[Section]:
    """Yield what needs somebody's eye: entries that may be wrong, requests that nobody reads."""

    def since(at: datetime) -> str:
        when = at.astimezone(zone).date()
        return _.label("figure", "since {date}", date=day(when, _))

    name = names.group[Group.PROVIDER]
    if support.stale:
        title = _.label("figure", "Entries that nobody has confirmed for 90 days")
        yield Section(title, [Row(name(entry.id), since(at)) for entry, at in support.stale])
    if support.unattended:
        title = _.label("figure", "Requests wait here, and nobody reads them")
        waits = _.label("figure", "now")
        yield Section(title, [Row(name(entry.id), waits) for entry in support.unattended])


def shortened(told: Report, _: Translator, rows: int) -> Report:
    """Return the report with at most so many rows in a table, for a phone or a picture."""

    def short(section: Section) -> Section:
        left = len(section.rows) - rows
        if left <= 1:
            return section
        more = _.nlabel("figure", "{n} more in the workbook", "{n} more in the workbook", left)
        return replace(section, rows=[*section.rows[:rows], Row("…", more)])

    return replace(told, sections=[short(section) for section in told.sections])
