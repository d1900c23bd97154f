"""Telegram's refusals, in Telegram's words. The table is typed here, from the research page."""

import json
from typing import Any

import pytest

from emulator import Emulator
from emulator.world import Person
from tests.emulator.conftest import TOKEN, Api

KEY = {"text": "a", "callback_data": "x"}
NO_ACTION = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"


def keyboard(*rows: list[Any]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


TEXT: list[tuple[dict[str, Any], str]] = [
    ({"chat_id": ""}, "chat_id is empty"),
    ({"chat_id": 5}, "chat not found"),
    ({"chat_id": "@somebody"}, "chat not found"),
    ({"text": ""}, "message text is empty"),
    ({"text": " \u200b"}, "text must be non-empty"),
    ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
    ({"text": "x" * 32769}, "text is too long"),
    ({"text": "x" * 4097}, "message is too long"),
    ({"parse_mode": "rtf"}, "unsupported parse_mode"),
    ({"reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ({"reply_markup": "[]"}, "object expected as reply markup"),
    (
        {"reply_markup": {"inline_keyboard": [KEY]}},
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
    ({"reply_markup": keyboard([{"text": "a"}])}, NO_ACTION),
    ({"reply_markup": keyboard([{"text": "a", "callback_data": ""}])}, NO_ACTION),
    ({"reply_markup": keyboard([{**KEY, "callback_data": "x" * 65}])}, "BUTTON_DATA_INVALID"),
    ({"reply_markup": keyboard([{**KEY, "callback_data": "é" * 33}])}, "BUTTON_DATA_INVALID"),
    ({"reply_markup": keyboard(*[[KEY] * 8] * 13)}, "reply markup is too long"),
    (
        {"reply_markup": keyboard([{"text": "a", "url": "http://localhost/"}])},
        "inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
    ),
    ({"reply_parameters": {"message_id": 999}}, "message to be replied not found"),
]


@pytest.mark.parametrize(("params", "words"), TEXT)
async def test_a_message_that_telegram_refuses(
    api: Api, emulator: Emulator, amina: Person, params: dict[str, Any], words: str
) -> None:
    before = emulator.world.messages(amina.id)
    given = {"chat_id": amina.id, "text": "hello", **params}
    assert await api.refusal("sendMessage", **given) == f"Bad Request: {words}"
    assert emulator.world.messages(amina.id) == before


@pytest.mark.parametrize(
    "params",
    [
        {"text": "x" * 4096},
        {"text": "&lt;" * 4096, "parse_mode": "html"},
        {"text": "👋" * 4096},
        {"reply_markup": keyboard([{**KEY, "callback_data": "x" * 64}])},
        {"reply_markup": keyboard(*[[KEY] * 8] * 12)},
        {"reply_markup": keyboard([{"text": "a", "copy_text": {"text": "x"}}])},
        {"reply_parameters": {"message_id": 999, "allow_sending_without_reply": True}},
    ],
)
async def test_a_message_at_the_limit_passes(
    api: Api, amina: Person, params: dict[str, Any]
) -> None:
    await api.ok("sendMessage", **{"chat_id": amina.id, "text": "hello", **params})


async def test_buttons_without_words_vanish(api: Api, amina: Person) -> None:
    markup = keyboard([{**KEY, "text": ""}, KEY], [{**KEY, "text": ""}])
    sent = await api.ok("sendMessage", chat_id=amina.id, text="x", reply_markup=markup)
    assert sent["reply_markup"]["inline_keyboard"] == [[KEY]]


async def test_who_cannot_be_written_to(api: Api, emulator: Emulator, amina: Person) -> None:
    stranger = emulator.world.new_person("Stranger")
    send = {"chat_id": stranger.id, "text": "x"}
    words = "Forbidden: bot can't initiate conversation with a user"
    assert await api.refusal("sendMessage", **send) == words
    emulator.world.block(amina.id)
    send["chat_id"] = amina.id
    assert await api.refusal("sendMessage", **send) == "Forbidden: bot was blocked by the user"
    emulator.world.deactivate(amina.id)
    assert await api.refusal("sendMessage", **send) == "Forbidden: user is deactivated"
    emulator.world.remove_person(amina.id)
    assert await api.refusal("sendMessage", **send) == "Bad Request: chat not found"


async def test_what_cannot_be_edited_or_deleted(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    own = emulator.world.say(amina.id, "mine")["message_id"]
    sent = (await api.ok("sendMessage", chat_id=amina.id, text="x"))["message_id"]
    where = {"chat_id": amina.id, "message_id": sent}
    assert await api.refusal("editMessageText", **where, text="x") == (
        "Bad Request: message is not modified: specified new message content and reply markup are "
        "exactly the same as a current content and reply markup of the message"
    )
    words = "Bad Request: there is no caption in the message to edit"
    assert await api.refusal("editMessageCaption", **where, caption="x") == words
    place = (await api.ok("sendLocation", chat_id=amina.id, latitude=1, longitude=2))["message_id"]
    blob = emulator.world.keep("p.png", "image/png", b"GIF8")
    media = {"type": "photo", "media": blob.file_id}
    words = "Bad Request: message can't be edited"
    assert (
        await api.refusal("editMessageMedia", **{**where, "message_id": place}, media=media)
        == words
    )
    voice = emulator.world.keep("v.ogg", "audio/ogg", b"OggS")
    spoken = (await api.ok("sendVoice", chat_id=amina.id, voice=voice.file_id))["message_id"]
    words = "Bad Request: there is no media in the message to edit"
    assert (
        await api.refusal("editMessageMedia", **{**where, "message_id": spoken}, media=media)
        == words
    )
    again = {
        **where,
        "message_id": (await api.ok("sendPhoto", chat_id=amina.id, photo=blob.file_id))[
            "message_id"
        ],
    }
    assert "message is not modified" in await api.refusal("editMessageMedia", **again, media=media)
    words = "Bad Request: message can't be edited"
    assert await api.refusal("editMessageText", **{**where, "message_id": own}, text="y") == words
    emulator.clock.jump(48 * 3600 + 1)
    words = "Bad Request: message can't be deleted"
    assert await api.refusal("deleteMessage", **where) == words
    await api.ok("editMessageText", **where, text="an old message can still be edited")
    gone = {**where, "message_id": 999}
    words = "Bad Request: message to delete not found"
    assert await api.refusal("deleteMessage", **gone) == words
    words = "Bad Request: message to edit not found"
    assert await api.refusal("editMessageReplyMarkup", **gone) == words
    words = "Bad Request: can't parse message_ids JSON object"
    assert await api.refusal("deleteMessages", chat_id=amina.id, message_ids="1,2") == words
    words = "Bad Request: message to copy not found"
    assert await api.refusal("copyMessage", **gone, from_chat_id=amina.id) == words


async def test_a_press_is_answered_once_and_in_time(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    words = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    press = emulator.world.press(amina.id, 1, "x", forged=True)
    await api.ok("answerCallbackQuery", callback_query_id=press)
    assert await api.refusal("answerCallbackQuery", callback_query_id=press) == words
    assert await api.refusal("answerCallbackQuery", callback_query_id="1") == words
    late = emulator.world.press(amina.id, 1, "x", forged=True)
    emulator.clock.jump(151)
    assert await api.refusal("answerCallbackQuery", callback_query_id=late) == words


COMMANDS: list[tuple[dict[str, Any], str]] = [
    ({"commands": "x"}, "can't parse commands JSON object"),
    (
        {"commands": [{"command": "a"}]},
        "can't parse BotCommand: Can't find field \"description\"",
    ),
    ({"commands": [{"command": "Menu", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    ({"commands": [{"command": "a-b", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    (
        {"commands": [{"command": "a" * 33, "description": "x"}]},
        "command length must not exceed 32",
    ),
    (
        {"commands": [{"command": "a", "description": ""}]},
        "command description must be non-empty",
    ),
    (
        {"commands": [{"command": "a", "description": "x" * 257}]},
        "command description length must not exceed 256",
    ),
    *[
        ({"language_code": code}, "invalid language code specified")
        for code in ("ckb", "prs", "pt-br", "zh-hans", "F", "FR")
    ],
]


@pytest.mark.parametrize(("params", "words"), COMMANDS)
async def test_commands_that_telegram_refuses(
    api: Api, params: dict[str, Any], words: str
) -> None:
    given = {"commands": [{"command": "a", "description": "x"}], **params}
    assert await api.refusal("setMyCommands", **given) == f"Bad Request: {words}"


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendDocument", {}, "there is no document in the request"),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "nonsense"}, "wrong file identifier/HTTP URL specified"),
        ("getFile", {}, "file_id not specified"),
        ("editMessageMedia", {}, 'parameter "media" is required'),
        ("editMessageMedia", {"media": []}, "can't parse InputMedia: expected an Object"),
        (
            "editMessageMedia",
            {"media": {"type": "photo"}},
            "can't parse InputMedia: media not found",
        ),
        (
            "editMessageMedia",
            {"media": {"type": "sticker", "media": "x"}},
            'can\'t parse InputMedia: type "sticker" is unsupported',
        ),
        (
            "editMessageMedia",
            {"media": {"type": "photo", "media": "nonsense"}},
            "wrong file identifier/HTTP URL specified",
        ),
        ("getFile", {"file_id": "x"}, "wrong file_id or the file is temporarily unavailable"),
        ("sendLocation", {"latitude": 91, "longitude": 0}, "wrong location specified"),
        ("sendChatAction", {"action": "dance"}, "wrong parameter action in request"),
    ],
)
async def test_other_refusals(
    api: Api, amina: Person, method: str, params: dict[str, Any], words: str
) -> None:
    assert await api.refusal(method, chat_id=amina.id, **params) == f"Bad Request: {words}"


async def test_files_that_are_too_big_or_nothing(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    blob = emulator.world.keep("big", "x/y", bytes(20 * 2**20 + 1))
    assert await api.refusal("getFile", file_id=blob.file_id) == "Bad Request: file is too big"
    photo = {"chat_id": amina.id, "photo": blob.file_id}
    assert "too big for a photo" in await api.refusal("sendPhoto", **photo)
    document = {"chat_id": amina.id, "document": blob.file_id}
    words = "Bad Request: message caption is too long"
    assert await api.refusal("sendDocument", **document, caption="x" * 1025) == words
    await api.ok("sendDocument", **document, caption="x" * 1024)
    text = emulator.world.keep("a.txt", "text/plain", b"no picture")
    photo["photo"] = text.file_id
    assert await api.refusal("sendPhoto", **photo) == "Bad Request: IMAGE_PROCESS_FAILED"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "nonsense"}, "invalid webhook URL specified"),
        ({"url": "https://e.org", "secret_token": "x" * 257}, "secret token is too long"),
        (
            {"url": "https://e.org", "secret_token": "ü"},
            "secret token contains unallowed characters",
        ),
        (
            {"url": "http://e.org"},
            "bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            {"url": "http://127.0.0.1.e.org"},
            "bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            {"url": "https://e.org:8080"},
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
    ],
)
async def test_webhooks_that_telegram_refuses(
    api: Api, params: dict[str, Any], words: str
) -> None:
    assert await api.refusal("setWebhook", **params) == f"Bad Request: {words}"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("botnonsense/getMe", 401, "Unauthorized: invalid token specified"),
        ("bot0123456:" + "B" * 35 + "/getMe", 401, "Unauthorized: invalid token specified"),
        ("bot123456789:" + "C" * 35 + "/getMe", 401, "Unauthorized"),
        ("file/bot123456789:" + "C" * 35 + "/documents/x", 401, "Unauthorized"),
        (f"bot{TOKEN}/sendDice", 404, "Not Found: method not found"),
        (f"bot{TOKEN}", 404, "Not Found"),
        ("nothing", 404, "Not Found"),
    ],
)
async def test_what_is_not_there_and_who_may_not(
    api: Api, path: str, status: int, words: str
) -> None:
    async with api.http.get(f"{api.base}/{path}") as answer:
        body = await answer.json()
    assert answer.status == status
    assert body == {"ok": False, "error_code": status, "description": words}


async def test_parameters_come_in_four_shapes_and_methods_in_any_case(
    api: Api, amina: Person
) -> None:
    url = f"{api.base}/bot{TOKEN}/SENDMESSAGE"
    params = {"chat_id": str(amina.id), "text": "سلام 👋", "protect_content": "yes"}
    for how in ({"params": params}, {"data": params}, {"json": params}):
        async with api.http.post(url, **how) as answer:  # type: ignore[arg-type]
            sent = (await answer.json())["result"]
            assert (sent["text"], sent["has_protected_content"]) == ("سلام 👋", True)
    async with api.http.get(url, params=params) as answer:
        assert answer.status == 200


async def test_strings_must_be_utf_8(api: Api, amina: Person) -> None:
    url = f"{api.base}/bot{TOKEN}/sendMessage"
    head = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"chat_id=%d&text=%%ff" % amina.id
    async with api.http.post(url, data=body, headers=head) as answer:
        assert json.loads(await answer.text())["description"] == (
            "Bad Request: strings must be encoded in UTF-8"
        )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ('filename="100%20.txt"', "100%20.txt"),
        ("filename=\"x\"; filename*=utf-8''%D9%85.txt", "م.txt"),
    ],
)
async def test_a_file_name_is_encoded_only_where_it_says_so(
    api: Api, amina: Person, given: str, name: str
) -> None:
    body = (
        f'--cut\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n{amina.id}\r\n'
        f'--cut\r\nContent-Disposition: form-data; name="document"; {given}\r\n\r\nx\r\n'
        "--cut--\r\n"
    )
    head = {"Content-Type": "multipart/form-data; boundary=cut"}
    url = f"{api.base}/bot{TOKEN}/sendDocument"
    async with api.http.post(url, data=body.encode(), headers=head) as answer:
        assert (await answer.json())["result"]["document"]["file_name"] == name
