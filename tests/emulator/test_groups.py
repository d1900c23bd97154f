"""Groups and channels: one set of expectations, two clients that nobody here wrote."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiogram import Bot as Aiogram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from playwright.async_api import Page, expect

from emulator import Emulator
from emulator.group import Group
from emulator.server import Limits
from tests.emulator.clients import ByAiogram, Client, Refused
from tests.emulator.conftest import IN_A_BROWSER, TOKEN, Api, ControlPlane

WANTED = ["message", "channel_post", "callback_query", "my_chat_member", "chat_member"]
WANTED += ["chat_join_request"]


@pytest.fixture
def amina(emulator: Emulator) -> int:
    return emulator.world.new_person("Amina", "ar").id


@pytest.fixture
def ben(emulator: Emulator) -> int:
    return emulator.world.new_person("Ben", "uk").id


@pytest.fixture
def group(emulator: Emulator, ben: int) -> Group:
    """A supergroup of Ben's in which the bot is an administrator; the bot has heard of it."""
    group = emulator.groups.new("Lyon", owner=ben)
    emulator.groups.add_bot(group.id, ben)
    emulator.groups.promote_bot(group.id, ben)
    emulator.world.updates.clear()
    return group


async def heard(client: Client) -> list[tuple[str, Any]]:
    """Return what the bot is told, as this client reads it: the kind, and what it brings."""
    updates = await client.do("get_updates", allowed_updates=WANTED, timeout=0)
    kinds = [(k, getattr(u, k, None)) for u in updates for k in WANTED]
    found = [(kind, what) for kind, what in kinds if what is not None]
    if updates:
        await client.do("get_updates", offset=updates[-1].update_id + 1, timeout=0)
    return found


def status(member: Any) -> str:
    return str(getattr(member.status, "value", member.status))


async def test_the_bot_is_added_promoted_and_removed_and_told_so_each_time(
    client: Client, emulator: Emulator, ben: int
) -> None:
    group = emulator.groups.new("Lyon", "group", owner=ben)
    assert group.id < 0
    emulator.groups.add_bot(group.id, ben)
    emulator.groups.promote_bot(group.id, ben)
    emulator.groups.remove_bot(group.id, ben)
    told = [what for kind, what in await heard(client) if kind == "my_chat_member"]
    assert [status(change.new_chat_member) for change in told] == [
        "member",
        "administrator",
        "kicked",
    ]
    assert {(change.chat.title, change.from_user.first_name) for change in told} == {
        ("Lyon", "Ben")
    }
    with pytest.raises(Refused, match="bot was kicked from the group chat"):
        await client.send(group.id, "hello")


async def test_a_group_and_its_members_are_read(
    client: Client, emulator: Emulator, group: Group, amina: int, ben: int
) -> None:
    chat = await client.do("get_chat", chat_id=group.id)
    assert (str(getattr(chat.type, "value", chat.type)), chat.title) == ("supergroup", "Lyon")
    found = {
        who: status(await client.do("get_chat_member", chat_id=group.id, user_id=who))
        for who in (amina, ben, 123456789)
    }
    assert found == {amina: "left", ben: "creator", 123456789: "administrator"}
    leads = await client.do("get_chat_administrators", chat_id=group.id)
    assert [one.user.id for one in leads] == [ben, 123456789]
    emulator.groups.silence_bot(group.id, ben)
    me = await client.do("get_chat_member", chat_id=group.id, user_id=123456789)
    assert status(me) == "restricted"
    with pytest.raises(Refused, match="(?i)not enough rights to send text messages"):
        await client.send(group.id, "hello")
    await client.do("leave_chat", chat_id=group.id)
    with pytest.raises(Refused, match="bot is not a member of the supergroup chat"):
        await client.send(group.id, "hello")


async def test_the_bot_posts_and_edits_in_groups_and_channels(
    client: Client, emulator: Emulator, group: Group, ben: int
) -> None:
    channel = emulator.groups.new("News", "channel", owner=ben)
    emulator.groups.add_bot(channel.id, ben)
    for chat in (group.id, channel.id):
        number = await client.send(chat, "one", keys=True)
        await client.edit(chat, number, "two")
        shown = emulator.world.messages(chat)[-1]
        assert (shown["text"], shown["from"], shown["edited"]) == ("two", "bot", True)
    emulator.groups.promote_bot(channel.id, ben, [])
    with pytest.raises(Refused, match="(?i)need administrator rights in the channel chat"):
        await client.send(channel.id, "three")


async def test_a_bot_without_rights_hears_commands_and_answers_to_itself_alone(
    client: Client, emulator: Emulator, group: Group, amina: int, ben: int
) -> None:
    emulator.groups.demote_bot(group.id, ben)
    emulator.groups.join(group.id, amina)
    mine = await client.send(group.id, "a card", keys=True)
    await heard(client)
    say = emulator.groups.say
    say(group.id, amina, "my secret")
    say(group.id, amina, "/menu")
    say(group.id, amina, "/menu@another_bot")
    say(group.id, amina, "to you", reply_to=mine)
    emulator.groups.press(group.id, amina, mine, "y:1")
    told = await heard(client)
    assert [getattr(what, "text", None) or what.data for _, what in told] == [
        "/menu",
        "to you",
        "y:1",
    ]
    emulator.groups.promote_bot(group.id, ben)
    say(group.id, amina, "louder")
    assert (await heard(client))[-1][1].text == "louder"


async def test_who_asks_to_join_is_let_in_or_not_and_may_be_written_to_for_five_minutes(
    client: Client, emulator: Emulator, group: Group, amina: int
) -> None:
    with pytest.raises(Refused, match="can't initiate conversation"):
        await client.send(amina, "hello")
    emulator.groups.ask(group.id, amina)
    ((kind, request),) = await heard(client)
    assert (kind, request.from_user.first_name, request.user_chat_id) == (
        "chat_join_request",
        "Amina",
        amina,
    )
    await client.send(amina, "hello")
    emulator.clock.jump(301)
    with pytest.raises(Refused, match="can't initiate conversation"):
        await client.send(amina, "hello")
    both = {"chat_id": group.id, "user_id": amina}
    await client.do("decline_chat_join_request", **both)
    with pytest.raises(Refused, match="(?i)HIDE_REQUESTER_MISSING"):
        await client.do("approve_chat_join_request", **both)
    emulator.groups.ask(group.id, amina)
    await client.do("approve_chat_join_request", **both)
    assert group.members[amina] == "member"
    told = await heard(client)
    assert [kind for kind, _ in told] == ["chat_join_request", "chat_member", "message"]
    assert status(told[1][1].new_chat_member) == "member"
    assert told[2][1].new_chat_members[0].first_name == "Amina"
    with pytest.raises(Refused, match="(?i)USER_ALREADY_PARTICIPANT"):
        await client.do("approve_chat_join_request", **both)


async def test_without_the_right_nobody_is_let_in_and_no_request_is_told(
    client: Client, emulator: Emulator, group: Group, amina: int, ben: int
) -> None:
    emulator.groups.promote_bot(group.id, ben, ["can_manage_chat"])
    await heard(client)
    emulator.groups.ask(group.id, amina)
    assert await heard(client) == []
    with pytest.raises(Refused, match="(?i)not enough rights to manage chat invite link"):
        await client.do("approve_chat_join_request", chat_id=group.id, user_id=amina)


# python-telegram-bot says where a group has gone, and not in Telegram's words.
async def test_a_group_that_becomes_a_supergroup_says_where_it_has_gone(
    client: Client, emulator: Emulator, api: Api, ben: int
) -> None:
    old = emulator.groups.new("Lyon", "group", owner=ben)
    emulator.groups.add_bot(old.id, ben)
    number = await client.send(old.id, "one")
    await heard(client)
    new = emulator.groups.migrate(old.id, ben)
    left, arrived = [what for _, what in await heard(client)]
    assert (left.chat.id, left.migrate_to_chat_id) == (old.id, new.id)
    assert (arrived.chat.id, arrived.migrate_from_chat_id) == (new.id, old.id)
    status, answer = await api("sendMessage", chat_id=old.id, text="two")
    assert (status, answer["parameters"]) == (400, {"migrate_to_chat_id": new.id})
    assert answer["description"].endswith("group chat was upgraded to a supergroup chat")
    with pytest.raises(Refused, match=r"(?i)upgraded to a supergroup|migrated to supergroup"):
        await client.edit(old.id, number, "two")
    with pytest.raises(Refused, match="(?i)message to edit not found"):
        await client.edit(new.id, number, "two")
    await client.send(new.id, "two")
    emulator.groups.delete(new.id)
    with pytest.raises(Refused, match="the group chat was deleted"):
        await client.send(new.id, "three")


@pytest.fixture
async def aiogram(emulator: Emulator) -> AsyncIterator[ByAiogram]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(emulator.url))
    yield ByAiogram(Aiogram(TOKEN, session=session))
    await session.close()


async def test_a_group_takes_twenty_messages_and_changes_a_minute(
    aiogram: ByAiogram, emulator: Emulator, control: ControlPlane, group: Group, amina: int
) -> None:
    await control.post("limits", per_group=20)
    number = await aiogram.send(group.id, "1")
    for at in range(18):
        await aiogram.send(group.id, str(at))
    await aiogram.edit(group.id, number, "20")
    with pytest.raises(Refused, match=r"(?i)retry after [56]\d"):
        await aiogram.send(group.id, "21")
    emulator.world.start(amina)
    await aiogram.send(amina, "people are no group")


async def test_a_minute_later_a_group_takes_messages_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("emulator.server.MINUTE", 0.05)
    limits = Limits()
    limits.per_group = 1
    limits.count(-1)
    await asyncio.sleep(0.06)
    limits.count(-1)


async def test_the_control_plane_opens_groups_and_acts_in_them(
    control: ControlPlane, emulator: Emulator, amina: int, ben: int
) -> None:
    made = await control.post("groups", title="Lyon", kind="group", owner=ben)
    path = f"groups/{made['id']}"
    for act in ("add_bot", "promote_bot"):
        assert (await control.post(f"{path}/{act}", person=ben))["id"] == made["id"]
    assert (await control.post(f"{path}/ask", person=amina))["requests"] == [amina]
    assert (await control.post(f"{path}/join", person=amina))["members"] == [ben, amina]
    said = await control.post(f"{path}/say", person=amina, text="hello")
    assert (said["author"], said["text"]) == ("Amina", "hello")
    moved = await control.post(f"{path}/migrate", person=ben)
    assert moved["kind"] == "supergroup"
    shown = await control.get(f"groups/{made['id']}/messages")
    assert [one["service"] for one in shown if one["service"]] == [
        "added the bot",
        "has joined",
        "made this a supergroup",
    ]
    assert [one["id"] for one in (await control.get("state"))["groups"]] == [
        made["id"],
        moved["id"],
    ]
    assert str(moved["id"]) in await control.get("transcript")
    assert (await control("POST", f"{path}/fly", {"person": ben}))[0] == 404
    assert (await control("POST", "groups/-5/join", {"person": ben}))[0] == 404


@pytest.mark.browser
@IN_A_BROWSER[1]
async def test_the_page_shows_a_group_and_lets_somebody_act_in_it(
    page: Page, emulator: Emulator, amina: int, ben: int
) -> None:
    for who in (amina, ben):
        await expect(page.locator(f"[data-chip='{who}']")).to_be_visible()
    await page.click("#new-group")
    await page.fill("#add-group [name=title]", "Lyon")
    await page.select_option("#add-group-owner", str(ben))
    await page.click("#add-group .primary")
    panel = page.locator(".panel.group")
    await expect(panel.locator("h2")).to_have_text("Lyon")
    for who, act in ((ben, "add_bot"), (ben, "promote_bot"), (amina, "ask")):
        await panel.locator("[aria-label='Who does it']").select_option(str(who))
        await panel.locator("[aria-label='What to do']").select_option(act)
        await panel.locator(".deed button").click()
    await expect(panel.locator(".who p")).to_have_text("Supergroup, the bot is an administrator")
    await expect(panel.locator("[aria-label='Who does it']")).to_contain_text("Amina, has asked")
    (group,) = emulator.world.groups.values()
    async with aiohttp.ClientSession() as http:
        key = {"text": "More", "url": "https://t.me/diwan_demo_bot?start=e-1"}
        await Api(http, emulator.url).ok(
            "sendMessage",
            chat_id=group.id,
            text="<b>Réunion</b>",
            parse_mode="HTML",
            reply_markup={"inline_keyboard": [[key]]},
        )
    await expect(panel.locator(".bubble b")).to_have_text("Réunion")
    await panel.locator(".key").click()
    await expect(page.locator(f"section[data-person='{amina}'] .bubble")).to_contain_text("/start")
