"""The control plane: what tests and the chat page do, and what they see."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from emulator import Emulator
from emulator.world import Person, UnknownError
from tests.emulator.conftest import Api, ControlPlane

KEYS = {
    "inline_keyboard": [
        [{"text": "Yes", "callback_data": "y"}, {"text": "Site", "url": "https://e.org"}],
        [{"text": "Code", "copy_text": {"text": "42"}}],
    ]
}


async def kinds(api: Api) -> list[str]:
    """Acknowledge what waits and return the kinds."""
    updates = await api.ok("getUpdates")
    if updates:
        await api.ok("getUpdates", offset=updates[-1]["update_id"] + 1)
    return [next(key for key in update if key != "update_id") for update in updates]


async def test_the_state_names_the_bot_the_clock_and_the_people(
    api: Api, control: ControlPlane, amina: Person
) -> None:
    state = await control.get("state")
    assert state["people"] == [
        {
            "id": amina.id,
            "first_name": "Amina",
            "last_name": "",
            "username": "",
            "language_code": "ar",
            "blocked": False,
            "deactivated": False,
            "note": "",
        }
    ]
    assert set(state["clock"]) == {"now", "offset", "stopped", "revision", "playing"}
    assert state["bot"]["connected"] is False
    await api.ok("getUpdates")
    assert (await control.get("state"))["bot"]["connected"] is True
    await control.post(f"people/{amina.id}/say", text="hello")
    assert (await control.get("state"))["pending"] == 1


async def test_people_come_and_go(api: Api, control: ControlPlane) -> None:
    ben = await control.post("people", first_name="Ben", language_code="uk", username="ben")
    eve = await control.post("people", first_name="Eve", id=4_000_000_001)
    assert (ben["language_code"], eve["id"]) == ("uk", 4_000_000_001)
    assert len(str(ben["id"])) in {9, 10}
    await control.post(f"people/{ben['id']}/start")
    await api.ok("sendMessage", chat_id=ben["id"], text="x")
    assert (await control("DELETE", f"people/{ben['id']}"))[0] == 200
    assert [p["first_name"] for p in (await control.get("state"))["people"]] == ["Eve"]
    words = "Bad Request: chat not found"
    assert await api.refusal("sendMessage", chat_id=ben["id"], text="x") == words


async def test_some_numbers_are_longer_than_32_bits(emulator: Emulator) -> None:
    ids = [emulator.world.new_person(f"Person {n}").id for n in range(40)]
    assert len(set(ids)) == 40
    assert min(ids) < 2**32 < max(ids)


async def test_every_act_becomes_the_update_that_telegram_sends(
    api: Api, control: ControlPlane, amina: Person
) -> None:
    me = f"people/{amina.id}"
    said = await control.post(f"{me}/say", text="one")
    await control.post(f"{me}/edit", message_id=said["message_id"], text="two")
    await control.post(f"{me}/start", payload="abc")
    await control.post(f"{me}/location", latitude=48.85, longitude=2.35)
    await control.post(f"{me}/contact")
    form = aiohttp.FormData({"kind": "photo", "caption": "us"})
    form.add_field("file", b"\x89PNG", filename="p.png", content_type="image/png")
    async with control.http.post(f"{control.base}{me}/file", data=form) as answer:
        assert (await answer.json())["attachment"]["kind"] == "photo"
    updates = await api.ok("getUpdates")
    messages = [u.get("message") or u["edited_message"] for u in updates]
    assert messages[1]["text"] == "two"
    assert messages[1]["edit_date"] >= messages[1]["date"]
    assert messages[2]["text"] == "/start abc"
    assert messages[2]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert messages[3]["location"] == {"latitude": 48.85, "longitude": 2.35}
    assert messages[4]["contact"]["user_id"] == amina.id
    assert (messages[5]["caption"], len(messages[5]["photo"])) == ("us", 1)


async def test_who_has_blocked_the_bot_cannot_write_until_starting_it_again(
    api: Api, control: ControlPlane, emulator: Emulator, amina: Person
) -> None:
    me = f"people/{amina.id}"
    await control.post(f"{me}/block")
    await control.post(f"{me}/block")
    assert (await control("POST", f"{me}/say", {"text": "x"}))[0] == 400
    await control.post(f"{me}/start")
    [blocked, unblocked, _] = await api.ok("getUpdates")
    statuses = [
        (u["my_chat_member"]["old_chat_member"]["status"], u["my_chat_member"]["new_chat_member"])
        for u in (blocked, unblocked)
    ]
    bot = emulator.world.bot_user()
    assert statuses == [
        ("member", {"user": bot, "status": "kicked", "until_date": 0}),
        ("kicked", {"user": bot, "status": "member"}),
    ]
    await kinds(api)
    assert (await control.post(f"{me}/deactivate"))["deactivated"] is True
    assert await kinds(api) == []
    assert (await control("POST", f"{me}/start"))[0] == 400


async def test_buttons_are_pressed_by_data_or_by_what_they_read(
    api: Api, control: ControlPlane, amina: Person
) -> None:
    sent = await api.ok("sendMessage", chat_id=amina.id, text="?", reply_markup=KEYS)
    me, number = f"people/{amina.id}/press", sent["message_id"]
    first = await control.post(me, message_id=number, data="y")
    second = await control.post(me, message_id=number, text="Yes")
    presses = [update["callback_query"] for update in await api.ok("getUpdates")]
    assert [p["id"] for p in presses] == [p["callback_query_id"] for p in (first, second)]
    assert [p["data"] for p in presses] == ["y", "y"]
    assert presses[0]["message"] == sent
    for body in ({"data": "n"}, {"text": "No"}, {"text": "Site"}):
        assert (await control("POST", me, {"message_id": number, **body}))[0] == 404
    assert (await control("POST", me, {"message_id": 999, "data": "y"}))[0] == 404


async def test_forged_presses_are_let_through_on_request(
    api: Api, control: ControlPlane, amina: Person
) -> None:
    me = f"people/{amina.id}/press"
    sent = await api.ok("sendMessage", chat_id=amina.id, text="?", reply_markup=KEYS)
    await control.post(me, message_id=sent["message_id"], data="forged", forged=True)
    await control.post(me, message_id=999, data="gone", forged=True)
    first, second = [update["callback_query"] for update in await api.ok("getUpdates")]
    assert (first["data"], first["message"]) == ("forged", sent)
    assert second["message"] == {"chat": sent["chat"], "message_id": 999, "date": 0}


async def test_a_chat_is_shown_as_its_person_sees_it(
    api: Api, control: ControlPlane, emulator: Emulator, amina: Person
) -> None:
    sent = await api.ok(
        "sendMessage",
        chat_id=amina.id,
        text='<b>Hi</b> <a href="https://e.org">there</a>',
        parse_mode="HTML",
        reply_markup=KEYS,
        protect_content=True,
        disable_notification=True,
        reply_parameters={"message_id": 1},
    )
    blob = emulator.world.keep("plan.pdf", "application/pdf", b"%PDF")
    document = await api.ok("sendDocument", chat_id=amina.id, document=blob.file_id, caption="c")
    await api.ok("pinChatMessage", chat_id=amina.id, message_id=document["message_id"])
    await api.ok("sendVenue", chat_id=amina.id, latitude=1, longitude=2, title="T", address="A")
    await api.ok("deleteMessage", chat_id=amina.id, message_id=1)
    start, message, plan, venue = await control.get(f"people/{amina.id}/messages")
    assert (start["from"], start["deleted"]) == ("person", True)
    assert message["html"] == (
        '<b>Hi</b> <a href="https://e.org" rel="noopener noreferrer">there</a>'
    )
    flags = ("protected", "silent", "pinned", "edited", "deleted")
    assert {flag: message[flag] for flag in flags} == dict(
        zip(flags, (True, True, False, False, False), strict=True)
    )
    assert message["reply_to"] == 1
    assert sent["reply_to_message"]["text"] == "/start"
    assert message["buttons"] == [
        [
            {"text": "Yes", "data": "y", "url": None, "copy_text": None},
            {"text": "Site", "data": None, "url": "https://e.org", "copy_text": None},
        ],
        [{"text": "Code", "data": None, "url": None, "copy_text": "42"}],
    ]
    assert (plan["text"], plan["pinned"]) == ("c", True)
    assert (plan["attachment"]["file_name"], plan["attachment"]["size"]) == ("plan.pdf", 4)
    assert venue["attachment"] == {
        "kind": "venue",
        "latitude": 1,
        "longitude": 2,
        "title": "T",
        "address": "A",
    }
    later = await control.get(f"people/{amina.id}/messages?after={plan['message_id']}")
    assert [m["message_id"] for m in later] == [venue["message_id"]]
    async with control.http.get(f"{api.base}{plan['attachment']['url']}") as answer:
        assert await answer.read() == b"%PDF"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"] == "sandbox"


@pytest.mark.parametrize(
    ("scopes", "seen"),
    [
        (["default:"], "default:"),
        (["default:", "default:ar"], "default:ar"),
        (["default:ar", "all_private_chats:"], "all_private_chats:"),
        (["all_private_chats:", "all_private_chats:ar"], "all_private_chats:ar"),
        (["all_private_chats:ar", "chat:"], "chat:"),
        (["chat:", "chat:ar"], "chat:ar"),
        (["chat:fr", "default:"], "default:"),
    ],
)
async def test_people_see_the_narrowest_commands_and_their_language_first(
    api: Api, control: ControlPlane, amina: Person, scopes: list[str], seen: str
) -> None:
    for scope in scopes:
        kind, language = scope.split(":")
        where: dict[str, Any] = {"type": kind, **({"chat_id": amina.id} if kind == "chat" else {})}
        commands = [{"command": "a", "description": scope}]
        given = {"scope": where, "language_code": language}
        await api.ok("setMyCommands", commands=commands, **given)
        assert await api.ok("getMyCommands", **given) == commands
    [command] = await control.get(f"people/{amina.id}/commands")
    assert command["description"] == seen
    kind, language = seen.split(":")
    where = {"type": kind, **({"chat_id": amina.id} if kind == "chat" else {})}
    await api.ok("deleteMyCommands", scope=where, language_code=language)
    left = await control.get(f"people/{amina.id}/commands")
    assert seen not in [command["description"] for command in left]


@pytest.fixture
async def events(control: ControlPlane) -> AsyncIterator["asyncio.Queue[Any]"]:
    """What the stream tells."""
    told: asyncio.Queue[Any] = asyncio.Queue()

    async def listen(answer: aiohttp.ClientResponse) -> None:
        async for line in answer.content:
            if line.startswith(b"data: "):
                told.put_nowait(json.loads(line[6:]))

    async with control.http.get(f"{control.base}stream") as answer:
        assert answer.content_type == "text/event-stream"
        listening = asyncio.create_task(listen(answer))
        yield told
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_the_stream_tells_everything_as_it_happens(
    api: Api,
    control: ControlPlane,
    emulator: Emulator,
    amina: Person,
    events: "asyncio.Queue[Any]",
) -> None:
    async def next_event() -> Any:
        return await asyncio.wait_for(events.get(), 2)

    sent = await api.ok("sendMessage", chat_id=amina.id, text="x", reply_markup=KEYS)
    event = await next_event()
    assert (event["type"], event["person"]) == ("message", amina.id)
    assert event["message"] == emulator.world.messages(amina.id)[-1]
    where = {"chat_id": amina.id, "message_id": sent["message_id"]}
    await api.ok("editMessageText", **where, text="y")
    event = await next_event()
    assert (event["type"], event["message"]["text"]) == ("edit", "y")
    press = emulator.world.press(amina.id, 1, "d", forged=True)
    toast = {"text": "Done", "show_alert": True}
    await api.ok("answerCallbackQuery", callback_query_id=press, **toast)
    assert await next_event() == {"type": "toast", "person": amina.id, **toast}
    await api.ok("sendChatAction", chat_id=amina.id, action="typing")
    assert await next_event() == {"type": "action", "person": amina.id, "action": "typing"}
    await api.ok("deleteMessage", **where)
    event = await next_event()
    assert (event["type"], event["message_id"]) == ("delete", sent["message_id"])
    emulator.clock.jump(60)
    event = await next_event()
    assert (event["type"], event["revision"]) == ("clock", 2)
    emulator.world.new_person("Ben")
    assert (await next_event())["type"] == "people"
    await control.post("bot", revision=2, idle=True, next_due=None)
    assert (await next_event())["type"] == "bot"
    await control.post("bot", revision=2, idle=True, next_due=None)
    emulator.world.new_person("Eve")
    assert (await next_event())["type"] == "people", "a report that says nothing new is not told"


async def test_calls_are_recorded_and_their_record_is_bounded(
    api: Api, control: ControlPlane, emulator: Emulator, amina: Person
) -> None:
    await api.ok("sendMessage", chat_id=amina.id, text="x")
    await api.refusal("sendMessage", chat_id=amina.id, text="")
    first, second = await control.get("calls")
    assert (first["method"], first["params"]) == (
        "sendMessage",
        {"chat_id": amina.id, "text": "x"},
    )
    assert (first["ok"], second["ok"]) == (True, False)
    assert second["description"] == "Bad Request: message text is empty"
    assert await control.get(f"calls?after={first['number']}") == [second]
    assert emulator.calls.maxlen is not None


async def test_raw_updates_are_injected(api: Api, control: ControlPlane) -> None:
    poison = await control.post("updates", message={"from": {"id": "x"}})
    again = await control.post("updates", update_id=poison["update_id"], poll={})
    assert again == poison
    await control.post("updates", raw_text='"no update"')
    updates = await api.ok("getUpdates")
    assert [u if isinstance(u, str) else u["update_id"] for u in updates] == [
        poison["update_id"],
        poison["update_id"],
        "no update",
    ]


async def test_the_transcript_holds_everything(
    control: ControlPlane, emulator: Emulator, amina: Person
) -> None:
    transcript = await control.get("transcript")
    assert transcript[str(amina.id)]["messages"] == emulator.world.messages(amina.id)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("GET", "people/5/messages", None, 404),
        ("GET", "people/x/messages", None, 400),
        ("GET", "files/nothing", None, 404),
        ("POST", "people", {}, 400),
        ("POST", "people", {"first_name": "X", "id": -1}, 400),
        ("POST", "people/5/say", {"text": "x"}, 404),
        ("POST", "clock", {}, 400),
        ("POST", "clock", [], 400),
        ("POST", "bot", {}, 400),
    ],
)
async def test_what_makes_no_sense_is_answered_with_an_error(
    control: ControlPlane, verb: str, path: str, body: Any, status: int
) -> None:
    got, answer = await control(verb, path, body)
    assert got == status
    assert set(answer) == {"error"}


async def test_people_cannot_do_what_makes_no_sense(
    control: ControlPlane, emulator: Emulator, amina: Person
) -> None:
    me = f"people/{amina.id}"
    for act, body, status in (
        ("dance", {}, 404),
        ("say", {}, 400),
        ("say", {"text": " "}, 400),
        ("edit", {"message_id": 99, "text": "x"}, 404),
        ("file", {}, 400),
    ):
        got, answer = await control("POST", f"{me}/{act}", body)
        assert (got, set(answer)) == (status, {"error"}), act
    with pytest.raises(UnknownError):
        emulator.world.press(amina.id, 1, "x")


async def test_a_long_text_goes_in_several_messages(emulator: Emulator, amina: Person) -> None:
    emulator.world.say(amina.id, "x" * 5000)
    texts = [m["text"] for m in emulator.world.messages(amina.id)[1:]]
    assert [len(text) for text in texts] == [4096, 904]
