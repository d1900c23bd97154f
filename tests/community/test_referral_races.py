"""Referrals pressed by several people in the same moment: one step is taken."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import people, providers, referrals
from community.base import find
from community.deliveries import Delivery
from community.errors import NoAgreementError, RefusalError
from community.history import Step
from community.needs import Need
from community.people import Membership, Person
from community.providers import Organization, Service
from community.referrals import FieldName, Reason, Referral, SharedField, State
from community.roles import Role, RoleName
from tests.agreeing import agreed

MEMBER, STAFF, COLLEAGUE, ANIMATOR, OTHER_ANIMATOR, BOSS = range(1, 7)
Verb = Callable[[AsyncSession, Person], Awaitable[object]]


class Town:
    """People who press in transactions of their own."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now

    async def make(self) -> None:
        async with self.database.transaction() as session:
            for number in range(1, 7):
                session.add(
                    Person(
                        telegram_id=number,
                        name=f"Person {number}",
                        state=Membership.ACTIVE,
                        met_at=self.now,
                    )
                )
            await session.flush()
            boss = await self.person(session, BOSS)
            session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=self.now))
            await session.flush()
            ours = await providers.create_organization(session, boss, "Chamber", "en", self.now)
            await agreed(session, boss, ours.ref, self.now)
            texts = {"name": "Advice"}
            service = await providers.create_service(
                session, boss, ours.ref, Need.FINANCE, ["en"], texts, "en", self.now
            )
            for number, name, scope in (
                (STAFF, RoleName.PROVIDER_STAFF, ours.id),
                (COLLEAGUE, RoleName.PROVIDER_STAFF, ours.id),
                (ANIMATOR, RoleName.ANIMATOR, None),
                (OTHER_ANIMATOR, RoleName.ANIMATOR, None),
            ):
                person = await self.person(session, number)
                session.add(
                    Role(
                        person_id=person.id, name=name, organization_id=scope, granted_at=self.now
                    )
                )
            self.organization, self.service, self.to = ours.ref, service.ref, ours.id

    async def person(self, session: AsyncSession, number: int) -> Person:
        found = await people.by_telegram_id(session, number)
        assert found is not None
        return found

    async def press(self, number: int, verb: Verb) -> bool:
        """Press in a transaction of one's own; False if it was refused."""
        try:
            async with self.database.transaction() as session:
                await verb(session, await self.person(session, number))
        except RefusalError:
            return False
        return True

    async def at_once(self, *presses: tuple[int, Verb]) -> list[bool]:
        return await asyncio.gather(*(self.press(number, verb) for number, verb in presses))

    async def ask(self, session: AsyncSession, actor: Person) -> None:
        await referrals.agree(
            session,
            actor,
            self.service,
            {FieldName.NAME},
            "",
            self.now,
            organization_id=self.to,
            version="1",
            language="en",
        )

    async def standing(self, at: State) -> str:
        """Let a request stand there; return its reference."""
        assert await self.press(MEMBER, self.ask)
        async with self.database.transaction() as session:
            referral = (await session.scalars(select(Referral))).one()
            referral.state = at
            referral.completed_at = self.now if at == State.COMPLETED else None
            referral.outcome_asked = 1
            referral.rings_at, referral.rung = None, 0
            if at == State.COMPLETED:
                referral.rings_at, referral.rung = self.now + timedelta(days=14), 2
            return referral.ref

    async def state(self) -> State:
        async with self.database.transaction() as session:
            return State((await session.scalars(select(Referral.state))).one())

    async def steps(self) -> int:
        async with self.database.transaction() as session:
            return (
                await session.scalar(
                    select(func.count()).select_from(Step).where(Step.subject == "referral")
                )
                or 0
            )


@pytest.fixture
async def town(database: Database, now: datetime) -> Town:
    made = Town(database, now)
    await made.make()
    return made


def answer(town: Town, ref: str, step: str) -> Verb:
    return lambda session, actor: referrals.answer(
        session, actor, ref, step, town.now, reason=Reason.OTHER
    )


def says(town: Town, ref: str, *, helped: bool) -> Verb:
    return lambda session, actor: referrals.confirm(session, actor, ref, town.now, helped=helped)


async def test_agreeing_many_times_at_once_sends_one_request(town: Town) -> None:
    assert all(await town.at_once(*[(MEMBER, town.ask)] * 6))
    async with town.database.transaction() as session:
        assert len((await session.scalars(select(Referral))).all()) == 1
        assert len((await session.scalars(select(SharedField))).all()) == 1
        notices = select(func.count()).where(Delivery.kind == "provider_notice")
        assert await session.scalar(notices) == 2


async def test_of_two_of_staff_who_say_yes_and_no_at_once_one_is_heard(town: Town) -> None:
    ref = await town.standing(State.PENDING)
    before = await town.steps()
    accepted, declined = await town.at_once(
        (STAFF, answer(town, ref, "accept")), (COLLEAGUE, answer(town, ref, "decline"))
    )
    assert accepted != declined
    assert await town.state() == (State.ACCEPTED if accepted else State.DECLINED)
    assert await town.steps() == before + 1


@pytest.mark.parametrize("step", ["accept", "decline"])
async def test_withdrawing_while_the_provider_answers_leaves_nothing_to_open(
    town: Town, step: str
) -> None:
    ref = await town.standing(State.PENDING)
    answered, withdrawn = await town.at_once(
        (STAFF, answer(town, ref, step)),
        (MEMBER, lambda session, actor: referrals.withdraw(session, actor, ref, town.now)),
    )
    assert answered or withdrawn
    assert await town.state() == (State.CANCELLED if withdrawn else State.DECLINED)
    async with town.database.transaction() as session:
        staff = await town.person(session, STAFF)
        _referral, fields = await referrals.opened(session, staff, ref, town.now)
        assert not fields


async def test_a_member_who_says_yes_and_no_at_once_has_said_one_of_them(town: Town) -> None:
    ref = await town.standing(State.COMPLETED)
    yes, no = await town.at_once(
        (MEMBER, says(town, ref, helped=True)), (MEMBER, says(town, ref, helped=False))
    )
    assert yes != no
    assert await town.state() == (State.CONFIRMED if yes else State.DISPUTED)


async def test_two_animators_who_settle_a_dispute_at_once_settle_it_once(town: Town) -> None:
    ref = await town.standing(State.DISPUTED)
    before = await town.steps()

    def settle(*, delivered: bool) -> Verb:
        return lambda session, actor: referrals.resolve(
            session, actor, ref, town.now, delivered=delivered
        )

    await town.at_once(
        (ANIMATOR, settle(delivered=True)), (OTHER_ANIMATOR, settle(delivered=False))
    )
    assert await town.state() == State.RESOLVED
    assert await town.steps() == before + 1


async def test_the_clock_gives_up_no_word_that_the_member_gives_in_the_same_moment(
    town: Town,
) -> None:
    ref = await town.standing(State.COMPLETED)
    later = town.now + timedelta(days=14)
    clock_is_there, member_has_spoken = asyncio.Event(), asyncio.Event()

    async def the_member() -> None:
        async with town.database.transaction() as session:
            actor = await town.person(session, MEMBER)
            await referrals.confirm(session, actor, ref, later, helped=True)
            member_has_spoken.set()
            if not town.database.is_sqlite:  # there, nobody else is let in before the end
                await clock_is_there.wait()

    async def the_clock() -> None:
        await member_has_spoken.wait()
        async with town.database.transaction() as session:
            await referrals.ring(session, later, "Europe/Paris")
            clock_is_there.set()

    async with asyncio.timeout(10):
        await asyncio.gather(the_member(), the_clock())
    assert await town.state() == State.CONFIRMED


async def test_a_request_that_is_sent_while_the_agreement_ends_cannot_be_opened(
    town: Town,
) -> None:
    await town.at_once(
        (
            BOSS,
            lambda session, actor: referrals.end_agreement(
                session, actor, town.organization, town.now
            ),
        ),
        (MEMBER, town.ask),
    )
    async with town.database.transaction() as session:
        staff = await town.person(session, STAFF)
        for ref in (await session.scalars(select(Referral.ref))).all():
            with pytest.raises(NoAgreementError):
                await referrals.opened(session, staff, ref, town.now)
        boss = await town.person(session, BOSS)
        await agreed(session, boss, town.organization, town.now)
        for ref in (await session.scalars(select(Referral.ref))).all():
            assert (await referrals.opened(session, staff, ref, town.now))[1] == {}


async def test_what_is_shared_just_before_the_agreement_ends_is_ended_with_it(
    town: Town,
) -> None:
    """Whoever ends it waits for a consent that is under way, and sees it."""

    async def end() -> None:
        async with town.database.transaction() as session:
            boss = await town.person(session, BOSS)
            await referrals.end_agreement(session, boss, town.organization, town.now)

    async with town.database.transaction() as session:
        await town.ask(session, await town.person(session, MEMBER))
        ending = asyncio.create_task(end())
        await asyncio.wait([ending], timeout=0.3)
        assert not ending.done()
    await ending
    async with town.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        assert await referrals.shared(session, referral) == {}


@pytest.mark.parametrize("first", ["the provider", "the clock"])
async def test_a_request_that_expires_while_it_is_accepted_is_one_of_them(
    town: Town, first: str
) -> None:
    """Whoever is first has moved it, and the other one finds it moved and changes nothing."""
    ref = await town.standing(State.PENDING)
    later = town.now + timedelta(days=14)
    async with town.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        referral.rings_at, referral.rung = later, 3
    before = await town.steps()
    one_has_moved, other_has_tried = asyncio.Event(), asyncio.Event()

    async def wait_for_the_other() -> None:
        one_has_moved.set()
        if first == "the provider" and not town.database.is_sqlite:
            await other_has_tried.wait()  # the clock passes over what somebody holds

    async def the_provider() -> bool:
        if first != "the provider":
            await one_has_moved.wait()
        try:
            async with town.database.transaction() as session:
                staff = await town.person(session, STAFF)
                await referrals.answer(session, staff, ref, "accept", later)
                if first == "the provider":
                    await wait_for_the_other()
        except RefusalError:
            return False
        return True

    async def the_clock() -> None:
        if first != "the clock":
            await one_has_moved.wait()
        async with town.database.transaction() as session:
            await referrals.ring(session, later, "Europe/Paris")
            if first == "the clock":
                await wait_for_the_other()
        other_has_tried.set()

    async with asyncio.timeout(10):
        accepted, _none = await asyncio.gather(the_provider(), the_clock())
    assert accepted == (first == "the provider")
    assert await town.state() == (State.ACCEPTED if accepted else State.EXPIRED)
    assert await town.steps() == before + 1


async def test_two_processes_that_look_at_the_clocks_at_once_remind_once(town: Town) -> None:
    await town.standing(State.PENDING)
    later = town.now + timedelta(days=3)
    async with town.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        referral.rings_at, referral.rung = later, 1

    async def look() -> None:
        async with town.database.transaction() as session:
            await referrals.ring(session, later, "Europe/Paris")

    await asyncio.gather(*(look() for _process in range(4)))
    async with town.database.transaction() as session:
        reminders = select(func.count()).where(Delivery.kind == "provider_reminder")
        assert await session.scalar(reminders) == 2
        referral = (await session.scalars(select(Referral))).one()
        assert referral.rung == 2


async def test_the_next_provider_pressed_many_times_at_once_is_asked_once(town: Town) -> None:
    ref = await town.standing(State.DECLINED)
    async with town.database.transaction() as session:
        boss = await town.person(session, BOSS)
        refs = []
        for number, name in ((COLLEAGUE, "Bank"), (STAFF, "House")):
            other = await providers.create_organization(session, boss, name, "en", town.now)
            await agreed(session, boss, other.ref, town.now)
            person = await town.person(session, number)
            session.add(
                Role(
                    person_id=person.id,
                    name=RoleName.PROVIDER_STAFF,
                    organization_id=other.id,
                    granted_at=town.now,
                )
            )
            service = await providers.create_service(
                session, boss, other.ref, Need.FINANCE, ["en"], {"name": name}, "en", town.now
            )
            refs.append((service.ref, other.id))

    def go_on(service: str, to: int) -> Verb:
        return lambda session, actor: referrals.agree(
            session,
            actor,
            service,
            {FieldName.NAME},
            "",
            town.now,
            organization_id=to,
            version="1",
            language="en",
            after=ref,
        )

    assert all(await town.at_once(*[(MEMBER, go_on(*to)) for to in refs * 3]))
    async with town.database.transaction() as session:
        chain = (await session.scalars(select(Referral).order_by(Referral.id))).all()
        assert [row.state for row in chain] == [State.DECLINED, State.PENDING]
        assert {row.chain_id for row in chain} == {chain[0].id}


async def test_passing_on_while_the_member_withdraws_is_one_of_them(town: Town) -> None:
    ref = await town.standing(State.PENDING)
    before = await town.steps()
    passed, withdrawn = await town.at_once(
        (STAFF, lambda session, actor: referrals.pass_on(session, actor, ref, town.now)),
        (MEMBER, lambda session, actor: referrals.withdraw(session, actor, ref, town.now)),
    )
    assert passed != withdrawn
    assert await town.state() == (State.REROUTED if passed else State.CANCELLED)
    assert await town.steps() == before + 1


@pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
async def test_who_keeps_an_entry_and_who_asks_there_never_wait_for_each_other(town: Town) -> None:
    """Staff lock their organisation, then its service; a request locks these the other way round.

    It points at the organisation, so that PostgreSQL locks that row, against its going, by itself.
    """
    async with town.database.transaction() as keeping:
        await find(keeping, Organization, town.organization, lock=True)
        asking = asyncio.create_task(town.press(MEMBER, town.ask))
        await asyncio.wait({asking}, timeout=2)  # long enough to have locked the service
        await find(keeping, Service, town.service, lock=True)
    assert await asking
