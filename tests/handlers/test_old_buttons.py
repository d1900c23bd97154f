"""Old buttons and half-filled forms: answered with what is true now, and nobody is trapped."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.database import Database
from community import areas, people, referrals, translations
from community.events import Event
from community.events import State as Planned
from community.people import Stage
from community.referrals import FieldName, Reason, Referral, State
from tests.handlers.conftest import Calling, read
from tests.handlers.test_coming_and_going import an_event
from tests.handlers.test_support_desks import COORDINATOR, Town

SETTLED = "That is not possible any more: it has been settled meanwhile."


@pytest.fixture
async def town(phone: Calling, database: Database) -> Town:
    made = Town(await phone(1, "en", COORDINATOR), await phone(2), await phone(3), database)
    await made.make()
    return made


async def asks_for(town: Town, ref: str, field: FieldName) -> None:
    async with town.database.transaction() as session:
        adviser = await people.by_telegram_id(session, town.adviser.number)
        assert adviser is not None
        await referrals.ask_for(session, adviser, ref, field, town.now)


async def declines(town: Town, ref: str) -> None:
    async with town.database.transaction() as session:
        adviser = await people.by_telegram_id(session, town.adviser.number)
        assert adviser is not None
        await referrals.answer(
            session, adviser, ref, "decline", town.now, reason=Reason.NO_CAPACITY
        )


# Events


async def test_going_to_a_cancelled_event_says_so_and_shows_it_without_answers(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina, event = await phone(1), await an_event(database, now)
    await amina.sends_data(f"ev:{event.ref}")
    assert "You get the address" in amina.last
    async with database.transaction() as session:
        await session.execute(update(Event).values(state=Planned.CANCELLED))
    await amina.presses("Going")
    assert amina.toasts == ["❌ This event has been cancelled."]
    assert "❌ This event has been cancelled." in amina.last
    assert "address" not in amina.last
    assert amina.buttons == ["❓ Ask the organisers", "All events"]


async def test_going_to_a_past_event_is_too_late_and_promises_no_address(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina, event = await phone(1), await an_event(database, now)
    amina.now += timedelta(days=3)
    await amina.sends_data(f"an:{event.ref}:going")
    assert amina.toasts == ["It is too late for that."]
    assert amina.last.endswith("This event is over.")
    assert "address" not in amina.last


# Requests


async def test_withdrawing_what_was_declined_shows_the_request_as_it_is(town: Town) -> None:
    ref = await town.asks()
    await town.member.sends_data(f"sz:{ref}:withdraw:")
    await declines(town, ref)
    await town.member.presses("Yes, withdraw")
    assert town.member.toasts == [SETTLED]
    assert "Declined" in town.member.last
    assert "Withdraw my request" not in town.member.buttons


async def test_sending_without_an_agreement_shows_the_service_again(town: Town) -> None:
    await town.member.sends_data(f"sf:{town.service}:0:see::")
    await town.ends_the_agreement()
    await town.member.presses("I agree, send it")
    assert "there is no agreement" in town.member.toasts[0]
    assert town.member.last.startswith("Advice")
    assert "🤝 Refer me" not in town.member.buttons


# Forms


async def test_withdrawing_a_request_ends_the_form_that_it_asks_for(town: Town) -> None:
    ref, member = await town.asks(), town.member
    await asks_for(town, ref, FieldName.NOTE)
    await member.sends_data(f"sz:{ref}:open:")
    await member.presses("Write it")
    await member.sends_data(f"sz:{ref}:withdraw!:")
    assert "Withdrawn" in member.last
    await member.says("I am free on Mondays.")
    assert "Shall I send this to the team?" in member.last


async def test_what_is_written_too_late_ends_the_form_and_shows_why(town: Town) -> None:
    ref, member = await town.asks(), town.member
    await asks_for(town, ref, FieldName.NOTE)
    await member.sends_data(f"sz:{ref}:more:")
    async with town.database.transaction() as session:
        await session.execute(update(Referral).values(state=State.EXPIRED))
    await member.says("My number is 0601020304.")
    assert member.toasts == [SETTLED]
    assert "Nobody answered" in member.last
    await member.says("Hello?")
    assert "Shall I send this to the team?" in member.last, "no form is open any more"


async def test_a_language_chosen_in_the_middle_of_a_form_asks_again_in_it(
    phone: Calling,
) -> None:
    amina = await phone(1)
    await amina.says("/me")
    await amina.presses("My language")
    await amina.presses("My name")
    await amina.presses("Français")
    assert [read(message.text) for message in amina.seen[-2:]] == [
        "✅ Langue : français",
        "Comment voulez-vous qu'on vous appelle ?",
    ]
    await amina.says("Amina B.")
    assert "Amina B." in amina.last


async def test_cancelling_a_change_of_the_note_keeps_the_note(town: Town) -> None:
    member = town.member
    await member.sends_data(f"sf:{town.service}:0:see::")
    assert "✏️ Add a note" in member.buttons
    await member.presses("Add a note")
    await member.says("I want to open a bakery.")
    assert "✏️ Change the note" in member.buttons
    await member.presses("Change the note")
    assert member.last.endswith("I want to open a bakery.")
    await member.presses("Cancel")
    assert read(member.seen[-2].text) == "All right, nothing was saved."
    assert "I want to open a bakery." in member.last
    await member.presses("I agree, send it")
    async with town.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        shared = await referrals.shared(session, referral)
    assert shared[FieldName.NOTE] == "I want to open a bakery."


async def test_the_card_keeps_the_note_while_it_is_being_changed(town: Town) -> None:
    member = town.member
    await member.sends_data(f"sf:{town.service}:0:see::")
    await member.presses("Add a note")
    await member.says("I want to open a bakery.")
    await member.presses("Change the note")
    await member.presses("✅ Name")
    assert "I want to open a bakery." in read(member.seen[-2].text)
    assert member.last.startswith("What should they know?")


# What is asked for and not known


@pytest.mark.parametrize("field", [FieldName.STAGE, FieldName.AREA])
async def test_what_a_provider_asks_for_can_be_told_on_the_way_and_shared(
    town: Town, field: FieldName
) -> None:
    ref, member = await town.asks(), town.member
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        area = await areas.create(session, boss, "Europe/Paris", town.now)
        words = {"name": "Old town"}
        await translations.write(session, None, "area", area.id, "en", words, town.now)
    await asks_for(town, ref, field)
    await member.sends_data(f"sz:{ref}:open:")
    assert "We do not know it yet." in member.last
    await member.presses("Tell it now")
    await member.presses("I have an idea" if field == FieldName.STAGE else "Old town")
    assert "This would be shared:" in member.last
    await member.presses("Share it")
    assert "Waiting for an answer" in member.last
    async with town.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        shared = await referrals.shared(session, referral)
    assert shared.get(FieldName.STAGE) in (None, Stage.IDEA)
    assert field in shared
