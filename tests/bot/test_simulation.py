"""The simulated network: the same for the same seed, and allowed by every lifecycle."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from bot.settings import load
from bot.simulation import NotEmptyError, simulate, tell_periods
from bot.simulation.command import run_simulation
from community import (
    attendance,
    consents,
    events,
    evidence,
    figures,
    people,
    roles,
    sends,
    surveys,
)
from community.attendance import ATTENDANCE, HOLDS_A_PLACE, Attendance
from community.consents import Purpose
from community.deliveries import DELIVERY, OPEN, Delivery
from community.deliveries import State as Sending
from community.events import EVENT, Event
from community.evidence import FACTS, EvidencePeriod, EvidenceRow
from community.exchanges import EXCHANGE, Exchange
from community.history import Step
from community.matches import MATCH, Match
from community.people import MEMBERSHIP, Membership, Person
from community.posts import POST, Post
from community.referrals import REFERRAL, Referral
from community.roles import RoleName
from community.sends import SEND, Send
from community.surveys import SurveyResponse
from community.tables import METADATA
from scheduler import TIMETABLE, Tick

ZONE = ZoneInfo("Europe/Brussels")
SIZE = 300


@pytest.fixture
async def network(database: Database, now: datetime) -> AsyncIterator[AsyncSession]:
    """A session in a network of three hundred people."""
    async with database.transaction() as session:
        await simulate(session, people=SIZE, seed=7, now=now)
        yield session


async def digest(session: AsyncSession) -> str:
    """Return a digest of every row of every table."""
    told = hashlib.sha256()
    for table in METADATA.sorted_tables:
        rows = await session.execute(select(table).order_by(*table.primary_key))
        told.update(repr([tuple(row) for row in rows]).encode())
    return told.hexdigest()


async def test_the_same_seed_gives_the_same_network_and_another_another(
    tmp_path: Path, sqlite_template: Path, now: datetime
) -> None:
    digests = []
    for number, seed in enumerate((1, 1, 2)):
        file = tmp_path / f"{number}.db"
        file.write_bytes(sqlite_template.read_bytes())
        database = Database(f"sqlite+aiosqlite:///{file}")
        async with database.transaction() as session:
            await simulate(session, people=60, seed=seed, now=now)
            digests.append(await digest(session))
        await database.close()
    assert digests[0] == digests[1] != digests[2]


async def test_a_network_is_never_written_over(network: AsyncSession, now: datetime) -> None:
    with pytest.raises(NotEmptyError):
        await simulate(network, people=60, seed=1, now=now)


LIFECYCLES: tuple[tuple[Any, Any, str], ...] = (
    (MEMBERSHIP, Person, "joining"),
    (EVENT, Event, "draft"),
    (ATTENDANCE, Attendance, "none"),
    (REFERRAL, Referral, "draft"),
    (SEND, Send, "draft"),
    (EXCHANGE, Exchange, "open"),
    (POST, Post, "published"),
    (MATCH, Match, "proposed"),
)


@pytest.mark.parametrize(("lifecycle", "table", "begins"), LIFECYCLES, ids=lambda v: str(v)[:12])
async def test_every_row_has_walked_to_its_state_by_steps_that_exist(
    network: AsyncSession, now: datetime, lifecycle: Any, table: Any, begins: str
) -> None:
    stands: dict[int, str] = {}
    last: dict[int, datetime] = {}
    query = select(Step).where(Step.subject == lifecycle.name).order_by(Step.id)
    for step in await network.scalars(query):
        number = step.subject_id
        assert step.before == stands.get(number, begins)
        assert step.after in lifecycle.table[step.before], f"{step.before} -> {step.after}"
        assert last.get(number, step.at) <= step.at <= now
        stands[number], last[number] = step.after, step.at
    rows = (await network.scalars(select(table))).all()
    assert rows
    for row in rows:
        assert stands.get(row.id, begins) == row.state


async def test_the_outcomes_of_every_send_add_up_to_its_audience(network: AsyncSession) -> None:
    found = (await network.scalars(select(Send))).all()
    assert {sends.State.SENT, sends.State.CANCELLED, sends.State.SCHEDULED} <= {
        send.state for send in found
    }
    for send in found:
        by_language = await sends.outcomes_by_language(network, send)
        outcomes = sum(by_language.values(), Counter[Sending]())
        assert outcomes.total() == (send.audience or 0)
        assert not any(outcomes[state] for state in OPEN)
    assert max(send.audience or 0 for send in found) > SIZE / 3


async def test_messages_have_had_every_outcome(network: AsyncSession, now: datetime) -> None:
    rows = (await network.scalars(select(Delivery))).all()
    ever = {Sending(row.state) for row in rows}
    assert ever == set(Sending) - {Sending.WAITING, Sending.CLAIMED}
    assert {state for targets in DELIVERY.table.values() for state in targets} >= ever - set(OPEN)
    for row in rows:
        assert (row.settled_at is None) == (row.state in OPEN)
        assert row.state not in OPEN or row.due_at > now, "nothing waits that is due already"
        assert row.settled_at is None or row.settled_at <= now


async def test_nobody_comes_to_what_has_not_been_and_no_place_is_taken_twice(
    network: AsyncSession, now: datetime
) -> None:
    states: Counter[attendance.State] = Counter()
    for event in (await network.scalars(select(Event))).all():
        counts = await attendance.counts(network, event)
        states.update(counts)
        taken = sum(counts.get(state, 0) for state in HOLDS_A_PLACE)
        assert event.capacity is None or taken <= event.capacity
        if event.ends_at > now:
            assert not counts.get(attendance.State.ATTENDED)
            assert event.state != events.State.HELD
        else:
            assert event.state in (events.State.HELD, events.State.CANCELLED)
    assert set(states) >= set(attendance.State) - {
        attendance.State.NONE,
        attendance.State.INVITED,
        attendance.State.OFFERED,
    }


async def test_who_was_asked_about_an_event_had_come(network: AsyncSession) -> None:
    about = surveys.Survey.event_id.is_not(None)
    asked = select(SurveyResponse.id).join(
        surveys.Survey, surveys.Survey.id == SurveyResponse.survey_id
    )
    rows = await network.execute(
        select(SurveyResponse, Attendance.state)
        .join(surveys.Survey, surveys.Survey.id == SurveyResponse.survey_id)
        .join(
            Attendance,
            (Attendance.event_id == surveys.Survey.event_id)
            & (Attendance.person_id == SurveyResponse.person_id),
        )
    )
    found = rows.all()
    assert found
    assert len(found) == len((await network.scalars(asked.where(about))).all())
    assert {state for _, state in found} == {attendance.State.ATTENDED}


async def test_an_answer_is_one_that_its_question_takes_and_was_put_to_who_gave_it(
    network: AsyncSession, now: datetime
) -> None:
    rows = await network.execute(
        select(surveys.Survey, SurveyResponse, surveys.SurveyAnswer)
        .join(SurveyResponse, SurveyResponse.survey_id == surveys.Survey.id)
        .join(surveys.SurveyAnswer, surveys.SurveyAnswer.response_id == SurveyResponse.id)
        .order_by(surveys.SurveyAnswer.id)
    )
    asked: Counter[str] = Counter()
    ways: dict[int, surveys.Progress] = {}
    for survey, response, row in rows:
        template = surveys.TEMPLATES[survey.template, survey.version]
        before = ways.get(response.id) or surveys.Progress(response, survey, template, {})
        question = template.question(row.question)
        assert question is not None
        assert before.is_relevant(question)
        given = surveys.Given(row.value, row.amount)
        kept = surveys.checked(question, given)
        assert (kept.value, kept.amount) == (row.value, row.amount)
        assert row.answered_at is not None
        assert row.answered_at <= now
        ways[response.id] = replace(before, given={**before.given, row.question: [given]})
        asked[template.code] += 1
    for way in ways.values():
        asks = way.template.questions
        is_done = all(one.code in way.given or not way.is_relevant(one) for one in asks)
        assert is_done == (way.response.finished_at is not None)
    assert {"after_event", "after_referral", "baseline", "yearly", "exit"} <= asked.keys()


async def test_between_two_surveys_of_a_member_lie_fourteen_days(network: AsyncSession) -> None:
    kinds = ("pulse", "survey", "facilitation")
    sent = Delivery.state.in_([Sending.SENT, Sending.UNCERTAIN, Sending.QUEUED])
    query = select(Delivery.person_id, Delivery.due_at).where(Delivery.kind.in_(kinds), sent)
    last: dict[int | None, datetime] = {}
    rests = []
    for person_id, at in await network.execute(query.order_by(Delivery.due_at)):
        if person_id in last:
            rests.append(at - last[person_id])
        last[person_id] = at
    assert len(rests) > 100
    assert min(rests) >= surveys.COOL_DOWN


async def test_how_many_answer_differs_by_language(network: AsyncSession) -> None:
    rows = await network.execute(
        select(Person.language, func.count(), func.count(SurveyResponse.started_at))
        .join(SurveyResponse, SurveyResponse.person_id == Person.id)
        .group_by(Person.language)
    )
    share = {language: answered / asked for language, asked, answered in rows}
    assert share["uk"] > share["ar"] + 0.1


FEW_SAY = {"sales_change", "staff_change", "hours_change", "profit", "export"}
"""Only those with a business answer these: of three hundred people there may be none."""
NOT_MADE_UP = {"reacted", "wrote"}


async def test_every_fact_has_somebody_and_each_period_was_told_when_it_was_due(
    network: AsyncSession, now: datetime
) -> None:
    count = await tell_periods(network, ZONE, evidence.shipped(), now)
    told = (await network.scalars(select(EvidencePeriod))).all()
    assert count == len(told) >= 7
    for row in told:
        period = evidence.Period(row.year, row.number)
        assert row.frozen_at == period.counted_from(ZONE) <= now
    there = await network.scalars(select(EvidenceRow.fact).distinct())
    assert FACTS.keys() - set(there) <= FEW_SAY | NOT_MADE_UP
    assert await tell_periods(network, ZONE, evidence.shipped(), now) == 0


async def test_most_but_not_all_switches_are_on(network: AsyncSession) -> None:
    members = (
        await network.scalars(select(Person).where(Person.state == Membership.ACTIVE))
    ).all()
    given: Counter[Purpose] = Counter()
    for person in members:
        given.update(await consents.given(network, person))
    for purpose in Purpose:
        assert 0.3 < given[purpose] / len(members) < 0.95
    assert {person.state for person in await network.scalars(select(Person))} == set(Membership)


async def test_the_coordinator_reads_the_figures_of_every_month(
    network: AsyncSession, now: datetime
) -> None:
    (coordinator,) = await roles.holders(network, RoleName.COORDINATOR, now)
    year, month = await figures.first_month(network, ZONE, now)
    held = 0
    while (year, month) <= (now.year, now.month):
        read = await figures.read(network, coordinator, year, month, ZONE, now)
        held += read.meetings.held
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    assert held > 30
    assert isinstance(read.members, int)
    assert read.members > SIZE * 0.6
    total = await network.scalar(select(func.count()).where(Person.state.in_(figures.MEMBER)))
    assert read.members == total


async def test_a_bot_that_starts_on_it_has_nothing_to_catch_up_with(
    network: AsyncSession, now: datetime
) -> None:
    before = await network.scalar(select(func.count()).select_from(Delivery))
    for job in TIMETABLE:
        await job.run(network, Tick(now, str(ZONE), "en"))
    after = await network.scalar(select(func.count()).select_from(Delivery))
    assert before is not None
    assert after is not None
    assert after - before <= 10, "an agreement that ends tells a few, and who was nudged is asked"
    left = await network.scalar(select(func.count()).select_from(Person))
    assert left == SIZE


async def test_further_rows_are_numbered_after_the_simulated_ones(
    network: AsyncSession, now: datetime
) -> None:
    person = await people.meet(network, 5, now, name="Real")
    assert person.id == SIZE + 1
    assert await roles.offer_first(network, now) is not None, "the reader becomes administrator"


async def test_the_command_refuses_a_database_in_use_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = load(_env_file=None, database_url=f"sqlite+aiosqlite:///{tmp_path}/diwan.db")
    assert await run_simulation(home, 60, 1, 1) == 0
    assert "60 people" in capsys.readouterr().err
    assert await run_simulation(home, 60, 1, 1) == 1
    assert capsys.readouterr().err.count("\n") == 1
