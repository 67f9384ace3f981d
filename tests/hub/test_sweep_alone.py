"""With every hint lost and all of Redis empty, whatever waits is delivered within two rounds of the sweep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from hub.outbound import Outbound
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Conversation, Delivery, Inbox
from tests.conftest import start_valkey, until
from tests.fakes import FakeDesk, answered, fake_hub, said
from tests.hub.hubs import Phone, channels, desks, rows
from workers.__main__ import workers_of

SWEEP_S = 8.0
"""One round of the sweep and what it sets going, with room for a busy machine."""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[tuple[Popen[bytes], str]]:
    """A Redis of our own, to empty and to kill."""
    folder = tmp_path / "v"
    folder.mkdir()
    server, url = start_valkey(folder)
    yield server, url
    server.kill()
    server.wait(10)


@asynccontextmanager
async def working(hub: Hub) -> AsyncIterator[None]:
    """A worker process's three queues and its sweep."""
    outbound = Outbound(hub)
    workers = workers_of(hub, outbound)
    tasks = [asyncio.create_task(worker.main()) for worker in workers]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.stop(2.0) for worker in workers))
        await outbound.aclose(2.0)
        await asyncio.gather(*tasks, return_exceptions=True)


async def nothing_waits(store: Store) -> bool:
    return not await rows(store, Inbox, state=0) and all(row["state"] == "sent" for row in await rows(store, Delivery))


async def test_everything_is_delivered_though_every_hint_is_lost(
    store: Store, valkey: tuple[Popen[bytes], str], redis_url: str, prefix: str, tmp_path: Path
) -> None:
    """The web process has lost its Redis for good; the worker hears of its messages by the sweep alone."""
    server, url = valkey
    phone, slack = Phone(), FakeDesk()
    both = {"connectors": channels(phone=phone), "desks": desks(slack=slack)}
    async with fake_hub(store, url, prefix, tmp_path, **both) as web, fake_hub(store, redis_url, prefix, tmp_path, **both) as hub:
        async with working(hub):
            await asyncio.sleep(0.5)
            server.kill()
            texts = {f"c{n}": [f"c{n} says {turn}" for turn in range(3)] for n in range(10)}
            for turn in range(3):
                await web.intake.keep([said(texts[who][turn], customer=who) for who in texts], 5.0)
            await until(lambda: sum(map(len, slack.threads.values())) == 30, SWEEP_S)
        assert sorted(map(tuple, slack.threads.values())) == sorted(map(tuple, texts.values())), "each in its order, once"
        keys = await hub.jobs.redis.keys(f"*{prefix}*")
        await hub.jobs.redis.delete(*keys)


async def test_everything_is_delivered_though_redis_is_emptied_again_and_again(
    store: Store, valkey: tuple[Popen[bytes], str], prefix: str, tmp_path: Path
) -> None:
    phone, slack = Phone(), FakeDesk()
    both = {"connectors": channels(phone=phone), "desks": desks(slack=slack)}
    async with fake_hub(store, valkey[1], prefix, tmp_path, **both) as hub, working(hub):
        for turn in range(30):
            await hub.intake.keep([said(f"{turn}", customer=f"c{turn % 5}")], 5.0)
            if turn % 6 == 3:
                await hub.jobs.redis.flushall()
            await asyncio.sleep(0.02)
        talks = await _known_talks(hub, 5)
        await hub.intake.keep([answered(f"to {talk['id']}", conversation=talk["id"]) for talk in talks], 5.0)
        await hub.jobs.redis.flushall()
        await until(lambda: len(phone.texts) == 5, SWEEP_S)
        await until(lambda: nothing_waits(store), SWEEP_S)
    lines = sorted([text for text in texts if text.isdigit()] for texts in slack.threads.values())
    assert lines == sorted([str(turn) for turn in range(n, 30, 5)] for n in range(5))


async def _known_talks(hub: Hub, count: int) -> list[dict[str, Any]]:
    async def there() -> bool:
        return len(await rows(hub.store, Conversation)) == count

    await until(there, SWEEP_S)
    return await rows(hub.store, Conversation)
