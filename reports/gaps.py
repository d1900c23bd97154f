"""The gap map in the reader's language: lines, picture and workbook from the same rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from community.figures import Cell, Hidden
from community.gaps import Dimension, Gap, GapCell, GapMap, Past, Place, Trend
from community.needs import Need
from locales import Html, Translator, number, plain
from reports.heatmap import MOST_GROUPS, HeatMap, Level
from reports.heatmap import Cell as Shown
from reports.quarter import named_by_months
from reports.tables import note, value
from reports.workbook import Sheet

Namer = Callable[[Place], str]
"""Says what a group is called: a language, an area, a profile, everybody."""


@dataclass(frozen=True)
class Names:
    """What codes are called."""

    need: Callable[[Need], str]
    group: Namer

    def of(self, place: Place) -> str:
        """Return what a need is called."""
        return self.need(Need(place.need))


def title(found: GapMap, _: Translator) -> str:
    """Return what a map is called."""
    when = named_by_months(found.quarter, _)
    return _.label("figure", "Gap map: {quarter}", quarter=when)


def gap_name(gap: Gap | None, _: Translator) -> str:
    """Return how much is missing."""
    return {
        None: _.label("gap", "No gap"),
        Gap.UNCOVERED: _.label("gap", "Nothing helps"),
        Gap.THIN: _.label("gap", "Too little for so many"),
    }[gap]


def trend_name(found: GapMap, place: Place, _: Translator) -> str:
    """Return whether a gap is new, or since when it persists."""
    trend = found.trend(place)
    if trend is None:
        return ""
    if trend is Trend.NEW:
        return _.label("gap", "new")
    return _.label("gap", "since {quarter}", quarter=named_by_months(found.since[place], _))


def line(found: GapMap, cell: GapCell, names: Names, _: Translator) -> Html:
    """Return one gap as a sentence."""
    people = cell.people if isinstance(cell.people, int) else 0
    about = {"need": names.of(cell.place), "group": names.group(cell.place)}
    if cell.gap == Gap.UNCOVERED:
        said = _.ngettext(
            "🔴 {need} ({group}): {n} person looks for it, nothing helps.",
            "🔴 {need} ({group}): {n} people look for it, nothing helps.",
            people,
            **about,
        )
    else:
        said = _.ngettext(
            "🟠 {need} ({group}): {n} person looks for it; what helps: {supply}.",
            "🟠 {need} ({group}): {n} people look for it; what helps: {supply}.",
            people,
            **about,
            supply=number(cell.supply, _),
        )
    trend = trend_name(found, cell.place, _)
    return _("{gap} {trend}", gap=said, trend=f"({trend})") if trend else said


def past_line(past: Past, names: Names, _: Translator) -> Html:
    """Return what has become of a gap of the map before."""
    about = {"need": names.of(past.place), "group": names.group(past.place)}
    if past.trend is Trend.CLOSED:
        return _("🟢 {need} ({group}): closed.", **about)
    return _("▫️ {need} ({group}): how many look for it is not told any more.", **about)


# The picture


def level_of(cell: GapCell | None) -> Level:
    """Return how a cell looks."""
    if cell is None:
        return Level.NOBODY
    if isinstance(cell.people, Hidden):
        return Level.HIDDEN
    if not cell.people:
        return Level.NOBODY
    return {None: Level.SERVED, Gap.THIN: Level.THIN, Gap.UNCOVERED: Level.UNCOVERED}[cell.gap]


def heat_map(found: GapMap, dimension: Dimension, names: Names, _: Translator) -> HeatMap:
    """Return the picture of a map by one dimension: everybody first, then the groups with gaps."""
    everybody = Place("", Dimension.ALL, "")
    groups = [everybody, *_groups(found, dimension)[: MOST_GROUPS - 1]]
    rows = []
    for need in Need:
        cells = [found.cells.get(Place(need, group.dimension, group.key)) for group in groups]
        if any(cell is not None and cell.people != 0 for cell in cells):
            rows.append((names.need(need), [_shown(cell, _) for cell in cells]))
    legend = [
        (Level.UNCOVERED, _.label("figure", "Looked for, and nothing helps")),
        (Level.THIN, _.label("figure", "Too many people for what helps")),
        (Level.SERVED, _.label("figure", "Looked for, and something helps")),
        (Level.NOBODY, _.label("figure", "Nobody looks for it")),
        (Level.HIDDEN, _.label("figure", "Not told, to protect people")),
    ]
    status = _.label("figure", "How many members look for what")
    return HeatMap(title(found, _), status, [names.group(one) for one in groups], rows, legend,
                   note(_))  # fmt: skip


def _groups(found: GapMap, dimension: Dimension) -> Sequence[Place]:
    """Return the groups of a dimension: with the most gaps, then the most people, first."""
    gaps: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for place, cell in found.cells.items():
        if place.dimension is dimension:
            gaps[place.key] += cell.gap is not None
            people[place.key] += cell.people if isinstance(cell.people, int) else 0
    keys = sorted(people, key=lambda key: (-gaps[key], -people[key], key))
    return [Place("", dimension, key) for key in keys]


def _shown(cell: GapCell | None, _: Translator) -> Shown:
    level = level_of(cell)
    if level is Level.HIDDEN:
        return Shown(level, "")
    told = cell.people if cell is not None and isinstance(cell.people, int) else 0
    return Shown(level, number(told, _))


# The workbook


def sheets(
    found: GapMap, names: Names, planned: Mapping[Place, int], _: Translator
) -> list[Sheet]:
    """Return a map as tables: all gaps, the largest first; then every cell; then what changed."""
    headings = [
        _.label("column", "Need"),
        _.label("column", "Group"),
        _.label("column", "Look for it"),
        _.label("column", "Members who can help"),
        _.label("column", "Services"),
        _.label("column", "Events"),
        _.label("column", "Networks"),
        _.label("column", "Networks weak in it"),
        _.label("column", "Gap"),
        _.label("column", "New, or since when"),
        _.label("column", "Planned actions"),
    ]

    def row(cell: GapCell) -> list[str | int]:
        return [
            names.of(cell.place),
            names.group(cell.place),
            _cell(cell.people, _),
            "" if cell.helpers is None else _cell(cell.helpers, _),
            cell.services,
            cell.events,
            cell.networks,
            cell.weak_networks,
            gap_name(Gap(cell.gap) if cell.gap else None, _),
            trend_name(found, cell.place, _),
            planned.get(cell.place, 0),
        ]

    made = [Sheet(_.label("figure", "Gaps"), headings, [row(cell) for cell in found.gaps])]
    for dimension, name in {
        Dimension.ALL: _.label("figure", "Everybody"),
        Dimension.LANGUAGE: _.label("figure", "By language"),
        Dimension.AREA: _.label("figure", "By area"),
        Dimension.PROFILE: _.label("figure", "By profile"),
    }.items():
        cells = [cell for place, cell in found.cells.items() if place.dimension is dimension]
        made.append(Sheet(name, headings, [row(cell) for cell in cells]))
    changed = [
        [names.of(one.place), names.group(one.place), plain(past_line(one, names, _))]
        for one in found.past
    ]
    heads = [headings[0], headings[1], _.label("column", "What has become of it")]
    made.append(Sheet(_.label("figure", "No gap any more"), heads, changed))
    made.append(Sheet(_.label("figure", "How to read it"), [title(found, _)], [[note(_)]]))
    return made


def _cell(cell: Cell, _: Translator) -> str | int:
    return cell if not isinstance(cell, Hidden) else value(cell, _)
