"""Pictures of the widget for the docs: cards, survey, emoji; Chinese and English, light and dark, desktop and phone.

`python -m tests.widget.browser.portraits docs/looks`
"""

from __future__ import annotations

import asyncio
import sys
from itertools import product
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright, expect

from hub.capabilities import Capabilities
from hub.model import PART_KINDS
from hub.surveys import SurveyRules
from tests.conftest import until
from tests.servers import frames_seed
from tests.servers.frames import World, serve
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.faces import WITHIN, open_widget, write

SIZES = {"desktop": (1280, 800), "phone": (360, 740)}
SAID: dict[str, dict[str, Any]] = {
    "zh-CN": {
        "ask": "想给长辈买一款茶，有推荐吗？",
        "text": "这几款都适合送长辈：",
        "cards": [("明前龙井", "清香，50 g ¥168"), ("陈年普洱", "醇厚，357 g ¥298"), ("正山小种", "桂圆香，100 g ¥128")],
        "take": "选这款",
        "thanks": "好的，就要龙井，谢谢！",
    },
    "en": {
        "ask": "Which tea makes a good present?",
        "text": "Any of these makes a good present:",
        "cards": [("Longjing", "Fresh and nutty, £19"), ("Aged pu’er", "Deep and mellow, £34"), ("Lapsang", "Smoky, £15")],
        "take": "Take this one",
        "thanks": "Longjing it is, thank you!",
    },
}  # fmt: skip
FORMS = Capabilities(parts=frozenset(PART_KINDS))


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
        name = f"{lang[:2]}-{scheme}-{size}"
        said = SAID[lang]
        await open_widget(page, base, f"/demo?lang={lang}")
        await write(page, said["ask"])
        await expect(page.locator("frontdesk-widget .row.own")).to_be_visible()
        talk = next(iter(world.talks.values()))
        lin = next(iter(world.staff.values()))
        by = {"kind": "agent", "name": lin.name, "id": lin.id}
        cards = [
            {"type": "card", "title": title, "text": text, "options": [{"id": title, "text": said["take"]}]}
            for title, text in said["cards"]
        ]
        world.append(talk, "message", by, parts=[{"type": "text", "text": said["text"]}, *cards])
        await expect(page.locator("frontdesk-widget .deck .card").nth(2)).to_be_attached(timeout=WITHIN)
        if size == "desktop":
            await page.locator("frontdesk-widget .emojis").click()
            await expect(page.locator("frontdesk-widget .emoji")).to_be_visible(timeout=WITHIN)
        await page.screenshot(path=folder / f"widget-cards-{name}.png")
        if size == "desktop":
            await page.locator("frontdesk-widget .emojis").click()
        await write(page, said["thanks"])
        await until(lambda: len(talk.entries) == 3)
        world.append(talk, "resolved", by)
        (form,) = SurveyRules(enabled=True).question_for("0" * 32, FORMS, lang)
        world.append(talk, "message", {"kind": "bot", "name": "Bot", "id": ""}, parts=[form.model_dump()])
        await page.locator("frontdesk-widget .rate input").nth(3).check(force=True, timeout=WITHIN)
        await page.screenshot(path=folder / f"widget-survey-{name}.png")
        await context.close()


async def main(folder: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for lang, scheme, size in product(SAID, ("light", "dark"), SIZES):
            await portray(browser, folder, lang, scheme, size)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
