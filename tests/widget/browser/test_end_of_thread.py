"""A thread that is at its end stays there, whatever is drawn in it and however late its pictures come."""

from __future__ import annotations

from playwright.async_api import Page

from tests.widget.browser.conftest import BOTH, Site
from tests.widget.browser.faces import eventually, open_widget, settled, write

pytestmark = BOTH

THREAD = "document.querySelector('frontdesk-widget').shadowRoot.querySelector('.scroll')"
LEFT = f"{THREAD}.scrollHeight - {THREAD}.scrollTop - {THREAD}.clientHeight"
"""How many pixels the thread is from its end."""
SWAP = f"""async () => {{
  const box = {THREAD}, list = box.querySelector('.list');
  await new Promise(requestAnimationFrame);
  const row = list.lastElementChild;
  row.style.display = 'none'; // what waited for its picture is taken out: the box is shorter, and the browser scrolls it up
  box.scrollTop = box.scrollHeight;
  await new Promise((go) => {{ const way = new MessageChannel(); way.port1.onmessage = go; way.port2.postMessage(0); }});
  row.style.display = ''; // before anybody is told of that scrolling the head of the picture has come
  row.style.paddingTop = '300px';
}}"""


async def full(page: Page, site: Site) -> None:
    await open_widget(page, site.base)
    await write(page, "\n".join(f"line {n}" for n in range(40)))
    await write(page, "the last one\nof two lines\nor three")
    await eventually(lambda: settled(page))


async def test_a_picture_that_takes_the_place_of_what_waited_for_it_is_seen_whole(page: Page, site: Site) -> None:
    await full(page, site)
    for _ in range(3):
        await page.evaluate(SWAP)

        async def at_its_end() -> bool:
            return bool(await page.evaluate(LEFT) < 2)

        await eventually(at_its_end, 3)


async def test_who_has_scrolled_up_is_left_where_they_read(page: Page, site: Site) -> None:
    await full(page, site)
    await page.evaluate(f"{THREAD}.scrollTop -= 200")
    await page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    before = await page.evaluate(f"{THREAD}.scrollTop")
    await page.evaluate(f"{THREAD}.querySelector('.list').lastElementChild.style.paddingBottom = '300px'")
    await page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    assert await page.evaluate(f"{THREAD}.scrollTop") == before
