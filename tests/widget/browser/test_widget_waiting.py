"""What the widget says of us while its page stays open, and of the place in line when it comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from hub.routing import RoutingRules
from tests.config.folders import shipped
from tests.widget.browser.faces import WITHIN, open_widget, write
from tests.widget.browser.living import living
from widget import attendance

W = "frontdesk-widget"
UNDER, LINE = f"{W} .under", f"{W} .typing"
CLOSED = RoutingRules.model_validate({"hours": {"default": {"timezone": "UTC", "week": {"mon": "09:00-12:00"}}}})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "CLOCK_S", 0.2)


async def test_the_head_says_at_once_when_somebody_comes_and_when_the_doors_close(
    page: Page, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await open_widget(page, home.url)
        await expect(page.locator(UNDER)).to_contain_text("We’re away", timeout=WITHIN)
        agent = await home.agent()
        await agent.api.put("/console/api/me/presence", json={"state": "present"})
        await expect(page.locator(UNDER)).to_have_text("Usually replies in minutes", timeout=WITHIN)
        await expect(page.locator(f"{W} .dot.on")).to_have_count(1)
        home.hub.now = lambda: datetime(2026, 3, 2, 15, tzinfo=UTC)
        home.hub.routing = CLOSED
        await expect(page.locator(UNDER)).to_contain_text("Back", timeout=WITHIN)


async def test_the_place_in_line_is_there_again_after_a_reload_and_in_a_second_tab(
    page: Page, context: BrowserContext, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await home.customer_says("first", channel="web", customer="before")
        await open_widget(page, home.url)
        await write(page, "I need help")
        second = "You are number 2 in line. We’ll be with you as soon as we can."
        await expect(page.locator(LINE)).to_have_text(second, timeout=WITHIN)
        await open_widget(page, home.url)
        await expect(page.locator(LINE)).to_have_text(second, timeout=WITHIN)
        other = await context.new_page()
        await open_widget(other, home.url)
        await expect(other.locator(LINE)).to_have_text(second, timeout=WITHIN)


async def test_chinese_sentences_have_no_space_between_them_and_the_bot_has_a_name(
    page: Page, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix, bot=shipped().bot) as home:
        await open_widget(page, home.url, "/demo?lang=zh-CN")
        await write(page, "你好")
        await expect(page.locator(f"{W} .row:not(.own) .who").last).to_have_text("智能助手", timeout=WITHIN)
        await write(page, "人工")
        await expect(page.locator(LINE)).to_have_text("您排在第 1 位。我们会尽快为您接入。", timeout=WITHIN)
