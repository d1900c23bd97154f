"""Who takes care of a question to the team, and until when the member can expect an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import erasure, inbox, roles
from community.deliveries import Delivery
from community.errors import IllegalMoveError, NotAllowedError, NotFoundError
from community.exchanges import Exchange
from community.people import Membership, Person
from community.roles import Role, RoleName
from tests.community.test_erasure import KEY

MEMBER, ONE, OTHER, THIRD = range(1, 5)
Verb = Callable[[AsyncSession, Person], Awaitable[bool]]


async def a_person(
    session: AsyncSession, number: int, now: datetime, *, animates: bool = True
) -> Person:
    person = Person(
        telegram_id=number, name=f"P{number}", state=Membership.ACTIVE, met_at=now, language="en"
    )
    session.add(person)
    await session.flush()
    if animates:
        session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
        await session.flush()
    return person


async def a_question(session: AsyncSession, now: datetime) -> tuple[Exchange, Person, Person]:
    """Return a question, and two animators."""
    me = await a_person(session, MEMBER, now, animates=False)
    one, other = [await a_person(session, number, now) for number in (ONE, OTHER)]
    return await ask(session, me, now), one, other


async def ask(session: AsyncSession, me: Person, now: datetime) -> Exchange:
    return await inbox.ask(session, me, "Where?", now, language="en", zone="Europe/Paris")


async def owner(session: AsyncSession, question: Exchange, now: datetime) -> Person | None:
    return (await inbox.owners(session, [question], now)).get(question.id)


async def told(session: AsyncSession, what: str) -> list[int | None]:
    rows = await session.scalars(select(Delivery).order_by(Delivery.id))
    return [row.person_id for row in rows if row.args.get("what") == what]


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-23T09:00Z", "2026-11-25T09:00Z"),  # Monday: Wednesday
        ("2026-11-26T09:00Z", "2026-11-30T09:00Z"),  # Thursday: Monday
        ("2026-11-28T09:00Z", "2026-12-01T23:00Z"),  # Saturday: two days after Monday's midnight
    ],
)
async def test_a_question_is_to_be_answered_within_two_working_days(
    session: AsyncSession, asked: str, due: str
) -> None:
    now, then = datetime.fromisoformat(asked), datetime.fromisoformat(due)
    question, one, _other = await a_question(session, now)
    assert question.due_at == then
    second = timedelta(seconds=1)
    assert not inbox.is_overdue(question, then - second)
    assert inbox.is_overdue(question, then)
    me = await session.get_one(Person, question.person_id)
    await ask(session, me, now + timedelta(hours=1))
    assert not inbox.is_overdue(question, then - second), "and more words"
    assert inbox.is_overdue(question, then), "do not put it off"
    await inbox.answer(session, one, question.ref, "There", now, language="en")
    assert not inbox.is_overdue(question, then)
    await ask(session, me, then)
    assert not inbox.is_overdue(question, then), "the next words begin a clock of their own"
    assert inbox.is_overdue(question, then + timedelta(days=7))


async def test_what_is_due_first_stands_first(session: AsyncSession, now: datetime) -> None:
    one = await a_person(session, ONE, now)
    friday = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    asked = [friday + timedelta(days=2), friday, friday - timedelta(days=1)]
    people = [await a_person(session, 10 + at, now, animates=False) for at in range(3)]
    questions = [await ask(session, who, at) for who, at in zip(people, asked, strict=True)]
    found = [question.id for question, _who in await inbox.of_team(session, one, friday)]
    assert found == [question.id for question in reversed(questions)]


async def test_an_animator_takes_a_question_and_another_sees_who(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    assert await owner(session, question, now) is None
    assert await inbox.take(session, one, question.ref, now)
    assert await owner(session, question, now) is one
    assert await inbox.take(session, one, question.ref, now), "twice is once"
    assert not await inbox.take(session, other, question.ref, now), "who was slower hears so"
    assert await owner(session, question, now) is one
    assert await inbox.take(session, other, question.ref, now, instead_of=one.ref)
    assert await owner(session, question, now) is other


async def test_a_question_is_handed_on_by_its_owner_and_the_next_one_is_told(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    await inbox.take(session, one, question.ref, now)
    assert not await inbox.hand_on(session, other, question.ref, other.ref, now)
    assert await inbox.hand_on(session, one, question.ref, other.ref, now)
    assert await owner(session, question, now) is other
    assert await told(session, "handed_on") == [other.id]
    me = await session.get_one(Person, question.person_id)
    with pytest.raises(NotFoundError):
        await inbox.hand_on(session, other, question.ref, me.ref, now)
    before = len(await told(session, "question"))
    await ask(session, me, now)
    assert (await told(session, "question"))[before:] == [other.id], "only its owner hears more"


async def test_whoever_answers_takes_care_of_it_and_who_animates_no_more_does_not(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    await inbox.take(session, other, question.ref, now)
    await inbox.answer(session, one, question.ref, "There", now, language="en")
    assert await owner(session, question, now) is one
    role = (await roles.held(session, one, now))[0]
    role.revoked_at = now
    await session.flush()
    assert await owner(session, question, now) is None
    me = await session.get_one(Person, question.person_id)
    before = len(await told(session, "question"))
    await ask(session, me, now)
    assert (await told(session, "question"))[before:] == [other.id], "all who animate hear it"
    assert await inbox.take(session, other, question.ref, now)


async def test_a_settled_question_is_nobodys_to_take_and_only_animators_take(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    me = await session.get_one(Person, question.person_id)
    for verb in (
        inbox.take(session, me, question.ref, now),
        inbox.hand_on(session, me, question.ref, one.ref, now),
    ):
        with pytest.raises(NotAllowedError):
            await verb
    await inbox.close(session, one, question.ref, now)
    assert question.due_at is None
    for verb in (
        inbox.take(session, one, question.ref, now),
        inbox.hand_on(session, one, question.ref, other.ref, now),
    ):
        with pytest.raises(IllegalMoveError):
            await verb


async def test_a_question_whose_owner_is_erased_is_nobodys(
    session: AsyncSession, now: datetime
) -> None:
    question, one, _other = await a_question(session, now)
    await inbox.take(session, one, question.ref, now)
    await erasure.erase(session, one, now, KEY)
    await session.refresh(question)
    assert question.owner_id is None


async def at_once(database: Database, *presses: tuple[int, Verb]) -> list[bool]:
    """Press in transactions of one's own, in the same moment."""

    async def press(number: int, verb: Verb) -> bool:
        async with database.transaction() as session:
            person = await session.scalar(select(Person).where(Person.telegram_id == number))
            assert person is not None
            return await verb(session, person)

    return await asyncio.gather(*(press(number, verb) for number, verb in presses))


async def test_of_two_who_take_a_question_at_once_one_has_it(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        question, _one, _other = await a_question(session, now)
        ref = question.ref

    async def take(session: AsyncSession, actor: Person) -> bool:
        return await inbox.take(session, actor, ref, now)

    for _round in range(5):
        said = await at_once(database, (ONE, take), (OTHER, take))
        assert sorted(said) == [False, True]
        async with database.transaction() as session:
            row = await session.scalar(select(Exchange).where(Exchange.ref == ref))
            assert row is not None
            has_it = await owner(session, row, now)
            assert has_it is not None
            assert has_it.telegram_id == (ONE, OTHER)[said.index(True)]
            row.owner_id = None


async def test_of_two_who_hand_a_question_on_at_once_one_does(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        question, _one, _other = await a_question(session, now)
        third = await a_person(session, THIRD, now)
        ref, to = question.ref, third.ref

    async def hand_on(session: AsyncSession, actor: Person) -> bool:
        return await inbox.hand_on(session, actor, ref, to, now)

    said = await at_once(database, (ONE, hand_on), (OTHER, hand_on))
    assert sorted(said) == [False, True]
    async with database.transaction() as session:
        assert len(await told(session, "handed_on")) == 1, "and is told once"
