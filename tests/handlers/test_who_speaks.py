"""Speakers on an event's card: asked for after their consent, previewed like the other words."""

from community.roles import RoleName
from tests.handlers.conftest import Calling


async def test_members_read_who_speaks_once_the_animator_says_that_they_agreed(
    phone: Calling,
) -> None:
    boss, amina = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    await boss.says("/animate")
    await boss.presses("📅 Events")
    await boss.presses("New event")
    for words in ("Tea", "25.12. 18:00", "Cellar"):
        await boss.says(words)
    await boss.presses("➕ What else there is")
    await boss.presses("🎤 Who speaks")
    assert "Have all of them agreed to that?" in boss.last
    await boss.presses("✅ Yes, they have agreed")
    await boss.says("Rosa Peer: how she <opened> a bakery")
    assert "Rosa Peer: how she <opened> a bakery" in boss.last
    await boss.presses("Back")
    await boss.presses("Back to the event")
    await boss.presses("🔁 Repeat")
    await boss.presses("Every week")
    await boss.presses("Save these dates")
    await boss.presses("Back to the event")
    await boss.presses("Publish")
    await amina.says("/events")
    await amina.presses("Tea")
    assert "🎤 Rosa Peer: how she <opened> a bakery" in amina.last
    assert "🔁 Every week" in amina.last
    await amina.presses("✅ Going")
    await amina.presses("📅 All dates in my calendar")
    file = amina.seen[-1].file
    assert file is not None
    assert isinstance(file.content, bytes)
    assert b"RRULE:FREQ=WEEKLY" in file.content
    assert b"LOCATION:Cellar" in file.content
    await boss.presses("➕ What else there is")
    await boss.presses("🎤 Who speaks")
    await boss.presses("🗑 Name nobody any more")
    assert "Nobody is named." in boss.last
    await amina.says("/events")
    await amina.presses("Tea")
    assert "🎤" not in amina.last
