"""An animator at work: a newsletter in two languages, an event until who came, a team."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from community import sends
from community.deliveries import Delivery
from community.sends import Send, approving
from community.tables import METADATA
from locales import OFFERED, language_name, native_name, translator_for
from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Stage, directions
from tests.stories.reading import bare
from tests.stories.steps import a_draft, a_newsletter, announced

WINTER_NEWS = {
    "ar": ("أخبار الشتاء", "المكتب مغلق في يناير."),
    "uk": ("Зимові новини", "У січні офіс зачинено."),
}


DRY_RUN = {
    "en": ("Arabic: fewer than 5", "French: fewer than 5. Not translated"),
    "ar": ("الأوكرانية: أقل من 5",),
}
PROGRESS = {
    "en": ("It has gone out", "3 of 3", "Sent: 3", "Together: 3"),
    "ar": ("أُرسلت.", "3 من 3", "أُرسلت: 3", "المجموع: 3"),
}
PUBLISHED = {
    "en": "Published: members can see it and answer.",
    "ar": "منشور: يراه الأعضاء ويمكنهم الإجابة.",
}


@BOTH_WAYS
async def test_a_newsletter_goes_out_in_two_languages_and_one_message_shows_how_far_it_is(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    amina, ben = await stage.member("Amina", reader), await stage.member("Ben")
    luc = await stage.member("Luc", "fr")
    await a_newsletter(boss)
    await boss.presses("Languages and preview")
    await boss.presses(f"✏️ {native_name(reader)}")
    title, body = WINTER_NEWS[reader]
    await boss.says(title)
    await boss.says(body)
    await boss.presses(f"👁 {native_name(reader)}")
    preview = boss.last
    assert directions(preview["text"]) == RUNS[reader]
    await boss.presses("Back to the message")
    await boss.presses("Who gets it")
    boss.sees(*DRY_RUN[team])
    await boss.presses("Back to the message")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    number = boss.message("It goes out in a few seconds")["message_id"]
    await stage.play(seconds=19)
    assert title not in amina.screen
    await stage.play(minutes=2)
    assert amina.last["text"] == preview["text"]
    ben.sees_last("Winter news", "The office is closed in January.")
    luc.sees_last(
        f"Langue : {language_name(team, translator_for('fr'))}", "The office is closed in January."
    )
    progress = next(m for m in boss.from_bot() if m["message_id"] == number)
    for line in PROGRESS[team]:
        assert line in bare(progress["text"])
    await amina.says("/news")
    amina.sees_last(title)
    await amina.presses("No more news like this")

    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(hours=5)  # two messages that nobody asked for are four hours apart
    assert ben.screen.count("The office is closed in January.") == 2
    assert "The office is closed in January." not in amina.screen


async def test_a_newsletter_is_taken_back_within_twenty_seconds(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    ben = await stage.member("Ben")
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
    boss = await animator()
    await stage.member("Ben")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await boss.presses("All newsletters")
    await stage.play(minutes=2)
    boss.sees_last("Newsletters and announcements")


async def test_a_newsletter_that_may_not_have_arrived_can_be_left_as_it_is(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    ben = await stage.member("Ben")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    stage.emulator.faults.add("drop_after", method="sendMessage", chat_id=ben.id)
    await stage.play(hours=1)
    assert ben.screen.count("Winter news") == 1
    boss.sees_last("Not sure it arrived: {n}", "Together: {n}", n="1")
    await boss.presses("Leave it as it is")
    boss.sees_last("Those of whom it is not sure are left as they are.")
    assert not any("Send again" in label for label in boss.buttons())


async def test_a_newsletter_that_may_not_have_arrived_is_sent_again_by_hand_alone(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    ben = await stage.member("Ben")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    stage.emulator.faults.add("drop_after", method="sendMessage", chat_id=ben.id)
    await stage.play(hours=1)
    await boss.presses("Send again to {n} unsure person", n="1")
    await stage.play(minutes=2)
    assert ben.screen.count("Winter news") == 2
    boss.sees_last("Sent: {n}", n="1")


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_an_event_from_the_idea_to_the_list_of_who_came(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss, guest = await animator(language), await stage.member("Salma", language)
    start = stage.now + timedelta(days=2)
    await a_draft(boss)
    await boss.presses("Languages and preview")
    await boss.presses(f"👁 {native_name(language)}")
    preview = boss.last
    await boss.presses("Back to the event")
    await boss.presses("Publish")
    boss.sees(PUBLISHED[language])
    await announced(boss)
    assert bare(preview["text"]) in bare(guest.last["text"])
    assert guest.last["buttons"][0][0]["text"] == preview["buttons"][0][0]["text"]
    await guest.presses("Going")
    await stage.play(until=start + timedelta(hours=12))
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Who came")
    await boss.presses("Salma")
    boss.sees_last("Came: {came} of {all}", came="1", all="1")


async def test_a_second_animator_comes_by_a_link_approves_and_is_let_go(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approving, "FOUR_EYES_ABOVE", 0)
    boss = await animator()
    second = await stage.member("Second")
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("Invite an animator")
    payload = boss.link()
    await second.starts(payload)
    second.sees_last("is asked whether it is really you")
    await second.says("/animate")
    assert "Your desk" not in second.screen
    await stage.play(minutes=1)
    boss.sees_last("{name} has opened your invitation as {role}.", name="Second")
    await boss.presses("Yes, confirm")
    await stage.play(minutes=1)
    second.sees_last("You are now: {role}.")
    thief = await stage.member("Thief")
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
