"""What customers are told before and while they wait: whether somebody is there, when they are back, their place in line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from hub.routing import RoutingRules
from hub.store.store import Store
from tests.conftest import until
from tests.widget.consoles import House, Line
from tests.widget.customers import Customer, customer, say, web_house
from widget import attendance
from widget.feed import Feed

CLOSED = RoutingRules.model_validate(
    {"hours": {"default": {"timezone": "Asia/Shanghai", "week": {"mon": "09:00-12:00, 13:30-18:00"}}}}
)


async def hello(one: Customer) -> dict[str, object]:
    (welcome,) = [f for f in await one.poll({"t": "hello", "lang": "en", "since": 0, "epoch": one.epoch}) if f["t"] == "welcome"]
    found: dict[str, object] = welcome["cfg"]
    return found


async def place_of(one: Customer) -> list[Any]:
    """What somebody who polls is told next of their place."""
    head = max([frame["s"] for frame in await one.poll() if frame["t"] == "ev"], default=0)
    (fact,) = [frame for frame in await one.poll(since=head, wait=1) if frame.get("k") == "queue"] or [{"place": 0, "wait": None}]
    return [fact["place"], fact["wait"]]


async def told(one: Customer, place: list[Any]) -> None:
    async def is_so() -> bool:
        return await place_of(one) == place

    await until(is_so)


@pytest.mark.parametrize(
    ("at", "online", "opens"),
    [
        ("2026-03-02T02:00:00+00:00", True, None),
        ("2026-03-02T04:30:00+00:00", False, "2026-03-02T13:30:00+08:00"),
        ("2026-03-02T11:00:00+00:00", False, "2026-03-09T09:00:00+08:00"),
    ],
)
async def test_the_chat_says_when_somebody_is_back(
    store: Store, redis_url: str, prefix: str, tmp_path: Path, at: str, online: bool, opens: str | None
) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        ann = await customer(home)
        agent = await home.agent()
        await agent.api.put("/console/api/me/presence", json={"state": "present"})
        home.hub.routing = CLOSED
        home.hub.now = lambda: datetime.fromisoformat(at)
        cfg = await hello(ann)
        assert (cfg["online"], cfg.get("opens")) == (online, opens)


async def test_without_anybody_nobody_is_online(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        assert (await hello(await customer(home)))["online"] is False


async def test_places_are_told_by_poll_and_by_socket_and_end_with_the_answer(
    store: Store, redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "CLOCK_S", 0.1)
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        ann, bob = await customer(home), await customer(home)
        for one in (ann, bob):
            await one.poll(say("a", "human"))
            await home.work()
        await told(bob, [2, None])
        await told(ann, [1, None])
        agent = await home.agent()
        first = (await home.hub.store.queueing.waiting())[0].identity_id
        talk = await home.hub.store.console.open_of(first)
        assert talk
        await agent.say(talk, "here I am")
        await home.work()
        await told(bob, [1, None])
        await told(ann, [0, None])


async def test_who_listens_is_told_of_a_change(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> None:
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        ann = await customer(home)
        await ann.poll(say("a", "human"))
        await home.work()
        feed = Feed(home.hub.live, home.hub.store.logs)
        own = attendance.Attendance(home.hub, feed)
        (who,) = [one.identity_id for one in await home.hub.store.queueing.waiting()]
        stream = feed.customer(who)
        await own.look()
        await own.look()
        assert [fact["place"] for fact in stream.taken()] == [1], "told once, not at every look"


@asynccontextmanager
async def listening(home: House, one: Customer) -> AsyncIterator[Line]:
    """A customer's socket that has been welcomed."""
    async with connect(home.url.replace("http", "ws") + "/chat/web/socket", compression=None) as ws:
        line = Line(ws)
        await line.send({"t": "hello", "v": 1, "tok": one.token, "epoch": one.epoch, "since": 0})
        yield line


async def test_who_comes_and_leaves_is_told_to_a_page_that_stays_open(
    store: Store, redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "CLOCK_S", 0.1)
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        ann, bob = await customer(home), await customer(home)
        agent = await home.agent()
        async with listening(home, ann) as line:
            assert (await line.next("welcome"))["cfg"]["online"] is False
            assert (await hello(bob))["online"] is False
            await agent.api.put("/console/api/me/presence", json={"state": "present"})
            assert await line.next() == {"t": "eph", "k": "presence", "online": True}
            assert await bob.poll() == [{"t": "eph", "k": "presence", "online": True}], "told though nobody listened just then"
            home.hub.now = lambda: datetime.fromisoformat("2026-03-02T11:00:00+00:00")
            home.hub.routing = CLOSED
            left = {"t": "eph", "k": "presence", "online": False, "opens": "2026-03-09T09:00:00+08:00"}
            assert await line.next() == left, "the doors closed"
            assert await bob.poll(wait=1) == [left]


async def test_who_comes_back_is_told_their_place_anew(
    store: Store, redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attendance, "CLOCK_S", 0.1)
    place = {"t": "eph", "k": "queue", "place": 1, "wait": None}
    async with web_house(store, redis_url, prefix, tmp_path / "files") as home:
        ann = await customer(home)
        await ann.poll(say("a", "human"))
        await home.work()
        await told(ann, [1, None])
        for _ in range(2):
            async with listening(home, ann) as line:
                assert (await line.next("welcome"))["t"] == "welcome"
                assert await line.next("eph") == place
        down = await ann.poll({"t": "hello", "since": 0, "epoch": ann.epoch})
        assert [down[0]["t"], down[-1]] == ["welcome", place], "after the log, which may tell of an earlier wait"
