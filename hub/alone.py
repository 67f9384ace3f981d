"""One at a time over all processes: a lock in Redis. While Redis can't be asked, each process goes by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from redis.asyncio import Redis
from redis.exceptions import LockError, RedisError

log = structlog.get_logger()


class Alone:
    """`async with alone(name, seconds):` is entered by one process at a time. Whoever waits longer than `seconds`, or holds it so
    long, is no longer alone: it spares calls, and is nothing that a guarantee may stand on."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    @asynccontextmanager
    async def __call__(self, name: str, seconds: float) -> AsyncIterator[None]:
        lock = self._redis.lock(f"{self._prefix}:alone:{name}", timeout=seconds, blocking_timeout=seconds, sleep=0.05)
        held = False
        try:
            held = await lock.acquire()
        except (RedisError, OSError) as exc:
            log.warning("alone.without_redis", name=name, error=type(exc).__name__)
        try:
            yield
        finally:
            if held:
                with suppress(RedisError, OSError, LockError):
                    await lock.release()
