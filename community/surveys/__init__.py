"""Surveys: what is asked of people, when it is their turn, and what they have answered.

The confidential kind: answers are a person's own rows, resumable and joined over time. What
members think of the network and its team is asked anonymously (``community/facilitation.py``).
"""

from community.surveys.answering import (
    LONGEST,
    answer,
    checked,
    expect,
    go_back,
    open_ones,
    progress,
    settle,
    skip,
    spoken,
    still_applies,
    tick,
)
from community.surveys.asking import (
    COOL_DOWN,
    KINDS,
    REACHED,
    ask_due,
    next_asking,
    rests,
    survey_of,
)
from community.surveys.forms import Brought, FormWords, SurveyForm
from community.surveys.leaving import agree_to_exit, end_exit, may_be_asked
from community.surveys.standing import Given, Progress
from community.surveys.table import ExitAgreement, Survey, SurveyAnswer, SurveyResponse
from community.surveys.templates import (
    AFTER_EVENT,
    AFTER_REFERRAL,
    BITE,
    MOST,
    SHIPPED,
    TEMPLATES,
    Asked,
    Kind,
    Template,
)
from community.surveys.windows import (
    ASKED_WITHIN,
    OPEN_FOR,
    SELF,
    WINDOWS,
    agrees,
    morning_after,
)

__all__ = [
    "AFTER_EVENT",
    "AFTER_REFERRAL",
    "ASKED_WITHIN",
    "BITE",
    "COOL_DOWN",
    "KINDS",
    "LONGEST",
    "MOST",
    "OPEN_FOR",
    "REACHED",
    "SELF",
    "SHIPPED",
    "TEMPLATES",
    "WINDOWS",
    "Asked",
    "Brought",
    "ExitAgreement",
    "FormWords",
    "Given",
    "Kind",
    "Progress",
    "Survey",
    "SurveyAnswer",
    "SurveyForm",
    "SurveyResponse",
    "Template",
    "agree_to_exit",
    "agrees",
    "answer",
    "ask_due",
    "checked",
    "end_exit",
    "expect",
    "go_back",
    "may_be_asked",
    "morning_after",
    "next_asking",
    "open_ones",
    "progress",
    "rests",
    "settle",
    "skip",
    "spoken",
    "still_applies",
    "survey_of",
    "tick",
]
