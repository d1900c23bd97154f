"""Hand-over plans: what is said before a yes, and that it is what then holds."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.database import Database
from community import people, roles, transfers
from community.events import Event
from community.people import Person
from community.roles import Role, RoleName
from community.series import Every, Series
from handlers.resting import Stop
from handlers.staff import HandingOver, Hosts
from handlers.team import Revoke
from handlers.transfer_new import AskToLearn
from handlers.transfers import OnePlan
from tests.handlers.conftest import Calling, read
from tests.handlers.test_passing_on import an_event


async def the(database: Database, number: int) -> Person:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, number)
        assert person is not None
        return person


async def test_who_learns_to_host_a_series_is_told_that_it_is_all_dates(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss, member = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    ref = await an_event(database, now)
    animator, person = await the(database, 1), await the(database, 2)
    async with database.transaction() as session:
        event = await session.scalar(select(Event).where(Event.ref == ref))
        assert event is not None
        day = event.starts_wall.date()
        facts = {"zone": event.zone, "made_until": day, "made_at": now}
        series = Series(every=Every.WEEK, starts_wall=event.starts_wall, **facts)
        session.add(series)
        await session.flush()
        event.series_id, event.series_day = series.id, day
        plan = await transfers.start(
            session,
            animator,
            person.ref,
            RoleName.CO_HOST,
            3,
            now,
            ZoneInfo("UTC"),
            event_ref=ref,
            whole=True,
        )
    whole = "Co-host (all dates of Tea)"
    offer = await member.gets("transfer_notice", what="offered", ref=plan.ref)
    assert offer is not None
    assert whole in read(offer.text)
    await member.sends_data(OnePlan(ref=plan.ref, act="yes").pack())
    await boss.sends_data(HandingOver(ref=plan.ref, act="finish_sure").pack())
    await boss.sends_data(Hosts(ref=ref).pack())
    assert "Person 2 hosts all dates of this event, until " in read(boss.last)
    assert "It ends by itself a week after" not in read(boss.last)
    assert "✖️ No more, all dates: Person 2" in boss.buttons
    async with database.transaction() as session:
        (role,) = await roles.held(session, person, now)
    await boss.sends_data(Revoke(ref=role.ref).pack())
    assert whole in read(boss.last)


async def test_the_end_that_is_shown_is_the_end_that_is_granted(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss, member = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    person = await the(database, 2)
    async with database.transaction() as session:
        giver = await session.scalar(select(Role).where(Role.name == RoleName.ANIMATOR))
        assert giver is not None
        giver.until = now + timedelta(days=10)
    ask = AskToLearn(role=RoleName.MODERATOR, person=person.ref, months=6)
    await boss.sends_data(ask.pack())
    async with database.transaction() as session:
        (plan,) = await transfers.of(session, person, now)
    await member.sends_data(OnePlan(ref=plan.ref, act="yes").pack())
    await boss.sends_data(HandingOver(ref=plan.ref, act="finish").pack())
    day = f"{now + timedelta(days=10):%A, %-d %B %Y}"
    assert f"until {day}" in read(boss.last)
    await boss.sends_data(HandingOver(ref=plan.ref, act="finish_sure").pack())
    done = await member.gets("transfer_result", what="done", ref=plan.ref)
    assert done is not None
    assert f"until {day}" in read(done.text)


async def test_the_same_plan_again_asks_nobody_and_says_so(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss, _member = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    ref = (await the(database, 2)).ref
    for months, said in ((6, "They are asked now."), (1, "This plan is there already.")):
        ask = AskToLearn(role=RoleName.MODERATOR, person=ref, months=months)
        boss.now += timedelta(minutes=1)
        await boss.sends_data(ask.pack())
        assert boss.toasts[-1:] == [said]


async def test_a_host_who_leaves_reads_no_answers_any_more(
    phone: Calling, database: Database, now: datetime
) -> None:
    member = (await phone(1, "en", RoleName.ANIMATOR), await phone(2))[1]
    ref = await an_event(database, now)
    person = await the(database, 2)
    async with database.transaction() as session:
        event = await session.scalar(select(Event).where(Event.ref == ref))
        assert event is not None
        host = {"name": RoleName.CO_HOST, "event_id": event.id}
        session.add(Role(person_id=person.id, granted_at=now, **host))
        await session.flush()
        assert await roles.host(session, person, event, now)
    await member.sends_data(Stop(act="left").pack())
    async with database.transaction() as session:
        assert await roles.host(session, person, event, now) is None


async def test_who_leaves_reads_that_roles_end_and_the_team_reads_whose(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss, host, plain = await phone(1, "en", RoleName.ANIMATOR), await phone(2), await phone(3)
    await plain.sends_data(Stop(act="leave").pack())
    assert "It ends your roles" not in plain.last, "there is none to end"
    animator, person = await the(database, 1), await the(database, 2)
    async with database.transaction() as session:
        until = now + timedelta(days=9)
        await roles.grant(session, person, RoleName.MODERATOR, {}, animator, until, now)
    await host.sends_data(Stop(act="leave").pack())
    assert "It ends your roles: Moderator." in host.last
    assert not {word for word in ("Co-host", "hand-over", "courses") if word in host.last}
    async with database.transaction() as session:
        (role,) = await roles.held(session, person, now)
    assert await boss.gets("team_notice.role_left", ref=role.ref) is None, "they are still there"
    await host.sends_data(Stop(act="left").pack())
    told = await boss.gets("team_notice.role_left", ref=role.ref)
    assert told is not None
    assert "Person 2 has left the network." in read(told.text)
    assert "Moderator" in read(told.text)
    assert await host.gets("team_notice.role_left", ref=role.ref) is None, "who animates, reads it"


async def test_a_plan_names_the_day_on_which_the_givers_own_right_ends(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss, member = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    animator, person = await the(database, 1), await the(database, 2)
    async with database.transaction() as session:
        plan = await transfers.start(
            session, animator, person.ref, RoleName.MODERATOR, 3, now, ZoneInfo("UTC")
        )
    await boss.sends_data(OnePlan(ref=plan.ref).pack())
    assert "The role ends 3 months after it has passed on." in boss.last
    async with database.transaction() as session:
        right = await session.scalar(select(Role).where(Role.person_id == animator.id))
        assert right is not None
        right.until = now + timedelta(days=20)
    for somebody in (boss, member):
        await somebody.sends_data(OnePlan(ref=plan.ref).pack())
        assert "at the latest" in somebody.last
        assert "3 months" not in somebody.last
