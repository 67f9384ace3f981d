"""Channels and desks that fetch their own hooks: one of the worker processes holds each, by a lease in Redis."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Mapping

import structlog
from redis.exceptions import RedisError

from hub import checking, listening
from hub.errors import Busy, ConnectorError
from hub.model import new_id
from hub.ports import Receipt, SupportsCatchUp, SupportsPolling
from hub.runtime import Hub

log = structlog.get_logger()
LEASE = 15
"""Seconds after which another process takes over a poller that stopped."""


class Pollers:
    """The polling loops of one process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._owner = new_id()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to compete for every channel and desk that polls."""
        places: Mapping[str, object] = {**{str(k): v for k, v in self._hub.connectors.items()}, **self._desks()}
        for name, place in places.items():
            if isinstance(place, SupportsPolling) and place.polling:
                self._tasks.append(asyncio.create_task(self._hold(name, place), name=f"poll:{name}"))

    def _desks(self) -> dict[str, object]:
        return {str(name): desk for name, desk in self._hub.desks.items()}

    async def stop(self) -> None:
        """End the loops; what a platform was not told of, it sends again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _hold(self, name: str, place: SupportsPolling) -> None:
        while True:
            try:
                if await self._mine(name):
                    await self._poll(name, place)
            except ConnectorError as exc:
                log.warning("poll.failed", name=name, error=str(exc))
            except (RedisError, OSError) as exc:
                log.warning("poll.lease_lost", name=name, error=type(exc).__name__)
            except Exception as exc:
                log.error("poll.broken", name=name, error=repr(exc), exc_info=exc)
            await asyncio.sleep(LEASE / 5)

    async def _mine(self, name: str) -> bool:
        """Take or renew the lease of a poller."""
        key = f"{self._hub.jobs.prefix}:poll:{name}"
        redis = self._hub.jobs.redis
        if await redis.set(key, self._owner, nx=True, ex=LEASE):
            return True
        held = await redis.get(key)
        if held != self._owner.encode():
            return False
        await redis.expire(key, LEASE)
        return True

    async def _still_mine(self, name: str) -> bool:
        """As `_mine`, for who had it: while Redis is away nobody can take it over, and somebody must go on."""
        try:
            return await self._mine(name)
        except (RedisError, OSError) as exc:
            log.warning("poll.lease_not_renewed", name=name, error=type(exc).__name__)
            return True

    async def _poll(self, name: str, place: SupportsPolling) -> None:
        """Poll while the lease can be renewed. Two pollers for a moment are harmless: the inbox knows every id."""
        task = asyncio.ensure_future(place.poll(functools.partial(self._keep, name)))
        try:
            while not task.done() and await self._still_mine(name):
                if isinstance(place, SupportsCatchUp):
                    await listening.beat(self._hub, name)
                await asyncio.wait([task], timeout=LEASE / 3)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep(self, name: str, receipt: Receipt) -> None:
        """Commit before the platform is told; a database that is away is waited for."""
        while True:
            try:
                await self._hub.intake.keep([*receipt.items, *receipt.signs, *receipt.unread], 10.0)
                if receipt.missed is not None:
                    await listening.doubt(self._hub, name, receipt.missed)
                await checking.noted(self._hub, name, receipt)
                return
            except Busy as exc:
                log.warning("poll.waiting", error=str(exc))
                await asyncio.sleep(exc.retry_after)
