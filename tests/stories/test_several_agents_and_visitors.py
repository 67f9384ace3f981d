"""Two visitors and three agents at once, one with a telephone: what each does is seen by whom it concerns, and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.databases import fresh_store
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.faces import WITHIN, eventually, open_widget, said, write
from tests.widget.browser.offices import Office, office, opened

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture
async def work(redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
            yield made
        await browser.close()
    await store.close()


async def visitor(work: Office, text: str) -> Page:
    """Somebody on the demo page who has written a line."""
    page = await (await work.browser.new_context(locale="en-GB", reduced_motion="reduce")).new_page()
    await open_widget(page, work.home.url)
    await write(page, text)
    return page


async def talk_of(work: Office, text: str) -> str:
    """The conversation in which this was said last."""

    async def found() -> str:
        rows = await work.home.hub.store.console.conversations("", "all", most=50)
        return next((row.id for row in rows if row.preview == text), "")

    return str(await eventually(found))


async def reply(page: Page, text: str) -> None:
    await page.locator("fd-composer textarea").fill(text)
    await page.locator("fd-composer textarea").press("Enter")


async def shows(page: Page, selector: str, text: str) -> None:
    await expect(page.locator(selector).filter(has_text=text).first).to_be_visible(timeout=WITHIN)


@pytest.mark.timeout(180)
async def test_a_busy_quarter_of_an_hour(work: Office) -> None:
    lin, bo = await work.page_of("Lin"), await work.page_of("Bo", lang="zh-CN", color_scheme="dark")
    cho = await work.page_of("Cho", **PHONE)
    first, second = await visitor(work, "Where is A1024?"), await visitor(work, "请问怎么退款？")
    one, two = await talk_of(work, "Where is A1024?"), await talk_of(work, "请问怎么退款？")

    await opened(lin, one)
    await opened(bo, one)
    await shows(lin, "fd-thread .here", "Bo also here")
    await lin.locator("fd-composer textarea").press_sequentially("I am look")
    await shows(bo, "fd-thread .bar", "Lin")
    await bo.locator("fd-composer .kinds button").nth(1).click()
    await reply(bo, "老客户，请优先")
    await shows(lin, "fd-thread .row.note", "老客户，请优先")

    await opened(bo, two)
    await reply(bo, "您好，马上为您办理。")
    await lin.locator("fd-thread h2").click()
    await lin.keyboard.press("t")
    await lin.locator("dialog .pick").filter(has_text="Cho").click()
    await lin.locator("dialog textarea").fill("Knows the warehouse")
    await lin.locator("dialog .primary").click()

    await shows(cho, "fd-list .rows li", "Where is A1024?")
    await cho.locator("fd-list .tabs button").first.tap()
    await cho.locator("fd-list .rows li a").first.tap()
    await shows(cho, "fd-thread .line", "Knows the warehouse")
    await shows(cho, "fd-thread .row.note", "老客户，请优先")
    await cho.locator("fd-composer textarea").tap()
    await cho.locator("fd-composer textarea").fill("It leaves today.")
    await cho.locator("fd-composer .send").tap()

    async def answered() -> bool:
        return await said(first, False) == ["It leaves today."] and await said(second, False) == ["您好，马上为您办理。"]

    await eventually(answered)
    await shows(lin, "fd-thread .row.agent", "It leaves today.")
    await cho.locator("fd-thread .head .primary").tap()
    await expect(first.locator("frontdesk-widget .line")).to_contain_text("closed", timeout=WITHIN)
    await shows(lin, "fd-thread .line", "Cho resolved this")
    assert await said(second) == ["请问怎么退款？", "您好，马上为您办理。"]
    width = await cho.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
