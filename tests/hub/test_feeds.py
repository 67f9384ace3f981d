"""Feeds whose hooks only ring: a page and the place behind it are committed together, by whoever reads, and nothing is read twice
or not at all, whenever a process dies or two of them read at once."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub import feeds, sweep
from hub.errors import Busy, Temporary
from hub.feeds import Bell
from hub.model import ChannelName, ExternalId, Message, Text
from hub.ports import Bounce, News, Page, Unread
from hub.runtime import Hub
from hub.store.feed_tables import Feed
from hub.store.tables import Delivery, Inbox
from tests.fakes import TEXT_ONLY, said
from tests.hub.hubs import Phone, put, rows, scene_of, settle

CHANNEL = ChannelName("phone")


class Post(Phone):
    """A channel that is read from feeds: `lines` by feed, two to a page; `fail` holds errors of the reading."""

    ticket_s = 60.0
    reread_s = 300.0

    def __init__(self) -> None:
        super().__init__(replace(TEXT_ONLY, idempotency="key"))
        self.lines: dict[str, list[Message | Unread | Bounce]] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.wrong: list[Exception] = []
        self.meanwhile: list[Any] = []
        self.done = 0

    async def page(self, feed: str, place: str, ticket: str) -> Page:
        self.asked.append((feed, place, ticket))
        if self.wrong:
            raise self.wrong.pop(0)
        start, lines = int(place or 0), self.lines.get(feed, [])
        found = lines[start : start + 2]
        for act in self.meanwhile:
            await act()
        end = start + len(found)
        return Page(
            str(end),
            end < len(lines),
            [one for one in found if isinstance(one, Message)],
            [one for one in found if isinstance(one, Unread)],
            [one for one in found if isinstance(one, Bounce)],
            self._after,
        )

    async def _after(self) -> None:
        self.done += 1


@pytest.fixture
async def post(make_hub: Any) -> AsyncIterator[tuple[Hub, Post]]:
    channel = Post()
    yield await make_hub(connectors={CHANNEL: channel}), channel


def line(text: str, *, id: str = "") -> Message:
    return said(text, id=id)


async def kept(hub: Hub) -> list[str]:
    """Ids in the inbox, in their order."""
    found = [row for row in await rows(hub.store, Inbox) if row["source"] == CHANNEL]
    return [row["external_id"] for row in sorted(found, key=lambda row: row["n"])]


async def ring(hub: Hub, feed: str = "a", ticket: str = "t1") -> None:
    await Bell(hub).ring(CHANNEL, [News(feed, ticket)], 5)


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


async def test_two_who_read_at_once_keep_each_message_once_and_in_order(make_hub: Any) -> None:
    """Also when one of them stood still for so long that the other took its turn."""
    slow, quick = Post(), Post()
    lines: list[Any] = [line(f"{n}", id=f"m{n}") for n in range(9)]
    slow.lines["a"] = quick.lines["a"] = lines
    one, other = await make_hub(connectors={CHANNEL: slow}), await make_hub(connectors={CHANNEL: quick})
    await ring(one)

    async def overtaken() -> None:
        slow.meanwhile.clear()
        await put(one.store, Feed, {}, lease_ms=0)
        await feeds.read(other, CHANNEL, "a")

    slow.meanwhile.append(overtaken)
    await feeds.read(one, CHANNEL, "a")
    assert await kept(one) == [f"m{n}" for n in range(9)]
    assert slow.done == 0, "what the other has kept is the other's"
    await ring(one)
    lines += [line(f"{n}", id=f"m{n}") for n in range(9, 15)]
    await asyncio.gather(*(feeds.read(hub, CHANNEL, "a") for hub in (one, other) * 3))
    assert await kept(one) == [f"m{n}" for n in range(15)]
    assert len(slow.asked) + len(quick.asked) <= 1 + 6 + 4, "a page that somebody reads is not asked for by others"


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


async def test_one_message_that_the_database_refuses_holds_up_no_other(
    post: tuple[Hub, Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, channel = post
    refused = line("", id="m1").model_copy(update={"id": ExternalId("m" * 500), "parts": (Text(text="x\0y"),)})
    channel.lines["a"] = [line("0", id="m0"), refused, line("2", id="m2")]
    if hub.store.db.dialect == "sqlite":
        refuse = hub.store.inbox._keep

        async def strict(connection: Any, given: Sequence[dict[str, Any]]) -> Any:
            if any(len(row["external_id"]) > 191 and "unread" not in row["body"] for row in given):
                raise OverflowError
            return await refuse(connection, given)

        monkeypatch.setattr(hub.store.inbox, "_keep", strict)
    await ring(hub)
    await feeds.read(hub, CHANNEL, "a")
    found = await kept(hub)
    assert (found[0], found[-1], len(found)) == ("m0", "m2", 3)
    assert await hub.store.feeds.waiting() == []


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


READER = """
import asyncio, sys
from pathlib import Path
from hub import feeds
from hub.store.store import open_store
from tests.fakes import fake_hub
from tests.hub.test_feeds import CHANNEL, Post, five

async def main():
    channel = Post()
    channel.lines["a"] = five()
    store = await open_store(sys.argv[1])
    async with fake_hub(store, sys.argv[2], sys.argv[3], Path(sys.argv[4]), connectors={CHANNEL: channel}) as hub:
        await feeds.read(hub, CHANNEL, "a")

asyncio.run(main())
"""


def five() -> list[Any]:
    """What lies in the feed, in every process."""
    return [line(f"{n}", id=f"m{n}") for n in range(5)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("place", "kept_by_each"), [("feed.fetched", 0), ("feed.before_commit", 0), ("feed.committed", 2)])
async def test_who_dies_around_a_commit_leaves_a_page_and_its_place_both_or_neither(
    post: tuple[Hub, Post], redis_url: str, prefix: str, tmp_path: Path, place: str, kept_by_each: int
) -> None:
    hub, channel = post
    url = hub.store.db.url.render_as_string(hide_password=False)
    await ring(hub)
    for turn in (1, 2):
        reader = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", READER, url, redis_url, prefix, str(tmp_path)),
            env=os.environ | {"FRONTDESK_FAILPOINTS": f"{place}=kill"},
        )
        assert await reader.wait() == -9
        assert await kept(hub) == [f"m{n}" for n in range(turn * kept_by_each)]
        (row,) = await rows(hub.store, Feed)
        assert int(row["place"] or 0) == turn * kept_by_each
        assert row["due_ms"] == 0, "the sweep finds it"
        await put(hub.store, Feed, {}, lease_ms=0)
    channel.lines["a"] = five()
    await feeds.read(hub, CHANNEL, "a")
    assert await kept(hub) == [f"m{n}" for n in range(5)]
    assert await hub.store.feeds.waiting() == []
