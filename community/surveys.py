"""Pulses: short surveys of at most three taps, to those who came to an event.

A template is data without words: questions and coded answers, with a version, so that figures
never add up answers to different questions. What one person answered is shown to nobody; it
leaves this module only as a count (``community/figures.py``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    exists,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import attendance, consents, deliveries, events
from community.attendance import Attendance
from community.base import Base, BigId, Identified, Referable, find
from community.consents import Consent, Purpose
from community.deliveries import Delivery, Plan
from community.errors import (
    ConsentMissingError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.events import Event
from community.people import Membership, Participation, Person
from community.writing import insert_new

KINDS = ("pulse", "facilitation")
"""What asks something: between two of them lies the cool-down."""
COOL_DOWN = timedelta(days=14)
ASKED_WITHIN = timedelta(days=7)
"""Somebody marked as having come is asked within a week of the event, or never about it."""
OPEN_FOR = timedelta(days=14)
MORNING = time(8)
REACHED = (deliveries.State.SENT, deliveries.State.UNCERTAIN, deliveries.State.RECALLED)


@dataclass(frozen=True)
class Asked:
    """One question of a template: its code and the codes of its answers, in order."""

    code: str
    values: Sequence[str]


@dataclass(frozen=True)
class Template:
    """What a survey asks. A changed question is a new version."""

    code: str
    version: int
    questions: Sequence[Asked]

    def question(self, code: str) -> Asked | None:
        """Return the question of this code."""
        return next((asked for asked in self.questions if asked.code == code), None)


_USEFUL = Asked("useful", ("yes", "partly", "no"))
_MET = Asked("met", ("yes", "not_yet", "no"))
AFTER_EVENT = Template("after_event", 2, (_USEFUL, _MET))
"""What is asked now. The tap that opens the notice is the first of three."""
TEMPLATES: Mapping[tuple[str, int], Template] = {
    (template.code, template.version): template
    for template in (
        Template("after_event", 1, (_USEFUL, _MET, Asked("again", ("yes", "maybe", "no")))),
        AFTER_EVENT,
    )
}
"""Every version that was ever asked, so that old answers are still read."""


class Survey(Base, Referable):
    """A template asked about one thing."""

    __tablename__ = "surveys"
    __table_args__ = (UniqueConstraint("template", "version", "event_id"),)

    template: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    event_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("events.id"), index=True)
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]


class SurveyResponse(Base, Referable):
    """One person's way through a survey. Erasing the person leaves the answers, without a who."""

    __tablename__ = "survey_responses"
    __table_args__ = (UniqueConstraint("survey_id", "person_id"),)

    survey_id: Mapped[int] = mapped_column(BigId, ForeignKey("surveys.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    language: Mapped[str | None] = mapped_column(String(16))


class SurveyAnswer(Base, Identified):
    """One tap."""

    __tablename__ = "survey_answers"
    __table_args__ = (UniqueConstraint("response_id", "question"),)

    response_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("survey_responses.id", ondelete="CASCADE"), index=True
    )
    question: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(32))


# Opening


def morning_after(event: Event, zone: ZoneInfo) -> datetime:
    """Return the first eight o'clock in this zone after the event has ended."""
    local = event.ends_at.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.time() >= MORNING else 0)
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


async def open_after_events(session: AsyncSession, now: datetime) -> int:
    """Ask those who came to an event how it was, once per person and event; return how many.

    Asked is who agreed to surveys and was asked nothing in the last fourteen days. The question
    leaves the morning after, or now if somebody was marked as having come only later.
    """
    candidates = await session.execute(
        select(Event, Person)
        .join(Attendance, Attendance.event_id == Event.id)
        .join(Person, Person.id == Attendance.person_id)
        .where(
            Attendance.state == attendance.State.ATTENDED,
            Event.state.in_([events.State.HELD, events.State.PUBLISHED]),
            Event.starts_at <= now,
            Event.starts_at > now - ASKED_WITHIN - timedelta(days=7),  # events last a week at most
            Person.state == Membership.ACTIVE,
            agrees(),
            ~_was_asked(),
            ~rests(now),
        )
        .order_by(Event.starts_at.desc(), Event.id, Person.id)
    )
    asked: set[int] = set()
    for event, person in candidates.all():
        if not event.is_over(now) or now > event.ends_at + ASKED_WITHIN or person.id in asked:
            continue
        if await _ask(session, event, person, now):
            asked.add(person.id)
    return len(asked)


def agrees() -> ColumnElement[bool]:
    """Return the condition that somebody has agreed to be asked (of the query around it).

    Who has chosen that nothing comes by itself is not asked.
    """
    has_agreed = exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == Purpose.SURVEYS,
        Consent.current,
        Consent.granted,
    )
    only_looks = func.coalesce(Person.participation, "") == Participation.READING
    return and_(has_agreed, ~only_looks)


def _was_asked() -> ColumnElement[bool]:
    return exists().where(
        SurveyResponse.person_id == Person.id,
        SurveyResponse.survey_id == Survey.id,
        Survey.event_id == Event.id,
    )


def rests(now: datetime) -> ColumnElement[bool]:
    """Say whether a survey reached the person in the last fourteen days, or is on its way."""
    return exists().where(
        Delivery.person_id == Person.id,
        Delivery.kind.in_(KINDS),
        Delivery.state.in_(deliveries.OPEN)
        | (Delivery.state.in_(REACHED) & (Delivery.settled_at > now - COOL_DOWN)),
    )


async def _ask(session: AsyncSession, event: Event, person: Person, now: datetime) -> bool:
    survey = await _survey_of(session, event, now)
    due = max(morning_after(event, person.local_zone(event.zone)), now)
    if due >= survey.closes_at:
        return False
    response = SurveyResponse(survey_id=survey.id, person_id=person.id, asked_at=due)
    session.add(response)
    await session.flush()
    await deliveries.plan(
        session,
        now,
        Plan(
            "pulse",
            person.id,
            f"pulse:{survey.id}:{person.id}",
            due,
            {"ref": response.ref},
            expires_at=min(survey.closes_at, due + ASKED_WITHIN),
            subject_id=response.id,
        ),
    )
    return True


async def _survey_of(session: AsyncSession, event: Event, now: datetime) -> Survey:
    values = {
        "template": AFTER_EVENT.code,
        "version": AFTER_EVENT.version,
        "event_id": event.id,
    }
    query = select(Survey).filter_by(**values)
    found: Survey | None = await session.scalar(query)
    if found is None:
        new = Survey(**values, opened_at=now, closes_at=event.ends_at + OPEN_FOR)
        session.add(new)
        await session.flush()
        found = new
    return found


# Answering


@dataclass(frozen=True)
class Progress:
    """Where a person stands in a survey."""

    response: SurveyResponse
    survey: Survey
    template: Template
    answered: Mapping[str, str]

    @property
    def next_question(self) -> Asked | None:
        """Return what is asked next; None when everything is answered or skipped."""
        if self.response.skipped_at is not None:
            return None
        left = (asked for asked in self.template.questions if asked.code not in self.answered)
        return next(left, None)

    @property
    def number(self) -> int:
        """Return the number of the next question, from 1."""
        return len(self.answered) + 1


async def progress(
    session: AsyncSession, actor: Person, ref: str, *, lock: bool = False
) -> Progress:
    """Return where this person stands in this survey.

    Raises:
        NotFoundError: no such survey, or it was put to somebody else.
    """
    response = await find(session, SurveyResponse, ref, lock=lock)
    if response.person_id != actor.id:
        raise NotFoundError("SurveyResponse")
    survey = await session.get_one(Survey, response.survey_id)
    rows = await session.scalars(
        select(SurveyAnswer).where(SurveyAnswer.response_id == response.id)
    )
    answered = {row.question: row.value for row in rows}
    return Progress(response, survey, TEMPLATES[survey.template, survey.version], answered)


async def still_applies(session: AsyncSession, found: Progress, now: datetime) -> bool:
    """Say whether the question still makes sense: open, not begun, and the person did come."""
    if now >= found.survey.closes_at or found.next_question is None:
        return False
    came = await session.scalar(
        select(func.count())
        .select_from(Attendance)
        .where(
            Attendance.event_id == found.survey.event_id,
            Attendance.person_id == found.response.person_id,
            Attendance.state == attendance.State.ATTENDED,
        )
    )
    return bool(came)


async def answer(
    session: AsyncSession, actor: Person, ref: str, question: str, value: str, now: datetime
) -> tuple[Progress, bool]:
    """Take one tap; return where that leaves the person, and whether it changed anything.

    Questions are answered in order; a tap under one that is answered already changes nothing.

    Raises:
        NotFoundError: no such survey, or it was put to somebody else.
        NotUnderstoodError: no such question or answer.
        ConsentMissingError: the person has turned surveys off; a reply is no consent.
        TooLateError: the survey has closed.
    """
    found = await progress(session, actor, ref, lock=True)
    asked = found.template.question(question)
    if asked is None or value not in asked.values:
        raise NotUnderstoodError("answer")
    expected = found.next_question
    if expected is None or expected.code != question:
        return found, False
    if now >= found.survey.closes_at:
        raise TooLateError(found.survey.closes_at)
    if Purpose.SURVEYS not in await consents.given(session, actor):
        raise ConsentMissingError(Purpose.SURVEYS)
    row = {"response_id": found.response.id, "question": question, "value": value}
    await insert_new(session, SurveyAnswer, [row])
    found.response.started_at = found.response.started_at or now
    found.response.language = actor.language
    found = Progress(
        found.response, found.survey, found.template, {**found.answered, question: value}
    )
    if found.next_question is None:
        found.response.finished_at = now
    await session.flush()
    return found, True


async def skip(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """End a survey without answering the rest; what is answered counts. True if it was open.

    Raises:
        NotFoundError: no such survey, or it was put to somebody else.
    """
    found = await progress(session, actor, ref, lock=True)
    if found.next_question is None:
        return False
    found.response.skipped_at = now
    await session.flush()
    return True
