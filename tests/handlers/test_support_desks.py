"""Support in the chat: what forged and old buttons get, what lists show, what is read as what."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.database import Database
from community import (
    areas,
    attendance,
    event_support,
    events,
    people,
    providers,
    referrals,
    roles,
    translations,
)
from community.base import find
from community.deliveries import Delivery
from community.events import Details, Event
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.providers import Organization, Service
from community.referrals import FieldName, Referral, State
from community.roles import Role, RoleName
from community.translations import Reads
from tests.agreeing import agreed
from tests.handlers.conftest import Calling, Phone, read

COORDINATOR, ANIMATOR = RoleName.COORDINATOR, RoleName.ANIMATOR
NO_ROLE = "You cannot do this with the role you have."
GONE = "That is not here any more. /menu shows what there is."


class Town:
    """A coordinator, an organisation with its staff, a service, and a member."""

    def __init__(self, boss: Phone, adviser: Phone, member: Phone, database: Database) -> None:
        self.boss, self.adviser, self.member, self.database = boss, adviser, member, database
        self.now = boss.now

    async def make(self) -> None:
        async with self.database.transaction() as session:
            boss = await people.by_telegram_id(session, self.boss.number)
            adviser = await people.by_telegram_id(session, self.adviser.number)
            assert boss is not None
            assert adviser is not None
            ours = await providers.create_organization(session, boss, "Chamber", "en", self.now)
            await agreed(session, boss, ours.ref, self.now)
            service = await providers.create_service(
                session, boss, ours.ref, Need.FINANCE, ["en"], {"name": "Advice"}, "en", self.now
            )
            role = RoleName.PROVIDER_STAFF
            session.add(
                Role(person_id=adviser.id, name=role, organization_id=ours.id, granted_at=self.now)
            )
            self.organization, self.service, self.to = ours.ref, service.ref, ours.id

    async def asks(self, member: Phone | None = None, note: str = "") -> str:
        """Let a member send a request; return its reference."""
        async with self.database.transaction() as session:
            actor = await people.by_telegram_id(session, (member or self.member).number)
            assert actor is not None
            referral = await referrals.agree(
                session,
                actor,
                self.service,
                {FieldName.NAME},
                note,
                self.now,
                organization_id=self.to,
                version="1",
                language=actor.language or "en",
            )
            return referral.ref

    async def steps(self, ref: str, *steps: str) -> None:
        async with self.database.transaction() as session:
            adviser = await people.by_telegram_id(session, self.adviser.number)
            assert adviser is not None
            for step in steps:
                await referrals.answer(session, adviser, ref, step, self.now)

    async def disputes(self, ref: str) -> None:
        await self.steps(ref, "accept", "begin", "complete")
        async with self.database.transaction() as session:
            actor = await people.by_telegram_id(session, self.member.number)
            assert actor is not None
            await referrals.confirm(session, actor, ref, self.now, helped=False)

    async def ends_the_agreement(self) -> None:
        async with self.database.transaction() as session:
            boss = await people.by_telegram_id(session, self.boss.number)
            assert boss is not None
            await referrals.end_agreement(session, boss, self.organization, self.now)


@pytest.fixture
async def town(phone: Calling, database: Database) -> Town:
    made = Town(await phone(1, "en", COORDINATOR), await phone(2), await phone(3, "ar"), database)
    await made.make()
    return made


async def test_an_organisation_says_that_it_is_in_an_area_and_online_as_well(town: Town) -> None:
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        area = await areas.create(session, boss, "Europe/Paris", town.now)
        await providers.translate(
            session, boss, "area", area.ref, "en", {"name": "Old Town"}, town.now
        )
    for label in ("✏️ Online", "✏️ Area"):
        await town.adviser.sends_data(f"ov:{town.service}")
        await town.adviser.presses(label)
    await town.adviser.presses("Old Town")
    await town.adviser.presses("Save")
    async with town.database.transaction() as session:
        service = (await session.scalars(select(Service))).one()
        assert (service.online, service.area_id is not None) == (True, True)


# Forged, old and other people's buttons

FORGED = ["sv:x", "sk:x:1", "sf:x:0:see:", "sf:x:-7:send:", "sz:x:open:", "sz:x:withdraw!:"]
NOT_MINE = ["open:", "withdraw:", "withdraw!:", "yes:", "no:", "give:", "keep:"]
SET_UP = [
    "su:menu",
    "su:areas",
    "sj",
    "sa:x:open",
    "sa:x:remove!",
    "so:x:open",
    "so:x:active!",
    "sn:x",
]
SERVICES = ["ss:x:open", "ss:x:is_open", "sg:x:fr", "sw:x:fr", "sx:area:x:fr"]


@pytest.mark.parametrize("data", [*FORGED, f"sz:{'9' * 20}:open:", "sz:-1:open:"])
async def test_what_does_not_exist_is_answered_politely(town: Town, data: str) -> None:
    await town.member.sends_data(data)
    assert len(town.member.toasts) == 1
    assert not town.member.seen


@pytest.mark.parametrize("act", NOT_MINE)
async def test_another_persons_request_is_not_there(town: Town, phone: Calling, act: str) -> None:
    ref = await town.asks()
    eve = await phone(9)
    await eve.sends_data(f"sz:{ref}:{act}")
    assert eve.toasts == [GONE]
    assert not eve.seen


@pytest.mark.parametrize(
    "data", [*SET_UP, *SERVICES, "rl:0", "rf:x:open:", "di:x:open", "di:x:yes"]
)
async def test_who_has_no_role_is_refused_at_every_desk(town: Town, data: str) -> None:
    await town.member.sends_data(data)
    assert len(town.member.toasts) == 1
    assert not town.member.seen


async def test_who_is_nobodys_staff_is_refused_the_list(phone: Calling) -> None:
    member = await phone(1)
    await member.says("/referrals")
    assert member.toasts == [NO_ROLE]
    assert not member.seen


@pytest.mark.parametrize(
    "data", ["sa:x:open", "so:x:open", "so:x:active", "so:x:end!", "sn:x", "ss:x:open", "sw:x:fr"]
)
async def test_a_coordinators_old_button_is_answered_politely(town: Town, data: str) -> None:
    await town.boss.sends_data(data)
    assert town.boss.toasts == [GONE]
    assert not town.boss.seen


@pytest.mark.parametrize("act", ["open", "accept", "decline", "ask", "begin", "complete", "fail"])
async def test_another_organisations_staff_are_told_that_there_is_nothing(
    town: Town, phone: Calling, database: Database, act: str
) -> None:
    ref = await town.asks()
    stranger = await phone(8)
    async with database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        person = await people.by_telegram_id(session, stranger.number)
        assert boss is not None
        assert person is not None
        bank = await providers.create_organization(session, boss, "Bank", "en", town.now)
        role = RoleName.PROVIDER_STAFF
        session.add(
            Role(person_id=person.id, name=role, organization_id=bank.id, granted_at=town.now)
        )
    await stranger.sends_data(f"rf:{ref}:{act}:other")
    assert stranger.toasts == [GONE]
    assert not stranger.seen


@pytest.mark.parametrize("act", ["accept", "ask"])
async def test_after_the_agreement_has_ended_a_referral_is_not_gone_on_with(
    town: Town, act: str
) -> None:
    ref = await town.asks()
    await town.ends_the_agreement()
    await town.adviser.sends_data(f"rf:{ref}:{act}:")
    assert "agreement with your organisation has ended" in town.adviser.toasts[0]
    assert not town.adviser.seen


@pytest.mark.parametrize(
    ("label", "choice", "state"),
    [
        ("❌ Decline", "Another reason", State.DECLINED),
        ("↪️ Others can help better", "I do not know who", State.REROUTED),
    ],
)
async def test_after_the_agreement_has_ended_staff_say_no_unseen_and_the_member_goes_on(
    town: Town, phone: Calling, label: str, choice: str, state: State
) -> None:
    amina = await phone(6)
    ref = await town.asks(amina)
    await town.adviser.sends_data(f"rf:{ref}:open:")
    accept = "✅ Accept"
    assert accept in town.adviser.buttons
    await town.ends_the_agreement()
    await town.adviser.gets("provider_reminder", ref=ref, at="pending")
    await town.adviser.presses("Look at it")
    assert "nothing of this request can be shown" in town.adviser.last
    assert "Person" not in town.adviser.last
    assert town.adviser.buttons[:2] == ["❌ Decline", "↪️ Others can help better"]
    await town.adviser.presses(label)
    await town.adviser.presses(choice)
    assert "Person" not in town.adviser.last
    async with town.database.transaction() as session:
        assert (await session.scalars(select(Referral))).one().state == state
    await amina.sends_data(f"sz:{ref}:open:")
    assert "We know nobody else who takes requests for this now." in amina.last


async def test_after_the_agreement_has_ended_the_team_records_a_no_and_nothing_else(
    town: Town, phone: Calling
) -> None:
    animator = await phone(5, "en", ANIMATOR)
    ref = await town.asks()
    async with town.database.transaction() as session:
        (await session.scalars(select(Referral))).one().by_team = True
    await town.ends_the_agreement()
    await animator.sends_data(f"bt:{ref}:accept:phone:")
    assert "nothing can be passed on" in animator.toasts[0]
    await animator.sends_data(f"bt:{ref}:open::")
    assert "nothing of this request can be shown" in animator.last
    assert animator.buttons[:2] == ["❌ They decline", "↪️ Others can help better"]
    await animator.presses("Others can help better")
    await animator.presses("By e-mail")
    await animator.presses("They do not know who")
    assert "Person" not in animator.last
    async with town.database.transaction() as session:
        assert (await session.scalars(select(Referral))).one().state == State.REROUTED


async def test_what_was_begun_is_finished_after_the_agreement_has_ended_and_nothing_is_shown(
    town: Town,
) -> None:
    ref = await town.asks()
    await town.steps(ref, "accept")
    await town.ends_the_agreement()
    assert await town.adviser.gets("team_notice", what="access_ended", ref=town.organization)
    await town.adviser.sends_data(f"rf:{ref}:open:")
    assert "nothing of this request can be shown" in town.adviser.last
    assert "Person" not in town.adviser.last
    await town.adviser.presses("It has begun")
    await town.adviser.presses("Completed")
    async with town.database.transaction() as session:
        assert (await session.scalars(select(Referral))).one().state == State.COMPLETED


async def test_whose_request_does_not_go_on_without_an_agreement_looks_for_another(
    town: Town, phone: Calling
) -> None:
    amina, animator = await phone(6), await phone(5, "en", ANIMATOR)
    ref = await town.asks(amina)
    await town.ends_the_agreement()
    await animator.gets("team_notice", what="waiting", ref=ref, at="pending")
    assert "Please ask the organisation" not in animator.last
    await amina.sends_data(f"sz:{ref}:open:")
    await amina.presses("🔎 Look for another")
    assert amina.last != ""


# What staff read


async def test_a_view_shows_the_note_in_its_language_and_closes_after_some_minutes(
    town: Town,
) -> None:
    ref = await town.asks(note="أريد أن أفتح مخبزا.")
    await town.adviser.sends_data(f"rf:{ref}:open:")
    opened = {"ref": ref, "opened": town.now.isoformat()}
    assert "Name: Person 3" in town.adviser.last
    assert "Language of the original: Arabic\nأريد أن أفتح مخبزا." in town.adviser.last
    assert town.adviser.seen[-1].protect
    assert not town.adviser.is_still()
    town.adviser.now = town.now + timedelta(minutes=14)
    await town.adviser.gets("referrals.one", **opened)
    assert "Person 3" in town.adviser.last
    town.adviser.now = town.now + timedelta(minutes=15)
    await town.adviser.gets("referrals.one", **opened)
    assert "Person 3" not in town.adviser.last
    assert town.adviser.is_still()
    assert town.adviser.buttons == ["Show what was shared"]


@pytest.mark.parametrize("how", ["withdrawn", "agreement", "role"])
async def test_an_open_view_shows_nothing_once_it_may_not(town: Town, how: str) -> None:
    ref = await town.asks()
    if how == "agreement":
        await town.ends_the_agreement()
    async with town.database.transaction() as session:
        member = await people.by_telegram_id(session, town.member.number)
        adviser = await people.by_telegram_id(session, town.adviser.number)
        assert member is not None
        assert adviser is not None
        if how == "withdrawn":
            await referrals.withdraw(session, member, ref, town.now)
        if how == "role":
            [role] = await roles.held(session, adviser, town.now)
            role.until = town.now
    await town.adviser.gets("referrals.one", ref=ref, opened=town.now.isoformat())
    assert "Person 3" not in town.adviser.last


async def test_what_waits_for_an_answer_comes_first_and_a_long_list_is_paged(
    town: Town, phone: Calling
) -> None:
    for number in range(20, 31):
        await town.steps(await town.asks(await phone(number)), "accept", "begin")
    await town.asks()
    await town.adviser.says("/referrals")
    assert town.adviser.last == "12 referrals"
    assert town.adviser.buttons[0] == "Advice: Please answer"
    assert town.adviser.buttons[10] == "Next page"
    await town.adviser.presses("Next page")
    assert town.adviser.buttons[:3] == ["Advice: Begun", "Advice: Begun", "Previous page"]


async def test_staff_who_hear_that_a_request_is_withdrawn_have_a_way_on(town: Town) -> None:
    ref = await town.asks()
    await town.member.sends_data(f"sz:{ref}:withdraw!:")
    await town.adviser.gets("provider_notice", ref=ref)
    assert "has been withdrawn" in town.adviser.last
    assert town.adviser.buttons == ["All referrals"]


async def test_who_works_for_several_organisations_reads_which_one_is_asked(town: Town) -> None:
    await town.asks()
    await town.adviser.says("/referrals")
    assert town.adviser.buttons[0] == "Advice: Please answer"
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        adviser = await people.by_telegram_id(session, town.adviser.number)
        assert boss is not None
        assert adviser is not None
        other = await providers.create_organization(session, boss, "Bank", "en", town.now)
        role = RoleName.PROVIDER_STAFF
        session.add(
            Role(person_id=adviser.id, name=role, organization_id=other.id, granted_at=town.now)
        )
        bank = other.ref
    await town.adviser.says("/referrals")
    assert town.adviser.buttons[0] == "Advice (Chamber): Please answer"
    await town.adviser.presses("Advice (Chamber): Please answer")
    assert "Advice (Chamber)" in town.adviser.last
    await town.adviser.gets("staff_notice", what="quarter", ref=bank)
    assert "The quarter of Bank is ready" in town.adviser.last


async def test_what_somebody_would_talk_about_has_a_way_back_also_when_it_is_closed(
    town: Town,
) -> None:
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        session.add(Role(person_id=boss.id, name=ANIMATOR, granted_at=town.now))
        await session.flush()
        start = (town.now + timedelta(days=1)).replace(tzinfo=None)
        details = Details(start, "Europe/Paris", place="Library")
        made = await events.create(session, boss, details, {"title": "Coffee"}, "en", town.now)
        await events.publish(session, boss, made.ref, town.now)
        invited = await event_support.invite(session, boss, made.ref, town.organization, town.now)
        going = attendance.Wish.GOING
        await attendance.answer(
            session, boss, made.ref, going, town.now, default_zone="Europe/Paris"
        )
        # It has begun, and the only service that was brought is closed by now.
        made.starts_at = town.now - timedelta(minutes=1)
        service = (await session.scalars(select(Service))).one()
        service.is_open = False
        ref = invited.ref
    await town.boss.sends_data(f"et:{ref}")
    assert "Chamber offers nothing of what it has brought any more." in town.boss.last
    assert town.boss.buttons == ["To the event"]


@pytest.mark.parametrize(
    ("where", "promised"),
    [
        ({"place": "Rue de la Paix 3"}, "You get the address when you say that you are going."),
        (
            {"link": "https://example.org/call"},
            "You get the link when you say that you are going.",
        ),
    ],
)
async def test_staff_who_are_invited_read_where_it_is_as_long_as_they_say_that_they_come(
    town: Town, where: dict[str, Any], promised: str
) -> None:
    (address,) = where.values()
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        session.add(Role(person_id=boss.id, name=ANIMATOR, granted_at=town.now))
        await session.flush()
        start = (town.now + timedelta(days=1)).replace(tzinfo=None)
        details = Details(start, "Europe/Paris", **where)
        made = await events.create(session, boss, details, {"title": "Coffee"}, "en", town.now)
        await events.publish(session, boss, made.ref, town.now)
        invited = await event_support.invite(session, boss, made.ref, town.organization, town.now)
        event, ref = made.ref, invited.ref
    staff = town.adviser
    await staff.gets("staff_notice", what="event", ref=ref)
    assert (address in staff.last, promised in staff.last) == (False, True)
    await staff.presses("I am coming")
    assert (address in staff.last, promised in staff.last) == (True, False)
    await staff.presses("I am not coming")
    assert (address in staff.last, promised in staff.last) == (False, True)
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        await events.EVENT.move(
            session,
            await find(session, Event, event),
            events.State.CANCELLED,
            Who.ANIMATOR,
            town.now,
        )
    await staff.sends_data(f"es:{ref}:open")
    assert "This event has been cancelled." in staff.last
    assert (address in staff.last, promised in staff.last) == (False, False)


async def test_a_member_stops_sharing_a_request_that_is_over(town: Town) -> None:
    ref = await town.asks()
    opened = {"ref": ref, "opened": town.now.isoformat()}
    await town.steps(ref, "accept", "begin", "complete")
    await town.adviser.gets("referrals.one", **opened)
    assert "Name: Person 3" in town.adviser.last
    await town.member.sends_data(f"sz:{ref}:unshare:")
    await town.adviser.gets("referrals.one", **opened)
    assert "Person 3" not in town.adviser.last
    assert "shares nothing of this request any more" in town.adviser.last


async def test_a_suggestion_is_read_also_where_one_has_to_go_oneself(town: Town) -> None:
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        court = await providers.create_organization(session, boss, "Court", "en", town.now)
        there = await providers.create_service(
            session, boss, court.ref, Need.LEGAL, ["en"], {"name": "Law"}, "en", town.now
        )
        suggested = there.ref
    reader = town.boss  # who reads English, and is a member as well
    ref = await town.asks(reader)
    async with town.database.transaction() as session:
        adviser = await people.by_telegram_id(session, town.adviser.number)
        assert adviser is not None
        await referrals.pass_on(session, adviser, ref, town.now, to_ref=suggested)
    await reader.sends_data(f"sz:{ref}:open:")
    assert "They suggest: Law, Court" in reader.last
    assert "You can go there yourself." in reader.last
    await reader.presses("Go yourself: the steps")
    assert "Law" in reader.last


# The team


async def test_a_dispute_waits_in_the_inbox_until_it_is_settled(
    town: Town, phone: Calling
) -> None:
    animator = await phone(5, "en", ANIMATOR)
    ref = await town.asks(note="Please help.")
    await town.disputes(ref)
    async with town.database.transaction() as session:
        (await session.scalars(select(Organization))).one().phone = "+32 2 555 01 20"
        await session.execute(
            update(Person).where(Person.name == "Person 3").values(username="user_3")
        )
    assert await animator.gets("team_notice", what="dispute", ref=ref) is not None
    await animator.says("/animate")
    await animator.presses("Inbox")
    assert animator.last == "1 disagreement waits to be settled."
    await animator.presses("They disagree")
    for shown in ("Member: Person 3", "Organisation: Chamber", "Name: Person 3", "Please help."):
        assert shown in animator.last
    assert "Telegram: @user_3" in animator.last
    assert "📞 +32 2 555 01 20" in animator.last
    came = [
        line.partition(": ")[2] for line in animator.last.splitlines() if "November 2026: " in line
    ]
    assert came == [
        *("Waiting for an answer", "Accepted", "Under way"),
        *("Done, says the organisation", "They disagree"),
    ]
    await animator.presses("The help was given")
    assert "This cannot be changed afterwards." in animator.last
    await animator.presses("Back")
    await animator.presses("The help was not given")
    await animator.presses("Back")
    async with town.database.transaction() as session:
        assert (await session.scalars(select(Referral))).one().state == State.DISPUTED
    await animator.presses("The help was given")
    await animator.presses("Yes, settle it")
    assert "The team has found that the help was given." in animator.last
    assert await animator.gets("team_notice", what="dispute", ref=ref) is None
    await animator.says("/animate")
    await animator.presses("Inbox")
    assert "Nobody is waiting" in animator.last


async def test_a_request_that_nobody_disputes_is_not_the_teams_business(
    town: Town, phone: Calling
) -> None:
    animator = await phone(5, "en", ANIMATOR)
    ref = await town.asks()
    await animator.sends_data(f"di:{ref}:open")
    await animator.sends_data(f"di:{ref}:yes")
    assert animator.toasts == [GONE, GONE]
    assert not animator.seen


async def test_the_team_sees_what_is_late_by_state_and_clock_and_nobody_by_name(
    town: Town, phone: Calling
) -> None:
    animator = await phone(5, "en", ANIMATOR)
    for number in range(20, 31):
        await town.asks(await phone(number), note="Please help.")
    ref = await town.asks(note="Please help.")
    await animator.says("/animate")
    await animator.presses("Inbox")
    assert "Nobody is waiting" in animator.last
    async with town.database.transaction() as session:
        for referral in await session.scalars(select(Referral)):
            referral.rung, referral.rings_at = 3, town.now + timedelta(days=1)
            if referral.ref == ref:
                referral.changed_at = town.now - timedelta(days=9)
    await animator.says("/animate")
    await animator.presses("Inbox")
    assert animator.last == "12 requests are late."
    await animator.presses("⏰ Late requests")
    assert "12 late requests" in animator.last
    assert animator.buttons[0].startswith("Chamber: Waiting for an answer, since ")
    assert animator.buttons[10:] == ["Next page", "Inbox"]
    await animator.presses("Chamber: Waiting for an answer")
    for shown in ("Chamber", "Service: Advice", "Since ", "Next: the organisation answers."):
        assert shown in animator.last
    assert "the request ends" in animator.last
    assert "Person" not in animator.last
    assert "Please help" not in animator.last
    assert animator.buttons == ["⏰ Late requests"]
    await town.steps(ref, "accept")
    notice = await animator.gets("team_notice", what="waiting", ref=ref, at="accepted")
    assert notice is not None
    await animator.presses("Look at it")
    assert "Next: the organisation begins." in animator.last
    await town.adviser.sends_data(f"lt:{ref}")
    await town.adviser.sends_data("ls:0")
    assert town.adviser.toasts == [NO_ROLE, NO_ROLE]


async def test_what_was_prepared_is_taken_back_until_the_member_answers(
    town: Town, phone: Calling
) -> None:
    animator = await phone(5, "en", ANIMATOR)
    async with town.database.transaction() as session:
        member = await people.by_telegram_id(session, town.member.number)
        assert member is not None
        to = member.ref
    await animator.sends_data(f"rt:{to}::{town.service}:0:lay")
    assert "Until they answer you can take it back." in animator.last
    assert await town.member.gets("referral_step", ref=await newest(town)) is not None
    await animator.sends_data(f"rt:{to}::::")
    assert "↩️ Take back: Advice" in animator.buttons
    await animator.presses("↩️ Take back: Advice")
    assert "Nothing was sent." in animator.last
    await town.member.presses("قراءة")
    assert "استرجع الفريق ما أعدّه لكم. لم يُرسل شيء." in town.member.last
    assert await town.member.gets("referral_step", ref=await newest(town)) is None
    await animator.sends_data(f"rt:{to}::::")
    assert not [label for label in animator.buttons if "Take back" in label]
    await animator.sends_data(f"ld:{await newest(town)}")
    assert animator.toasts == [GONE]


async def newest(town: Town) -> str:
    async with town.database.transaction() as session:
        referral = await session.scalar(select(Referral).order_by(Referral.id.desc()).limit(1))
        assert referral is not None
        return referral.ref


# What a coordinator writes


async def a_service(town: Town, cost: str, steps: str) -> Service:
    """Write a service; return it."""
    await town.boss.sends_data(f"sn:{town.organization}")
    await town.boss.says("Course")
    await town.boss.presses("Money to start")
    await town.boss.presses("Everywhere")
    await town.boss.says(cost)
    await town.boss.presses("Skip")
    await town.boss.says(steps)
    async with town.database.transaction() as session:
        found: Service | None = await session.scalar(
            select(Service).order_by(Service.id.desc()).limit(1)
        )
        assert found is not None
        return found


async def test_numbers_of_a_list_go_and_numbers_of_a_step_stay(town: Town) -> None:
    written = {
        "1. Make an appointment": "Make an appointment",
        "2) Bring your papers": "Bring your papers",
        "- 2 photos of yourself": "2 photos of yourself",
        "10 copies of the contract": "10 copies of the contract",
        "8:30 be there": "8:30 be there",
        "10-day permit": "10-day permit",
        "٣. اتصل بهم": "اتصل بهم",
        "4.Sign": "Sign",
    }
    service = await a_service(town, "0", "\n".join(written))
    async with town.database.transaction() as session:
        steps = await providers.steps(session, service)
        blocks = await translations.blocks(
            session, "step", [s.id for s in steps], Reads("en"), "en"
        )
        assert [blocks[step.id].get("text") for step in steps] == list(written.values())


@pytest.mark.parametrize(
    ("written", "cost"),
    [
        ("25", "25.00"),
        ("12,50", "12.50"),
        ("٢٥", "25.00"),
        ("€ 1 000", "1000.00"),
        ("0,5", "0.50"),
    ],
)
async def test_an_amount_is_read_as_people_write_it(town: Town, written: str, cost: str) -> None:
    assert f"{(await a_service(town, written, 'Call.')).cost:.2f}" == cost


@pytest.mark.parametrize("written", ["1,000", "1.000,50", "-5", "NaN", "1e3", "free", "1000000"])
async def test_what_may_be_another_amount_is_asked_for_again(town: Town, written: str) -> None:
    await town.boss.sends_data(f"sn:{town.organization}")
    await town.boss.says("Course")
    await town.boss.presses("Money to start")
    await town.boss.presses("Everywhere")
    await town.boss.says(written)
    assert "Please write an amount" in town.boss.toasts[-1]


async def test_many_requests_are_paged_for_the_member(town: Town) -> None:
    async with town.database.transaction() as session:
        person = await people.by_telegram_id(session, town.member.number)
        assert isinstance(person, Person)
        person.language = "en"
    for _request in range(9):
        ref = await town.asks()
        async with town.database.transaction() as session:
            person = await people.by_telegram_id(session, town.member.number)
            assert person is not None
            await referrals.withdraw(session, person, ref, town.now)
    await town.member.says("/support")
    await town.member.presses("My requests")
    assert town.member.buttons[-2:] == ["Next page", "Back"]
    await town.member.presses("Next page")
    assert town.member.buttons == ["Chamber: Withdrawn", "Previous page", "Back"]
    async with town.database.transaction() as session:
        assert len((await session.scalars(select(Referral))).all()) == 9
    assert read(town.member.seen[-1].text) == "Your requests"


async def test_where_nobody_reads_requests_the_team_is_offered_instead(
    town: Town, phone: Calling
) -> None:
    reader = await phone(5)
    await reader.sends_data(f"sv:{town.service}")
    assert "🤝 Refer me" in reader.buttons
    async with town.database.transaction() as session:
        for role in await session.scalars(select(Role).where(Role.organization_id.is_not(None))):
            role.revoked_at = town.now
    await reader.sends_data(f"sv:{town.service}")
    assert "This organisation does not read requests here yet." in reader.last
    assert "🤝 Refer me" not in reader.buttons
    await reader.presses("Write to the team")
    assert "What would you like to tell the team" in reader.last


async def test_the_team_hears_of_requests_that_nobody_reads_and_may_invite_somebody(
    town: Town, phone: Calling
) -> None:
    await town.asks()
    animator = await phone(7, "en", ANIMATOR)
    args = {"what": "unattended", "ref": town.organization}
    assert await animator.gets("team_notice", **args) is None
    async with town.database.transaction() as session:
        for role in await session.scalars(select(Role).where(Role.organization_id.is_not(None))):
            role.revoked_at = town.now
    assert await animator.gets("team_notice", **args)
    assert "Requests of members wait at Chamber" in animator.last
    assert "Person 3" not in animator.last  # nothing personal
    await animator.presses("Invite a provider's staff")
    assert "Give this link to one person" in animator.last


async def test_staff_who_have_asked_read_that_they_wait(town: Town) -> None:
    ref = await town.asks()
    await town.adviser.sends_data(f"rf:{ref}:ask:area")
    await town.adviser.sends_data(f"rf:{ref}:accept:")
    assert town.adviser.toasts == [
        "The person has been asked and has not answered yet. We tell you as soon as they do."
    ]


async def test_the_end_of_an_agreement_reaches_the_member_who_waits(
    town: Town, phone: Calling
) -> None:
    reader = await phone(5)
    ref = await town.asks(reader)
    await town.boss.sends_data(f"so:{town.organization}:end!")
    async with town.database.transaction() as session:
        told = await session.scalars(select(Delivery).where(Delivery.kind == "referral_step"))
        assert [dict(row.args) for row in told] == [{"ref": ref}]
    await reader.gets("referral_step", ref=ref)
    await reader.presses("Read it")
    assert "There is no agreement with this organisation any more" in reader.last


async def test_where_nobody_of_an_organisation_is_left_an_animator_records_the_end(
    town: Town, phone: Calling
) -> None:
    animator = await phone(5, "en", ANIMATOR)
    ref = await town.asks(note="My number is 555")
    await town.steps(ref, "accept")
    await animator.sends_data(f"lt:{ref}")
    assert "✏️ Record what became of it" not in animator.buttons, "the adviser is there"
    async with town.database.transaction() as session:
        staff = Role.name == RoleName.PROVIDER_STAFF
        await session.execute(update(Role).where(staff).values(until=town.now))
    await animator.sends_data(f"lt:{ref}")
    await animator.presses("✏️ Record what became of it")
    assert "Nobody of this organisation is here any more." in animator.last
    assert "555" not in animator.last
    for label in ("begin", "complete"):
        await animator.sends_data(f"bt:{ref}:{label}:phone:")
    async with town.database.transaction() as session:
        assert (await session.scalars(select(Referral))).one().state == State.COMPLETED


@pytest.mark.parametrize("online", [False, True])
async def test_where_nobody_has_said_where_the_card_does_not_claim_everywhere(
    town: Town, online: bool
) -> None:
    async with town.database.transaction() as session:
        await session.execute(update(Service).values(online=online))
        person = await people.by_telegram_id(session, town.member.number)
        assert person is not None
        person.language = "en"
    await town.member.sends_data(f"sv:{town.service}")
    assert "Everywhere" not in town.member.last
    assert ("📍 Place: not known" in town.member.last) is not online
    assert ("💻 Online" in town.member.last) is online
    await town.boss.sends_data(f"ss:{town.service}:open")
    assert ("📍 Place: not known" in town.boss.last) is not online
