"""Every state of the widget, one after the other, on the hub in memory: for axe to judge and for pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Page, Route, expect

from connectors.web_settings import Before, Question, WebSettings
from hub.capabilities import Capabilities
from hub.model import PART_KINDS
from hub.surveys import SurveyRules
from tests.conftest import until
from tests.servers.frames import Talk, World
from tests.widget.browser.faces import WITHIN, open_widget, write

W = "frontdesk-widget"
SAID: dict[str, dict[str, Any]] = {
    "zh-CN": {
        "ask": "想给长辈买一款茶，有推荐吗？",
        "text": "这几款都适合送长辈：",
        "cards": [("明前龙井", "清香，50 g ¥168"), ("陈年普洱", "醇厚，357 g ¥298"), ("正山小种", "桂圆香，100 g ¥128")],
        "take": "选这款",
        "thanks": "好的，就要龙井，谢谢！",
    },
    "en": {
        "ask": "Which tea makes a good present?",
        "text": "Any of these makes a good present:",
        "cards": [("Longjing", "Fresh and nutty, £19"), ("Aged pu’er", "Deep and mellow, £34"), ("Lapsang", "Smoky, £15")],
        "take": "Take this one",
        "thanks": "Longjing it is, thank you!",
    },
}  # fmt: skip
FORMS = Capabilities(parts=frozenset(PART_KINDS))
OPTIONS = ({"en": "An order", "zh": "订单"}, {"en": "Something else", "zh": "其他"})
ASKED = Before(
    title={"en": "Before we begin", "zh": "开始之前"},
    questions=(
        Question(name="email", label={"en": "E-mail", "zh": "邮箱"}, kind="email", required=True),
        Question(name="about", label={"en": "About", "zh": "咨询内容"}, kind="choice", options=OPTIONS),
    ),
    consent={"en": "I agree to https://shop.example/privacy", "zh": "我同意 https://shop.example/privacy"},
)  # fmt: skip
FILE = {"type": "media", "kind": "file", "file": "f" * 32, "name": "invoice.pdf", "mime": "application/pdf", "size": 182_000}
PLACE = {"type": "location", "latitude": 31.23, "longitude": 121.47, "title": "Tea house"}


async def states(page: Page, base: str, world: World, lang: str) -> AsyncIterator[str]:
    """The name of each state while the page is in it."""
    said, lin = SAID[lang], next(iter(world.staff.values()))
    by = {"kind": "agent", "name": lin.name, "id": lin.id}
    await open_widget(page, base, f"/demo?lang={lang}")
    await expect(page.locator(f"{W} .row")).to_be_visible(timeout=WITHIN)
    yield "empty"
    await write(page, said["ask"])
    await expect(page.locator(f"{W} .row.own .meta")).to_be_visible(timeout=WITHIN)
    if world.greeted:
        await expect(page.locator(f"{W} button.option").first).to_be_visible(timeout=WITHIN)
    yield "answered"
    talk = list(world.talks.values())[-1]
    async for name in _tools(page):
        yield name
    async for name in _talk(page, world, talk, by, said):
        yield name
    async for name in _trouble(page, talk, said):
        yield name
    world.append(talk, "resolved", by)
    (form,) = SurveyRules(enabled=True).question_for("0" * 32, FORMS, lang)
    world.append(talk, "message", {"kind": "bot", "name": "Bot", "id": ""}, parts=[form.model_dump()])
    await page.locator(f"{W} .rate input").nth(3).check(force=True, timeout=WITHIN)
    yield "survey"
    await page.locator(f"{W} form.ask button").click()
    await expect(page.locator(f"{W} .thanks")).to_be_visible(timeout=WITHIN)
    yield "thanks"
    await page.locator(f"{W} .head button").last.click()
    world.append(talk, "message", by, parts=[{"type": "text", "text": said["text"]}])
    await expect(page.locator(f"{W} .badge")).to_be_visible(timeout=WITHIN)
    yield "unread"


async def _tools(page: Page) -> AsyncIterator[str]:
    for button, shown, name in ((".emojis", ".emoji", "emoji"), (".head .plain >> nth=0", ".menu", "menu")):
        await page.locator(f"{W} {button}").click()
        await expect(page.locator(f"{W} {shown}")).to_be_visible(timeout=WITHIN)
        yield name
        await page.locator(f"{W} {button}").click()
        await expect(page.locator(f"{W} {shown}")).to_have_count(0)
    await page.locator(f"{W} .composer .plain >> nth=1").click()
    await expect(page.locator(f"{W} .note")).to_be_visible(timeout=WITHIN)
    yield "voice"
    await page.locator(f"{W} .note button").first.click()


async def _talk(page: Page, world: World, talk: Talk, by: dict[str, Any], said: dict[str, Any]) -> AsyncIterator[str]:
    cards = [
        {"type": "card", "title": title, "text": text, "options": [{"id": title, "text": said["take"]}]}
        for title, text in said["cards"]
    ]
    parts = [{"type": "text", "text": f"{said['text']} https://example.com/tea"}, FILE, PLACE]
    world.append(talk, "message", by, parts=parts)
    world.poke({"t": "eph", "k": "typing", "c": talk.id, "by": by, "on": True})
    await expect(page.locator(f"{W} .dots")).to_be_visible(timeout=WITHIN)
    await page.mouse.move(0, 0)
    yield "typing"
    world.append(talk, "message", by, parts=[{"type": "text", "text": said["text"]}, *cards])
    await expect(page.locator(f"{W} .deck .card").nth(2)).to_be_attached(timeout=WITHIN)
    yield "cards"
    await write(page, said["thanks"])
    await until(lambda: any(said["thanks"] in str(one) for one in talk.entries))
    yield "talk"


async def _trouble(page: Page, talk: Talk, said: dict[str, Any]) -> AsyncIterator[str]:
    held: list[Route] = []
    await page.route("**/files", lambda route: held.append(route))
    picker = page.locator(f"{W} input[type=file]")
    await picker.set_input_files({"name": "note.txt", "mimeType": "text/plain", "buffer": b"x"})
    await expect(page.locator(f"{W} .row.own", has_text="note.txt")).to_be_visible(timeout=WITHIN)
    yield "uploading"
    await until(lambda: bool(held))
    await held[0].abort()
    await expect(page.locator(f"{W} .meta.failed")).to_be_visible(timeout=WITHIN)
    yield "failed"
    await page.locator(f"{W} .meta.failed button").last.click()
    await page.context.set_offline(True)
    await write(page, said["thanks"])
    await expect(page.locator(f"{W} .bar")).not_to_be_empty(timeout=WITHIN)
    yield "offline"
    await page.context.set_offline(False)
    await expect(page.locator(f"{W} .bar")).to_be_empty(timeout=30_000)
    await until(lambda: sum(said["thanks"] in str(one) for one in talk.entries) == 2)


async def before(page: Page, base: str, world: World, lang: str) -> None:
    """The questions that come first."""
    world.form = WebSettings(before=ASKED).look(lang)["form"]
    await page.goto(f"{base}/demo?lang={lang}")
    await page.locator(f"{W} button.launcher").click()
    await expect(page.locator(f"{W} form.ask")).to_be_visible(timeout=WITHIN)
