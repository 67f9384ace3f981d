"""Pictures of the console at work, from a real hub: `python -m tests.widget.browser.console_pictures FOLDER` writes PNG files."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright, expect

from hub.promises import Promises
from tests.conftest import own_valkey
from tests.databases import fresh_store
from tests.widget.browser.conftest import CHROMIUM, FLAGS
from tests.widget.browser.offices import Office, office, opened

PEOPLE = {
    "zh-CN": [
        ("林晓彤", "wechat", ["请问 A1024 什么时候发货？", "另外，第二件可以寄到新加坡吗？"], ["VIP", "退款"], "high"),
        ("陈建国", "phone", ["收到的灯有裂纹，怎么办？"], ["退款"], "urgent"),
        ("王小雨", "page", ["优惠券用不了"], [], "normal"),
        ("Sofía Hernández", "phone", ["¿Cuándo llega mi pedido?"], ["VIP"], "normal"),
        ("赵磊", "page", ["发票抬头写错了，可以改吗？"], ["bug"], "low"),
    ],
    "en": [
        (
            "Mei Lin",
            "wechat",
            ["When will order A1024 ship?", "Could the second one go to Singapore?"],
            ["VIP", "refund"],
            "high",
        ),
        ("James O'Neill", "phone", ["My lamp arrived with a crack. What now?"], ["refund"], "urgent"),
        ("Ana Silva", "page", ["The coupon does not work"], [], "normal"),
        ("Sofía Hernández", "phone", ["¿Cuándo llega mi pedido?"], ["VIP"], "normal"),
        ("Tom Becker", "page", ["The name on the invoice is wrong"], ["bug"], "low"),
    ],
}
ATTRIBUTES = {"zh-CN": {"会员等级": "金卡", "订单": "A1024"}, "en": {"plan": "Gold", "order": "A1024"}}
PROMISES = Promises.model_validate(
    {
        "targets": [
            {"channels": ["phone"], "priorities": ["urgent"], "first": "2s"},
            {"first": "8m", "next": "15m", "resolve": "8h"},
        ]
    }
)
LINES = {
    "zh-CN": (
        "您好，A1024 今天 18:00 前发出。",
        "老客户，请优先处理。",
        "可以的，国际运费 S$12，约 5 个工作日。",
        "熟悉仓库情况",
    ),
    "en": (
        "Hello, A1024 leaves today before 18:00.",
        "Complained once. Please be gentle.",
        "Yes, shipping is S$12, five days.",
        "Knows the warehouse",
    ),
}


async def people(work: Office, lang: str) -> list[str]:
    """Conversations as a shop has them."""
    bo, talks = await work.home.agent("wang@example.com", name="王芳" if lang == "zh-CN" else "Fang"), []
    for n, (name, channel, lines, tags, level) in enumerate(PEOPLE[lang]):
        more: dict[str, Any] = {"customer": f"c{n}", "channel": channel, "locale": lang}
        facts: dict[str, Any] = {
            "name": name,
            "email": f"customer{n}@example.com",
            "page": "https://shop.example.com/lamps" if channel == "page" else "",
            "attributes": ATTRIBUTES[lang] if n == 0 else {},
        }
        for line in lines:
            talk = await work.home.customer_says(line, **more, profile=facts)
        talks.append(talk)
        steps: list[dict[str, Any]] = [{"priority": level}, *([{"tag": tags}] if tags else [])]
        await bo.api.post("/console/api/bulk", json={"id": f"s{n}", "conversations": [talk], "do": steps})
    first, note, *_ = LINES[lang]
    await bo.say(talks[0], first)
    await bo.say(talks[0], note, kind="note")
    return talks


async def shots(work: Office, folder: Path, lang: str, scheme: str, phone: bool) -> None:
    """The main states in one look."""
    talks = await people(work, lang)
    size = {"width": 360, "height": 780} if phone else {"width": 1440, "height": 810}
    page = await work.page_of("林晓" if lang == "zh-CN" else "Lin", lang=lang, color_scheme=scheme, viewport=size)
    tail = f"{'zh' if lang == 'zh-CN' else 'en'}-{scheme}{'-phone' if phone else ''}"

    async def shot(name: str) -> None:
        await asyncio.sleep(0.4)
        await page.screenshot(path=folder / f"console-{name}-{tail}.png")

    await page.locator("fd-list .tabs button").nth(2).click()
    await expect(page.locator("fd-list .rows li")).to_have_count(5)
    if phone:
        await shot("list")
    await opened(page, talks[0])
    await expect(page.locator("fd-details .attributes")).to_be_attached()
    if phone:
        await page.locator("fd-thread .info").click()
        await shot("panel")
        await page.locator("fd-details .back").click()
    await page.locator("fd-thread .row.customer .answer").last.click()
    await page.locator("fd-composer textarea").fill(LINES[lang][2])
    await page.locator("fd-composer textarea").press("Enter")
    await expect(page.locator("fd-thread .undo")).to_be_visible()
    await shot("undo")
    await page.locator("fd-composer textarea").press_sequentially("/")
    await expect(page.locator("fd-canned li").first).to_be_visible()
    await shot("canned")
    await page.keyboard.press("Escape")
    await page.locator("fd-composer textarea").fill("")
    await _sheets(page, shot)
    await page.locator("fd-composer .foot button[aria-haspopup]").click()
    await page.locator(".menu button").first.click()
    await expect(page.locator("dialog .pairs")).to_be_visible()
    await shot("card")
    await page.keyboard.press("Escape")
    if not phone:
        await page.locator("fd-list .rows li").nth(1).click(modifiers=["Control"])
        await page.locator("fd-list .rows li").nth(3).click(modifiers=["Shift"])
        await page.locator("fd-list input[type=search]").fill("A1024")
        await expect(page.locator("fd-finder mark").first).to_be_visible()
        await shot("search")


async def _sheets(page: Page, shot: Any) -> None:
    for key, name in (("l", "tags"), ("t", "handover"), ("Control+k", "palette")):
        await page.locator("fd-thread h2").click()
        await page.keyboard.press(key)
        await expect(page.locator("dialog")).to_be_visible()
        await shot(name)
        await page.keyboard.press("Escape")


async def main(folder: Path) -> None:
    """Every look, each from a hub of its own."""
    with own_valkey() as redis:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for lang, scheme, phone in product(PEOPLE, ("light", "dark"), (False, True)):
                with tempfile.TemporaryDirectory() as place:
                    store = await fresh_store(Path(place), lanes=1)
                    files, prefix = Path(place) / "files", f"pictures{lang}{scheme}{phone}"
                    async with office(store, browser, redis, prefix, files, promises=PROMISES) as work:
                        await shots(work, folder, lang, scheme, phone)
                    await store.close()
            await browser.close()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
