"""Rates: how often somebody may do something, and how long a platform makes us wait; counted in Redis for all processes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.ports import Pace

log = structlog.get_logger()
ANSWER_S, AWAY_S = 2.0, 1.0
"""How long Redis has for its answer, and how long it is not asked after it gave none: people wait behind this."""
_GCRA = """
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000
local early = 0
local due = {}
for n, key in ipairs(KEYS) do
  due[n] = math.max(tonumber(redis.call('GET', key) or '0'), at)
  early = math.max(early, due[n] - at - ARGV[2 * n])
end
if early > 0 then return tostring(early) end
for n, key in ipairs(KEYS) do
  local step = tonumber(ARGV[2 * n - 1])
  redis.call('SET', key, tostring(due[n] + step), 'PX', math.ceil(due[n] - at + step + ARGV[2 * n] + 1000))
end
return '0'
"""
"""The generic cell rate algorithm (ITU-T I.371): one number a key, the time at which it is due again. Milliseconds. With several
keys, a place at all of them or at none."""
_PAUSE = """
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), at + ARGV[1] + ARGV[2])
redis.call('SET', KEYS[1], tostring(due), 'PX', math.ceil(due - at + 1000))
"""
"""A pause never shortens a longer one."""


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
        self._away_until = 0.0

    async def hit(self, key: str, rule: Rule) -> bool:
        """Whether this one is allowed."""
        return await self.wait(key, Pace(rule.count / rule.seconds, rule.count)) == 0

    async def wait(self, key: str, pace: Pace) -> float:
        """Seconds to wait; 0 means go, and takes the place."""
        return await self.wait_all({key: pace})

    async def wait_all(self, paces: Mapping[str, Pace]) -> float:
        """As `wait`, until all of these paces let one go: a place at all of them, or at none."""
        figures = [(1000 / pace.rate, 1000 / pace.rate * (pace.burst - 1)) for pace in paces.values()]
        keys = [f"{self._prefix}:rate:{key}" for key in paces]
        if time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(ANSWER_S):
                    return float(await self._take(keys=keys, args=[number for pair in figures for number in pair])) / 1000
            except (RedisError, OSError) as exc:
                log.warning("limits.local", error=type(exc).__name__)
                self._away_until = time.monotonic() + AWAY_S
        return self._alone({key: (step * 2, room / 2) for key, (step, room) in zip(paces, figures, strict=True)})

    def _alone(self, figures: Mapping[str, tuple[float, float]]) -> float:
        now = time.monotonic() * 1000
        if len(self._local) > 10_000:
            self._local = {name: due for name, due in self._local.items() if due > now}
        due = {key: max(self._local.get(key, 0.0), now) for key in figures}
        early = max((due[key] - now - room for key, (_, room) in figures.items()), default=0.0)
        if early > 0:
            return early / 1000
        self._local |= {key: due[key] + step for key, (step, _) in figures.items()}
        return 0.0

    async def pause(self, key: str, seconds: float, pace: Pace | None = None) -> None:
        """Nobody gets a place for so long: the platform said so."""
        room = 1000 / pace.rate * (pace.burst - 1) if pace else 0.0
        wait = math.ceil(seconds * 1000)
        try:
            await self._pause(keys=[f"{self._prefix}:rate:{key}"], args=[wait, room])
        except (RedisError, OSError):
            self._local[key] = max(self._local.get(key, 0.0), time.monotonic() * 1000 + wait + room)
