"""Two customers and three agents at once, in five browsers: everybody sees what they should, and nobody what they should not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN, entries, eventually, open_widget, said, settled, write
from tests.widget.browser.offices import Office, office


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def shows(page: Page, selector: str, text: str) -> None:
    await expect(page.locator(selector).filter(has_text=text).first).to_be_visible(timeout=WITHIN)


async def pick(page: Page, text: str) -> None:
    """Open the conversation whose row says this."""
    await page.evaluate("location.hash = ''")
    await page.locator("fd-list .tabs button").nth(2).click()
    await page.locator("fd-list .rows a").filter(has_text=text).click(timeout=WITHIN)
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)


async def unread(page: Page, rows: dict[str, str]) -> None:
    """How much each row of the list says is unread: what the customer said, and nobody else; empty: no badge."""
    await page.locator("fd-list .tabs button").nth(2).click()
    for text, count in rows.items():
        row = page.locator("fd-list .rows li").filter(has_text=text)
        await expect(row).to_be_visible(timeout=WITHIN)
        if count:
            await expect(row.locator(".badge")).to_have_text(count, timeout=WITHIN)
        else:
            await expect(row.locator(".badge")).to_have_count(0, timeout=WITHIN)


async def answer(page: Page, text: str) -> None:
    await page.locator("fd-composer textarea").fill(text)
    await page.locator("fd-composer textarea").press("Enter")


@pytest.mark.parametrize("size", [(1440, 810), (360, 780)], ids=["desktop", "phone"])
async def test_two_visitors_and_three_agents_at_once(work: Office, browser: Browser, size: tuple[int, int]) -> None:
    phone = size[0] == 360
    look: dict[str, Any] = {"viewport": {"width": size[0], "height": size[1]}, "is_mobile": phone, "has_touch": phone}
    visitors = []
    for words in ("Where is my tea?", "我的茶在哪里？"):
        page = await (await browser.new_context(locale="en-GB", reduced_motion="reduce", **look)).new_page()
        await open_widget(page, work.home.url)
        await write(page, words)
        await eventually(partial(settled, page))
        visitors.append(page)
    first, second = visitors
    lin = await work.page_of("Lin", **look)
    bo = await work.page_of("Bo", **look)
    cho = await work.page_of("Cho", lang="zh-CN", **look)
    await unread(lin, {"Where is my tea?": "1 unread", "我的茶在哪里？": "1 unread"})
    await pick(lin, "Where is my tea?")
    await expect(lin.locator("fd-thread .day")).to_have_text("Today")
    await pick(bo, "Where is my tea?")
    await expect(lin.locator("fd-thread .here")).to_have_attribute("title", "Bo also here", timeout=WITHIN)
    await lin.locator("fd-composer textarea").press_sequentially("It ")
    await shows(bo, "fd-thread .bar", "Lin is answering here")
    await answer(lin, "It left today.")
    await shows(bo, "fd-thread .row.agent", "It left today.")
    await lin.locator("fd-thread .head .assign").click()
    await lin.locator(".menu button").filter(has=lin.get_by_text("Bo", exact=True)).click()
    await shows(bo, "fd-thread .line", "Assigned to you")
    await unread(cho, {"It left today.": "1 条未读", "我的茶在哪里？": "1 条未读"})
    await pick(cho, "我的茶在哪里？")
    await answer(cho, "今天下午送到。")
    await answer(bo, "Anything else?")

    mine = {first: ["It left today.", "Anything else?"], second: ["今天下午送到。"]}

    async def heard() -> bool:
        every = [line for lines in mine.values() for line in lines]
        heard = {page: [line for line in await said(page, False) if line in every] for page in mine}
        return heard == mine

    await eventually(heard)
    await write(first, "No, thank you")
    await write(second, "谢谢")
    await shows(bo, "fd-thread .row.customer", "No, thank you")
    await shows(cho, "fd-thread .row.customer", "谢谢")
    await bo.locator("fd-thread .head .primary").click()
    await shows(bo, "fd-thread .line", "You resolved this")
    await shows(lin, "fd-thread .line", "Bo resolved this")
    assert "今天下午送到。" not in await entries(lin)
    for page in (lin, bo, cho):
        await page.evaluate("location.hash = ''")
        await page.locator("fd-list .tabs button").nth(2).click()
        await expect(page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)
        await expect(page.locator("fd-list .rows li")).to_contain_text("谢谢")
        await unread(page, {"谢谢": "" if page is cho else "2 unread"})
    for page in visitors:
        await page.context.close()
