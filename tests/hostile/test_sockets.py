"""WebSockets and everything hostile: a close code that says why, nothing stored, no failure, and memory flat."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.hostile.process import AGENT_TOKEN, Knocked
from tests.hostile.rows import SOCKETS, Known, known

FATAL = {4400, 4401, 4403, 1002, 1003, 1007, 1009}
"""Never "come back": whoever sends this would send it again."""
FIRST: dict[str, str | bytes] = {
    "no JSON": "x",
    "empty": "",
    "bytes": b"{}",
    "bytes that are a hello": b'{"t":"hello"}',
    "an array": "[]",
    "null": "null",
    "deep": '{"t":"hello","x":' + "[" * 5000 + "]" * 5000 + "}",
    "deeper": "[" * 60_000,
    "NaN": '{"t":"hello","since":NaN}',
    "another frame": '{"t":"send","id":"a","d":{"text":"x"}}',
    "no kind": "{}",
    "a kind that is none": '{"t":["hello"]}',
    "no token": '{"t":"hello"}',
    "a token that is none": '{"t":"hello","tok":"x"}',
    "a token of another type": '{"t":"hello","tok":{"x":1}}',
    "a long token": '{"t":"hello","tok":"' + "x" * 60_000 + '"}',
    "a token with NUL": '{"t":"hello","tok":"\\u0000\\ud800"}',
    "too long": '{"t":"hello","x":"' + "x" * 70_000 + '"}',
    "much too long": "x" * 5_000_000,
}
LATER: dict[str, tuple[str | bytes, str | int]] = {
    "no JSON": ("x", 4400),
    "bytes": (b"{}", 4400),
    "deep": ("[" * 60_000, 4400),
    "an unknown kind": ('{"t":"x"}', "unknown"),
    "a kind that is none": ('{"t":{"x":[]}}', "unknown"),
    "no id": ('{"t":"send","d":{"text":"x"}}', "malformed"),
    "an id of another type": ('{"t":"send","id":5,"d":{"text":"x"}}', "malformed"),
    "a long id": ('{"t":"send","id":"' + "x" * 65 + '","d":{"text":"x"}}', "malformed"),
    "no message": ('{"t":"send","id":"a"}', "malformed"),
    "a message of another type": ('{"t":"send","id":"a","d":"x"}', "malformed"),
    "nothing": ('{"t":"send","id":"a","d":{"text":" "}}', "malformed"),
    "too much text": ('{"t":"send","id":"a","d":{"text":"' + "x" * 10_001 + '"}}', "malformed"),
    "a text of another type": ('{"t":"send","id":"a","d":{"text":["x"]}}', "malformed"),
    "files of another type": ('{"t":"send","id":"a","d":{"files":"x"}}', "malformed"),
    "a file that is none": ('{"t":"send","id":"a","d":{"files":["../../etc/passwd"]}}', "malformed"),
    "too many files": ('{"t":"send","id":"a","d":{"files":[1,2,3,4,5,6,7,8,9,10,11]}}', "malformed"),
    "a choice of another type": ('{"t":"send","id":"a","d":{"choice":"x"}}', "malformed"),
    "a choice that is none": ('{"t":"send","id":"a","d":{"choice":{"x":1}}}', "malformed"),
    "a huge choice": ('{"t":"send","id":"a","d":{"choice":{"id":"' + "x" * 50_000 + '"}}}', "malformed"),
    "a form of another type": ('{"t":"send","id":"a","d":{"form":[1]}}', "malformed"),
    "a huge form": (
        '{"t":"send","id":"a","d":{"form":{"fields":[{"name":"a","label":"a","value":"' + "x" * 50_000 + '"}]}}}',
        "malformed",
    ),
    "a place that is none": ('{"t":"read","s":-1}', "malformed"),
    "a place of another type": ('{"t":"read","s":1.5}', "malformed"),
    "a place beyond all": ('{"t":"read","s":99999999999999999999}', "malformed"),
}


def opened(hub: Knocked, path: str = "/chat/{channel}/socket", **more: Any) -> connect:
    return connect(hub.url.replace("http", "ws") + path.replace("{channel}", "web"), compression=None, **more)


async def closed(ws: ClientConnection) -> int | None:
    """The code that ends a socket; whatever it says before is let through."""
    try:
        async with asyncio.timeout(10):
            while True:
                await ws.recv()
    except ConnectionClosed:
        return ws.close_code


@pytest.mark.parametrize("path", sorted(SOCKETS))
async def test_a_socket_that_does_not_begin_well_is_ended_for_good(hub: Knocked, conversation: str, path: str) -> None:
    before = hub.stored()
    codes = {}
    for name, frame in FIRST.items():
        async with opened(hub, path) as ws:
            with contextlib.suppress(ConnectionClosed):
                await ws.send(frame)
            codes[name] = await closed(ws)
    assert {name: code for name, code in codes.items() if code not in FATAL} == {}
    assert hub.stored() == before
    assert not hub.failures()


@pytest.mark.parametrize("name", [name for name, frame in FIRST.items() if not str(frame).startswith('{"t":"hello","tok"')])
async def test_an_agents_socket_does_not_begin_with_anything_else_than_hello(hub: Knocked, conversation: str, name: str) -> None:
    async with opened(hub, "/console/socket", additional_headers={"authorization": f"Bearer {AGENT_TOKEN}"}) as ws:
        with contextlib.suppress(ConnectionClosed):
            await ws.send(FIRST[name])
        if name == "no token":
            assert orjson.loads(await ws.recv())["t"] == "welcome", "an agent's comes in the handshake"
        else:
            assert await closed(ws) in FATAL
    assert not hub.failures()


@pytest.fixture
async def who(hub: Knocked, conversation: str) -> Known:
    return await asyncio.to_thread(known, hub, conversation)


@asynccontextmanager
async def spoken(who: Known) -> AsyncIterator[ClientConnection]:
    """A customer's socket after its welcome."""
    async with opened(who.hub) as ws:
        await ws.send(orjson.dumps({"t": "hello", "tok": who.token}).decode())
        assert orjson.loads(await ws.recv())["t"] == "welcome"
        yield ws


@pytest.mark.parametrize("name", LATER)
async def test_a_frame_that_is_none_is_answered_and_stores_nothing(hub: Knocked, who: Known, name: str) -> None:
    frame, expected = LATER[name]
    before = hub.stored()
    async with spoken(who) as ws:
        await ws.send(frame)
        if isinstance(expected, int):
            assert await closed(ws) == expected
        else:
            refused = orjson.loads(await ws.recv())
            assert (refused["t"], refused["code"], refused["retry"]) == ("no", expected, False)
            assert len(refused["message"]) > 5
            await ws.send('{"t":"ping"}')
            assert orjson.loads(await ws.recv()) == {"t": "pong"}, "the socket goes on"
    assert hub.stored() == before
    assert not hub.failures()


async def test_strange_characters_are_kept_visibly(hub: Knocked, who: Known) -> None:
    async with spoken(who) as ws:
        await ws.send('{"t":"send","id":"a\\u0000","d":{"text":"x\\u0000\\ud83dy"}}')
        assert orjson.loads(await ws.recv()) == {"t": "ok", "id": "a␀"}
    (body,) = hub.query("SELECT body FROM inbox ORDER BY n DESC LIMIT 1")[0]
    assert orjson.loads(body)["parts"][0]["text"] == "x␀\ufffdy"


async def test_who_floods_a_socket_is_cut_off(hub: Knocked, who: Known) -> None:
    async with spoken(who) as ws:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1000):
                await ws.send('{"t":"read","s":1}')
        assert await closed(ws) == 4029
    assert not hub.failures()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "x", "http://[::1"])
async def test_an_agents_socket_is_for_pages_of_ours(hub: Knocked, conversation: str, origin: str) -> None:
    async with opened(hub, "/console/socket", origin=origin) as ws:
        assert await closed(ws) == 4403
    assert not hub.failures()


async def test_sockets_that_come_and_go_leave_nothing_behind(hub: Knocked, who: Known) -> None:
    async def storm(count: int) -> None:
        for _ in range(count):
            async with opened(hub) as line:
                await line.send("x" * 60_000)
                await closed(line)

    await asyncio.gather(*(storm(10) for _ in range(8)))
    before = hub.memory()
    await asyncio.gather(*(storm(50) for _ in range(8)))
    assert hub.memory() - before < 8
    assert not hub.failures()


async def test_the_longest_message_fits_into_a_frame_and_nothing_is_compressed(who: Known) -> None:
    async with connect(who.hub.url.replace("http", "ws") + "/chat/web/socket", compression="deflate") as ws:
        assert "sec-websocket-extensions" not in ws.response.headers  # type: ignore[union-attr]
        await ws.send(orjson.dumps({"t": "hello", "tok": who.token}).decode())
        assert orjson.loads(await ws.recv())["t"] == "welcome"
        await ws.send(orjson.dumps({"t": "send", "id": "long", "d": {"text": "🍵" * 10_000}}).decode())
        assert orjson.loads(await ws.recv()) == {"t": "ok", "id": "long"}
        await ws.send("x" * 65_537)
        assert await closed(ws) == 1009
