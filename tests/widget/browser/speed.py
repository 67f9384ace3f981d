"""How soon the chat can be used on a slow machine: `python -m tests.widget.browser.speed` prints the median of five visits and
ends with 1 where that is later than a second, or where the page has moved.

A processor that is slowed four times, a line of 1.6 Mbit/s with 150 ms there and back: from the click on the launcher until the
field to write in has the focus, by how much the page has moved since the click, and how long the main thread was blocked.
"""

from __future__ import annotations

import argparse
import asyncio
from statistics import median

from playwright.async_api import Browser, async_playwright

from tests.servers.frames import World, serve
from tests.widget.browser.conftest import CHROMIUM, FLAGS

WATCH = """
window.moved = 0; window.blocked = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) moved += e.value })
  .observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => { for (const e of list.getEntries()) blocked += Math.max(0, e.duration - 50) })
  .observe({type: 'longtask', buffered: true});
"""
OPEN = """() => new Promise((done) => {
  const begun = performance.now();
  const element = document.querySelector('frontdesk-widget');
  const ready = () => element.shadowRoot.activeElement?.matches('textarea');
  const look = () => ready() ? done(performance.now() - begun) : setTimeout(look, 4);
  element.shadowRoot.querySelector('.launcher').click();
  look();
})"""
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}


async def once(browser: Browser, base: str) -> tuple[float, float, float]:
    """(milliseconds from the click, layout shift, milliseconds blocked) of one visit with an empty cache."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.add_init_script(WATCH)
    tools = await context.new_cdp_session(page)
    await tools.send("Network.enable")
    await tools.send("Network.emulateNetworkConditions", LINE)
    await tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    await page.goto(f"{base}/demo?lang=en")
    await page.wait_for_load_state("networkidle")
    before: float = await page.evaluate("moved")
    took: float = await page.evaluate(OPEN)
    await asyncio.sleep(1)
    moved, blocked = await page.evaluate("[moved, blocked]")
    await context.close()
    return took, moved - before, blocked


async def main(visits: int) -> int:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with serve(World()) as base:
            found = [await once(browser, base) for _ in range(visits)]
        await browser.close()
    took, moved, blocked = (median(one[n] for one in found) for n in range(3))
    print(f"click to ready {took:.0f} ms, layout shift {moved:.4f}, blocked {blocked:.0f} ms (median of {len(found)})")
    return int(took > 1000 or moved > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=5)
    raise SystemExit(asyncio.run(main(parser.parse_args().visits)))
