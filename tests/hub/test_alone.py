"""One at a time over all processes, and what becomes of it without Redis."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from hub.alone import Alone


async def test_one_is_inside_at_a_time_and_nobody_waits_for_ever(redis_url: str, prefix: str) -> None:
    here, there = Redis.from_url(redis_url), Redis.from_url(redis_url)
    seen: list[str] = []

    async def inside(redis: Redis, who: str) -> None:
        async with Alone(redis, prefix)("token", 5):
            seen.append(f"{who} in")
            await asyncio.sleep(0.2)
            seen.append(f"{who} out")

    await asyncio.gather(inside(here, "a"), inside(there, "b"))
    assert seen in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])
    async with Alone(here, prefix)("token", 30):
        begun = asyncio.get_running_loop().time()
        async with Alone(there, prefix)("token", 0.3):
            assert 0.2 < asyncio.get_running_loop().time() - begun < 10
    await here.aclose()
    await there.aclose()


async def test_without_redis_everybody_goes_in(prefix: str) -> None:
    redis = Redis(host="127.0.0.1", port=1)
    async with Alone(redis, prefix)("token", 1):
        pass
    await redis.aclose()
