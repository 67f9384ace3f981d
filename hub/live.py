"""Pokes between processes over Redis pub/sub: "something was committed", never what. A lost poke costs a delay, never a message.

Ephemeral facts (somebody types, somebody has read, somebody is here) travel the same way and may be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()
RECONNECT = 0.5
"""Seconds between tries to hear Redis again."""


@dataclass(frozen=True, slots=True)
class Poke:
    """What changed: the inbox-wide log (`inbox`), these identities' logs, or only something ephemeral."""

    inbox: bool = False
    identities: tuple[str, ...] = ()
    ephemeral: tuple[dict[str, Any], ...] = ()
    missed: bool = False
    """Pokes may have been lost before this one: look at everything."""


@dataclass(slots=True)
class Live:
    """One installation's pokes. Publishing never fails: the sweep and the streams' own clocks make up for it."""

    redis: Redis
    prefix: str

    @property
    def channel(self) -> str:
        return f"{self.prefix}:live"

    async def poke(
        self, *, inbox: bool = False, identities: Iterable[str] = (), ephemeral: Iterable[dict[str, Any]] = ()
    ) -> None:
        """Tell every web process; call it after the commit."""
        said = {"inbox": inbox, "identities": list(identities), "ephemeral": list(ephemeral)}
        with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
            await self.redis.publish(self.channel, orjson.dumps(said))

    async def answers(self, seconds: float) -> bool:
        """Whether Redis is there at this moment."""
        try:
            async with asyncio.timeout(seconds):
                return bool(await self.redis.ping())
        except (RedisError, OSError):
            return False

    async def listen(self) -> AsyncIterator[Poke]:
        """Every poke, for ever; after a broken connection the first one says `missed`."""
        away = False
        while True:
            try:
                async with self.redis.pubsub() as subscription:
                    await subscription.subscribe(self.channel)
                    away = False
                    yield Poke(inbox=True, missed=True)
                    async for heard in subscription.listen():
                        if heard["type"] == "message":
                            yield _read(heard["data"])
            except (RedisError, OSError) as exc:
                if not away:
                    log.warning("live.lost", error=type(exc).__name__)
                away = True
            await asyncio.sleep(RECONNECT)


def _read(data: bytes) -> Poke:
    said = orjson.loads(data)
    return Poke(bool(said["inbox"]), tuple(said["identities"]), tuple(said["ephemeral"]))
