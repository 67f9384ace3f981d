"""A conversation in two languages in the console: below the original, switched by key and menu, and no markup whatever comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from connectors.translators import translator_of
from connectors.translators.settings import Service
from hub import interpreting
from hub.runtime import Hub
from hub.store.tables import Conversation
from hub.store.translation_tables import Translation
from hub.translation import TranslationRules
from tests.databases import fresh_store
from tests.fakes import answered
from tests.hub.hubs import only, rows
from tests.servers.translation import TranslationServer, translation_server
from tests.widget.browser.faces import WITHIN, eventually, open_widget, write
from tests.widget.browser.offices import Office, office, opened

WHERE, LEAVES, LEAVES_ZH = "我的订单在哪里？", "Your order leaves today.", "您的订单今天发出。"


@pytest_asyncio.fixture(loop_scope="session")
async def service() -> AsyncIterator[TranslationServer]:
    async with translation_server() as server:
        yield server


async def _interpret(hub: Hub) -> None:
    while True:
        await interpreting.run(hub, 1.0)
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture(loop_scope="session")
async def work(
    browser: Browser, service: TranslationServer, redis_url: str, prefix: str, tmp_path: Path
) -> AsyncIterator[Office]:
    store = await fresh_store(tmp_path, lanes=1)
    own = translator_of(Service.model_validate({"type": "libretranslate", "api_url": service.url, "timeout": 10}))
    rules = TranslationRules.model_validate({"enabled": True, "agents": "en", "hold": 60})
    async with office(store, browser, redis_url, prefix, tmp_path / "files", translation=rules, translator=own) as made:
        job = asyncio.create_task(_interpret(made.home.hub))
        yield made
        job.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await job
    await own.aclose()
    await store.close()


@pytest.mark.parametrize("width", [1440, 360])
async def test_both_texts_stand_in_the_thread_and_the_switch_has_a_key(
    work: Office, service: TranslationServer, width: int
) -> None:
    talk = await work.home.customer_says(WHERE, customer="ann", profile={"name": "Ann"}, locale="zh-CN")
    page = await work.page_of(viewport={"width": width, "height": 780})
    await opened(page, talk)
    row = page.locator("fd-thread .row.customer").first
    await expect(row.locator(".tr p")).to_have_text("Where is my order?", timeout=WITHIN)
    await expect(row.locator(".tr p")).to_have_attribute("lang", "en")
    await expect(row.locator(".tr small")).to_have_text("Translated from Chinese")
    await expect(row).to_contain_text(WHERE)
    await page.locator("fd-thread textarea").fill(LEAVES)
    await page.keyboard.press("Enter")
    await expect(page.locator("fd-thread .row.agent .tr p")).to_have_text(LEAVES_ZH, timeout=WITHIN)
    await expect(page.locator("fd-thread .row.agent .tr small")).to_have_text("The customer got, in Chinese")

    async def got() -> bool:
        return [text for _, text, _ in work.phone.sent] == [LEAVES_ZH]

    await eventually(got)
    await page.locator("fd-thread h2").click()
    await page.keyboard.press("y")
    await expect(page.locator("fd-thread .line").filter(has_text="ended the translation")).to_be_visible(timeout=WITHIN)
    assert (await only(work.home.hub.store, Conversation))["translate"] == "off"
    await page.locator("fd-thread .head .more").click()
    await page.locator(".menu button").filter(has_text="Translate this conversation").click()
    await expect(page.locator("fd-thread .line").filter(has_text="has this conversation translated")).to_be_visible(
        timeout=WITHIN
    )
    assert (await only(work.home.hub.store, Conversation))["translate"] == "on"
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_what_comes_back_is_shown_as_text_and_a_failure_says_why(work: Office, service: TranslationServer) -> None:
    service.odd = [{"translatedText": ["<img src=x onerror=document.title='owned'><b>x</b>"], "detectedLanguage": []}]
    talk = await work.home.customer_says(WHERE, customer="ann", profile={"name": "Ann"}, locale="zh-CN")
    page = await work.page_of()
    await opened(page, talk)
    first = page.locator("fd-thread .row.customer .tr p").first
    await expect(first).to_have_text("<img src=x onerror=document.title='owned'><b>x</b>", timeout=WITHIN)
    assert await page.locator("fd-thread .tr img").count() == 0
    assert "owned" not in await page.title()
    service.behaviour.next("revoked")
    await work.home.customer_says("第二行", customer="ann", locale="zh-CN")
    failed = page.locator("fd-thread .tr.odd")
    await expect(failed).to_have_text("Not translated: LibreTranslate answered 403: Invalid API key", timeout=WITHIN)


async def test_the_customer_reads_their_language_with_the_original_one_click_away(work: Office) -> None:
    context = await work.browser.new_context(locale="zh-CN")
    page = await context.new_page()
    await open_widget(page, work.home.url, "/demo?lang=zh-CN")
    await write(page, WHERE)
    found: list[str] = []

    async def there() -> bool:
        found[:] = [row["id"] for row in await rows(work.home.hub.store, Conversation)]
        return bool(found) and bool(await rows(work.home.hub.store, Translation, state="done"))

    await eventually(there)
    await work.home.hub.intake.keep([answered(LEAVES, conversation=found[0])], 5)
    bubble = page.locator("frontdesk-widget .row:not(.own):not([data-key=greeting]) .bubble")
    await expect(bubble).to_contain_text(LEAVES_ZH, timeout=WITHIN)
    await expect(bubble.locator("summary")).to_have_text("🌐 英语")
    await expect(bubble.get_by_text(LEAVES)).to_be_hidden()
    await bubble.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(bubble.get_by_text(LEAVES)).to_be_visible()
    await context.close()
