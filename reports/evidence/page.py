"""Evidence as one page of HTML that needs nothing else: to read, to print, to send on.

No script, nothing from elsewhere, in any language of the catalogues and its direction. Every
drawing has a table with the same numbers; every hidden number says in words that it is hidden.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from community.evidence import Figure, Level, Stage, Unit
from community.evidence.telling import BY_PROFILE
from locales import Html, Translator, balanced, without_isolates
from reports.evidence import formulas, indicators, titled, words
from reports.evidence.content import Evidence, Line
from reports.evidence.cover import Cover
from reports.evidence.drawing import chart
from reports.evidence.markup import element, empty, joined
from reports.evidence.method import notes
from reports.evidence.words import Names

STYLE = Path(__file__).with_name("page.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may fetch for it: nothing."""


def page(told: Evidence, names: Names, cover: Cover, _: Translator) -> bytes:
    """Return the page, as a file."""
    title = without_isolates(titled.title(told, _))
    body = element(
        "body",
        *([element("aside", cover.mark, class_="mark")] if cover.mark else []),
        _cover(told, cover, _),
        _contents(told, _),
        element("main", *_main(told, names, _)),
        element("footer", element("p", _made(told, _))),
    )
    head = element(
        "head",
        empty("meta", charset="utf-8"),
        empty("meta", http_equiv="Content-Security-Policy", content=POLICY),
        empty("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(_style() + _on_each_sheet(cover.mark))),
    )
    whole = element("html", head, body, lang=_.language, dir="rtl" if _.is_rtl else "ltr")
    return f"<!DOCTYPE html>\n{whole}\n".encode()


@cache
def _style() -> str:
    return STYLE.read_text(encoding="utf-8")


def _on_each_sheet(mark: str) -> str:
    """Return the style that prints words at the top of each sheet: any words, letter by letter."""
    letters = "".join(f"\\{ord(letter):06x}" for letter in mark)
    return (
        f'@page {{ @top-center {{ content: "{letters}"; font: 8pt sans-serif }} }}\n'
        if mark
        else ""
    )


def _cover(told: Evidence, cover: Cover, _: Translator) -> Html:
    parts = []
    if cover.logo:
        source = f"data:image/{cover.logo.kind};base64,{b64encode(cover.logo.content).decode()}"
        # Its words stand beside it; without any it is only an ornament.
        parts.append(empty("img", src=source, alt="", class_="logo"))
    if cover.publisher:
        parts.append(element("p", element("bdi", balanced(cover.publisher)), class_="publisher"))
    parts.append(element("h1", titled.title(told, _)))
    parts.append(element("p", titled.status(told, _)))
    parts.append(element("p", titled.note(told, _)))
    return element("header", *parts)


def _contents(told: Evidence, _: Translator) -> Html:
    entries = [
        ("glance", _.label("figure", "At a glance")),
        *((level.value, words.level(level, _)) for level in _levels(told)),
        ("each", _.label("figure", "Each indicator")),
        *([("answers", _.label("figure", "Who answered"))] if told.response else []),
        ("method", _.label("figure", "How to read this")),
    ]
    listed = (element("li", element("a", name, href=f"#{code}")) for code, name in entries)
    label = without_isolates(_.label("figure", "Contents"))
    return element("nav", element("ul", *listed), aria_label=label)


def _levels(told: Evidence) -> Sequence[Level]:
    return [level for level in Level if any(told.of(level, stage) for stage in Stage)]


def _main(told: Evidence, names: Names, _: Translator) -> Iterable[Html]:
    yield _section("glance", _.label("figure", "At a glance"), *_glance(told, names, _))
    for level in _levels(told):
        tables = [
            _summary(level, stage, lines, names, _)
            for stage in Stage
            if (lines := told.of(level, stage))
        ]
        yield _section(level.value, words.level(level, _), *tables)
    each = (_indicator(line, names, _) for line in told.lines)
    yield _section("each", _.label("figure", "Each indicator"), *each)
    if told.response is not None:
        answers = _answers(told, told.response, names, _)
        yield _section("answers", _.label("figure", "Who answered"), *answers)
    yield _section("method", _.label("figure", "How to read this"), _method(told, _))


def _section(code: str, title: str, *inside: str) -> Html:
    heading = element("h2", title, id=f"{code}-heading")
    return element("section", heading, *inside, id=code, aria_labelledby=f"{code}-heading")


def _glance(told: Evidence, names: Names, _: Translator) -> Iterable[Html]:
    lines = told.foremost[: titled.IN_A_PICTURE]
    if not lines:
        yield element("p", _.label("figure", "No number of this period is large enough to show."))
        return
    yield element(
        "ul",
        *(
            element(
                "li",
                _name(line, _),
                element("strong", _value(line.figure, line, names, _)),
                _beside(line, names, _),
            )
            for line in lines
        ),
        class_="glance",
    )


def _beside(line: Line, names: Names, _: Translator) -> Html:
    more = " · ".join(titled.compared(line, names, _))
    return element("span", more, class_="beside") if more else Html("")


# Tables


def _table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[Html]], called: str = ""
) -> Html:
    """Return a table that scrolls by itself where it is too wide, by keyboard, too.

    ``called`` is its name for whoever does not see what stands above it, if not the caption.
    """
    head = element("tr", *(element("th", one, scope="col") for one in headings))
    table = element(
        "table",
        element("caption", caption),
        element("thead", head),
        element("tbody", *(element("tr", *cells) for cells in rows)),
    )
    label = without_isolates(called or caption)
    return element("div", table, class_="wide", role="region", tabindex="0", aria_label=label)


def _name(line: Line, _: Translator) -> Html:
    spoken = indicators.language_of(line.indicator, _)
    name = indicators.name(line.indicator, _)
    return element("bdi", name) if spoken == _.language else element("bdi", name, lang=spoken)


def _value(one: Figure, line: Line, names: Names, _: Translator) -> Html:
    """Return a figure; beside what is read stands the number for programs."""
    said = words.value(one, line.indicator, line.few, names, _)
    if isinstance(one.value, Decimal):
        return element("data", said, value=f"{one.value:f}")
    return element("span", said, class_="hidden")


def _n(one: Figure, line: Line, _: Translator) -> Html:
    said = words.cell(one.n, line.few, _)
    if isinstance(one.n, int):
        return element("data", said, value=str(one.n))
    return element("span", said, class_="hidden")


def _summary(
    level: Level, stage: Stage, lines: Sequence[Line], names: Names, _: Translator
) -> Html:
    headings = [
        _.label("figure", "Indicator"),
        _.label("figure", "Value"),
        _.label("figure", "Out of (n)"),
        _.label("figure", "Target"),
        _.label("figure", "From the target"),
        _.label("figure", "Due"),
        _.label("figure", "Period before"),
        _.label("figure", "Change"),
    ]
    rows = (_summary_row(line, names, _) for line in lines)
    called = _.label(
        "figure", "{level}: {stage}", level=words.level(level, _), stage=words.stage(stage, _)
    )
    return _table(words.stage(stage, _), headings, rows, called)


def _summary_row(line: Line, names: Names, _: Translator) -> Sequence[Html]:
    indicator, none = line.indicator, Html("–")
    link = element("a", _name(line, _), href=f"#i-{indicator.id}")
    target, due = indicator.target, indicator.due
    return [
        element("th", link, scope="row"),
        element("td", _value(line.figure, line, names, _), class_="number"),
        element("td", _n(line.figure, line, _), class_="number"),
        _cell(none if target is None else words.amount(target, indicator.unit, names, _)),
        _cell(_apart(line.distance, indicator.unit, _)),
        _cell(words.due(due, _) if due else none),
        _cell(none if line.before is None else _value(line.before, line, names, _)),
        _cell(_apart(line.change, indicator.unit, _)),
    ]


def _cell(inside: str) -> Html:
    return element("td", inside, class_="number")


def _apart(found: Decimal | None, unit: Unit, _: Translator) -> str:
    return Html("–") if found is None else words.apart(found, unit, _)


# One indicator


def _indicator(line: Line, names: Names, _: Translator) -> Html:
    indicator = line.indicator
    code = f"i-{indicator.id}"
    return element(
        "section",
        element("h3", _name(line, _), id=f"{code}-heading"),
        element("p", element("bdi", indicators.about(indicator, _))),
        element(
            "div",
            *_drawn(line, names, _),
            _periods(line, names, _),
            *_groups(line, names, _),
            class_="cuts",
        ),
        id=code,
        class_="indicator",
        aria_labelledby=f"{code}-heading",
    )


def _drawn(line: Line, names: Names, _: Translator) -> Iterable[Html]:
    """Yield the drawing, if there is more than one number to compare."""
    indicator, bars = line.indicator, titled.course(line, names, _)
    shown = sum(bar.value is not None for bar in bars)
    if not shown or shown + (indicator.target is not None) < 2:
        return
    target = indicator.target
    longest = Decimal(100) if indicator.unit is Unit.PERCENT else None
    description = "; ".join(_.label("figure", "{label}: {value}", label=bar.label, value=bar.said)
                            for bar in bars)  # fmt: skip
    drawing = chart(
        bars,
        target,
        longest,
        code=f"d-{indicator.id}",
        title=indicators.name(indicator, _),
        description=description,
        rtl=_.is_rtl,
    )
    caption = (
        [element("figcaption", _.label("figure", "Dashed line: target {target}",
                 target=words.amount(target, indicator.unit, names, _)))]
        if target is not None else []
    )  # fmt: skip
    yield element("figure", drawing, *caption)


def _periods(line: Line, names: Names, _: Translator) -> Html:
    name = indicators.name(line.indicator, _)
    caption = _.label("figure", "{indicator}: period by period", indicator=name)
    headings = [
        _.label("figure", "Period"),
        _.label("figure", "Value"),
        _.label("figure", "Out of (n)"),
    ]
    rows = (
        [
            element("th", words.period(when, _), scope="row"),
            _cell(_value(one, line, names, _)),
            _cell(_n(one, line, _)),
        ]
        for when, one in line.past
    )
    return _table(caption, headings, rows)


def _groups(line: Line, names: Names, _: Translator) -> Iterable[Html]:
    """Yield a table for each cut; the profiles together, because one person may have several."""
    cuts: dict[str, list[tuple[str, str, Figure]]] = {}
    for by, cells in line.groups.items():
        cut = "profile" if by in BY_PROFILE else by
        cuts.setdefault(cut, []).extend((by, key, one) for key, one in cells.items())
    for rows in cuts.values():
        yield _cut(line, rows, names, _)


def _cut(
    line: Line, cells: Sequence[tuple[str, str, Figure]], names: Names, _: Translator
) -> Html:
    caption = _.label(
        "figure",
        "{indicator}: {split}",
        indicator=indicators.name(line.indicator, _),
        split=words.split(cells[0][0], _),
    )
    headings = [
        _.label("figure", "Group"),
        _.label("figure", "Value"),
        _.label("figure", "Out of (n)"),
    ]
    rows = (
        [
            element("th", element("bdi", words.group(by, key, names, _)), scope="row"),
            _cell(_value(one, line, names, _)),
            _cell(_n(one, line, _)),
        ]
        for by, key, one in cells
    )
    return _table(caption, headings, rows)


# Who answered, and how to read it


def _answers(told: Evidence, response: Line, names: Names, _: Translator) -> Iterable[Html]:
    yield element("p", indicators.about(response.indicator, _))
    rate = _.label(
        "figure",
        "Of {n} members whom surveys reached, {share} answered.",
        n=words.cell(response.figure.n, response.few, _),
        share=words.value(response.figure, response.indicator, response.few, names, _),
    )
    if isinstance(response.figure.value, Decimal):
        yield element("p", rate)
    else:
        yield element(
            "p", _.label("figure", "How many answered is not shown, or nobody was asked.")
        )
    found = titled.bias(told, names, _)
    if found:
        yield element(
            "p",
            _.label(
                "figure",
                "These groups answered clearly more or less often than all. What they think "
                "counts more, or less, in the answers than there are of them:",
            ),
        )
        yield element(
            "ul",
            *(
                element("li", _.label("figure", "{label}: {value}", label=name, value=how))
                for name, how in found
            ),
        )
    elif any(response.groups.values()):
        yield element(
            "p",
            _.label(
                "figure",
                "No group of which this is shown answered clearly more or less often than all.",
            ),
        )
    if response.indicator.id in {line.indicator.id for line in told.lines}:
        name = indicators.name(response.indicator, _)
        yield element("p", element("a", name, href=f"#i-{response.indicator.id}"))
    else:
        yield element("div", *_groups(response, names, _), class_="cuts")


def _method(told: Evidence, _: Translator) -> Html:
    computed = (
        joined(
            element("dt", _name(line, _)),
            element("dd", formulas.formula(line.indicator, _)),
        )
        for line in told.lines
    )
    return joined(
        element("ul", *(element("li", one) for one in notes(told, _))),
        element("h3", _.label("figure", "How each figure is computed")),
        element("dl", *computed),
    )


def _made(told: Evidence, _: Translator) -> str:
    return _.label(
        "figure",
        "Made with Diwan. File of indicators: {version}. Counted on {date}.",
        version=told.framework,
        date=words.due(told.counted_on, _),
    )
