"""Rates: how often somebody may do something, and how long a platform makes us wait; counted in Redis for all processes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.ports import Pace

log = structlog.get_logger()
_GCRA = """
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), at)
local early = due - at - tonumber(ARGV[2])
if early > 0 then return tostring(early) end
redis.call('SET', KEYS[1], tostring(due + ARGV[1]), 'PX', math.ceil(due - at + ARGV[1] + ARGV[2] + 1000))
return '0'
"""
"""The generic cell rate algorithm (ITU-T I.371): one number a key, the time at which it is due again. Milliseconds."""
_PAUSE = """
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000 + ARGV[1] + ARGV[2]
redis.call('SET', KEYS[1], tostring(at), 'PX', math.ceil(ARGV[1] + ARGV[2] + 1000))
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `count` in `seconds`, all at once if need be."""

    count: int
    seconds: float


class Limits:
    """Without Redis every process counts for itself, at half the rate."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._take = redis.register_script(_GCRA)
        self._pause = redis.register_script(_PAUSE)
        self._local: dict[str, float] = {}

    async def hit(self, key: str, rule: Rule) -> bool:
        """Whether this one is allowed."""
        return await self.wait(key, Pace(rule.count / rule.seconds, rule.count)) == 0

    async def wait(self, key: str, pace: Pace) -> float:
        """Seconds to wait; 0 means go, and takes the place."""
        step, room = 1000 / pace.rate, 1000 / pace.rate * (pace.burst - 1)
        try:
            early = float(await self._take(keys=[f"{self._prefix}:rate:{key}"], args=[step, room]))
        except (RedisError, OSError) as exc:
            log.warning("limits.local", error=type(exc).__name__)
            return self._alone(key, step * 2, room / 2)
        return early / 1000

    def _alone(self, key: str, step: float, room: float) -> float:
        now = time.monotonic() * 1000
        if len(self._local) > 10_000:
            self._local = {name: due for name, due in self._local.items() if due > now}
        due = max(self._local.get(key, 0.0), now)
        if due - now > room:
            return (due - now - room) / 1000
        self._local[key] = due + step
        return 0.0

    async def pause(self, key: str, seconds: float, pace: Pace | None = None) -> None:
        """Nobody gets a place for so long: the platform said so."""
        room = 1000 / pace.rate * (pace.burst - 1) if pace else 0.0
        wait = math.ceil(seconds * 1000)
        try:
            await self._pause(keys=[f"{self._prefix}:rate:{key}"], args=[wait, room])
        except (RedisError, OSError):
            self._local[key] = time.monotonic() * 1000 + wait + room
