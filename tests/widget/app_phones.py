"""Apps on devices as tests use them: a customer who has written, an agent's answer, and the job that tells of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt

from connectors.app import App
from connectors.app_settings import AppSettings
from hub import pushing
from hub.model import ChannelName
from hub.ports import Kit
from hub.store.device_tables import Device as DeviceRow
from hub.store.tables import Conversation
from tests.connectors.conftest import Shelf
from tests.hub.hubs import only, put, rows
from tests.servers.push import push_settings
from tests.widget.consoles import House
from tests.widget.customers import say

SECRET = "the-secret-of-the-app's-own-backend"
APP = ChannelName("app")


def app_of(url: str, **push: Any) -> tuple[App, AppSettings]:
    settings = AppSettings.model_validate({"identity": {"keys": [{"secret": SECRET}]}, "push": push_settings(url, **push)})
    return App(APP, settings, Kit(files=Shelf(), public_url="", now=lambda: datetime.now(UTC))), settings


class Phone:
    """An app on one device."""

    def __init__(self, home: House, api: httpx.AsyncClient, session: dict[str, str]) -> None:
        self.home, self.api, self.session = home, api, session
        api.headers["authorization"] = f"Bearer {session['token']}"

    async def poll(self, *up: dict[str, Any], since: int = 0) -> list[dict[str, Any]]:
        body = {"tok": self.session["token"], "epoch": self.session["epoch"], "since": since, "up": list(up)}
        down: list[dict[str, Any]] = (await self.api.post("/chat/app/poll", json=body)).json()["down"]
        return down

    async def device(self, kind: str, token: str, **more: str) -> str:
        answer = await self.api.post("/chat/app/devices", json={"kind": kind, "token": token, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def unread(self) -> int:
        return int((await self.api.get("/chat/app/unread")).json()["unread"])


async def phone(home: House, who: str = "anna") -> Phone:
    api = await home.browser()
    identity = jwt.encode({"sub": who, "aud": "app", "exp": int(time.time()) + 60}, SECRET, "HS256")
    return Phone(home, api, (await api.post("/chat/app/session", json={"identity": identity})).json())


async def answer(home: House, text: str) -> None:
    """An agent answers, the time passes, and the job runs."""
    agent = await home.agent(f"{time.monotonic_ns()}@example.com")
    conversation = (await only(home.hub.store, Conversation))["id"]
    assert (await agent.say(conversation, text)).status_code == 201
    await home.work()
    await job(home)


async def job(home: House) -> None:
    await pushing.look(home.hub)
    for row in await rows(home.hub.store, DeviceRow):
        if row["due_ms"]:
            await put(home.hub.store, DeviceRow, {"id": row["id"]}, due_ms=1)
    await pushing.push_due(home.hub)


async def begun(home: House) -> Phone:
    """A customer who has written, and whose look at the store lies before the answer."""
    own = await phone(home)
    assert await own.poll(say("m1", "Hello?")) == [{"t": "ok", "id": "m1"}]
    await home.work()
    await pushing.look(home.hub)
    return own
