"""Updates: offsets, waiting, conflicts, retention, and what is asked for."""

import asyncio
import json
import time

import aiohttp
import pytest

from emulator import Emulator
from emulator.world import Person
from tests.emulator.conftest import TOKEN, Api


async def numbers(api: Api, **params: int) -> list[int]:
    return [update["update_id"] for update in await api.ok("getUpdates", **params)]


@pytest.fixture
def three(emulator: Emulator, amina: Person) -> list[int]:
    """The numbers of three updates that wait."""
    for text in ("one", "two", "three"):
        emulator.world.say(amina.id, text)
    return [entry.number for entry in emulator.world.updates.entries]


async def test_what_is_not_acknowledged_is_given_out_again(api: Api, three: list[int]) -> None:
    assert await numbers(api) == three
    assert await numbers(api) == three
    assert await numbers(api, offset=three[1]) == three[1:]
    assert await numbers(api, offset=three[0]) == three[1:], "what is forgotten stays so"
    assert await numbers(api, offset=three[2] + 1) == []
    assert await numbers(api) == []


async def test_a_limit_leaves_the_rest_waiting(api: Api, three: list[int]) -> None:
    assert await numbers(api, limit=2) == three[:2]
    assert await numbers(api, limit=0) == three[:1]


async def test_a_negative_offset_keeps_only_the_last(api: Api, three: list[int]) -> None:
    assert await numbers(api, offset=-1) == three[2:]
    assert await numbers(api) == three[2:]


@pytest.mark.parametrize("far", [1_000_000, -200_000])
async def test_an_offset_that_is_far_off_forgets_nothing(
    api: Api, three: list[int], far: int
) -> None:
    assert await numbers(api, offset=three[0] + far) == three


async def test_a_poll_waits_until_something_comes(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    waiting = asyncio.create_task(numbers(api, timeout=20))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    begin = time.monotonic()
    emulator.world.say(amina.id, "hello")
    assert len(await waiting) == 1
    assert time.monotonic() - begin < 1


async def test_a_poll_ends_with_nothing_when_its_time_is_over(api: Api) -> None:
    begin = time.monotonic()
    assert await numbers(api, timeout=1) == []
    assert 0.9 < time.monotonic() - begin < 3


async def test_a_second_poll_ends_the_first_with_a_conflict(api: Api) -> None:
    first = asyncio.create_task(api("getUpdates", timeout=20))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(api("getUpdates", timeout=1))
    status, body = await first
    assert (status, body["description"]) == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance "
        "is running",
    )
    assert (await second)[0] == 200


async def test_a_webhook_ends_a_poll_and_forbids_the_next(api: Api) -> None:
    first = asyncio.create_task(api.refusal("getUpdates", timeout=20))
    await asyncio.sleep(0.05)
    await api.ok("setWebhook", url="http://127.0.0.1:9/")
    assert await first == "Conflict: terminated by setWebhook request"
    assert await api.refusal("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
        "delete the webhook first"
    )
    await api.ok("deleteWebhook")
    begin = time.monotonic()
    assert await numbers(api, timeout=1) == []
    assert time.monotonic() - begin > 0.9, "the poll waits again"


async def test_a_stopping_server_lets_polls_go() -> None:
    emulator = Emulator(token=TOKEN)
    await emulator.start()
    async with aiohttp.ClientSession() as http:
        api = Api(http, emulator.url)
        waiting = asyncio.create_task(api("getUpdates", timeout=50))
        await asyncio.sleep(0.05)
        begin = time.monotonic()
        await emulator.stop()
        assert time.monotonic() - begin < 0.9
        assert (await waiting)[1]["description"] == "Internal Server Error: restart"


async def test_presses_are_kept_for_minutes_and_messages_for_a_day(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    emulator.world.say(amina.id, "hello")
    emulator.world.press(amina.id, 99, "old", forged=True)
    emulator.clock.jump(151)
    assert [set(u) for u in await api.ok("getUpdates")] == [{"update_id", "message"}]
    emulator.clock.jump(24 * 3600)
    assert await api.ok("getUpdates") == []


async def test_a_bot_gets_what_it_asked_for_until_it_asks_otherwise(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    await api.ok("getUpdates", allowed_updates=["message", "nonsense"])
    emulator.world.block(amina.id)
    emulator.world.start(amina.id)
    assert [set(u) for u in await api.ok("getUpdates")] == [{"update_id", "message"}]
    await api.ok("getUpdates", offset=-1, allowed_updates=[])
    emulator.world.block(amina.id)
    kinds = [set(u) - {"update_id"} for u in await api.ok("getUpdates")]
    assert kinds == [{"message"}, {"my_chat_member"}]


async def test_an_answer_stays_below_four_megabytes(api: Api, emulator: Emulator) -> None:
    for _ in range(3):
        emulator.world.updates.inject({"message": {"text": "x" * 2_000_000}})
    assert [len(await api.ok("getUpdates")) for _ in range(1)] == [2]


async def test_poison_is_given_out_as_it_is(api: Api, emulator: Emulator) -> None:
    emulator.world.updates.inject({"message": {"from": {"id": "x"}}})
    emulator.world.updates.inject({"brand_new_thing": {}})
    first, second = await api.ok("getUpdates")
    assert first["message"] == {"from": {"id": "x"}}
    assert second["brand_new_thing"] == {}


async def test_bytes_that_are_no_update_come_once(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    emulator.world.updates.inject_text("{broken")
    emulator.world.say(amina.id, "hello")
    with pytest.raises(json.JSONDecodeError):
        await api.ok("getUpdates")
    [update] = await api.ok("getUpdates")
    assert update["message"]["text"] == "hello"


async def test_nothing_is_shared_between_two_emulators(api: Api, emulator: Emulator) -> None:
    other = Emulator(token=TOKEN)
    await other.start()
    try:
        person = other.world.new_person("Ben")
        other.world.start(person.id)
        other.faults.add("500", times=None)
        other.clock.jump(99)
        assert await api.ok("getUpdates") == []
        assert emulator.world.people == {}
        assert emulator.clock.offset.total_seconds() == 0
    finally:
        await other.stop()
