"""Facts: named selections of people in a period, the only door to figures of evidence.

Each has one row for each person: who, which of its leaves, and an amount where it has one. The
report reads them counted, the evaluator's data set row by row, so both have the same source. A new
fact is written here; indicators (``framework.py``) only name them.

Two facts do not cross if the people of one are not by definition among the other's, and no sum of
one is a number of another. Where they are, one lies *within* the other (``telling.py``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Numeric,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from community.attendance import Attendance
from community.attendance import State as Came
from community.deliveries import Delivery
from community.deliveries import State as Reached
from community.events import Event
from community.events import State as Planned
from community.evidence.periods import Every, Within
from community.evidence.telling import ALL, Inside, Shape
from community.exchanges import Exchange
from community.exchanges import Kind as Writing
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
from community.reactions import Reaction
from community.sends import Send
from community.surveys import (
    AFTER_EVENT,
    AFTER_REFERRAL,
    REACHED,
    Survey,
    SurveyAnswer,
    SurveyResponse,
    Template,
)
from community.surveys.templates import BASELINE, EXIT, EXIT_SIX_MONTHS, YEARLY
from community.surveys.windows import EXIT_SURVEY, PULSE, SURVEY
from community.votes import Ballot, Vote

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
    is_there, was_there = (
        members_at(moment).add_columns(literal(which).label("which")).subquery()
        for which, moment in enumerate((when.end, when.start))
    )
    both = union_all(select(is_there), select(was_there)).subquery()
    person, which = both.c.subject_id, both.c.which
    first, last = func.min(which), func.max(which)
    leaf = case((first < last, STAYED), (first == 0, JOINED), else_=LEFT)
    return _rows(person, leaf).join(Person, Person.id == person).group_by(person)


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


REACTED, WROTE = "reacted", "wrote"


def _reacted(when: Within) -> Rows:
    """Return who has said something of a newsletter of the period, or voted in one."""
    of_letters = select(Reaction.person_id.label("person_id"), Reaction.send_id.label("send_id"))
    in_votes = select(Ballot.person_id, Vote.send_id).join(Vote, Vote.id == Ballot.vote_id)
    both = union_all(of_letters, in_votes).subquery()
    return (
        _rows(both.c.person_id, literal(REACTED))
        .join(Send, Send.id == both.c.send_id)
        .where(Send.started_at >= when.start, Send.started_at < when.end)
        .distinct()
    )


def _wrote(when: Within) -> Rows:
    """Return who has asked the team something."""
    begun = Exchange.begun_at
    return (
        _rows(Exchange.person_id, literal(WROTE))
        .where(Exchange.kind == Writing.TEAM, begun >= when.start, begun < when.end)
        .distinct()
    )


# What they say


ANSWERED, SILENT = "answered", "silent"
SENT_AS = (PULSE, SURVEY, EXIT_SURVEY)


def _asked(when: Within) -> Rows:
    """Return whom a survey has reached, and whether they have answered any of them to the end."""
    reached = exists().where(
        Delivery.subject_id == SurveyResponse.id,
        Delivery.kind.in_(SENT_AS),
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


def _invited(when: Within) -> Rows:
    """Return whom an invitation to an event has reached, and whether they answered any of them."""
    has_answered = func.count(Attendance.id) > 0
    return (
        _rows(Delivery.person_id, case((has_answered, ANSWERED), else_=SILENT))
        .outerjoin(
            Attendance,
            and_(
                Attendance.event_id == Delivery.subject_id,
                Attendance.person_id == Delivery.person_id,
                Attendance.state.not_in([Came.NONE, Came.INVITED]),
            ),
        )
        .where(
            Delivery.kind == INVITATION,
            Delivery.person_id.is_not(None),
            Delivery.state == Reached.SENT,
            Delivery.settled_at >= when.start,
            Delivery.settled_at < when.end,
        )
        .group_by(Delivery.person_id)
    )


INVITATION = "event_invitation"
SAID_AT = func.coalesce(SurveyAnswer.answered_at, SurveyResponse.started_at)


LAST = (SAID_AT.desc(), SurveyAnswer.id.desc())


def _place(*order: Any) -> Any:
    """Return in which place an answer of a person is, in this order."""
    return func.row_number().over(partition_by=SurveyResponse.person_id, order_by=order)


def _said(
    templates: Sequence[Template], question: str, *conditions: Any, more: Sequence[Any] = ()
) -> Select[Any]:
    """Return the query for what people have answered to a question, with ``more`` columns."""
    columns: Sequence[Any] = (
        SurveyResponse.person_id.label("person_id"),
        SurveyAnswer.value.label("value"),
        SurveyAnswer.amount.label("amount"),
        SAID_AT.label("at"),
        *more,
    )
    return (
        select(*columns)
        .join(SurveyResponse, SurveyResponse.id == SurveyAnswer.response_id)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(
            Survey.template.in_([one.code for one in templates]),
            SurveyAnswer.question == question,
            SurveyResponse.person_id.is_not(None),
            *conditions,
        )
    )


def _answer(templates: Sequence[Template], question: str) -> Callable[[Within], Rows]:
    """Return the query for what people last said to a question in a period."""

    def rows(when: Within) -> Rows:
        said = _said(
            templates,
            question,
            when.start <= SAID_AT,
            when.end > SAID_AT,
            more=[_place(*LAST).label("place")],
        ).subquery()
        return _rows(said.c.person_id, said.c.value).where(said.c.place == 1)

    return rows


UP, SAME, DOWN = "up", "same", "down"


def _change(question: str, *, with_amount: bool) -> Callable[[Within], Rows]:
    """Return the query for how an amount has changed in a period, by what the person said.

    From what they had said last before it (or first in it) to what they said last in it.
    """

    def rows(when: Within) -> Rows:
        is_later = Survey.template.in_([one.code for one in LATER])
        is_now = case((and_(is_later, when.start <= SAID_AT), 1), else_=0)
        was_before = when.start > SAID_AT
        last = _place(is_now.desc(), *LAST)
        first = _place(
            was_before.desc(), case((was_before, SAID_AT)).desc(), SAID_AT, SurveyAnswer.id
        )
        # One look at all answers, and no join of it with itself: PostgreSQL takes each side of
        # that for a single row, and goes through one side for every row of the other.
        is_known = SurveyAnswer.amount.is_not(None)
        said = _said(
            (BASELINE, *LATER),
            question,
            is_known,
            when.end > SAID_AT,
            more=(is_now.label("is_now"), last.label("last"), first.label("first")),
        ).subquery()
        is_after, is_earlier = and_(said.c.is_now == 1, said.c.last == 1), said.c.first == 1

        def of(condition: Any, column: Any) -> Any:
            return func.max(case((condition, column)))

        more = of(is_after, said.c.amount) - of(is_earlier, said.c.amount)
        leaf = case((more > 0, UP), (more < 0, DOWN), else_=SAME)
        return (
            _rows(said.c.person_id, leaf, more if with_amount else None)
            .group_by(said.c.person_id)
            .having(of(is_earlier, said.c.at) < of(is_after, said.c.at))
        )

    return rows


LATER = (YEARLY, EXIT, EXIT_SIX_MONTHS)
"""What asks members, and those who agreed when they left, what has become of them."""
GO_ON = ("business", ("same", "new"))
ALL_OF_THEM = ("business", ())


def _question(
    every: Every, templates: Sequence[Template], question: str, within: Inside | None = None
) -> Fact:
    asked = templates[0].question(question)
    assert asked is not None
    shape = Shape(tuple(asked.values), within=within)
    return Fact(every, shape, _answer(templates, question))


def _changed(question: str, within: Inside, *, with_amount: bool = False) -> Fact:
    change = _change(question, with_amount=with_amount)
    return Fact(Every.YEAR, Shape((UP, SAME, DOWN), within=within), change, with_amount)


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
    "reacted": Fact(Every.QUARTER, Shape((REACTED,), splits=()), _reacted),
    "wrote": Fact(Every.QUARTER, Shape((WROTE,), splits=()), _wrote),
    "invited": Fact(Every.QUARTER, Shape((ANSWERED, SILENT), splits=()), _invited),
    "asked": Fact(Every.QUARTER, Shape((ANSWERED, SILENT), together=True), _asked),
    "event_useful": _question(Every.QUARTER, (AFTER_EVENT,), "useful"),
    "event_met": _question(Every.QUARTER, (AFTER_EVENT,), "met", ("event_useful", ())),
    "helped": _question(Every.QUARTER, (AFTER_REFERRAL,), "helped"),
    "understood": _question(Every.QUARTER, (AFTER_REFERRAL,), "understood", ("helped", ())),
    "business": _question(Every.YEAR, LATER, "business"),
    "sales_change": _changed("sales", GO_ON, with_amount=True),
    "staff_change": _changed("staff", GO_ON, with_amount=True),
    "hours_change": _changed("hours", GO_ON, with_amount=True),
    "profit": _question(Every.YEAR, (YEARLY,), "profit", GO_ON),
    "export": _question(Every.YEAR, (YEARLY,), "export", GO_ON),
    "employability_change": _changed("employability", ALL_OF_THEM),
    "networking_change": _changed("networking", ALL_OF_THEM),
    "belonging_change": _changed("belonging", ALL_OF_THEM),
    "attribution": _question(Every.YEAR, LATER[:2], "attribution", ALL_OF_THEM),
}
"""All facts by their names. Requests by group are in the quarter's support report, and nowhere
else. Of a survey the first question has margins, and the others lie within it: who answers one
mostly answers all, and the same people by language twice would cross."""


def of(every: Every) -> Mapping[str, Fact]:
    """Return the facts of periods of this length."""
    return {name: fact for name, fact in FACTS.items() if fact.every is every}
