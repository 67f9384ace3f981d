"""What a site does with the widget from its own scripts, and files that are dropped or stopped on their way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Request, Route, expect

from connectors.web_settings import Before, Question, WebSettings
from tests.widget.browser.conftest import BOTH, Site
from tests.widget.browser.faces import WITHIN, eventually, open_widget, said, settled, write

DROP = """dialog => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['hello'], 'dropped.txt', { type: 'text/plain' }));
    dialog.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
}"""
pytestmark = BOTH


async def test_a_page_names_its_customer_and_hears_what_happens(page: Page, site: Site) -> None:
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/session"):
            asked.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    await page.goto(f"{site.base}/demo?lang=en")
    await page.evaluate("""() => {
        window.heard = [];
        for (const name of ['open', 'close', 'message']) Frontdesk.on(name, detail => heard.push([name, detail?.by?.kind ?? '']));
        Frontdesk.identify('signed.by.backend');
        return Frontdesk.open();
    }""")
    await expect(page.locator("frontdesk-widget textarea")).to_be_focused(timeout=WITHIN)
    await write(page, "Hello")
    await eventually(lambda: settled(page))
    await eventually(lambda: page.evaluate("heard.some(([name, kind]) => name === 'message' && kind === 'customer')"))
    await page.evaluate("Frontdesk.identify('signed.again'); Frontdesk.close()")
    heard = await page.evaluate("heard")
    assert [heard[0], heard[-1]] == [["open", ""], ["close", ""]]

    async def again() -> bool:
        return [one.get("identity") for one in asked] == ["signed.by.backend", "signed.again"]

    await eventually(again)


async def test_dropped_files_are_sent_and_a_stopped_one_never_is(page: Page, site: Site) -> None:
    held: list[Route] = []
    await open_widget(page, site.base)
    await write(page, "Look")
    await eventually(lambda: settled(page))
    await page.locator("frontdesk-widget dialog").evaluate(DROP)
    await expect(page.locator("frontdesk-widget .row.own .file")).to_contain_text("dropped.txt", timeout=WITHIN)
    await eventually(lambda: settled(page))
    await page.route("**/files", lambda route: held.append(route))
    picker = page.locator("frontdesk-widget input[type=file]")
    await picker.set_input_files({"name": "stopped.txt", "mimeType": "text/plain", "buffer": b"no"})
    stop = page.locator("frontdesk-widget .row.own", has_text="stopped.txt").locator("button")
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    await stop.click()

    async def broken_off() -> bool:
        return any(url.endswith("/files") for url in failed)

    await eventually(broken_off)
    assert not any("stopped" in line for line in await said(page, True))


async def test_every_language_has_every_text_and_arabic_reads_from_the_right(page: Page, site: Site) -> None:
    names = [
        "en",
        "zh-CN",
        "zh-TW",
        "ja",
        "ko",
        "es",
        "fr",
        "de",
        "ar",
        "pt",
        "it",
        "nl",
        "ru",
        "tr",
        "pl",
        "vi",
        "th",
        "id",
        "hi",
        "uk",
    ]
    texts = {}
    for name in names:
        both = [await page.request.get(f"{site.base}/static/widget/texts/{place}{name}.json") for place in ("", "more/")]
        texts[name] = json.loads(await both[0].text()) | json.loads(await both[1].text())
    for name, words in texts.items():
        assert list(words) == list(texts["en"]), name
        assert all(words.values()), name
        assert all(("{n}" in words[key]) == ("{n}" in texts["en"][key]) for key in words), name
    await page.goto(f"{site.base}/demo?lang=en")
    await page.evaluate("Frontdesk.element.setting.lang = 'ar'; Frontdesk.open()")
    await expect(page.locator("frontdesk-widget textarea")).to_have_attribute("placeholder", texts["ar"]["write"], timeout=WITHIN)
    assert await page.locator("frontdesk-widget dialog").evaluate("dialog => getComputedStyle(dialog).direction") == "rtl"
    head = page.locator("frontdesk-widget .head")
    avatar, close = await head.locator(".avatar").bounding_box(), await head.locator("button").last.bounding_box()
    assert avatar and close and avatar["x"] > close["x"]


async def test_what_must_be_asked_first_is_answered_before_anything_is_written(page: Page, site: Site) -> None:
    if site.world is None:
        pytest.skip("a running hub asks what its own file says")
    settings = WebSettings(
        before=Before(
            title={"en": "Before we begin"},
            questions=(
                Question(name="email", label={"en": "E-mail"}, kind="email", required=True),
                Question(name="about", label={"en": "About"}, kind="choice", options=({"en": "An order"}, {"en": "<b>Else</b>"})),
            ),
            consent={"en": "I agree to https://shop.example/privacy"},
        )
    )
    site.world.form = settings.look("en-GB")["form"]
    await page.goto(f"{site.base}/demo?lang=en")
    await page.locator("frontdesk-widget button.launcher").click()
    form = page.locator("frontdesk-widget form.ask")
    await expect(form).to_be_visible(timeout=WITHIN)
    await expect(page.locator("frontdesk-widget .composer")).to_be_hidden()
    assert (await Axe().run(page)).response["violations"] == []
    await form.locator("select").select_option("<b>Else</b>")
    await form.locator("input[type=email]").fill("ann@example.com")
    await form.locator("button").click()
    assert not any(visitor.log for visitor in site.world.visitors.values()), "sent without consent"
    await form.locator("input[type=checkbox]").check()
    await form.locator("button").click()
    await expect(page.locator("frontdesk-widget textarea")).to_be_focused(timeout=WITHIN)
    await expect(page.locator("frontdesk-widget .row.own dd")).to_have_text(["ann@example.com", "<b>Else</b>", "✓"])
    await eventually(lambda: settled(page))
    await open_widget(page, site.base)
    await expect(page.locator("frontdesk-widget .row.own dd").first).to_have_text("ann@example.com")
