"""The widget in a page: its style and the page's, right to left, a phone's keyboard, pages that change without loading."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.widget.browser.conftest import BOTH, PHONE, Site
from tests.widget.browser.faces import WITHIN, eventually, open_widget, said, settled, write
from tests.widget.browser.test_budgets import broken

pytestmark = BOTH
W = "frontdesk-widget"
HOSTILE = """
* { font-size: 40px !important; line-height: 3 !important; letter-spacing: 1em !important; color: red !important; }
button, div, dialog, textarea, p, span { transform: rotate(3deg) !important; border: 9px solid lime !important; float: left; }
dialog { display: none !important; } :host { display: none !important; } main, header, footer { display: none !important; }
"""
LOOK = """() => ['.launcher', 'dialog', '.head', 'textarea', '.send', '.row .bubble'].map((what) => {
    const found = document.querySelector('frontdesk-widget').shadowRoot.querySelector(what);
    const { color, transform } = getComputedStyle(found);
    const { fontSize, letterSpacing } = what === '.launcher' ? {} : getComputedStyle(found);
    const { x, y, width, height } = found.getBoundingClientRect();
    return [what, fontSize, color, transform, letterSpacing, x, y, width, height];
})"""
OWN = """() => [...document.querySelectorAll('main *')].map((one) => {
    const { font, color, margin } = getComputedStyle(one);
    return [font, color, margin];
})"""


def by(site: Site) -> dict[str, Any]:
    """An agent, as entries name their author."""
    assert site.world is not None
    lin = next(iter(site.world.staff.values()))
    return {"kind": "agent", "name": lin.name, "id": lin.id}


@pytest.fixture(autouse=True)
def _likeness(site: Site) -> None:
    if site.world is None:
        pytest.skip("the hub in memory says what a running one may not")


async def test_neither_the_page_s_style_nor_the_chat_s_touches_the_other(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/demo?lang=en")
    own = await page.evaluate(OWN)
    await open_widget(page, site.base)
    await expect(page.locator(f"{W} .row")).to_contain_text("today", timeout=WITHIN)
    assert await page.evaluate(OWN) == own
    plain = await page.evaluate(LOOK)
    await page.evaluate(
        "(css) => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", HOSTILE
    )
    assert await page.evaluate(LOOK) == plain


async def test_a_site_s_own_variables_and_parts_count_and_the_theme_can_be_set(page: Page, site: Site) -> None:
    await open_widget(page, site.base)
    css = f"{W} {{ --fd-accent: rgb(122, 31, 92); --fd-radius: 3px; --fd-z: 77 }} {W}::part(launcher) {{ border-radius: 8px }}"
    await page.evaluate("(css) => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", css)
    style = "(one, name) => getComputedStyle(one)[name]"
    assert await page.locator(f"{W} .launcher").evaluate(style, "borderRadius") == "8px"
    assert await page.locator(f"{W} .avatar").evaluate(style, "backgroundColor") == "rgb(122, 31, 92)"
    assert await page.locator(W).evaluate(style, "zIndex") == "77"
    light = await page.locator(f"{W} dialog").evaluate(style, "backgroundColor")
    await page.evaluate("Frontdesk.element.dataset.theme = 'dark'")
    assert await page.locator(f"{W} dialog").evaluate(style, "backgroundColor") != light
    await page.evaluate("Frontdesk.close(); Frontdesk.element.dataset.side = 'left'")
    box = await page.locator(f"{W} .launcher").bounding_box()
    assert box
    assert box["x"] == 20


async def test_a_language_from_the_right_is_mirrored(page: Page, site: Site, size: tuple[int, int]) -> None:
    """Each thing stands as far from the right as it otherwise stands from the left."""

    async def boxes() -> list[tuple[str, int, int]]:
        found = []
        for what in (
            ".avatar",
            ".head button >> nth=-1",
            ".composer button >> nth=0",
            ".send",
            ".row.own .bubble",
            ".row:not(.own) .bubble >> nth=0",
        ):
            box = await page.locator(f"{W} {what}").bounding_box()
            panel = await page.locator(f"{W} dialog").bounding_box()
            assert box and panel
            left, right = box["x"] - panel["x"], panel["x"] + panel["width"] - box["x"] - box["width"]
            found.append((what, round(left), round(right)))
        return found

    await open_widget(page, site.base)
    await write(page, "1234")
    await eventually(lambda: settled(page))
    left = await boxes()
    await page.evaluate("localStorage.clear(); sessionStorage.clear()")
    await page.goto(f"{site.base}/demo?lang=en")
    await page.evaluate("document.documentElement.dir = 'rtl'; Frontdesk.element.setting.lang = 'ar'; Frontdesk.open()")
    field = page.locator(f"{W} textarea")
    await expect(field).to_be_focused(timeout=WITHIN)
    assert await field.evaluate("field => getComputedStyle(field).direction") == "rtl"
    await write(page, "1234")
    await expect(page.locator(f"{W} .row.own .bubble")).to_be_visible(timeout=WITHIN)
    assert await broken(page) == []
    mirrored = [(what, right, left) for what, left, right in await boxes()]
    assert [one[:2] for one in mirrored if "row" not in one[0]] == [one[:2] for one in left if "row" not in one[0]]
    own, theirs = mirrored[-2], mirrored[-1]
    assert own[2] < own[1]
    assert theirs[1] < theirs[2]
    if size != PHONE:
        box = await page.locator(f"{W} .launcher").bounding_box()
        assert box
        assert box["x"] == 20


async def test_the_field_stays_above_a_phone_s_keyboard(page: Page, site: Site, size: tuple[int, int]) -> None:
    """Browsers tell of a keyboard by the height of the visual viewport alone."""
    await page.add_init_script("""
        const view = Object.assign(new EventTarget(), { height: innerHeight, width: innerWidth, offsetTop: 0, scale: 1 });
        Object.defineProperty(window, 'visualViewport', { value: view });
    """)
    await open_widget(page, site.base)
    await page.evaluate("visualViewport.height = 380; visualViewport.dispatchEvent(new Event('resize'))")
    box = await page.locator(f"{W} .composer").bounding_box()
    assert box
    if size == PHONE:
        assert box["y"] + box["height"] <= 380
        assert await page.locator(f"{W} .head").is_visible()
        await page.evaluate("visualViewport.height = innerHeight; visualViewport.dispatchEvent(new Event('resize'))")
        again = await page.locator(f"{W} dialog").bounding_box()
        assert again
        assert round(again["height"]) == PHONE[1]
    else:
        assert box["y"] > 380, "a window's keyboard covers nothing"


async def test_read_typing_and_formatting_are_shown(page: Page, site: Site) -> None:
    assert site.world is not None
    site.world.greeted = None
    await open_widget(page, site.base)
    await write(page, "Hello")
    await expect(page.locator(f"{W} .row.own .meta")).to_contain_text("Delivered", timeout=WITHIN)
    talk = list(site.world.talks.values())[-1]
    site.world.poke({"t": "eph", "k": "typing", "c": talk.id, "by": by(site), "on": True})
    await expect(page.locator(f"{W} .typing")).to_contain_text("is typing", timeout=WITHIN)
    site.world.poke({"t": "eph", "k": "read", "c": talk.id, "by": by(site), "s": 1})
    await expect(page.locator(f"{W} .row.own .meta")).to_contain_text("Read", timeout=WITHIN)
    spans = [{"kind": "bold", "start": 0, "end": 4}, {"kind": "code", "start": 5, "end": 10}]
    site.world.append(
        talk, "message", by(site), parts=[{"type": "text", "text": "Bold A1024 https://example.com", "spans": spans}]
    )
    bubble = page.locator(f"{W} .row:not(.own) .bubble").last
    await expect(bubble.locator("strong")).to_have_text("Bold", timeout=WITHIN)
    await expect(bubble.locator("code")).to_have_text("A1024")
    await expect(bubble.locator("a")).to_have_attribute("href", "https://example.com/")
    await expect(page.locator(f"{W} .typing")).to_be_empty()


async def test_a_pasted_file_shows_its_progress(page: Page, site: Site) -> None:
    held: list[Route] = []
    await open_widget(page, site.base)
    await write(page, "Look")
    await eventually(lambda: settled(page))
    await page.route("**/files", lambda route: held.append(route))
    await page.locator(f"{W} textarea").evaluate("""field => {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([new Uint8Array(100_000)], 'pasted.bin'));
        field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }""")
    row = page.locator(f"{W} .row.own", has_text="pasted.bin")
    await expect(row.locator(".meta")).to_contain_text("Uploading", timeout=WITHIN)
    assert await broken(page) == []
    await eventually(lambda: _any(held))
    await held[0].continue_()
    await expect(row.locator("a.file")).to_be_visible(timeout=WITHIN)
    await eventually(lambda: settled(page))


async def _any(found: list[Route]) -> bool:
    return bool(found)


async def test_a_page_that_changes_without_loading_keeps_the_chat(page: Page, site: Site) -> None:
    await open_widget(page, site.base)
    await write(page, "on the first page")
    await eventually(lambda: settled(page))
    await page.evaluate("""() => {
        history.pushState({}, '', '/demo/next');
        const main = document.createElement('main');
        const h1 = document.createElement('h1');
        h1.textContent = 'Next';
        main.append(h1);
        document.body.replaceChildren(main, Frontdesk.element);
    }""")
    if await page.locator(f"{W} dialog").evaluate("dialog => !dialog.open || !dialog.checkVisibility()"):
        await page.evaluate("Frontdesk.open()")
    await expect(page.locator(f"{W} textarea")).to_be_visible(timeout=WITHIN)
    await write(page, "on the next one")
    await eventually(lambda: settled(page))

    async def both() -> bool:
        return await said(page, True) == ["on the first page", "on the next one"]

    await eventually(both)
    assert site.world is not None
    await page.evaluate("Frontdesk.element.opened.line.restart()")
    await eventually(lambda: at_next(site))


async def at_next(site: Site) -> bool:
    """Whether agents see the page to which the customer went."""
    assert site.world is not None
    return any(visitor.page.endswith("/demo/next") for visitor in site.world.visitors.values())


async def test_what_the_empty_field_says_stays_on_one_line_in_every_language(page: Page, site: Site) -> None:
    for lang in ("en", "de", "fr", "zh-CN"):
        await open_widget(page, site.base, f"/demo?lang={lang}")
        field = page.locator(f"{W} textarea")
        line, whole = await field.evaluate("field => [field.clientHeight, field.scrollHeight]")
        assert whole <= line <= 46, lang
        assert await field.evaluate("field => getComputedStyle(field).textWrapMode") == "nowrap", lang
        await field.fill("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen")
        assert await field.evaluate("field => field.clientHeight") > line, "what is written wraps"
        await field.fill("")
