"""Evidence as tables for programs: two CSV files, of which one says what the other means.

Codes are the same in every language; beside them stand the words of the reader's.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime

from community.evidence import FACTS, Figure, Formula, Level, Stage, Unit
from community.evidence.telling import ALL, AREA, BY_PROFILE, LANGUAGE
from community.figures import Hidden
from community.people import Profile
from locales import Translator, without_isolates
from reports.evidence import formulas, indicators, words
from reports.evidence.content import Evidence, Line
from reports.evidence.method import notes
from reports.evidence.words import Names

BOM = "\ufeff"
"""By this a spreadsheet knows that it is UTF-8."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NOBODY = "nobody"
COLUMNS = (
    "period",
    "indicator",
    "name",
    "level",
    "stage",
    "formula",
    "fact",
    "unit",
    "split",
    "group",
    "group_name",
    "value",
    "value_hidden",
    "n",
    "n_hidden",
    "target",
    "due",
    "framework",
)

Rows = Iterable[Sequence[str]]


def package(told: Evidence, names: Names, _: Translator, now: datetime) -> bytes:
    """Return a ZIP of ``figures.csv`` and ``codebook.csv``: UTF-8 with a BOM, commas, quotes.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    content = io.BytesIO()
    made = now.timetuple()[:6]
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, rows in (
            ("figures.csv", [COLUMNS, *_figures(told, names, _)]),
            ("codebook.csv", [("column", "code", "meaning"), *_codebook(told, names, _)]),
        ):
            file.writestr(zipfile.ZipInfo(name, made), written(rows))
    return content.getvalue()


def written(rows: Rows) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return (BOM + text.getvalue()).encode()


def plain_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    bare = without_isolates(text)
    return f"'{bare}" if bare.lstrip(" ").startswith(FORMULA) else bare


def _figures(told: Evidence, names: Names, _: Translator) -> Rows:
    lines = [*told.lines]
    if told.response and told.response.indicator.id not in {one.indicator.id for one in lines}:
        lines.append(told.response)
    for line in lines:
        for when, one in line.past:
            yield _row(line, when.code, ALL, ALL, one, told, names, _)
        for by, cells in line.groups.items():
            for key, one in cells.items():
                yield _row(line, told.period.code, by, key, one, told, names, _)


def _row(
    line: Line,
    period: str,
    by: str,
    key: str,
    one: Figure,
    told: Evidence,
    names: Names,
    _: Translator,
) -> Sequence[str]:
    indicator = line.indicator
    target = "" if indicator.target is None else f"{indicator.target:f}"
    return [
        period,
        indicator.id,
        plain_text(indicators.name(indicator, _)),
        indicator.level,
        indicator.stage,
        indicator.formula,
        indicator.part.fact,
        indicator.unit,
        by,
        key,
        plain_text(words.group(by, key, names, _)) if by else "",
        "" if one.value is None or isinstance(one.value, Hidden) else f"{one.value:f}",
        NOBODY if one.value is None else one.value if isinstance(one.value, Hidden) else "",
        "" if isinstance(one.n, Hidden) else str(one.n),
        one.n if isinstance(one.n, Hidden) else "",
        target,
        "" if indicator.due is None else indicator.due.isoformat(),
        told.framework,
    ]


def _codebook(told: Evidence, names: Names, _: Translator) -> Rows:
    """Yield what each column and code means."""
    meanings = {
        "period": _.label("column", "The period: a year, or a year and its quarter."),
        "indicator": _.label("column", "The id of the indicator in the file of indicators."),
        "name": _.label("column", "What it is called."),
        "level": _.label("column", "To which of the three groups it belongs."),
        "stage": _.label("column", "Whether it is what the network did, or what came of it."),
        "formula": _.label("column", "How it is computed."),
        "fact": _.label("column", "What is counted; the data set for evaluators has its rows."),
        "unit": _.label("column", "What the value is of."),
        "split": _.label("column", "By what it is told apart; empty: all."),
        "group": _.label("column", "The group; empty where none is known."),
        "group_name": _.label("column", "What the group is called."),
        "value": _.label("column", "The value; empty where it is not shown."),
        "value_hidden": _.label("column", "Why there is no value; empty where there is one."),
        "n": _.label("column", "Of how many people or requests."),
        "n_hidden": _.label("column", "Why that number is not shown."),
        "target": _.label("column", "What is aimed at, by the file of indicators of today."),
        "due": _.label("column", "By when."),
        "framework": _.label("column", "Which file of indicators was used."),
    }
    yield from ((column, "", without_isolates(meanings[column])) for column in COLUMNS)
    few = words.cell(Hidden.FEW, told.threshold, _)
    coded = [
        *(("level", one, words.level(one, _)) for one in Level),
        *(("stage", one, words.stage(one, _)) for one in Stage),
        *(("unit", one, words.unit(one, _)) for one in Unit),
        *(("formula", one, formulas.formula_name(one, _)) for one in Formula),
        *(("fact", one, formulas.fact(one, _)) for one in FACTS),
        *(("split", one, words.split(one, _)) for one in (LANGUAGE, AREA)),
        *(("split", by, names.profile(Profile(by.partition(":")[2]))) for by in BY_PROFILE),
        ("value_hidden", Hidden.FEW, few),
        ("value_hidden", Hidden.COVERED, words.cell(Hidden.COVERED, told.threshold, _)),
        ("value_hidden", NOBODY, _.label("figure", "nobody to tell of")),
    ]
    yield from ((column, code, plain_text(meaning)) for column, code, meaning in coded)
    for line in told.lines:
        meaning = f"{indicators.about(line.indicator, _)} {formulas.formula(line.indicator, _)}"
        yield "indicator", line.indicator.id, plain_text(meaning)
    yield from (("", "", plain_text(one)) for one in notes(told, _))
