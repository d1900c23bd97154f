"""What an agreement must say, when it ends, who is told before, and what two coordinators do."""

import asyncio
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import agreements, memory, people, referrals
from community.agreements import Agreement, Basis, State
from community.deliveries import Delivery
from community.errors import (
    AgreementLacksError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    RefusalError,
    TooLateError,
)
from community.exchanges import Attachment, FileKind
from community.lifecycle import Who
from community.people import Person
from community.providers import Organization
from community.roles import Role, RoleName
from scheduler import next_due
from tests.agreeing import agreed
from tests.community.test_agreements import a_person, an_agreement, an_organization

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
OTHERS = [None, *(role for role in RoleName if role != RoleName.COORDINATOR)]


async def told(session: AsyncSession, what: str) -> int:
    rows = await session.scalars(select(Delivery).where(Delivery.kind == "team_notice"))
    return sum(row.args["what"] == what for row in rows)


async def a_boss(session: AsyncSession, now: datetime, number: int = 1) -> Person:
    return await a_person(session, number, now, RoleName.COORDINATOR)


async def ends(session: AsyncSession, now: datetime, in_days: float) -> Agreement:
    """Return an active agreement that ends in so many days."""
    boss = await a_boss(session, now)
    organization = await an_organization(session, now)
    return await agreed(
        session, boss, organization.ref, now, ends_at=now + timedelta(days=in_days)
    )


# What it must say


async def test_an_agreement_is_led_step_by_step_to_what_gives_access(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_boss(session, now)
    organization = await an_organization(session, now)
    agreement = await agreements.begin(session, boss, organization.ref, now)
    assert await agreements.begin(session, boss, organization.ref, now) == agreement
    ref = agreement.ref
    for step in (State.CONTACTED, State.NEGOTIATING):
        await agreements.advance(session, boss, ref, step, now)
    with pytest.raises(AgreementLacksError) as refused:
        await agreements.advance(session, boss, ref, State.SIGNED, now)
    assert refused.value.missing == ("signed_on",)
    await agreements.change(session, boss, ref, now, signed_on=now.date())
    await agreements.advance(session, boss, ref, State.SIGNED, now)
    with pytest.raises(AgreementLacksError) as refused:
        await agreements.advance(session, boss, ref, State.ACTIVE, now)
    assert refused.value.missing == ("basis",)
    assert not await agreements.is_active(session, organization.id, now)
    await agreements.change(session, boss, ref, now, basis=Basis.PUBLIC_TASK)
    await agreements.advance(session, boss, ref, State.ACTIVE, now)
    assert await agreements.is_active(session, organization.id, now)


@pytest.mark.parametrize("at", list(State))
@pytest.mark.parametrize("role", [RoleName.COORDINATOR, *OTHERS])
async def test_a_step_is_taken_where_the_design_has_it_by_a_coordinator_and_nobody_else(
    session: AsyncSession, now: datetime, at: State, role: RoleName | None
) -> None:
    actor = await a_person(session, 1, now, role)
    for to in State:
        agreement = await an_agreement(session, now, at)
        agreement.signed_on, agreement.basis = now.date(), Basis.CONSENT
        await session.flush()
        if role != RoleName.COORDINATOR:
            with pytest.raises(NotAllowedError):
                await agreements.advance(session, actor, agreement.ref, to, now)
        elif to == State.ENDED and at != to:  # by a verb that ends the sharing with it
            with pytest.raises(IllegalMoveError):
                await agreements.advance(session, actor, agreement.ref, to, now)
        elif agreements.AGREEMENT.allows(at, to, Who.COORDINATOR) or to == at:
            await agreements.advance(session, actor, agreement.ref, to, now)
        else:
            with pytest.raises(IllegalMoveError):
                await agreements.advance(session, actor, agreement.ref, to, now)
        await session.refresh(agreement)
        moved = (
            role == RoleName.COORDINATOR
            and to != State.ENDED
            and agreements.AGREEMENT.allows(at, to, Who.COORDINATOR)
        )
        assert agreement.state == (to if moved else at)


@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_but_a_coordinator_sees_or_writes_an_agreement(
    session: AsyncSession, now: datetime, role: RoleName | None
) -> None:
    other = await a_person(session, 2, now, role)
    agreement = await an_agreement(session, now, State.ACTIVE)
    organization = await session.get_one(Organization, agreement.organization_id)
    for verb in (
        agreements.opened(session, other, agreement.ref, now),
        agreements.begin(session, other, organization.ref, now),
        agreements.change(session, other, agreement.ref, now, ours="x"),
        agreements.every(session, other, now),
    ):
        with pytest.raises(NotAllowedError):
            await verb


async def test_every_fact_can_be_left_open_written_and_put_right(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_boss(session, now)
    agreement = await an_agreement(session, now, State.CONTACTED)
    document = Attachment(FileKind.DOCUMENT, "file", extension="pdf")
    facts = {
        "ours": "We bring people.",
        "theirs": "They advise.",
        "vision": "Fifty new firms.",
        "experience": "Ten years.",
        "contact": "Ms Roy, 01 23",
        "languages": ["fr", "ar"],
        "basis": Basis.CONTRACT,
        "signed_on": date(2026, 1, 2),
        "ends_at": now + DAY,
        "document": document,
    }
    assert set(facts) == agreements.FACTS
    for name, value in facts.items():
        assert not getattr(agreement, name)
        await agreements.change(session, boss, agreement.ref, now, **{name: value})
        await session.refresh(agreement)
        assert getattr(agreement, name) == value
    for name in facts:
        await agreements.change(session, boss, agreement.ref, now, **{name: None})
        await session.refresh(agreement)
        assert not getattr(agreement, name)


@pytest.mark.parametrize("name", ["signed_on", "basis"])
async def test_what_access_rests_on_cannot_be_taken_from_an_active_agreement(
    session: AsyncSession, now: datetime, name: str
) -> None:
    agreement = await ends(session, now, 100)
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 1))).one()
    with pytest.raises(AgreementLacksError):
        async with memory.savepoint(session):
            await agreements.change(session, boss, agreement.ref, now, **{name: None})
    await session.refresh(agreement)
    assert getattr(agreement, name) is not None


async def test_what_is_impossible_is_not_written(session: AsyncSession, now: datetime) -> None:
    boss = await a_boss(session, now)
    agreement = await an_agreement(session, now, State.CONTACTED)
    long = "x" * (agreements.TEXT_LIMIT + 1)
    for facts in (
        {"signed_on": (now + 2 * DAY).date()},
        {"ends_at": now},
        {"ours": long},
        {"contact": long},
    ):
        with pytest.raises(NotUnderstoodError):
            await agreements.change(session, boss, agreement.ref, now, **facts)
    with pytest.raises(NotFoundError):
        await agreements.change(session, boss, "nothing", now, ours="x")


@pytest.mark.parametrize("at", [State.ENDED, State.DROPPED])
async def test_what_is_over_stays_as_it_was(
    session: AsyncSession, now: datetime, at: State
) -> None:
    boss = await a_boss(session, now)
    agreement = await an_agreement(session, now, at)
    with pytest.raises(TooLateError):
        await agreements.change(session, boss, agreement.ref, now, ours="x")


async def test_an_end_that_is_past_meanwhile_gives_no_access(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_boss(session, now)
    agreement = await an_agreement(session, now, State.SIGNED)
    agreement.signed_on, agreement.basis = now.date(), Basis.CONSENT
    agreement.ends_at = now + DAY
    await session.flush()
    with pytest.raises(AgreementLacksError) as refused:
        await agreements.advance(session, boss, agreement.ref, State.ACTIVE, now + DAY)
    assert refused.value.missing == ("ends_at",)


# The end


async def test_access_ends_with_the_second_of_the_end_date_before_anybody_does_anything(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await ends(session, now, 100)
    assert agreement.ends_at is not None
    number, end = agreement.organization_id, agreement.ends_at
    assert await agreements.is_active(session, number, end - SECOND)
    assert not await agreements.is_active(session, number, end)
    assert not await agreements.is_active(session, number, end + SECOND)
    assert agreement.state == State.ACTIVE


async def test_the_clock_ends_it_once_and_tells_the_coordinators_once(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await ends(session, now, 100)
    await a_boss(session, now, 2)
    end = agreement.ends_at
    assert end is not None
    assert await agreements.end_expired(session, end - SECOND) == []
    assert await agreements.end_expired(session, end) == [agreement]
    assert agreement.state == State.ENDED
    assert await agreements.end_expired(session, end + DAY) == []
    assert await told(session, "agreement_ended") == 2


async def test_a_renewal_comes_before_the_end_and_a_new_agreement_after_it(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await ends(session, now, 10)
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 1))).one()
    organization = await session.get_one(Organization, agreement.organization_id)
    first = agreement.ends_at
    assert first is not None
    later = first + 100 * DAY
    await agreements.change(session, boss, agreement.ref, first - SECOND, ends_at=later)
    assert await agreements.is_active(session, organization.id, first)
    with pytest.raises(TooLateError):
        await agreements.change(session, boss, agreement.ref, later, ends_at=later + DAY)
    with pytest.raises(TooLateError):  # the clock has not looked yet
        await agreed(session, boss, organization.ref, later)
    await agreements.end_expired(session, later)
    second = await agreed(session, boss, organization.ref, later)
    assert second.id != agreement.id
    assert await agreements.is_active(session, organization.id, later)
    assert await agreements.current(session, organization.id) == second


# Who is told before


async def test_the_coordinators_are_told_sixty_thirty_and_seven_days_before_each_once(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await ends(session, now, 100)
    organization = await session.get_one(Organization, agreement.organization_id)
    organization.confirmed_at = now + 100 * DAY  # nobody is asked about its entry meanwhile
    end = agreement.ends_at
    assert end is not None
    for number, days in enumerate((60, 30, 7), start=1):
        moment = end - timedelta(days=days)
        assert await next_due(session, now) == moment
        assert await agreements.remind(session, moment - SECOND) == 0
        assert await agreements.remind(session, moment) == 1
        assert await agreements.remind(session, moment) == 0
        assert await told(session, "agreement_ends") == number
        await session.execute(update(Delivery).values(state="sent"))
    assert await next_due(session, now) == end


async def test_after_an_outage_they_are_told_once_and_after_the_end_not_at_all(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await ends(session, now, 100)
    end = agreement.ends_at
    assert end is not None
    assert await agreements.remind(session, end - timedelta(days=20)) == 1
    assert await agreements.remind(session, end) == 0
    assert await told(session, "agreement_ends") == 1


async def test_of_what_was_past_when_the_date_was_written_nobody_is_told(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await ends(session, now, 20)
    assert agreement.ends_at is not None
    assert await agreements.remind(session, now) == 0
    assert agreement.remind_at == agreement.ends_at - timedelta(days=7)


async def test_a_new_end_date_has_reminders_of_its_own(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await ends(session, now, 20)
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 1))).one()
    new = now + timedelta(days=200)
    await agreements.change(session, boss, agreement.ref, now, ends_at=new)
    assert await agreements.remind(session, now + timedelta(days=13)) == 0
    assert await agreements.remind(session, new - timedelta(days=60)) == 1


@pytest.mark.parametrize("at", [state for state in State if state != State.ACTIVE])
async def test_nobody_is_told_of_what_is_not_active_and_the_clock_leaves_it_alone(
    session: AsyncSession, now: datetime, at: State
) -> None:
    await a_boss(session, now)
    agreement = await an_agreement(session, now, at)
    agreement.ends_at = now + DAY
    agreement.remind_at = now
    await session.flush()
    assert await agreements.remind(session, now) == 0
    assert await agreements.end_expired(session, now + DAY) == []
    assert await agreements.next_due(session) is None


# Two at once


async def test_there_is_never_a_second_agreement_that_is_not_over(
    session: AsyncSession, now: datetime
) -> None:
    agreement = await an_agreement(session, now, State.ACTIVE)
    for at in (State.ENDED, State.DROPPED):
        session.add(Agreement(organization_id=agreement.organization_id, state=at, since=now))
        await session.flush()

    async def a_second() -> None:
        async with memory.savepoint(session):
            session.add(Agreement(organization_id=agreement.organization_id, since=now))
            await session.flush()

    with pytest.raises(IntegrityError):
        await a_second()


class Office:
    """Two coordinators and an organisation; each presses in a transaction of their own."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now

    async def make(self) -> None:
        async with self.database.transaction() as session:
            for number in (1, 2):
                person = Person(telegram_id=number, met_at=self.now)
                session.add(person)
                await session.flush()
                role = RoleName.COORDINATOR
                session.add(Role(person_id=person.id, name=role, granted_at=self.now))
            organization = await an_organization(session, self.now)
            self.ref, self.id = organization.ref, organization.id

    async def press(self, number: int, verb: object) -> bool:
        try:
            async with self.database.transaction() as session:
                actor = await people.by_telegram_id(session, number)
                await verb(session, actor)  # type: ignore[operator]
        except RefusalError:
            return False
        return True

    async def states(self) -> list[State]:
        async with self.database.transaction() as session:
            return list(await session.scalars(select(Agreement.state).order_by(Agreement.id)))


@pytest.fixture
async def office(database: Database, now: datetime) -> Office:
    made = Office(database, now)
    await made.make()
    return made


async def test_two_coordinators_who_begin_at_once_begin_one(office: Office) -> None:
    def begin(session: AsyncSession, actor: Person) -> object:
        return agreements.begin(session, actor, office.ref, office.now)

    def sign(session: AsyncSession, actor: Person) -> object:
        return agreed(session, actor, office.ref, office.now)

    await asyncio.gather(*(office.press(n, verb) for n in (1, 2) for verb in (begin, sign)))
    assert await office.states() == [State.ACTIVE]


async def test_one_step_is_taken_by_one_of_two_who_press_different_ones(office: Office) -> None:
    async with office.database.transaction() as session:
        boss = await people.by_telegram_id(session, 1)
        assert boss is not None
        ref = (await agreements.begin(session, boss, office.ref, office.now)).ref

    def contact(session: AsyncSession, actor: Person) -> object:
        return agreements.advance(session, actor, ref, State.CONTACTED, office.now)

    def drop(session: AsyncSession, actor: Person) -> object:
        return agreements.advance(session, actor, ref, State.DROPPED, office.now)

    first, second = await asyncio.gather(office.press(1, contact), office.press(2, drop))
    [state] = await office.states()
    assert state in ([State.DROPPED] if second else [State.CONTACTED])
    assert first or second


async def test_while_the_clock_ends_it_nobody_renews_it(office: Office) -> None:
    end = office.now + DAY
    async with office.database.transaction() as session:
        boss = await people.by_telegram_id(session, 1)
        assert boss is not None
        made = await agreed(session, boss, office.ref, office.now, ends_at=end)
        ref = made.ref

    def expire(session: AsyncSession, _actor: Person) -> object:
        return referrals.end_expired(session, end)

    def renew(session: AsyncSession, actor: Person) -> object:
        return agreements.change(session, actor, ref, end, ends_at=end + DAY)

    outcomes = await asyncio.gather(
        office.press(1, expire), office.press(1, expire), office.press(2, renew)
    )
    assert outcomes[2] is False
    assert await office.states() == [State.ENDED]
    async with office.database.transaction() as session:
        count = select(func.count()).select_from(Delivery).where(Delivery.kind == "team_notice")
        assert await session.scalar(count) == 2
        assert not await agreements.is_active(session, office.id, end)
