"""Agents make two conversations of one customer one matter on the page, answer over either channel, and part them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from hub.store.tables import Conversation
from tests.databases import fresh_store
from tests.hub.hubs import rows
from tests.widget.browser.faces import WITHIN, eventually
from tests.widget.browser.offices import Office, office, opened


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def test_two_conversations_are_merged_answered_and_parted_on_the_page(work: Office) -> None:
    head = await work.home.customer_says("Where is it?", customer="ann", profile={"name": "Ann"})
    other = await work.home.customer_says("Me again", customer="v1", channel="page")
    one, two = await rows(work.home.hub.store, Conversation)
    await work.home.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    page, second = await work.page_of(), await work.page_of("Mo")
    for each in (page, second):
        await opened(each, head)
    await page.locator("fd-thread h2").click()
    await page.keyboard.press("m")
    await expect(page.locator("dialog .pick")).to_contain_text("Me again")
    await page.locator("dialog button[type=submit]").click()
    for each in (page, second):
        strip = each.locator("fd-joined")
        await expect(strip).to_be_visible(timeout=WITHIN)
        await expect(each.locator("fd-thread .line").filter(has_text="merged another conversation into this one")).to_be_visible()
        await expect(each.locator("fd-thread .row.customer").filter(has_text="Me again")).to_be_visible(timeout=WITHIN)
    await work.home.customer_says("And now?", customer="v1", channel="page")
    shown = second.locator("fd-thread .row.customer").filter(has_text="And now?")
    await expect(shown).to_have_count(1, timeout=WITHIN)
    await expect(shown.locator(".meta")).to_contain_text("via")
    await page.locator("fd-joined select").select_option(other)
    await page.locator("fd-composer textarea").fill("On its way")
    await page.keyboard.press("Enter")
    await expect(second.locator("fd-thread .row.agent").filter(has_text="On its way")).to_have_count(1, timeout=WITHIN)

    async def said_there() -> bool:
        found = await work.home.hub.store.logs.said_in(other)
        return [one.parts[0].text for one in found][-1] == "On its way"  # type: ignore[union-attr]

    await eventually(said_there)
    await opened(second, other)
    await expect(second.locator("fd-joined a")).to_have_attribute("href", f"#/c/{head}", timeout=WITHIN)
    await page.locator("fd-joined .part").click()
    await expect(page.locator("fd-joined")).to_be_hidden(timeout=WITHIN)
    await expect(second.locator("fd-thread .line").filter(has_text="go on by itself")).to_be_visible(timeout=WITHIN)
    assert [talk["status"] for talk in await rows(work.home.hub.store, Conversation)] == ["open", "open"]


async def test_in_chinese_and_on_a_phone(work: Office) -> None:
    head = await work.home.customer_says("快递到哪了？", customer="ann", profile={"name": "小安"})
    await work.home.customer_says("我又来了", customer="v1", channel="page")
    one, two = await rows(work.home.hub.store, Conversation)
    await work.home.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    page = await work.page_of(lang="zh-CN", viewport={"width": 360, "height": 740})
    await opened(page, head)
    await page.locator("fd-thread .head .more").click()
    await page.locator(".menu button").filter(has_text="合并会话").click()
    await page.locator("dialog button[type=submit]").click()
    await expect(page.locator("fd-joined")).to_contain_text("回复发送到", timeout=WITHIN)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
