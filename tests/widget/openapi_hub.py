"""A hub whose every exchange is held to /openapi.json, and what tests of it send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.installs import Grant
from hub.model import ChannelName, DeskName
from hub.ports import Kit
from hub.routing import RoutingRules
from hub.store.store import Store
from tests.fakes import FakeConnector, FakeDesk
from tests.widget.app_phones import APP, app_of
from tests.widget.consoles import House, house
from tests.widget.documents import Book

API = "/console/api"
WEB, PHONE, SLACK = ChannelName("web"), ChannelName("phone"), DeskName("slack")
NOBODY = "0" * 32
WRONG = {"x-wrong": "1"}
PARTS: list[dict[str, Any]] = [
    {"type": "text", "text": "hi", "spans": [{"kind": "bold", "start": 0, "end": 2}]},
    {"type": "media", "kind": "image", "remote": "r1", "name": "a.png", "mime": "image/png"},
    {"type": "location", "latitude": 31.2, "longitude": 121.5},
    {"type": "contact", "name": "Li", "phone": "13800138000"},
    {"type": "choices", "text": "Which?", "options": [{"id": "a", "text": "A"}]},
    {"type": "choice", "id": "a", "text": "A"},
    {"type": "card", "title": "Tea", "image": {"kind": "image", "remote": "r2"}, "url": "https://example.com"},
    {"type": "form", "title": "You", "fields": [{"name": "n", "label": "Name", "value": "Li"}], "submitted": True},
    {"type": "unsupported", "kind": "dice", "text": "6"},
    {"type": "event", "kind": "opened"},
]


class Installable(FakeDesk):
    """A desk whose app workspaces install."""

    def authorize(self, state: str, back: str) -> str:
        return f"http://127.0.0.1:9/authorize?state={state}"

    async def exchange(self, code: str, back: str) -> Grant:
        return Grant("T1", "Shop", "U0", "chat:write", "xoxb-1")

    def missing(self, scopes: str) -> dict[str, str]:
        return {"files:read": "files do not arrive"}

    def told(self, about: str, facts: Any, language: str) -> tuple[str, list[str]]:
        return "Done", [about]

    def lines(self, workspace: str) -> str:
        return "workspaces:"

    def places(self, workspace: str) -> list[str]:
        return ["T1/C1"]


@dataclass
class Api:
    """A hub, its document, and calls that are held to it."""

    home: House
    book: Book
    numbers: list[int] = field(default_factory=lambda: [0])

    async def speaker(self, token: str = "", *, strict: bool = True) -> httpx.AsyncClient:
        """Somebody whose every exchange is compared with the document."""
        headers = {"authorization": f"Bearer {token}"} if token else {"x-frontdesk": "1"}
        hooks: dict[str, list[Any]] = {"request": [self.book.asked] if strict else [], "response": [self.book.hold]}
        made = httpx.AsyncClient(base_url=self.home.url, headers=headers, event_hooks=hooks, timeout=40)
        return await self.home.stack.enter_async_context(made)

    async def staff(self, role: str) -> httpx.AsyncClient:
        return await self.speaker((await self.home.agent(f"{role}@example.com", role, role.title())).token)

    def id(self) -> str:
        self.numbers[0] += 1
        return f"x{self.numbers[0]}"


@asynccontextmanager
async def api_of(store: Store, redis_url: str, prefix: str, folder: Path) -> AsyncIterator[Api]:
    """A hub with a web chat, an app and a phone, and what its document says of it."""
    settings = WebSettings()
    app, told = app_of("http://127.0.0.1:9")
    connectors = {WEB: Web(WEB, settings, Kit.__new__(Kit)), PHONE: FakeConnector(), APP: app}
    rules = RoutingRules.model_validate({"strategy": "manual", "teams": {"sales": {}}})
    async with house(store, redis_url, prefix, folder, connectors=connectors, routing=rules) as home:
        home.hub.channels = {WEB: settings, APP: told}
        async with httpx.AsyncClient(base_url=home.url) as anybody:
            document = (await anybody.get("/openapi.json")).json()
        yield Api(home, Book(document))
    await app.aclose()
