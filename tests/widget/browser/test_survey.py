"""The survey in the widget: stars, a comment, a change of mind, and what the agent then sees; on the real hub."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from hub.surveys import SurveyRules
from tests.widget.browser.faces import WITHIN, eventually, open_widget, settled, write
from tests.widget.browser.living import living, only_talk
from tests.widget.browser.test_budgets import broken

PLACES = [("en", "light", (1280, 800)), ("zh-CN", "dark", (360, 740))]


async def form_of(page: Page) -> None:
    await expect(page.locator("frontdesk-widget form.ask")).to_be_visible(timeout=WITHIN)


@pytest.mark.parametrize(("lang", "scheme", "size"), PLACES, ids=["desktop", "phone"])
@pytest.mark.parametrize("look", ["stars", "faces"])
async def test_a_rating_with_a_comment_is_given_and_changed(
    browser: Browser, tmp_path: Path, redis_url: str, prefix: str, look: Literal["stars", "faces"], lang: str,
    scheme: Literal["light", "dark"], size: tuple[int, int],
) -> None:  # fmt: skip
    async with living(tmp_path, redis_url, prefix, survey=SurveyRules(enabled=True, look=look)) as home:
        context = await browser.new_context(
            locale=lang, color_scheme=scheme, reduced_motion="reduce", viewport={"width": size[0], "height": size[1]}
        )
        page = await context.new_page()
        await open_widget(page, home.url, f"/demo?lang={lang}")
        await write(page, "Where is my order?")
        await eventually(lambda: settled(page))
        agent = await home.agent()
        talk = (await only_talk(home, agent))["id"]
        await agent.say(talk, "It left today.")
        await agent.api.post(f"/console/api/conversations/{talk}/resolve", json={"id": "done"})
        await form_of(page)
        assert await broken(page) == []
        radios = page.locator("frontdesk-widget .rate input")
        assert await radios.count() == 5
        await radios.nth(0).focus()
        for _ in range(3):
            await page.keyboard.press("ArrowRight")
        await page.locator("frontdesk-widget form.ask textarea").fill("Quick & <b>kind</b>")
        assert await broken(page) == []
        await page.locator("frontdesk-widget form.ask button").click()
        change = page.locator("frontdesk-widget .thanks button")
        await expect(change).to_be_visible(timeout=WITHIN)
        await eventually(lambda: settled(page))
        assert await broken(page) == []

        async def rating() -> dict[str, object]:
            found: dict[str, object] = (await agent.api.get(f"/console/api/conversations/{talk}")).json()["rating"]
            return found

        async def kept() -> bool:
            return (await rating())["score"] == 4

        await eventually(kept)
        assert (await rating())["comment"] == "Quick & <b>kind</b>"
        await change.click()
        await form_of(page)
        assert await radios.nth(3).is_checked()
        await radios.nth(4).check(force=True)
        await page.locator("frontdesk-widget form.ask button").click()

        async def changed() -> bool:
            return (await rating())["score"] == 5

        await eventually(changed)
        row = (await agent.api.get(f"/console/api/conversations/{talk}")).json()
        assert row["status"] == "resolved"
        await context.close()
