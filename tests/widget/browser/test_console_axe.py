"""Every state of the console, by name, in both languages, light and dark, wide and narrow: no rule of axe is broken in any."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hub.promises import Promises
from hub.store.store import Store
from hub.surveys import SurveyRules
from tests.databases import fresh_store
from tests.widget.browser import console_list_states, console_talk_states
from tests.widget.browser.console_stage import Stage, State, States
from tests.widget.browser.faces import WITHIN
from tests.widget.browser.offices import Office, office
from tests.widget.browser.test_budgets import broken

PROMISES = Promises.model_validate({"targets": [{"channels": ["phone"], "first": "1s"}, {"first": "8m", "resolve": "2d"}]})
LOOKS: list[tuple[str, Literal["light", "dark"], int]] = [
    ("en", "light", 1440),
    ("zh-CN", "dark", 1440),
    ("zh-CN", "light", 360),
    ("en", "dark", 360),
]
state = States()


def _room(name: str, ready: str) -> State:
    async def run(stage: Stage) -> None:
        await stage.page.evaluate("name => { location.hash = `/${name}` }", name)
        await stage.see(ready)

    return run


state("one's own account")(_room("account", "fd-account li"))
state("people")(_room("people", "fd-people li"))
state("reports")(_room("reports", "fd-reports .tile"))


@state("the door")
async def _door(stage: Stage) -> None:
    await stage.page.context.clear_cookies()
    await stage.page.goto(f"{stage.work.home.url}/console/?lang={stage.lang}")
    await stage.page.reload()
    await stage.see("input[name=password]")


@state("the door, shut")
async def _shut(stage: Stage) -> None:
    await stage.page.locator("input[name=email]").fill("nobody@example.com")
    await stage.page.locator("input[name=password]").fill("not the password")
    await stage.page.locator("button[type=submit]").click()
    await expect(stage.page.locator("[role=alert]")).not_to_be_empty(timeout=WITHIN)


@state("a link that makes an agent")
async def _setup(stage: Stage) -> None:
    await stage.page.goto(f"{stage.work.home.url}/console/?lang={stage.lang}#setup=abc")
    await stage.page.reload()
    await stage.see("input[name=name]")


ALL = [*console_list_states.state.items(), *console_talk_states.state.items(), *state.items()]
STATES = dict(ALL)
assert len(STATES) == len(ALL), "a name stands for one state"


@pytest_asyncio.fixture(loop_scope="session")
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = await fresh_store(tmp_path, lanes=1)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def work(store: Store, browser: Browser, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Office]:
    rules = {"promises": PROMISES, "survey": SurveyRules(enabled=True)}
    async with office(store, browser, redis_url, prefix, tmp_path / "files", **rules) as made:
        yield made


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("lang", "scheme", "width"), LOOKS, ids=[f"{a}-{b}-{c}" for a, b, c in LOOKS])
async def test_axe_finds_nothing_in_any_state(work: Office, lang: str, scheme: Literal["light", "dark"], width: int) -> None:
    look: dict[str, Any] = {"viewport": {"width": width, "height": 780}, "color_scheme": scheme}
    page = await work.page_of(lang=lang, role="admin", **look)
    stage = Stage(work, page, lang, phone=width < 600)
    wrong: dict[str, list[str]] = {}
    for name, come in STATES.items():
        print(name, flush=True)
        try:
            await come(stage)
        except AssertionError as exc:
            raise AssertionError(f"{name}: {exc}") from exc
        if found := await broken(page):
            wrong[name] = found
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{name}: wider than the page"
        while await page.locator("dialog[open], .menu").count():
            await page.keyboard.press("Escape")
            await page.wait_for_timeout(50)
    assert wrong == {}
