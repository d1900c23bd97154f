"""What courses came to, in the reader's language."""

from collections.abc import Sequence

from community.figures import Hidden
from community.figures.cohorts import CohortFigures
from locales import Translator, percent
from reports.tables import Report, Row, Section, note, row


def report(found: Sequence[tuple[str, CohortFigures]], _: Translator) -> Report:
    """Return one table for each course, under its name."""
    return Report(
        _.label("figure", "Courses"),
        _.label("figure", "Who belongs to the group of a course, and what it does."),
        [Section(name, _rows(one, _)) for name, one in found],
        note(_),
    )


def _rows(one: CohortFigures, _: Translator) -> list[Row]:
    told = [row(_.label("figure", "Members of the group"), one.members, _)]
    if isinstance(one.members, Hidden) or not one.members:
        return told
    told += [
        row(_.label("figure", "Its events"), one.events, _),
        row(_.label("figure", "People who came, event by event"), one.attendances, _),
        row(_.label("figure", "Its newsletters"), one.news, _),
    ]
    if one.still_active is not None:
        label = _.label("figure", "Active three months after the end, or later")
        line = row(label, one.still_active, _)
        if not isinstance(one.still_active, Hidden):
            share = percent(one.still_active / one.members, _)
            line = Row(label, share, one.still_active)
        told.append(line)
    return told
