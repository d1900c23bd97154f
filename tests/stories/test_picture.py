"""A flyer goes out with a newsletter or an announcement, and what is in it in words."""

from typing import Any

from bot.pictures import blank
from community import limits, people
from community.limits import Limit
from locales import native_name
from tests.stories.conftest import BOTH_WAYS, Coming, Somebody, Stage
from tests.stories.reading import bare, saying
from tests.stories.steps import a_newsletter, an_event, goes_out

FLYER, OTHER = blank() + b"flyer", blank() + b"other"


def listening_to(stage: Stage, somebody: Somebody) -> list[str]:
    """Return what is said in boxes over somebody's chat from now on."""
    said: list[str] = []

    def listen(event: dict[str, Any]) -> None:
        if event["type"] == "toast" and event["person"] == somebody.id:
            said.append(event["text"])

    stage.emulator.world.listeners.add(listen)
    return said


@BOTH_WAYS
async def test_an_animator_sends_a_flyer_puts_it_right_and_takes_it_back(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    readers = [await stage.member(f"Reader {number}", reader) for number in range(2)]
    await a_newsletter(boss)
    await boss.presses("Add a picture")
    await boss.says("Here it is!")
    boss.sees_last("Please send a picture: as a photo, or as a file.")
    await boss.sends_picture(FLYER)
    boss.sees_last("What is in the picture?")

    await boss.presses("Cancel")
    boss.sees_last("It has a picture. Write what is in it")
    refused = listening_to(stage, boss)
    await boss.presses("It is ready")
    assert saying(team, "Please write first what is in the picture").search(bare(refused[-1]))
    await boss.presses("The picture")
    assert boss.picture(boss.last) == FLYER
    boss.sees_last("without that it cannot be approved")
    await boss.presses("What is in it")
    await boss.says("A bakery with an open door.")
    boss.sees_last("It has a picture, and words that say what is in it.", "A draft")

    await boss.presses("Test to me")
    await boss.presses(native_name(reader))
    assert boss.picture(boss.last) == FLYER
    assert "A bakery with an open door." in boss.last["text"]
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("📰")
    await boss.presses("Languages and preview")
    await boss.presses("👁")
    assert boss.picture(boss.last) == FLYER
    await boss.presses("Back to the message")
    await goes_out(boss)
    for somebody in readers:
        assert somebody.picture(somebody.last) == FLYER
        somebody.sees_last("Winter news", "In the picture:", "A bakery with an open door.")

    await boss.presses("Correct it")
    await boss.presses("The picture")
    await boss.presses("Another picture")
    await boss.sends_picture(OTHER, "A library with an open door.")
    await boss.presses("A library with an open door.")
    await goes_out(boss)
    boss.sees("Copies changed: {n}", n="2")
    for somebody in readers:
        assert somebody.picture(somebody.last) == OTHER
        somebody.sees_last("Corrected:", "Winter news", "A library with an open door.")
        assert not somebody.has_read("A bakery with an open door.")
    late = await stage.member("Late", reader)
    await late.says("/news")
    assert late.picture(late.last) == OTHER
    late.sees_last("In the picture:", "A library with an open door.")

    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("📰")
    await boss.presses("Take it back")
    await goes_out(boss)
    for somebody in readers:
        somebody.sees_last("The team has taken this message back.")
        assert somebody.picture(somebody.last) == blank(), "nothing of the flyer is left"


async def test_each_language_needs_the_words_of_the_picture(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    iryna, amina = await stage.member("Iryna", "uk"), await stage.member("Amina", "fr")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says("Winter news")
    await boss.sends_picture(FLYER, "The office is closed in January.")
    boss.sees_last("What is in the picture?", "Language: {language}")
    await boss.says("A snowman at the door.")
    boss.sees_last("The office is closed in January.", "words that say what is in it")
    await boss.presses("Languages and preview")
    await boss.presses("✏️ Українська")
    await boss.says("Зимові новини")
    await boss.says("У січні офіс зачинено.")
    boss.sees_last("What is in the picture?", "Language: {language}", "A snowman at the door.")
    await boss.says("Сніговик біля дверей.")
    await boss.presses("Back to the message")
    await goes_out(boss)
    iryna.sees_last("У січні офіс зачинено.", "Сніговик біля дверей.")
    amina.sees_last("Language: {language}", "The office is closed in January.")
    amina.sees_last("A snowman at the door.")
    assert amina.picture(amina.last) == iryna.picture(iryna.last) == FLYER


async def test_an_event_is_announced_with_a_flyer_that_was_sent_as_a_file(
    stage: Stage, animator: Coming
) -> None:
    boss, amina = await animator(), await stage.member("Amina")
    await an_event(boss)
    await boss.presses("Tell the members")
    await boss.presses("Add a picture")
    await boss.sends_picture(FLYER, as_file=True)
    await boss.says("Two cups of coffee, and the address.")
    await goes_out(boss)
    assert amina.last["attachment"]["kind"] == "document"
    assert amina.picture(amina.last) == FLYER
    amina.sees_last("Coffee for founders", "In the picture:", "Two cups of coffee")
    await amina.presses("Going")
    amina.sees_last("You are going.", "Library, Main street 1")


async def test_a_long_newsletter_follows_its_flyer_and_both_are_taken_back(
    stage: Stage, animator: Coming
) -> None:
    boss, amina = await animator(), await stage.member("Amina")
    await a_newsletter(boss)
    await boss.presses("Languages and preview")
    await boss.presses("✏️")
    await boss.says("Winter news")
    await boss.says("We are closed. " * 100)
    await boss.presses("Back to the message")
    await boss.presses("Add a picture")
    await boss.sends_picture(FLYER)
    await boss.says("A snowman at the door.")
    before = len(amina.from_bot())
    await goes_out(boss)
    flyer, words = amina.from_bot()[before:]
    assert (amina.picture(flyer), flyer["text"]) == (FLYER, "")
    assert words["attachment"] is None
    amina.sees_last("We are closed.", "A snowman at the door.")
    boss.sees("Sent: {n}", n="1")

    await boss.presses("Take it back")
    await goes_out(boss)
    (left,) = amina.from_bot()[before:]
    assert left["attachment"] is None
    amina.sees_last("The team has taken this message back.")


async def test_a_draft_goes_out_without_the_picture_that_it_had(
    stage: Stage, animator: Coming
) -> None:
    boss, amina = await animator(), await stage.member("Amina")
    await a_newsletter(boss)
    await boss.presses("Add a picture")
    await boss.sends_picture(FLYER)
    await boss.says("A snowman at the door.")
    await boss.presses("The picture")
    await boss.presses("Without a picture")
    await goes_out(boss)
    assert amina.last["attachment"] is None
    assert not amina.has_read("A snowman at the door.")


async def test_who_has_little_data_gets_the_words_of_a_picture_and_the_picture_when_they_ask(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    amina, ben = await stage.member("Amina"), await stage.member("Ben")
    async with stage.app.database.transaction() as session:
        reader = await people.by_telegram_id(session, amina.id)
        assert reader is not None
        await limits.tick(session, reader, Limit.NO_DATA, on=True)
    await a_newsletter(boss)
    await boss.presses("Add a picture")
    await boss.sends_picture(FLYER, "A bakery with an open door.")
    await boss.presses("A bakery with an open door.")
    await goes_out(boss)
    assert ben.picture(ben.last) == FLYER
    assert not amina.last["attachment"]
    amina.sees_last("Winter news", "In the picture:", "A bakery with an open door.")
    await boss.presses("Correct it")
    await boss.presses("The picture")
    await boss.presses("Another picture")
    await boss.sends_picture(OTHER, "A library with an open door.")
    await boss.presses("A library with an open door.")
    await goes_out(boss)
    boss.sees("Copies changed: {n}", n="2")
    assert ben.picture(ben.last) == OTHER
    assert not amina.last["attachment"]
    amina.sees_last("Winter news", "A library with an open door.")
    await amina.says("/news")
    assert amina.picture(amina.last) == OTHER
