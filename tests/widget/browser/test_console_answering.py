"""Agents answer in the console of a real hub: undo, quotes, limits, ready replies, drafts, and who was faster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from hub.store.tables import Conversation
from tests.databases import fresh_store
from tests.hub.hubs import only
from tests.widget.browser.faces import WITHIN, entries, eventually
from tests.widget.browser.gestures import shows
from tests.widget.browser.offices import Office, office, opened


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


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


async def test_who_resolves_does_not_overtake_their_own_reply(work: Office) -> None:
    """Else the conversation is closed, and the reply that comes after it opens it again."""
    talk = await work.home.customer_says("Hello?", customer="ann", channel="page")
    page = await work.page_of()
    called: list[str] = []

    async def slowly(route: Route) -> None:
        called.append(route.request.url.rpartition("/")[2])
        if called == ["entries"]:
            await route.fulfill(status=503, headers={"retry-after": "1"}, body="{}")
            return
        if called[-1] == "entries":
            await asyncio.sleep(0.5)
        await route.continue_()

    await page.route(lambda url: url.endswith(("/entries", "/resolve")), slowly)
    await opened(page, talk)
    for text in ("It left today.", "Have a good one!"):
        await page.locator("fd-composer textarea").fill(text)
        await page.locator("fd-composer textarea").press("Enter")
    await page.locator("fd-thread h2").click()
    await page.keyboard.press("e")

    async def over() -> bool:
        return bool((await only(work.home.hub.store, Conversation, id=talk))["status"] == "resolved")

    await eventually(over)
    assert called == ["entries", "entries", "entries", "resolve"], "one was refused, and tried again"


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
