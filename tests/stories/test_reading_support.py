"""A coordinator reads what came of the support, after it went through the chat."""

from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_directory, a_request_without_steps, staff


async def helped(adviser: Somebody, member: Somebody) -> None:
    """Let a request be accepted, completed, and confirmed."""
    await a_request_without_steps(member)
    for press in ("Show what was shared", "Accept", "It has begun", "Completed"):
        await adviser.presses(press)
    await member.presses("Read it")
    await member.presses("Yes, I was helped")


async def test_of_few_requests_nothing_is_told_that_gives_them_away(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    await helped(adviser, await stage.member("Amina"))
    await stage.play(minutes=1)  # figures tell what was before this moment
    await boss.says("/report")
    await boss.presses("Support by quarter")
    await boss.presses("{quarter}, still running")
    boss.sees("Requests sent to providers", "fewer than 5")
    assert not boss.has_read("Confirmed by the member")
