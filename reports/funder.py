"""The funder's table of a year: text, workbook and CSV, with a codebook."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from community.figures import Cell, Hidden
from community.funder import ALL, CODES, FIRMS, GENDERS, Group, Supports, Told, Wave
from locales import Translator
from reports.tables import Report, Row, Section, note, row

SOURCE = "Regulation (EU) 2021/1057, annex I"


def report(told: Told, _: Translator) -> Report:
    """Return what is told of a year as titled tables."""
    sections = [
        Section(
            _.label("figure", "Participants who entered in {year}", year=str(told.year)),
            [
                _row(ALL, _.label("figure", "All participants"), told.participants, _),
                *(row(gender(one, _), told.genders[one], _) for one in GENDERS),
                *(
                    [_row(FIRMS, _.label("figure", "Enterprises supported"), told.firms, _)]
                    if told.firms is not None
                    else []
                ),
            ],
        )
    ]
    for one, cells in told.groups.items():
        title = gender(one, _)
        sections.append(Section(title, [_group(group, cells[group], _) for group in Group]))
    if len(told.groups) > 1:
        title = _.label("figure", "The genders above together")
        cells = {group: told.together(group) for group in Group}
        sections.append(Section(title, [_group(group, cells[group], _) for group in Group]))
    sections += [
        Section(
            wave_name(wave, _), [row(situation(code, _), cell, _) for code, cell in cells.items()]
        )
        for wave, cells in told.left.items()
        if cells
    ]
    return Report(
        _.label("figure", "Funder statistics {year}", year=str(told.year)),
        _.label(
            "figure",
            "Each person counts once, in the year in which they first took part. Only those are "
            "in it who agreed to it.",
        ),
        sections,
        f"{note(_)} {codebook_note(_)}",
    )


def codebook_note(_: Translator) -> str:
    """Return where the codes come from, and which rows have none."""
    return _.label(
        "figure",
        "Codes: {source}. Rows without a code are none of its indicators; what those who left "
        "do now is of all who said it, whatever they did before.",
        source=SOURCE,
    )


def _row(code: str, label: str, cell: Cell, _: Translator) -> Row:
    return row(_.label("figure", "{code} {name}", code=code, name=label), cell, _)


def _group(group: Group, cell: Cell, _: Translator) -> Row:
    code = CODES.get(group)
    name = group_name(group, _)
    return _row(code, name, cell, _) if code else row(name, cell, _)


def table(told: Told, _: Translator) -> str:
    """Return the year as CSV: one line for each number, in words and in codes.

    ``count`` is empty where the number is not told; ``why`` says which kind of not.
    """
    out = StringIO()
    lines = csv.writer(out)
    lines.writerow(("year", "code", "group", "gender", "count", "why", "name"))
    for code, group, sex, cell, name in _lines(told, _):
        shown, why = ("", cell.value) if isinstance(cell, Hidden) else (cell, "")
        lines.writerow((told.year, code, group, sex, shown, why, name))
    return out.getvalue()


def _lines(told: Told, _: Translator) -> Iterator[tuple[str, str, str, Cell, str]]:
    yield ALL, "participants", "", told.participants, _.label("figure", "All participants")
    for one, cell in told.genders.items():
        yield ALL, "participants", one, cell, gender(one, _)
    if told.firms is not None:
        yield FIRMS, "enterprises", "", told.firms, _.label("figure", "Enterprises supported")
    for one, cells in told.groups.items():
        for group in Group:
            yield CODES.get(group, ""), group, one, cells[group], group_name(group, _)
    for wave, found in told.left.items():
        for code, cell in found.items():
            yield "", f"{wave}:{code}", "", cell, situation(code, _)


def codebook(supports: Supports, _: Translator) -> Sequence[Sequence[str]]:
    """Return what each code means here, where it comes from, and how it is counted."""
    entering = _.label("codebook", "on entering, as the participant has said")
    by_age = _.label("codebook", "year of entry less year of birth")
    ages = (Group.UNDER_18, Group.FROM_18, Group.FROM_30, Group.FROM_55)
    rows = [(ALL, "participants", _.label("figure", "All participants"), SOURCE, entering)]
    rows += [
        (
            CODES.get(group, ""),
            group.value,
            group_name(group, _),
            SOURCE if group in CODES else "",
            by_age if group in ages else entering,
        )
        for group in Group
    ]
    if supports is Supports.FIRMS:
        how = _.label(
            "codebook", "one for each who works for themself, who is then no participant"
        )
        rows.append(
            (FIRMS, "enterprises", _.label("figure", "Enterprises supported"), SOURCE, how)
        )
    rows += [
        (
            "",
            wave.value,
            wave_name(wave, _),
            "",
            _.label(
                "codebook",
                "answers to the exit survey; no code, since what they did on entering is "
                "deleted when they leave",
            ),
        )
        for wave in Wave
    ]
    return rows


def gender(code: str, _: Translator) -> str:
    """Return what a gender is called."""
    return {
        "woman": _.label("figure", "Women"),
        "man": _.label("figure", "Men"),
        "non_binary": _.label("figure", "Non-binary people"),
        "unsaid": _.label("figure", "Gender not told"),
    }[code]


def group_name(group: Group, _: Translator) -> str:
    """Return what a group of participants is called."""
    return {
        Group.UNEMPLOYED: _.label("figure", "Unemployed, also for long"),
        Group.LONG_TERM: _.label("figure", "Unemployed for long"),
        Group.SHORT_TERM: _.label("figure", "Unemployed, not for long"),
        Group.INACTIVE: _.label("figure", "Without work and not looking for any"),
        Group.EMPLOYED: _.label("figure", "With work, self-employed included"),
        Group.UNDER_18: _.label("figure", "Under 18 years"),
        Group.FROM_18: _.label("figure", "18 to 29 years"),
        Group.FROM_30: _.label("figure", "30 to 54 years"),
        Group.FROM_55: _.label("figure", "55 years or more"),
        Group.ISCED_0_2: _.label("figure", "Lower secondary school at most (ISCED 0–2)"),
        Group.ISCED_3_4: _.label("figure", "Upper secondary school or training (ISCED 3–4)"),
        Group.ISCED_5_8: _.label("figure", "University or the like (ISCED 5–8)"),
        Group.THIRD_COUNTRY: _.label("figure", "Citizens of a country outside the EU"),
        Group.FOREIGN: _.label("figure", "With a foreign background"),
        Group.MINORITY: _.label("figure", "Of a minority"),
        Group.DISABILITY: _.label("figure", "With a disability"),
    }[group]


def wave_name(wave: Wave, _: Translator) -> str:
    """Return when those who left were asked."""
    return {
        Wave.LEAVING: _.label("figure", "What those do who left, within four weeks"),
        Wave.SIX_MONTHS: _.label("figure", "What those do who left, six months later"),
    }[wave]


def situation(code: str, _: Translator) -> str:
    """Return what somebody does who has left."""
    return {
        "employee": _.label("figure", "Employed"),
        "self_employed": _.label("figure", "Self-employed"),
        "job_seeker": _.label("figure", "Looking for work"),
        "student": _.label("figure", "In education or training"),
        "at_home": _.label("figure", "At home"),
        "other": _.label("figure", "Something else"),
    }[code]
