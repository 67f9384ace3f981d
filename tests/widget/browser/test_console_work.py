"""Agents at work in the console of a real hub: everything that its calls offer is done on the page, by mouse and by keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hub.errors import Undeliverable
from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN, entries, eventually
from tests.widget.browser.offices import Office, office, opened


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


async def shows(page: Page, selector: str, text: str) -> None:
    await expect(page.locator(selector).filter(has_text=text).first).to_be_visible(timeout=WITHIN)


async def away(page: Page) -> None:
    """Out of every field, so that keys mean acts."""
    await page.locator("fd-thread h2").click()


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


async def test_a_reply_is_taken_back_within_seconds_and_never_leaves(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann")
    page = await work.page_of()
    await opened(page, talk)
    field = page.locator("fd-composer textarea")
    await field.fill("a slip")
    await field.press("Enter")
    await shows(page, "fd-thread .undo", "Undo (")
    await page.locator("fd-thread .undo").click()
    await expect(field).to_have_value("a slip", timeout=WITHIN)
    await shows(page, "fd-thread .bubble.gone", "took this back")
    await field.fill("on purpose")
    await field.press("Enter")

    async def left() -> bool:
        return [text for _, text, _ in work.phone.sent] == ["on purpose"]

    await eventually(left)
    await expect(page.locator("fd-thread .undo")).to_have_count(0, timeout=WITHIN)


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


async def test_one_message_is_answered_and_quoted(work: Office) -> None:
    talk = await work.home.customer_says("Blue or red?", customer="ann", channel="page")
    page = await work.page_of()
    await opened(page, talk)
    await page.locator("fd-thread .row.customer").hover()
    await page.locator("fd-thread .row.customer .answer").click()
    await shows(page, "fd-composer .about", "Blue or red?")
    await page.keyboard.type("Blue.")
    await page.keyboard.press("Enter")
    await shows(page, "fd-thread .row.agent .quoted", "Blue or red?")


async def test_what_the_channel_allows_stands_at_the_field(work: Office) -> None:
    talk = await work.home.customer_says("你好", customer="ann", channel="wechat")
    page = await work.page_of()
    await opened(page, talk)
    await shows(page, "fd-thread .limit", "5 of 5 answers left")
    assert await page.locator("fd-thread .limit .left").count() == 5
    await page.locator("fd-composer textarea").fill("one")
    await page.keyboard.press("Enter")
    await shows(page, "fd-thread .limit", "4 of 5 answers left")


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


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
async def test_a_reply_that_is_ready_is_chosen_by_a_slash(work: Office, lang: str) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page", locale=lang, profile={"name": "梅"})
    page = await work.page_of(lang=lang)
    await opened(page, talk)
    field = page.locator("fd-composer textarea")
    await field.press_sequentially("/th")
    text = "Hello 梅, Lin here." if lang == "en" else "梅您好，感谢等待。"
    await shows(page, "fd-canned .preview", text)
    await page.keyboard.press("Enter")
    await expect(field).to_have_value(text, timeout=WITHIN)
    await field.press("Enter")
    await eventually(lambda: _said(page, text))


async def _said(page: Page, text: str) -> bool:
    return text in await entries(page)


async def test_drafts_follow_an_agent_to_another_browser(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page")
    await work.home.customer_says("Another", customer="ben", channel="page")
    page = await work.page_of()
    second = await work.page_of(agent=await work.agent_id("Lin"))
    await opened(page, talk)
    await opened(second, talk)
    await page.locator("fd-composer textarea").press_sequentially("half a thought")
    await expect(second.locator("fd-composer textarea")).to_have_value("half a thought", timeout=WITHIN)
    await second.locator("fd-composer textarea").press_sequentially(" more")
    await expect(page.locator("fd-composer textarea")).to_have_value("half a thought more", timeout=WITHIN)
    third = await work.page_of(agent=await work.agent_id("Lin"))
    await third.locator("fd-list .tabs button").filter(has_text="All").click()
    await shows(third, "fd-list .begun", "Draft")
    await opened(third, talk)
    await expect(third.locator("fd-composer textarea")).to_have_value("half a thought more", timeout=WITHIN)
    await third.locator("fd-composer textarea").press("Enter")
    await expect(page.locator("fd-composer textarea")).to_have_value("", timeout=WITHIN)


async def test_search_looks_into_all_that_was_said_and_leads_there(work: Office) -> None:
    talk = await work.home.customer_says("我的订单A1024什么时候发货？", customer="ann", channel="page", profile={"name": "梅"})
    for n in range(60):
        await work.home.customer_says(f"line {n}", customer="ann", channel="page")
    page = await work.page_of()
    await away_from_list(page)
    await page.keyboard.press("/")
    await page.keyboard.type("订单A10")
    await shows(page, "fd-finder mark", "订单A10")
    await page.locator("fd-finder a").first.click()
    await shows(page, "fd-thread .row.found", "我的订单A1024什么时候发货？")
    assert talk in page.url


async def away_from_list(page: Page) -> None:
    await page.locator("fd-list h2").click()


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


async def test_colleagues_who_look_on_are_named(work: Office) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page")
    page, other = await work.page_of("Lin"), await work.page_of("Bo")
    await opened(page, talk)
    await asyncio.sleep(0.3)
    await opened(other, talk)
    await shows(page, "fd-thread .here", "Bo also here")
    await other.evaluate("location.hash = ''")
    await expect(page.locator("fd-thread .here")).to_be_empty(timeout=WITHIN)


@pytest.mark.parametrize("width", [1440, 360])
async def test_a_colleague_who_was_faster_is_shown_before_sending(work: Office, width: int) -> None:
    talk = await work.home.customer_says("Blue or red?", customer="ann", channel="page")
    look: Any = {"viewport": {"width": width, "height": 780}}
    page, other = await work.page_of("Lin", **look), await work.page_of("Bo", **look)
    for one in (page, other):
        await opened(one, talk)
    await page.locator("fd-composer textarea").press_sequentially("Red.")
    await other.locator("fd-composer textarea").fill("Blue.")
    await other.locator("fd-composer textarea").press("Enter")
    await shows(page, "fd-thread .row.agent", "Blue.")
    await page.locator("fd-composer textarea").press("Enter")
    await shows(page, "fd-thread .meta.unknown", "A colleague answered meanwhile.")
    assert "Red." not in await entries(other)
    await page.locator("fd-thread .meta.unknown button").first.click()
    await shows(other, "fd-thread .row.agent", "Red.")
    assert (await entries(other)).count("Red.") == 1


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
    await page.locator(".menu button").filter(has_text="Notices of this browser").click()
    assert await page.evaluate("window.asked") == 1
    await page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
    assert talk == await work.home.customer_says("Still there?", customer="ann", channel="page")

    async def told() -> bool:
        return bool(await page.evaluate("JSON.stringify(window.told)") == '[["Ann","Still there?"]]')

    await eventually(told)


async def test_presence_and_how_many_one_takes(work: Office) -> None:
    page = await work.page_of()
    await page.locator(".account.up").click()
    await page.locator(".menu button").filter(has_text="Conversations at most").click()
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


@pytest.mark.parametrize("width", [1440, 360])
async def test_what_a_customer_has_not_sent_yet_is_shown_where_the_channel_tells_it(work: Office, width: int) -> None:
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page", profile={"name": "Ann"})
    page = await work.page_of(viewport={"width": width, "height": 780})
    await opened(page, talk)
    known = await work.home.hub.store.logs.identity("page", "ann")
    assert known is not None
    fact = {"t": "eph", "k": "typing", "by": "customer", "who": known.id, "on": True, "console": True}
    await work.home.hub.live.poke(ephemeral=[fact])
    await shows(page, "fd-thread .bar", "Ann is typing…")
    await work.home.hub.live.poke(ephemeral=[{**fact, "text": "my <b>order"}])
    await shows(page, "fd-thread .bar", "Ann is writing: my <b>order")
