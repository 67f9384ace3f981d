"""How the pages beside the inbox look: in both languages, light and dark, wide and narrow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, expect

from tests.widget.browser.test_office import WITHIN, Place, accessible, busy_days, own, place

__all__ = ["own", "place"]
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[str, Scheme, int], ...] = (
    ("en", "light", 1440),
    ("zh-CN", "dark", 1440),
    ("zh-CN", "light", 360),
    ("en", "dark", 360),
)


async def test_looks(browser: Browser, place: Place, tmp_path: Path) -> None:
    """Every page in both languages, light and dark, wide and narrow: nothing is cut off sideways, and axe finds nothing."""
    await busy_days(place)
    await place.member("Bo")
    for lang, scheme, width in LOOKS:
        context = await browser.new_context(
            locale=lang, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True, reduced_motion="reduce"
        )
        page = await context.new_page()
        await place.enter(page, lang=lang)
        await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
        for room, ready in (("account", "fd-account li"), ("people", "fd-people li"), ("reports", "fd-reports .tile")):
            await page.goto(f"{place.home.url}/console/?lang={lang}#/{room}")
            await expect(page.locator(ready).first).to_be_visible(timeout=WITHIN)
            assert await page.evaluate("() => document.documentElement.scrollWidth") <= width, (room, lang, width)
            assert not re.search(r"\b(undefined|null|NaN)\b", await page.locator("fd-office").inner_text())
            await accessible(page)
            await page.screenshot(path=tmp_path / f"{room}-{lang}-{scheme}-{width}.png")
        await context.close()
