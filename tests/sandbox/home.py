"""The picture of App Home in the documents, of a view that a desk publishes: `python -m tests.sandbox.home docs/looks`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from agents_bridge.slack.home import home_view
from hub.people import Health, Page, Seen
from tests.sandbox.__main__ import sandbox
from tests.sandbox.pictures import kept
from tests.sandbox.test_sandbox import opened

CUSTOMERS: dict[str, list[tuple[str, str, str, str, int]]] = {
    "en": [
        ("telegram", "Mei Chen", "The lid of my teapot arrived broken", "service", 4),
        ("web", "Jonas Weber", "Thank you, that was quick!", "service", 0),
        ("wechat", "张伟", "请问这个可以退货吗？", "", 12),
        ("web", "", "Is the green one back in stock?", "sales", 7),
        ("telegram", "Aisha", "I was charged twice for order 2291", "billing", 2),
    ],
    "zh": [
        ("wechat", "张伟", "收到的茶壶盖碎了，请转人工", "售后", 4),
        ("web", "李娜", "谢谢，好快！", "售后", 0),
        ("wechat", "王芳", "请问这个可以退货吗？", "", 12),
        ("web", "", "绿色的还有货吗？", "销售", 7),
        ("telegram", "Jonas Weber", "I was charged twice for order 2291", "财务", 2),
    ],
}
BROKEN = {
    "en": Health("telegram", "the bot's token is refused", "set a new TELEGRAM_TOKEN; messages wait meanwhile"),
    "zh": Health("telegram", "机器人的令牌被拒绝", "请设置新的 TELEGRAM_TOKEN；消息会保留"),
}
NAMES = {"en": "Anna", "zh": "安娜"}
DRAW = """async (view) => {
  const { blocks } = await import('/static/blocks.js');
  const shown = document.createElement('div');
  shown.id = 'home';
  shown.className = 'blocks';
  Object.assign(shown.style, { width: '720px', padding: '24px 28px', boxSizing: 'border-box', whiteSpace: 'pre-line' });
  shown.append(...blocks(view.blocks, { people: new Map(), press: () => {} }));
  for (const one of shown.querySelectorAll('.b-section')) {
    if (!one.querySelector('.b-button')) continue;
    Object.assign(one.style, { display: 'flex', justifyContent: 'space-between', alignItems: 'center', gap: '16px' });
  }
  for (const one of shown.querySelectorAll('.b-header')) Object.assign(one.style, { fontWeight: '700', fontSize: '18px' });
  document.body.replaceChildren(shown);
  Object.assign(document.body.style, { display: 'block', overflow: 'auto', height: 'auto' });
}"""


def example(lang: Literal["en", "zh"]) -> Page:
    """An agent's afternoon."""
    now = datetime.now(UTC)
    found = []
    for n, (channel, name, text, team, wait) in enumerate(CUSTOMERS[lang]):
        since = now - timedelta(minutes=wait) if wait else None
        found.append(Seen(channel, name, text, "", team, since, "https://hub.example/c", f"{n:032x}", f"C0:{n}.1"))
    health = [BROKEN[lang], Health("slack"), Health("web"), Health("wechat")]
    return Page(NAMES[lang], True, True, None, "", 2, 8, found[:2], found[2:], 3, 4, 38, 21, 9, health)


async def draw(folder: Path, lang: Literal["en", "zh"]) -> None:
    """One language's picture."""
    view: dict[str, Any] = home_view(example(lang), "https://team.slack.com/", lang)
    with tempfile.TemporaryDirectory() as data:
        async with sandbox(Path(data), 0, 0, lang) as (_, _, url), opened(1440, f"{url}/?lang={lang}") as page:
            await page.evaluate(DRAW, view)
            await kept(page.locator("#home"), folder / f"slack-home-{lang}.png")


if __name__ == "__main__":
    for one in ("en", "zh"):
        asyncio.run(draw(Path(sys.argv[1]), one))
