"""Moderation: something is reported, somebody judges it, and whom it concerns can answer."""

from community.moderation.judging import (
    SUSPENSIONS,
    Case,
    about_me,
    answer,
    answered,
    answered_one,
    attached,
    counts,
    judge,
    next_ring,
    opened,
    queue,
    review,
    ring,
    settle_exchange,
)
from community.moderation.reporting import report, report_text, reportable
from community.moderation.table import JUDGED_WITHIN, MOST_A_DAY, Report, What

__all__ = [
    "JUDGED_WITHIN",
    "MOST_A_DAY",
    "SUSPENSIONS",
    "Case",
    "Report",
    "What",
    "about_me",
    "answer",
    "answered",
    "answered_one",
    "attached",
    "counts",
    "judge",
    "next_ring",
    "opened",
    "queue",
    "report",
    "report_text",
    "reportable",
    "review",
    "ring",
    "settle_exchange",
]
