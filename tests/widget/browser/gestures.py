"""What tests of the console do over and over: wait for words, and step out of a field or of the list."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.widget.browser.faces import WITHIN


async def shows(page: Page, selector: str, text: str) -> None:
    await expect(page.locator(selector).filter(has_text=text).first).to_be_visible(timeout=WITHIN)


async def away(page: Page) -> None:
    """Out of every field, so that keys mean acts."""
    await page.locator("fd-thread h2").click()


async def away_from_list(page: Page) -> None:
    await page.locator("fd-list h2").click()
