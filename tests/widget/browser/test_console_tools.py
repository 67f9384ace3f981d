"""What agents make and look at beside words: cards, forms, pictures large, views for the whole team."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, expect

from tests.databases import fresh_store
from tests.widget.browser.faces import WITHIN, eventually, open_widget, settled, write
from tests.widget.browser.offices import Office, office
from tests.widget.browser.test_budgets import broken

PASTE = """() => { const data = new DataTransfer(); data.items.add(new File(['1,2'], 'list.csv', {type: 'text/csv'}));
  const field = document.querySelector('fd-composer textarea');
  field.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})) }"""


@pytest_asyncio.fixture(loop_scope="session")
async def work(browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    async with office(store, browser, redis_url, prefix, tmp_path / "files") as made:
        yield made
    await store.close()


def png(name: str, width: int = 320, height: int = 200) -> FilePayload:
    """A picture of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + bytes((90, 140, 200)) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return {"name": name, "mimeType": "image/png", "buffer": body}


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, work: Office) -> Page:
    page = await (await browser.new_context(locale="en-GB", reduced_motion="reduce")).new_page()
    await open_widget(page, work.home.url)
    await write(page, "What have you got?")
    await eventually(lambda: settled(page))
    return page


async def at_work(work: Office, width: int) -> Page:
    """An agent's page with the one conversation open."""
    page = await work.page_of(viewport={"width": width, "height": 780})
    await page.locator("fd-list .tabs button").nth(2).click()
    await page.locator("fd-list .rows a").first.click(timeout=WITHIN)
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
    return page


@pytest.mark.parametrize("width", [1440, 360])
async def test_a_card_with_picture_and_buttons_reaches_the_customer(work: Office, visitor: Page, width: int) -> None:
    page = await at_work(work, width)
    await page.locator("fd-composer").get_by_label("Card or form").click()
    await page.locator(".menu button").filter(has_text="Card").click()
    sheet = page.locator("dialog.sheet")
    await sheet.get_by_label("Title", exact=True).fill("Oolong <b>50 g</b>")
    await sheet.get_by_label("Text", exact=True).fill("Spring harvest")
    await sheet.get_by_label("Link of the title").fill("javascript:alert(1)")
    await sheet.locator(".primary").click()
    await expect(sheet).to_be_visible()  # an address that runs code is no address
    await sheet.get_by_label("Link of the title").fill("https://shop.example.com/oolong")
    await sheet.get_by_label("Picture").set_input_files(png("oolong.png"))
    await sheet.get_by_label("Button 1", exact=True).fill("Take it")
    assert await broken(page) == []
    await sheet.locator(".primary").click()
    await expect(page.locator("fd-composer .held")).to_contain_text("Oolong <b>50 g</b>", timeout=WITHIN)
    await page.locator("fd-composer textarea").fill("This one?")
    await page.locator("fd-composer textarea").press("Enter")
    card = visitor.locator("frontdesk-widget .card")
    await expect(card).to_contain_text("Oolong <b>50 g</b>", timeout=WITHIN)
    await expect(card.locator("img")).to_be_visible(timeout=WITHIN)
    await expect(page.locator("fd-thread .card")).to_contain_text("Spring harvest", timeout=WITHIN)
    await visitor.locator("frontdesk-widget button.option").filter(has_text="Take it").click()
    await expect(page.locator("fd-thread .row.customer").last).to_contain_text("Take it", timeout=WITHIN)


@pytest.mark.parametrize("width", [1440, 360])
async def test_a_form_is_filled_in_and_comes_back(work: Office, visitor: Page, width: int) -> None:
    page = await at_work(work, width)
    await page.locator("fd-composer").get_by_label("Card or form").click()
    await page.locator(".menu button").filter(has_text="Form").click()
    sheet = page.locator("dialog.sheet")
    await sheet.get_by_label("What it is about").fill("Your delivery")
    await sheet.get_by_label("Question", exact=True).fill("Street")
    await sheet.get_by_text("Must be answered").click()
    await sheet.get_by_role("button", name="Another question").click()
    await sheet.get_by_label("Question", exact=True).nth(1).fill("When")
    await sheet.get_by_label("Kind of answer").nth(1).select_option("choice")
    await sheet.get_by_label("Choices").nth(1).fill("morning, evening")
    assert await broken(page) == []
    await sheet.locator(".primary").click()
    await page.locator("fd-composer .send").click()
    form = visitor.locator("frontdesk-widget form")
    await form.get_by_label("Street").fill("Long Lane 1", timeout=WITHIN)
    await form.locator("select").select_option("evening")
    await form.locator("button").click()
    answer = page.locator("fd-thread .row.customer").last
    await expect(answer).to_contain_text("Long Lane 1", timeout=WITHIN)
    await expect(answer).to_contain_text("evening")


@pytest.mark.parametrize("width", [1440, 360])
async def test_files_go_out_by_picker_and_paste_and_can_be_taken_away_before(work: Office, visitor: Page, width: int) -> None:
    page = await at_work(work, width)
    await page.locator("fd-composer input[type=file]").set_input_files([png("one.png"), png("wrong.png")])
    held = page.locator("fd-composer .held")
    await expect(held).to_have_count(2, timeout=WITHIN)
    await page.get_by_label("Remove wrong.png").click()
    await page.evaluate(PASTE)
    await expect(held).to_have_count(2, timeout=WITHIN)
    await expect(page.locator("fd-composer")).not_to_contain_text("uploading", timeout=WITHIN)
    await page.locator("fd-composer .send").click()
    await expect(visitor.locator("frontdesk-widget .row:not(.own) .picture")).to_be_visible(timeout=WITHIN)
    await expect(visitor.locator("frontdesk-widget .row:not(.own)").filter(has_text="list.csv")).to_be_visible(timeout=WITHIN)
    await expect(visitor.locator("frontdesk-widget .row").filter(has_text="wrong.png")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 360])
async def test_pictures_are_looked_at_large_by_keys_too(work: Office, visitor: Page, width: int) -> None:
    page = await at_work(work, width)
    for name in ("first.png", "second.png"):
        await visitor.locator("frontdesk-widget input[type=file]").set_input_files(png(name))
        await eventually(lambda: settled(visitor))
    pictures = page.locator("fd-thread a.picture")
    await expect(pictures).to_have_count(2, timeout=WITHIN)
    await pictures.first.focus()
    await page.keyboard.press("Enter")
    box = page.locator("dialog.lightbox")
    await expect(box.locator("p")).to_contain_text("1 of 2")
    await expect(box.locator("img")).to_be_visible()
    assert await broken(page) == []
    await page.keyboard.press("ArrowRight")
    await expect(box.locator("p")).to_contain_text("2 of 2")
    assert await box.get_by_label("Open the original").get_attribute("target") == "_blank"
    await page.keyboard.press("Escape")
    await expect(box).to_have_count(0)
    await expect(pictures.nth(1)).to_be_focused()
    assert len(page.context.pages) == 1, "no tab was opened for it"


@pytest.mark.parametrize("width", [1440, 360])
async def test_a_view_for_the_whole_team_is_everybodys_at_once(work: Office, width: int) -> None:
    look: dict[str, Any] = {"viewport": {"width": width, "height": 780}}
    await work.home.customer_says("Hello?", customer="ann", channel="page", profile={"name": "Ann"})
    await work.home.customer_says("Hello?", customer="ben", profile={"name": "Ben"})
    lead, agent = await work.page_of("Lin", role="supervisor", **look), await work.page_of("Bo", **look)
    await lead.locator("fd-list .tabs button").filter(has_text="All").click()
    await lead.locator("fd-list h2").click()
    await lead.keyboard.press("f")
    await lead.locator("dialog select[name=channel]").select_option("page")
    await lead.locator("dialog .primary").click()
    await lead.locator("fd-filters .keep").click()
    await lead.locator("dialog input[type=text]").fill("网页咨询")
    await lead.locator("dialog").get_by_text("For everybody").click()
    await lead.locator("dialog .primary").click()
    shared = agent.locator("fd-filters .own button").filter(has_text="网页咨询")
    await shared.click(timeout=WITHIN)
    await expect(agent.locator("fd-list .rows li")).to_have_count(1, timeout=WITHIN)
    await expect(agent.locator("fd-filters .own .drop")).to_have_count(0)  # an agent cannot take it from the others
    await agent.locator("fd-filters .chip.keep").click()
    await expect(agent.locator("dialog").get_by_text("For everybody")).to_have_count(0)
    await agent.keyboard.press("Escape")
    await lead.locator("fd-filters .own .drop").click()
    await expect(shared).to_have_count(0, timeout=WITHIN)
