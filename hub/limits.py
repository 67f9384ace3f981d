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
SHY = 2
"""Without Redis, each process takes its places so many times slower."""
MOST_KEPT = 10_000
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
_BACK = """
for n, key in ipairs(KEYS) do
  local due = redis.call('GET', key)
  if due then redis.call('SET', key, tostring(tonumber(due) - ARGV[n]), 'KEEPTTL') end
end
"""
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


def _figures(pace: Pace) -> tuple[float, float]:
    """Milliseconds from one place to the next, and those by which one may be early."""
    step = 1000 / pace.rate
    return step, step * (pace.burst - 1)


class Limits:
    """Without Redis every process counts for itself, at half the rate."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._take = redis.register_script(_GCRA)
        self._back = redis.register_script(_BACK)
        self._pause = redis.register_script(_PAUSE)
        self._local: dict[str, float] = {}
        self._without: dict[str, None] = {}
        """Who took their last place while Redis was away, the latest at the end."""
        self._away_until = 0.0

    async def hit(self, key: str, rule: Rule) -> bool:
        """Whether this one is allowed."""
        return await self.wait(key, Pace(rule.count / rule.seconds, rule.count)) == 0

    async def wait(self, key: str, pace: Pace) -> float:
        """Seconds to wait; 0 means go, and takes the place."""
        return await self.wait_all({key: pace})

    async def wait_all(self, paces: Mapping[str, Pace], taker: str = "") -> float:
        """As `wait`, until all of these paces let one go: a place at all of them, or at none. A `taker` may give it back."""
        figures = [number for pace in paces.values() for number in _figures(pace)]
        self._without.pop(taker, None)
        if self._there():
            try:
                async with asyncio.timeout(ANSWER_S):
                    return float(await self._take(keys=self._keys(paces), args=figures)) / 1000
            except (RedisError, OSError) as exc:
                self._away("limits.local", exc)
        wait = self._alone(paces)
        if taker and not wait:
            self._without[taker] = None
            if len(self._without) > MOST_KEPT:
                del self._without[next(iter(self._without))]
        return wait

    async def give_back(self, paces: Mapping[str, Pace], taker: str) -> None:
        """A place that was taken and not used: the next one may have it, where it was taken. While Redis is away, its places are
        lost: whoever comes next waits behind this."""
        steps = {key: _figures(pace)[0] for key, pace in paces.items()}
        if taker in self._without:
            del self._without[taker]
            self._local |= {key: self._local[key] - step * SHY for key, step in steps.items() if key in self._local}
        elif self._there():
            try:
                async with asyncio.timeout(ANSWER_S):
                    await self._back(keys=self._keys(paces), args=list(steps.values()))
            except (RedisError, OSError) as exc:
                self._away("limits.not_given_back", exc)

    def _keys(self, paces: Mapping[str, Pace]) -> list[str]:
        return [f"{self._prefix}:rate:{key}" for key in paces]

    def _there(self) -> bool:
        return time.monotonic() >= self._away_until

    def _away(self, event: str, exc: Exception) -> None:
        log.warning(event, error=type(exc).__name__)
        self._away_until = time.monotonic() + AWAY_S

    def _alone(self, paces: Mapping[str, Pace]) -> float:
        figures = {key: (step * SHY, room / SHY) for key, (step, room) in zip(paces, map(_figures, paces.values()), strict=True)}
        now = time.monotonic() * 1000
        if len(self._local) > MOST_KEPT:
            self._local = {name: due for name, due in self._local.items() if due > now}
        due = {key: max(self._local.get(key, 0.0), now) for key in figures}
        early = max((due[key] - now - room for key, (_, room) in figures.items()), default=0.0)
        if early > 0:
            return early / 1000
        self._local |= {key: due[key] + step for key, (step, _) in figures.items()}
        return 0.0

    async def pause(self, key: str, seconds: float, pace: Pace | None = None) -> None:
        """Nobody gets a place for so long: the platform said so."""
        room = _figures(pace)[1] if pace else 0.0
        wait = math.ceil(seconds * 1000)
        try:
            await self._pause(keys=[f"{self._prefix}:rate:{key}"], args=[wait, room])
        except (RedisError, OSError):
            self._local[key] = max(self._local.get(key, 0.0), time.monotonic() * 1000 + wait + room)

    async def free(self, key: str) -> None:
        """Forget a pause: what it was for is mended."""
        self._local.pop(key, None)
        try:
            await self._redis.delete(f"{self._prefix}:rate:{key}")
        except (RedisError, OSError) as exc:
            log.warning("limits.not_freed", error=type(exc).__name__)
