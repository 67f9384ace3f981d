"""Feeds whose hooks only ring: a ring is kept before it is acknowledged, and a feed is read to its end in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub import feeds, sweep
from hub.errors import Busy, Temporary
from hub.feeds import Bell
from hub.model import ExternalId
from hub.ports import Bounce, News, Unread
from hub.runtime import Hub
from hub.store.feed_tables import Feed
from hub.store.tables import Delivery
from tests.hub.feed_post import CHANNEL, Post, kept, line, ring
from tests.hub.hubs import put, rows, scene_of, settle


@pytest.fixture
async def post(make_hub: Any) -> AsyncIterator[tuple[Hub, Post]]:
    channel = Post()
    yield await make_hub(connectors={CHANNEL: channel}), channel


async def test_a_ring_is_committed_before_it_is_acknowledged(post: tuple[Hub, Post]) -> None:
    hub, _ = post
    await ring(hub)
    assert await hub.store.feeds.waiting() == [(CHANNEL, "a")]
    (row,) = await rows(hub.store, Feed)
    assert (row["place"], row["ticket"], row["told"]) == ("", "t1", 1)


async def test_rings_that_come_together_share_commits(post: tuple[Hub, Post], monkeypatch: pytest.MonkeyPatch) -> None:
    hub, _ = post
    told, tell = [], hub.store.feeds.tell

    async def counted(news: Any) -> None:
        told.append(dict(news))
        await tell(news)

    monkeypatch.setattr(type(hub.store.feeds), "tell", staticmethod(counted))
    bell = Bell(hub)
    await asyncio.gather(*(bell.ring(CHANNEL, [News(f"f{n % 5}", f"t{n}")], 10) for n in range(50)))
    assert len(told) < 10
    assert len(await hub.store.feeds.waiting()) == 5


async def test_a_ring_that_cannot_be_kept_is_not_acknowledged(post: tuple[Hub, Post], monkeypatch: pytest.MonkeyPatch) -> None:
    hub, _ = post

    async def broken(news: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(type(hub.store.feeds), "tell", staticmethod(broken))
    with pytest.raises(Busy):
        await ring(hub)

    async def slow(news: Any) -> None:
        await asyncio.sleep(0.3)

    monkeypatch.setattr(type(hub.store.feeds), "tell", staticmethod(slow))
    bell = Bell(hub)
    with pytest.raises(Busy, match="in time"):
        await bell.ring(CHANNEL, [News("a")], 0.05)
    await asyncio.sleep(0.4)


async def test_a_feed_is_read_to_its_end_in_order(post: tuple[Hub, Post]) -> None:
    hub, channel = post
    channel.lines["a"] = [line(f"{n}", id=f"m{n}") for n in range(5)]
    await ring(hub)
    await feeds.read(hub, CHANNEL, "a")
    assert await kept(hub) == ["m0", "m1", "m2", "m3", "m4"]
    assert channel.asked == [("a", "", "t1"), ("a", "2", "t1"), ("a", "4", "t1")]
    assert channel.done == 3, "what a page asks for beside is done once it is kept"
    assert await hub.store.feeds.waiting() == []
    await feeds.read(hub, CHANNEL, "a")
    assert len(channel.asked) == 3, "there is nothing to read"


async def test_a_ring_that_comes_while_the_last_page_is_read_is_not_forgotten(post: tuple[Hub, Post]) -> None:
    hub, channel = post
    channel.lines["a"] = [line("0", id="m0")]

    async def more() -> None:
        channel.meanwhile.clear()
        channel.lines["a"].append(line("1", id="m1"))
        await ring(hub, ticket="t2")

    channel.meanwhile.append(more)
    await ring(hub)
    await feeds.read(hub, CHANNEL, "a")
    assert await kept(hub) == ["m0", "m1"]
    assert channel.asked == [("a", "", "t1"), ("a", "1", "t2")]


async def test_a_page_that_cannot_be_had_is_asked_for_again(post: tuple[Hub, Post]) -> None:
    hub, channel = post
    channel.lines["a"] = [line("0", id="m0")]
    channel.wrong = [Temporary("busy", retry_after=60), RuntimeError("a mistake")]
    await ring(hub)
    await feeds.read(hub, CHANNEL, "a")
    assert (await kept(hub), await hub.store.feeds.waiting()) == ([], [])
    (row,) = await rows(hub.store, Feed)
    assert (row["error"], row["tries"]) == ("busy", 1)
    assert await hub.store.feeds.failing() == {CHANNEL: 1}
    await ring(hub, ticket="t2")
    await feeds.read(hub, CHANNEL, "a")
    assert (await rows(hub.store, Feed))[0]["error"] == "a mistake"
    await ring(hub, ticket="t3")
    await feeds.read(hub, CHANNEL, "a")
    assert await kept(hub) == ["m0"]
    assert await hub.store.feeds.failing() == {CHANNEL: 0}


async def test_an_old_ticket_is_not_shown(post: tuple[Hub, Post]) -> None:
    hub, channel = post
    await ring(hub)
    await put(hub.store, Feed, {}, ticket_ms=1)
    await feeds.read(hub, CHANNEL, "a")
    assert channel.asked == [("a", "", "")]


async def test_the_sweep_finds_what_no_hint_brought(post: tuple[Hub, Post], monkeypatch: pytest.MonkeyPatch) -> None:
    """All of Redis was lost, or the next look without a hook is due."""
    hub, _ = post
    woken: list[tuple[str, str]] = []

    async def noted(name: str, feed: str) -> None:
        woken.append((name, feed))

    monkeypatch.setattr(hub.jobs, "sweep_feed", noted)
    await ring(hub)
    await sweep.run(hub)
    assert woken == [(CHANNEL, "a")]
    await feeds.read(hub, CHANNEL, "a")
    await sweep.run(hub)
    assert len(woken) == 1
    await put(hub.store, Feed, {}, due_ms=1)
    await sweep.run(hub)
    assert len(woken) == 2


async def test_what_nobody_can_read_is_kept_beside_what_can(post: tuple[Hub, Post]) -> None:
    hub, channel = post
    channel.lines["a"] = [Unread(CHANNEL, ExternalId("odd"), {"x": 1}, "it is odd"), line("1", id="m1")]
    await ring(hub)
    await feeds.read(hub, CHANNEL, "a")
    assert sorted(await kept(hub)) == ["m1", "odd"]


async def test_an_answer_that_did_not_arrive_after_all_has_failed(make_hub: Any) -> None:
    channel = Post()
    scene = await scene_of(make_hub, channel)
    await scene.answer("here you are")
    await settle(scene.hub)
    (call,) = [row for row in await rows(scene.hub.store, Delivery) if row["target"] == CHANNEL]
    assert call["state"] == "sent"
    channel.lines["a"] = [Bounce(call["external_id"], "the customer refuses it", unreachable=True), Bounce(ExternalId("x"), "?")]
    await ring(scene.hub)
    await feeds.read(scene.hub, CHANNEL, "a")
    await settle(scene.hub)
    (after,) = [row for row in await rows(scene.hub.store, Delivery) if row["target"] == CHANNEL]
    assert (after["state"], after["reason"]) == ("failed", "the customer refuses it")
    assert after["idem_key"] != call["idem_key"], "sent again, it is another message for the platform"
    assert await scene.told() == ["sent", "failed"]
