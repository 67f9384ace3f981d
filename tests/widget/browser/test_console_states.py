"""The console with what is hostile and with what is much: texts stay texts, ten thousand rows cost what fifty do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, expect
from sqlalchemy import Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import SQLModel

from hub.model import new_id
from hub.store.store import Store
from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN, eventually
from tests.widget.browser.offices import Office, office, opened

MANY = 10_000
SCRIPTS = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<svg/onload=window.hacked=1>",
    "javascript:window.hacked=1",
    "\"><iframe srcdoc='<script>parent.hacked = 1</script>'>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "<a href='javascript:window.hacked=1'>x</a>",
    "<style>*{display:none}</style>",
    "]]><!--",
    "\u202egnp.exe",
]


@pytest_asyncio.fixture(loop_scope="session")
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = await fresh_store(tmp_path, lanes=1)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def work(store: Store, browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made


async def test_hostile_texts_stay_texts_wherever_they_are_shown(work: Office) -> None:
    talk = ""
    for n, text in enumerate(SCRIPTS):
        talk = await work.home.customer_says(
            text, customer="eve", channel="page", profile={"name": text, "page": text, "email": text}
        )
        await work.home.customer_says(text, customer=f"eve{n}", channel="page", profile={"name": text})
    bo = await work.home.agent()
    tags = ["<script>1</script>", '"onload=x']
    steps: list[dict[str, Any]] = [{"tag": tags}, {"note": SCRIPTS[1]}, {"assign": {"agent": "me", "reason": SCRIPTS[1]}}]
    await bo.api.post("/console/api/bulk", json={"id": "b", "conversations": [talk], "do": steps})
    page = await work.page_of()
    await page.locator("fd-list .tabs button").filter(has_text="All").click()
    await opened(page, talk)
    await expect(page.locator("fd-thread .row.note")).to_be_visible(timeout=WITHIN)
    shown = await page.locator("fd-thread .row.customer .bubble p").all_inner_texts()
    assert shown == SCRIPTS
    await page.locator("fd-list input[type=search]").fill("<script>")
    await expect(page.locator("fd-finder mark").first).to_be_visible(timeout=WITHIN)
    await page.locator("fd-details .merge").click()
    await page.locator("dialog input[type=search]").fill("window.hacked")
    await expect(page.locator("dialog .pick").first).to_be_visible(timeout=WITHIN)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("hacked")
    await page.keyboard.press("Escape")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("iframe, img[src=x], svg[onload]").count() == 0
    hrefs = await page.eval_on_selector_all("a", "links => links.map(a => a.protocol)")
    assert set(hrefs) <= {"http:", "https:", "mailto:", "tel:"}


def plain(table: Table) -> dict[str, Any]:
    """What a table's columns hold when nothing is said."""
    return {c.name: c.default.arg for c in table.columns if isinstance(c.default, ScalarElementColumnDefault)}


async def fill_up(store: Store, count: int) -> None:
    """So many open conversations, written as rows: going through the hub would take minutes."""
    now = datetime.now(UTC)
    names = ("customer", "identity", "conversation", "message")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for n in range(1, count + 1):
        who, own, talk = new_id(), new_id(), new_id()
        rows["customer"].append({"id": who, "name": f"Customer {n}", "at": now})
        rows["identity"].append(
            {"id": own, "channel": "page", "external_id": f"c{n}", "customer_id": who, "bucket": 0, "at": now}
        )
        facts = {"id": talk, "identity_id": own, "customer_id": who, "channel": "page", "bucket": 0, "lane": 0, "open_key": own}
        facts |= {"head": 1, "last_s": n, "preview": f"Question {n}", "preview_by": "customer", "at": now, "last_at": now}
        rows["conversation"].append({**facts, "waiting_ms": int(now.timestamp() * 1000) - n * 1000})
        said = {
            "id": new_id(),
            "conversation_id": talk,
            "identity_id": own,
            "seq": 1,
            "s": n,
            "cs": 1,
            "at": now,
            "stored_at": now,
        }
        text = f'[{{"type":"text","text":"Question {n}"}}]'
        rows["message"].append({**said, "kind": "message", "author_kind": "customer", "parts": text})
    async with store.db.write() as connection:
        for name in names:
            table = SQLModel.metadata.tables[name]
            await connection.execute(table.insert(), [{**plain(table), **row} for row in rows[name]])
        counter = SQLModel.metadata.tables["counter"]
        await connection.execute(counter.update().where(counter.c.name == "inbox").values(value=count))


async def test_ten_thousand_open_conversations_are_a_few_rows_in_the_page(work: Office, store: Store) -> None:
    await fill_up(store, MANY)
    page = await work.page_of()
    await page.locator("fd-list .tabs button").filter(has_text="All").click()
    await expect(page.locator("fd-list .tabs b").last).to_have_text(str(MANY), timeout=WITHIN)

    async def at_the_end() -> bool:
        await page.evaluate(
            "(() => { const box = document.querySelector('fd-list .scroll'); box.scrollTop = box.scrollHeight })()"
        )
        place = "document.querySelector('fd-list .rows li:last-child')?.getAttribute('aria-posinset')"
        return bool(await page.evaluate(place) == str(MANY))

    await eventually(at_the_end, 120)
    assert await page.locator("fd-list .rows li").count() < 60
    assert await page.locator("fd-list .rows li").last.get_attribute("aria-setsize") == str(MANY)
    await work.home.customer_says("Something new", customer="zoe", channel="page", profile={"name": "Zoe"})
    await asyncio.sleep(1)
    assert await page.locator("fd-list .rows li").last.get_attribute("aria-posinset") in (str(MANY), str(MANY + 1))
    await page.evaluate("document.querySelector('fd-list .scroll').scrollTop = 0")
    await expect(page.locator("fd-list .rows li").first).to_contain_text("Zoe", timeout=WITHIN)
