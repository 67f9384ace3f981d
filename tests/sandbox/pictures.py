"""The pictures of the documents that show Slack: `python -m tests.sandbox.pictures docs/looks` draws them anew.

A round is played in the sandbox, in English and Chinese. Needs Chromium, a CJK font and fonts-noto-color-emoji.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.sandbox.__main__ import ready, sandbox
from tests.sandbox.test_sandbox import opened, writes

ROUNDS = {
    "en": (
        ("When will my order ship?", "The lid of my teapot arrived broken. I need a human, please"),
        ("Hello Mei, I am sorry! A *new lid* leaves today, free of charge.", "!n second breakage this week: tell the warehouse"),
        "Thank you, that was quick!",
    ),
    "zh": (
        ("你们几点上班？", "收到的茶壶盖碎了，请转人工"),
        ("梅女士您好，非常抱歉！*新的壶盖*今天免费寄出。", "!n 本周第二次破损，请告知仓库"),
        "谢谢，好快！",
    ),
}

MARKED = {"en": "!tag teapot #breakage", "zh": "!标签 茶壶 破损"}
URGENT = {"en": "!prio urgent", "zh": "!优先级 紧急"}


async def play(page: Page, lang: str) -> None:
    """A customer asks, an agent claims and answers, with a note, and the customer thanks."""
    asked, said, thanks = ROUNDS[lang]
    thread = page.locator("sandbox-slack .thread")
    for line in asked:
        await writes(page, "telegram", line)
        await expect(page.locator("[side=telegram] .row:not(.mine)").last).to_be_visible()
    await thread.locator("[data-action=fd_claim]").click()
    await expect(thread.locator("[data-action=fd_release]")).to_be_visible()
    for line in said:
        await writes(page, "reply", line)
    await expect(thread.locator(".mark")).to_contain_text("✅")
    await writes(page, "telegram", thanks)
    await expect(thread).to_contain_text(thanks)
    await writes(page, "reply", MARKED[lang])
    await writes(page, "wechat", ROUNDS["zh"][0][1])
    await expect(page.locator("sandbox-slack .opens")).to_have_count(2)
    await page.locator("sandbox-slack .opens").first.click()
    await page.locator("[data-field=reply]").blur()
    await page.wait_for_timeout(1500)


async def rich(page: Page, lang: str) -> None:
    """The WeChat customer's conversation: claimed, answered once, marked."""
    await page.locator("sandbox-slack .opens").nth(1).click()
    thread = page.locator("sandbox-slack .thread")
    await thread.locator("[data-action=fd_claim]").click()
    await expect(thread.locator("[data-action=fd_release]")).to_be_visible()
    await writes(page, "reply", ROUNDS[lang][1][0])
    await expect(thread.locator(".mark")).to_contain_text("✅")
    for line in (MARKED[lang], URGENT[lang]):
        await writes(page, "reply", line)
    await page.wait_for_timeout(2500)


async def kept(place: Page | Locator, path: Path) -> None:
    """A small PNG of it."""
    picture = Image.open(io.BytesIO(await place.screenshot()))
    picture.convert("RGB").quantize(200, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


async def draw(folder: Path, lang: str) -> None:
    """One language's pictures."""
    with tempfile.TemporaryDirectory() as data:
        async with sandbox(Path(data), 0, 0, lang) as (here, child, url):
            await ready(Path(data), here, child)
            async with opened(1440, f"{url}/?lang={lang}") as page:
                await play(page, lang)
                await kept(page, folder / f"sandbox-{lang}.png")
                await kept(page.locator("sandbox-slack .thread"), folder / f"slack-thread-{lang}.png")
                await rich(page, lang)
                await kept(page.locator("sandbox-slack article .message").nth(1), folder / f"slack-card-{lang}.png")


def main() -> None:
    """Both languages."""
    for lang in ROUNDS:
        asyncio.run(draw(Path(sys.argv[1]), lang))


if __name__ == "__main__":
    main()
