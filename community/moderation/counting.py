"""What was reported in a month and what came of it, in figures: never of a few people."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.figures import Hidden, Protected, protect, span, together
from community.measures import Measure
from community.moderation.table import Report, What

TAKEN = (Measure.WARN, Measure.HIDE, Measure.SUSPEND)


@dataclass(frozen=True)
class Reports:
    """What was reported and settled in a month, and the measures that were taken for it.

    A measure comes of a report: the two tables would tell of each other, so measures are shown
    only where nothing is hidden in either.
    """

    by_what: Protected[What]
    measures: Protected[Measure]


async def counts(
    session: AsyncSession, since: datetime, until: datetime
) -> dict[tuple[What, Measure], int]:
    """Return how many reports were settled in a time, by what was reported and what came of it."""
    rows = await session.execute(
        select(Report.what, Report.outcome, func.count())
        .where(Report.settled_at >= since, Report.settled_at < until)
        .group_by(Report.what, Report.outcome)
    )
    return {(What(what), Measure(outcome)): number for what, outcome, number in rows if outcome}


async def of_month(
    session: AsyncSession, year: int, month: int, zone: ZoneInfo, now: datetime
) -> Reports:
    """Return the figures of one month, protected."""
    when = span(year, month, zone, now)
    of_what, taken = dict.fromkeys(What, 0), dict.fromkeys(TAKEN, 0)
    for (what, outcome), count in (await counts(session, when.start, when.end)).items():
        of_what[what] += count
        if outcome in taken:
            taken[outcome] += count
    by_what, measures = protect(of_what), together(protect(taken, total_shown=False))
    if any(isinstance(cell, Hidden) for cell in by_what.cells.values()):
        measures = Protected(dict.fromkeys(taken, Hidden.COVERED), None)
    return Reports(by_what, measures)
