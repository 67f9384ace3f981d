"""The queue with types: one method per job, arq behind it. A job is a hint; losing all of them delays, and loses nothing.

Job ids are fixed per lane, so that a thousand messages make one job. The sweep uses ids of its own, because arq keeps the id of a
job whose worker was killed blocked for its timeout and ten seconds more (arq 0.28, worker.py, `in_progress_timeout_s`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlparse

import orjson
import structlog
from arq.connections import ArqRedis, RedisSettings
from arq.constants import job_key_prefix
from arq.jobs import serialize_job
from arq.utils import timestamp_ms
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from hub.errors import ConfigError

log = structlog.get_logger()
QUEUES = ("in", "out", "slow")
"""Intake, delivery and slow work never wait behind each other."""
LOST = (RedisError, OSError, asyncio.TimeoutError)
"""What a Redis that is away raises."""
OLDEST = (6, 2)
"""Of Redis's releases; every Valkey is younger, and tells 7.2 for itself."""
FIRST_S, ASK_AGAIN_S = 2.0, 1.0
"""How long a start waits for Redis, and from when on it is asked again."""
EXPIRES_MS = 600_000
"""How long a job may wait; what nobody took by then the sweep finds again."""
_ENQUEUE = """
for i = 2, #KEYS do
  if redis.call('SET', KEYS[i], ARGV[2 * i], 'NX', 'PX', ARGV[3]) then
    redis.call('ZADD', KEYS[1], ARGV[2], ARGV[2 * i + 1])
  end
end
if ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], '1') end
"""
"""arq's `enqueue_job` for many jobs, and the wake, in one round trip instead of three a job and one (arq 0.28, connections.py).

KEYS: the queue, then each job's key. ARGV: the channel to wake, the score, the expiry, then each job's body and id."""


def dumps(job: dict[str, Any]) -> bytes:
    """Jobs are JSON: arq's default, pickle, runs code for whoever can write to Redis."""
    return orjson.dumps(job)


def loads(data: bytes) -> dict[str, Any]:
    """The other half of `dumps`."""
    job: dict[str, Any] = orjson.loads(data)
    return job


def redis_settings(url: str) -> RedisSettings:
    """arq's settings for a Redis URL, with the percent-decoding that arq's own `from_dsn` leaves out."""
    parsed = urlparse(url)
    if parsed.scheme not in ("redis", "rediss", "unix"):
        raise ConfigError(f"redis: {parsed.scheme or url!r} is not supported; use redis://, rediss:// or unix://")
    query = dict(pair.split("=", 1) for pair in parsed.query.split("&") if "=" in pair)
    common: dict[str, Any] = {
        "username": unquote(parsed.username) if parsed.username else None,
        "password": unquote(parsed.password) if parsed.password else None,
        "conn_timeout": 5,
        "retry_on_timeout": True,
        "retry": Retry(ExponentialBackoff(cap=0.5), 2),
    }
    if parsed.scheme == "unix":
        return RedisSettings(unix_socket_path=unquote(parsed.path), database=int(query.get("db", "0")), **common)
    return RedisSettings(
        host=parsed.hostname or "localhost",
        port=parsed.port or 6379,
        database=int(parsed.path.strip("/") or query.get("db", "0")),
        ssl=parsed.scheme == "rediss",
        **common,
    )


def pool_to(url: str) -> ArqRedis:
    """A pool to the Redis behind `url`, which need not answer yet."""
    to = redis_settings(url)
    pool = ArqRedis(
        host=to.host,
        port=to.port,
        unix_socket_path=to.unix_socket_path,
        db=to.database,
        username=to.username,
        password=to.password,
        ssl=to.ssl,
        socket_connect_timeout=to.conn_timeout,
        retry=to.retry,
        retry_on_timeout=to.retry_on_timeout,
        encoding="utf8",
    )
    pool.job_serializer, pool.job_deserializer = dumps, loads
    return pool


async def check(pool: ArqRedis) -> None:
    """Raises `ConfigError` for a Redis that won't have us, is too old, or may throw keys away on its own, something of `LOST` for
    one that is away. It is asked with INFO: services that are rented refuse CONFIG."""
    try:
        await pool.ping()
    except AuthenticationError as exc:
        raise ConfigError(f"Redis refuses us: {exc}; correct the name and password in its URL") from exc
    with contextlib.suppress(ResponseError):
        told = await pool.info()
        version = str(told.get("redis_version", ""))
        if version and tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST:
            raise ConfigError(f"Redis {version} is too old: Frontdesk needs {'.'.join(map(str, OLDEST))} or Valkey")
        policy = told.get("maxmemory_policy", "noeviction")
        if policy != "noeviction" and told.get("maxmemory"):
            raise ConfigError(
                f"Redis evicts keys ({policy}): set maxmemory-policy to noeviction, or give Frontdesk its own Redis"
            )


async def connect(url: str) -> ArqRedis:
    """A pool to a Redis that answers. Errors as of `check`."""
    pool = pool_to(url)
    try:
        await check(pool)
    except BaseException:
        await pool.aclose()
        raise
    return pool


@asynccontextmanager
async def connected_soon(url: str) -> AsyncIterator[ArqRedis]:
    """A pool to a Redis that may be away: hints are lost meanwhile, and nothing else. One that turns out to be none that we can
    keep to ends the process, as it would have at its start."""
    pool = pool_to(url)
    if await _answers(pool):
        yield pool
        return
    log.warning("redis.away", hint="messages are taken in and wait; it is asked again every second")
    waiting = asyncio.create_task(_until_it_answers(pool), name="redis")
    try:
        yield pool
    finally:
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting


async def _answers(pool: ArqRedis) -> bool:
    try:
        async with asyncio.timeout(FIRST_S):
            await check(pool)
    except ConfigError:
        await pool.aclose()
        raise
    except LOST:
        return False
    return True


async def _until_it_answers(pool: ArqRedis) -> None:
    try:
        while not await _answers(pool):  # noqa: ASYNC110
            await asyncio.sleep(ASK_AGAIN_S)
    except ConfigError as exc:
        log.critical("redis.refused", error=str(exc))
        signal.raise_signal(signal.SIGTERM)
        raise
    log.info("redis.reached")


class Jobs:
    """Hints to the workers. None of its methods fails when Redis does: the sweep makes up for it."""

    def __init__(self, redis: ArqRedis, prefix: str, *, heard: bool = True) -> None:
        self.redis = redis
        self.prefix = prefix
        self._heard = heard
        """Whether anybody can hear of it: a command may be given while nothing runs."""
        self._lanes: dict[str, set[int]] = {"inbound": set(), "deliver": set()}
        self._feeds: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None
        self._enqueue = redis.register_script(_ENQUEUE)

    def queue(self, name: str) -> str:
        """The arq queue for a kind of work, and the channel on which its workers are woken."""
        return f"{self.prefix}:{name}"

    def hint_inbound(self, lanes: Iterable[int]) -> None:
        """Rows wait in these lanes' inboxes."""
        self._hint("inbound", lanes)

    def hint_deliver(self, lanes: Iterable[int]) -> None:
        """Calls are due in these lanes."""
        self._hint("deliver", lanes)

    def hint_feeds(self, feeds: Iterable[tuple[str, str]]) -> None:
        """There is something to read in these feeds (channel, name)."""
        self._feeds.update(feeds)
        self._hint("inbound", ())

    def _hint(self, name: str, lanes: Iterable[int]) -> None:
        self._lanes[name].update(lanes)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send_hints(), name="hints")

    async def _send_hints(self) -> None:
        while self._feeds or any(self._lanes.values()):
            feeds, self._feeds = self._feeds, set()
            if feeds:
                await self._put("feed", [(feed, f"feed:{feed[0]}:{feed[1]}") for feed in feeds], "slow")
            for name, queue in (("inbound", "in"), ("deliver", "out")):
                lanes, self._lanes[name] = self._lanes[name], set()
                if lanes:
                    await self._put(name, [((lane,), f"{name}:{lane}") for lane in lanes], queue)

    async def sweep_inbound(self, lane: int) -> None:
        """The sweep found rows waiting: a job beside the fixed id, which a killed worker may have left blocked."""
        await self.enqueue("inbound", lane, queue="in", job_id=f"inbound:{lane}:{_tick()}")

    async def sweep_deliver(self, lane: int) -> None:
        """As `sweep_inbound`, for calls."""
        await self.enqueue("deliver", lane, queue="out", job_id=f"deliver:{lane}:{_tick()}")

    async def sweep_feed(self, channel: str, name: str) -> None:
        """As `sweep_inbound`, for a feed."""
        await self.enqueue("feed", channel, name, queue="slow", job_id=f"feed:{channel}:{name}:{_tick()}")

    async def notify(self) -> None:
        """Notices are due."""
        await self.enqueue("notify", queue="slow", job_id=f"notify:{_tick()}")

    async def pages(self) -> None:
        """Pages of people at desks may have to be drawn anew."""
        await self.enqueue("pages", queue="slow", job_id=f"pages:{_tick()}")

    async def push(self) -> None:
        """Devices must be told of answers."""
        await self.enqueue("push", queue="slow", job_id=f"push:{_tick()}")

    async def translate(self, *, again: bool = False) -> None:
        """Translations are wanted; `again` says that the sweep or a job found it, as in `sweep_inbound`."""
        await self.enqueue("translate", queue="slow", job_id=f"translate:{_tick()}" if again else "translate")

    async def prove(self, *, again: bool = False) -> None:
        """Platforms are to be asked who customers are; `again` as in `translate`."""
        await self.enqueue("prove", queue="slow", job_id=f"prove:{_tick()}" if again else "prove")

    async def track(self) -> None:
        """Tasks are to be asked for."""
        await self.enqueue("track", queue="slow", job_id=f"track:{_tick()}")

    async def fetch(self, file: str) -> None:
        """A file that a message names should be copied from its platform."""
        await self.enqueue("fetch", file, queue="slow", job_id=f"fetch:{file}")

    async def enqueue(self, name: str, *arguments: str | int, queue: str, job_id: str, wake: bool = True) -> bool:
        """Put a job in a queue unless one with its id is there; says whether Redis took it or had it."""
        return await self._put(name, [(arguments, job_id)], queue, wake=wake)

    async def _put(self, name: str, jobs: Iterable[tuple[tuple[str | int, ...], str]], queue: str, *, wake: bool = True) -> bool:
        if not self._heard:
            return False
        now = timestamp_ms()
        keys = [self.queue(queue)]
        values: list[str | int | bytes] = [self.queue(queue) + ":wake" if wake else "", now, EXPIRES_MS]
        for arguments, job_id in jobs:
            own = f"{self.prefix}:{job_id}"
            keys.append(job_key_prefix + own)
            values += [serialize_job(name, arguments, {}, None, now, serializer=dumps), own]
        try:
            await self._enqueue(keys=keys, args=values)
        except (TimeoutError, RedisError, OSError) as exc:
            log.warning("jobs.hint_lost", job=name, error=type(exc).__name__)
            return False
        return True

    async def aclose(self) -> None:
        """Send what hints wait, then let go of Redis."""
        if self._task is not None and not self._task.done():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._task, 2)
        await self.redis.aclose()


def _tick() -> int:
    return int(time.time() // 2)
