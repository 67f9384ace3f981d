"""A real hub with its console and, if asked, customers: a worker beside it writes down what agents do in their browsers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.canned import CannedReplies
from hub.model import ChannelName
from hub.outbound import Outbound
from hub.ports import Kit, Window
from hub.routing import RoutingRules
from hub.signin import hash_of, new_secret
from hub.store.store import Store
from hub.workbench import Workbench
from tests.fakes import TEXT_ONLY, FakeConnector
from tests.widget.browser.faces import WITHIN
from tests.widget.consoles import House, house

CANNED = CannedReplies.model_validate(
    {
        "replies": [
            {
                "name": "thanks",
                "title": "Thanks for waiting",
                "text": {"zh": "{name}您好，感谢等待。", "*": "Hello {name}, {agent} here."},
            },
            {"name": "bye", "title": "Anything else?", "text": {"zh": "请问还有什么可以帮您？", "*": "Is there anything else?"}},
        ]
    }
)
BENCH = Workbench.model_validate(
    {
        "undo": 5,
        "tags": {"VIP": "amber", "退款": "red", "refund": "red", "bug": "purple"},
        "macros": [
            {
                "name": "close",
                "title": {"zh": "致谢并解决", "*": "Thank and resolve"},
                "do": [{"canned": "bye"}, {"tag": ["done"]}, "resolve"],
            }
        ],
        "links": [{"title": {"zh": "订单系统", "*": "Orders"}, "url": "https://erp.example.com/c?mail={email}"}],
    }
)
RULES = RoutingRules.model_validate({"strategy": "manual", "capacity": 8, "teams": {"billing": {}, "物流": {}}})
WEB, PHONE, PAGE, METERED = ChannelName("web"), ChannelName("phone"), ChannelName("page"), ChannelName("wechat")


@dataclass
class Office:
    """The hub; agents come in by `page_of`."""

    home: House
    browser: Browser
    wrong: list[str]

    @property
    def phone(self) -> FakeConnector:
        found = self.home.hub.connectors[PHONE]
        assert isinstance(found, FakeConnector)
        return found

    async def page_of(self, name: str = "Lin", *, lang: str = "en", role: str = "agent", agent: str = "", **look: Any) -> Page:
        """A browser of an agent's who has signed in; `agent` is one who is there already."""
        agents = self.home.hub.store.agents
        own = agent or await agents.invite(f"{name.lower()}@example.com", name, role)
        secret = new_secret()
        await agents.open_login("session", own, hash_of(secret), 3600)
        look = {"viewport": {"width": 1440, "height": 810}, "reduced_motion": "reduce", "locale": lang, **look}
        context = await self.browser.new_context(**look)
        await context.add_cookies([{"name": "fd_session", "value": secret, "url": self.home.url}])
        page = await context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda told: self.wrong.append(told.text) if "Content Security Policy" in told.text else None)
        live = asyncio.Event()
        page.on("websocket", lambda socket: socket.on("framereceived", lambda _: live.set()))
        await page.goto(f"{self.home.url}/console/?lang={lang}")
        await expect(page.locator("fd-list")).to_be_visible(timeout=WITHIN)
        await asyncio.wait_for(live.wait(), WITHIN / 1000)
        return page

    async def agent_id(self, name: str) -> str:
        """The id of an agent who has come in."""
        return next(one.id for one in await self.home.hub.store.agents.everyone() if one.name == name)


async def _work(home: House) -> None:
    outbound = Outbound(home.hub)
    while True:
        await home.work()
        for lane in await home.hub.store.deliveries.waiting_lanes():
            await outbound.run(lane)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def office(
    store: Store, browser: Browser, redis_url: str, prefix: str, folder: Path, **given: Any
) -> AsyncIterator[Office]:
    """A hub with a pushed channel, one with a window and a quota, and one that is fetched; a worker writes down what comes.
    `given`: more of the hub's rules, as `promises` or `survey`."""
    window = replace(TEXT_ONLY, window=Window(48 * 3600, 5))
    web = WebSettings()
    connectors: dict[ChannelName, Any] = {
        WEB: Web(WEB, web, Kit.__new__(Kit)),
        PHONE: FakeConnector(),
        METERED: FakeConnector(window),
        PAGE: FakeConnector(replace(TEXT_ONLY, pulled=True)),
    }
    more: dict[str, Any] = {"connectors": connectors, "canned": CANNED, "workbench": BENCH, "routing": RULES, **given}
    async with house(store, redis_url, prefix, folder, **more) as home:
        home.hub.channels = {WEB: web}
        setattr(home.hub.files, "_public_url", home.url)  # noqa: B010 -- the port is known only now
        worker = asyncio.create_task(_work(home))
        made = Office(home, browser, [])
        try:
            yield made
        finally:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker
        assert made.wrong == []


async def opened(page: Page, conversation: str) -> None:
    """Open a conversation by its address."""
    await page.evaluate("c => { location.hash = `#/c/${c}` }", conversation)
    await expect(page.locator("fd-thread .row").first).to_be_visible(timeout=WITHIN)
