"""Pulses: who is asked, when, and what a tap does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, consents, deliveries, events, people, surveys
from community.attendance import Attendance
from community.consents import Purpose
from community.deliveries import Delivery
from community.errors import (
    ConsentMissingError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.events import Event
from community.people import Person
from community.surveys import SurveyAnswer, SurveyResponse
from community.surveys.relevant import written

ZONE = "Europe/Paris"
PARIS = ZoneInfo(ZONE)


async def a_member(
    session: AsyncSession, number: int, now: datetime, *, agrees: bool = True
) -> Person:
    person = await people.meet(session, number, now, name=f"Person {number}")
    person.language = "uk"
    await people.join(session, person, now, terms_version="1", language="uk")
    if agrees:
        await consents.switch(session, person, {Purpose.SURVEYS}, now, version="1", language="uk")
    return person


async def an_event(session: AsyncSession, ended: datetime) -> Event:
    starts = ended - timedelta(hours=2)
    event = Event(
        state=events.State.HELD,
        made_at=starts,
        changed_at=starts,
        starts_wall=starts.replace(tzinfo=None),
        zone=ZONE,
        starts_at=starts,
        place="Library",
    )
    session.add(event)
    await session.flush()
    return event


async def came(
    session: AsyncSession,
    event: Event,
    person: Person,
    state: attendance.State = attendance.State.ATTENDED,
) -> None:
    session.add(
        Attendance(
            event_id=event.id, person_id=person.id, state=state, answered_at=event.starts_at
        )
    )
    await session.flush()


async def pulses(session: AsyncSession) -> list[Delivery]:
    rows = await session.scalars(
        select(Delivery).where(Delivery.kind == "pulse").order_by(Delivery.id)
    )
    return list(rows)


async def asked(session: AsyncSession, now: datetime) -> tuple[Person, str]:
    person = await a_member(session, 1, now)
    await came(session, await an_event(session, now - timedelta(hours=1)), person)
    assert await surveys.ask_due(session, now, PARIS) == 1
    ref = await session.scalar(select(SurveyResponse.ref))
    assert ref is not None
    return person, ref


async def test_who_came_is_asked_once_at_eight_on_the_morning_after_where_they_live(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    person.zone = "America/Montreal"
    event = await an_event(session, now)
    await came(session, event, person)
    assert await surveys.ask_due(session, now, PARIS) == 1
    assert await surveys.ask_due(session, now + timedelta(minutes=1), PARIS) == 0
    (pulse,) = await pulses(session)
    # It ended at four in the morning in Montreal.
    assert pulse.due_at == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    evening = await an_event(session, datetime(2026, 11, 23, 20, 0, tzinfo=UTC))
    assert surveys.morning_after(evening.ends_at, ZoneInfo(ZONE)) == datetime(
        2026, 11, 24, 7, 0, tzinfo=UTC
    )


async def test_who_was_marked_later_is_asked_at_once_but_never_after_a_week(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    await came(session, await an_event(session, now - timedelta(days=3)), person)
    late = await a_member(session, 2, now)
    await came(session, await an_event(session, now - timedelta(days=7, minutes=1)), late)
    assert await surveys.ask_due(session, now, PARIS) == 1
    (pulse,) = await pulses(session)
    assert (pulse.person_id, pulse.due_at) == (person.id, now)


async def test_nobody_is_asked_who_did_not_come_did_not_agree_or_rests(
    session: AsyncSession, now: datetime
) -> None:
    event = await an_event(session, now)
    await came(session, event, await a_member(session, 1, now), attendance.State.MISSED)
    await came(session, event, await a_member(session, 2, now, agrees=False))
    withdrew = await a_member(session, 3, now)
    await consents.switch(session, withdrew, set(), now, version="1", language="uk")
    await came(session, event, withdrew)
    paused = await a_member(session, 4, now)
    await people.pause(session, paused, now + timedelta(days=7), now)
    await came(session, event, paused)
    to_come = await an_event(session, now + timedelta(minutes=1))
    await came(session, to_come, await a_member(session, 5, now))
    assert await surveys.ask_due(session, now, PARIS) == 0


async def test_two_events_in_a_row_are_one_question_about_the_latest(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    first = await an_event(session, now - timedelta(days=1))
    second = await an_event(session, now)
    for event in (first, second):
        await came(session, event, person)
    assert await surveys.ask_due(session, now, PARIS) == 1
    about = await session.scalar(select(surveys.Survey.event_id))
    assert about == second.id
    assert await surveys.ask_due(session, now, PARIS) == 0


@pytest.mark.parametrize(
    ("state", "days", "expected"),
    [
        (deliveries.State.SENT, 13, 0),
        (deliveries.State.UNCERTAIN, 13, 0),
        (deliveries.State.SENT, 15, 1),
        (deliveries.State.EXPIRED, 1, 1),
        (deliveries.State.SUPPRESSED, 1, 1),
    ],
)
async def test_fourteen_days_are_counted_from_what_was_sent(
    session: AsyncSession, now: datetime, state: deliveries.State, days: int, expected: int
) -> None:
    person, _ = await asked(session, now)
    await session.execute(update(Delivery).values(state=state, settled_at=now))
    later = now + timedelta(days=days)
    await came(session, await an_event(session, later - timedelta(minutes=1)), person)
    assert await surveys.ask_due(session, later, PARIS) == expected


async def test_taps_in_order_end_it_and_it_goes_on_where_it_was_left(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await asked(session, now)
    found, changed = await surveys.answer(session, person, ref, "useful", "yes", now)
    assert (changed, found.next_question and found.next_question.code) == (True, "met")
    tomorrow = now + timedelta(days=1)
    again, changed = await surveys.answer(session, person, ref, "useful", "no", tomorrow)
    assert (changed, again.answered) == (False, {"useful": "yes"})
    done, _ = await surveys.answer(session, person, ref, "met", "not_yet", tomorrow)
    assert done.next_question is None
    assert (done.response.started_at, done.response.finished_at) == (now, tomorrow)
    assert done.response.language == "uk"
    assert done.answered == {"useful": "yes", "met": "not_yet"}


async def test_a_skipped_survey_keeps_what_was_answered_and_asks_nothing_more(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await asked(session, now)
    await surveys.answer(session, person, ref, "useful", "yes", now)
    assert await surveys.skip(session, person, ref, now)
    assert not await surveys.skip(session, person, ref, now)
    _, changed = await surveys.answer(session, person, ref, "met", "yes", now)
    assert not changed
    assert (await session.scalars(select(SurveyAnswer.question))).all() == ["useful"]


async def test_forged_late_and_unwanted_taps_are_refused(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await asked(session, now)
    stranger = await a_member(session, 2, now)
    with pytest.raises(NotFoundError):
        await surveys.answer(session, stranger, ref, "useful", "yes", now)
    with pytest.raises(NotFoundError):
        await surveys.skip(session, stranger, ref, now)
    for question, value in (("useful", "very"), ("income", "yes")):
        with pytest.raises(NotUnderstoodError):
            await surveys.answer(session, person, ref, question, value, now)
    with pytest.raises(TooLateError):
        await surveys.answer(session, person, ref, "useful", "yes", now + surveys.OPEN_FOR)
    await consents.switch(session, person, set(), now, version="1", language="uk")
    with pytest.raises(ConsentMissingError):
        await surveys.answer(session, person, ref, "useful", "yes", now)
    assert (await session.scalars(select(SurveyAnswer))).all() == []


async def test_the_question_no_longer_applies_to_who_did_not_come_after_all(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await asked(session, now)
    found = await surveys.progress(session, person, ref)
    assert await surveys.still_applies(session, found, now)
    await session.execute(update(Attendance).values(state=attendance.State.MISSED))
    assert not await surveys.still_applies(session, found, now)


async def test_who_was_asked_the_first_version_ends_it_as_it_was(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await asked(session, now)
    await session.execute(update(surveys.Survey).values(version=1))
    for question, value in (("useful", "yes"), ("met", "no"), ("again", "maybe")):
        found, changed = await surveys.answer(session, person, ref, question, value, now)
        assert changed
    assert found.next_question is None


def test_a_pulse_is_at_most_three_taps_the_one_that_opens_it_included() -> None:
    for pulse in (surveys.AFTER_EVENT, surveys.AFTER_REFERRAL):
        assert pulse.is_pulse
        assert 1 + len(pulse.questions) <= 3


def test_no_survey_asks_more_than_ten_questions_or_depends_on_what_comes_later() -> None:
    for template in surveys.SHIPPED:
        assert len(template.questions) <= 10
        codes = [asked.code for asked in template.questions]
        assert len({*codes}) == len(codes)
        for number, asked in enumerate(template.questions):
            assert asked.depends_on <= {*codes[:number]}
            assert (
                len(f"pt:{'x' * 12}:{asked.code}:{max(asked.values, key=len, default='')}") <= 64
            )


def told(asked: surveys.Asked) -> str:
    """Return a question in one line."""
    values = " ".join(asked.values) if asked.kind != surveys.Kind.SCALE else ""
    when = f" if {written(asked.relevant)}" if asked.relevant else ""
    return f"{asked.code} {asked.kind}: {values}".rstrip(": ") + when


RUNNING = "if ${business} = 'running'"
GOES_ON = "if ${business} = 'same' or ${business} = 'new'"
SITUATION = "situation one: employee self_employed job_seeker student at_home other"
NEEDS = (
    "registering finance tax bookkeeping premises licences qualifications customers export hiring "
    "digital internet language legal mentoring child_care other"
)
OBSTACLES = (
    "language money law time contacts premises qualification discrimination child_care other"
)


def figures(when: str) -> list[str]:
    return [
        f"sales money {when}",
        f"profit one: profit even loss {when}",
        f"staff number {when}",
        f"hours number {when}",
        f"export one: yes no {when}",
    ]


SCALES = ["employability scale", "networking scale", "belonging scale"]
SINCE = "business one: same new closed none"
ASKED = {
    ("after_event", 1): [
        "useful one: yes partly no",
        "met one: yes not_yet no",
        "again one: yes maybe no",
    ],
    ("after_event", 2): ["useful one: yes partly no", "met one: yes not_yet no"],
    ("after_referral", 1): ["helped one: yes partly no", "understood one: yes partly no"],
    ("baseline", 1): [
        "business one: running starting none",
        *figures(RUNNING),
        SITUATION,
        *SCALES,
    ],
    ("yearly", 1): [SINCE, *figures(GOES_ON), *SCALES, "attribution one: much some none"],
    ("exit", 1): [
        SINCE,
        f"sales money {GOES_ON}",
        f"staff number {GOES_ON}",
        SITUATION,
        "attribution one: much some none",
        "why one: time language fit moved done other",
    ],
    ("exit_six_months", 1): [
        SINCE,
        f"sales money {GOES_ON}",
        f"staff number {GOES_ON}",
        SITUATION,
        "employability scale",
    ],
    ("needs_interview", 1): [
        "goal one: start grow find_work meet_people learn other",
        "stage one: idea starting running growing",
        "sector one: food trade crafts building transport care digital services culture other",
        f"obstacles several: {OBSTACLES}",
        f"needs several: {NEEDS}",
        f"offers several: {NEEDS}",
        "limits several: distance late mornings afternoons evenings weekends child_care steps "
        "phone_only no_data reading sight",
        "more voice",
    ],
    ("stakeholder", 1): [
        "kind one: organisation community_leader authority business other",
        f"needs several: {NEEDS}",
        f"missing several: {NEEDS}",
        f"barriers several: {OBSTACLES}",
        "adequacy scale",
        "suggestion text",
    ],
}


def test_what_was_asked_once_is_never_changed() -> None:
    asked = {
        key: [told(question) for question in template.questions]
        for key, template in surveys.TEMPLATES.items()
    }
    assert asked == ASKED
