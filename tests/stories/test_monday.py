"""An animator's Monday: what is due, a question, a contact, and the hand-over before leave."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from community import people, roles
from community.exchanges import Exchange
from community.people import Person
from community.roles import Role, RoleName
from community.team_tasks import TeamTask
from locales import native_name
from tests.stories.conftest import RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare

WAYS = pytest.mark.parametrize(("team", "reader"), [("ar", "uk"), ("en", "ar")])

HOURS: Mapping[str, tuple[str, str]] = {
    "en": ("Opening hours", "The office is open from 9:00 to 17:00."),
    "ar": ("ساعات العمل", "المكتب مفتوح من 9:00 إلى 17:00."),
    "uk": ("Години роботи", "Офіс працює з 9:00 до 17:00."),
}
"""A template: its name and its text."""
QUESTION = {"uk": "Коли працює офіс?", "ar": "متى يفتح المكتب؟"}
CALL = {"en": "Ask for a room in June", "ar": "طلب قاعة لشهر يونيو"}
GAZETTE = {"en": "Gazette, editor", "ar": "الجريدة، المحرر"}


async def a_second(stage: Stage, language: str) -> Somebody:
    """Let a second animator be there."""
    second = await stage.member("Second", language)
    async with stage.app.database.transaction() as session:
        actor = await people.by_telegram_id(session, second.id)
        assert actor is not None
        session.add(Role(person_id=actor.id, name=RoleName.ANIMATOR, granted_at=stage.now))
    return second


async def a_template(boss: Somebody, other: str) -> None:
    """Write a template in one's own language, and at the desk in another."""
    await boss.says("/animate")
    await boss.presses("🗒 Templates")
    boss.sees_last("There is none yet. Write down what you answer often.")
    await boss.presses("➕ New template")
    for words in HOURS[boss.language]:
        await boss.says(words)
    boss.sees_last(*HOURS[boss.language])
    await boss.presses("🌐 Translations")
    await boss.presses(native_name(other))
    for words in HOURS[other]:
        await boss.presses("Write it")
        await boss.says(words)


@WAYS
async def test_an_animators_monday(stage: Stage, animator: Coming, team: str, reader: str) -> None:
    boss = await animator(team)
    second = await a_second(stage, team)
    member = await stage.member("Oksana", reader)
    await a_template(boss, reader)
    await stage.begins(stage.now + timedelta(days=6) - timedelta(hours=2))  # Monday at nine
    await member.says("/ask")
    await member.says(QUESTION[reader])
    await stage.play(minutes=1)
    second.sees_last("✉️ A member has written to the team.")

    # What is due
    await boss.says("/animate")
    assert boss.last["buttons"][0][0]["text"].startswith("☀️"), "it is the first row"
    await boss.presses("☀️ Today")
    boss.sees_last("Nothing is due and nothing is stuck. 🎉")
    boss.sees_last("👋 Joined in the last 7 days: {n}", n="2")
    await stage.play(days=2)  # Wednesday: nobody has answered
    await boss.says("/animate")
    await boss.presses("☀️ Today")
    await boss.presses("🔴 Overdue answers: {n}", n="1")
    boss.sees_last("🔴 Overdue: {n}", n="1")
    await boss.presses("🔴 {name}", name="Oksana")
    boss.sees_last("Nobody takes care of it yet.", "🔴 It should have been answered by: {time}")
    await boss.presses("🙋 I take it")
    boss.sees_last("Taken care of by: {name}")
    await second.presses("Read it")
    second.sees_last("Taken care of by: {name}", name="Boss")

    # An answer by a template, in the member's language
    await boss.presses("🗒 Answer by a template")
    await boss.presses(HOURS[team][0])
    boss.sees_last("{name} gets this, without your name:", name="Oksana")
    assert HOURS[reader][1] in bare(boss.last["text"])
    assert HOURS[team][1] in bare(boss.last["text"]), "and what it says"
    await boss.presses("✏️ Change it first")
    assert HOURS[reader][1] in bare(boss.last["text"])
    await boss.presses("Cancel")
    await boss.presses("🗒 Answer by a template")
    await boss.presses(HOURS[team][0])
    await boss.presses("📤 Send it")
    boss.sees_last("Your answer is on its way.")
    await stage.play(minutes=1)
    member.sees_last("💬 An answer from the team:", HOURS[reader][1])
    assert directions(member.last["text"]) == RUNS[reader]
    assert "Boss" not in member.screen

    # A step with a contact
    await boss.says("/animate")
    await boss.presses("📇 Contacts")
    await boss.presses("➕ New contact")
    await boss.presses("Press")
    await boss.says(GAZETTE[team])
    boss.sees_last("No consent: no name and nothing else of a person is kept.")
    await boss.presses("✏️ Change")
    assert len(boss.buttons()) == 2, "what is personal waits for a consent"
    await boss.presses("Back")
    await boss.presses("✍️ They have agreed")
    await boss.says("…")
    await boss.presses("Today")
    await boss.presses("✏️ Change")
    await boss.presses("✏️ Name")
    await boss.says("Rosa Peer")
    assert "Rosa Peer" in bare(boss.last["text"])
    await boss.presses("➕ Next step")
    await boss.says(CALL[team])
    await boss.says(stage.now.strftime("%d.%m.%Y"))
    assert CALL[team][:10] in " ".join(boss.buttons())
    await boss.says("/animate")
    await boss.presses("☀️ Today")
    await boss.presses("▫️ {what}", what=CALL[team])
    boss.sees_last("With: {contact}", contact="Rosa Peer")
    await boss.presses("✅ It is done")
    boss.sees_last("It is done.")

    # Before leave
    await boss.says("/animate")
    await boss.presses("✅ Tasks")
    await boss.presses("➕ New task")
    await boss.says(CALL[team])
    await boss.presses("No fixed day")
    await boss.says("/animate")
    await boss.presses("☀️ Today")
    await boss.presses("🏖 Leave and hand over")
    boss.sees_last("✉️ Questions: {n}", n="1")
    boss.sees_last("✅ Tasks, and steps with contacts: {n}", n="1")
    await boss.presses("🏖 I am away until …")
    await boss.says((stage.now + timedelta(days=14)).strftime("%d.%m.%Y"))
    boss.sees_last("You are away until {day}. New questions go to the others.")
    await boss.presses("↪️ To {name}", name="Second")
    boss.sees_last("All of this goes to {name}:", name="Second")
    await boss.presses("✅ Yes, hand it over")
    boss.sees_last("You take care of nothing at the moment.")
    await stage.play(minutes=1)
    second.sees_last(
        "🤝 {name} has handed over to you what they took care of: {n}", name="Boss", n="2"
    )
    async with stage.app.database.transaction() as session:
        successor = await session.scalar(select(Person).where(Person.telegram_id == second.id))
        assert successor is not None
        owners = [
            *await session.scalars(select(Exchange.owner_id)),
            *await session.scalars(select(TeamTask.owner_id).where(TeamTask.done_at.is_(None))),
        ]
        assert owners == [successor.id, successor.id]
        assert await roles.holds(session, successor, RoleName.ANIMATOR, stage.now)

    # The member writes again: whoever is there hears of it
    heard = boss.times_read("✉️ A member has written to the team.")
    await member.says("/ask")
    await member.says(QUESTION[reader])
    await stage.play(hours=1)
    second.sees_last("✉️ A member has written to the team.")
    assert boss.times_read("✉️ A member has written to the team.") == heard
