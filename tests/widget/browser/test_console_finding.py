"""Agents find their way in the console of a real hub: search, filters, views, the palette, and keys alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN
from tests.widget.browser.gestures import away, away_from_list, shows
from tests.widget.browser.offices import Office, office, opened

GROWS = """() => { const real = Element.prototype.scrollIntoView; Element.prototype.scrollIntoView = function (...how) {
  real.apply(this, how); document.querySelector('fd-thread .entries').lastElementChild.style.paddingBottom = '300px' } }"""
"""A picture comes at the end of the thread in the moment in which a row is scrolled to."""


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def test_search_looks_into_all_that_was_said_and_leads_there(work: Office) -> None:
    talk = await work.home.customer_says("我的订单A1024什么时候发货？", customer="ann", channel="page", profile={"name": "梅"})
    for n in range(60):
        await work.home.customer_says(f"line {n}", customer="ann", channel="page")
    page = await work.page_of()
    await away_from_list(page)
    await page.keyboard.press("/")
    await page.keyboard.type("订单A10")
    await shows(page, "fd-finder mark", "订单A10")
    await page.evaluate(GROWS)
    await page.locator("fd-finder a").first.click()
    await shows(page, "fd-thread .row.found", "我的订单A1024什么时候发货？")
    await page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    await expect(page.locator("fd-thread .row.found")).to_be_in_viewport()
    assert talk in page.url


@pytest.mark.parametrize("late", ["**/console/api/agents", "**/console/api/conversations?view=mine*"])
async def test_a_search_begun_before_all_is_there_stays(work: Office, late: str) -> None:
    await work.home.customer_says("我的订单A1024什么时候发货？", customer="ann", channel="page", profile={"name": "梅"})
    await work.home.customer_says("Hello?", customer="ben", channel="page", profile={"name": "Ben"})
    page = await work.page_of()
    searched = asyncio.Event()

    async def held(route: Route) -> None:
        await searched.wait()
        await route.continue_()

    await page.route(late, held)
    await page.reload()
    await page.locator("fd-list input[type=search]").fill("订单A10")
    await shows(page, "fd-finder mark", "订单A10")
    searched.set()
    await shows(page, "fd-list .rows .name", "梅")
    await page.wait_for_load_state("networkidle")
    await shows(page, "fd-finder mark", "订单A10")
    assert await page.locator("fd-list .rows li").count() == 1
    assert await page.locator("fd-list input[type=search]").input_value() == "订单A10"


async def test_filters_and_views_of_ones_own(work: Office) -> None:
    ann = await work.home.customer_says("Hello?", customer="ann", channel="page", profile={"name": "Ann"})
    await work.home.customer_says("Hello?", customer="ben", profile={"name": "Ben"})
    page = await work.page_of()
    await page.locator("fd-list .tabs button").filter(has_text="All").click()
    await expect(page.locator("fd-list .rows li")).to_have_count(2, timeout=WITHIN)
    await away_from_list(page)
    await page.keyboard.press("f")
    await page.locator("dialog select[name=channel]").select_option("page")
    await page.locator("dialog .primary").click()
    await expect(page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)
    assert await page.locator("fd-list .rows li").get_attribute("data-key") == ann
    await page.locator("fd-filters .keep").click()
    await page.locator("dialog input").fill("网页")
    await page.keyboard.press("Enter")
    await shows(page, "fd-filters .own", "网页")
    await page.locator("fd-filters .chip.set").click()
    await expect(page.locator("fd-list .rows li")).to_have_count(2, timeout=WITHIN)
    await page.reload()
    await page.locator("fd-filters .own button").filter(has_text="网页").click()
    await expect(page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)


async def test_the_palette_and_the_keys(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page", profile={"name": "Ann"})
    page = await work.page_of()
    await opened(page, talk)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("resolv")
    await page.keyboard.press("Enter")
    await shows(page, "fd-thread .line", "resolved this")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("no such thing at all")
    await shows(page, ".palette .none", "Nothing matches")
    await page.keyboard.press("Escape")
    await away(page)
    await page.keyboard.press("?")
    await shows(page, "dialog.sheet", "Commands")
    listed = await page.locator("dialog.sheet kbd").all_inner_texts()
    assert {"J", "K", "R", "N", "Q", "A", "T", "Z", "E", "P", "L", "Y", "M", "I", "/", "F", "X", "?"} <= set(listed)
    assert "undefined" not in await page.locator("dialog.sheet").inner_text()
    await page.keyboard.press("Escape")
    await page.keyboard.press("q")
    await shows(page, "fd-composer .about", "Hello?")


async def _compose(page: Page, begun: str) -> None:
    """What an input method does: a composition, then the Enter that confirms its candidate."""
    keys = await page.context.new_cdp_session(page)
    await keys.send("Input.imeSetComposition", {"text": begun, "selectionStart": len(begun), "selectionEnd": len(begun)})
    enter = {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Enter", "code": "Enter"}
    await keys.send("Input.dispatchKeyEvent", enter)


async def test_an_enter_that_confirms_a_candidate_chooses_nothing(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page", profile={"name": "Ann"})
    page = await work.page_of()
    await opened(page, talk)
    await away(page)
    await page.keyboard.press("l")
    await expect(page.locator("dialog input")).to_be_focused(timeout=WITHIN)
    await _compose(page, "tui")
    assert await page.locator("dialog li").count() == 0
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0, timeout=WITHIN)
    await page.keyboard.press("Control+k")
    await expect(page.locator(".palette input")).to_be_focused(timeout=WITHIN)
    await _compose(page, "jie")
    await expect(page.locator(".palette")).to_be_visible()


async def test_the_whole_of_a_conversation_by_keys_alone(work: Office) -> None:
    await work.home.customer_says("Where is it?", customer="ann", channel="page", profile={"name": "Ann"})
    page = await work.page_of()
    await page.keyboard.press("3")
    await expect(page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)
    await page.keyboard.press("j")
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
    await page.keyboard.press("a")
    await shows(page, "fd-thread .line", "You took this")
    await page.keyboard.press("r")
    await page.keyboard.type("On its way.")
    await page.keyboard.press("Enter")
    await shows(page, "fd-thread .row.agent", "On its way.")
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await page.keyboard.type("called the courier")
    await page.keyboard.press("Enter")
    await shows(page, "fd-thread .row.note", "called the courier")
    await page.keyboard.press("Escape")
    await page.keyboard.press("p")
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Escape")
    await page.keyboard.press("x")
    await shows(page, "fd-bulk", "1 marked")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await shows(page, "fd-thread .line", "You resolved this")
