"""Heartbeats: answered below the application, flooded ones counted, silent ones asked and then ended, dead ones found."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.settings import HubSettings, RateLimits
from hub.store.store import Store
from tests.widget.consoles import House
from tests.widget.customers import customer, say, web_house
from widget import wire
from widget.frames import HEARTBEAT_S
from widget.talk import Talk


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def inside(home: House) -> ClientConnection:
    """A socket that has been welcomed."""
    ann = await customer(home)
    line = await connect(home.url.replace("http", "ws") + "/chat/web/socket", ping_interval=None)
    await line.send(json.dumps({"t": "hello", "tok": ann.token, "since": 0}))
    assert json.loads(await line.recv())["t"] == "welcome"
    return line


async def test_a_heartbeat_is_answered_without_the_application(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    line = await inside(home)
    await line.send('{"t":"typing","on":true}')  # the reader is at work from here on

    async def never(*_: Any) -> Any:
        raise AssertionError("a heartbeat came through")

    await asyncio.sleep(0.2)
    monkeypatch.setattr(Talk, "take", never)
    monkeypatch.setattr("widget.socket.send_text", never)
    await line.send('{"t":"ping"}')
    assert await asyncio.wait_for(line.recv(), 5) == '{"t":"pong"}'
    await line.close()


async def test_a_flood_of_heartbeats_is_cut_off(home: House) -> None:
    line = await inside(home)
    with pytest.raises(ConnectionClosed) as ended:
        for _ in range(400):
            await line.send('{"t":"ping"}')
            await line.recv()
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 4029


async def test_a_page_whose_clock_is_slow_is_asked_and_stays(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ASK_S", 1.0)
    monkeypatch.setattr(wire, "ANSWER_S", 0.5)
    line = await inside(home)
    with pytest.raises(TimeoutError):  # nothing but pings comes, which websockets answers as browsers do
        await asyncio.wait_for(line.recv(), 4)
    await line.send('{"t":"ping"}')
    assert await asyncio.wait_for(line.recv(), 5) == '{"t":"pong"}'
    await line.close()


async def test_who_answers_nothing_is_ended(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ASK_S", 1.0)
    monkeypatch.setattr(wire, "ANSWER_S", 0.5)
    line = await inside(home)
    assert home.server.server_state.tasks
    line.transport.pause_reading()  # the cable is cut: no answer leaves, as none is read
    started = time.monotonic()
    while home.server.server_state.tasks:
        await asyncio.sleep(0.02)
        assert time.monotonic() - started < 5, "its task still runs"
    line.transport.resume_reading()
    with pytest.raises(ConnectionClosed) as ended:
        await asyncio.wait_for(line.recv(), 5)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == wire.SILENT


async def test_a_visitor_who_reads_nothing_is_freed_within_15_seconds(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """With the real times: their log is larger than what the kernels between us hold."""
    if store.db.dialect != "sqlite":
        pytest.skip("what is shown is the web process's own")
    limits = RateLimits(messages_per_customer=10**6)
    async with web_house(store, redis_url, prefix, tmp_path / "files", settings=HubSettings(limits=limits)) as home:
        ann = await customer(home)
        for first in range(0, 280, 7):
            await ann.poll(*(say(f"m{first + n}", "茶" * 10_000) for n in range(7)))
        await home.work()
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", int(home.url.rpartition(":")[2])))
        line = await connect(home.url.replace("http", "ws") + "/chat/web/socket", sock=narrow, compression=None, max_queue=1)
        await line.send(json.dumps({"t": "hello", "tok": ann.token, "since": 0, "epoch": ann.epoch}))
        assert json.loads(await line.recv())["t"] == "welcome"
        line.transport.pause_reading()
        started = time.monotonic()
        feed = home.server.config.app._app.state.feed  # type: ignore[union-attr]
        assert feed.customers
        while feed.customers or feed.addresses:
            await asyncio.sleep(0.1)
            assert time.monotonic() - started < 15, "it is still held"
        assert time.monotonic() - started > 5, "it was held as long as a slow reader may take"
        line.transport.abort()


def test_a_dead_socket_is_found_within_45_seconds() -> None:
    assert wire.ASK_S > HEARTBEAT_S, "who keeps the protocol is never asked"
    assert wire.ASK_S + wire.ANSWER_S <= 45
