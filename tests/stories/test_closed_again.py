"""What was shown of somebody is closed in every copy of it, whatever happened on the way."""

from sqlalchemy import func, select

from community.live import LiveMessage
from community.referrals.sharing import NOTE_LIMIT, NOTES_LIMIT
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_directory, a_request, staff


async def a_town(stage: Stage, animator: Coming) -> tuple[Somebody, Somebody]:
    """Return the staff of an organisation, and a member who has asked it for help."""
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina")
    await a_request(amina)
    return adviser, amina


async def withdraws(member: Somebody) -> None:
    await member.says("/support")
    await member.presses("My requests")
    await member.presses("Chamber of Commerce")
    await member.presses("Withdraw my request")
    await member.presses("Yes, withdraw")


def reads(somebody: Somebody, words: str) -> bool:
    """Say whether these words stand anywhere in the chat, in any copy of any message."""
    return any(words in message["text"] for message in somebody.messages())


async def test_a_lost_answer_leaves_no_copy_that_nobody_can_close(
    stage: Stage, animator: Coming
) -> None:
    adviser, amina = await a_town(stage, animator)
    stage.emulator.faults.add("drop_after", method="sendMessage", chat_id=adviser.id)
    await adviser.presses("Show what was shared")
    adviser.sees_last("Name: {name}", name="Amina")
    assert adviser.last["protected"]
    await withdraws(amina)
    assert not reads(adviser, "Amina")
    assert not reads(adviser, "bakery")


async def test_staff_who_delete_their_account_keep_nothing_of_others(
    stage: Stage, animator: Coming
) -> None:
    adviser, _amina = await a_town(stage, animator)
    await adviser.presses("Show what was shared")
    assert reads(adviser, "Amina")
    await adviser.says("/me")
    await adviser.presses("Delete my data")
    await adviser.presses("Yes, delete")
    assert not reads(adviser, "Amina")
    assert not reads(adviser, "bakery")
    async with stage.app.database.transaction() as session:
        of_them = select(func.count()).where(LiveMessage.chat_id == adviser.id)
        assert await session.scalar(of_them) == 0


async def test_a_note_grows_until_it_fills_one_message_and_all_of_it_is_closed(
    stage: Stage, animator: Coming
) -> None:
    adviser, amina = await a_town(stage, animator)
    rounds = 0
    while True:
        await adviser.presses("Show what was shared")
        await adviser.presses("Ask for one more thing")
        if not any("how to reach them" in label for label in adviser.buttons()):
            break
        rounds += 1
        await adviser.presses("how to reach them")
        await amina.presses("Read it")
        await amina.presses("Write it")
        await amina.says(f"{rounds}: " + "secret " * (NOTE_LIMIT // 7 - 1))
        await stage.play(seconds=20)  # two cards of one moment would be one
    assert rounds == NOTES_LIMIT // NOTE_LIMIT - 1, "beside what stood in the request itself"
    assert "1: secret" in adviser.screen
    assert f"{rounds}: secret" in adviser.screen
    await withdraws(amina)
    assert not reads(adviser, "secret")
