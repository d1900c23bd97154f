"""The figures of a month equal the rows, and show nothing of a few people."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    attendance,
    deliveries,
    erasure,
    events,
    figures,
    people,
    surveys,
)
from community.attendance import Attendance
from community.deliveries import Delivery
from community.errors import NotAllowedError
from community.events import Event
from community.figures import Hidden
from community.people import Person
from community.roles import Role, RoleName
from community.surveys import Survey, SurveyAnswer, SurveyResponse

ZONE = ZoneInfo("Europe/Paris")


async def members(
    session: AsyncSession, language: str | None, count: int, joined: datetime, *, first: int
) -> list[Person]:
    found = []
    for number in range(first, first + count):
        person = await people.meet(session, number, joined, name="x")
        person.language = language
        await people.join(session, person, joined, terms_version="1", language="en")
        found.append(person)
    return found


def held(starts: datetime, state: events.State = events.State.HELD) -> Event:
    return Event(
        state=state,
        made_at=starts,
        changed_at=starts,
        starts_wall=starts.replace(tzinfo=None),
        zone="Europe/Paris",
        starts_at=starts,
        place="Library",
    )


async def november(session: AsyncSession, now: datetime) -> figures.Month:
    return await figures.month(session, 2026, 11, ZONE, now)


def test_a_month_begins_at_midnight_where_the_network_is(now: datetime) -> None:
    running = figures.span(2026, 11, ZONE, now)
    assert running.start == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert (running.end, running.is_closed) == (now, False)
    closed = figures.span(2026, 10, ZONE, now)
    # The clocks went back in between.
    assert closed.start == datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
    assert (closed.end, closed.is_closed) == (running.start, True)
    assert figures.span(2026, 12, ZONE, now).start == figures.span(2026, 12, ZONE, now).end


async def test_members_are_counted_by_language_as_they_stood_at_the_end(
    session: AsyncSession, now: datetime
) -> None:
    october = datetime(2026, 10, 5, tzinfo=UTC)
    await members(session, "ar", 6, october, first=100)
    ukrainian = await members(session, "uk", 7, now, first=200)
    await members(session, None, 5, now, first=300)
    await people.meet(session, 400, now)  # only looks round
    await people.leave(session, ukrainian[0], now + timedelta(hours=1))
    later = now + timedelta(days=1)
    found = (await november(session, later)).members
    assert found.by_language.cells == {"": 5, "ar": 6, "uk": 6}
    assert found.by_language.total == 17
    hidden = {"joined": Hidden.COVERED, "left": Hidden.COVERED}
    assert found.movement.cells == hidden, "who joined, less the total, are those who left"
    before = await figures.month(session, 2026, 10, ZONE, later)
    assert before.span.is_closed
    assert before.members.by_language.cells == {"ar": 6}
    assert before.members.movement.cells == {"joined": 6, "left": 0}


async def test_who_is_erased_still_counts_as_having_joined_and_left(
    session: AsyncSession, now: datetime
) -> None:
    gone = await members(session, "ar", 6, now, first=100)
    await people.leave(session, gone[0], now)
    for person in gone:
        await erasure.erase(session, person, now, b"key")
    found = (await november(session, now + timedelta(days=1))).members
    assert found.movement.cells == {"joined": 6, "left": 6}
    assert found.by_language.cells == {}


async def test_one_person_with_two_roles_is_one_person(
    session: AsyncSession, now: datetime
) -> None:
    crowd = await members(session, "ar", 5, now, first=100)
    for name in (RoleName.ANIMATOR, RoleName.COORDINATOR):
        session.add(Role(person_id=crowd[0].id, name=name, granted_at=now))
    await session.flush()
    found = (await november(session, now + timedelta(days=1))).members
    assert found.by_language.cells == {"ar": 5}


async def test_events_and_who_came(session: AsyncSession, now: datetime) -> None:
    crowd = await members(session, "ar", 9, now, first=100)
    past = held(now - timedelta(days=2))
    session.add_all(
        [
            past,
            held(now - timedelta(days=1), events.State.CANCELLED),
            held(now + timedelta(days=1), events.State.PUBLISHED),
            held(datetime(2026, 10, 5, tzinfo=UTC)),
            held(now - timedelta(days=1), events.State.DRAFT),
        ]
    )
    await session.flush()
    state = attendance.State
    for person, said in zip(crowd, [*[state.ATTENDED] * 6, *[state.MISSED] * 3], strict=True):
        session.add(Attendance(event_id=past.id, person_id=person.id, state=said, answered_at=now))
    await session.flush()
    found = (await november(session, now)).meetings
    assert (found.held, found.cancelled) == (1, 1)
    assert found.people.cells == {
        state.ATTENDED: 6,
        state.MISSED: Hidden.FEW,
        state.GOING: 0,
    }


async def test_deliveries_are_counted_by_outcome_in_the_month_in_which_they_were_settled(
    session: AsyncSession, now: datetime
) -> None:
    (person,) = await members(session, "ar", 1, now, first=100)
    state = deliveries.State
    outcomes = [*[(state.SENT, now)] * 8, *[(state.REFUSED, now)] * 5, (state.FAILED, now)]
    outcomes += [(state.SENT, now - timedelta(days=60))]
    for number, (became, at) in enumerate(outcomes):
        session.add(_delivery(str(number), person, became, at))
    await session.flush()
    found = (await november(session, now + timedelta(days=1))).deliveries
    assert found.cells == {state.SENT: 8, state.REFUSED: 5, state.FAILED: Hidden.FEW}
    assert found.total is None, "beside a total, one small number would hide a large one"


def _delivery(
    key: str,
    person: Person,
    state: deliveries.State,
    at: datetime,
    *,
    kind: str = "newsletter",
    subject_id: int | None = None,
) -> Delivery:
    return Delivery(
        key=key,
        kind=kind,
        person_id=person.id,
        subject_id=subject_id,
        args={},
        lane=3,
        state=state,
        due_at=at,
        expires_at=at,
        planned_at=at,
        settled_at=at,
    )


async def answered(
    session: AsyncSession, now: datetime, person: Person, survey: Survey, values: list[str]
) -> None:
    response = SurveyResponse(
        survey_id=survey.id,
        person_id=person.id,
        asked_at=now,
        finished_at=now if len(values) == (3 if survey.version == 1 else 2) else None,
    )
    session.add(response)
    await session.flush()
    template = surveys.TEMPLATES[survey.template, survey.version]
    questions = [question.code for question in template.questions]
    for question, value in zip(questions, values, strict=False):
        session.add(SurveyAnswer(response_id=response.id, question=question, value=value))
    session.add(
        _delivery(
            f"pulse:{person.id}",
            person,
            deliveries.State.SENT,
            now,
            kind="pulse",
            subject_id=response.id,
        )
    )
    await session.flush()


async def test_survey_results_have_n_per_question_and_a_response_rate(
    session: AsyncSession, now: datetime
) -> None:
    crowd = await members(session, "ar", 20, now, first=100)
    survey = Survey(template="after_event", version=1, opened_at=now, closes_at=now)
    session.add(survey)
    await session.flush()
    for person in crowd[:8]:
        await answered(session, now, person, survey, ["yes", "no", "maybe"])
    for person in crowd[8:11]:
        await answered(session, now, person, survey, ["no"])
    for person in crowd[11:]:
        await answered(session, now, person, survey, [])
    found = (await november(session, now + timedelta(days=1))).surveys
    assert (found.asked, found.answered) == (20, 8)
    assert found.response_rate == pytest.approx(0.4)
    useful, met, again = found.questions
    assert (useful.code, useful.n) == ("useful", 11)
    # Three said no: with n and the others that could be computed, so "yes" is hidden too.
    assert useful.answers.cells == {"yes": Hidden.COVERED, "partly": 0, "no": Hidden.COVERED}
    assert (met.n, met.answers.cells) == (8, {"yes": 0, "not_yet": 0, "no": 8})
    assert (again.n, again.answers.cells) == (8, {"yes": 0, "maybe": 8, "no": 0})


async def test_answers_to_two_versions_are_counted_apart_and_all_are_read(
    session: AsyncSession, now: datetime
) -> None:
    crowd = await members(session, "ar", 12, now, first=100)
    old = Survey(template="after_event", version=1, opened_at=now, closes_at=now)
    new = Survey(template="after_event", version=2, opened_at=now, closes_at=now)
    session.add_all([old, new])
    await session.flush()
    for person in crowd[:5]:
        await answered(session, now, person, old, ["yes", "no", "maybe"])
    for person in crowd[5:]:
        await answered(session, now, person, new, ["no", "yes"])
    found = (await november(session, now + timedelta(days=1))).surveys
    assert [(q.version, q.code, q.n, q.is_current) for q in found.questions] == [
        (1, "useful", 5, False),
        (1, "met", 5, False),
        (1, "again", 5, False),
        (2, "useful", 7, True),
        (2, "met", 7, True),
    ]


async def test_fewer_than_five_answers_show_nothing(session: AsyncSession, now: datetime) -> None:
    crowd = await members(session, "ar", 4, now, first=100)
    survey = Survey(template="after_event", version=1, opened_at=now, closes_at=now)
    session.add(survey)
    await session.flush()
    for person in crowd:
        await answered(session, now, person, survey, ["yes", "yes", "yes"])
    found = (await november(session, now + timedelta(days=1))).surveys
    assert (found.asked, found.response_rate) == (Hidden.FEW, None)
    assert [(q.n, dict(q.answers.cells)) for q in found.questions] == [(Hidden.FEW, {})] * 3


async def test_only_a_coordinator_reads_them(session: AsyncSession, now: datetime) -> None:
    (person,) = await members(session, "ar", 1, now, first=100)
    with pytest.raises(NotAllowedError):
        await figures.read(session, person, 2026, 11, ZONE, now)
    session.add(Role(person_id=person.id, name=RoleName.COORDINATOR, granted_at=now))
    await session.flush()
    assert (await figures.read(session, person, 2026, 11, ZONE, now)).span.month == 11


async def test_an_empty_network_has_empty_figures(session: AsyncSession, now: datetime) -> None:
    found = await november(session, now)
    assert found.members.by_language.total == 0
    assert found.surveys.questions == []
    assert await figures.first_month(session, ZONE, now) == (2026, 11)
