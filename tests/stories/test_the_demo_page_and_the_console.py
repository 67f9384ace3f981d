"""What somebody sees who has just run `make run`: a line typed on the demo page is in the console, and the answer comes back.

`frontdesk up` in an empty folder, the one-time link that it prints, and two browsers: a customer's and an agent's. Then both
are reloaded, cut off for ten seconds while both write, and the web process is killed under them: nothing is lost or doubled.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.conftest import until
from tests.servers.installation import ROOT, free_port
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.cut import Cut
from tests.widget.browser.faces import WITHIN, entries, eventually, open_widget, said, settled, write

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")]


@asynccontextmanager
async def up(folder: Path) -> AsyncIterator[tuple[str, str, int]]:
    """`frontdesk up` on an empty folder: its address, the first admin's link, and the supervisor's process id."""
    port = free_port()
    named = {"PORT": str(port), "DATA": str(folder / "data"), "HOME": str(folder)}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "FRONTDESK", "DATABASE", "REDIS"))} | named
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "config", "up"), cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    printed = ""
    try:
        async with asyncio.timeout(40):
            while not (found := re.search(r"http\S+/console/#setup=\S+", printed)):
                printed += (await process.stdout.read(4096)).decode()
        yield f"http://127.0.0.1:{port}", found[0], process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 40)


async def first_admin(page: Page, link: str) -> None:
    """Open the one-time link and become the first admin."""
    await page.goto(link)
    await page.locator("input[name=name]").fill("Lin")
    if await page.locator("input[name=email]").count():
        await page.locator("input[name=email]").fill("lin@example.com")
    await page.locator("input[name=password]").fill("correct horse battery")
    await page.locator("input[name=password]").press("Enter")
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)


async def answer(page: Page, text: str) -> None:
    """Write in the console as an agent."""
    await page.locator("fd-composer textarea").fill(text)
    await page.locator("fd-composer textarea").press("Enter")


async def both_show(customer: Page, agent: Page, lines: list[str], seconds: float = 30) -> None:
    """Wait until both pages show these lines, each once and in this order."""
    shown: list[list[str]] = []

    async def there() -> bool:
        shown[:] = [[one for one in found if one in lines] for found in (await said(customer), await entries(agent))]
        return shown == [lines, lines]

    try:
        await eventually(there, seconds)
    except AssertionError:
        raise AssertionError(f"shown: {shown}") from None


@pytest.mark.timeout(240)
async def test_a_line_on_the_demo_page_and_its_answer_survive_everything(tmp_path: Path) -> None:
    async with up(tmp_path) as (base, link, supervisor), Cut(base) as line, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        wrong: list[str] = []
        pages = []
        for _ in range(2):
            page = await (await browser.new_context(locale="en-GB", reduced_motion="reduce")).new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda told: wrong.append(told.text) if "Content Security" in told.text else None)
            pages.append(page)
        customer, agent = pages

        await first_admin(agent, link.replace(base, line.url))
        await open_widget(customer, line.url)
        lines = ["Where is my order <b>A1024</b>?"]
        await write(customer, lines[0])
        await expect(agent.locator("fd-list .rows a").first).to_be_visible(timeout=WITHIN)
        await agent.locator("fd-list .rows a").first.click()
        await answer(agent, "It left today.")
        lines.append("It left today.")
        await both_show(customer, agent, lines)

        await agent.reload()
        await open_widget(customer, line.url)
        await both_show(customer, agent, lines)

        line.cut()
        for page in pages:
            await page.context.set_offline(True)
        await write(customer, "And my invoice?")
        await answer(agent, "The invoice comes by mail.")
        await asyncio.sleep(10)
        line.mend()
        for page in pages:
            await page.context.set_offline(False)
        await eventually(lambda: settled(customer), 30)
        cut = {"And my invoice?", "The invoice comes by mail."}

        async def both() -> bool:
            return cut <= set(await said(customer)) and cut <= set(await entries(agent))

        await eventually(both, 30)
        lines += [one for one in await entries(agent) if one in cut]
        await both_show(customer, agent, lines)

        web = next(one for one in psutil.Process(supervisor).children(recursive=True) if "widget" in one.cmdline())
        web.kill()
        await write(customer, "Thank you!")
        lines.append("Thank you!")
        await both_show(customer, agent, lines)
        await until(lambda: not web.is_running(), 10)
        assert wrong == []
        await browser.close()
