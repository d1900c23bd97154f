"""Two sides write to each other through the bot, and neither learns who the other is."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from community.arrivals import Arrival, Arriving
from community.exchanges import PACES, Exchange, Kind
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_directory, an_event, staff


async def accepted(
    stage: Stage, animator: Coming, member: str = "en", other: str = "en"
) -> tuple[Somebody, Somebody, Somebody]:
    """Return an animator, a provider's staff, and a member whose request they have accepted."""
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss, other)
    amina = await stage.member("Amina", member, username="amina_bakes")
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("Refer me")
    for label in [label for label in amina.buttons() if label.startswith("✅ ")]:
        await amina.presses(label)
    await amina.presses("I agree, send it")
    await adviser.presses("Show what was shared")
    await adviser.presses("Accept")
    return boss, adviser, amina


async def set_aside(stage: Stage) -> list[Any]:
    async with stage.app.database.transaction() as session:
        found = select(Arrival).where(Arrival.state == Arriving.SET_ASIDE)
        return list(await session.scalars(found))


async def test_a_member_and_an_organisation_write_to_each_other_without_names(
    stage: Stage, animator: Coming
) -> None:
    boss, adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    amina.sees_last("It is passed on without your name", "Never send identity documents")
    await amina.says("Can I bring <b>my son</b>? https://example.org/map")
    amina.sees_last("You:", "Can I bring <b>my son</b>?", "It is deleted 90 days after")
    adviser.sees_last("🔔 You have a new message.")
    assert "my son" not in adviser.screen, "nothing personal before the tap"
    await adviser.presses("Read it")
    adviser.sees_last("The member:", "my son", "https://example.org/map")
    assert adviser.last["protected"]
    await adviser.presses("✏️ Write back")
    await stage.play(minutes=1)
    await adviser.says("Yes, gladly.")
    amina.sees_last("🔔 You have a new message.")
    await amina.presses("Read it")
    amina.sees_last("The organisation {name}:", "Yes, gladly.", name="Chamber of Commerce")
    for secret in ("Amina", "amina_bakes"):
        assert secret not in adviser.screen
    assert "Adviser" not in amina.screen
    assert "my son" not in boss.screen
    await stage.play(minutes=16)
    assert "my son" not in adviser.screen, "closed again, like what was shared"
    amina.sees_last("Yes, gladly.")


async def test_contacts_places_and_what_is_neither_words_nor_file_are_refused_with_a_word(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    await amina.shares_location(48.85, 2.35)
    amina.sees_last("Contacts and places are not passed on here.")
    stage.emulator.world.contact(amina.id)
    await stage.settled()
    assert amina.times_read("Contacts and places are not passed on here.") == 2
    for content in (
        {"video_note": {"file_id": "x", "file_unique_id": "x", "length": 1, "duration": 1}},
        {"poll": {"id": "1", "question": "my card", "options": [], "total_voter_count": 0}},
        {"dice": {"emoji": "🎲", "value": 6}},
    ):
        stage.emulator.world._from_person(amina.id, content)
        await stage.settled()
        amina.sees_last("Words, photos, voice messages and documents can")
    await amina.says("I come on foot.")
    await adviser.presses("Read it")
    adviser.sees_last("I come on foot.")
    assert "my card" not in adviser.screen


async def test_a_hidden_link_is_not_passed_on(stage: Stage, animator: Coming) -> None:
    _boss, adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    entity = {"type": "text_link", "offset": 0, "length": 5, "url": "https://evil.example"}
    said = {"text": "Click here", "entities": [entity]}
    stage.emulator.world._from_person(amina.id, said)
    await stage.settled()
    await adviser.presses("Read it")
    adviser.sees_last("Click here")
    assert not any("evil" in str(message) for message in adviser.messages())


async def test_either_side_closes_and_reports_and_the_team_reads_it_only_then(
    stage: Stage, animator: Coming
) -> None:
    boss, adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    await amina.says("Good morning.")
    await adviser.presses("Read it")
    await adviser.presses("✏️ Write back")
    await adviser.says("Pay me first.")
    await amina.presses("Read it")
    await boss.says("/animate")
    await boss.presses("Inbox")
    boss.sees_last("Nobody is waiting for an answer.")
    await amina.presses("🚩 Report it")
    await amina.presses("Yes, report it")
    amina.sees_last("It was reported: the team can read it now.", "You have closed this.")
    boss.sees_last("Somebody has reported messages")
    await boss.presses("Look at it")
    boss.sees_last("Reported messages about", "The member has reported them.", "Pay me first.")
    assert boss.last["protected"]
    assert "Amina" not in boss.last["text"]
    await adviser.says("/referrals")
    await adviser.presses("Start-up advice")
    await adviser.presses("💬")
    adviser.sees_last("The other side has closed this")
    assert not any("Write back" in label for label in adviser.buttons())
    await stage.play(minutes=1)
    await boss.says("/animate")
    await boss.presses("Inbox: 1 wait")
    await boss.presses("🚩 What was reported")
    await boss.presses("🚩 {day}: reported messages", day="Tue 24 Nov")
    await boss.presses("Settled")
    boss.sees_last("Nothing has been reported.")
    assert "Pay me first." not in boss.screen, "the copy that stood open is closed, too"
    assert "Pay me first." in amina.screen


async def test_a_withdrawn_request_leaves_the_other_side_nothing_to_read(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    await amina.says("My number is 42.")
    await adviser.presses("Read it")
    adviser.sees_last("My number is 42.")
    await amina.presses("To the request")
    await amina.presses("Withdraw my request")
    await amina.presses("Yes, withdraw")
    assert "My number is 42." not in adviser.screen
    adviser.sees("The request was withdrawn: nothing more can be written here.")
    await amina.presses("💬 Messages")
    amina.sees_last("My number is 42.", "The request was withdrawn")
    assert not any("Write back" in label for label in amina.buttons())


async def test_who_writes_too_much_is_told_when_to_go_on(stage: Stage, animator: Coming) -> None:
    _boss, _adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    for number in range(PACES[Kind.REFERRAL].messages):
        await amina.says(f"Message {number}")
        await amina.presses("✏️ Write back")
    await amina.says("One more")
    amina.sees("You have written a lot in a short time. You can go on in", "1 hour")
    assert "One more" not in amina.last["text"]
    await amina.presses("✏️ Write back")
    await stage.play(minutes=61)
    await amina.says("One more")
    amina.sees_last("One more")


async def test_the_organisers_of_an_event_are_asked_from_its_card(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    amina = await stage.member("Amina", username="amina_bakes")
    await an_event(boss)
    await amina.says("/events")
    await amina.presses("Coffee for founders")
    await amina.presses("❓ Ask the organisers")
    await amina.says("Is there a lift?")
    boss.sees_last("❓ A member asks something about an event.")
    await boss.says("/animate")
    await boss.presses("Inbox: 1 wait")
    await boss.presses("❓ Coffee for founders")
    boss.sees_last("A member and the organisers of: {title}", "The member:", "Is there a lift?")
    assert "Amina" not in boss.last["text"]
    await boss.presses("✏️ Write back")
    await boss.says("Yes, behind the stairs.")
    await amina.presses("Read it")
    amina.sees_last("You and the organisers of: {title}", "The organisers:", "Yes, behind")
    assert "Boss" not in amina.screen
    await amina.presses("To the event")
    amina.sees_last("Coffee for founders")
    await stage.play(days=6)
    await amina.presses("❓ Ask the organisers")
    amina.sees_last("The event is over: nothing more can be written here.", "Is there a lift?")
    await stage.play(until=stage.now + timedelta(days=91))
    async with stage.app.database.transaction() as session:
        assert (await session.scalars(select(Exchange))).all() == []


async def test_forged_buttons_open_nothing_and_set_nothing_aside(
    stage: Stage, animator: Coming
) -> None:
    _boss, _adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    await amina.says("For your eyes only.")
    eve = await stage.member("Eve")
    number = next(m["message_id"] for m in reversed(eve.from_bot()) if m["buttons"])
    async with stage.app.database.transaction() as session:
        ref = await session.scalar(select(Exchange.ref))
    acts = ("open", "read", "original", "write", "close", "report", "report!", "settle", "x")
    for data in (
        *(f"xc:{ref}:{act}:0" for act in acts),
        f"xc:{ref}:open:-9",
        f"xc:{'9' * 20}:open:0",
        f"wt:referral:{ref}",
        f"wt:team:{ref}",
        "wt:x:y",
        f"iq:{ref}:open:0",
        f"iq:{ref}:close:0",
        f"xs:{ref}:0:1",
    ):
        stage.emulator.world.press(eve.id, number, data, forged=True)
        await stage.settled()
    assert "eyes only" not in eve.screen
    assert await set_aside(stage) == []
    await amina.says("/support")
    await amina.presses("My requests")
    await amina.presses("Chamber of Commerce")
    await amina.presses("💬")
    amina.sees_last("For your eyes only.")
    assert any("Write back" in label for label in amina.buttons()), "nobody has closed it"


async def test_what_was_opened_by_cancelling_is_closed_again_too(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    await amina.says("My son is ill.")
    await adviser.presses("Read it")
    await stage.play(minutes=1)
    await adviser.presses("✏️ Write back")
    await adviser.presses("Cancel")
    assert "My son is ill." in adviser.last["text"]
    await stage.play(minutes=20)
    assert "My son is ill." not in adviser.screen


async def test_who_reports_while_writing_writes_nothing_more_to_whom_they_report(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await accepted(stage, animator)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    amina.sees_last("💬 Chamber of Commerce")
    await amina.says("Good morning.")
    await amina.presses("✏️ Write back")
    await amina.presses("🚩 Report it")
    await amina.presses("Yes, report it")
    await amina.says("He threatens me, please help")
    amina.sees_last("Shall I send this to the team?")
    await adviser.presses("Read it")
    assert "threatens" not in adviser.screen
