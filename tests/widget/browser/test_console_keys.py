"""The whole of an agent's day by the keyboard alone, and what a screen reader is told on the way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from hub.promises import Promises
from hub.signin import hash_password
from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN
from tests.widget.browser.offices import Office, office, opened
from tests.widget.consoles import PASSWORD

PROMISES = Promises.model_validate({"targets": [{"first": "15m"}]})


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files", promises=PROMISES) as made:
        yield made
    await store.close()


async def shows(page: Page, selector: str, text: str) -> None:
    await expect(page.locator(selector).filter(has_text=text).first).to_be_visible(timeout=WITHIN)


async def lit(page: Page) -> bool:
    """Whether what has the focus can be seen to have it."""
    return bool(
        await page.evaluate(
            """() => { const at = document.activeElement; if (!at || at === document.body) return false;
            const style = getComputedStyle(at), box = at.closest('.box, .palette');
            return style.outlineStyle !== 'none' || style.boxShadow !== 'none' || Boolean(box) }"""
        )
    )


@pytest.mark.parametrize(("lang", "width"), [("en", 1440), ("zh-CN", 360)])
async def test_the_whole_day_by_keys_alone(work: Office, browser: Browser, lang: str, width: int) -> None:
    """Sign in, pick, reply, note, hand over, snooze, wake, resolve, look at reports, sign out: no mouse."""
    zh = lang == "zh-CN"
    agents = work.home.hub.store.agents
    for name, role in (("Ada", "supervisor"), ("Bo", "agent")):
        await agents.set_password(
            await agents.invite(f"{name}@example.com".lower(), name, role), await hash_password(PASSWORD), ""
        )
    await work.home.customer_says("Where is it?", customer="ann", channel="page", profile={"name": "Ann"})
    context = await browser.new_context(locale=lang, reduced_motion="reduce", viewport={"width": width, "height": 780})
    page = await context.new_page()
    key, type_ = page.keyboard.press, page.keyboard.type
    await page.goto(f"{work.home.url}/console/?lang={lang}")
    await expect(page.locator("input[name=email]")).to_be_focused(timeout=WITHIN)
    await type_("ada@example.com")
    await key("Tab")
    await type_(PASSWORD)
    await key("Enter")
    await expect(page.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)
    await key("3")
    for _ in range(40):  # through everything that stands before the list, each seen to have the focus
        await key("Tab")
        assert await lit(page), await page.evaluate("document.activeElement.outerHTML")
        if await page.evaluate("Boolean(document.activeElement.closest('fd-list .rows'))"):
            break
    await key("Enter")
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
    await key("a")
    await shows(page, "fd-thread .line", "您接手" if zh else "You took this")
    await key("r")
    await type_("On its way.")
    await key("Enter")
    await shows(page, "fd-thread .row.agent", "On its way.")
    await key("Escape")
    await key("n")
    await type_("called the courier")
    await key("Enter")
    await shows(page, "fd-thread .row.note", "called the courier")
    await key("Escape")
    await key("t")
    await expect(page.locator("dialog input[type=radio]").first).to_be_focused(timeout=WITHIN)
    for _ in range(8):
        if await page.evaluate("document.activeElement.closest('label')?.innerText.includes('Bo')"):
            break
        await key("ArrowDown")
    await key("Space")
    await key("Tab")
    await type_("she knows the courier")
    await key("Tab")
    await key("Enter")
    await shows(page, "fd-thread .line", "she knows the courier")
    await expect(page.locator("dialog")).to_have_count(0, timeout=WITHIN)
    await key("Control+k")
    await type_("明天" if zh else "Tomorrow morning")
    await key("Enter")
    await shows(page, "fd-thread .line", "暂缓" if zh else "snoozed this")
    await key("Control+k")
    await type_("立即唤醒" if zh else "Wake it now")
    await key("Enter")
    await shows(page, "fd-thread .line", "已恢复" if zh else "awake again")
    await key("e")
    await shows(page, "fd-thread .line", "解决了会话" if zh else "You resolved this")
    await key("Control+k")
    await type_("报表" if zh else "Reports")
    await key("Enter")
    await expect(page.locator("fd-reports .tile").first).to_be_visible(timeout=WITHIN)
    await key("Control+k")
    await type_("退出" if zh else "Sign out")
    await key("Enter")
    await expect(page.locator("input[name=email]")).to_be_focused(timeout=WITHIN)
    await context.close()


LISTED = (("region", "Inbox"), ("group", "Views"), ("searchbox", "Search name or text"), ("button", "Lin, Away"))
TALK = (
    ("log", "Conversation"), ("textbox", "Reply to Ann…"), ("group", "What to write"), ("button", "Assign: Unassigned"),
    ("button", "More"), ("button", "Resolve"), ("button", "Attach files"), ("button", "Canned replies"),
    ("button", "Card or form"), ("heading", "Ann"),
)  # fmt: skip
WIDE = (("navigation", "Views"), ("region", "Details"), ("button", "Snooze"))
"""Beside those at a desk; on a telephone snoozing is in the menu, and the panel behind a button."""


async def named(page: Page, *what: tuple[str, str]) -> None:
    for role, name in what:
        found = page.get_by_role(role, name=name).locator("visible=true")  # type: ignore[arg-type]
        await expect(found.first).to_be_visible(timeout=WITHIN)


@pytest.mark.parametrize("width", [1440, 360])
async def test_a_screen_reader_is_told_what_is_where(work: Office, width: int) -> None:
    ann = await work.home.customer_says("Where is it?", customer="ann", channel="page", profile={"name": "Ann"})
    await work.home.customer_says("And mine?", customer="ben", channel="page", profile={"name": "Ben"})
    page = await work.page_of(viewport={"width": width, "height": 780})
    await page.locator("fd-list .tabs button").filter(has_text="All").click()
    await named(page, *LISTED)
    rows = page.get_by_role("list", name="Conversations").get_by_role("listitem")
    await expect(rows).to_have_count(2, timeout=WITHIN)
    assert [await rows.nth(i).get_attribute("aria-posinset") for i in (0, 1)] == ["1", "2"]
    row = page.get_by_role("link", name=re.compile(r"Ann.*Where is it\?.*1 unread.*First reply: 1\d:\d\d left"))
    await expect(row).to_be_visible(timeout=WITHIN)
    await opened(page, ann)
    await named(page, *TALK, *(WIDE if width == 1440 else [("button", "Back"), ("button", "Details")]))
    assert await page.get_by_role("log").get_attribute("aria-live") == "polite"
    said = page.locator("fd-thread .row.customer")
    await expect(said).to_contain_text("Ann: ")  # who speaks, for those who do not see sides
    await page.get_by_role("button", name="Assign: Unassigned").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitemradio").first).to_be_focused()
    await expect(page.get_by_role("button", name="Assign: Unassigned")).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Assign: Unassigned")).to_be_focused()
    await page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Commands")
    await expect(box).to_be_focused()
    at = await box.get_attribute("aria-activedescendant")
    await page.keyboard.press("ArrowDown")
    assert await box.get_attribute("aria-activedescendant") != at
