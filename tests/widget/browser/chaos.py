"""A line that is cut again and again in the middle of a conversation: reset, half open, slow, offline.

`python -m tests.widget.browser.chaos --cuts 200` cuts a visitor and an agent off from a hub of its own while both write, once by
WebSocket and once by long poll; then what both pages show is compared with the database, line by line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from playwright.async_api import Browser, Page, async_playwright, expect

from hub.signin import first_admin_link
from hub.store.tables import Message
from tests.conftest import own_valkey
from tests.hub.hubs import rows
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.cut import Cut
from tests.widget.browser.faces import WITHIN, entries, eventually, open_widget, said, settled, write
from tests.widget.browser.living import living
from tests.widget.consoles import PASSWORD, House

KINDS = ("reset", "half-open", "slow", "offline")


@dataclass(frozen=True)
class Found:
    """What a run has shown: the database's lines, and those of both pages."""

    cuts: int
    seconds: float
    kept: list[str]
    customer: list[str]
    agent: list[str]
    upgrades: int

    def wrong(self) -> list[str]:
        """What is lost, doubled or out of order, in words."""
        told = []
        for name, shown in (("the visitor's page", self.customer), ("the agent's page", self.agent)):
            if shown != self.kept:
                told.append(f"{name} shows {shown}, the database has {self.kept}")
        if len(set(self.kept)) != len(self.kept):
            told.append(f"the database has a line twice: {self.kept}")
        return told


async def hurt(line: Cut, kind: str, chance: random.Random) -> None:
    """One cut. What is half open swallows everything while both ends believe that they are connected."""
    if kind == "reset":
        line.drop()
    elif kind == "half-open":
        line.stall()
        await asyncio.sleep(0.1 + chance.random() * 0.3)
        line.drop()
    elif kind == "slow":
        line.delay = 0.05 + chance.random() * 0.15
        await asyncio.sleep(0.3)
        line.delay = 0.0
        line.drop()
    else:
        line.cut()
        await asyncio.sleep(0.1 + chance.random() * 0.4)
        line.mend()


async def enter(page: Page, home: House, base: str) -> None:
    """Come into the console by the first admin's link."""
    link = await first_admin_link(home.hub.store, base)
    await page.goto(str(link))
    await page.locator("input[name=name]").fill("Lin")
    await page.locator("input[name=email]").fill("lin@example.com")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")
    await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)


async def lines_of(home: House) -> list[str]:
    """What was said, as the database has it, in its order."""
    kept = [row for row in await rows(home.hub.store, Message) if row["kind"] == "message"]
    return ["".join(part.get("text", "") for part in orjson.loads(row["parts"])) for row in kept]


async def run(browser: Browser, folder: Path, redis_url: str, *, cuts: int, sockets: bool, seed: int) -> Found:
    """Talk through a line that is cut `cuts` times; `sockets` false: the proxy swallows WebSockets."""
    chance, begun = random.Random(seed), time.monotonic()
    async with (
        living(folder, redis_url, f"chaos{seed}{sockets}") as home,
        Cut(home.url) as line,
        both(browser) as (customer, agent),
    ):
        line.sockets = sockets
        await open_widget(customer, line.url)
        await write(customer, "c begin")
        await eventually(lambda: settled(customer), 60)
        await enter(agent, home, line.url if sockets else home.url)
        await agent.locator("fd-list .rows a").first.click()
        writing = asyncio.create_task(_talk(customer, agent, max(4, cuts * 2 // 5)))
        for n in range(cuts):
            await asyncio.sleep(0.15 + chance.random() * 0.35)
            await hurt(line, KINDS[n % len(KINDS)], chance)
        count = await writing
        await eventually(lambda: _all_kept(home, count), 120)
        kept = await lines_of(home)
        shown: list[list[str]] = []

        async def same() -> bool:
            shown[:] = [await said(customer), await entries(agent)]
            return shown == [kept, kept]

        with contextlib.suppress(AssertionError):  # the caller says what is wrong
            await eventually(same, 90)
        return Found(cuts, time.monotonic() - begun, kept, shown[0], shown[1], line.upgrades)


async def _talk(customer: Page, agent: Page, count: int) -> int:
    """Both write; returns how many lines that makes."""
    for n in range(count):
        await write(customer, f"c {n}")
        field = agent.locator("fd-composer textarea")
        await field.fill(f"a {n}")
        await field.press("Enter")
        await asyncio.sleep(1.4)
    return 2 * count + 1


async def _all_kept(home: House, count: int) -> bool:
    return sum(line[:2] in ("c ", "a ") for line in await lines_of(home)) >= count


@asynccontextmanager
async def both(browser: Browser) -> AsyncIterator[tuple[Page, Page]]:
    """A visitor's page and an agent's."""
    contexts = [await browser.new_context(locale="en-GB", reduced_motion="reduce") for _ in range(2)]
    yield await contexts[0].new_page(), await contexts[1].new_page()
    for one in contexts:
        await one.close()


async def _main(cuts: int, seed: int) -> int:
    bad = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with own_valkey() as redis_url:
            for sockets in (True, False):
                with tempfile.TemporaryDirectory() as folder:
                    found = await run(browser, Path(folder), redis_url, cuts=cuts, sockets=sockets, seed=seed)
                name = "WebSocket" if sockets else "long poll"
                wrong = found.wrong()
                bad += bool(wrong)
                facts = f"{found.cuts} cuts in {found.seconds:.0f} s, {len(found.kept)} lines, {found.upgrades} sockets asked for"
                print(f"{name}: {facts}: {'; '.join(wrong) or 'both pages equal the database'}")
        await browser.close()
    return bad


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    raise SystemExit(asyncio.run(_main(given.cuts, given.seed)))
