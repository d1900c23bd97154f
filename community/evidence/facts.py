"""Facts: named selections of people in a period, the only door to figures of evidence.

Each has one row for each person: who, which of its leaves, and an amount where it has one. The
report reads them counted, the evaluator's data set row by row, so both have the same source. A new
fact is written here; indicators (``framework.py``) only name them.

Two facts do not cross if the people of one are not by definition among the other's, and no sum of
one is a number of another. Where they are, one lies *within* the other (``telling.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Numeric, Select, and_, case, cast, exists, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from community.attendance import Attendance
from community.attendance import State as Came
from community.deliveries import Delivery
from community.events import Event
from community.events import State as Planned
from community.evidence.periods import Every, Within
from community.evidence.telling import ALL, Shape
from community.figures.months import members_at
from community.figures.outcomes import LEAVES, PARTS, Outcome
from community.figures.protecting import FEW
from community.figures.support import sent_requests
from community.history import Step
from community.lessons import LessonProgress
from community.matches import Match, MatchSide
from community.matches import State as Matched
from community.people import Person
from community.posts import Post
from community.posts import State as Posted
from community.posts.table import Kind as PostKind
from community.surveys import REACHED, TEMPLATES, Survey, SurveyAnswer, SurveyResponse

Rows = Select[Any]
"""``person_id``, ``leaf`` and ``amount``."""


@dataclass(frozen=True)
class Fact:
    """One fact: what is told of it, how often, and whom it selects."""

    every: Every
    shape: Shape
    select: Callable[[Within], Rows]
    has_amount: bool = False
    of_requests: bool = False
    """Whether its rows are requests: a person who has asked five times counts as five."""


def _rows(person: Any, leaf: Any, amount: Any = None) -> Rows:
    return select(
        person.label("person_id"),
        leaf.label("leaf"),
        cast(null() if amount is None else amount, Numeric(16, 2)).label("amount"),
    )


# Members


CAME, ACTIVE, QUIET = "came", "active", "quiet"


def _members(when: Within) -> Rows:
    came = (
        select(Attendance.person_id)
        .join(Event, Event.id == Attendance.event_id)
        .where(
            Attendance.state == Came.ATTENDED,
            Event.state.in_([Planned.PUBLISHED, Planned.HELD]),
            Event.starts_at >= when.start,
            Event.starts_at < when.end,
        )
    )
    acted = select(Step.actor_id).where(Step.at >= when.start, Step.at < when.end)
    leaf = case(
        (Person.id.in_(came.where(Attendance.person_id.is_not(None))), CAME),
        (Person.id.in_(acted.where(Step.actor_id.is_not(None))), ACTIVE),
        else_=QUIET,
    )
    return _rows(Person.id, leaf).where(Person.id.in_(members_at(when.end)))


JOINED, LEFT, STAYED = "joined", "left", "stayed"


def _movement(when: Within) -> Rows:
    """Return who was a member when the period began, or is when it ends.

    Who stayed is among them because who joined and who left may be told only if these are no few,
    either: they are how many there were, less who left.
    """
    is_there = Person.id.in_(members_at(when.end))
    was_there = Person.id.in_(members_at(when.start))
    leaf = case((and_(is_there, was_there), STAYED), (is_there, JOINED), else_=LEFT)
    return _rows(Person.id, leaf).where(or_(is_there, was_there))


# What members do


FINISHED = "finished"


def _learned(when: Within) -> Rows:
    done = LessonProgress.finished_at
    return (
        _rows(LessonProgress.person_id, literal(FINISHED))
        .where(done >= when.start, done < when.end)
        .distinct()
    )


ASK, OFFER, BOTH = "ask", "offer", "both"


def _posted(when: Within) -> Rows:
    kinds = func.count(func.distinct(Post.kind))
    leaf = case((kinds > 1, BOTH), (func.min(Post.kind) == PostKind.ASK, ASK), else_=OFFER)
    return (
        _rows(Post.person_id, leaf)
        .where(
            Post.made_at >= when.start,
            Post.made_at < when.end,
            Post.state.not_in([Posted.WAITING, Posted.REFUSED, Posted.HIDDEN]),
        )
        .group_by(Post.person_id)
    )


ACROSS, ALIKE, NOT_MET, OPEN = "met_across", "met_alike", "not_met", "open"
"""Two who met and have chosen different languages, or the same one; no meeting; not known yet."""


def _introduced(when: Within) -> Rows:
    other, them, me = aliased(MatchSide), aliased(Person), aliased(Person)
    rank = case(
        (Match.state == Matched.NOT_MET, 1),
        (Match.state != Matched.MET, 2),
        (them.language == me.language, 3),
        else_=4,
    )
    best = func.max(rank)
    leaf = case((best == 4, ACROSS), (best == 3, ALIKE), (best == 2, OPEN), else_=NOT_MET)
    return (
        _rows(MatchSide.person_id, leaf)
        .join(Match, Match.id == MatchSide.match_id)
        .join(me, me.id == MatchSide.person_id)
        .outerjoin(other, and_(other.match_id == Match.id, other.id != MatchSide.id))
        .outerjoin(them, them.id == other.person_id)
        .where(Match.introduced_at >= when.start, Match.introduced_at < when.end)
        .group_by(MatchSide.person_id)
    )


def _requests(when: Within) -> Rows:
    requests = sent_requests(when.start, when.end).subquery()
    return _rows(requests.c.person_id, requests.c.outcome)


# What they say


ANSWERED, SILENT = "answered", "silent"


def _asked(when: Within) -> Rows:
    """Return whom a survey has reached, and whether they have answered any of them to the end."""
    reached = exists().where(
        Delivery.subject_id == SurveyResponse.id,
        Delivery.kind == "pulse",
        Delivery.state.in_(REACHED),
    )
    has_answered = func.count(SurveyResponse.finished_at) > 0
    return (
        _rows(SurveyResponse.person_id, case((has_answered, ANSWERED), else_=SILENT))
        .where(
            SurveyResponse.person_id.is_not(None),
            SurveyResponse.asked_at >= when.start,
            SurveyResponse.asked_at < when.end,
            reached,
        )
        .group_by(SurveyResponse.person_id)
    )


def _answer(template: str, question: str) -> Callable[[Within], Rows]:
    """Return the query for what people last said to a question in a period."""

    def rows(when: Within) -> Rows:
        newest = func.row_number().over(
            partition_by=SurveyResponse.person_id,
            order_by=(SurveyResponse.started_at.desc(), SurveyResponse.id.desc()),
        )
        said = (
            select(SurveyResponse.person_id, SurveyAnswer.value, newest.label("newest"))
            .join(SurveyAnswer, SurveyAnswer.response_id == SurveyResponse.id)
            .join(Survey, Survey.id == SurveyResponse.survey_id)
            .where(
                Survey.template == template,
                SurveyAnswer.question == question,
                SurveyResponse.person_id.is_not(None),
                SurveyResponse.started_at >= when.start,
                SurveyResponse.started_at < when.end,
            )
            .subquery()
        )
        return _rows(said.c.person_id, said.c.value).where(said.c.newest == 1)

    return rows


def _of_question(template: str, question: str, every: Every = Every.QUARTER) -> Fact:
    newest = max(version for code, version in TEMPLATES if code == template)
    asked = TEMPLATES[template, newest].question(question)
    assert asked is not None
    return Fact(every, Shape(tuple(asked.values)), _answer(template, question))


FACTS: Mapping[str, Fact] = {
    "members": Fact(Every.QUARTER, Shape((CAME, ACTIVE, QUIET)), _members),
    "movement": Fact(
        Every.QUARTER, Shape((JOINED, LEFT, STAYED), splits=(), together=True), _movement
    ),
    "learned": Fact(Every.QUARTER, Shape((FINISHED,)), _learned),
    "posted": Fact(Every.QUARTER, Shape((ASK, OFFER, BOTH)), _posted),
    "introduced": Fact(Every.QUARTER, Shape((ACROSS, ALIKE, NOT_MET, OPEN)), _introduced),
    "requests": Fact(
        Every.QUARTER,
        Shape(
            tuple(LEAVES),
            {ALL if node is Outcome.ASKED else node: parts for node, parts in PARTS.items()},
            splits=(),
            few=FEW,
        ),
        _requests,
        of_requests=True,
    ),
    "asked": Fact(Every.QUARTER, Shape((ANSWERED, SILENT), together=True), _asked),
    "event_useful": _of_question("after_event", "useful"),
    "event_met": _of_question("after_event", "met"),
}
"""All facts by their names. Requests by group are in the quarter's support report, and nowhere
else."""


def of(every: Every) -> Mapping[str, Fact]:
    """Return the facts of periods of this length."""
    return {name: fact for name, fact in FACTS.items() if fact.every is every}
