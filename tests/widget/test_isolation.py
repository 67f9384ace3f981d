"""Nothing of one visitor opens another's: a matrix over all routes of the chat, and a storm of sockets that come back."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY
from websockets.asyncio.client import connect

from config.settings import HubSettings, RateLimits
from hub.notices import NoticeRules
from hub.store.store import Store
from tests.widget.consoles import House
from tests.widget.customers import Customer, customer, say, web_house
from widget.app import create_app
from widget.visitors import new_token

SECRET = "ann’s own secret 7261"
NOBODY = "0" * 32
OPEN = RateLimits(
    requests_per_ip=10**6, sessions_per_ip=10**6, messages_per_customer=10**6, sockets_per_ip=10**5, sockets_per_customer=50
)


@dataclass(frozen=True)
class Hers:
    """What ann has: everything that somebody else might get hold of, and its likeness that nobody has."""

    token: str
    customer: str
    conversation: str
    entry: str
    file: str
    link: str


def routes(home: House) -> list[tuple[str, str]]:
    """(method, path) of everything that customers may call, read from the application."""
    app: Any = getattr(create_app(home.hub, HubSettings()), "_app")  # noqa: B009
    found = []
    for route in app.routes:
        for method in sorted(getattr(route, "methods", None) or {"GET"}):
            if route.path.startswith(("/chat/", "/files/")) and method != "HEAD" and not route.path.endswith("/socket"):
                found.append((method, route.path))
    return found


async def ann_s(home: House) -> tuple[Customer, Hers]:
    """Ann has said something, sent a file, and been answered."""
    ann = await customer(home)
    made = await ann.upload("secret.txt", SECRET.encode(), "text/plain")
    await ann.poll(say("a", SECRET, files=[made["id"]]))
    await home.work()
    (entry, *_) = [frame for frame in await ann.poll() if frame["t"] == "ev"]
    return ann, Hers(ann.token, ann.id, entry["c"], entry["d"]["mid"], made["id"], made["url"])


def tries(hers: Hers, bob: Customer) -> Iterator[tuple[str, dict[str, Any], dict[str, str], dict[str, Any]]]:
    """(name, headers, query, body) with bob's or no good token and each of ann's ids in every place that takes one."""
    payload = bob.token.split(".")
    forged = [".".join([payload[0], hers.token.split(".")[1], payload[2]]), hers.token[:-6] + "AAAAAA", "x", ""]
    for token, name in [(bob.token, "bob"), *((one, f"forged {n}") for n, one in enumerate(forged))]:
        for own in (hers.customer, hers.conversation, hers.entry, hers.file):
            query = {"before": "99", "limit": "100", "id": own, "customer": own, "c": own, "since": "0", "tok": token}
            frames = [
                {"t": "hello", "tok": token, "since": 0, "me": own, "customer": own},
                {"t": "send", "id": f"{own[:30]}", "d": {"files": [own]}},
                {"t": "read", "s": 1, "c": own, "customer": own},
                {"t": "typing", "on": True, "c": own, "who": own},
            ]
            body = {"tok": token, "customer": own, "me": own, "since": 0, "up": frames, "c": own, "kind": "fcm", "token": own}
            yield f"{name} {own[:6]}", {"authorization": f"Bearer {token}"} if token else {}, query, body


async def test_no_id_token_or_link_of_one_visitor_opens_another_s(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        home.hub.notices = NoticeRules.model_validate({"smtp": {"host": "127.0.0.1", "sender": "help@example.com"}})
        ann, hers = await ann_s(home)
        bob = await customer(home)
        head = (await home.hub.store.logs.identity("web", ann.id)).head  # type: ignore[union-attr]
        asked = 0
        async with httpx.AsyncClient(base_url=home.url) as stranger:
            for (method, path), (name, headers, query, body) in itertools.product(routes(home), tries(hers, bob)):
                for own in (hers.file, hers.conversation, hers.entry):
                    there = path.replace("{channel}", "web").replace("{id}", own)
                    given = await stranger.request(method, there, params=query, headers=headers, content=orjson.dumps(body))
                    asked += 1
                    assert given.status_code < 500, (name, method, there)
                    assert SECRET not in given.text, (name, method, there)
                    assert hers.token not in given.text
                    if "{id}" in path:
                        like = await stranger.request(
                            method, path.replace("{channel}", "web").replace("{id}", NOBODY), params=query, headers=headers
                        )
                        assert (given.status_code, given.text) == (like.status_code, like.text), "it answers like nothing"
        await home.work()
        assert asked > 400
        after = await home.hub.store.logs.identity("web", ann.id)
        assert after is not None and after.head == head, "nothing was written into her log"
        assert (await ann.api.get("/chat/web/history")).status_code == 200, "her own session is as good as before"


async def test_a_file_of_another_is_like_no_file_and_links_are_good_for_one_file(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        _, hers = await ann_s(home)
        bob = await customer(home)
        (stolen,) = await bob.poll({"t": "send", "id": "x", "d": {"files": [hers.file]}})
        (none,) = await bob.poll({"t": "send", "id": "x", "d": {"files": [NOBODY]}})
        assert stolen == none
        own = await bob.upload("b.txt", b"mine", "text/plain")
        query = own["url"].partition("?")[2]
        async with httpx.AsyncClient(base_url=home.url) as stranger:
            assert (await stranger.get(f"/files/{own['id']}?{query}")).status_code == 200
            swapped = await stranger.get(f"/files/{hers.file}?{query}")
            assert (swapped.status_code, SECRET in swapped.text) == (404, False)


@pytest.mark.timeout(240)
async def test_two_thousand_sockets_that_come_back_hear_only_their_own(
    store: Store, redis_url: str, prefix: str, tmp_path: Path
) -> None:
    if store.db.dialect != "sqlite":
        pytest.skip("what is shown is the web process's own")
    async with web_house(store, redis_url, prefix, tmp_path / "files", settings=HubSettings(limits=OPEN)) as home:
        made = [new_token(home.hub, "web", {}, None) for _ in range(400)]
        for first in range(0, 400, 100):
            await asyncio.gather(*(_say(home, token, f"only {who}") for token, who in made[first : first + 100]))
        await home.work()
        address = f"{home.url.replace('http', 'ws')}/chat/web/socket"
        heard: list[tuple[str, str]] = []
        byes, counted = 0, told_to_come_back()

        async def come_back(token: str, who: str) -> None:
            nonlocal byes
            async with connect(address, compression=None, open_timeout=120) as socket:
                await socket.send(orjson.dumps({"t": "hello", "v": 1, "tok": token, "since": 0, "epoch": store.epoch}).decode())
                async with asyncio.timeout(120):
                    while (frame := orjson.loads(await socket.recv()))["t"] not in ("ev", "bye"):
                        assert frame["t"] != "welcome" or frame["me"] == who
            if frame["t"] == "ev":
                heard.append((who, frame["d"]["text"]))
                return
            assert frame == {"t": "bye", "code": 1012, "retry": True}
            byes += 1
            await asyncio.sleep(random.random())
            await come_back(token, who)

        for _ in range(5):
            await asyncio.gather(*(come_back(token, who) for token, who in made))
        assert len(heard) == 2000
        assert [one for one in heard if one[1] != f"only {one[0]}"] == []
        assert told_to_come_back() - counted == byes, "their turn did not come in time, and nothing else went wrong"


def told_to_come_back() -> float:
    return REGISTRY.get_sample_value("frontdesk_sockets_total", {"side": "customer", "event": "1012"}) or 0.0


async def _say(home: House, token: str, text: str) -> None:
    async with httpx.AsyncClient(base_url=home.url, timeout=60) as api:
        body = {"tok": token, "epoch": home.hub.store.epoch, "since": 0, "up": [say("a", text)]}
        assert (await api.post("/chat/web/poll", json=body)).json()["down"][0]["t"] == "ok"
