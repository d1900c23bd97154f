"""The chat page in a real browser, as somebody uses it who plays several people."""

import struct
import zlib
from typing import Any

from playwright.async_api import Browser, Page, expect

from emulator import Emulator
from tests.emulator.conftest import IN_A_BROWSER, Bot, keys, panel, shown

pytestmark = IN_A_BROWSER


def picture() -> bytes:
    """Two grey dots."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\x80\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


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
    [sent, _list] = emulator.world.messages(amina.id)
    known = emulator.world.keep("hall.png", "image/png", picture())
    await bot.do(
        "editMessageMedia",
        chat_id=amina.id,
        message_id=sent["message_id"],
        media={"type": "photo", "media": known.file_id, "caption": "The hall"},
    )
    await expect(panel(page, amina).get_by_role("img", name="Picture: The hall")).to_be_visible()
    await expect(image).to_have_count(0)
    await expect(panel(page, amina).locator(".text")).to_have_text("The hall")
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
    assert await panel(page, amina).locator(".log").evaluate(style) == "rtl"
    assert await panel(page, amina).locator(".text").evaluate(style) == "rtl"
    french = panel(page, amina).locator(".key span").filter(has_text="Français")
    assert await french.evaluate(style) == "ltr"
    assert await panel(page, oksana).locator(".log").evaluate(style) == "ltr"


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


async def test_each_text_is_declared_to_be_in_its_own_language_and_the_page_in_english(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    amina = await shown(page, emulator, "أمينة", "ar")
    oksana = await shown(page, emulator, "Oksana", "en")
    buttons = keys([("نعم", "y"), ("Так і є", "f"), ("Yes", "z")])
    for person in (amina, oksana):
        for text in ("مرحباً بك", "Ласкаво просимо, Оксано! Привіт", "Welcome", "١٢٣"):
            await bot.do("sendMessage", chat_id=person.id, text=text, reply_markup=buttons)
    language = "node => node.closest('[lang]').lang"
    for person, number in ((amina, "ar"), (oksana, "en")):
        here = panel(page, person)
        await expect(here.locator(".text")).to_have_count(4)
        texts = [await node.evaluate(language) for node in await here.locator(".text").all()]
        assert texts == ["ar", "uk", "en", number]
        words = here.locator(".message").first.locator(".key .plain")
        found = [(await n.inner_text(), await n.evaluate(language)) for n in await words.all()]
        assert sorted(found) == [("Yes", "en"), ("Так і є", "uk"), ("نعم", "ar")]
        for chrome in (".menu > button", ".composer textarea", ".day", ".who p", ".message time"):
            assert await here.locator(chrome).first.evaluate(language) == "en", chrome
    query = emulator.world.press_label(amina.id, 1, "نعم")
    await bot.do("answerCallbackQuery", callback_query_id=query, text="تم الحفظ")
    toast = panel(page, amina).locator(".toast")
    await expect(toast).to_have_attribute("lang", "ar")
    await expect(panel(page, amina).locator("h2")).to_have_attribute("lang", "ar")


async def test_chips_and_panels_say_who_somebody_is(page: Page, emulator: Emulator) -> None:
    nadia = emulator.world.new_person("Nadia", "fr", note="animator")
    await expect(page.locator(f"[data-chip='{nadia.id}']")).to_contain_text("animator")
    await expect(panel(page, nadia).locator(".who p")).to_have_text("animator · French")
    assert "animator" not in str(nadia.user())


async def test_a_notice_stays_until_it_is_closed(page: Page, emulator: Emulator) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    for _ in range(2):
        await page.get_by_role("button", name="Open a link").click()
        await page.get_by_label("Link", exact=True).fill("https://example.org")
        await page.get_by_label("Who opens it").select_option(value=str(amina.id))
        await page.get_by_role("button", name="Open", exact=True).click()
    notice = page.get_by_role("alert")
    await expect(notice.locator(".notice")).to_have_count(1)
    await page.wait_for_timeout(6500)
    await expect(notice).to_contain_text("This is not a link to")
    await page.get_by_label("Close this notice").press("Enter")
    await expect(notice.locator(".notice")).to_have_count(0)
    assert await page.evaluate("document.activeElement.id") == "panels"


async def test_what_was_stopped_at_stays_said_when_the_moves_are_told_late(
    page: Page, emulator: Emulator
) -> None:
    late: list[dict[str, Any]] = []
    [listener] = emulator.world.listeners
    emulator.world.listeners = {late.append}
    await page.get_by_role("button", name="Tomorrow").click()
    said = page.locator("#clock-said")
    await expect(said).to_contain_text("Stopped at")
    moved = next(event for event in late if event["playing"])
    listener({**moved, "now": emulator.clock.now().isoformat()})
    await page.wait_for_timeout(200)
    await expect(said).to_contain_text("Stopped at")
