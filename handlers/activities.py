"""What an activity of the network is called, where a cost or a decision refers to it."""

from collections.abc import Sequence

from community import activities, series
from community.activities import Kind
from community.agreements import Agreement
from community.base import Referable
from community.plans import Task
from community.series import Series
from handlers.content import block_for
from handlers.replies import Page
from locales import Translator

OFFERED = 12
"""So many of the newest are there to choose from."""
SHOWN = 40
WORDS = {
    Kind.EVENT: ("event", "title"),
    Kind.LESSON: ("lesson", "title"),
    Kind.COURSE: ("cohort", "name"),
    Kind.SERVICE: ("service", "name"),
}


def kind_name(kind: Kind, _: Translator) -> str:
    """Return what such an activity is."""
    return {
        Kind.EVENT: _.label("activity", "An event"),
        Kind.SERIES: _.label("activity", "Repeated events"),
        Kind.LESSON: _.label("activity", "A lesson"),
        Kind.COURSE: _.label("activity", "A course"),
        Kind.SERVICE: _.label("activity", "A service"),
        Kind.TASK: _.label("activity", "A task of the plan"),
        Kind.AGREEMENT: _.label("activity", "An agreement"),
    }[kind]


async def name_of(page: Page, kind: Kind, row: Referable) -> str:
    """Return what an activity is called, in one short line for this reader."""
    number = row.id
    if isinstance(row, Task):
        return _short(row.what)
    if isinstance(row, Series):
        event = await series.pattern(page.session, row)
        if event is None:
            return "?"
        number, kind = event.id, Kind.EVENT
    subject, field = WORDS.get(kind, ("organization", "name"))
    if isinstance(row, Agreement):
        number = row.organization_id
    block = await block_for(page, subject, number)
    return _short(block.get(field)) if block else "?"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


async def choices(page: Page, kind: Kind) -> Sequence[tuple[str, str]]:
    """Return the newest activities of a kind: what each is called, and its reference."""
    rows = await activities.newest(page.session, kind, OFFERED)
    return [(await name_of(page, kind, row), row.ref) for row in rows]
