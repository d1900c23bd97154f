"""Whatever is sent to it, the emulator answers in JSON, and what it keeps stays whole."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import emulator.server
from emulator import Emulator
from emulator.methods import METHODS
from emulator.world import Person
from tests.emulator.conftest import TOKEN, Api, ControlPlane


def bold(offset: object, length: object) -> list[dict[str, Any]]:
    return [{"type": "bold", "offset": offset, "length": length}]


# Seen in live tests of the Bot API by others, and in TDLib's sources.
ENTITIES: list[tuple[str, Any, str]] = [
    ("hello", bold(100, 1), "entity begins after the end of the text at UTF-16 offset 100"),
    (
        "hello",
        bold(0, 100),
        "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100",
    ),
    ("hello", bold(-1, 1), "receive an entity with incorrect offset -1"),
    ("hello", bold(0, -1), "receive an entity with incorrect length -1"),
    ("👉 x", bold(1, 1), "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
    (
        "👉 x",
        bold(0, 1),
        "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4",
    ),
    (
        "hello",
        [{"type": "sparkle", "offset": 0, "length": 1}],
        "can't parse MessageEntity: Unsupported type specified",
    ),
    (
        "hello",
        [{"type": "text_link", "offset": 0, "length": 1}],
        "can't parse MessageEntity: Can't find field \"url\"",
    ),
    (
        "hello",
        [{"type": "text_link", "offset": 0, "length": 1, "url": "localhost"}],
        "entity URL 'localhost' is invalid: Wrong HTTP URL",
    ),
]


@pytest.mark.parametrize(("text", "entities", "words"), ENTITIES)
async def test_entities_that_do_not_fit_their_text_are_refused(
    api: Api, amina: Person, text: str, entities: Any, words: str
) -> None:
    given = {"chat_id": amina.id, "text": text, "entities": entities}
    assert await api.refusal("sendMessage", **given) == f"Bad Request: {words}"


async def test_entities_that_fit_are_kept_and_empty_ones_dropped(api: Api, amina: Person) -> None:
    entities = bold(0, 2) + bold(1, 0) + bold(3, 1)
    sent = await api.ok("sendMessage", chat_id=amina.id, text="👉 x", entities=entities)
    assert sent["entities"] == bold(0, 2) + bold(3, 1)


MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("sendMessage", {"entities": [5]}),
    ("sendMessage", {"entities": {"type": "bold"}}),
    ("sendMessage", {"entities": [{"type": "text_mention", "offset": 0, "length": 1, "user": 5}]}),
    (
        "sendMessage",
        {"entities": [{"type": "text_mention", "offset": 0, "length": 1, "user": {"id": "x"}}]},
    ),
    ("sendMessage", {"entities": [{"type": "date_time", "offset": 0, "length": 1}]}),
    ("sendMessage", {"entities": [{"type": [], "offset": 0, "length": 1}]}),
    ("sendMessage", {"reply_parameters": {"message_id": "x"}}),
    ("sendMessage", {"reply_parameters": {"message_id": []}}),
    ("sendMessage", {"reply_markup": 5}),
    ("sendMessage", {"reply_markup": {"inline_keyboard": [[5]]}}),
    (
        "sendMessage",
        {"reply_markup": {"inline_keyboard": [[{"text": "a", "copy_text": "x"}]]}},
    ),
    ("sendMessage", {"reply_markup": "[" * 100_000}),
    ("setMyCommands", {"commands": [], "scope": {"type": []}}),
    ("setMyCommands", {"commands": [], "scope": [1]}),
    ("deleteMessages", {"message_ids": [[]] * 101}),
]


@pytest.mark.parametrize(("method", "params"), MALFORMED)
async def test_parameters_of_the_wrong_shape_are_refused_in_json(
    api: Api, amina: Person, method: str, params: dict[str, Any]
) -> None:
    status, body = await api(method, **{"chat_id": amina.id, "text": "hello", **params})
    assert (status, body["ok"]) == (400, False)


async def test_a_number_without_end_is_none(api: Api, amina: Person) -> None:
    where = {"chat_id": amina.id, "message_id": float("inf")}
    assert "not found" in await api.refusal("editMessageText", **where, text="x")


async def test_a_mistake_of_the_emulator_is_told_in_json(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "getMe", lambda _call: 1 / 0)
    status, body = await api("getMe")
    assert (status, body["ok"]) == (500, False)


HALF = '{"chat_id": %d, "text": "half \\ud83d"}'
NESTED = '{"chat_id": %d, "text": "x", "entities": "[{\\"type\\": \\"\\\\ud83d\\"}]"}'


@pytest.mark.parametrize("body", [HALF, NESTED])
async def test_half_a_character_is_refused(api: Api, amina: Person, body: str) -> None:
    async with api.http.post(
        f"{api.base}/bot{TOKEN}/sendMessage",
        data=body % amina.id,
        headers={"Content-Type": "application/json"},
    ) as answer:
        told = json.loads(await answer.text())
    assert told["description"] == "Bad Request: strings must be encoded in UTF-8"
    whole = await api.ok("sendMessage", chat_id=amina.id, text="whole 👉")
    assert whole["text"] == "whole 👉"


async def test_half_a_character_is_said_by_nobody(control: ControlPlane, amina: Person) -> None:
    status, answer = await control("POST", f"people/{amina.id}/say", {"text": "half \ud83d"})
    assert status == 400
    assert "UTF-8" in answer["error"]


async def test_saving_goes_on_after_it_has_failed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(emulator.server, "SAVE_EVERY", 0.01)
    path = tmp_path / "not yet" / "state.json"
    running = Emulator(state=path)
    await running.start()
    running.world.new_person("Half \ud83d")
    await asyncio.sleep(0.1)
    assert "could not be saved" in caplog.text
    path.parent.mkdir()
    await asyncio.sleep(0.1)
    assert path.exists()
    await running.stop()
    again = Emulator(state=path)
    await again.start()
    assert [person.first_name for person in again.world.people.values()] == ["Half \ud83d"]
    await again.stop()


CONTROL: list[tuple[str, Any]] = [
    ("clock", {"jump": "soon"}),
    ("clock", {"jump": float("nan")}),
    ("clock", {"jump": float("inf")}),
    ("clock", {"jump": 1e12}),
    ("clock", {"now": 5}),
    ("clock", {"now": "9999-12-31T00:00:00+00:00"}),
    ("clock/play", {"until": []}),
    ("clock/play", {"days": float("inf")}),
    ("clock/play", {"days": 1e9}),
    ("clock/play", {"months": 1e300}),
    ("faults", {"kind": []}),
    ("faults", {"kind": "500", "times": "x"}),
    ("faults", {"kind": "500", "every": 0}),
    ("faults", {"kind": "500", "skip": "x"}),
    ("faults", {"kind": "500", "method": 5}),
    ("faults", {"kind": "429", "retry_after": "x"}),
    ("faults", {"kind": "error", "code": 99}),
    ("faults", {"kind": "error", "code": "x"}),
    ("faults", {"kind": "error", "parameters": "x"}),
    ("faults", {"kind": "delay", "seconds": "x"}),
    ("faults", {"kind": "delay", "seconds": float("inf")}),
    ("people", {"first_name": 5}),
    ("people", {"first_name": "x", "language_code": ["ar"]}),
    ("people", {"first_name": "x", "id": "y"}),
    ("limits", {"per_second": "x"}),
    ("people/{id}/say", {"text": 5}),
    ("people/{id}/location", {"latitude": float("nan"), "longitude": 0}),
    ("people/{id}/press", {"message_id": float("inf"), "data": "x"}),
]


@pytest.mark.parametrize(("path", "body"), CONTROL)
async def test_wrong_values_are_refused_by_the_control_plane_and_change_nothing(
    api: Api, control: ControlPlane, amina: Person, path: str, body: Any
) -> None:
    status, answer = await control("POST", path.format(id=amina.id), body)
    assert status == 400
    assert isinstance(answer["error"], str)
    assert await control.get("faults") == []
    assert (await control.get("state"))["people"][0]["id"] == amina.id
    await api.ok("sendMessage", chat_id=amina.id, text="still here")


async def test_only_its_own_page_may_play_with_it(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    own = f"127.0.0.1:{emulator.port}"
    foreign: list[dict[str, str]] = [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{emulator.port + 1}"},
        {"Host": f"elsewhere.example:{emulator.port}"},
        {"Host": "["},
    ]
    for headers in foreign:
        for path in ("state", "stream", f"people/{amina.id}/messages"):
            async with api.http.get(f"{api.base}/control/{path}", headers=headers) as answer:
                assert answer.status == 403, headers
        block = f"{api.base}/control/people/{amina.id}/block"
        async with api.http.post(block, headers=headers) as answer:
            assert answer.status == 403, headers
    assert not amina.blocked
    for headers in ({}, {"Origin": f"http://{own}"}, {"Host": f"localhost:{emulator.port}"}):
        async with api.http.get(f"{api.base}/control/state", headers=headers) as answer:
            assert answer.status == 200, headers
