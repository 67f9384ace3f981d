"""Pictures of the widget for the docs: its main states; Chinese and English, light and dark, desktop and phone.

`python -m tests.widget.browser.portraits docs/looks`
"""

from __future__ import annotations

import asyncio
import sys
from itertools import product
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from tests.servers import frames_seed
from tests.servers.frames import World, serve
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.states import SAID, before, states

SIZES = {"desktop": (1280, 800), "phone": (360, 740)}
KEPT = {"talk", "cards", "survey", "offline"}


async def portray(browser: Browser, folder: Path, lang: str, scheme: Any, size: str) -> None:
    """The states of one look."""
    world = World()
    frames_seed.staff(world)
    width, height = SIZES[size]
    with serve(world) as base:
        context = await browser.new_context(
            locale=lang, color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": height}
        )
        page = await context.new_page()
        tail = f"{lang[:2]}-{scheme}-{size}.png"
        async for name in states(page, base, world, lang):
            if name in KEPT:
                await page.screenshot(path=folder / f"widget-{name}-{tail}")
        await page.evaluate("localStorage.clear(); sessionStorage.clear()")
        await before(page, base, world, lang)
        await page.screenshot(path=folder / f"widget-before-{tail}")
        await context.close()


async def main(folder: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for lang, scheme, size in product(SAID, ("light", "dark"), SIZES):
            await portray(browser, folder, lang, scheme, size)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
