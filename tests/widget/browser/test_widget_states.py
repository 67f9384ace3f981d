"""Every state of the widget before axe (WCAG 2.2 AA and best practice): both languages, light and dark, both windows."""

from __future__ import annotations

from itertools import product

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.widget.browser.conftest import DESKTOP, PHONE, Site
from tests.widget.browser.states import before, states
from tests.widget.browser.test_budgets import broken_in_either

LOOKS = list(product(("en", "zh-CN"), (DESKTOP, PHONE)))


@pytest.mark.parametrize(("lang", "size"), LOOKS, ids=[f"{a}-{b[0]}" for a, b in LOOKS])
async def test_axe_finds_nothing_in_any_state(browser: Browser, site: Site, lang: str, size: tuple[int, int]) -> None:
    if site.world is None:
        pytest.skip("the hub in memory is put into each state")
    look = ViewportSize(width=size[0], height=size[1])
    context = await browser.new_context(locale=lang, reduced_motion="reduce", viewport=look)
    page = await context.new_page()
    wrong = {}
    async for name in states(page, site.base, site.world, lang):
        if found := await broken_in_either(page):
            wrong[name] = found
    await page.evaluate("localStorage.clear(); sessionStorage.clear()")
    await before(page, site.base, site.world, lang)
    if found := await broken_in_either(page):
        wrong["before"] = found
    await context.close()
    assert wrong == {}
