"""A customer writes in the widget: sent once, answered, still there after a reload, a cut, or without any WebSocket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.widget.browser.conftest import BOTH, Site
from tests.widget.browser.cut import Cut
from tests.widget.browser.faces import WITHIN, eventually, open_widget, said, settled, write

pytestmark = BOTH


async def shows(page: Page, *texts: str, seconds: float = 15) -> None:
    """Wait until exactly these are the customer's own lines, in this order."""

    async def there() -> bool:
        return await said(page, True) == list(texts)

    try:
        await eventually(there, seconds)
    except AssertionError:
        raise AssertionError(f"shown: {await said(page, True)}") from None


async def test_a_line_is_sent_answered_and_survives_a_reload(page: Page, site: Site) -> None:
    await open_widget(page, site.base)
    await write(page, "Hello, where is order A1024?")
    await shows(page, "Hello, where is order A1024?")
    await expect(page.locator("frontdesk-widget .row.own .meta")).to_contain_text("Delivered", timeout=WITHIN)
    await expect(page.locator("frontdesk-widget .row:not(.own)").nth(1)).to_be_visible(timeout=WITHIN)
    before = await said(page)
    await open_widget(page, site.base)
    assert await said(page) == before


async def test_nothing_is_fetched_before_intent(page: Page, site: Site) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{site.base}/demo?lang=en")
    await page.wait_for_load_state("networkidle")
    assert [url for url in asked if "/demo" not in url] == [f"{site.base}/widget.js"]


async def test_a_button_answers_for_the_customer_once(page: Page, site: Site) -> None:
    if site.world is None:
        pytest.skip("a running hub's bot may offer no buttons")
    await open_widget(page, site.base)
    await write(page, "Hi")
    button = page.locator("frontdesk-widget button.option").first
    chosen = await button.inner_text(timeout=WITHIN)
    await button.click()
    await shows(page, "Hi", chosen)
    await expect(page.locator("frontdesk-widget button.option").filter(has_text=chosen)).to_have_count(0)


async def test_a_cut_of_ten_seconds_loses_and_doubles_nothing(page: Page, context: BrowserContext, cut: Cut) -> None:
    await open_widget(page, cut.url)
    await write(page, "one")
    await shows(page, "one")
    await eventually(lambda: settled(page))
    cut.cut()
    await context.set_offline(True)
    await write(page, "two")
    await write(page, "three")
    await expect(page.locator("frontdesk-widget .bar")).to_contain_text("offline", timeout=WITHIN)
    await asyncio.sleep(10)
    await context.set_offline(False)
    cut.mend()
    await eventually(lambda: settled(page), 30)
    await shows(page, "one", "two", "three")
    await open_widget(page, cut.url)
    await shows(page, "one", "two", "three")


async def test_what_was_written_during_a_cut_survives_a_reload(page: Page, cut: Cut) -> None:
    await open_widget(page, cut.url)
    await write(page, "one")
    await eventually(lambda: settled(page))
    cut.cut()
    await write(page, "two")
    await expect(page.locator("frontdesk-widget .row.own .meta").last).to_contain_text("Sending", timeout=WITHIN)
    cut.mend()
    await open_widget(page, cut.url)
    await shows(page, "one", "two")
    await eventually(lambda: settled(page))


async def test_many_cuts_in_the_middle_of_sending(page: Page, cut: Cut) -> None:
    await open_widget(page, cut.url)
    lines = [f"line {n}" for n in range(30)]
    for n, line in enumerate(lines):
        await write(page, line)
        if n % 6 == 3:
            cut.drop()
    await eventually(lambda: settled(page), 30)
    await shows(page, *lines, seconds=30)


async def test_without_any_websocket_long_polling_carries_both_ways(page: Page, cut: Cut, site: Site) -> None:
    cut.sockets = False
    await open_widget(page, cut.url)
    await write(page, "over long poll")
    await shows(page, "over long poll")
    await expect(page.locator("frontdesk-widget .row.own .meta")).to_contain_text("Delivered", timeout=WITHIN)
    await expect(page.locator("frontdesk-widget .row:not(.own)").nth(1)).to_be_visible(timeout=WITHIN)
    for n in range(5):
        await write(page, f"more {n}")
    await shows(page, "over long poll", *[f"more {n}" for n in range(5)])
    await eventually(lambda: settled(page))
    tries = cut.upgrades
    await open_widget(page, cut.url)
    await shows(page, "over long poll", *[f"more {n}" for n in range(5)])
    assert cut.upgrades == tries, "that sockets are blocked here was not remembered"


async def test_enter_that_confirms_a_candidate_does_not_send(page: Page, site: Site, context: BrowserContext) -> None:
    await open_widget(page, site.base)
    keys = await context.new_cdp_session(page)
    await keys.send("Input.insertText", {"text": "你好"})
    await keys.send("Input.imeSetComposition", {"text": "shijie", "selectionStart": 6, "selectionEnd": 6})
    enter: dict[str, Any] = {"key": "Enter", "code": "Enter"}
    await keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, **enter})
    await keys.send("Input.dispatchKeyEvent", {"type": "keyUp", "windowsVirtualKeyCode": 13, **enter})
    assert await said(page) == []
    await keys.send("Input.insertText", {"text": "世界"})
    field = page.locator("frontdesk-widget textarea")
    late = {"key": "Enter", "keyCode": 229, "bubbles": True, "cancelable": True}
    await field.evaluate("(field, init) => field.dispatchEvent(new KeyboardEvent('keydown', init))", late)
    assert await said(page) == []
    await field.press("Enter")
    await shows(page, "你好世界")


async def test_two_tabs_are_one_conversation(page: Page, context: BrowserContext, site: Site) -> None:
    await open_widget(page, site.base)
    await write(page, "from the first")
    await eventually(lambda: settled(page))
    other = await context.new_page()
    await open_widget(other, site.base)
    await shows(other, "from the first")
    await asyncio.gather(write(page, "again the first"), write(other, "from the second"))

    async def same() -> bool:
        return await said(page) == await said(other) and len(await said(page, True)) == 3

    await eventually(same)
    assert sorted(await said(page, True)) == ["again the first", "from the first", "from the second"]


async def test_keyboard_alone(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/demo?lang=en")
    launcher = page.locator("frontdesk-widget button.launcher")
    await launcher.focus()
    await page.keyboard.press("Enter")
    field = page.locator("frontdesk-widget textarea")
    await expect(field).to_be_focused(timeout=WITHIN)
    await page.keyboard.type("by hand")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two lines")
    await page.keyboard.press("Enter")
    await shows(page, "by hand\ntwo lines")
    await page.keyboard.press("Escape")
    await expect(page.locator("frontdesk-widget dialog")).to_be_hidden()
    await expect(launcher).to_be_focused()


async def test_a_phone_gets_a_full_modal_dialog(context: BrowserContext, page: Page, site: Site) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await open_widget(page, site.base)
    box = await page.locator("frontdesk-widget dialog").bounding_box()
    assert box is not None
    assert [round(box[side]) for side in ("x", "y", "width", "height")] == [0, 0, 360, 740]
    assert await page.locator("frontdesk-widget dialog").evaluate("dialog => dialog.matches(':modal')")
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_a_picture_is_sent_and_shown(page: Page, site: Site) -> None:
    await open_widget(page, site.base)
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
    picker = page.locator("frontdesk-widget input[type=file]")
    await picker.set_input_files({"name": "crack.png", "mimeType": "image/png", "buffer": png})
    image = page.locator("frontdesk-widget .row.own img")
    await expect(image).to_be_visible(timeout=WITHIN)
    await eventually(lambda: settled(page))

    async def loaded() -> bool:
        return bool(await image.evaluate("image => image.complete && image.naturalWidth > 0 && !image.src.startsWith('blob:')"))

    await eventually(loaded)


async def test_markup_is_shown_as_it_was_written(page: Page, site: Site) -> None:
    await open_widget(page, site.base)
    text = '<img src=x onerror=alert(1)> javascript:alert(1) https://example.com/a?b=c, "and" www.example.org。'
    await write(page, text)
    await shows(page, text)
    links = await page.locator("frontdesk-widget .row.own a").evaluate_all("all => all.map(a => [a.href, a.rel])")
    assert links == [[url, "noopener noreferrer nofollow"] for url in ("https://example.com/a?b=c", "https://www.example.org/")]
    assert await page.locator("frontdesk-widget .row.own img").count() == 0


async def test_it_opens_on_a_site_of_another_origin_with_a_strict_policy(page: Page, site: Site) -> None:
    hub = site.base.replace("127.0.0.1", "localhost")
    policy = (
        f"default-src 'none'; script-src {hub}; connect-src {hub} {hub.replace('http', 'ws')}; img-src {hub}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    body = f'<!doctype html><title>elsewhere</title><script src="{hub}/widget.js" data-lang="en" async></script>'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-security-policy: {policy}\r\nconnection: close\r\n\r\n"
        writer.write((head + body).encode())
        writer.close()

    shop = await asyncio.start_server(answer, "127.0.0.1", 0)
    await open_widget(page, f"http://127.0.0.1:{shop.sockets[0].getsockname()[1]}", "/shop")
    await write(page, "from another origin")
    await shows(page, "from another origin")
    await eventually(lambda: settled(page))
    picker = page.locator("frontdesk-widget input[type=file]")
    await picker.set_input_files({"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"})
    await expect(page.locator("frontdesk-widget .row.own .file")).to_contain_text("note.txt", timeout=WITHIN)
    await eventually(lambda: settled(page))
    shop.close()


async def test_a_new_epoch_loads_the_log_anew(page: Page, site: Site) -> None:
    await open_widget(page, site.base)
    await write(page, "kept")
    key = await page.evaluate("Object.keys(localStorage).find(key => key.endsWith(' web'))")

    async def stored() -> Any:
        found = json.loads(await page.evaluate("key => localStorage.getItem(key)", key))
        return found if found["entries"] else None

    kept = await eventually(stored)
    kept["epoch"], kept["cursor"], kept["entries"][0]["d"]["parts"][0]["text"] = "another", 900, "stale"
    await page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, json.dumps(kept)])
    await open_widget(page, site.base)
    await shows(page, "kept")
