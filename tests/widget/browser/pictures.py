"""Pictures of both faces: Chinese and English, light and dark, desktop and phone.

`python -m tests.widget.browser.pictures FOLDER` writes PNG files of the hub in memory, filled with believable conversations.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.servers import frames_seed
from tests.servers.frames import World, serve
from tests.widget.browser.conftest import CHROMIUM, FLAGS, Site
from tests.widget.browser.faces import open_widget, sign_in, write

SIZES = {"desktop": (1440, 810), "phone": (360, 780)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LINES = {"zh-CN": ("我的订单什么时候发货？", "订单号 A1024"), "en": ("When will my order ship?", "It is order A1024.")}
ANSWERS = {
    "zh-CN": "您好，我是林晓。A1024 今天 18:00 前发出，可在这里查看：https://example.com/help",
    "en": "Hello, Lin here. A1024 leaves today before 18:00, see https://example.com/help",
}


def filled(lang: str) -> World:
    """A hub with an inbox in one language."""
    world = World()
    frames_seed.staff(world)
    world.greeted = frames_seed.bot
    frames_seed.inbox(world, "zh" if lang.startswith("zh") else "en")
    return world


async def _demo(page: Page, site: Site, lang: str, shot: Callable[[str], Awaitable[None]]) -> None:
    await page.goto(f"{site.base}/demo?lang={lang}")
    await page.wait_for_load_state("networkidle")
    await shot("demo")
    await open_widget(page, site.base, f"/demo?lang={lang}")
    await shot("widget-empty")
    first, second = LINES[lang]
    await write(page, first)
    await expect(page.locator("frontdesk-widget button.option").first).to_be_visible()
    await shot("widget-bot")
    await write(page, second)
    assert site.world is not None
    talk = list(site.world.talks.values())[-1]
    lin = next(iter(site.world.staff.values()))
    by = {"kind": "agent", "name": lin.name, "id": lin.id}
    site.world.append(talk, "message", by, parts=[{"type": "text", "text": ANSWERS[lang]}])
    site.world.poke({"t": "eph", "k": "typing", "c": talk.id, "by": by, "on": True})
    await expect(page.locator("frontdesk-widget .typing")).not_to_be_empty()
    await page.locator("frontdesk-widget textarea").fill("好的，谢谢" if lang == "zh-CN" else "Thank you")
    await shot("widget")
    await page.context.set_offline(True)
    await write(page, "好的，谢谢！" if lang == "zh-CN" else "Thank you!")
    await expect(page.locator("frontdesk-widget .bar")).not_to_be_empty()
    await shot("widget-offline")
    await page.context.set_offline(False)


async def _console(page: Page, site: Site, lang: str, shot: Callable[[str], Awaitable[None]]) -> None:
    await page.goto(f"{site.base}/console/?lang={lang}")
    await expect(page.locator("input[name=email]")).to_be_visible()
    await shot("console-door")
    assert site.world is not None
    await page.goto(f"{site.base}/console/?lang={lang}#setup={site.world.setup}")
    await page.reload()
    await expect(page.locator("input[name=name]")).to_be_visible()
    await shot("console-setup")
    await sign_in(page, site, lang=lang)
    await expect(page.locator("fd-list .rows li").first).to_be_visible()
    await shot("console-list")
    await page.locator("fd-list .rows li a").first.click()
    await expect(page.locator("fd-thread .row").first).to_be_visible()
    await page.locator("fd-thread h2").click()
    await shot("console")
    phone = (page.viewport_size or {"width": 0})["width"] < 600
    if phone:
        await page.locator("fd-thread .info").click()
        await shot("console-details")
        await page.locator("fd-details .back").click()
    await page.keyboard.press("n")
    await page.keyboard.type("客户很着急，请优先处理。" if lang == "zh-CN" else "In a hurry, please take this one first.")
    await shot("console-note")
    await page.locator("fd-thread .head .assign").click()
    await shot("console-assign")
    await page.keyboard.press("Escape")
    if not phone:
        await page.locator("fd-thread h2").click()
        await page.keyboard.press("?")
        await shot("console-keys")


async def _all(browser: Browser, folder: Path) -> None:
    for lang, scheme, (device, (width, height)) in product(LINES, SCHEMES, SIZES.items()):
        with serve(world := filled(lang)) as base:
            site = Site(base, "lin@example.com", "correct horse", world)
            for face in (_demo, _console):
                context = await browser.new_context(
                    locale=lang, color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce"
                )
                page = await context.new_page()

                async def shot(name: str, page: Page = page, tail: str = f"{lang}-{scheme}-{device}") -> None:
                    await asyncio.sleep(0.15)
                    await page.screenshot(path=folder / f"{name}-{tail}.png")

                await face(page, site, lang, shot)
                await context.close()


async def main(folder: Path) -> None:
    """Write all pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        await _all(browser, folder)
        await browser.close()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
