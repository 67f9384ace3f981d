"""Kills what an installation runs, one after the other by process id, its own Redis among it, while a story goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from hub.jobs import connect
from tests.servers.installation import Running

REDIS, EMPTIED = "redis", "redis emptied"


@asynccontextmanager
async def killed(hub: Running, names: Sequence[str], *, every_s: float = 1.0) -> AsyncIterator[list[str]]:
    """Kill these in turn until the block ends, each at least once; yields what was killed so far. All of it runs afterwards."""
    ending, done = asyncio.Event(), list[str]()
    task = asyncio.create_task(_killing(hub, names, every_s, ending, done))
    try:
        yield done
    finally:
        ending.set()
        await task


async def _killing(hub: Running, names: Sequence[str], every_s: float, ending: asyncio.Event, done: list[str]) -> None:
    while not ending.is_set() or len(done) < len(names):
        await asyncio.sleep(every_s)
        name = names[len(done) % len(names)]
        if name == REDIS:
            await hub.kill_redis()
            await asyncio.sleep(every_s / 2)
            await hub.start_redis()
        elif name == EMPTIED:
            await _empty(hub)
        else:
            await hub.kill(name)
            try:
                await hub.start(name)
            except TimeoutError:
                await hub.ready(name, 60)
        done.append(name)


async def _empty(hub: Running) -> None:
    redis = await connect(hub.redis_url)
    try:
        await redis.flushall()
    finally:
        await redis.aclose()
