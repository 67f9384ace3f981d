"""The API's page in a real browser: every call of the document is on it, in two languages, under the strict policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from hub.store.store import Store
from tests.databases import fresh_store
from tests.widget.browser.test_budgets import OPTIONS
from tests.widget.consoles import House, house
from tests.widget.documents import Book


@pytest_asyncio.fixture(loop_scope="session")
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await fresh_store(tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def test_every_call_is_on_the_page(home: House, page: Page) -> None:
    async with httpx.AsyncClient(base_url=home.url) as anybody:
        known = set(Book((await anybody.get("/openapi.json")).json()).operations())
    await page.goto(f"{home.url}/docs")
    rows = page.locator("summary")
    await expect(rows).to_have_count(len(known))
    shown = [await row.locator("b, code").all_inner_texts() for row in await rows.all()]
    assert {(method, path) for method, path in shown} == known


async def test_a_call_opens_with_its_shapes_and_a_link_leads_to_it(home: House, page: Page) -> None:
    await page.goto(f"{home.url}/docs#post_chat_channel_poll")
    call = page.locator("#post_chat_channel_poll")
    await expect(call).to_have_attribute("open", "")
    for word in ("since", "up", "Send", "welcome", "415"):
        await expect(call).to_contain_text(word)
    assert not (await Axe().run(page, options=OPTIONS)).response["violations"]


async def test_it_is_found_by_a_word_in_either_language(home: House, page: Page) -> None:
    await page.goto(f"{home.url}/docs")
    await page.get_by_label("Find a call").fill("sign in")
    await expect(page.locator("summary")).to_have_count(1)
    await expect(page.locator("summary")).to_contain_text("/console/api/session")
    await page.get_by_role("button", name="中文").click()
    await page.get_by_label("查找接口").fill("重新发送")
    await expect(page.locator("summary")).to_have_count(1)
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.get_by_label("查找接口").fill("nothing like it")
    await expect(page.get_by_role("status")).to_have_text("没有匹配的接口。")
