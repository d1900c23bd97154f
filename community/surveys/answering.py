"""Answering a survey: an answer is a row at once, so that nothing is lost and all can be resumed.

What one person answered is shown to nobody else; it leaves this package only as a count, or
without a name to an evaluator.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, consents, memory
from community.among import among
from community.attendance import Attendance
from community.base import find, lock_all
from community.consents import Purpose
from community.errors import (
    ConsentMissingError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.people import Person
from community.referrals import Referral
from community.surveys.forms import SurveyForm
from community.surveys.leaving import end_exit, may_be_asked
from community.surveys.standing import Given, Progress
from community.surveys.table import Survey, SurveyAnswer, SurveyResponse
from community.surveys.templates import TEMPLATES, Asked, Kind
from community.surveys.windows import BY_CODE, ENDED, SELF

LONGEST = 1000
"""A written answer has at most so many characters."""
MOST_NUMBER = Decimal(999_999)
MOST_MONEY = Decimal("99999999999.99")


async def expect(session: AsyncSession, refs: Collection[str]) -> None:
    """Read at once what these references name, locked, for the answers that follow."""
    responses = await lock_all(session, SurveyResponse, refs)
    answers: dict[int, list[SurveyAnswer]] = {response.id: [] for response in responses}
    for row in await session.scalars(_ANSWERS, {"responses": [*answers]}):
        answers[row.response_id].append(row)
    for number, rows in answers.items():
        _remember(session, number, rows, lock=True)
    surveys = {response.survey_id for response in responses}
    for survey in await session.scalars(_SURVEYS, {"surveys": [*surveys]}):
        memory.remember(session, ((Survey, survey.id), False), survey)


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
    return await _progress(session, response, lock=lock)


_ANSWERS = (
    select(SurveyAnswer)
    .where(among(SurveyAnswer.response_id, "responses"))
    .order_by(SurveyAnswer.id)
    .execution_options(populate_existing=True)
)
_SURVEYS = select(Survey).where(among(Survey.id, "surveys"))


async def _progress(
    session: AsyncSession, response: SurveyResponse, *, lock: bool = False
) -> Progress:
    number = response.survey_id
    survey: Survey | None = await memory.found_before(
        session, (Survey, number), _SURVEYS, {"surveys": [number]}
    )
    assert survey is not None
    given: dict[str, list[Given]] = {}
    for row in await _answers(session, response, lock=lock):
        one = Given(row.value, row.amount, row.day, row.text, row.voice)
        given.setdefault(row.question, []).append(one)
    if survey.form_id is not None:
        form = (await session.get_one(SurveyForm, survey.form_id)).brought
        return Progress(response, survey, form.template, given, form)
    return Progress(response, survey, TEMPLATES[survey.template, survey.version], given)


async def _answers(
    session: AsyncSession, response: SurveyResponse, *, lock: bool
) -> list[SurveyAnswer]:
    """Return the answers as they are; with ``lock`` as they are since the response is locked."""
    rows: list[SurveyAnswer] | None = memory.recall(session, _key(response.id, lock=lock))
    if rows is None:
        found = await session.scalars(_ANSWERS, {"responses": [response.id]})
        rows = list(found)
        _remember(session, response.id, rows, lock=lock)
    return rows


def _key(response_id: int, *, lock: bool) -> Hashable:
    return (SurveyAnswer, response_id, lock)


def _remember(
    session: AsyncSession, response_id: int, rows: list[SurveyAnswer], *, lock: bool
) -> None:
    memory.remember(session, _key(response_id, lock=False), rows)
    if lock:
        memory.remember(session, _key(response_id, lock=True), rows)


async def open_ones(session: AsyncSession, person: Person, now: datetime) -> Sequence[Progress]:
    """Return what this person can still answer, what was asked first before the others."""
    rows = await session.scalars(
        select(SurveyResponse)
        .where(
            SurveyResponse.person_id == person.id,
            SurveyResponse.asked_at <= now,
            SurveyResponse.finished_at.is_(None),
            SurveyResponse.skipped_at.is_(None),
        )
        .order_by(SurveyResponse.asked_at, SurveyResponse.id)
    )
    found = [await _progress(session, response) for response in rows.all()]
    return [one for one in found if await still_applies(session, one, now)]


async def spoken(session: AsyncSession, person: Person) -> Sequence[tuple[Progress, str]]:
    """Return what somebody has answered by voice, the newest first: where, to which question.

    They themselves can hear it; nobody of the team does.
    """
    rows = await session.execute(
        select(SurveyResponse, SurveyAnswer.question)
        .join(SurveyAnswer, SurveyAnswer.response_id == SurveyResponse.id)
        .where(SurveyResponse.person_id == person.id, SurveyAnswer.voice.is_not(None))
        .order_by(SurveyAnswer.id.desc())
    )
    return [(await _progress(session, one), question) for one, question in rows.all()]


async def still_applies(session: AsyncSession, found: Progress, now: datetime) -> bool:
    """Say whether the questions still make sense: open, not done, and about what still is so."""
    if found.is_over(now) or found.next_question is None:
        return False
    survey, person_id = found.survey, found.response.person_id
    if survey.event_id is not None:
        came = select(Attendance.id).where(
            Attendance.event_id == survey.event_id,
            Attendance.person_id == person_id,
            Attendance.state == attendance.State.ATTENDED,
        )
        return await session.scalar(came) is not None
    if survey.referral_id is not None:
        ended = select(Referral.id).where(
            Referral.id == survey.referral_id,
            Referral.person_id == person_id,
            Referral.state.in_(ENDED),
        )
        return await session.scalar(ended) is not None
    if _asks_who_has_left(survey):
        return person_id is not None and await may_be_asked(session, person_id)
    return True


def _asks_who_has_left(survey: Survey) -> bool:
    window = BY_CODE.get(survey.window)
    return window is not None and not window.of_members


async def _require_open(
    session: AsyncSession, actor: Person, found: Progress, now: datetime
) -> None:
    if found.is_over(now):
        assert found.closes_at is not None
        raise TooLateError(found.closes_at)
    if found.survey.window == SELF:
        return  # who opens a survey by themself agrees with each answer
    if _asks_who_has_left(found.survey):
        if not await may_be_asked(session, actor.id):
            raise ConsentMissingError(Purpose.SURVEYS)
    elif Purpose.SURVEYS not in await consents.given(session, actor):
        raise ConsentMissingError(Purpose.SURVEYS)


# Answering


async def answer(
    session: AsyncSession,
    actor: Person,
    ref: str,
    question: str,
    said: str | Given,
    now: datetime,
) -> tuple[Progress, bool]:
    """Take one answer (a code, or what was written); return where that leaves the person.

    And whether it changed anything: an answer to another question than the open one does not.
    What depends on it and is not asked any more is forgotten.

    Raises:
        NotFoundError: no such survey, or it was put to somebody else.
        NotUnderstoodError: no such question or answer.
        ConsentMissingError: the person has turned surveys off; a reply is no consent.
        TooLateError: the survey has closed.
    """
    found = await progress(session, actor, ref, lock=True)
    asked = _asked(found, question)
    given = checked(asked, Given(said) if isinstance(said, str) else said)
    if found.next_question != asked:
        return found, False
    await _require_open(session, actor, found, now)
    await _write(session, found, asked, [given], actor.language, now)
    return await _settled(session, found, asked, now), True


async def tick(
    session: AsyncSession, actor: Person, ref: str, question: str, value: str, now: datetime
) -> tuple[Progress, bool]:
    """Choose one of several answers, or take it back; the question stays open until ``settle``.

    Raises:
        NotFoundError, NotUnderstoodError, ConsentMissingError, TooLateError: as in ``answer``.
    """
    found = await progress(session, actor, ref, lock=True)
    asked = _asked(found, question)
    if asked.kind != Kind.SEVERAL or value not in asked.values:
        raise NotUnderstoodError("answer")
    if found.next_question != asked:
        return found, False
    await _require_open(session, actor, found, now)
    chosen = {one.value for one in found.given.get(question, ())} ^ {value}
    ordered = [Given(code) for code in asked.values if code in chosen]
    await _write(session, found, asked, ordered, actor.language, now)
    found.response.at = question
    await session.flush()
    return await _progress(session, found.response, lock=True), True


async def settle(
    session: AsyncSession, actor: Person, ref: str, question: str, now: datetime
) -> tuple[Progress, bool]:
    """Be through with a question as it stands: with the answers that are ticked, or with none.

    Raises:
        NotFoundError, NotUnderstoodError, ConsentMissingError, TooLateError: as in ``answer``.
    """
    found = await progress(session, actor, ref, lock=True)
    asked = _asked(found, question)
    if found.next_question != asked:
        return found, False
    await _require_open(session, actor, found, now)
    found.response.started_at = found.response.started_at or now
    return await _settled(session, found, asked, now), True


async def go_back(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Progress:
    """Open the question before, to answer it once more; what it was answered stays until then.

    Raises:
        NotFoundError: no such survey, or it was put to somebody else.
    """
    found = await progress(session, actor, ref, lock=True)
    if found.before is None or found.is_over(now):
        return found
    found.response.at = found.before.code
    await session.flush()
    return await _progress(session, found.response, lock=True)


async def skip(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """End a survey without answering the rest; what is answered counts. True if it was open.

    Raises:
        NotFoundError: no such survey, or it was put to somebody else.
    """
    found = await progress(session, actor, ref, lock=True)
    if found.next_question is None:
        return False
    found.response.skipped_at = now
    if _asks_who_has_left(found.survey):
        await end_exit(session, actor, now)  # who has left and does not want this wants no other
    await session.flush()
    return True


def _asked(found: Progress, question: str) -> Asked:
    asked = found.template.question(question)
    if asked is None:
        raise NotUnderstoodError("answer")
    return asked


def checked(asked: Asked, given: Given) -> Given:
    """Return an answer as it is kept.

    Raises:
        NotUnderstoodError: it is none to this question.
    """
    match asked.kind:
        case Kind.ONE if given.value in asked.values:
            return Given(given.value)
        case Kind.SCALE if given.value in asked.values:
            return Given(given.value, amount=Decimal(given.value))
        case Kind.NUMBER if given.amount is not None:
            if not 0 <= given.amount <= MOST_NUMBER or given.amount % 1:
                raise NotUnderstoodError("whole_number")
            return Given(amount=given.amount)
        case Kind.MONEY if given.amount is not None:
            if not 0 <= given.amount <= MOST_MONEY:
                raise NotUnderstoodError("money")
            return Given(amount=round(given.amount, 2))
        case Kind.DATE if given.day is not None:
            return Given(day=given.day)
        case Kind.VOICE if given.voice:
            return Given(voice=given.voice)
        case Kind.TEXT | Kind.VOICE if given.text and given.text.strip():
            if len(given.text) > LONGEST:
                raise NotUnderstoodError("text", limit=LONGEST)
            return Given(text=given.text.strip())
    raise NotUnderstoodError("answer")


async def _write(
    session: AsyncSession,
    found: Progress,
    asked: Asked,
    given: Sequence[Given],
    language: str | None,
    now: datetime,
) -> None:
    """Put answers in the place of those that were there."""
    response = found.response
    await _forget(session, response, asked.code)
    new = [
        SurveyAnswer(
            response_id=response.id,
            question=asked.code,
            value=one.value,
            amount=one.amount,
            day=one.day,
            text=one.text,
            voice=one.voice,
            language=language,
            answered_at=now,
        )
        for one in given
    ]
    there = await _answers(session, response, lock=True)
    session.add_all(new)
    response.started_at = response.started_at or now
    response.language = language
    await session.flush()
    _remember(session, response.id, [*there, *new], lock=True)


async def _forget(session: AsyncSession, response: SurveyResponse, question: str) -> None:
    if question in response.passed:
        response.passed = [code for code in response.passed if code != question]
    rows = await _answers(session, response, lock=True)
    gone = [row for row in rows if row.question == question]
    if not gone:
        return
    for row in gone:
        await session.delete(row)
    await session.flush()  # before others take their place
    kept = [row for row in rows if row.question != question]
    _remember(session, response.id, kept, lock=True)


async def _settled(
    session: AsyncSession, found: Progress, asked: Asked, now: datetime
) -> Progress:
    """Leave a question behind; end the survey after the last."""
    response = found.response
    response.at = None
    found = await _progress(session, response, lock=True)
    if asked.code not in found.given:
        response.passed = [*response.passed, asked.code]
    for later in found.template.questions:  # in order: what goes may be what others depend on
        if not found.is_relevant(later) and found.is_settled(later):
            await _forget(session, response, later.code)
            found = replace(
                found, given={c: one for c, one in found.given.items() if c != later.code}
            )
    if found.next_question is None:
        response.finished_at = now
    await session.flush()
    return found
