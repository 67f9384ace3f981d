"""The same installation in Chinese and in English, on a phone and on a desk: with an input method, and a picture each way.

With PICTURES=FOLDER in the environment, what the pages look like is kept there.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, async_playwright, expect

from tests.stories.test_the_demo_page_and_the_console import answer, first_admin, up
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.faces import WITHIN, eventually, open_widget, said

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")]
SAID = {"zh-CN": "我的订单什么时候发货？", "en-GB": "When will my order ship?"}
ANSWERED = {"zh-CN": "您好，今天 18:00 前发出，这是快递单。", "en-GB": "It leaves today before 18:00, here is the slip."}
SIZES = {"phone": {"width": 360, "height": 780}, "desktop": {"width": 1440, "height": 810}}


async def keep(page: Page, name: str) -> None:
    """A picture of the page, when somebody wants to look."""
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png")


def picture(colour: str) -> bytes:
    """A small PNG."""
    out = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(out, "PNG")
    return out.getvalue()


async def compose(page: Page, latin: str, chinese: str) -> None:
    """Type as a Chinese input method does: Enter while it composes takes the word, it must not send."""
    await page.locator("frontdesk-widget textarea").focus()
    keys = await page.context.new_cdp_session(page)
    await keys.send("Input.imeSetComposition", {"text": latin, "selectionStart": len(latin), "selectionEnd": len(latin)})
    taken = {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Enter", "code": "Enter"}
    await keys.send("Input.dispatchKeyEvent", taken)
    assert await said(page, mine=True) == []
    await keys.send("Input.insertText", {"text": chinese})


async def seen(page: Page, face: str) -> None:
    """Wait until a picture is on the page, and is one: the browser has decoded it."""
    image = page.locator(f"{face} img.shot, {face} .bubble img, {face} .media img").last
    await expect(image).to_be_visible(timeout=WITHIN)

    async def decoded() -> bool:
        handle = await image.element_handle()
        return handle is not None and int(await (await handle.get_property("naturalWidth")).json_value()) == 320

    await eventually(decoded)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lang", SAID)
async def test_a_customer_sends_a_picture_and_gets_one_back(tmp_path: Path, lang: str, size: str) -> None:
    async with up(tmp_path) as (base, link, _), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        wrong: list[str] = []
        pages = []
        for _ in range(2):
            context = await browser.new_context(locale=lang, reduced_motion="reduce", viewport=SIZES[size])  # type: ignore[arg-type]
            page = await context.new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda told: wrong.append(told.text) if "Content Security" in told.text else None)
            pages.append(page)
        customer, agent = pages

        await first_admin(agent, link)
        assert await agent.locator("html").get_attribute("lang") == {"zh-CN": "zh-CN", "en-GB": "en"}[lang]
        await open_widget(customer, base, "/demo")
        await compose(customer, "wodedingdan", SAID[lang])
        await customer.keyboard.press("Enter")

        async def written() -> bool:
            return await said(customer, mine=True) == [SAID[lang]]

        await eventually(written)
        await customer.locator("frontdesk-widget input[type=file]").set_input_files(
            {"name": "damage 损坏.png", "mimeType": "image/png", "buffer": picture("#d97757")}
        )
        if await customer.locator("frontdesk-widget textarea").is_enabled():
            await customer.locator("frontdesk-widget textarea").press("Enter")
        await seen(customer, "frontdesk-widget")

        await agent.locator("fd-list .rows a").first.click(timeout=WITHIN)
        await expect(agent.locator("fd-thread")).to_contain_text(SAID[lang], timeout=WITHIN)
        await seen(agent, "fd-thread")
        await agent.locator("fd-composer input[type=file]").set_input_files(
            {"name": "slip 快递单.png", "mimeType": "image/png", "buffer": picture("#2f6f4f")}
        )
        await answer(agent, ANSWERED[lang])
        await expect(customer.locator("frontdesk-widget")).to_contain_text(ANSWERED[lang], timeout=WITHIN)
        await seen(customer, "frontdesk-widget .row:not(.own)")
        for page, face in ((customer, "frontdesk-widget"), (agent, "fd-thread")):
            await expect(page.locator(f"{face} .row p").last).to_be_in_viewport(timeout=WITHIN)
        await keep(customer, f"demo-{lang}-{size}")
        await keep(agent, f"console-{lang}-{size}")
        assert wrong == []
        await browser.close()
