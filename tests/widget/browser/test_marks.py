"""The marks below a line in both faces: sent, delivered, read, also for who was away meanwhile."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.widget.browser.faces import WITHIN, open_widget, write
from tests.widget.browser.living import living, only_talk
from tests.widget.browser.offices import Office, opened

W = "frontdesk-widget"


async def test_each_side_sees_what_became_of_its_line(
    page: Page, browser: Browser, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await open_widget(page, home.url)
        await write(page, "Hello?")
        own = page.locator(f"{W} .row.own .meta")
        await expect(own).to_contain_text("Delivered", timeout=WITHIN)
        agent = await home.agent()
        talk = (await only_talk(home, agent))["id"]
        shop = page.url
        await page.goto("about:blank")
        await agent.api.post(f"/console/api/conversations/{talk}/read", json={"n": 1})
        await open_widget(page, home.url)
        await expect(own).to_contain_text("Read", timeout=WITHIN)
        await page.goto("about:blank")

        desk = await Office(home, browser, []).page_of(agent=agent.id)
        await opened(desk, talk)
        await agent.say(talk, "Here I am")
        mark = desk.locator("fd-thread .row.agent .meta").last
        await expect(mark).to_contain_text("Sent", timeout=WITHIN)
        await page.goto(shop)
        await expect(mark).to_contain_text("Delivered", timeout=WITHIN)
        await page.locator(f"{W} button.launcher").click()
        await expect(mark).to_contain_text("Read", timeout=WITHIN)
        await desk.reload()
        await expect(mark).to_contain_text("Read", timeout=WITHIN)
