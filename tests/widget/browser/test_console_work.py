"""Agents at work in the console of a real hub: what they do with conversations and customers, and with themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from hub.errors import Temporary, Undeliverable
from hub.people import Trouble
from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN, eventually
from tests.widget.browser.gestures import away, shows
from tests.widget.browser.offices import Office, office, opened


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def test_snooze_priority_tags_and_block(work: Office) -> None:
    talk = await work.home.customer_says("Where is it?", customer="ann", profile={"name": "Ann"})
    page = await work.page_of()
    await opened(page, talk)
    await away(page)
    await page.keyboard.press("z")
    await page.locator(".menu button").filter(has_text="Tomorrow morning").click()
    await shows(page, "fd-thread .line", "snoozed this")
    await away(page)
    await page.keyboard.press("z")
    await page.locator(".menu button").filter(has_text="Wake it now").click()
    await shows(page, "fd-thread .line", "awake again")
    await away(page)
    await page.keyboard.press("p")
    await page.locator(".menu button").filter(has_text="Urgent").click()
    await shows(page, "fd-thread .head .chip", "Urgent")
    await away(page)
    await page.keyboard.press("l")
    await page.locator("dialog input").fill("vi")
    await page.locator("dialog .offers button").first.click()
    await page.locator("dialog input").fill("two words")
    await page.keyboard.press("Enter")
    await page.locator("dialog input").fill("新客户")
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog li")).to_have_count(2)
    await page.keyboard.press("Escape")
    await shows(page, "fd-list .chip.tagged.amber", "VIP")
    await shows(page, "fd-list .chip.tagged", "新客户")
    await page.locator("fd-thread .head .more").click()
    await page.locator(".menu button").filter(has_text="Block the customer").click()
    await page.locator("dialog input").fill("spam")
    await page.keyboard.press("Enter")
    await shows(page, "fd-thread .head .chip", "Blocked")
    row = await work.home.hub.store.console.opened(talk, "")
    assert row is not None and (row.row.priority, row.row.tags, row.row.blocked) == (3, ["VIP", "新客户"], True)


async def test_tags_take_their_colours_though_the_workbench_comes_late(work: Office) -> None:
    talk = await work.home.customer_says("Where is it?", customer="ann", profile={"name": "Ann"})
    page = await work.page_of()
    await opened(page, talk)
    await away(page)
    await page.keyboard.press("l")
    await page.locator("dialog input").fill("VIP")
    await page.keyboard.press("Enter")
    await shows(page, "fd-list .chip.tagged.amber", "VIP")
    drawn = asyncio.Event()

    async def held(route: Route) -> None:
        await drawn.wait()
        await route.continue_()

    await page.route("**/console/api/workbench", held)
    await page.reload()
    await shows(page, "fd-list .chip.tagged.grey", "VIP")
    drawn.set()
    await shows(page, "fd-list .chip.tagged.amber", "VIP")


async def _lin_and_bo(work: Office) -> tuple[str, Page, Page]:
    """A conversation that Lin has open, Lin's page, and the page of Bo, who came after."""
    talk = await work.home.customer_says("Where is it?", customer="ann", profile={"name": "Ann"})
    page = await work.page_of("Lin")
    await opened(page, talk)
    return talk, page, await work.page_of("Bo")


async def test_a_colleague_who_joined_after_the_page_was_opened_can_be_assigned(work: Office) -> None:
    talk, page, other = await _lin_and_bo(work)
    await opened(other, talk)
    await expect(page.locator("fd-thread .here")).to_have_attribute("title", "Bo also here", timeout=WITHIN)

    async def offered() -> bool:
        await page.locator("fd-thread .head .assign").click()
        there = await page.locator(".menu button").filter(has=page.get_by_text("Bo", exact=True)).count()
        if not there:
            await page.keyboard.press("Escape")
        return bool(there)

    await eventually(offered)
    await page.locator(".menu button").filter(has=page.get_by_text("Bo", exact=True)).click()
    await shows(other, "fd-thread .line", "Assigned to you")


async def test_who_comes_straight_to_a_conversation_is_seen_there(work: Office) -> None:
    talk, page, other = await _lin_and_bo(work)
    address = other.url
    await other.goto("about:blank")
    await other.goto(f"{address}#/c/{talk}")
    await expect(page.locator("fd-thread .here")).to_have_attribute("title", "Bo also here", timeout=WITHIN)


async def test_handing_over_with_a_comment(work: Office) -> None:
    talk = await work.home.customer_says("My invoice?", customer="ann")
    other = await work.page_of("Bo")
    page = await work.page_of("Lin")
    await opened(page, talk)
    await away(page)
    await page.keyboard.press("t")
    await page.locator("dialog .pick").filter(has_text="Bo").click()
    await page.locator("dialog textarea").fill("客户很急")
    await page.locator("dialog .primary").click()
    await shows(page, "fd-thread .line", "Assigned to Bo: 客户很急")
    await page.locator("fd-thread .head .assign").click()
    await page.locator(".menu button").filter(has_text="billing").click()
    await shows(page, "fd-thread .line", "Assigned to the team billing")
    await opened(other, talk)
    await shows(other, "fd-thread .line", "客户很急")


async def test_what_failed_says_why_and_is_sent_again(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann")
    page = await work.page_of()
    await opened(page, talk)
    work.phone.fail = [Undeliverable("Forbidden: bot was blocked (blocked)")]
    await page.locator("fd-composer textarea").fill("There?")
    await page.keyboard.press("Enter")
    await shows(page, "fd-thread .meta.failed", "the customer has blocked this account")
    await page.locator("fd-thread .meta.failed button").click()

    async def left() -> bool:
        return [text for _, text, _ in work.phone.sent] == ["There?"]

    await eventually(left)
    await expect(page.locator("fd-thread .meta.failed")).to_have_count(0, timeout=WITHIN)


async def test_what_waits_for_an_admin_says_why_until_it_leaves(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann")
    page = await work.page_of()
    await opened(page, talk)
    said = "this machine's address is not in the IP whitelist"
    why = f"{said}: add it (WeChat 40164)"
    work.phone.fail = [Temporary(why, retry_after=0.5, paused=True, trouble=Trouble("40164", said, "add it"))] * 1000
    await page.locator("fd-composer textarea").fill("There?")
    await page.keyboard.press("Enter")
    await expect(page.locator("fd-thread .meta.unknown")).to_have_text(f"Not sent yet · {why}", timeout=WITHIN)
    await page.reload()
    await opened(page, talk)
    await expect(page.locator("fd-thread .meta.unknown")).to_have_text(f"Not sent yet · {why}", timeout=WITHIN)
    work.phone.fail.clear()
    await expect(page.locator("fd-thread .meta.unknown")).to_have_count(0, timeout=WITHIN)
    assert [text for _, text, _ in work.phone.sent] == ["There?"]


async def test_two_customers_are_made_one_and_parted_on_the_page(work: Office) -> None:
    ann = await work.home.customer_says("Hello?", customer="ann", profile={"name": "Ann"})
    await work.home.customer_says("It is me", customer="annie", channel="page", profile={"name": "Annie W."})
    page = await work.page_of()
    await opened(page, ann)
    await page.locator("fd-details .merge").click()
    await page.locator("dialog input[type=search]").fill("annie")
    await page.locator("dialog .pick").filter(has_text="Annie W.").click()
    await page.locator("dialog .primary").click()
    await shows(page, "fd-details .merged", "Merged by Lin")
    await shows(page, "fd-details .past", "It is me")
    await page.locator("fd-details .merged button").click()
    await expect(page.locator("fd-details .merged")).to_have_count(0, timeout=WITHIN)
    await expect(page.locator("fd-details .past")).to_have_count(0, timeout=WITHIN)


async def test_colleagues_who_look_on_are_named(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page")
    page, other = await work.page_of("Lin"), await work.page_of("Bo")
    await opened(page, talk)
    await asyncio.sleep(0.3)
    await opened(other, talk)
    await shows(page, "fd-thread .here", "Bo also here")
    await other.evaluate("location.hash = ''")
    await expect(page.locator("fd-thread .here")).to_be_empty(timeout=WITHIN)


async def test_several_are_marked_and_done_at_once(work: Office) -> None:
    for name in ("Ann", "Ben", "Cho", "Dee"):
        await work.home.customer_says(f"{name} asks", customer=name, channel="page", profile={"name": name})
    page = await work.page_of()
    await page.locator("fd-list .tabs button").filter(has_text="All").click()
    rows = page.locator("fd-list .rows li")
    await expect(rows).to_have_count(4, timeout=WITHIN)
    await rows.nth(0).click(modifiers=["Control"])
    await rows.nth(2).click(modifiers=["Shift"])
    await shows(page, "fd-bulk", "3 marked")
    await rows.nth(1).click()
    await shows(page, "fd-bulk", "2 marked")
    await page.locator("fd-bulk button[aria-label=Macros]").click()
    await page.locator(".menu button").filter(has_text="Thank and resolve").click()
    await expect(rows).to_have_count(2, timeout=WITHIN)
    await shows(page, ".passing", "Done for 2 conversations")
    await page.keyboard.press("Escape")
    await expect(page.locator("fd-bulk")).to_be_hidden()
    await page.keyboard.press("3")
    resolved = await work.home.hub.store.console.conversations("", "resolved")
    assert sorted((row.customer_name, tuple(row.tags)) for row in resolved) == [("Ben", ()), ("Dee", ())] or {
        tuple(row.tags) for row in resolved
    } == {("done",)}


async def test_notices_are_asked_for_by_a_press_only(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page", profile={"name": "Ann"})
    page = await work.page_of()
    stub = """() => { window.told = []; window.asked = 0;
      window.Notification = class { constructor(title, more) { window.told.push([title, more.body]) } close() {} };
      Notification.permission = 'default';
      Notification.requestPermission = async () => { window.asked++; return (Notification.permission = 'granted') } }"""
    await page.evaluate(stub)
    assert await page.evaluate("window.asked") == 0
    await page.locator(".account.up").click()
    await page.locator(".menu button").filter(has_text="Browser notifications").click()
    assert await page.evaluate("window.asked") == 1
    await page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
    assert talk == await work.home.customer_says("Still there?", customer="ann", channel="page")

    async def told() -> bool:
        return bool(await page.evaluate("JSON.stringify(window.told)") == '[["Ann","Still there?"]]')

    await eventually(told)


async def test_presence_and_how_many_one_takes(work: Office) -> None:
    page = await work.page_of()
    await page.locator(".account.up").click()
    await page.locator(".menu button").filter(has_text="Conversation limit").click()
    await page.locator("dialog input").fill("3")
    await page.locator("dialog .primary").click()
    await expect(page.locator("dialog")).to_have_count(0, timeout=WITHIN)
    assert [one.capacity for one in await work.home.hub.store.staff.all()] == [3]


async def test_the_panel_shows_who_and_leads_to_own_systems(work: Office) -> None:
    facts = {"name": "Ann", "email": "ann@example.com", "page": "https://shop.example.com/tea"}
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page", profile=facts)
    page = await work.page_of()
    await opened(page, talk)
    link = page.locator("fd-details .pages a")
    await expect(link).to_have_attribute("href", "https://erp.example.com/c?mail=ann%40example.com", timeout=WITHIN)
    await shows(page, "fd-details dl", "shop.example.com/tea")
