"""Moderation: something is reported, somebody judges it, and whom it concerns can answer."""

from community.moderation.counting import Reports, counts, of_month
from community.moderation.judging import (
    SUSPENSIONS,
    Case,
    about_me,
    answer,
    answered,
    answered_one,
    attached,
    judge,
    next_ring,
    opened,
    queue,
    review,
    ring,
    settle_exchange,
)
from community.moderation.reporting import report, reportable
from community.moderation.table import JUDGED_WITHIN, MOST_A_DAY, Report, What
from community.moderation.texts import (
    Sentence,
    can_be_put_right,
    report_text,
    sentences,
    settle_text,
    wrong_text,
    wrong_texts,
)

__all__ = [
    "JUDGED_WITHIN",
    "MOST_A_DAY",
    "SUSPENSIONS",
    "Case",
    "Report",
    "Reports",
    "Sentence",
    "What",
    "about_me",
    "answer",
    "answered",
    "answered_one",
    "attached",
    "can_be_put_right",
    "counts",
    "judge",
    "next_ring",
    "of_month",
    "opened",
    "queue",
    "report",
    "report_text",
    "reportable",
    "review",
    "ring",
    "sentences",
    "settle_exchange",
    "settle_text",
    "wrong_text",
    "wrong_texts",
]
