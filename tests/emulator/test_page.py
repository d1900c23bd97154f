"""The chat page in a real browser, as somebody uses it who plays several people."""

import shutil
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from emulator import Emulator
from emulator.world import Person

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
TOKEN = "123456789:" + "B" * 35

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]


class Bot:
    """A bot that only does what a test asks for."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self._base = f"{emulator.url}/bot{TOKEN}"
        self._session = session

    async def do(self, method: str, **params: Any) -> Any:
        async with self._session.post(f"{self._base}/{method}", json=params) as response:
            return self._result(await response.json())

    async def upload(self, method: str, field: str, name: str, content: bytes, **more: Any) -> Any:
        form = aiohttp.FormData({key: str(value) for key, value in more.items()})
        form.add_field(field, content, filename=name)
        async with self._session.post(f"{self._base}/{method}", data=form) as response:
            return self._result(await response.json())

    @staticmethod
    def _result(answer: Any) -> Any:
        assert answer["ok"], answer
        return answer["result"]


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator()
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
async def bot(emulator: Emulator) -> AsyncIterator[Bot]:
    async with aiohttp.ClientSession() as session:
        yield Bot(emulator, session)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, emulator: Emulator) -> AsyncIterator[Page]:
    """The page, empty; whatever the test does, nothing may complain in the console."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page = await browser.new_page(viewport={"width": 1280, "height": 760}, reduced_motion="reduce")
    page.set_default_timeout(5000)
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(emulator.url)
    await expect(page.locator("#time b")).not_to_be_empty()
    yield page
    await page.close()
    assert complaints == []


def keys(*rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "inline_keyboard": [
            [{"text": text, "callback_data": data} for text, data in row] for row in rows
        ]
    }


def picture() -> bytes:
    """Two grey dots."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\x80\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def shown(page: Page, emulator: Emulator, name: str, language: str) -> Person:
    """Let somebody appear whom the bot may write to, and show them."""
    person = emulator.world.new_person(name, language)
    person.started = True
    chip = page.locator(f"[data-chip='{person.id}']")
    await expect(chip).to_be_visible()
    if await chip.get_attribute("aria-pressed") == "false":
        await chip.click()
    await expect(panel(page, person)).to_be_visible()
    return person


def panel(page: Page, person: Person) -> Any:
    return page.locator(f"section[data-person='{person.id}']")


async def add(page: Page, name: str, language: str) -> None:
    await page.locator("#add-person").click()
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Language code").fill(language)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


async def test_two_people_are_added_and_still_shown_after_a_reload(
    page: Page, emulator: Emulator
) -> None:
    await expect(page.get_by_text("Nobody is on the page")).to_be_visible()
    await add(page, "Amina", "ar")
    await add(page, "Оксана", "uk")
    assert [p.language_code for p in emulator.world.people.values()] == ["ar", "uk"]
    await expect(page.locator(".panel")).to_have_count(2)
    await page.get_by_role("region", name="Amina, Arabic").get_by_label("Hide").click()
    await expect(page.locator(".panel")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_role("heading", name="Оксана")).to_be_visible()
    await expect(page.locator(".panel")).to_have_count(1)


async def test_a_button_is_pressed_and_its_message_is_edited_in_place_with_a_toast(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    sent = await bot.do(
        "sendMessage", chat_id=amina.id, text="Will you come?", reply_markup=keys([("Yes", "y:1")])
    )
    yes = panel(page, amina).get_by_role("button", name="Yes", exact=True)
    await yes.click()
    await expect(yes).to_have_attribute("aria-busy", "true")
    [update] = await bot.do("getUpdates")
    query = update["callback_query"]
    assert query["data"] == "y:1"
    await bot.do("answerCallbackQuery", callback_query_id=query["id"], text="Noted")
    await expect(panel(page, amina).get_by_role("status").get_by_text("Noted")).to_be_visible()
    await bot.do(
        "editMessageText",
        chat_id=amina.id,
        message_id=sent["message_id"],
        text="You are coming.",
        reply_markup=keys([("Change", "c:1")]),
    )
    message = panel(page, amina).locator(".message")
    await expect(message).to_have_count(1)
    await expect(message.locator(".text")).to_have_text("You are coming.")
    await expect(message.locator(".edited")).to_be_visible()
    await expect(message.get_by_role("button", name="Change")).to_be_focused()
    await bot.do("deleteMessage", chat_id=amina.id, message_id=sent["message_id"])
    await expect(message).to_have_count(0)


async def test_an_alert_must_be_closed(page: Page, emulator: Emulator, bot: Bot) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    sent = await bot.do(
        "sendMessage", chat_id=amina.id, text="One place is left.", reply_markup=keys([("I", "i")])
    )
    query = emulator.world.press(amina.id, sent["message_id"], "i")
    await bot.do("answerCallbackQuery", callback_query_id=query, text="Too late", show_alert=True)
    alert = page.get_by_role("dialog")
    await expect(alert).to_contain_text("Too late")
    await page.keyboard.press("Enter")
    await expect(alert).to_have_count(0)


async def test_pictures_have_words_and_documents_can_be_downloaded(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    await bot.upload(
        "sendPhoto", "photo", "room.png", picture(), chat_id=amina.id, caption="The room"
    )
    await bot.upload("sendDocument", "document", "list.csv", b"a,b", chat_id=amina.id)
    image = panel(page, amina).get_by_role("img", name="Picture: The room")
    await expect(image).to_be_visible()
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 2
    async with page.expect_download() as download:
        await panel(page, amina).get_by_text("list.csv").click()
    assert (await (await download.value).path()).read_bytes() == b"a,b"


async def test_each_panel_and_each_message_runs_in_its_own_direction(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "أمينة", "ar")
    oksana = await shown(page, emulator, "Оксана", "uk")
    await bot.do(
        "sendMessage",
        chat_id=amina.id,
        text="مرحباً بك",
        reply_markup=keys([("نعم", "y"), ("Français", "f")]),
    )
    await bot.do("sendMessage", chat_id=oksana.id, text="Вітаємо")
    await expect(panel(page, oksana).locator(".text")).to_be_visible()
    style = "node => getComputedStyle(node).direction"
    assert await panel(page, amina).get_attribute("lang") == "ar"
    assert await panel(page, amina).locator(".log").evaluate(style) == "rtl"
    assert await panel(page, amina).locator(".text").evaluate(style) == "rtl"
    assert await panel(page, amina).locator(".key span").last.evaluate(style) == "ltr"
    assert await panel(page, oksana).locator(".log").evaluate(style) == "ltr"
    left = "node => node.getBoundingClientRect().left"
    yes, french = [
        await key.evaluate(left) for key in await panel(page, amina).locator(".key").all()
    ]
    assert yes < french  # as in Telegram, which never mirrors a row: bots do


async def test_somebody_without_a_mouse_adds_a_person_writes_and_answers(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    press, type_in = page.keyboard.press, page.keyboard.type
    await press("Tab")
    await expect(page.get_by_role("link", name="Skip to the chats")).to_be_focused()
    while not await page.locator("#add-person").evaluate("b => b === document.activeElement"):
        await press("Tab")
    await press("Enter")
    await type_in("Amina")
    await press("Tab")
    await type_in("fr")
    await press("Enter")
    field = page.get_by_role("textbox", name="Message from Amina")
    await expect(field).to_be_focused()
    await type_in("Bonjour")
    await press("Enter")
    await expect(page.locator(".message.person .text")).to_have_text("Bonjour")
    await expect(field).to_have_value("")
    [amina] = emulator.world.people.values()
    await bot.do(
        "sendMessage", chat_id=amina.id, text="Venez ?", reply_markup=keys([("Oui", "y")])
    )
    yes = page.get_by_role("button", name="Oui")
    await expect(yes).to_be_visible()
    for _ in range(10):
        await press("Shift+Tab")
        if await yes.evaluate("button => button === document.activeElement"):
            break
    await press("Enter")
    await expect(yes).to_have_attribute("aria-busy", "true")
    updates = await bot.do("getUpdates")
    assert [update.get("callback_query", {}).get("data") for update in updates] == [None, "y"]


async def test_what_a_bot_sends_is_never_run_as_a_page(
    page: Page, browser: Browser, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "<b>Amina", "en")
    evil = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    await bot.do("sendMessage", chat_id=amina.id, text=evil, reply_markup=keys([(evil, "e")]))
    text = panel(page, amina).locator(".text")
    await expect(text).to_have_text(evil)
    # Chromium reports what it does not run, even here: on a page whose console nobody reads.
    other = await browser.new_page()
    await other.goto(emulator.url)
    made = await other.evaluate(
        """async () => {
            const { rich } = await import("/page/rich.js");
            const box = document.createElement("div");
            const evil = '<b onclick="x()">a</b><img src=x onerror=y()><script>z()</script>'
                + '<a href="javascript:w()">link</a><style>*{}</style><iframe></iframe>';
            box.append(rich(evil, {}));
            return box.innerHTML;
        }"""
    )
    assert made == "<b>a</b>z()<span>link</span>*{}"


async def test_a_link_to_the_bot_opens_in_the_panel_where_it_was_clicked(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    oksana = await shown(page, emulator, "Оксана", "uk")
    link = f"https://t.me/{emulator.world.bot['username']}?start="
    await bot.do("sendMessage", chat_id=oksana.id, text=f"Invite friends: {link}e-1")
    await panel(page, oksana).get_by_role("link").click()
    await expect(panel(page, oksana).locator(".message.person")).to_contain_text("/start e-1")
    await page.get_by_role("button", name="Open a link").click()
    await page.get_by_label("Link", exact=True).fill(f"{link}e-2")
    await page.get_by_label("Who opens it").select_option(label="Amina")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(panel(page, amina).locator(".message.person")).to_contain_text("/start e-2")


async def test_a_narrow_screen_shows_one_panel_and_never_scrolls_sideways(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "أمينة", "ar")
    oksana = await shown(page, emulator, "Оксана", "uk")
    await bot.do(
        "sendMessage",
        chat_id=oksana.id,
        text="Слово" * 40,
        reply_markup=keys([("Можливо", "a"), ("Прийду", "b"), ("Ні", "c")]),
    )
    await page.set_viewport_size({"width": 320, "height": 568})
    switcher = page.get_by_label("Person shown")
    for person, other in ((amina, oksana), (oksana, amina)):
        await switcher.select_option(value=str(person.id))
        await expect(panel(page, person)).to_be_visible()
        await expect(panel(page, other)).to_be_hidden()
        widths = "[document.documentElement.scrollWidth, document.body.scrollWidth]"
        assert await page.evaluate(widths) == [320, 320]
        log = panel(page, person).locator(".log")
        assert await log.evaluate("log => log.scrollWidth - log.clientWidth") == 0


async def test_the_clock_goes_to_tomorrow_and_says_where_it_stopped(
    page: Page, emulator: Emulator
) -> None:
    before = emulator.clock.now()
    await page.get_by_role("button", name="Tomorrow").click()
    await expect(page.locator("#clock-said")).to_contain_text("Stopped at")
    passed = (emulator.clock.now() - before).total_seconds()
    assert 86_400 <= passed < 86_410


async def test_a_fault_is_added_and_removed_again(page: Page, emulator: Emulator) -> None:
    await page.locator("#faults summary").click()
    await page.get_by_label("What goes wrong").select_option("500")
    await page.get_by_label("Method").fill("sendMessage")
    await page.get_by_role("button", name="Add this fault").click()
    await expect(page.locator("#fault-list li")).to_have_count(1)
    [rule] = emulator.faults.list()
    assert (rule["kind"], rule["method"], rule["times"]) == ("500", "sendMessage", 1)
    await page.locator("#fault-list button").click()
    await expect(page.locator("#fault-list li")).to_have_count(0)
    assert emulator.faults.list() == []


async def test_a_lost_stream_is_taken_up_again_with_what_was_missed(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    emulator.world.listeners.clear()
    await bot.do("sendMessage", chat_id=amina.id, text="You missed this.")
    emulator.control.close()
    await expect(panel(page, amina).locator(".text")).to_have_text("You missed this.")


async def test_somebody_who_blocks_the_bot_cannot_write_until_it_is_unblocked(
    page: Page, emulator: Emulator
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    await panel(page, amina).get_by_label("More").click()
    await panel(page, amina).get_by_role("button", name="Block the bot").click()
    await expect(panel(page, amina).get_by_text("Amina has blocked the bot.")).to_be_visible()
    await expect(panel(page, amina).get_by_role("textbox")).to_be_hidden()
    await panel(page, amina).get_by_role("button", name="Unblock", exact=True).click()
    await expect(panel(page, amina).get_by_role("textbox")).to_be_visible()
