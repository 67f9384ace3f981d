"""A hub and a Chromium for the browser tests.

The hub is the one in memory, or a running one that `FRONTDESK_TEST_BASE` names, with `FRONTDESK_TEST_EMAIL` and
`FRONTDESK_TEST_PASSWORD` of an agent. Without Chromium every test here is skipped, by name.
"""

from __future__ import annotations

import inspect
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from tests.servers import frames_seed
from tests.servers.frames import World, serve
from tests.widget.browser.cut import Cut

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium") or ""
"""The shell is the same engine without the window around it, and starts in half the time."""
HERE = os.path.dirname(__file__)  # noqa: PTH120
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", "--force-color-profile=srgb"]
FLAGS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


DESKTOP, PHONE = (1280, 800), (360, 740)
BOTH = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"], indirect=True)
"""For a module whose tests run on a desktop and on a phone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if str(item.path).startswith(HERE):
            item.add_marker(pytest.mark.browser)
            if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="there is no Chromium"))


@dataclass
class Site:
    """Where the hub is, and who may sign in; `world` is the hub's inside when it is the one in memory."""

    base: str
    email: str
    password: str
    world: World | None = None


@pytest.fixture
def site() -> Iterator[Site]:
    """The hub under test."""
    base = os.environ.get("FRONTDESK_TEST_BASE", "").rstrip("/")
    if base:
        yield Site(base, os.environ["FRONTDESK_TEST_EMAIL"], os.environ["FRONTDESK_TEST_PASSWORD"])
        return
    world = World()
    frames_seed.staff(world)
    world.greeted = frames_seed.bot
    with serve(world) as base:
        yield Site(base, "lin@example.com", "correct horse", world)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One for all tests of a process, and with it one event loop: starting it took longer than most tests."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """A browser in which nothing is open."""
    yield chromium
    for left in chromium.contexts:
        await left.close()


@pytest.fixture
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Width and height of the window; narrow ones are phones, with touch."""
    found: tuple[int, int] = getattr(request, "param", DESKTOP)
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, size: tuple[int, int]) -> AsyncIterator[BrowserContext]:
    look: ViewportSize = {"width": size[0], "height": size[1]}
    phone = size == PHONE
    opened = await browser.new_context(locale="en-GB", reduced_motion="reduce", viewport=look, is_mobile=phone, has_touch=phone)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page whose errors, and whose refusals by the strict policy, fail the test."""
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None)
    yield opened
    assert not wrong


@pytest_asyncio.fixture(loop_scope="session")
async def cut(site: Site) -> AsyncIterator[Cut]:
    async with Cut(site.base) as proxy:
        yield proxy
