"""Something of the team passes to a member step by step, and ends by itself; and what it opens."""

from datetime import timedelta

import pytest

from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import saying
from tests.stories.steps import an_event

PAIRS = pytest.mark.parametrize(("team", "reader"), [("ar", "uk"), ("en", "ar")])
"""The language of the team, and that of the members."""


async def agrees(stage: Stage, boss: Somebody, member: Somebody) -> None:
    """Look for the member by name, ask them, and let them say yes."""
    await boss.says("Amin")
    await boss.presses("Amina")
    if any(saying(boss.language, "{n} month").search(one) for one in boss.buttons()):
        await boss.presses("{n} months", n="3")
    boss.sees_last("They are asked first; nothing begins without their yes.")
    assert not member.has_read("🌱 Would you like to learn this, step by step: {role}?")
    await boss.presses("✅ Ask {name}", name="Amina")
    boss.sees_last("⏳ The member has been asked and has not answered yet.")
    await stage.play(minutes=1)
    member.sees("🌱 Would you like to learn this, step by step: {role}?")
    await member.presses("Look at the plan")
    member.sees_last("Who learns: {name}", "It begins when you say yes. You can say no.")
    await member.presses("✅ Yes, I would like to")
    await stage.play(minutes=1)
    boss.sees("🌱 {name} has said yes to the hand-over plan: {role}.", name="Amina")


async def moderates(boss: Somebody) -> None:
    """Begin a plan by which somebody becomes moderator."""
    await boss.says("/animate")
    for label in ("👥 Team", "🌱 Hand-over plans", "➕ New plan", "Moderator"):
        await boss.presses(label)


@PAIRS
async def test_a_member_learns_to_host_and_hosts_until_a_week_after(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(team), await stage.member("Amina", reader)
    start = stage.now + timedelta(days=6)
    await an_event(boss, days=6)
    await boss.presses("🤝 Who hosts it")
    await boss.presses("🌱 Hand it over step by step")
    await boss.presses("🔎 Look for a name")
    await agrees(stage, boss, member)
    await member.says("/menu")
    assert not any(saying(reader, "🤝 Events I host").search(one) for one in member.buttons())

    await stage.play(days=2)
    member.sees("🌱 Until today, in your hand-over plan: {what}")
    await member.presses("Look at it")
    await member.presses("✅ It is done")
    await stage.play(days=2)
    await boss.says("/animate")
    await boss.presses("☀️ Today")
    await boss.presses("Do it together")
    await boss.presses("✅ It is done")
    await member.says("/me")
    await member.presses("🌱 What passes to me: {role}")
    member.sees_last("Who teaches: {name}", "Do it together", name="Boss")
    await boss.presses("✅ Give the role")
    boss.sees_last("{n} step is not done yet.", n="1")
    await boss.presses("✅ Yes, pass it on")
    boss.sees_last("✅ It is done: the role has passed on.")
    await stage.play(minutes=1)
    member.sees("✅ You are now: {role}, until {day}.")

    await member.says("/menu")
    await member.presses("🤝 Events I host")
    await member.presses("Coffee for founders")
    await member.presses("📋 Answers")
    member.sees_last("Answers")
    await stage.play(until=start + timedelta(days=8))
    await member.says("/menu")
    assert not any(saying(reader, "🤝 Events I host").search(one) for one in member.buttons())


@PAIRS
async def test_a_member_learns_to_moderate_reads_what_was_reported_and_can_end_it(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(team), await stage.member("Amina", reader)
    guest = await stage.member("Salma", reader)
    await moderates(boss)
    await agrees(stage, boss, member)
    await member.presses("✖️ End the plan")
    await member.presses("Yes, end it")
    await stage.play(minutes=1)
    boss.sees("{name} has ended the hand-over plan: {role}.", name="Amina")

    await moderates(boss)
    await agrees(stage, boss, member)
    await boss.presses("Look at the plan")
    await boss.presses("✅ Give the role")
    await boss.presses("✅ Yes, pass it on")
    await stage.play(minutes=1)
    await an_event(boss)
    await guest.says("/events")
    await guest.presses("Coffee for founders")
    await guest.presses("❓ Ask the organisers")
    await guest.says("Is there a lift?")
    await guest.presses("🚩 Report it")
    await guest.presses("Yes, report it")
    await member.says("/menu")
    await member.presses("🚩 What was reported")
    await member.presses("🚩 {day}: reported messages")
    member.sees_last("Is there a lift?")
    assert "Salma" not in member.last["text"]
    await member.says("/animate")
    assert "Your desk" not in member.screen
