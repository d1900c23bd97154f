"""An animator at work: a newsletter in two languages, an event until who came, a team."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from community import sends
from community.deliveries import Delivery
from community.sends import Send
from community.tables import METADATA
from locales import OFFERED, Translator, native_name, plain, translator_for
from tests.stories.conftest import Somebody, Stage, bare

Coming = Callable[[], Awaitable[Somebody]]


class Words:
    """The labels of the interface in one language, as somebody reads them."""

    def __init__(self, language: str) -> None:
        self._: Translator = translator_for(language)
        self.language = native_name(language)

    def button(self, text: str, **fields: str) -> str:
        return bare(self._.label("button", text, **fields))

    def says(self, text: str, **fields: str) -> str:
        return bare(plain(self._(text, **fields)))


async def joins(stage: Stage, name: str, language: str) -> Somebody:
    """Let a newcomer join in this language, agreeing to everything."""
    words, somebody = Words(language), stage.meet(name, language)
    labels = (words.button("✅ Join"), words.button("All"))
    await somebody.joins(words.language, *labels)
    return somebody


async def at_noon(stage: Stage) -> None:
    """Begin in the middle of a day, so that quiet hours do not decide."""
    noon = (stage.now + timedelta(days=1)).replace(hour=11, minute=0, second=0)
    stage.emulator.clock.set(noon)
    await stage.settled()


async def a_newsletter(boss: Somebody) -> None:
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says("Winter news")
    await boss.says("The office is closed in January.")


async def test_a_newsletter_goes_out_in_english_and_arabic_and_one_message_shows_how_far_it_is(
    stage: Stage, animator: Coming
) -> None:
    await at_noon(stage)
    boss = await animator()
    amina, ben = await joins(stage, "Amina", "ar"), await joins(stage, "Ben", "en")
    oksana = await joins(stage, "Oksana", "uk")
    await a_newsletter(boss)
    await boss.presses("Languages and preview")
    await boss.presses("✏️ العربية")
    await boss.says("أخبار الشتاء")
    await boss.says("المكتب مغلق في يناير.")
    await boss.presses("👁 العربية")
    preview = boss.last
    await boss.presses("Back to the message")
    await boss.presses("Who gets it")
    boss.sees("Arabic: fewer than 5", "Ukrainian: fewer than 5. Not translated")
    await boss.presses("Back to the message")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    text = "It goes out in a few seconds"
    number = next(m["message_id"] for m in boss.from_bot() if text in bare(m["text"]))
    await stage.play(seconds=19)
    assert "Winter news" not in ben.screen
    await stage.play(minutes=2)
    assert amina.last["text"] == preview["text"]
    ben.sees_last("Winter news", "The office is closed in January.")
    notice = Words("uk").says("In {language}:", language="English")
    oksana.sees_last(notice, "The office is closed in January.")
    progress = next(m for m in boss.from_bot() if m["message_id"] == number)
    for line in ("It has gone out", "3 of 3", "Sent: 3", "Together: 3"):
        assert line in bare(progress["text"])
    await amina.says("/news")
    amina.sees_last("أخبار الشتاء")
    await amina.presses(Words("ar").button("🔕 No more news like this"))

    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=2)
    assert amina.screen.count("The office is closed in January.") == 0


async def test_a_newsletter_is_taken_back_within_twenty_seconds(
    stage: Stage, animator: Coming
) -> None:
    await at_noon(stage)
    boss = await animator()
    ben = await joins(stage, "Ben", "en")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(seconds=15)
    await boss.presses("Undo")
    boss.sees_last("A draft")
    await stage.play(hours=2)
    assert "Winter news" not in ben.screen
    boss.sees_last("A draft")  # the message no longer keeps itself current


async def test_a_message_that_showed_the_progress_stays_what_it_became(
    stage: Stage, animator: Coming
) -> None:
    await at_noon(stage)
    boss = await animator()
    await joins(stage, "Ben", "en")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await boss.presses("All newsletters")
    await stage.play(minutes=2)
    boss.sees_last("Newsletters and announcements")


async def test_a_newsletter_that_may_not_have_arrived_is_sent_again_by_hand_alone(
    stage: Stage, animator: Coming
) -> None:
    await at_noon(stage)
    boss = await animator()
    ben = await joins(stage, "Ben", "en")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    stage.emulator.faults.add("drop_after", method="sendMessage", chat_id=ben.id)
    await stage.play(hours=1)
    assert ben.screen.count("Winter news") == 1
    boss.sees_last("Not sure it arrived: 1", "Together: 1")
    await boss.presses("Send again to 1 unsure person")
    await stage.play(minutes=2)
    assert ben.screen.count("Winter news") == 2
    boss.sees_last("Sent: 1")


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_an_event_from_the_idea_to_the_list_of_who_came(
    stage: Stage, animator: Coming, language: str
) -> None:
    await at_noon(stage)
    boss, words = await animator(), Words(language)
    await boss.says("/language")
    await boss.presses(words.language)
    guest = await joins(stage, "Guest", language)
    await boss.says("/animate")
    await boss.presses(words.button("📅 Events"))
    await boss.presses(words.button("➕ New event"))
    await boss.says("Taxes: الضرائب")
    start = stage.now + timedelta(days=2)
    await boss.says(start.strftime("%d.%m. 18:00"))
    await boss.says("Library")
    boss.sees_last(words.says("📝 A draft: members do not see it yet."), "Library")
    await boss.presses(words.button("🌐 Languages and preview"))
    await boss.presses(f"👁 {words.language}")
    preview = boss.last
    await boss.presses(words.button("Back to the event"))
    await boss.presses(words.button("✅ Publish"))
    await boss.presses(words.button("📣 Tell the members"))
    await boss.presses(words.button("✅ It is ready"))
    await boss.presses(words.button("📤 Send now"))
    await stage.play(minutes=2)
    assert bare(preview["text"]) in bare(guest.last["text"])
    await guest.presses(words.button("✅ Going"))
    await stage.play(until=start + timedelta(hours=8))
    await boss.says("/animate")
    await boss.presses(words.button("📅 Events"))
    await boss.presses("Taxes")
    await boss.presses(words.button("✔️ Who came"))
    await boss.presses("Guest")
    boss.sees_last(words.says("Came: {came} of {all}", came="1", all="1"))


async def test_a_second_animator_comes_by_a_link_approves_and_is_let_go(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sends, "FOUR_EYES_ABOVE", 0)
    await at_noon(stage)
    boss = await animator()
    second = await joins(stage, "Second", "en")
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("Invite an animator")
    payload = boss.link()
    await second.starts(payload)
    second.sees_last("is asked whether it is really you")
    await second.says("/animate")
    assert "Your desk" not in second.screen
    await stage.play(minutes=1)
    boss.sees_last("Second has opened your invitation as Animator.")
    await boss.presses("Yes, confirm")
    await stage.play(minutes=1)
    second.sees_last("You are now: Animator.")
    thief = await joins(stage, "Thief", "en")
    await thief.starts(payload)
    thief.sees_last("This link does not work")

    await a_newsletter(boss)
    await boss.presses("It is ready")
    boss.sees_last("It waits for a second person")
    await stage.play(minutes=1)
    await second.presses("Look at it")
    await second.presses("Approve")
    await stage.play(minutes=1)
    boss.sees_last("has been approved")
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("✖️ Second")
    await boss.presses("Yes, take it back")
    await second.says("/animate")
    second.sees_last("You cannot do this")
    async with stage.app.database.transaction() as session:
        send = await session.scalar(select(Send))
        assert send is not None
        assert send.state == sends.State.APPROVED
        kept = await session.scalar(select(Delivery).where(Delivery.send_id.is_not(None)))
        assert kept is None
        for table in METADATA.sorted_tables:
            for row in await session.execute(select(table)):
                assert payload[2:] not in repr(row), table.name  # kept as a hash only


async def test_the_join_link_brings_people_in_until_it_is_withdrawn(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("Invite members")
    payload = boss.link()
    assert boss.last["attachment"] is not None
    amina = stage.meet("Amina", "ar")
    await amina.starts(payload)
    assert {native_name(language) for language in OFFERED} <= set(amina.buttons())
    await boss.presses("Withdraw this link")
    ben = stage.meet("Ben", "en")
    await ben.starts(payload)
    await ben.presses("English")
    ben.sees("The link that you opened has ended. You are welcome all the same.", "Welcome")
