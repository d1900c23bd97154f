"""Resting, stopping, leaving and coming back; and what a newcomer is shown first."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.database import Database
from community import attendance, events, needs, people, providers, translations
from community.attendance import Attendance
from community.events import Event
from community.needs import Need
from community.people import Membership
from community.referrals import Referral
from community.referrals import State as Referred
from tests.handlers.conftest import Calling, Phone, read
from tests.handlers.test_support_desks import COORDINATOR, Town

AGAIN = "Start messages again"
OFF = "🔕 Messages are off: you get no news, reminders or questions."
ASKED = "You have 1 open request to a support organisation. Shall it go on?"


@pytest.fixture
async def town(phone: Calling, database: Database) -> Town:
    made = Town(await phone(1, "en", COORDINATOR), await phone(2), await phone(3), database)
    await made.make()
    return made


async def an_event(
    database: Database,
    now: datetime,
    title: str = "Coffee",
    *,
    days: int = 2,
    capacity: int | None = None,
    languages: tuple[str, ...] = (),
) -> Event:
    """Let an event be published."""
    starts = now + timedelta(days=days)
    async with database.transaction() as session:
        event = Event(
            state=events.State.PUBLISHED,
            made_at=now,
            changed_at=now,
            starts_wall=starts.replace(tzinfo=None),
            zone="Europe/Paris",
            starts_at=starts,
            place="Library, Main Street 1",
            capacity=capacity,
            languages=list(languages),
        )
        session.add(event)
        await session.flush()
        await translations.write(session, None, "event", event.id, "en", {"title": title}, now)
        return event


async def is_full(database: Database, event: Event, now: datetime) -> None:
    async with database.transaction() as session:
        guest = await people.meet(session, 99, now)
        session.add(
            Attendance(
                event_id=event.id,
                person_id=guest.id,
                state=attendance.State.GOING,
                answered_at=now,
            )
        )


async def state_of(phone: Phone) -> Membership:
    async with phone.database.transaction() as session:
        person = await people.by_telegram_id(session, phone.number)
        assert person is not None
        return person.state


# Resting


@pytest.mark.parametrize("where", ["/menu", "/start", "/me"])
async def test_whoever_has_stopped_finds_the_way_back_wherever_they_look(
    phone: Calling, where: str
) -> None:
    amina = await phone(1)
    await amina.says(where)
    assert AGAIN not in amina.buttons
    await amina.says("/stop")
    await amina.says(where)
    assert OFF in amina.last
    await amina.presses(AGAIN)
    assert amina.last == "Welcome back. You get messages again."
    assert await state_of(amina) == Membership.ACTIVE


async def test_whoever_rests_reads_until_when_and_that_reminders_still_come(
    phone: Calling,
) -> None:
    amina = await phone(1)
    await amina.says("/pause")
    await amina.presses("1 week")
    assert "Reminders of events you go to still come." in amina.last
    await amina.says("/menu")
    assert "🌙 You have a break until Monday 30 November." in amina.last
    assert AGAIN in amina.buttons


async def test_going_while_stopped_says_that_no_reminder_will_come(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina, event = await phone(1), await an_event(database, now)
    await amina.says("/stop")
    await amina.sends_data(f"an:{event.ref}:going")
    assert amina.toasts == ["You are going. Your messages are off: no reminder will come."]
    assert amina.last.endswith(
        "✅ You are going.\n🔕 Your messages are off: no reminder will come."
    )
    await amina.presses(AGAIN)
    await amina.sends_data(f"ev:{event.ref}")
    assert "no reminder" not in amina.last
    assert AGAIN not in amina.buttons


async def test_who_waits_while_stopped_is_promised_no_place(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina, event = await phone(1), await an_event(database, now, capacity=1)
    await is_full(database, event, now)
    await amina.sends_data(f"an:{event.ref}:going")
    assert "number 1 on the waiting list.\nWe tell you when a place is free." in amina.last
    await amina.says("/stop")
    await amina.sends_data(f"ev:{event.ref}")
    assert "We tell you when" not in amina.last
    assert "no free place can be offered to you" in amina.last


# Stopping and leaving


async def test_open_requests_are_asked_about_once(town: Town) -> None:
    await town.asks()
    member = town.member
    await member.says("/stop")
    assert member.last == ASKED
    member.seen.clear()
    await member.says("/stop")
    assert member.last.startswith("🔕 Stopped.")
    assert len(member.seen) == 1


async def test_who_only_looks_round_can_delete_their_data_by_stop(
    phone: Calling, database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        (await people.meet(session, 8, now)).language = "en"
    eve = Phone(database, (await phone(1)).dispatcher, 8, now)
    await eve.says("/stop")
    assert eve.last == "You are not a member, so you get no messages from us."
    await eve.presses("Delete my data")
    assert eve.last.startswith("Delete everything about you?")


async def test_who_leaves_is_told_of_open_requests_before_and_after(town: Town) -> None:
    await town.asks()
    member = town.member
    await member.says("/stop")
    await member.presses("Leave the network")
    assert "You have 1 open request to a support organisation." in member.last
    await member.presses("Yes, leave")
    assert "1 request to a support organisation is still open" in member.last
    await member.says("/stop")
    told, asked = (read(message.text) for message in member.seen[-2:])
    assert "only about your open requests" in told
    assert asked == ASKED
    await member.presses("No, withdraw")
    await member.says("/stop")
    assert member.last == "You are not a member, so you get no messages from us."


async def test_leaving_can_withdraw_all_requests_with_it(town: Town, database: Database) -> None:
    await town.asks()
    member = town.member
    await member.says("/stop")
    await member.presses("Leave the network")
    await member.presses("Leave and withdraw my requests")
    assert member.last.startswith("You have left. All the best to you! /start brings you back.")
    assert "If you do not say yes, we do not." in member.last
    async with database.transaction() as session:
        assert await session.scalar(select(Referral.state)) == Referred.CANCELLED
    assert await state_of(member) == Membership.LEFT


async def test_who_has_no_open_request_leaves_without_a_word_of_it(phone: Calling) -> None:
    amina = await phone(1)
    await amina.says("/stop")
    await amina.presses("Leave the network")
    assert "request" not in amina.last
    assert amina.buttons == ["Yes, leave", "No, stay"]


# Coming in


async def shown_first(phone: Phone, *wanted: Need) -> None:
    async with phone.database.transaction() as session:
        person = await people.by_telegram_id(session, phone.number)
        assert person is not None
        await needs.look_for(session, person, wanted)
    await phone.sends_data("pr:profiles::0:")


async def test_a_newcomer_is_shown_an_event_and_a_service_that_fit(
    town: Town, database: Database, now: datetime
) -> None:
    await is_full(database, await an_event(database, now, "Full", capacity=1), now)
    await an_event(database, now, "Kaffee", days=3, languages=("uk",))
    await an_event(database, now, "Tax evening", days=4, languages=("fr", "en"))
    async with database.transaction() as session:
        boss = await people.by_telegram_id(session, 1)
        assert boss is not None
        await providers.create_service(
            session, boss, town.organization, Need.FINANCE, ["fr"], {"name": "Crédit"}, "fr", now
        )
    await shown_first(town.member, Need.FINANCE)
    assert town.member.last == "Thank you. Here is something for you to begin with:"
    assert town.member.buttons == ["📅 Tax evening", "🤝 Advice", "🗣 What I need", "Menu"]
    await town.member.presses("Advice")
    assert "🏢 Chamber" in town.member.last


async def test_without_a_service_for_their_need_a_newcomer_can_write_to_the_team(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    await an_event(database, now, "Kaffee", languages=("uk",))
    await shown_first(amina, Need.PREMISES)
    assert amina.buttons == ["📅 Kaffee", "✉️ Write to the team", "🗣 What I need", "Menu"]
    await amina.presses("Write to the team")
    assert "What would you like to tell the team" in amina.last


async def test_where_there_is_nothing_yet_the_team_is_there(phone: Calling) -> None:
    amina = await phone(1)
    await shown_first(amina)
    assert amina.buttons == ["✉️ Write to the team", "🗣 What I need", "Menu"]


async def test_who_asks_about_their_data_before_joining_goes_on_where_they_were(
    phone: Calling, database: Database, now: datetime
) -> None:
    eve = Phone(database, (await phone(1)).dispatcher, 8, now)
    await eve.says("/start")
    await eve.presses("English")
    await eve.presses("What happens with my data?")
    await eve.presses("Back")
    assert eve.buttons[:2] == ["✅ Join", "👀 Just look"]


async def test_a_second_start_before_choosing_a_language_keeps_where_the_link_led(
    phone: Calling, database: Database, now: datetime
) -> None:
    eve = Phone(database, (await phone(1)).dispatcher, 8, now)
    event = await an_event(database, now)
    await eve.says(f"/start e-{event.ref}")
    await eve.says("/start")
    await eve.presses("English")
    assert eve.last.startswith("Coffee")
