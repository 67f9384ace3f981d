"""What a customer finds besides writing: greetings, hours, the line, emoji, voice, mail, hints; each on the real hub."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

from hub.model import Card, Option
from hub.notices import NoticeRules
from hub.notify import send_due
from hub.routing import RoutingRules
from tests.hub.listeners import MailServer
from tests.widget.browser.conftest import BOTH
from tests.widget.browser.faces import WITHIN, eventually, open_widget, said, settled, write
from tests.widget.browser.living import living, only_talk
from tests.widget.browser.test_budgets import broken

TODAY = datetime.now(UTC).date()
HOURS = {
    "timezone": "UTC",
    "week": {"daily": "09:00-18:00"},
    "holidays": [f"{TODAY - timedelta(days=1)}..{TODAY + timedelta(days=2)}"],
}
"""Closed beyond tomorrow, also where midnight comes between this and its test: tomorrow is not called by its name."""
CLOSED = RoutingRules.model_validate({"hours": {"default": HOURS}})
pytestmark = BOTH
W = "frontdesk-widget"


async def test_a_greeting_comes_by_page_and_time_once_and_costs_no_request(
    page: Page, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    says: list[dict[str, Any]] = [{"pages": ["/elsewhere"], "after": 1, "text": {"en": "Not here"}}]
    says.append({"pages": ["/de*"], "after": 1, "text": {"en": "Need <b>tea</b> advice?"}})
    async with living(tmp_path, redis_url, prefix, web={"greetings": says}) as home:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{home.url}/demo?lang=en")
        tease = page.locator(f"{W} .tease")
        await expect(tease).to_contain_text("Need <b>tea</b> advice?", timeout=WITHIN)
        assert [url for url in asked if "/demo" not in url] == [f"{home.url}/widget.js"]
        assert await broken(page) == []
        await tease.locator("button").first.click()
        await expect(page.locator(f"{W} textarea")).to_be_focused(timeout=WITHIN)
        await expect(page.locator(f"{W} .row").first).to_contain_text("Need <b>tea</b> advice?")
        await page.goto(f"{home.url}/demo?lang=en")
        await asyncio.sleep(2)
        await expect(tease).to_have_count(0)


async def test_outside_of_hours_it_says_when_somebody_is_back_or_is_not_there_at_all(
    page: Page, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix, routing=CLOSED) as home:
        await open_widget(page, home.url)
        await expect(page.locator(f"{W} .under")).to_contain_text("We’re away. Back", timeout=WITHIN)
        await expect(page.locator(f"{W} .under")).to_contain_text(f"{TODAY + timedelta(days=3):%A}")
        assert await broken(page) == []
    async with living(tmp_path / "b", redis_url, f"{prefix}b", routing=CLOSED, web={"hidden_outside_hours": True}) as home:
        await page.goto(f"{home.url}/demo?lang=en")
        await page.wait_for_load_state("networkidle")
        await expect(page.locator(W)).to_have_count(0)
        home.hub.routing = RoutingRules()
        await page.goto(f"{home.url}/demo?lang=en&again")
        await page.reload()
        await expect(page.locator(W)).to_have_count(1)


async def test_a_customer_in_line_sees_place_and_wait(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        for n in range(2):
            await home.customer_says("first", channel="web", customer=f"before{n}")
        await open_widget(page, home.url)
        await write(page, "I need help")
        line = page.locator(f"{W} .typing")
        await expect(line).to_have_text("You are number 3 in line. We’ll be with you as soon as we can.", timeout=WITHIN)
        agent = await home.agent()
        talk = (await only_talk(home, agent))["id"]
        await agent.say(talk, "Hello")
        await expect(line).to_have_text("", timeout=WITHIN)


async def test_emoji_by_keyboard_and_pointer(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await open_widget(page, home.url)
        await page.locator(f"{W} textarea").fill("ab")
        await page.locator(f"{W} textarea").press("ArrowLeft")
        button = page.locator(f"{W} .emojis")
        await button.click()
        await expect(page.locator(f"{W} .emoji button").first).to_be_focused(timeout=WITHIN)
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Enter")
        await expect(page.locator(f"{W} textarea")).to_have_value("a😃b")
        assert await broken(page) == []
        await button.click()
        await expect(page.locator(f"{W} .emoji")).to_have_count(0)
        await page.locator(f"{W} textarea").press("Enter")
        await button.click()
        await expect(page.locator(f"{W} .emoji button").first).to_have_text("😃", timeout=WITHIN)


async def test_a_voice_note_is_recorded_and_sent_or_thrown_away(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await open_widget(page, home.url)
        record = page.get_by_role("button", name="Record a voice message")
        await record.click()
        await expect(page.locator(f"{W} .note")).to_be_visible(timeout=WITHIN)
        assert await broken(page) == []
        await page.locator(f"{W} .note button").first.click()
        await expect(page.locator(f"{W} .note")).to_have_count(0)
        await record.click()
        await expect(page.locator(f"{W} .note [role=timer]")).to_have_text("0:01", timeout=WITHIN)
        await page.locator(f"{W} .note .go").click()
        await expect(page.locator(f"{W} .row.own audio")).to_be_visible(timeout=WITHIN)
        await eventually(lambda: settled(page))
        agent = await home.agent()
        talk = (await only_talk(home, agent))["id"]
        (entry,) = (await agent.api.get(f"/console/api/conversations/{talk}/entries")).json()["items"][:1]
        part = entry["d"]["parts"][0]
        assert (part["kind"], part["name"]) == ("audio", "voice.webm")
        assert part["size"] > 500


async def test_the_conversation_comes_by_mail(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with MailServer().listening() as mail:
        smtp = {"host": "127.0.0.1", "port": mail.port, "sender": "help@example.com", "tls": "none"}
        async with living(tmp_path, redis_url, prefix, notices=NoticeRules.model_validate({"smtp": smtp})) as home:
            await open_widget(page, home.url)
            await write(page, "Please keep this")
            await eventually(lambda: settled(page))
            await eventually(lambda: arrived(page))
            await page.get_by_role("button", name="More").click()
            await page.get_by_role("button", name="E-mail me this conversation").click()
            await page.locator(f"{W} .menu input").fill("ann@example.com")
            assert await broken(page) == []
            await page.locator(f"{W} .menu input").press("Enter")
            await expect(page.locator(f"{W} .menu p")).to_have_text("It is on its way to you.", timeout=WITHIN)
            await send_due(home.hub)
            assert "Please keep this" in mail.heard[0]


async def arrived(page: Page) -> bool:
    """Whether the hub's own copy of the last line is in the log."""
    return bool(await page.evaluate("Frontdesk.element.opened.log.entries.length"))


async def test_agents_see_what_is_written_only_where_the_customer_is_told(
    page: Page, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix, web={"preview": True}) as home:
        await open_widget(page, home.url)
        await expect(page.locator(f"{W} .hint")).to_be_visible(timeout=WITHIN)
        await write(page, "Hello")
        await eventually(lambda: settled(page))
        async with home.socket(await home.agent()) as line:
            await line.next("welcome")
            await asyncio.sleep(3)
            await page.locator(f"{W} textarea").press_sequentially("my order")
            fact = await line.next("eph")
            assert fact["k"] == "typing"
            assert fact["text"]
            assert "my order".startswith(fact["text"])


async def test_a_page_in_the_background_counts_in_its_title_and_makes_a_sound_that_can_be_switched_off(
    page: Page, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await page.add_init_script("""{
            window.tones = 0;
            const real = OscillatorNode.prototype.start;
            OscillatorNode.prototype.start = function (...given) { window.tones += 1; return real.apply(this, given); };
        }""")
        await open_widget(page, home.url)
        await write(page, "Hello")
        await eventually(lambda: settled(page))
        await page.get_by_role("dialog").get_by_role("button", name="Close").click()
        agent = await home.agent()
        talk = (await only_talk(home, agent))["id"]
        plain = await page.title()
        await agent.say(talk, "one")
        await eventually(lambda: titled(page, f"(1) {plain}", 1))
        await eventually(lambda: heard(page, 2))
        await expect(page.locator(f"{W} .badge")).to_have_text("1")
        await page.locator(f"{W} .launcher").click()
        await eventually(lambda: titled(page, plain))
        await page.get_by_role("button", name="More").click()
        await page.get_by_role("button", name="Sound for new messages").click()
        await page.get_by_role("dialog").get_by_role("button", name="Close").click()
        await agent.say(talk, "two")
        await eventually(lambda: titled(page, f"(1) {plain}", 1))
        assert await page.evaluate("tones") == 2, "it was switched off"


async def titled(page: Page, *names: Any) -> bool:
    return await page.title() in names


async def heard(page: Page, count: int) -> bool:
    return bool(await page.evaluate("tones") == count)


async def test_cards_stand_side_by_side_and_each_has_its_buttons(page: Page, tmp_path: Path, redis_url: str, prefix: str) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        await open_widget(page, home.url)
        await write(page, "Show me tea")
        await eventually(lambda: settled(page))
        agent = await home.agent()
        talk = (await only_talk(home, agent))["id"]
        buttons = [(Option(id=f"take{n}", text=f"Take {n}"),) for n in range(4)]
        cards = [Card(title=f"Tea {n}", text="50 g", url=f"https://shop.example/{n}", options=buttons[n]) for n in range(4)]
        form = {"title": "Where to?", "fields": [{"name": "street", "label": "Street", "required": True}]}
        body = {"id": "cards", "kind": "reply", "text": "Our best", "cards": [card.model_dump() for card in cards]}
        answer = await agent.api.post(f"/console/api/conversations/{talk}/entries", json=body)
        assert answer.status_code == 201, answer.text
        deck = page.locator(f"{W} .deck")
        await expect(deck.locator(".card")).to_have_count(4, timeout=WITHIN)
        assert await deck.evaluate("deck => deck.scrollWidth > deck.clientWidth")
        assert await broken(page) == []
        await deck.get_by_role("button", name="Take 1").click()
        await eventually(lambda: last_is(page, "Take 1"))
        await agent.api.post(f"/console/api/conversations/{talk}/entries", json={"id": "form", "kind": "reply", "form": form})
        await page.locator(f"{W} form.ask input").fill("1 High St")
        await page.locator(f"{W} form.ask input").press("Enter")
        await expect(page.locator(f"{W} .row.own dd")).to_have_text("1 High St", timeout=WITHIN)


async def last_is(page: Page, text: str) -> bool:
    return (await said(page, True))[-1:] == [text]


async def test_tabs_share_one_socket_and_go_on_when_its_tab_is_closed(
    context: BrowserContext, tmp_path: Path, redis_url: str, prefix: str
) -> None:
    async with living(tmp_path, redis_url, prefix) as home:
        sockets: list[str] = []
        pages = [await context.new_page() for _ in range(3)]
        for one in pages:
            one.on("websocket", lambda socket: sockets.append(socket.url))
        first, second, third = pages
        await open_widget(first, home.url)
        await write(first, "from the first")
        await eventually(lambda: settled(first))
        for one in (second, third):
            await open_widget(one, home.url)
            await eventually(shows(one, ["from the first"]))
        await write(second, "from the second")
        await write(third, "from the third")
        for one in pages:
            await eventually(shows(one, ["from the first", "from the second", "from the third"]))
        assert len(sockets) == 1, "one socket for three tabs"
        agent = await home.agent()
        talk = (await only_talk(home, agent))["id"]
        await agent.say(talk, "hello all")
        for one in pages:
            await expect(one.locator(f"{W} .row:not(.own)").last).to_contain_text("hello all", timeout=WITHIN)
        await first.close()
        await write(second, "still here")
        for one in (second, third):
            await eventually(shows(one, ["from the first", "from the second", "from the third", "still here"]))
            await eventually(partial(settled, one))
        assert len(sockets) == 2, "one of the others has taken over"
        await agent.say(talk, "so am I")
        for one in (second, third):
            await expect(one.locator(f"{W} .row:not(.own)").last).to_contain_text("so am I", timeout=WITHIN)


def shows(page: Page, lines: list[str]) -> Callable[[], Awaitable[bool]]:
    async def so() -> bool:
        return await said(page, True) == lines

    return so
