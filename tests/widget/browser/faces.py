"""What a customer and an agent do with the two faces, in one line each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, expect

from tests.widget.browser.conftest import Site

WITHIN = 10_000
_COOKIES: list[Any] = []


async def eventually(check: Callable[[], Awaitable[Any]], seconds: float = 15) -> Any:
    """Ask until the answer is true; Playwright's own waiting uses eval, which the strict policy forbids."""
    end = time.monotonic() + seconds
    while True:
        found = await check()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(0.05)


async def open_widget(page: Page, base: str, path: str = "/demo?lang=en") -> None:
    """Open a page and its widget, ready to write."""
    await page.goto(base + path)
    await page.locator("frontdesk-widget button.launcher").click()
    await expect(page.locator("frontdesk-widget textarea")).to_be_focused(timeout=WITHIN)


async def write(page: Page, text: str) -> None:
    await page.locator("frontdesk-widget textarea").fill(text)
    await page.locator("frontdesk-widget textarea").press("Enter")


async def said(page: Page, mine: bool | None = None) -> list[str]:
    """The bubbles of the widget from top to bottom, without the greeting; `mine` are only the customer's."""
    own = {None: ".row", True: ".row.own", False: ".row:not(.own)"}[mine]
    found = page.locator(f'frontdesk-widget {own}:not([data-key="greeting"]) .bubble > :not(.vh)')
    return await found.all_inner_texts()


async def settled(page: Page) -> bool:
    """Whether nothing waits to be sent or is failed."""
    words = await page.locator("frontdesk-widget .row.own .meta").all_inner_texts()
    return not any(w for w in words if "Sending" in w or "Not sent" in w)


async def sign_in(page: Page, site: Site, base: str = "", lang: str = "en") -> None:
    """Open the console as an agent. At a running hub once for all tests, as it counts how often somebody signs in."""
    if _COOKIES and site.world is None:
        await page.context.add_cookies(_COOKIES)
    await page.goto(f"{base or site.base}/console/?lang={lang}")
    await expect(page.locator("input[name=email], fd-list")).to_be_visible(timeout=WITHIN)
    if await page.locator("input[name=email]").count():
        await page.locator("input[name=email]").fill(site.email)
        await page.locator("input[name=password]").fill(site.password)
        await page.locator("input[name=password]").press("Enter")
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    if site.world is None and not _COOKIES:
        _COOKIES.extend(await page.context.cookies())


async def entries(page: Page) -> list[str]:
    """The bubbles of the console's open conversation."""
    return await page.locator("fd-thread .row .bubble p").all_inner_texts()
