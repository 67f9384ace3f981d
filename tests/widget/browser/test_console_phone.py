"""The console on a telephone, by thumb alone: everything that can be done at a desk can be done on the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hub.errors import Undeliverable
from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN
from tests.widget.browser.offices import Office, office

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(work: Office) -> Page:
    """A telephone with the list of everything; Ann wrote on a channel with a window, Ben on a pushed one, Cho on the web."""
    for name, channel in (("Ann", "wechat"), ("Ben", "phone"), ("Cho", "page")):
        facts = {"name": name, "email": f"{name}@example.com", "page": "https://shop.example.com/tea"}
        await work.home.customer_says(f"{name} asks 订单A1024", customer=name.lower(), channel=channel, profile=facts)
    page = await work.page_of(role="supervisor", **PHONE)
    await page.locator("fd-list .tabs button").nth(2).tap()
    await expect(page.locator("fd-list .rows li")).to_have_count(3, timeout=WITHIN)
    return page


async def shows(page: Page, selector: str, text: str) -> None:
    await expect(page.locator(selector).filter(has_text=text).first).to_be_visible(timeout=WITHIN)


async def pick(page: Page, name: str) -> None:
    await page.locator("fd-list .rows a").filter(has_text=f"{name} asks").tap()
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
    assert await page.evaluate("innerWidth") == 360, "a telephone shows a page that is too wide smaller, and moves it about"


async def choose(page: Page, button: str, text: str) -> None:
    """Open a menu by its button and take what it offers."""
    await page.locator(button).tap()
    await page.locator(".menu button").filter(has_text=text).first.tap()


async def test_reply_undo_note_quote_and_ready_replies_by_thumb(work: Office, page: Page) -> None:
    await pick(page, "Ann")
    await shows(page, "fd-thread .limit", "5 of 5 answers left")
    field = page.locator("fd-composer textarea")
    await field.fill("a slip")
    await page.locator("fd-composer .send").tap()
    await page.locator("fd-thread .undo").tap(timeout=WITHIN)
    await expect(field).to_have_value("a slip", timeout=WITHIN)
    await field.fill("")
    await page.locator("fd-thread .row.customer .answer").tap()
    await shows(page, "fd-composer .about", "Ann asks")
    await page.locator("fd-composer button[title^=Canned]").tap()
    await page.locator("fd-canned li").first.tap(timeout=WITHIN)
    await expect(field).to_have_value("Hello Ann, Lin here.", timeout=WITHIN)
    await page.locator("fd-composer .send").tap()
    await shows(page, "fd-thread .row.agent .quoted", "Ann asks")
    await page.locator("fd-composer .kinds button").filter(has_text="Note").tap()
    await field.fill("only us")
    await page.locator("fd-composer .send").tap()
    await shows(page, "fd-thread .row.note", "only us")
    await field.fill("half a thought")
    await page.locator("fd-thread .back").tap()
    await shows(page, "fd-list .begun", "Draft")


async def test_hand_over_snooze_sort_block_and_resolve_by_thumb(work: Office, page: Page) -> None:
    await pick(page, "Cho")
    await choose(page, "fd-thread .head .assign", "billing")
    await shows(page, "fd-thread .line", "Assigned to the team billing")
    await choose(page, "fd-thread .head .assign", "Hand over with a comment")
    await page.locator("dialog .pick").filter(has_text="物流").tap()
    await page.locator("dialog textarea").fill("a parcel")
    await page.locator("dialog .primary").tap()
    await shows(page, "fd-thread .line", "a parcel")
    await choose(page, "fd-thread .head .more", "Urgent")
    await shows(page, "fd-thread .line", "set the priority: Urgent")
    await choose(page, "fd-thread .head .more", "Tags")
    await page.locator("dialog .offers button").filter(has_text="VIP").tap()
    await page.locator("dialog .head button").tap()
    await shows(page, "fd-thread .line", "changed tags: + VIP")
    await choose(page, "fd-thread .head .more", "Snooze")
    await page.locator(".menu button").filter(has_text="Tomorrow morning").tap()
    await shows(page, "fd-thread .line", "snoozed this")
    await choose(page, "fd-thread .head .more", "Snooze")
    await page.locator(".menu button").filter(has_text="Wake it now").tap()
    await shows(page, "fd-thread .line", "awake again")
    await choose(page, "fd-thread .head .more", "Block the customer")
    await page.locator("dialog .primary").tap()
    await shows(page, "fd-thread .line", "blocked the customer")
    await choose(page, "fd-thread .head .more", "Thank and resolve")
    await shows(page, "fd-thread .line", "You resolved this")


async def test_what_failed_and_who_it_is_by_thumb(work: Office, page: Page) -> None:
    await pick(page, "Ben")
    work.phone.fail = [Undeliverable("Forbidden: bot was blocked (blocked)")]
    await page.locator("fd-composer textarea").fill("There?")
    await page.locator("fd-composer .send").tap()
    await shows(page, "fd-thread .meta.failed", "the customer has blocked this account")
    await page.locator("fd-thread .meta.failed button").tap()
    await expect(page.locator("fd-thread .meta.failed")).to_have_count(0, timeout=WITHIN)
    await page.locator("fd-thread .info").tap()
    await shows(page, "fd-details", "shop.example.com/tea")
    link = page.locator("fd-details .pages a")
    await expect(link).to_have_attribute("href", "https://erp.example.com/c?mail=Ben%40example.com", timeout=WITHIN)
    await page.locator("fd-details .merge").tap()
    await page.locator("dialog input[type=search]").fill("ann")
    await page.locator("dialog .pick").first.tap(timeout=WITHIN)
    await page.locator("dialog .primary").tap()
    await shows(page, "fd-details .merged", "Merged by Lin")
    await shows(page, "fd-details .past", "Ann asks")
    await page.locator("fd-details .merged button").tap()
    await expect(page.locator("fd-details .merged")).to_have_count(0, timeout=WITHIN)


async def test_search_filters_views_and_many_at_once_by_thumb(work: Office, page: Page) -> None:
    await page.locator("fd-list input[type=search]").fill("订单A10")
    await shows(page, "fd-finder mark", "订单A10")
    await page.locator("fd-list input[type=search]").fill("")
    await expect(page.locator("fd-list .rows li")).to_have_count(3, timeout=WITHIN)
    await page.locator("fd-list").get_by_role("button", name="Filters").tap()
    await page.locator("dialog select[name=channel]").select_option("page")
    await page.locator("dialog .primary").tap()
    await expect(page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)
    await page.locator("fd-filters .keep").tap()
    await page.locator("dialog input[type=text]").fill("网页")
    await page.locator("dialog .primary").tap()
    await shows(page, "fd-filters .own", "网页")
    await page.locator("fd-filters .chip.set").tap()
    await expect(page.locator("fd-list .rows li")).to_have_count(3, timeout=WITHIN)
    await page.locator("fd-list").get_by_label("Mark conversations").tap()
    await page.locator("fd-list .rows li").nth(0).tap()
    await page.locator("fd-list .rows li").nth(1).tap()
    await shows(page, "fd-bulk", "2 marked")
    await page.locator("fd-bulk").get_by_label("Resolve").tap()
    await shows(page, ".passing", "Done for 2 conversations")
    await expect(page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)


async def test_presence_commands_notices_and_reports_by_thumb(work: Office, page: Page) -> None:
    account = page.locator(".account.down")
    await choose(page, ".account.down", "Available")
    await expect(account).to_have_attribute("aria-label", "Lin, Available", timeout=WITHIN)
    await choose(page, ".account.down", "Conversation limit")
    await page.locator("dialog input").fill("3")
    await page.locator("dialog .primary").tap()
    await expect(page.locator("dialog")).to_have_count(0, timeout=WITHIN)
    assert [one.capacity for one in await work.home.hub.store.staff.all()] == [3]
    await page.evaluate("""() => { window.Notification = class {}; Notification.permission = 'default'; window.asked = 0;
        Notification.requestPermission = async () => { window.asked++; return (Notification.permission = 'granted') } }""")
    await choose(page, ".account.down", "Browser notifications")
    assert await page.evaluate("window.asked") == 1
    await choose(page, ".account.down", "Commands")
    await page.locator(".palette input").fill("Reports")
    await page.locator(".palette li").first.tap()
    await expect(page.locator("fd-reports .tile").first).to_be_visible(timeout=WITHIN)
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.locator("fd-office header a").first.tap()
    await choose(page, ".account.down", "中文")
    await expect(page.locator("fd-list h2")).to_have_text("收件箱", timeout=WITHIN)
    await choose(page, ".account.down", "深色")
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    await choose(page, ".account.down", "退出登录")
    await expect(page.locator("input[name=email]")).to_be_visible(timeout=WITHIN)
