"""What members of the simulated network think of it, each quarter: counts without anybody."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.simulation.crowd import DAY, TEAM, Somebody
from bot.simulation.meetings import REMINDED, owe
from bot.simulation.rows import Rows
from bot.simulation.tables import RESPONSES
from community.facilitation import (
    ANSWERED,
    CELLS,
    FACETS,
    KIND,
    KNOWS_THE_NETWORK,
    LAST_ASKED,
    REACHED,
    FacilitationAsked,
    FacilitationCount,
    asked_from,
    code_of,
    month_of,
)
from community.figures import quarter_of
from community.surveys import COOL_DOWN

MORNING = timedelta(hours=9)
MARKS = (3, 7, 20, 42, 28)
"""How often each mark from one to five is given."""
SAID = 0.85
"""Of those who answer, so many say something to each facet."""


async def fill(
    rows: Rows, crowd: Sequence[Somebody], zone: ZoneInfo, begin: datetime, now: datetime
) -> None:
    """Ask everybody who knows the network once a quarter, and count what they answer."""
    quarter = quarter_of(begin, zone)
    while (at := asked_from(quarter, zone, now) + MORNING) < now - DAY:
        end = quarter.following.start(zone)
        is_running, code, month = end > now, code_of(quarter), month_of(at, zone)
        counts: dict[str, Counter[tuple[str, int]]] = {}
        for me in crowd[TEAM:]:
            if not _is_asked(me, at):
                continue
            state = rows.one_of(REMINDED)
            has_answered = state in REACHED and rows.happens(RESPONSES[me.language] / 2)
            counted = counts.setdefault(me.language, Counter())
            if has_answered:
                _mark(rows, counted)
            ref = rows.ref()
            if is_running:  # of quarters that are over nobody knows any more who has answered
                rows.add(
                    FacilitationAsked,
                    ref=ref,
                    person_id=me.id,
                    quarter=code,
                    answered=has_answered,
                )
            owe(
                rows,
                me,
                KIND,
                f"{KIND}:{code}:{me.id}",
                state,
                at,
                args={"ref": ref},
                expires_at=end - LAST_ASKED,
                planned_at=at,
                now=now,
            )
            await rows.breathe()
        for language, counted in counts.items():
            for facet, mark in CELLS:
                rows.add(
                    FacilitationCount,
                    month=month,
                    language=language,
                    facet=facet,
                    mark=mark,
                    count=counted[facet, mark],
                )
        quarter = quarter.following


def _is_asked(me: Somebody, at: datetime) -> bool:
    return (
        me.is_surveyed(at)
        and me.joined_at is not None
        and me.joined_at < at - KNOWS_THE_NETWORK
        and all(abs(at - other) >= COOL_DOWN for other in me.asked)
    )


def _mark(rows: Rows, counted: Counter[tuple[str, int]]) -> None:
    counted[ANSWERED, 0] += 1
    marks = rows.chance.choices((1, 2, 3, 4, 5), MARKS, k=len(FACETS))
    for facet, mark in zip(FACETS, marks, strict=True):
        if rows.happens(SAID):
            counted[facet.value, mark] += 1
