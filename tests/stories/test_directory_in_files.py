"""A coordinator brings the directory of another system, and takes ours along."""

import json
from typing import Any

from tests.stories.conftest import BOTH_WAYS, Coming, Stage
from tests.stories.reading import bare
from tests.stories.steps import works_as_a_coordinator

SAID: dict[str, Any] = {
    "id": "o1",
    "name": "Help Desk",
    "description": "",
    "x_unknown": [1, {"two": None}],
    "services": [
        {
            "id": f"s{number}",
            "name": f"Service {number}",
            "status": "active",
            "assured_date": "2026-11-23",  # the day before: nobody is asked to confirm it
        }
        for number in range(15)
    ],
}


@BOTH_WAYS
async def test_a_directory_is_brought_in_the_chat_and_taken_along_again(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await works_as_a_coordinator(boss)
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("📇 Directory as a file")
    boss.sees_last("Only what is in the directory is in the file: nothing of members.")
    await boss.presses("📥 Bring a file")
    await boss.presses("English")
    boss.sees_last("Send the file now: HSDS 3.0 as JSON, or its tables in a ZIP file.")

    broken = {**SAID, "services": [{"id": "s1", "name": "A", "status": "open"}]}
    await boss.sends_file("x.json", json.dumps(broken).encode())
    boss.sees_last("HSDS does not know the word “{what}” here.", what="open")
    boss.sees_last("services[0].status")

    await boss.sends_file("x.json", json.dumps(SAID).encode())
    boss.sees_last("➕ New: {n}", n="16")
    boss.sees_last("Help Desk", "Service 9")
    assert "Service 14" not in bare(boss.last["text"])
    await boss.presses("More ▶")
    boss.sees_last("Service 14")
    await boss.presses("✅ Write it")
    boss.sees_last("✅ The directory has been written.")
    boss.sees_last("➕ New: {n}", n="16")

    await boss.presses("Back")
    await boss.presses("📤 Take it along")
    assert json.loads(boss.picture(boss.last)) == [SAID]


async def test_what_is_the_same_is_not_written_and_what_is_left_neither(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await works_as_a_coordinator(boss)

    async def brings(said: Any) -> None:
        await boss.says("/report")
        await boss.presses("Set up the network")
        await boss.presses("📇 Directory as a file")
        await boss.presses("📥 Bring a file")
        await boss.presses("English")
        await boss.sends_file("x.json", json.dumps(said).encode())

    await brings(SAID)
    await boss.presses("Leave it")
    boss.sees_last("All right, nothing of the file was written.")
    await brings(SAID)
    await boss.presses("✅ Write it")
    await brings(SAID)
    boss.sees_last("There is nothing to write.")
    boss.sees_last("🟰 As it is: {n}", n="16")
    await brings({**SAID, "name": "Help Place"})
    boss.sees_last("“Help Desk” → “Help Place”")
    await boss.presses("✅ Write it")
    boss.sees_last("✏️ Changes: {n}", n="1")
