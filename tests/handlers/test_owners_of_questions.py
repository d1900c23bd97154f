"""What organisers are asked has an owner in the team's inbox, and says when it is late."""

from datetime import timedelta

from bot.database import Database
from community import bridge, inbox, people
from community.events import Event
from community.exchanges import Exchange, Kind
from community.roles import RoleName
from tests.handlers.conftest import Calling
from tests.handlers.test_desk import a_published_event, the


async def test_a_question_about_an_event_is_taken_handed_on_and_told_when_it_is_late(
    phone: Calling, database: Database
) -> None:
    animator, other = [await phone(number, "en", RoleName.ANIMATOR) for number in (1, 3)]
    await phone(2)
    await a_published_event(animator)
    event: Event = await the(database, Event)
    async with database.transaction() as session:
        member = await people.by_telegram_id(session, 2)
        assert member is not None
        asked = await bridge.begin(session, member, Kind.EVENT, event.ref, animator.now)
        await bridge.write(session, member, asked.ref, "Far?", animator.now, language="en")
    await animator.gets("inbox.list")
    await animator.presses("❓")
    assert "Nobody takes care of it yet." in animator.last
    assert "To be answered by:" in animator.last
    await animator.presses("🙋 I take it")
    assert "Taken care of by: you" in animator.last
    await animator.presses("↪️ Hand it on")
    assert "Who takes care of this question?" in animator.last, "nobody's name goes with it"
    await animator.presses(animator.buttons[0])
    await other.gets("team_notice.handed_on", ref=asked.ref)
    await other.presses("Read it")
    assert "Taken care of by: you" in other.last

    question: Exchange = await the(database, Exchange)
    assert question.due_at is not None
    other.now = question.due_at + timedelta(seconds=1)
    async with database.transaction() as session:
        assert await inbox.ring(session, other.now, "Europe/Paris") == 1
    await other.gets("inbox.list")
    assert other.buttons[0].startswith("🔴 ❓ ")
    assert "🔴 Overdue: 1" in other.last
    await other.gets("question_overdue", ref=asked.ref)
    await other.presses("Read it")
    assert "🔴 It should have been answered by:" in other.last
