"""Nothing of one visitor opens anything else: their token at every route of agents, sockets and resumes, under a storm too."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from config.settings import HubSettings
from hub.store.store import Store
from tests.widget.consoles import House
from tests.widget.customers import Customer, customer, say, web_house
from tests.widget.test_isolation import OPEN, SECRET, Hers, ann_s
from widget.app import create_app


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path / "files", settings=HubSettings(limits=OPEN)) as own:
        yield own


def agents_routes(home: House) -> Iterator[tuple[str, str]]:
    """(method, path) of everything that agents may call, read from the application."""
    app: Any = getattr(create_app(home.hub, HubSettings()), "_app")  # noqa: B009
    for route in app.routes:
        for method in sorted(getattr(route, "methods", None) or ()):
            if route.path.startswith("/console/api/") and method != "HEAD":
                yield method, route.path


def proofs(hers: Hers, bob: Customer) -> dict[str, dict[str, str]]:
    """A visitor's token, one's own and another's, in every place that an agent's login may come from."""
    found = {}
    for name, token in (("bob", bob.token), ("ann", hers.token)):
        found[f"{name} bearer"] = {"authorization": f"Bearer {token}"}
        for cookie in ("fd_session", "__Host-fd_session", "fd_device"):
            found[f"{name} {cookie}"] = {"cookie": f"{cookie}={token}", "x-frontdesk": "1"}
    return found


async def test_a_visitor_s_token_opens_nothing_of_agents(home: House) -> None:
    _, hers = await ann_s(home)
    bob = await customer(home)
    everything = list(agents_routes(home))
    assert len(everything) > 60
    nobody: dict[tuple[str, str], tuple[int, str]] = {}
    async with httpx.AsyncClient(base_url=home.url) as stranger:
        for (method, path), own in itertools.product(everything, (hers.conversation, hers.customer)):
            there = path.replace("{id}", own).replace("{other}", own).replace("{hash}", own)
            body = orjson.dumps({"id": "x", "kind": "reply", "text": "x", "customer": own})
            plain = await stranger.request(method, there, headers={"x-frontdesk": "1"}, content=body)
            nobody[method, there] = (plain.status_code, plain.text)
            for name, headers in proofs(hers, bob).items():
                given = await stranger.request(method, there, headers=headers, content=body)
                assert SECRET not in given.text, (name, method, there)
                assert given.status_code < 500, (name, method, there)
                assert given.is_error or (given.status_code, given.text) == nobody[method, there], (name, method, there)
    allowed = {path for (_, path), (status, _) in nobody.items() if status < 400}
    assert not any("/conversations" in path or "/customers" in path for path in allowed), allowed


async def test_a_visitor_s_token_opens_no_socket_of_agents(home: House) -> None:
    _, hers = await ann_s(home)
    for headers in proofs(hers, await customer(home)).values():
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            async with connect(home.url.replace("http", "ws") + "/console/socket", additional_headers=headers) as ws:
                await ws.send('{"t":"hello","v":1,"since":0}')
                while True:
                    assert SECRET not in str(await asyncio.wait_for(ws.recv(), 5))


async def heard(ws: ClientConnection, seconds: float = 0.4) -> list[dict[str, Any]]:
    """What a socket says until it has been silent for so long after its first word, or is closed."""
    found = []
    try:
        found.append(orjson.loads(await asyncio.wait_for(ws.recv(), 60)))
        while True:
            found.append(orjson.loads(await asyncio.wait_for(ws.recv(), seconds)))
    except (TimeoutError, ConnectionClosed):
        return found


async def knock(home: House, hers: Hers, bob: Customer) -> None:
    """Bob's sockets and polls with everything of ann's that a resume may name."""
    address = home.url.replace("http", "ws") + "/chat/web/socket"
    for own, since in itertools.product((hers.customer, hers.conversation, hers.entry, hers.token), (0, 1, 3, 10**9)):
        hello = {
            "t": "hello",
            "tok": bob.token,
            "epoch": bob.epoch,
            "since": since,
            "me": own,
            "customer": own,
            "c": own,
            "id": own,
        }
        async with connect(address, compression=None, open_timeout=60) as ws:
            await ws.send(orjson.dumps(hello).decode())
            for frame in (
                {"t": "read", "s": 1, "c": own},
                {"t": "typing", "on": True, "c": own, "who": own},
                hello | {"tok": own},
            ):
                await ws.send(orjson.dumps(frame).decode())
            said = await heard(ws)
        assert {frame["me"] for frame in said if frame["t"] == "welcome"} == {bob.id}
        assert SECRET not in str(said)
        down = await bob.poll({**hello, "tok": own}, since=since)
        assert SECRET not in str(down)
        assert {frame["me"] for frame in down if frame["t"] == "welcome"} <= {bob.id}


async def test_a_resume_that_names_another_brings_nothing_of_theirs(home: House) -> None:
    _, hers = await ann_s(home)
    bob = await customer(home)
    address = home.url.replace("http", "ws") + "/chat/web/socket"
    await knock(home, hers, bob)
    parts, own = hers.token.split("."), bob.token.split(".")
    for forged in (".".join([parts[0], parts[1], own[2]]), ".".join([own[0], parts[1], own[2]]), hers.token[:-4], hers.customer):
        async with connect(address, compression=None) as ws:
            await ws.send(orjson.dumps({"t": "hello", "tok": forged, "epoch": bob.epoch, "since": 0}).decode())
            assert await heard(ws) == [{"t": "bye", "code": 4401, "retry": False}]
            await ws.wait_closed()
            assert ws.close_code == 4401


async def test_it_holds_while_hundreds_come_back_at_once(home: House) -> None:
    if home.hub.store.db.dialect != "sqlite":
        pytest.skip("what is shown is the web process's own")
    ann, hers = await ann_s(home)
    bob = await customer(home)
    address = home.url.replace("http", "ws") + "/chat/web/socket"
    over = asyncio.Event()
    came = 0
    mixed: list[str] = []

    async def comes_back() -> None:
        nonlocal came
        while not over.is_set():
            came += 1
            async with connect(address, compression=None, open_timeout=60) as ws:
                await ws.send(orjson.dumps({"t": "hello", "tok": ann.token, "epoch": ann.epoch, "since": 0}).decode())
                async with asyncio.timeout(60):
                    while (frame := orjson.loads(await ws.recv()))["t"] != "ev":
                        if frame["t"] == "welcome" and frame["me"] != ann.id:
                            mixed.append(frame["me"])
            await asyncio.sleep(random.random())

    storm = [asyncio.create_task(comes_back()) for _ in range(30)]
    knocked = 0
    try:
        while knocked < 3 or came < 300:
            await knock(home, hers, bob)
            knocked += 1
    finally:
        over.set()
        await asyncio.gather(*storm)
    assert mixed == []


async def test_nobody_names_a_channel_of_redis_from_outside(home: House, redis_url: str, prefix: str) -> None:
    """Whatever visitors write as ids, tokens and names: only our own channel is spoken on, and no key is named by them alone."""
    live = home.hub.live.channel
    names = ["*", live, f"{prefix}:live", "__keyspace@0__:x", "x\r\nPUBLISH evil 1\r\n", "{x}", "evil channel 7261", "\u202elive"]
    redis = Redis.from_url(redis_url)
    spoken: set[str] = set()
    async with redis.pubsub() as ears:
        await ears.psubscribe("*")
        bob = await customer(home)
        agent = await home.agent()
        for n, name in enumerate(names):
            async with httpx.AsyncClient(base_url=home.url) as stranger:
                body = {"name": name, "email": name, "lang": name, "tok": name, "identity": "", "channel": name}
                await stranger.post("/chat/web/session", json=body)
                await stranger.post(f"/chat/{httpx.QueryParams({'x': name})}/session", json=body)
            frames = [
                {"t": "hello", "since": 0, "page": name, "lang": name, "to": name, "who": name},
                say(f"m{n}", name, to=name, channel=name),
                {"t": "typing", "on": True, "text": name, "to": name, "who": name, "c": name, "channel": name},
                {"t": "read", "s": 1, "to": name, "who": name},
                {"t": name, "to": name},
            ]
            await bob.poll(*frames)
            await home.work()
            async with home.socket(agent) as line:
                await line.send({"t": "typing", "c": name, "on": True, "to": name, "channel": name})
                await line.send({"t": "view", "c": name, "to": name})
            await asyncio.sleep(0.1)
        while (message := await ears.get_message(timeout=0.5)) is not None:
            about = message["channel"].decode()
            if message["type"] == "pmessage" and (about.startswith((prefix, *names)) or b"evil" in message["data"]):
                spoken.add(about)
    keys = [key.decode() async for key in redis.scan_iter("*evil channel 7261*")]
    await redis.aclose()
    assert spoken <= {live, f"{prefix}:in:wake", f"{prefix}:out:wake"}, "those who wake our own workers"
    assert live in spoken
    assert keys == []
