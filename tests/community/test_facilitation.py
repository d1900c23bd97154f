"""What members think: who is asked, what is kept of an answer, and what can be read of it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import consents, deliveries, erasure, facilitation, people, retention
from community.base import Base
from community.consents import Purpose
from community.deliveries import Delivery, State
from community.errors import (
    ConsentMissingError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.facilitation import FACETS, Facet, FacilitationAsked, FacilitationCount, Score
from community.figures import Hidden, Quarter
from community.people import Person
from community.roles import Role, RoleName
from community.tables import METADATA

PARIS = ZoneInfo("Europe/Paris")
JOINED = datetime(2026, 10, 1, 10, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 2, 10, 0, tzinfo=UTC)
FOURTH = Quarter(2026, 4)
ALL = "5" * len(FACETS)


async def a_member(
    session: AsyncSession, number: int, *, joined: datetime = JOINED, language: str = "uk"
) -> Person:
    person = await people.meet(session, number, joined, name=f"Person {number}")
    people.choose_language(person, language)
    await people.join(session, person, joined, terms_version="1", language=language)
    surveys = {Purpose.SURVEYS}
    await consents.switch(session, person, surveys, joined, version="1", language=language)
    return person


async def asks(session: AsyncSession, now: datetime = DECEMBER) -> Sequence[FacilitationAsked]:
    await facilitation.ask(session, now, PARIS, "en")
    found = await session.scalars(select(FacilitationAsked).order_by(FacilitationAsked.id))
    return found.all()


async def reaches(
    session: AsyncSession, now: datetime = DECEMBER, state: State = State.SENT
) -> Sequence[FacilitationAsked]:
    """Ask, and let what is owed now become of this."""
    found = await asks(session, now)
    owed = (Delivery.kind == "facilitation", Delivery.state == State.QUEUED)
    await session.execute(update(Delivery).where(*owed).values(state=state, settled_at=now))
    return found


async def answers(
    session: AsyncSession,
    person: Person,
    found: FacilitationAsked,
    marks: str = ALL,
    now: datetime = DECEMBER,
) -> bool:
    return await facilitation.answer(session, person, found.ref, marks, now, PARIS, "en")


async def five_answer(session: AsyncSession, marks: Sequence[str]) -> None:
    for number, _marks in enumerate(marks):
        await a_member(session, 100 + number)
    for found, given in zip(await reaches(session), marks, strict=True):
        await answers(session, await session.get_one(Person, found.person_id), found, given)


async def an_animator(session: AsyncSession, now: datetime = JOINED) -> Person:
    person = await a_member(session, 1, joined=now)
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    return person


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        (datetime(2026, 11, 30, 22, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), 1),
        (datetime(2026, 12, 24, 22, 59, tzinfo=UTC), 1),
        (datetime(2026, 12, 24, 23, 0, tzinfo=UTC), 0),
    ],
)
async def test_members_are_asked_in_the_last_month_of_a_quarter(
    session: AsyncSession, moment: datetime, count: int
) -> None:
    await a_member(session, 2)
    assert len(await asks(session, moment)) == count
    assert len(await asks(session, moment)) == count, "and once"


async def test_who_is_new_rests_or_has_not_agreed_is_not_asked_nor_is_the_team(
    session: AsyncSession,
) -> None:
    await a_member(session, 2, joined=DECEMBER - timedelta(days=29))
    resting = await a_member(session, 3)
    plan = deliveries.Plan("pulse", resting.id, "pulse", DECEMBER - timedelta(days=1))
    await deliveries.plan(session, DECEMBER, plan)
    refuses = await a_member(session, 4)
    nothing: set[Purpose] = set()
    await consents.switch(session, refuses, nothing, DECEMBER, version="1", language="uk")
    await an_animator(session)
    asked = await a_member(session, 5)
    assert [found.person_id for found in await asks(session)] == [asked.id]
    (delivery,) = await session.scalars(select(Delivery).where(Delivery.kind == "facilitation"))
    assert delivery.expires_at == FOURTH.following.start(PARIS)


async def test_the_next_asking_is_told_where_there_is_anybody_to_ask(
    session: AsyncSession,
) -> None:
    moment = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert await facilitation.next_asking(session, JOINED, PARIS) is None
    await a_member(session, 2)
    assert await facilitation.next_asking(session, JOINED, PARIS) == moment
    following = datetime(2027, 2, 28, 23, 0, tzinfo=UTC)
    assert await facilitation.next_asking(session, moment, PARIS) == following


async def test_an_answer_leaves_counts_and_that_it_was_given(session: AsyncSession) -> None:
    person = await a_member(session, 2)
    (found,) = await asks(session)
    assert await answers(session, person, found, "15x")
    assert found.answered
    assert not await answers(session, person, found, ALL), "once"
    counted = {
        (row.month, row.language, row.facet, row.mark): row.count
        for row in await session.scalars(
            select(FacilitationCount).where(FacilitationCount.count > 0)
        )
    }
    assert counted == {
        ("2026-12", "uk", "answered", 0): 1,
        ("2026-12", "uk", "information", 1): 1,
        ("2026-12", "uk", "learning", 5): 1,
    }


def test_nothing_that_is_kept_of_an_answer_has_a_person_or_a_time() -> None:
    """Checked on the tables: a new column has to be thought about."""
    columns = {table: {*METADATA.tables[table].columns.keys()} for table in METADATA.tables}
    assert columns["facilitation_asked"] == {"id", "ref", "person_id", "quarter", "answered"}
    counts = {"month", "language", "facet", "mark", "count"}
    assert columns["facilitation_counts"] == counts


async def test_the_database_does_not_tell_either_which_counts_an_answer_has_changed(
    database: Database,
) -> None:
    """PostgreSQL knows which transaction wrote a row; SQLite numbers rows as they come."""
    async with database.transaction() as session:
        person = await a_member(session, 2)
        (found,) = await asks(session)
    async with database.transaction() as session:
        mine = await session.get_one(Person, person.id)
        await facilitation.answer(session, mine, found.ref, "1", DECEMBER, PARIS, "en")
    async with database.transaction() as session:
        if database.url.get_backend_name() == "postgresql":
            written = text("SELECT DISTINCT CAST(xmin AS text) FROM facilitation_counts")
            assert len((await session.execute(written)).all()) == 1
        else:
            with pytest.raises(OperationalError, match="rowid"):
                await session.execute(text("SELECT rowid FROM facilitation_counts"))
            assert await session.scalar(
                select(func.count()).select_from(FacilitationCount)
            ) == len(facilitation.CELLS)


@pytest.mark.parametrize("marks", ["", "x", "xx", "6", "0", "5a", ALL + "5", "٥"])
async def test_what_is_no_answer_is_refused(session: AsyncSession, marks: str) -> None:
    person = await a_member(session, 2)
    (found,) = await asks(session)
    with pytest.raises(NotUnderstoodError):
        await answers(session, person, found, marks)
    assert not found.answered


async def test_only_who_was_asked_answers_in_time_and_with_consent(session: AsyncSession) -> None:
    person, other = await a_member(session, 2), await a_member(session, 3)
    (found, _other) = await asks(session)
    with pytest.raises(NotFoundError):
        await answers(session, other, found)
    with pytest.raises(TooLateError):
        await answers(session, person, found, now=JANUARY)
    nothing: set[Purpose] = set()
    await consents.switch(session, person, nothing, DECEMBER, version="1", language="uk")
    with pytest.raises(ConsentMissingError):
        await answers(session, person, found)


async def test_two_presses_at_once_count_once(database: Database) -> None:
    async with database.transaction() as session:
        person = await a_member(session, 2)
        (found,) = await asks(session)
        number, ref = person.id, found.ref

    async def press() -> bool:
        async with database.transaction() as session:
            mine = await session.get_one(Person, number)
            return await facilitation.answer(session, mine, ref, "4", DECEMBER, PARIS, "en")

    async with database.transaction() as session:
        mine = await session.get_one(Person, number)
        assert await facilitation.answer(session, mine, ref, "4", DECEMBER, PARIS, "en")
        second = asyncio.create_task(press())
        await asyncio.sleep(0.2)  # it waits for this one
        assert not second.done()
    assert not await second
    async with database.transaction() as session:
        counts = await session.scalars(
            select(FacilitationCount.count).where(FacilitationCount.facet == "information")
        )
        assert sum(counts) == 1


async def test_many_who_answer_at_once_wait_for_each_other(database: Database) -> None:
    async with database.transaction() as session:
        for number in range(2, 10):
            await a_member(session, number)
        pairs = [(found.person_id, found.ref) for found in await asks(session)]

    async def press(number: int, ref: str) -> None:
        async with database.transaction() as session:
            mine = await session.get_one(Person, number)
            await facilitation.answer(session, mine, ref, ALL, DECEMBER, PARIS, "en")

    await asyncio.gather(*(press(*pair) for pair in pairs))
    async with database.transaction() as session:
        boss = await an_animator(session)
        read = await facilitation.read(session, boss, FOURTH, PARIS, JANUARY)
    assert read.facets[Facet.NETWORK] == Score(5.0, 8)


async def test_a_quarter_is_read_once_it_is_over_by_the_team_alone(session: AsyncSession) -> None:
    await five_answer(session, ["5", "4", "4", "3", "41"])
    boss = await an_animator(session)
    with pytest.raises(NotFoundError):
        await facilitation.read(session, boss, FOURTH, PARIS, DECEMBER)
    assert await facilitation.told_of(session, DECEMBER, PARIS) == []
    assert await facilitation.told_of(session, JANUARY, PARIS) == [FOURTH]
    read = await facilitation.read(session, boss, FOURTH, PARIS, JANUARY)
    assert read.facets[Facet.INFORMATION] == Score(4.0, 5)
    assert read.facets[Facet.LEARNING] is None, "one answer is shown to nobody"
    assert (read.answering.cells[True], read.answering.cells[False]) == (5, 0)
    assert read.languages.cells == {"uk": 5}
    member = await a_member(session, 50)
    with pytest.raises(NotAllowedError):
        await facilitation.read(session, member, FOURTH, PARIS, JANUARY)


async def test_four_answers_are_shown_to_nobody(session: AsyncSession) -> None:
    await five_answer(session, [ALL, ALL, ALL, ALL, "x1"])
    boss = await an_animator(session)
    read = await facilitation.read(session, boss, FOURTH, PARIS, JANUARY)
    assert read.facets[Facet.INFORMATION] is None
    assert read.facets[Facet.LEARNING] == Score(4.2, 5)


async def test_who_did_not_answer_is_not_counted_where_that_is_a_few(
    session: AsyncSession,
) -> None:
    await five_answer(session, [ALL] * 5)
    await a_member(session, 200)
    await reaches(session)
    boss = await an_animator(session)
    read = await facilitation.read(session, boss, FOURTH, PARIS, JANUARY)
    assert all(isinstance(cell, Hidden) for cell in read.answering.cells.values())


async def test_who_was_never_reached_was_not_asked_and_whoever_is_erased_since_was(
    session: AsyncSession,
) -> None:
    await five_answer(session, [ALL] * 5)
    became = [
        *([State.SENT] * 3), State.UNCERTAIN, State.RECALLED,
        *(State.REFUSED, State.FAILED, State.SUPPRESSED, State.EXPIRED, State.CANCELLED),
        State.QUEUED,
    ]  # fmt: skip
    for number, state in enumerate(became, 200):
        await a_member(session, number)
        await reaches(session, state=state)
    gone = await session.scalar(select(Person).where(Person.telegram_id == 200))
    assert gone is not None
    await erasure.erase(session, gone, DECEMBER, b"key")
    boss = await an_animator(session)
    read = await facilitation.read(session, boss, FOURTH, PARIS, JANUARY)
    assert (read.answering.cells[True], read.answering.cells[False]) == (5, 5)


async def test_the_quarter_before_stands_beside(session: AsyncSession) -> None:
    earlier = datetime(2026, 9, 2, 10, 0, tzinfo=UTC)
    for number in range(2, 7):
        await a_member(session, number, joined=earlier - timedelta(days=60))
    for now, mark in ((earlier, "2"), (DECEMBER, "4")):
        for found in await asks(session, now):
            if facilitation.is_open(found, now, PARIS):
                person = await session.get_one(Person, found.person_id)
                await answers(session, person, found, mark, now)
        await session.execute(update(Delivery).values(state=State.SENT, settled_at=now))
    boss = await an_animator(session)
    read = await facilitation.read(session, boss, FOURTH, PARIS, JANUARY)
    assert read.facets[Facet.INFORMATION] == Score(4.0, 5)
    assert read.before[Facet.INFORMATION] == Score(2.0, 5)


async def test_once_the_quarter_is_over_it_is_forgotten_who_was_asked(
    session: AsyncSession,
) -> None:
    person = await a_member(session, 2)
    (found,) = await asks(session)
    await answers(session, person, found)
    await retention.clean(session, datetime(2027, 1, 1, 12, 0, tzinfo=UTC))
    assert await session.scalar(select(FacilitationAsked.id)) is not None
    await retention.clean(session, JANUARY)
    assert await session.scalar(select(FacilitationAsked.id)) is None
    assert await session.scalar(select(FacilitationCount.count).limit(1)) is not None


def test_the_counts_belong_to_no_other_table() -> None:
    keys = Base.metadata.tables["facilitation_counts"].foreign_keys
    assert not keys
