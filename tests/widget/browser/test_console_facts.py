"""What agents see without asking: what is due and counts down, how it was rated, who the customer is in the site's own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hub.promises import Promises
from hub.store.store import Store
from hub.surveys import SurveyRules
from hub.workbench import Workbench
from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN, eventually, open_widget, settled, write
from tests.widget.browser.offices import Office, office, opened

PROMISES = Promises.model_validate({"targets": [{"channels": ["phone"], "first": "2s"}, {"first": "15m", "resolve": "2d"}]})
BENCH = Workbench.model_validate({"links": [{"title": "Order", "url": "https://erp.example.com/o/{attributes.order}"}]})


@pytest_asyncio.fixture(loop_scope="session")
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = await fresh_store(tmp_path, lanes=1)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def work(store: Store, browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    rules = {"promises": PROMISES, "survey": SurveyRules(enabled=True), "workbench": BENCH}
    async with office(store, browser, redis_url, prefix, tmp_path / "files", **rules) as made:
        yield made


@pytest.mark.parametrize(("lang", "width"), [("en", 1440), ("zh-CN", 360)])
async def test_what_is_due_counts_down_in_list_and_conversation_and_draws_no_row_anew(
    work: Office, lang: str, width: int
) -> None:
    soon = await work.home.customer_says("Hello?", customer="ann", channel="page", profile={"name": "Ann"})
    await work.home.customer_says("Hello?", customer="ben", channel="phone", profile={"name": "Ben"})
    page = await work.page_of(lang=lang, viewport={"width": width, "height": 780})
    await page.locator("fd-list .tabs button").nth(2).click()
    chip = page.locator(f'fd-list li[data-key="{soon}"] .chip.due')
    await expect(chip).to_contain_text("14:" if lang == "zh-CN" else "left", timeout=WITHIN)
    late = page.locator("fd-list .chip.due.late")
    await expect(late).to_contain_text("超时" if lang == "zh-CN" else "late", timeout=WITHIN)
    await page.evaluate("for (const row of document.querySelectorAll('fd-list .rows li')) row.seen = true")
    before = await chip.inner_text()

    async def went_on() -> bool:
        return await chip.inner_text() != before

    await eventually(went_on)
    assert await page.evaluate("[...document.querySelectorAll('fd-list .rows li')].every(row => row.seen)")
    await opened(page, soon)
    strip = page.locator("fd-thread .clocks")
    await expect(strip).to_contain_text("首次回复剩余 14:" if lang == "zh-CN" else "First reply due in 14:", timeout=WITHIN)
    await expect(strip).to_contain_text("已等待 0:" if lang == "zh-CN" else "Waiting 0:")
    await page.locator("fd-composer textarea").fill("Here we are.")
    await page.locator("fd-composer textarea").press("Enter")
    await expect(strip).to_contain_text("解决剩余 " if lang == "zh-CN" else "Resolution due in ", timeout=WITHIN)
    await expect(strip.locator(".wait")).to_have_count(0, timeout=WITHIN)


@pytest.mark.parametrize("width", [1440, 360])
async def test_what_a_customer_thought_is_in_conversation_list_and_panel(work: Office, browser: Browser, width: int) -> None:
    visitor = await (await browser.new_context(locale="en-GB", reduced_motion="reduce")).new_page()
    await open_widget(visitor, work.home.url)
    await write(visitor, "Where is it?")
    await eventually(lambda: settled(visitor))
    page = await work.page_of(viewport={"width": width, "height": 780})
    await page.locator("fd-list .tabs button").nth(2).click()
    await page.locator("fd-list .rows a").first.click(timeout=WITHIN)
    await page.locator("fd-composer textarea").fill("It left today.")
    await page.locator("fd-composer textarea").press("Enter")
    await page.locator("fd-thread h2").click()
    await page.keyboard.press("e")
    form = visitor.locator("frontdesk-widget form.ask")
    await expect(form).to_be_visible(timeout=WITHIN)
    await expect(page.locator("fd-details")).to_contain_text("Asked, not answered yet.", timeout=WITHIN)
    await visitor.locator("frontdesk-widget .rate input").nth(3).check(force=True)
    await form.locator("textarea").fill("Quick & <b>kind</b>")
    await form.locator("button").click()
    row = page.locator("fd-thread .row.customer").last
    await expect(row.locator(".stars")).to_have_attribute("aria-label", "4 of 5 stars", timeout=WITHIN)
    await expect(row).to_contain_text("Quick & <b>kind</b>")
    if width == 360:
        await page.locator("fd-thread .info").click()
    await expect(page.locator("fd-details .rated")).to_be_visible(timeout=WITHIN)
    await expect(page.locator("fd-details .rated")).to_contain_text("Quick & <b>kind</b>", timeout=WITHIN)
    await expect(page.locator("fd-details .rated .stars")).to_have_attribute("aria-label", "4 of 5 stars")
    await page.evaluate("location.hash = ''")
    await page.keyboard.press("5")
    await expect(page.locator("fd-list .chip.rated")).to_be_visible(timeout=WITHIN)
    await expect(page.locator("fd-list .chip.rated")).to_contain_text("★ 4", timeout=WITHIN)
    await visitor.context.close()


async def test_what_the_site_says_of_a_customer_is_in_the_panel_and_leads_on(work: Office, browser: Browser) -> None:
    visitor = await (await browser.new_context(locale="en-GB", reduced_motion="reduce")).new_page()
    await visitor.goto(f"{work.home.url}/demo?lang=en")
    facts = {"name": "Ann", "attributes": {"plan": "pro <b>", "order": "A 1024"}}
    await visitor.evaluate("facts => Frontdesk.identify(facts)", facts)
    await visitor.locator("frontdesk-widget button.launcher").click()
    await expect(visitor.locator("frontdesk-widget textarea")).to_be_focused(timeout=WITHIN)
    await write(visitor, "Where is it?")
    await eventually(lambda: settled(visitor))
    page = await work.page_of()
    await page.locator("fd-list .tabs button").nth(2).click()
    await page.locator("fd-list .rows a").filter(has_text="Ann").click(timeout=WITHIN)
    panel = page.locator("fd-details")
    await expect(panel).to_contain_text("somebody takes it by hand", timeout=WITHIN)
    await expect(panel.locator(".attributes")).to_contain_text("pro <b>", timeout=WITHIN)
    await expect(panel.locator(".pages a")).to_have_attribute("href", "https://erp.example.com/o/A%201024")
    await expect(panel).to_contain_text("/demo")
    await visitor.context.close()
