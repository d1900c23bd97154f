"""From the idea of an event to who came: whom one brings, what one needs, the code at the door."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from community.events import Event
from locales import language_name, translator_for
from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare

TAPS = 8
"""An event is announced with three written answers and at most so many."""


async def taps(who: Somebody, *labels: str) -> int:
    for label in labels:
        await who.presses(label)
    return len(labels)


async def an_idea(boss: Somebody, where: str = "Library, Main street 1") -> int:
    """Make an event of it that is announced; return after how many taps."""
    start = boss.stage.now + timedelta(days=2)
    await boss.says("/animate")
    count = await taps(boss, "Events", "New event")
    for answer in ("Coffee for founders", start.strftime("%d.%m.%Y 18:00"), where):
        await boss.says(answer)
    return count + await taps(boss, "Publish")


async def at_the_desk(boss: Somebody) -> None:
    await boss.says("/animate")
    await taps(boss, "Events", "Coffee for founders")


async def begins(stage: Stage, *, minutes: int) -> None:
    """Wait until the event begins, and so many minutes more."""
    async with stage.app.database.transaction() as session:
        event = (await session.scalars(select(Event))).one()
    await stage.play(until=event.starts_at + timedelta(minutes=minutes))


@BOTH_WAYS
async def test_a_guest_and_a_need_are_said_and_the_door_notes_who_is_there(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    amina, badr, cem = [await stage.member(name, reader) for name in ("Amina", "Badr", "Cem")]
    spoken = language_name(reader, translator_for(team))
    count = await an_idea(boss)
    await boss.presses("Child care")
    await boss.presses("What else there is")
    await boss.presses("Without steps")
    await taps(boss, "Kind of event", "Training")
    await boss.presses("On the map")
    await boss.shares_location(48.2, 16.37)
    await boss.presses("What else there is")
    boss.sees_last("The place is on the map.")
    await boss.presses("Interpretation")
    await boss.presses(spoken)
    await taps(boss, "Back", "Back to the event")
    boss.sees_last("There is child care", "You get in without steps", "🏷 {kind}")
    count += await taps(boss, "Tell the members", "It is ready", "Send now")
    assert count <= TAPS
    await stage.play(minutes=1)
    amina.sees_last("There is child care", "You get in without steps")
    amina.sees_last("👂 Interpreted into: {languages}")

    assert "openstreetmap" not in str(amina.last["buttons"])
    await amina.presses("Going")
    assert "mlat=48.20000&mlon=16.37000" in str(amina.last["buttons"])
    await amina.presses("🗺 Map")
    place = amina.last["attachment"]
    assert (place["kind"], place["latitude"], place["longitude"]) == ("venue", 48.2, 16.37)
    assert place["title"]
    assert place["address"]
    await amina.presses("Back to the event")
    await amina.presses("I bring someone")
    await amina.presses("{n} person", n="1")
    amina.sees_last("👥 You bring {n} person.", n="1")
    await amina.presses("What I need")
    await amina.presses("Child care")
    assert directions(amina.last["text"]) == RUNS[reader]
    await amina.presses("To the event")
    amina.sees_last("🤝 You need: {needs}")
    await cem.presses("Going")
    await at_the_desk(boss)
    await boss.presses("Answers")
    boss.sees_last("With those whom they bring: {n}", n="3")
    boss.sees_last("{name}: {needs}", name="Amina")
    await boss.presses("Back to the event")

    await boss.presses("No child care")
    await stage.play(minutes=4)
    amina.sees("There is no child care, and you need it.")
    assert not cem.has_read("This event has changed")
    await boss.presses("Child care")

    await begins(stage, minutes=-30)
    await at_the_desk(boss)
    await taps(boss, "Code at the door", "Show it")
    await amina.starts(boss.link())
    amina.sees_last("Welcome! It is good that you are here.")
    digits = re.search(r"\b\d{6}\b", bare(boss.last["text"]))
    assert digits is not None
    await badr.says("/events")
    await taps(badr, "Coffee for founders", "I am here")
    await badr.says("123" if digits[0] != "123" else "321")
    badr.sees_last("That is another number.")
    await badr.says(digits[0])
    badr.sees_last("Welcome! It is good that you are here.")

    await begins(stage, minutes=130)
    await at_the_desk(boss)
    await boss.presses("Who came")
    boss.sees_last("Came: {came} of {all}", came="2", all="3")
    await boss.presses("Nobody else came")
    await stage.play(days=1)
    amina.sees("You have a new message: {n} short questions.")
    assert not amina.has_read("We missed you at this event:")
    cem.sees("We missed you at this event:")
    await cem.presses("Work")
    cem.sees("Thank you. We hope to see you next time.")
    await at_the_desk(boss)
    await boss.presses("Answers")
    boss.sees_last("Fewer than five people have given the same reason.")


@BOTH_WAYS
async def test_whoever_joins_online_is_noted_as_there(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, amina = await animator(team), await stage.member("Amina", reader)
    await an_idea(boss, "https://example.org/call")
    await amina.says("/events")
    await taps(amina, "Coffee for founders", "Going")
    assert "example.org" not in amina.screen
    await amina.presses("Join online")
    amina.sees_last("It begins: {when}.", "https://example.org/call")
    await begins(stage, minutes=-10)
    await amina.presses("Join online")
    amina.sees_last("Welcome! You are noted as there.", "https://example.org/call")
    await at_the_desk(boss)
    await boss.presses("Who came")
    boss.sees_last("Came: {came} of {all}", came="1", all="1")


@BOTH_WAYS
async def test_whoever_guesses_the_number_at_the_door_waits_and_reads_what_they_can_do(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, badr = await animator(team), await stage.member("Badr", reader)
    await an_idea(boss)
    await begins(stage, minutes=5)
    await at_the_desk(boss)
    await taps(boss, "Code at the door", "Show it")
    digits = re.search(r"\b\d{6}\b", bare(boss.last["text"]))
    assert digits is not None
    await badr.says("/events")
    await taps(badr, "Coffee for founders", "I am here")
    for wrong in range(5):
        await badr.says(f"{wrong}")
        badr.sees_last("That is another number.")
    await badr.says(digits[0])
    badr.sees("So that nobody guesses the number at the door")
    assert not badr.has_read("Welcome! It is good that you are here.")
    await stage.play(minutes=60)
    await badr.presses("I am here")
    await badr.says(digits[0])
    badr.sees_last("Welcome! It is good that you are here.")


@pytest.mark.parametrize("language", ["ar", "uk"])
async def test_who_reads_the_code_before_joining_is_asked_to_join(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator()
    await an_idea(boss)
    await begins(stage, minutes=5)
    await at_the_desk(boss)
    await taps(boss, "Code at the door", "Show it")
    guest = stage.meet("Guest", language)
    await guest.starts(boss.link())
    await guest.presses({"ar": "العربية", "uk": "Українська"}[language])
    guest.sees("Please join first: send /start.")
    await taps(guest, "Join", "All")
    await guest.starts(boss.link())
    guest.sees_last("Welcome! It is good that you are here.")
