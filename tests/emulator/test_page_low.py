"""The chat page where there is little room: much enlarged, on its side, with wider letters."""

import pytest
from playwright.async_api import Page, expect

from emulator import Emulator
from tests.emulator.conftest import IN_A_BROWSER, Bot, keys, panel, shown

pytestmark = IN_A_BROWSER

SPACED = (
    "* { letter-spacing: .12em !important; word-spacing: .16em !important;"
    " line-height: 1.5 !important }"
)


@pytest.mark.parametrize(("width", "height"), [(320, 256), (568, 320)])
async def test_on_a_low_screen_the_page_scrolls_and_everything_can_be_reached(
    page: Page, emulator: Emulator, bot: Bot, width: int, height: int
) -> None:
    amina = await shown(page, emulator, "Amina", "en")
    for number in range(12):
        await bot.do(
            "sendMessage",
            chat_id=amina.id,
            text=f"Message {number}",
            reply_markup=keys([("Yes", "y"), ("No", "n")]),
        )
    await page.set_viewport_size({"width": width, "height": height})
    log = panel(page, amina).locator(".log")
    room = await log.evaluate("log => log.clientHeight")
    assert 150 <= room <= height
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    key = log.get_by_role("button", name="Yes").last
    await key.click()
    [update] = await bot.do("getUpdates")
    assert update["callback_query"]["data"] == "y"
    field = panel(page, amina).get_by_role("textbox")
    await field.fill("Hello")
    await field.press("Enter")
    await expect(log.get_by_text("Hello")).to_be_in_viewport()
    await page.locator("#faults summary").click()
    add = page.get_by_role("button", name="Add this fault")
    await add.click()
    await expect(page.locator("#fault-list li")).to_have_count(1)


async def test_wider_letters_cover_nothing_on_a_narrow_screen(
    page: Page, emulator: Emulator, bot: Bot
) -> None:
    await bot.do("getUpdates")
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.reload()
    await expect(page.locator("#bot-status")).to_have_text("Bot connected")
    # The page's policy lets no style in from outside; its own sheets may be added to.
    await page.evaluate("css => document.styleSheets[0].insertRule(css)", SPACED)
    boxes = [
        await page.locator(part).bounding_box() for part in (".brand", "#time", "#clock-moves")
    ]
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert one is not None
            assert other is not None
            apart = (
                one["x"] + one["width"] <= other["x"] + 0.5
                or other["x"] + other["width"] <= one["x"] + 0.5
                or one["y"] + one["height"] <= other["y"] + 0.5
                or other["y"] + other["height"] <= one["y"] + 0.5
            )
            assert apart, boxes
    status = "node => node.scrollWidth <= node.clientWidth"
    assert await page.locator("#bot").evaluate(status)
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
