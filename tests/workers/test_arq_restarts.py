"""arq's traps (reliability B.1) when workers or Redis restart, are killed or are no good; on real ones."""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.jobs import Jobs, connect
from tests.conftest import start_valkey, until
from tests.workers.arq_work import inbound, is_free, running
from workers import wake
from workers.wake import WakeWorker


@pytest.fixture
async def jobs(redis_url: str, prefix: str) -> AsyncIterator[Jobs]:
    made = Jobs(await connect(redis_url), prefix)
    yield made
    keys = await made.redis.keys(f"*{prefix}*")
    if keys:
        await made.redis.delete(*keys)
    await made.aclose()


async def test_five_deploys_do_not_drop_a_job(jobs: Jobs) -> None:
    ran = asyncio.Event()
    started = 0
    hold = True

    async def work(ctx: dict[str, Any], lane: int) -> None:
        nonlocal started
        started += 1
        if hold:
            await asyncio.sleep(30)
        ran.set()

    jobs.hint_inbound([1])
    for turn in range(6):
        worker = WakeWorker(jobs.redis, jobs.queue("in"), [inbound(work, timeout=60)])
        task = asyncio.create_task(worker.main())
        await until(lambda n=turn: started == n + 1)
        await worker.stop(0.05)
        await task
    hold = False
    async with running(jobs, inbound(work)):
        await asyncio.wait_for(ran.wait(), 5)
    assert started == 7


async def test_a_killed_workers_job_id_does_not_stop_the_sweep(jobs: Jobs) -> None:
    await jobs.enqueue("inbound", 3, queue="in", job_id="inbound:3")
    await jobs.redis.psetex(f"arq:in-progress:{jobs.prefix}:inbound:3", 60_000, b"1")
    ran = asyncio.Event()

    async def work(ctx: dict[str, Any], lane: int) -> None:
        ran.set()

    async with running(jobs, inbound(work)):
        jobs.hint_inbound([3])
        await asyncio.sleep(0.3)
        assert not ran.is_set()
        await jobs.sweep_inbound(3)
        await asyncio.wait_for(ran.wait(), 3)


async def test_a_killed_workers_job_is_free_again_within_seconds_and_a_living_ones_is_not(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "HELD_MS", 1500)
    runs: list[float] = []

    async def long(ctx: dict[str, Any], lane: int) -> None:
        runs.append(time.monotonic())
        await asyncio.sleep(30)

    first = WakeWorker(jobs.redis, jobs.queue("in"), [inbound(long, 60)])
    task = asyncio.create_task(first.main())
    jobs.hint_inbound([3])
    await until(lambda: runs, 5)
    async with running(jobs, inbound(long, 60)):
        await asyncio.sleep(2.5)
        assert len(runs) == 1, "while its worker looks after it, nobody else takes it"
    task.cancel()  # as kill -9 does, nothing is put in order: the key stays, and nobody renews it
    runs.clear()
    await asyncio.gather(task, return_exceptions=True)
    async with running(jobs, inbound(long, 60)):
        await until(lambda: runs, 5)
    for one in first.tasks.values():
        one.cancel()


async def test_pickle_is_refused(jobs: Jobs, tmp_path: Path) -> None:
    proof = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, (f"touch {proof}",)

    job = pickle.dumps({"t": 1, "f": "inbound", "a": (Bomb(),), "k": {}, "et": 0})
    await jobs.redis.psetex(f"arq:job:{jobs.prefix}:bomb", 60_000, job)
    await jobs.redis.zadd(jobs.queue("in"), {f"{jobs.prefix}:bomb": 1})
    ran = asyncio.Event()

    async def work(ctx: dict[str, Any], lane: int) -> None:
        ran.set()

    async with running(jobs, inbound(work)):
        jobs.hint_inbound([1])
        await asyncio.wait_for(ran.wait(), 5)
        await until(lambda: is_free(jobs, "bomb"))
    assert not proof.exists()


async def test_a_worker_survives_a_restart_of_redis(prefix: str, tmp_path: Path) -> None:
    folder = Path("/tmp") / prefix
    folder.mkdir()
    server, url = start_valkey(folder)
    made = Jobs(await connect(url), prefix)
    runs: list[int] = []

    async def work(ctx: dict[str, Any], lane: int) -> None:
        runs.append(lane)

    try:
        async with running(made, inbound(work)):
            made.hint_inbound([1])
            await until(lambda: runs == [1])
            server.send_signal(signal.SIGKILL)
            server.wait()
            (folder / "r.sock").unlink(missing_ok=True)
            await asyncio.sleep(0.3)
            server, url = start_valkey(folder)
            began = time.monotonic()

            async def heard() -> bool:
                made.hint_inbound([2])
                return 2 in runs

            await until(heard, 5, every=0.1)
            assert time.monotonic() - began < 5
    finally:
        await made.aclose()
        server.kill()
        server.wait()
        shutil.rmtree(folder)


async def test_an_evicting_redis_is_refused(prefix: str) -> None:
    folder = Path("/tmp") / prefix
    folder.mkdir()
    server, url = start_valkey(folder, "--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(ConfigError, match="noeviction"):
            await connect(url)
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)
