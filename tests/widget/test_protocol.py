"""The customer protocol where both ways of speaking it must agree, and docs/protocol.md held to what the code says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.live import Live
from hub.model import ChannelName
from hub.ports import Kit
from hub.store.store import Store
from tests.widget.consoles import House, Line, house

WEB = ChannelName("web")


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    settings = WebSettings()
    connectors = {WEB: Web(WEB, settings, Kit.__new__(Kit))}
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=connectors) as own:
        own.hub.channels = {WEB: settings}
        yield own


@dataclass
class Customer:
    """Somebody with a session, who polls."""

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


async def customer(home: House) -> Customer:
    api = await home.browser()
    said = (await api.post("/chat/web/session", json={})).json()
    return Customer(api, said["token"], said["customer"], said["epoch"])


def say(id: str, text: str) -> dict[str, Any]:
    return {"t": "send", "id": id, "d": {"text": text}}


@pytest.mark.parametrize("wrong", [{"since": "x"}, {"since": -1}, {"tok": 5}, {"page": ["x"]}, {"lang": "x" * 100}])
async def test_a_hello_that_is_malformed_is_fatal(home: House, wrong: dict[str, Any]) -> None:
    """Never "come back": the page would send the same again for ever."""
    ann = await customer(home)
    async with connect(home.url.replace("http", "ws") + "/chat/web/socket", compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "v": 1, "tok": ann.token, "since": 0, **wrong})
        assert await line.next("bye") == {"t": "bye", "code": 4400, "retry": False}
        with pytest.raises(ConnectionClosedError):
            await ws.recv()
    assert ws.close_code == 4400


async def test_a_poll_from_beyond_the_end_of_the_log_is_told_to_load_it_anew(home: House) -> None:
    """As after a database was put back from a backup: what comes next would have a place that the page thinks it knows."""
    ann = await customer(home)
    await ann.poll(say("a", "Hello?"))
    await home.work()
    welcome, *entries = await ann.poll(since=77)
    assert (welcome["t"], welcome["resumed"], welcome["from"], welcome["head"]) == ("welcome", False, 1, 1)
    assert [(entry["t"], entry["s"]) for entry in entries] == [("ev", 1)]
    assert await ann.poll(since=1) == []


async def test_what_may_be_lost_looks_the_same_on_both_ways(home: House) -> None:
    ann, bo = await customer(home), await home.agent()
    await ann.poll(say("a", "Hello?"))
    await home.work()
    (entry,) = await ann.poll()
    polled = asyncio.create_task(ann.poll(since=1, wait=10))
    async with home.socket(bo) as console, connect(home.url.replace("http", "ws") + "/chat/web/socket") as ws:
        line = Line(ws)
        await line.send({"t": "hello", "v": 1, "tok": ann.token, "epoch": ann.epoch, "since": 1})
        await line.next("welcome")
        await console.next("welcome")
        await asyncio.sleep(0.3)
        await console.send({"t": "typing", "c": entry["c"], "on": True})
        typing = {"t": "eph", "k": "typing", "c": entry["c"], "on": True, "by": {"kind": "agent", "name": "Bo"}}
        assert await line.next("eph") == typing
        assert await polled == [typing]


async def test_a_lost_poke_costs_a_delay_and_no_message(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(self: Live, **_: Any) -> None:
        return None

    ann = await customer(home)
    async with connect(home.url.replace("http", "ws") + "/chat/web/socket", compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "v": 1, "tok": ann.token, "epoch": ann.epoch, "since": 0})
        await line.next("welcome")
        monkeypatch.setattr(Live, "poke", lost)
        await line.send(say("a", "Hello?"))
        await line.next("ok")
        await home.work()
        entry = await line.next("ev", seconds=10)
    assert (entry["s"], entry["id"], entry["d"]["text"]) == (1, "a", "Hello?")
    assert orjson.dumps(entry)
