"""An arq worker that is woken instead of polling, and that outlives its Redis.

arq 0.28 looks at its queue every `poll_delay`, and a Redis error in that loop ends the process (worker.py, `main`). Here a
publish wakes it at once, the poll is only the safety net, and a Redis that went away is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix
from arq.cron import CronJob
from arq.utils import timestamp_ms
from arq.worker import Function, Worker

from hub.jobs import LOST, dumps, loads

log = structlog.get_logger()
HELD_MS = 4000
"""For how long a job is marked as taken, and again with each look: arq's own 30 s would keep a killed worker's lanes waiting."""
POLL = 1.0
"""Seconds between looks when nobody wakes us; also arq's clock for cron jobs."""
_CLAIM = """
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])) do
  if #taken >= 2 * tonumber(ARGV[2]) then break end
  if redis.call('SET', ARGV[3] .. id, '1', 'NX', 'PX', ARGV[4]) then
    table.insert(taken, id)
    table.insert(taken, redis.call('ZSCORE', KEYS[1], id))
  end
end
return taken
"""
"""arq's `start_jobs` in one round trip instead of five a job, one after the other (arq 0.28, worker.py). An arq that watches the
same key sees it change, so both can work at one queue.

KEYS: the queue. ARGV: now, how many at most, the prefix of the keys that mark a job as taken, for how many milliseconds."""


class WakeWorker(Worker):
    """One queue's worker. `max_tries` is out of reach on purpose: arq counts deploys as tries; poison is counted elsewhere.
    `on_wake` is called with every hint, also with one whose job runs already: what runs for long can look for itself."""

    def __init__(self, redis: ArqRedis, queue: str, functions: list[Function], **more: Any) -> None:
        crons: list[CronJob] = more.pop("cron_jobs", [])
        self._heard: Callable[[], None] = more.pop("on_wake", lambda: None)
        super().__init__(
            functions=functions,
            cron_jobs=crons,
            queue_name=queue,
            redis_pool=redis,
            handle_signals=False,
            max_jobs=more.pop("max_jobs", 100),
            queue_read_limit=2000,
            job_timeout=20,
            keep_result=0,
            max_tries=1_000_000,
            poll_delay=POLL,
            health_check_interval=15,
            job_serializer=dumps,
            job_deserializer=loads,
            log_results=False,
            **more,
        )
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._held = 0
        self._away = False
        self._claim = redis.register_script(_CLAIM)

    async def main(self) -> None:
        """Start jobs until `stop`, whatever becomes of Redis meanwhile."""
        listener = asyncio.create_task(self._listen(), name=f"wake:{self.queue_name}")
        try:
            while self.allow_pick_jobs:
                self._woken.clear()
                try:
                    await self._poll_iteration()
                    self._is_away(None)
                except LOST as exc:
                    self._is_away(exc)
                    await asyncio.sleep(0.25)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), POLL)
        finally:
            listener.cancel()
            self._stopped.set()

    def _is_away(self, exc: Exception | None) -> None:
        """Say once that Redis went away, and once that it is back."""
        if exc is not None and not self._away:
            log.warning(
                "worker.redis_lost", queue=self.queue_name, error=type(exc).__name__, hint="waits for it; nothing is lost"
            )
        elif exc is None and self._away:
            log.info("worker.redis_back", queue=self.queue_name)
        self._away = exc is not None

    async def _poll_iteration(self) -> None:
        """Start what is due, let go of what has ended, run arq's clock."""
        free = self.max_jobs - self.job_counter
        if self.allow_pick_jobs and free > 0:
            taken = await self._claim(keys=[self.queue_name], args=[timestamp_ms(), free, in_progress_key_prefix, HELD_MS])
            for job_id, score in zip(taken[::2], taken[1::2], strict=True):
                running = self.tasks.get(job_id.decode())
                if running is None or running.done():
                    await self._start(job_id.decode(), int(score))
                else:  # it has looked once more and is about to end: what was marked as taken would lie for as long as the mark
                    await self.pool.delete(in_progress_key_prefix + job_id.decode())
                    running.add_done_callback(lambda _: self._woken.set())
        await self._hold()
        for job_id, task in list(self.tasks.items()):
            if task.done():
                del self.tasks[job_id]
                task.result()
        await self.heart_beat()

    async def _hold(self) -> None:
        """Keep the jobs that run marked as taken."""
        now = timestamp_ms()
        if now < self._held + HELD_MS / 4 or not self.tasks:
            return
        self._held = now
        async with self.pool.pipeline(transaction=False) as pipe:
            for job_id in [job_id for job_id, task in self.tasks.items() if not task.done()]:
                pipe.pexpire(in_progress_key_prefix + job_id, HELD_MS)
            await pipe.execute()

    async def _start(self, job_id: str, score: int) -> None:
        await self.sem.acquire()
        self.job_counter += 1
        task = asyncio.create_task(self.run_job(job_id, score))
        task.add_done_callback(lambda _: self._release_sem_dec_counter_on_complete())
        self.tasks[job_id] = task

    async def _listen(self) -> None:
        while True:
            try:
                async with self.pool.pubsub() as subscription:
                    await subscription.subscribe(f"{self.queue_name}:wake")
                    self._woken.set()
                    async for heard in subscription.listen():
                        if heard["type"] == "message":
                            self._woken.set()
                            self._heard()
            except LOST as exc:
                if not self._away:
                    log.warning("worker.wake_lost", queue=self.queue_name, error=type(exc).__name__)
            await asyncio.sleep(0.25)

    async def stop(self, seconds: float) -> None:
        """Take no new jobs, let running ones end for at most `seconds`; what is cut off is found by the sweep."""
        self.allow_pick_jobs = False
        self._woken.set()
        await self._stopped.wait()
        running = list(self.tasks.values())
        if running:
            await asyncio.wait(running, timeout=seconds)
        for task in running:
            task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.gather(*running, return_exceptions=True)
