"""What is fetched with its first use can't be had at once: the page says so, raises no error, and the next use finds it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Route, expect

from tests.widget.browser.conftest import Site
from tests.widget.browser.faces import WITHIN, open_widget, said, write

W = "frontdesk-widget"
ANY_RICH = """async () => {
    const { show } = await import('/static/shared/parts.js');
    const part = { type: 'card', title: 'A tent', text: 'for two', options: [] };
    document.body.append(show(part, { words: { retry: 'Once more' }, base: location.origin }));
}"""
DRAWN = """async () => {
    document.dispatchEvent(new Event('visibilitychange'));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));
}"""
"""Lets the widget draw itself anew, as it does for whatever the hub tells it."""
LINE = """async () => {
    const { Line } = await import('/static/shared/line.js');
    const line = new Line({ socket: 'ws://127.0.0.1:1/', hello: () => ({ t: 'hello' }), frame() {}, state() {}, denied() {} });
    line.start();
    line.tries = 9;
    dispatchEvent(new Event('online'));
    await new Promise((done) => setTimeout(done, 300));
    line.stop();
    return line.tries;
}"""


async def away(route: Route) -> None:
    await route.abort()


@pytest.mark.parametrize(
    ("wanted", "button", "found"), [("emoji.js", ".emojis", ".emoji"), ("more/en.json", "[aria-label=More]", ".menu")]
)
async def test_a_button_says_that_it_has_nothing_and_works_the_next_time(
    page: Page, site: Site, wanted: str, button: str, found: str
) -> None:
    await page.route(f"**/{wanted}", away)
    await open_widget(page, site.base)
    await page.locator(f"{W} {button}").click()
    await expect(page.locator(f"{W} .bar")).to_contain_text("The connection was lost", timeout=WITHIN)
    await page.evaluate(DRAWN)
    await expect(page.locator(f"{W} .bar")).to_contain_text("The connection was lost", timeout=WITHIN)
    await expect(page.locator(f"{W} {button}")).to_have_attribute("aria-expanded", "false", timeout=WITHIN)
    await page.unroute(f"**/{wanted}")
    await page.locator(f"{W} {button}").click()
    await expect(page.locator(f"{W} {found}")).to_be_visible(timeout=WITHIN)
    await expect(page.locator(f"{W} .bar")).to_be_empty(timeout=WITHIN)


async def test_a_card_has_a_button_in_its_place_until_it_can_be_drawn(page: Page, site: Site) -> None:
    await page.route("**/shared/rich.js", away)
    await page.goto(f"{site.base}/console/")
    await page.evaluate(ANY_RICH)
    again = page.get_by_role("button", name="Once more")
    await again.click(timeout=WITHIN)
    await expect(again).to_be_visible(timeout=WITHIN)
    await page.unroute("**/shared/rich.js")
    await again.click()
    await expect(page.get_by_text("A tent")).to_be_visible(timeout=WITHIN)
    await expect(again).to_have_count(0)


async def test_a_sign_for_a_page_in_the_background_can_be_missed(page: Page, site: Site) -> None:
    await page.route("**/hints.js", away)
    await page.add_init_script("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    await open_widget(page, site.base)
    async with page.expect_event("requestfailed", lambda asked: asked.url.endswith("hints.js")):
        await write(page, "Is anybody there?")
    await expect(page.locator(f"{W} .row:not(.own)").last).to_contain_text("Got it", timeout=WITHIN)
    assert "Is anybody there?" in await said(page, True)


async def test_a_network_that_is_back_is_tried_as_if_it_had_never_failed(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/console/")
    assert await page.evaluate(LINE) <= 1
