"""What both faces cost to load, and that no rule of axe (WCAG 2.2 AA and best practice) is broken in any of their looks."""

from __future__ import annotations

import gzip
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Response, ViewportSize, expect

from tests.widget.browser.conftest import BOTH, Site
from tests.widget.browser.faces import WITHIN, eventually, open_widget, settled, sign_in, write

STATIC = Path(__file__).parents[3] / "widget" / "static"
LOOKS = list(product(("en", "zh-CN"), ((1280, 800), (360, 740))))
AXE = Axe().axe_script
RUN = "async options => (await axe.run(document, options)).violations.map(rule => [rule.id, rule.nodes.map(node => node.target)])"
"""Only what is wrong comes out of the page: all that axe tells takes longer to carry than to find."""
OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Weight:
    """The bytes of what a page fetches, compressed as the budgets say (gzip -9, 1 kB = 1 000 bytes)."""

    def __init__(self, page: Page) -> None:
        self.answers: list[Response] = []
        page.on("response", lambda answer: self.answers.append(answer))

    async def of(self, *places: str) -> int:
        total = 0
        for answer in self.answers:
            if any(place in answer.url for place in places) and answer.status == 200:
                total += len(gzip.compress(await answer.body(), 9))
        return total


async def test_the_widget_is_small(page: Page, site: Site) -> None:
    weight = Weight(page)
    await open_widget(page, site.base)
    assert await weight.of("/widget.js") <= 2_500
    assert await weight.of("/static/widget/", "/static/shared/") <= 20_000
    early = {urlsplit(answer.url).path for answer in weight.answers}
    scripts = [path.relative_to(STATIC).as_posix() for place in ("widget", "shared") for path in (STATIC / place).glob("*.js")]
    late = [name for name in scripts if f"/static/{name}" not in early]
    assert {"widget/ask.js", "widget/emoji.js", "widget/voice.js", "shared/rich.js"} <= set(late)
    lazy = [await (await page.request.get(f"{site.base}/static/{name}")).body() for name in late]
    assert sum(len(gzip.compress(body, 9)) for body in lazy) <= 10_000


async def test_the_console_is_small(page: Page, site: Site) -> None:
    weight = Weight(page)
    await sign_in(page, site)
    assert await weight.of("/console/", "/static/") <= 80_000


@BOTH
async def test_nothing_moves_when_the_widget_comes(page: Page, site: Site) -> None:
    watch = "new PerformanceObserver(list => { for (const e of list.getEntries()) window.moved += e.value })"
    await page.add_init_script(f"window.moved = 0; {watch}.observe({{type: 'layout-shift', buffered: true}})")
    await open_widget(page, site.base)
    await expect(page.locator("frontdesk-widget .row")).to_be_visible(timeout=WITHIN)
    assert await page.evaluate("window.moved") == 0


async def broken(page: Page) -> list[str]:
    """The rules that are broken, with what breaks them."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    return [f"{rule}: {targets}" for rule, targets in await page.evaluate(RUN, OPTIONS)]


async def broken_in_either(page: Page) -> list[str]:
    """The rules that are broken in the light or in the dark; the page is left in the one that it did not come in."""
    wrong = await broken(page)
    dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    await page.emulate_media(color_scheme="light" if dark else "dark")
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return wrong + [f"{'light' if dark else 'dark'}: {one}" for one in await broken(page)]


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=[f"{a}-{b[0]}" for a, b in LOOKS])
async def test_axe_finds_nothing(browser: Browser, site: Site, lang: str, size: tuple[int, int]) -> None:
    look = ViewportSize(width=size[0], height=size[1])
    context = await browser.new_context(locale=lang, reduced_motion="reduce", viewport=look)
    page = await context.new_page()
    await page.goto(f"{site.base}/demo?lang={lang}")
    assert await broken_in_either(page) == []
    await open_widget(page, site.base, f"/demo?lang={lang}")
    await write(page, "Hello 你好 https://example.com")
    await eventually(lambda: settled(page))
    if site.world is not None:
        await expect(page.locator("frontdesk-widget button.option").first).to_be_visible(timeout=WITHIN)
    assert await broken_in_either(page) == []
    await page.goto(f"{site.base}/console/?lang={lang}")
    await expect(page.locator("input[name=email]")).to_be_visible(timeout=WITHIN)
    assert await broken_in_either(page) == []
    await sign_in(page, site, lang=lang)
    await expect(page.locator("fd-list .rows a").first).to_be_visible(timeout=WITHIN)
    assert await broken_in_either(page) == []
    await page.locator("fd-list .rows a").first.click()
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
    assert await broken_in_either(page) == []
    await page.locator("fd-thread h2").click()
    await page.keyboard.press("n")
    assert await broken_in_either(page) == []
    await page.locator("fd-thread .head .assign").click()
    assert await broken_in_either(page) == []
    await context.close()
