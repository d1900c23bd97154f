"""One set of expectations, two clients that nobody here wrote: aiogram and python-telegram-bot."""

import aiohttp
import pytest

from emulator import Emulator
from tests.emulator.clients import Client, Refused


@pytest.fixture
def amina(emulator: Emulator) -> int:
    person = emulator.world.new_person("Amina", "ar")
    emulator.world.start(person.id)
    return person.id


async def test_the_bot_has_a_name(client: Client) -> None:
    assert await client.me() == "diwan_demo_bot"


async def test_a_message_arrives_with_its_entities(
    client: Client, emulator: Emulator, amina: int
) -> None:
    number = await client.send(amina, "👋 <b>Hello</b>, Amina &amp; friends", parse_mode="HTML")
    message = emulator.world.messages(amina)[-1]
    assert (message["message_id"], message["text"]) == (number, "👋 Hello, Amina & friends")
    assert message["entities"] == [{"type": "bold", "offset": 3, "length": 5}]


async def test_a_command_comes_with_its_entity_and_is_kept_until_acknowledged(
    client: Client, amina: int
) -> None:
    first = await client.fetch(None)
    again = await client.fetch(None)
    assert first[0][0] == again[0][0]
    number, kind, message = first[0]
    assert (kind, message.text) == ("message", "/start")
    assert message.entities[0].type == "bot_command"
    assert await client.fetch(number + 1) == []


async def test_a_button_is_pressed_and_answered_once(
    client: Client, emulator: Emulator, amina: int
) -> None:
    number = await client.send(amina, "Coming?", keys=True)
    emulator.world.press(amina, number, "y:1")
    query = (await client.fetch(None))[-1][2]
    assert (query.data, query.message.message_id) == ("y:1", number)
    await client.answer(query.id, "Thanks")
    with pytest.raises(Refused, match="[Qq]uery is too old"):
        await client.answer(query.id, "Thanks")


async def test_an_edit_shows_in_place_and_the_same_edit_is_refused(
    client: Client, emulator: Emulator, amina: int
) -> None:
    number = await client.send(amina, "one")
    await client.edit(amina, number, "two")
    message = emulator.world.messages(amina)[-1]
    assert (message["text"], message["edited"]) == ("two", True)
    with pytest.raises(Refused, match="[Mm]essage is not modified"):
        await client.edit(amina, number, "two")


async def test_a_deleted_message_vanishes(client: Client, emulator: Emulator, amina: int) -> None:
    number = await client.send(amina, "one")
    await client.delete(amina, number)
    assert emulator.world.messages(amina)[-1]["deleted"]
    with pytest.raises(Refused, match="[Mm]essage to edit not found"):
        await client.edit(amina, number, "two")


async def test_files_are_sent_and_fetched(client: Client, emulator: Emulator, amina: int) -> None:
    await client.document(amina, "event.ics", b"BEGIN:VCALENDAR", "The event")
    attachment = emulator.world.messages(amina)[-1]["attachment"]
    assert (attachment["kind"], attachment["file_name"]) == ("document", "event.ics")
    sent = emulator.world.file(amina, "voice", "v.ogg", "audio/ogg", b"OggS", seconds=83)
    assert sent["voice"]["duration"] == 83
    voice = (await client.fetch(None))[-1][2].voice
    assert await client.file(voice.file_id) == b"OggS"
    place = b"\xff\xe1\0\x08place!"
    picture = (b"\xff\xd8\xff\xe0\0\4JF", b"\xff\xfe\0\4me", b"\xff\xda the picture")
    emulator.world.file(amina, "photo", "p.jpg", "image/jpeg", place.join(picture))
    photo = (await client.fetch(None))[-1][2].photo[-1]
    assert await client.file(photo.file_id) == picture[0] + picture[2], "nothing beside it"
    texts = "Привіт, «عالم»\r\n".encode() + bytes(range(256))
    emulator.world.file(amina, "document", "Тексти 1.po", "text/x-gettext", texts)
    document = (await client.fetch(None))[-1][2].document
    assert (document.file_name, document.file_size) == ("Тексти 1.po", len(texts))
    assert await client.file(document.file_id) == texts
    await client.photo(amina, b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\0\0\0\x10\0\0\0\x20")
    assert emulator.world.messages(amina)[-1]["attachment"]["kind"] == "photo"


async def test_places_and_copies(client: Client, emulator: Emulator, amina: int) -> None:
    number = await client.location(amina)
    assert emulator.world.messages(amina)[-1]["attachment"]["latitude"] == 48.85
    await client.copy(amina, number)
    assert await client.chat_name(amina) == "Amina"


async def test_blocking_is_an_update_and_a_refusal(
    client: Client, emulator: Emulator, amina: int
) -> None:
    emulator.world.block(amina)
    kind, update = (await client.fetch(None))[-1][1:]
    assert kind == "my_chat_member"
    assert str(update.new_chat_member.status) in {"kicked", "ChatMemberStatus.KICKED"}
    with pytest.raises(Refused, match="bot was blocked by the user"):
        await client.send(amina, "hello")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "message text is empty"),
        ("   ", "text must be non-empty"),
        ("x" * 4097, "message is too long"),
        ("<b>x", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("</b>", "can't parse entities: Unexpected end tag at byte offset 0"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<script>x</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("é<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
async def test_telegrams_refusals_in_telegrams_words(
    client: Client, amina: int, text: str, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        await client.send(amina, text, parse_mode="HTML")
    assert words.lower() in str(refused.value).lower()


async def test_who_never_came_cannot_be_written_to(client: Client, emulator: Emulator) -> None:
    stranger = emulator.world.new_person("Stranger").id
    with pytest.raises(Refused, match="can't initiate conversation"):
        await client.send(stranger, "hello")
    with pytest.raises(Refused, match="[Cc]hat not found"):
        await client.send(987654321012, "hello")
    emulator.world.start(stranger)
    emulator.world.deactivate(stranger)
    with pytest.raises(Refused, match="user is deactivated"):
        await client.send(stranger, "hello")


@pytest.mark.parametrize(
    ("language", "names", "words"),
    [
        ("ckb", ["menu"], "language code"),
        ("pt-br", ["menu"], "language code"),
        ("fr", ["Menu"], "BOT_COMMAND_INVALID"),
        ("fr", ["m" * 33], "command length must not exceed 32"),
    ],
)
async def test_commands_are_checked(
    client: Client, language: str, names: list[str], words: str
) -> None:
    with pytest.raises(Refused) as refused:
        await client.commands(language, names)
    assert words.lower() in str(refused.value).lower()


async def test_commands_follow_language_and_scope(
    client: Client, emulator: Emulator, amina: int
) -> None:
    await client.commands("", ["menu", "help"])
    await client.commands("ar", ["menu"])
    async with aiohttp.ClientSession(emulator.url) as http:
        answer = await http.get(f"/control/people/{amina}/commands")
        assert [c["command"] for c in await answer.json()] == ["menu"]


async def test_telegram_deletes_bidi_overrides_and_keeps_isolates(
    client: Client, emulator: Emulator, amina: int
) -> None:
    await client.send(amina, "a\u202eb\u2068c\u2069\td", parse_mode="HTML")
    assert emulator.world.messages(amina)[-1]["text"] == "ab\u2068c\u2069 d"


async def test_an_old_button_press_is_too_old(
    client: Client, emulator: Emulator, amina: int
) -> None:
    number = await client.send(amina, "Coming?", keys=True)
    query = emulator.world.press(amina, number, "y:1")
    emulator.clock.jump(200)
    with pytest.raises(Refused, match="[Qq]uery is too old"):
        await client.answer(query, "late")


async def test_the_bot_knows_itself(client: Client) -> None:
    me = await client.do("get_me")
    assert (me.id, me.is_bot, me.first_name) == (123456789, True, "Diwan")
    await client.do("set_my_name", name="Majlis")
    assert (await client.do("get_me")).first_name == "Majlis"
    for field in ("name", "description", "short_description"):
        await client.do(f"set_my_{field}", **{field: "اسم", "language_code": "ar"})
        found = await client.do(f"get_my_{field}", language_code="ar")
        assert getattr(found, field) == "اسم"


async def test_every_kind_of_entity_is_parsed(
    client: Client, emulator: Emulator, amina: int
) -> None:
    markup = (
        "<b>b</b><i>i</i><u>u</u><s>s</s><tg-spoiler>p</tg-spoiler><code>c</code>"
        '<pre><code class="language-py">x</code></pre><a href="https://e.org">l</a>'
        f'<a href="tg://user?id={amina}">m</a><blockquote>q</blockquote>'
        '<blockquote expandable>e</blockquote><tg-time unix="1790000000" format="wDT">t</tg-time>'
    )
    sent = await client.do("send_message", chat_id=amina, text=markup, parse_mode="HTML")
    assert [str(getattr(e.type, "value", e.type)) for e in sent.entities] == [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "blockquote",
        "expandable_blockquote",
        "date_time",
    ]
    assert sent.entities[6].language == "py"
    assert sent.entities[8].user.first_name == "Amina"


async def test_a_keyboard_changes_without_the_text(
    client: Client, emulator: Emulator, amina: int
) -> None:
    number = await client.send(amina, "Coming?", keys=True)
    where = {"chat_id": amina, "message_id": number}
    assert (await client.do("edit_message_reply_markup", **where)).reply_markup is None
    shown = emulator.world.messages(amina)[-1]
    assert (shown["text"], shown["buttons"]) == ("Coming?", [])


async def test_a_place_with_a_name_and_an_action(client: Client, amina: int) -> None:
    sent = await client.do(
        "send_venue", chat_id=amina, latitude=1, longitude=2, title="T", address="A"
    )
    assert (sent.venue.title, sent.venue.location.latitude) == ("T", 1)
    assert await client.do("send_chat_action", chat_id=amina, action="typing")


async def test_a_caption_is_edited_in_place(
    client: Client, emulator: Emulator, amina: int
) -> None:
    number = await client.document(amina, "a.txt", b"x", "before")
    where = {"chat_id": amina, "message_id": number}
    edited = await client.do(
        "edit_message_caption", **where, caption="<b>after</b>", parse_mode="HTML"
    )
    assert (edited.caption, edited.caption_entities[0].length) == ("after", 5)
    assert edited.document.file_name == "a.txt"


DOT = b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\0\0\0\x10\0\0\0\x20"


async def test_a_picture_takes_the_place_of_another_and_of_a_text_uploaded_or_known(
    client: Client, emulator: Emulator, amina: int
) -> None:
    number = await client.photo(amina, DOT)
    edited = await client.media(amina, number, DOT + b"2", "<b>another</b>")
    assert (edited.caption, edited.caption_entities[0].length) == ("another", 7)
    assert await client.file(edited.photo[-1].file_id) == DOT + b"2"
    text = await client.send(amina, "a text")
    edited = await client.media(amina, text, edited.photo[-1].file_id, "")
    assert (edited.text, edited.caption) == (None, None)
    shown = emulator.world.messages(amina)[-1]
    assert (shown["attachment"]["kind"], shown["text"], shown["edited"]) == ("photo", "", True)


async def test_what_was_sent_as_a_file_cannot_be_sent_as_a_photo(
    client: Client, emulator: Emulator, amina: int
) -> None:
    emulator.world.file(amina, "document", "p.png", "image/png", DOT)
    known = (await client.fetch(None))[-1][2].document.file_id
    with pytest.raises(Refused, match="(?i)can.t use file of type document as photo"):
        await client.do("send_photo", chat_id=amina, photo=known)
    assert (await client.do("send_document", chat_id=amina, document=known)).document.file_id


async def test_a_file_name_in_any_script_arrives(
    client: Client, emulator: Emulator, amina: int
) -> None:
    await client.document(amina, "زيارة و 1%.txt", "مرحبا\r\n--x".encode(), "")
    attachment = emulator.world.messages(amina)[-1]["attachment"]
    assert attachment["file_name"] == "زيارة و 1%.txt"
    [blob] = emulator.world.blobs.values()
    assert blob.content.decode() == "مرحبا\r\n--x"


async def test_messages_are_pinned_and_deleted_together(
    client: Client, emulator: Emulator, amina: int
) -> None:
    numbers = [await client.send(amina, text) for text in ("one", "two")]
    await client.do("pin_chat_message", chat_id=amina, message_id=numbers[0])
    assert emulator.world.messages(amina)[-2]["pinned"]
    await client.do("delete_messages", chat_id=amina, message_ids=[*numbers, 999])
    assert [m["deleted"] for m in emulator.world.messages(amina)] == [False, True, True]


async def test_who_is_in_a_chat(client: Client, amina: int) -> None:
    member = await client.do("get_chat_member", chat_id=amina, user_id=amina)
    assert member.user.first_name == "Amina"
    assert (await client.do("get_chat", chat_id=amina)).type == "private"


async def test_everything_that_people_do_can_be_read(
    client: Client, emulator: Emulator, amina: int
) -> None:
    world = emulator.world
    said = world.say(amina, "one @amina https://e.org")
    world.edit(amina, said["message_id"], "two")
    world.location(amina, 1, 2)
    world.contact(amina, "+33600000000")
    for kind in ("photo", "document", "voice"):
        world.file(amina, kind, "f", "x/y", b"x", "caption")
    world.press(amina, 999, "forged", forged=True)
    world.block(amina)
    world.unblock(amina)
    updates = await client.fetch(None)
    assert [kind for _, kind, _ in updates] == [
        "message",
        "message",
        "edited_message",
        *["message"] * 5,
        "callback_query",
        "my_chat_member",
        "my_chat_member",
    ]
    content = [update for _, _, update in updates]
    assert content[3].location.longitude == 2
    assert content[4].contact.phone_number.endswith("33600000000")
    assert content[5].photo[-1].file_id
    assert content[8].message.message_id == 999


async def test_a_webhook_is_told_and_taken_away(client: Client) -> None:
    await client.do("set_webhook", url="http://127.0.0.1:9/", secret_token="x")
    found = await client.do("get_webhook_info")
    assert (found.url, found.pending_update_count) == ("http://127.0.0.1:9/", 0)
    await client.do("delete_webhook")
    assert (await client.do("get_webhook_info")).url == ""


async def test_commands_are_read_back(client: Client, amina: int) -> None:
    await client.commands("ar", ["menu", "help"])
    found = await client.do("get_my_commands", language_code="ar")
    assert [command.command for command in found] == ["menu", "help"]
    await client.do("delete_my_commands", language_code="ar")
    assert list(await client.do("get_my_commands", language_code="ar")) == []


# python-telegram-bot announces that it will one day return a timedelta.
@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")
async def test_a_flood_wait_is_understood(client: Client, emulator: Emulator, amina: int) -> None:
    emulator.faults.add("429", method="sendMessage", retry_after=7)
    with pytest.raises(Refused, match="7"):
        await client.send(amina, "x")


async def test_a_client_can_say_goodbye(client: Client) -> None:
    assert await client.do("close")
    assert await client.do("log_out")
