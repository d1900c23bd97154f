"""A member becomes co-host of an event and hosts it, and nothing more than that."""

from datetime import timedelta

import pytest

from tests.stories.conftest import Coming, Stage
from tests.stories.reading import saying
from tests.stories.steps import an_event
from tests.stories.test_picture import listening_to

PAIRS = pytest.mark.parametrize(("team", "reader"), [("ar", "uk"), ("en", "ar")])
"""The language of the team, and that of the members."""
NOT_ALLOWED = "You cannot do this with the role you have."


@PAIRS
async def test_a_member_is_asked_hosts_an_event_and_the_right_ends_by_itself(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    host, guest = await stage.member("Amina", reader), await stage.member("Salma", reader)
    start = stage.now + timedelta(days=2)
    await an_event(boss)
    for member in (host, guest):
        await member.says("/events")
        await member.presses("Coffee for founders")
        await member.presses("Going")
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("🤝 Who hosts it")
    boss.sees_last("Nobody but the team.")
    await boss.presses("🙋 Ask a member")
    await boss.presses("Amina")
    boss.sees_last("⏳ {name} has been asked.", name="Amina")
    await host.says("/menu")
    assert not any(saying(reader, "🤝 Events I host").search(one) for one in host.buttons())

    await stage.play(minutes=1)
    host.sees("🤝 Would you like to host: {title}?", title="Coffee for founders")
    await host.presses("✅ Yes, I host it")
    await stage.play(minutes=1)
    boss.sees("✅ {name} is now: {role}.", name="Amina")

    await guest.says("/events")
    await guest.presses("Coffee for founders")
    await guest.presses("❓ Ask the organisers")
    await guest.says("Is there a lift?")
    await stage.play(minutes=1)
    await host.says("/menu")
    await host.presses("🤝 Events I host")
    await host.presses("Coffee for founders")
    host.sees_last("You host: {title}", "Library, Main street 1")
    await host.presses("📋 Answers")
    host.sees_last("Answers")
    await host.presses("Back to the event")
    await host.presses("💬 A question about it")
    host.sees_last("Is there a lift?")
    assert "Salma" not in host.last["text"]
    await host.presses("✏️ Write back")
    await host.says("Yes, on the left.")
    await stage.play(minutes=1)
    await guest.presses("Read it")
    guest.sees_last("Yes, on the left.")

    for closed in ("/animate", "/report"):
        await host.says(closed)
        assert "Your desk" not in host.screen
    await stage.play(until=start + timedelta(hours=12))
    await host.says("/menu")
    await host.presses("🤝 Events I host")
    await host.presses("Coffee for founders")
    await host.presses("✔️ Who came")
    await host.presses("Salma")
    host.sees_last("Came: {came} of {all}", came="1", all="2")

    await stage.play(until=start + timedelta(days=8))
    told = listening_to(stage, host)
    await host.presses("Salma")  # the button is old: the right has ended
    assert saying(reader, NOT_ALLOWED).search(told[-1])
    await host.says("/menu")
    assert not any(saying(reader, "🤝 Events I host").search(one) for one in host.buttons())


@PAIRS
async def test_who_comes_by_a_link_is_confirmed_and_let_go_at_once(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, host = await animator(team), await stage.member("Amina", reader)
    await an_event(boss)
    await boss.presses("🤝 Who hosts it")
    await boss.presses("🔗 Offer it by a link")
    boss.sees_last("With it they host: {title}", title="Coffee for founders")
    await host.starts(boss.link())
    await stage.play(minutes=1)
    await boss.presses("Yes, confirm")
    await stage.play(minutes=1)
    await host.says("/menu")
    await host.presses("🤝 Events I host")
    await host.presses("Coffee for founders")
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("🤝 Who hosts it")
    await boss.presses("✖️ No co-host any more: {name}", name="Amina")
    await boss.presses("Yes, take it back")
    told = listening_to(stage, host)
    await host.presses("📋 Answers")
    assert saying(reader, NOT_ALLOWED).search(told[-1])


@PAIRS
async def test_who_is_asked_can_say_no(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, host = await animator(team), await stage.member("Amina", reader)
    await an_event(boss)
    await host.says("/events")
    await host.presses("Coffee for founders")
    await host.presses("Going")
    await boss.presses("🤝 Who hosts it")
    await boss.presses("🙋 Ask a member")
    await boss.presses("Amina")
    await stage.play(minutes=1)
    await host.presses("No, thank you")
    host.sees_last("All right. You have said no, and that is fine.")
    await stage.play(minutes=1)
    boss.sees("{name} has said no to: {role}.", name="Amina")
