"""Misbehaviour on request: which calls are hit, and what the bot then sees."""

import time
from typing import Any

import aiohttp
import pytest

from emulator import Emulator
from emulator.world import Person
from tests.emulator.conftest import TOKEN, Api, ControlPlane


def arrived(emulator: Emulator, person: Person) -> int:
    return sum(m["from"] == "bot" for m in emulator.world.messages(person.id))


async def send(api: Api, person: Person) -> tuple[int, Any, str]:
    """Return status, Retry-After and body of a sendMessage."""
    data = {"chat_id": str(person.id), "text": "hello"}
    async with api.http.post(f"{api.base}/bot{TOKEN}/sendMessage", data=data) as answer:
        return answer.status, answer.headers.get("Retry-After"), await answer.text()


async def test_a_flood_wait_names_its_seconds_three_times(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    emulator.faults.add("429", retry_after=7)
    status, header, body = await send(api, amina)
    assert (status, header) == (429, "7")
    assert '"description": "Too Many Requests: retry after 7"' in body
    assert '"parameters": {"retry_after": 7}' in body
    assert (await send(api, amina))[0] == 200


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("429bare", 429, '"description": "Too Many Requests"}'),
        ("500", 500, "Internal Server Error: restart"),
        ("html502", 502, "<html>"),
    ],
)
async def test_what_was_refused_was_not_done(
    api: Api, emulator: Emulator, amina: Person, kind: str, status: int, words: str
) -> None:
    emulator.faults.add(kind)
    got, header, body = await send(api, amina)
    assert (got, header) == (status, None)
    assert words in body
    assert arrived(emulator, amina) == 0


async def test_any_error_can_be_asked_for(api: Api, emulator: Emulator, amina: Person) -> None:
    emulator.faults.add(
        "error",
        code=400,
        description="Bad Request: group chat was upgraded to a supergroup chat",
        parameters={"migrate_to_chat_id": -1001},
    )
    status, body = await api("sendMessage", chat_id=amina.id, text="x")
    assert (status, body["parameters"]) == (400, {"migrate_to_chat_id": -1001})


async def test_a_truncated_answer_was_delivered(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    emulator.faults.add("truncated200")
    status, _, body = await send(api, amina)
    assert status == 200
    assert body.startswith('{"ok":true')
    assert not body.endswith("}}")
    assert arrived(emulator, amina) == 1


@pytest.mark.parametrize(("kind", "delivered"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_cut_connection_may_or_may_not_have_delivered(
    api: Api, emulator: Emulator, amina: Person, kind: str, delivered: int
) -> None:
    emulator.faults.add(kind)
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(api, amina)
    assert arrived(emulator, amina) == delivered


async def test_a_hanging_answer_was_delivered_and_never_comes(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    emulator.faults.add("hang", seconds=0.3)
    begin = time.monotonic()
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(api, amina)
    assert time.monotonic() - begin > 0.25
    assert arrived(emulator, amina) == 1
    assert emulator.faults.add("hang").seconds == 60


async def test_a_delayed_answer_comes_late(api: Api, emulator: Emulator, amina: Person) -> None:
    emulator.faults.add("delay", seconds=0.3)
    begin = time.monotonic()
    assert (await send(api, amina))[0] == 200
    assert time.monotonic() - begin > 0.25


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        ({"times": 1}, "x....."),
        ({"times": 2, "skip": 1}, ".xx..."),
        ({"times": None}, "xxxxxx"),
        ({"times": None, "every": 3}, "..x..x"),
        ({"times": 1, "every": 2, "skip": 1}, "..x..."),
        ({"times": None, "method": "getMe"}, "......"),
        ({"times": None, "method": "SENDMESSAGE"}, "xxxxxx"),
        ({"times": None, "chat_id": 1}, "......"),
    ],
)
async def test_a_rule_hits_exactly_the_calls_it_names(
    api: Api, emulator: Emulator, amina: Person, rule: dict[str, Any], hit: str
) -> None:
    emulator.faults.add("500", **rule)
    statuses = [(await send(api, amina))[0] for _ in hit]
    assert "".join(".x"[status == 500] for status in statuses) == hit


async def test_a_rule_for_one_chat_spares_the_others(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    ben = emulator.world.new_person("Ben")
    emulator.world.start(ben.id)
    emulator.faults.add("500", chat_id=ben.id, times=None)
    assert (await send(api, amina))[0] == 200
    assert (await send(api, ben))[0] == 500


async def test_rules_are_made_listed_and_removed_from_outside(
    api: Api, control: ControlPlane, amina: Person
) -> None:
    made = await control.post("faults", kind="500", method="sendMessage", times=None)
    other = await control.post("faults", kind="429", times=3)
    rules = await control.get("faults")
    assert [(r["id"], r["kind"], r["times"]) for r in rules] == [
        (made["id"], "500", None),
        (other["id"], "429", 3),
    ]
    assert (await control("DELETE", f"faults/{made['id']}"))[0] == 200
    assert (await send(api, amina))[0] == 429
    assert (await control("DELETE", "faults"))[0] == 200
    assert (await send(api, amina))[0] == 200


@pytest.mark.parametrize(
    "rule", [{"kind": "no"}, {"kind": "500", "who": 1}, {}, {"kind": "500", "every": 0}]
)
async def test_a_rule_that_means_nothing_is_refused(
    control: ControlPlane, rule: dict[str, Any]
) -> None:
    status, body = await control("POST", "faults", rule)
    assert status == 400
    assert body["error"]


async def test_limits_are_off_until_asked_for(
    api: Api, emulator: Emulator, control: ControlPlane, amina: Person
) -> None:
    assert {(await send(api, amina))[0] for _ in range(40)} == {200}
    assert await control.post("limits", per_second=3) == {
        "per_second": 3,
        "per_chat": False,
        "per_group": None,
    }
    statuses = [(await send(api, amina))[0] for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    await control.post("limits", per_second=None, per_chat=True)
    ben = emulator.world.new_person("Ben")
    emulator.world.start(ben.id)
    assert [(await send(api, person))[0] for person in (ben, ben)] == [200, 429]
    assert (await send(api, ben))[1] == "1"
