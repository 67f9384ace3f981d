"""A line that is cut again and again in the middle of a conversation: reset, half open, slow, offline.

`python -m tests.widget.browser.chaos --cuts 200` cuts a visitor and an agent off from a hub of its own while both write, each on
a line of their own; then what both pages show is compared with the database, line by line. In the first run the visitor's line
swallows long polls, as a widget whose socket is cut so often would soon do nothing else; in the second it swallows WebSockets.
The agent's is the same in both, as the console has no long poll.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

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
from widget import chat, console_socket, talk

KINDS = ("reset", "half-open", "slow", "offline")
HELD = 5
"""Of so many half-open cuts one lasts until the page itself has noticed."""
BEAT_S = 11
POLL_S = 4
"""What the hub asks of pages here, in the place of 25 seconds each: a silence is noticed in some fifteen. A beat that is not
clearly longer than a page's patience with one answer would begin that patience anew each time."""


@dataclass(frozen=True)
class Found:
    """What a run has shown: the database's lines, and those of both pages."""

    cuts: int
    seconds: float
    kept: list[str]
    customer: list[str]
    agent: list[str]
    upgrades: int
    held: int
    """Of the cuts, those that only the pages' own clocks could end."""

    def wrong(self) -> list[str]:
        """What is lost, doubled or out of order, in words."""
        told = []
        for name, shown in (("the visitor's page", self.customer), ("the agent's page", self.agent)):
            if shown != self.kept:
                told.append(f"{name} shows {shown}, the database has {self.kept}")
        if len(set(self.kept)) != len(self.kept):
            told.append(f"the database has a line twice: {self.kept}")
        return told


async def noticed(line: Cut) -> None:
    """A line that is half open until its page has come back by itself: nothing ends the connection that is dead."""
    before = line.asked
    line.hold()

    async def back() -> bool:
        return line.asked > before

    await eventually(back, 60)


async def cutting(line: Cut, cuts: int, chance: random.Random) -> int:
    """Cut a line again and again; returns how many cuts the page had to notice."""
    held = 0
    for n in range(cuts):
        await asyncio.sleep(0.15 + chance.random() * 0.35)
        kind, turn = KINDS[n % len(KINDS)], n // len(KINDS)
        if kind == "half-open" and turn % HELD == 0:
            await asyncio.sleep(1.5)  # the line is up again after the cut before
            await noticed(line)
            held += 1
        else:
            await hurt(line, kind, chance)
    return held


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
    """Talk through lines that are cut `cuts` times each; the visitor's carries sockets only, or long polls only."""
    chances, begun = [random.Random(seed), random.Random(-seed)], time.monotonic()
    async with (
        living(folder, redis_url, f"chaos{seed}{sockets}") as home,
        Cut(home.url) as theirs,
        Cut(home.url) as ours,
        both(browser) as (customer, agent),
    ):
        theirs.sockets, theirs.polls = sockets, not sockets
        await open_widget(customer, theirs.url)
        await write(customer, "c begin")
        await eventually(lambda: settled(customer), 60)
        await enter(agent, home, ours.url)
        await agent.locator("fd-list .rows a").first.click()
        writing = asyncio.create_task(_talk(customer, agent, max(4, cuts * 2 // 5)))
        held = await asyncio.gather(*[cutting(line, cuts, chance) for line, chance in zip((theirs, ours), chances, strict=True)])
        count = await writing
        await eventually(lambda: _all_kept(home, count), 120)
        kept = await lines_of(home)
        shown: list[list[str]] = []

        async def same() -> bool:
            shown[:] = [await said(customer), await entries(agent)]
            return shown == [kept, kept]

        with contextlib.suppress(AssertionError):  # the caller says what is wrong
            await eventually(same, 90)
        return Found(cuts, time.monotonic() - begun, kept, shown[0], shown[1], theirs.upgrades, sum(held))


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


@contextlib.contextmanager
def impatient() -> Iterator[None]:
    """A hub that wants a sign of life more often, so that a silence is noticed sooner."""
    with (
        patch.multiple(talk, HEARTBEAT_S=BEAT_S, POLL_S=POLL_S),
        patch.object(chat, "POLL_S", POLL_S),
        patch.object(console_socket, "HEARTBEAT_S", BEAT_S),
    ):
        yield


async def _main(cuts: int, seed: int) -> int:
    bad = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with own_valkey() as redis_url, impatient():
            for sockets in (True, False):
                with tempfile.TemporaryDirectory() as folder:
                    found = await run(browser, Path(folder), redis_url, cuts=cuts, sockets=sockets, seed=seed)
                name = "WebSocket" if sockets else "long poll"
                wrong = found.wrong()
                bad += bool(wrong)
                facts = f"{found.cuts} cuts of each line in {found.seconds:.0f} s, {found.held} of them until the page noticed"
                facts += f", {len(found.kept)} lines, {found.upgrades} sockets asked for by the visitor"
                print(f"{name}: {facts}: {'; '.join(wrong) or 'both pages equal the database'}")
        await browser.close()
    return bad


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    raise SystemExit(asyncio.run(_main(given.cuts, given.seed)))
