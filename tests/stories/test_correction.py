"""What has gone out is put right, and taken back, in every copy that can still be edited."""

from tests.stories.conftest import BOTH_WAYS, Coming, Stage
from tests.stories.steps import a_newsletter, goes_out


@BOTH_WAYS
async def test_an_animator_corrects_a_newsletter_and_then_takes_it_back(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    readers = [await stage.member(f"Reader {number}", reader) for number in range(3)]
    blocked = await stage.member("Blocked", reader)
    await a_newsletter(boss)
    await goes_out(boss)
    stage.emulator.world.block(blocked.id)
    messages = {somebody.id: len(somebody.from_bot()) for somebody in readers}

    await boss.presses("Correct it")
    await boss.presses("Languages and preview")
    await boss.presses("✏️")
    await boss.says("Winter news")
    await boss.says("The library open in January.")
    await boss.presses("Back to the message")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=1)
    for somebody in readers:
        assert somebody.has_read("open in January")
        assert not somebody.has_read("closed in January")
        assert somebody.has_read("Corrected:")
        assert len(somebody.from_bot()) == messages[somebody.id], "an edit is no new message"
    boss.sees("Copies changed: {n}", n="3")

    late = await stage.member("Late", reader)
    await late.says("/news")
    late.sees("open in January")

    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("📰")
    await boss.presses("Take it back")
    await goes_out(boss)
    for somebody in readers:
        assert not somebody.has_read("open in January")
        assert somebody.has_read("The team has taken this message back.")
    await late.says("/news")
    late.sees_last("There is no newsletter yet.")
