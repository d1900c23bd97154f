"""Whoever uses the keyboard never loses their place: what they stand on goes, the focus stays."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from emulator import Emulator
from emulator.world import Person
from tests.emulator.conftest import IN_A_BROWSER, Bot, keys, panel, shown

pytestmark = IN_A_BROWSER

Way = Callable[[Page, Emulator, Bot, Person], Awaitable[str]]
"""Does something by keyboard and returns which element should have the focus then."""


async def choose(page: Page, person: Person, name: str) -> None:
    """Choose from the menu of a panel."""
    await panel(page, person).get_by_label("More").press("Enter")
    await panel(page, person).get_by_role("button", name=name).press("Enter")


async def starts(page: Page, _emulator: Emulator, _bot: Bot, amina: Person) -> str:
    await panel(page, amina).get_by_role("button", name="Start the bot").press("Enter")
    await expect(panel(page, amina).locator(".message")).to_have_count(1)
    return "textarea"


async def blocks(page: Page, _emulator: Emulator, _bot: Bot, amina: Person) -> str:
    await choose(page, amina, "Block the bot")
    await expect(panel(page, amina).get_by_text("has blocked the bot")).to_be_visible()
    return "[aria-label=More]"


async def is_blocked_while_writing(
    page: Page, emulator: Emulator, _bot: Bot, amina: Person
) -> str:
    await panel(page, amina).get_by_role("textbox").focus()
    emulator.world.block(amina.id)
    await expect(panel(page, amina).get_by_text("has blocked the bot")).to_be_visible()
    return ".blocked button"


async def unblocks(page: Page, emulator: Emulator, _bot: Bot, amina: Person) -> str:
    emulator.world.block(amina.id)
    await panel(page, amina).get_by_role("button", name="Unblock", exact=True).press("Enter")
    await expect(panel(page, amina).get_by_role("textbox")).to_be_visible()
    return "textarea"


async def removes_nobody(page: Page, _emulator: Emulator, _bot: Bot, amina: Person) -> str:
    await choose(page, amina, "Remove from this page")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    return "[aria-label=More]"


async def deletes_the_account(page: Page, _emulator: Emulator, _bot: Bot, amina: Person) -> str:
    await choose(page, amina, "Delete the account")
    await page.get_by_role("button", name="Delete it").press("Enter")
    await expect(panel(page, amina).get_by_text("has deleted the account")).to_be_visible()
    return "[aria-label=More]"


async def has_the_account_deleted_while_blocked(
    page: Page, emulator: Emulator, _bot: Bot, amina: Person
) -> str:
    emulator.world.block(amina.id)
    await panel(page, amina).get_by_role("button", name="Unblock", exact=True).focus()
    emulator.world.deactivate(amina.id)
    await expect(panel(page, amina).get_by_text("has deleted the account")).to_be_visible()
    return ".log"


async def goes_to_new_messages(page: Page, _emulator: Emulator, bot: Bot, amina: Person) -> str:
    for number in range(30):
        await bot.do("sendMessage", chat_id=amina.id, text=f"{number}")
    here = panel(page, amina)
    await expect(here.locator(".message")).to_have_count(30)
    await here.locator(".log").press("Home")
    await expect(here.locator(".message").first).to_be_in_viewport()
    await bot.do("sendMessage", chat_id=amina.id, text="newer")
    await here.get_by_role("button", name="New messages").press("Enter")
    await expect(here.get_by_text("newer")).to_be_in_viewport()
    await expect(here.get_by_role("button", name="New messages")).to_be_hidden()
    return ".log"


async def uncovers_a_text(page: Page, _emulator: Emulator, bot: Bot, amina: Person) -> str:
    text = "It is <tg-spoiler>seven</tg-spoiler>."
    await bot.do("sendMessage", chat_id=amina.id, text=text, parse_mode="HTML")
    await panel(page, amina).get_by_role("button", name="Show hidden text").press("Enter")
    await expect(panel(page, amina).get_by_text("seven")).to_be_visible()
    return ".text span span"


WAYS = [
    starts,
    blocks,
    is_blocked_while_writing,
    unblocks,
    removes_nobody,
    deletes_the_account,
    has_the_account_deleted_while_blocked,
    goes_to_new_messages,
    uncovers_a_text,
]


@pytest.mark.parametrize("way", WAYS)
async def test_the_focus_stays_in_the_panel_of_somebody_who(
    page: Page, emulator: Emulator, bot: Bot, way: Way
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    expected = await way(page, emulator, bot, amina)
    await expect(panel(page, amina).locator(expected).first).to_be_focused()


async def test_the_focus_goes_to_the_next_panel_when_one_is_removed(
    page: Page, emulator: Emulator
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    ben = await shown(page, emulator, "Ben", "en")
    await choose(page, ben, "Remove from this page")
    await page.get_by_role("button", name="Remove", exact=True).press("Enter")
    await expect(panel(page, ben)).to_have_count(0)
    await expect(panel(page, amina).locator(".log")).to_be_focused()
    await choose(page, amina, "Remove from this page")
    await page.get_by_role("button", name="Remove", exact=True).press("Enter")
    await expect(panel(page, amina)).to_have_count(0)
    await expect(page.locator("#welcome-add")).to_be_focused()


async def test_the_focus_stays_at_the_faults_when_all_or_one_are_removed(
    page: Page, emulator: Emulator
) -> None:
    summary = page.locator("#faults summary")
    for name in ("Remove all", "Remove: "):
        emulator.faults.add("500")
        await summary.press("Enter")
        await page.locator("#faults").get_by_role("button", name=name).press("Enter")
        await expect(page.locator("#fault-list li")).to_have_count(0)
        await expect(summary).to_be_focused()
        await page.keyboard.press("Escape")


async def test_the_faults_close_when_the_focus_leaves_them(page: Page, emulator: Emulator) -> None:
    await shown(page, emulator, "Amina", "en")
    sheet = page.locator("#faults .sheet")
    await page.locator("#faults summary").press("Enter")
    await expect(sheet).to_be_visible()
    await page.get_by_role("button", name="Add this fault").focus()
    await page.keyboard.press("Tab")
    await expect(sheet).to_be_hidden()
    assert await page.evaluate("document.activeElement !== document.body")


async def test_commands_are_chosen_with_the_arrows(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    names = ("menu", "events", "help")
    commands = [{"command": name, "description": name} for name in names]
    await bot.do("setMyCommands", commands=commands)
    opener = panel(page, amina).get_by_label("Commands")
    await opener.press("Enter")
    choice = panel(page, amina).locator(".commands > button")
    await expect(choice.nth(0)).to_be_focused()
    for key, place in (
        ("ArrowDown", 1),
        ("End", 2),
        ("ArrowDown", 0),
        ("ArrowUp", 2),
        ("Home", 0),
    ):
        await page.keyboard.press(key)
        await expect(choice.nth(place)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()


async def test_a_row_of_keys_is_met_in_the_order_in_which_it_is_read(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "أمينة", "ar")
    ben = await shown(page, emulator, "Ben", "en")
    for person in (amina, ben):
        await bot.do(
            "sendMessage", chat_id=person.id, text="?", reply_markup=keys([("1", "a"), ("2", "b")])
        )
    for person, order in ((amina, ["2", "1"]), (ben, ["1", "2"])):
        row = panel(page, person).locator(".key")
        await row.first.focus()
        met = [await page.locator(":focus").inner_text()]
        await page.keyboard.press("Tab")
        met.append(await page.locator(":focus").inner_text())
        assert met == order
        left = [
            await row.filter(has_text=text).evaluate("key => key.getBoundingClientRect().left")
            for text in ("1", "2")
        ]
        assert left == sorted(left)  # Telegram never mirrors a row: bots do
