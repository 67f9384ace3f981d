"""The web process with the shipped chat `web`, and customers who talk to it over the customer protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.model import ChannelName
from hub.ports import Kit
from hub.store.store import Store
from tests.config.folders import shipped
from tests.widget.consoles import House, house

WEB = ChannelName("web")


@asynccontextmanager
async def web_house(store: Store, redis_url: str, prefix: str, folder: Path, **settings: Any) -> AsyncIterator[House]:
    """The application with one web chat, as shipped but for what is given."""
    base = shipped().channels[WEB]
    installation = {"settings": settings.pop("settings")} if "settings" in settings else {}
    own = WebSettings.model_validate({**base.model_dump(), **settings})
    connectors = {WEB: Web(WEB, own, Kit.__new__(Kit))}
    async with house(store, redis_url, prefix, folder, connectors=connectors, bot=shipped().bot, **installation) as home:
        home.hub.channels = {WEB: own}
        yield home


@dataclass
class Customer:
    """Somebody with a session, who polls; `api` sends the token along."""

    api: httpx.AsyncClient
    token: str
    id: str
    epoch: str

    async def poll(self, *up: dict[str, Any], since: int = 0, wait: int = 0) -> list[dict[str, Any]]:
        body = {"tok": self.token, "epoch": self.epoch, "since": since, "up": list(up), "wait": wait}
        answer = await self.api.post("/chat/web/poll", json=body)
        assert answer.status_code == 200, answer.text
        down: list[dict[str, Any]] = answer.json()["down"]
        return down

    async def upload(self, name: str, content: bytes, mime: str) -> dict[str, Any]:
        answer = await self.api.post("/chat/web/files", files={"file": (name, content, mime)})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


async def customer(home: House) -> Customer:
    """A new customer."""
    api = await home.browser()
    said = (await api.post("/chat/web/session", json={})).json()
    api.headers["authorization"] = f"Bearer {said['token']}"
    return Customer(api, said["token"], said["customer"], said["epoch"])


def say(id: str, text: str, **more: Any) -> dict[str, Any]:
    """A frame that says something."""
    return {"t": "send", "id": id, "d": {"text": text, **more}}
