"""An agent works in the console: sees a customer's line at once, answers, notes, resolves, and loses nothing to a cut."""

from __future__ import annotations

import asyncio
import secrets

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.widget.browser.conftest import Site
from tests.widget.browser.cut import Cut
from tests.widget.browser.faces import WITHIN, entries, eventually, open_widget, said, settled, sign_in, write


async def open_conversation(page: Page, text: str) -> None:
    """Open the conversation in which `text` was said last of all conversations."""
    await page.locator("fd-list .tabs button").filter(has_text="All").click()

    async def there() -> bool:
        await page.locator("fd-list .rows a").first.click(timeout=WITHIN)
        await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
        return text in await entries(page)

    await eventually(there)


async def has(page: Page, *texts: str, seconds: float = 15) -> None:
    """Wait until these lines are shown, once each and in this order."""

    async def there() -> bool:
        return [line for line in await entries(page) if line in texts] == list(texts)

    try:
        await eventually(there, seconds)
    except AssertionError:
        raise AssertionError(f"shown: {await entries(page)}") from None


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, site: Site) -> Page:
    """A customer's browser of its own, closed with the browser."""
    context = await browser.new_context(locale="en-GB", reduced_motion="reduce")
    page = await context.new_page()
    await open_widget(page, site.base)
    return page


async def test_a_line_on_the_demo_page_is_answered_in_the_console(page: Page, visitor: Page, site: Site) -> None:
    word = secrets.token_hex(4)
    await sign_in(page, site)
    await write(visitor, f"Where is my order {word}?")
    await eventually(lambda: settled(visitor))
    await open_conversation(page, f"Where is my order {word}?")
    await page.locator("fd-composer textarea").fill(f"It left today {word}.")
    await page.locator("fd-composer textarea").press("Enter")
    await has(page, f"Where is my order {word}?", f"It left today {word}.")

    async def answered() -> bool:
        return f"It left today {word}." in await said(visitor, False)

    await eventually(answered)
    await expect(visitor.locator("frontdesk-widget .row.own .meta").last).to_contain_text("Read", timeout=WITHIN)
    await page.reload()
    await has(page, f"Where is my order {word}?", f"It left today {word}.")
    await open_widget(visitor, site.base)
    assert (await said(visitor)).count(f"It left today {word}.") == 1


async def test_a_note_never_reaches_the_customer(page: Page, visitor: Page, site: Site) -> None:
    word = secrets.token_hex(4)
    await sign_in(page, site)
    await write(visitor, f"hello {word}")
    await eventually(lambda: settled(visitor))
    await open_conversation(page, f"hello {word}")
    await page.locator("fd-thread h2").click()
    await page.keyboard.press("n")
    await page.keyboard.type(f"only us {word}")
    await page.keyboard.press("Enter")
    await expect(page.locator("fd-thread .row.note").filter(has_text=f"only us {word}")).to_be_visible(timeout=WITHIN)
    await page.keyboard.type(f"to you {word}")
    await page.keyboard.press("Enter")

    async def answered() -> bool:
        return f"to you {word}" in await said(visitor, False)

    await eventually(answered)
    assert not any(f"only us {word}" in line for line in await said(visitor))


async def test_resolve_and_reopen_by_key(page: Page, visitor: Page, site: Site) -> None:
    await sign_in(page, site)
    text = f"thanks {secrets.token_hex(4)}"
    await write(visitor, text)
    await eventually(lambda: settled(visitor))
    await open_conversation(page, text)
    await expect(page.locator("fd-thread .head .primary")).to_contain_text("Resolve", timeout=WITHIN)
    await page.locator("fd-thread h2").click()
    await page.keyboard.press("e")
    await expect(page.locator("fd-thread .head")).to_contain_text("Reopen", timeout=WITHIN)
    await expect(visitor.locator("frontdesk-widget .line")).to_contain_text("closed", timeout=WITHIN)
    await page.keyboard.press("e")
    await expect(page.locator("fd-thread .head .primary")).to_contain_text("Resolve", timeout=WITHIN)


async def test_assigning_and_taking(page: Page, visitor: Page, site: Site) -> None:
    await sign_in(page, site)
    text = f"anybody {secrets.token_hex(4)}"
    await write(visitor, text)
    await eventually(lambda: settled(visitor))
    await open_conversation(page, text)
    assign = page.locator("fd-thread .head .assign")
    await expect(assign).to_be_visible(timeout=WITHIN)
    if "Unassigned" in (await assign.get_attribute("aria-label") or ""):
        await assign.click()
        await page.locator(".menu button").first.click()
    await expect(assign).not_to_have_attribute("aria-label", "Assign: Unassigned", timeout=WITHIN)
    await assign.click()
    await page.locator(".menu button").last.click()
    await expect(assign).to_have_attribute("aria-label", "Assign: Unassigned", timeout=WITHIN)


@pytest.mark.parametrize("width", [1280, 360])
async def test_a_cut_of_ten_seconds_loses_and_doubles_no_reply(
    page: Page, visitor: Page, site: Site, cut: Cut, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 780})
    word = secrets.token_hex(4)
    await sign_in(page, site, cut.url)
    await write(visitor, f"first {word}")
    await eventually(lambda: settled(visitor))
    await open_conversation(page, f"first {word}")
    await has(page, f"first {word}")
    cut.cut()
    await page.context.set_offline(True)
    await expect(page.locator("fd-thread .bar")).to_contain_text("offline", timeout=WITHIN)
    for n in range(3):
        await page.locator("fd-composer textarea").fill(f"reply {n} {word}")
        await page.locator("fd-composer textarea").press("Enter")
    await write(visitor, f"second {word}")
    await asyncio.sleep(10)
    await page.context.set_offline(False)
    cut.mend()
    replies = [f"reply {n} {word}" for n in range(3)]

    async def arrived() -> bool:
        return [line for line in await said(visitor, False) if word in line] == replies

    await eventually(arrived, 30)
    await has(page, f"first {word}", f"second {word}", *replies)
    await page.reload()
    await has(page, f"first {word}", f"second {word}", *replies)


async def test_an_answer_cut_off_after_its_head_changes_nothing_that_is_shown(page: Page, visitor: Page, site: Site) -> None:
    await sign_in(page, site)
    text = f"still here {secrets.token_hex(4)}"
    await write(visitor, text)
    await eventually(lambda: settled(visitor))
    await open_conversation(page, text)
    whole = f"{site.base}/console/api/conversations?*"
    await page.route(whole, lambda route: route.fulfill(content_type="application/json", body='{"items": [{"id"'))
    await page.locator("fd-list .tabs button").filter(has_text="Resolved").click()
    await expect(page.locator("[role=status], [role=alert]").filter(has_text="reach")).to_be_visible(timeout=WITHIN)
    await page.unroute(whole)
    await page.locator("fd-list .tabs button").filter(has_text="All").click()
    await has(page, text)


async def test_a_draft_stays_with_its_conversation(page: Page, visitor: Page, site: Site) -> None:
    await sign_in(page, site)
    text = f"draft {secrets.token_hex(4)}"
    await write(visitor, text)
    await eventually(lambda: settled(visitor))
    await open_conversation(page, text)
    field = page.locator("fd-composer textarea")
    await field.press_sequentially("half a thought", timeout=WITHIN)
    await page.reload()
    await expect(field).to_have_value("half a thought", timeout=WITHIN)


async def test_enter_that_confirms_a_candidate_does_not_send(page: Page, visitor: Page, site: Site) -> None:
    await sign_in(page, site)
    text = f"ime {secrets.token_hex(4)}"
    await write(visitor, text)
    await eventually(lambda: settled(visitor))
    await open_conversation(page, text)
    await page.locator("fd-composer textarea").focus(timeout=WITHIN)
    keys = await page.context.new_cdp_session(page)
    await keys.send("Input.insertText", {"text": "你好"})
    await keys.send("Input.imeSetComposition", {"text": "ma", "selectionStart": 2, "selectionEnd": 2})
    await keys.send(
        "Input.dispatchKeyEvent", {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Enter", "code": "Enter"}
    )
    assert "你好" not in " ".join(await entries(page))
    await keys.send("Input.insertText", {"text": "吗"})
    await page.keyboard.press("Enter")
    await has(page, "你好吗")


async def test_a_wrong_password_is_said_in_words(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/console/?lang=en")
    await page.locator("input[name=email]").fill("nobody@example.com")
    await page.locator("input[name=password]").fill("not the password")
    await page.locator("button[type=submit]").click()
    await expect(page.locator("[role=alert]")).to_contain_text("do not belong together", timeout=WITHIN)


async def test_a_one_time_link_makes_the_first_agent(page: Page, site: Site) -> None:
    if site.world is None:
        pytest.skip("the link of a running hub is used only once")
    await page.goto(f"{site.base}/console/?lang=en#setup={site.world.setup}")
    for name, value in {"name": "Ada", "email": "ada@example.com", "password": "a long sentence"}.items():
        await page.locator(f"input[name={name}]").fill(value)
    await page.locator("button[type=submit]").click()
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
    assert "setup" not in page.url


async def test_a_phone_shows_one_thing_at_a_time(page: Page, visitor: Page, site: Site) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await sign_in(page, site)
    await write(visitor, f"phone {secrets.token_hex(4)}")
    await eventually(lambda: settled(visitor))
    await expect(page.locator("fd-thread")).to_be_hidden()
    await page.locator("fd-list .tabs button").filter(has_text="All").click()
    await page.locator("fd-list .rows a").first.click(timeout=WITHIN)
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
    await expect(page.locator("fd-list")).to_be_hidden()
    await page.locator("fd-thread .info").click()
    await expect(page.locator("fd-details h2")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.locator("fd-details .back").click()
    await page.locator("fd-thread .back").click()
    await expect(page.locator("fd-list")).to_be_visible()


async def test_what_colleagues_change_is_told_in_words(page: Page, visitor: Page, site: Site) -> None:
    word = secrets.token_hex(4)
    await sign_in(page, site)
    await write(visitor, f"Please refund {word}.")
    await eventually(lambda: settled(visitor))
    await open_conversation(page, f"Please refund {word}.")
    one = f"{site.base}/console/api/conversations/{page.url.rpartition('/')[2]}"
    for act, body in (("priority", {"level": 3}), ("tags", {"add": ["退款"]})):
        made = await page.request.post(f"{one}/{act}", data={"id": f"{act}{word}", **body}, headers={"X-Frontdesk": "1"})
        assert made.ok
    for line in ("set the priority: Urgent", "changed tags: + 退款"):
        await expect(page.locator("fd-thread").get_by_text(line)).to_be_visible()


async def test_a_connection_that_died_in_silence_keeps_no_reply(page: Page, visitor: Page, site: Site, cut: Cut) -> None:
    await page.clock.install()
    await sign_in(page, site, cut.url)
    word = secrets.token_hex(4)
    await write(visitor, f"first {word}")
    await eventually(lambda: settled(visitor))
    await open_conversation(page, f"first {word}")
    replies = [f"reply {n} {word}" for n in range(2)]
    field = page.locator("fd-composer textarea")
    cut.stall()
    async with page.expect_request("**/entries"):
        await field.fill(replies[0])
        await field.press("Enter")
    cut.hold()
    await field.fill(replies[1])
    await field.press("Enter")

    async def arrived() -> bool:  # neither end closes the dead connections: only the page's own patience ends each
        await page.clock.fast_forward(5_000)
        return [line for line in await said(visitor, False) if word in line] == replies

    await eventually(arrived)
    await has(page, f"first {word}", *replies)
