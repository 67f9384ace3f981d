"""A feed's page and the place behind it are one commit: for two who read at once, one refused row, and who dies there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hub import feeds
from hub.model import ExternalId, Text
from hub.runtime import Hub
from hub.store.feed_tables import Feed
from tests.hub.feed_post import CHANNEL, Post, kept, line, ring
from tests.hub.hubs import put, rows
from tests.servers.warm import ran


@pytest.fixture
async def post(make_hub: Any) -> AsyncIterator[tuple[Hub, Post]]:
    channel = Post()
    yield await make_hub(connectors={CHANNEL: channel}), channel


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


READER = """
import asyncio, sys
from pathlib import Path
from hub import feeds
from hub.store.store import open_store
from tests.fakes import fake_hub
from tests.hub.feed_post import CHANNEL, Post
from tests.hub.test_feeds_at_once import five

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
        assert await ran(READER, url, redis_url, prefix, str(tmp_path), FRONTDESK_FAILPOINTS=f"{place}=kill") == -9
        assert await kept(hub) == [f"m{n}" for n in range(turn * kept_by_each)]
        (row,) = await rows(hub.store, Feed)
        assert int(row["place"] or 0) == turn * kept_by_each
        assert row["due_ms"] == 0, "the sweep finds it"
        await put(hub.store, Feed, {}, lease_ms=0)
    channel.lines["a"] = five()
    await feeds.read(hub, CHANNEL, "a")
    assert await kept(hub) == [f"m{n}" for n in range(5)]
    assert await hub.store.feeds.waiting() == []
