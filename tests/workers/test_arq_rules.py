"""arq's traps (reliability B.1), each held by a test: hints are picked up, whatever a job or another hint does."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.jobs import Jobs, connect, redis_settings
from hub.store.store import open_store
from tests.conftest import until
from tests.fakes import fake_hub
from tests.workers.arq_work import inbound, is_free, running
from workers.jobs import FUNCTIONS


@pytest.fixture
async def jobs(redis_url: str, prefix: str) -> AsyncIterator[Jobs]:
    made = Jobs(await connect(redis_url), prefix)
    yield made
    keys = await made.redis.keys(f"*{prefix}*")
    if keys:
        await made.redis.delete(*keys)
    await made.aclose()


async def test_a_hint_is_picked_up_at_once(jobs: Jobs) -> None:
    waited: list[float] = []

    async def work(ctx: dict[str, Any], lane: int) -> None:
        waited.append(time.perf_counter() - began)

    async with running(jobs, inbound(work)):
        await asyncio.sleep(0.3)
        for turn in range(10):
            began = time.perf_counter()
            jobs.hint_inbound([turn])
            await until(lambda n=turn: len(waited) > n, 2, every=0.001)
    assert sorted(waited)[5] < 0.1, waited


async def test_an_exception_does_not_block_the_next_hint(jobs: Jobs) -> None:
    runs = []

    async def work(ctx: dict[str, Any], lane: int) -> None:
        runs.append(lane)
        if len(runs) == 1:
            raise RuntimeError("the database is down")

    async with running(jobs, inbound(work)):
        jobs.hint_inbound([1])
        await until(lambda: len(runs) == 1)
        await until(lambda: is_free(jobs, "inbound:1"))
        jobs.hint_inbound([1])
        await until(lambda: len(runs) == 2)


async def test_a_timeout_does_not_block_the_next_hint(jobs: Jobs) -> None:
    runs = []

    async def work(ctx: dict[str, Any], lane: int) -> None:
        runs.append(lane)
        if len(runs) == 1:
            await asyncio.sleep(30)

    async with running(jobs, inbound(work, timeout=0.2)):
        jobs.hint_inbound([1])
        await until(lambda: len(runs) == 1)
        await until(lambda: is_free(jobs, "inbound:1"))
        jobs.hint_inbound([1])
        await until(lambda: len(runs) == 2)


async def test_a_hundred_orphans_do_not_block(jobs: Jobs) -> None:
    """Jobs of killed workers stand at the head of the queue, marked as in progress."""
    for n in range(100):
        await jobs.enqueue("inbound", n, queue="in", job_id=f"orphan:{n}", wake=False)
        await jobs.redis.psetex(f"arq:in-progress:{jobs.prefix}:orphan:{n}", 60_000, b"1")
    ran = asyncio.Event()

    async def work(ctx: dict[str, Any], lane: int) -> None:
        assert lane == 777
        ran.set()

    async with running(jobs, inbound(work)):
        jobs.hint_inbound([777])
        await asyncio.wait_for(ran.wait(), 5)


async def test_a_hint_right_after_a_job_has_ended_is_not_left_lying(jobs: Jobs) -> None:
    """The job before it has the same id, and may stand among the worker's tasks for another moment. While it is not over
    in Redis, its id is refused: `after_job_end` makes up for that, in another test."""
    ran: list[float] = []

    async def work(ctx: dict[str, Any], lane: int) -> None:
        ran.append(time.monotonic())

    async with running(jobs, inbound(work)):
        for turn in range(20):
            began = time.monotonic()
            jobs.hint_inbound([1])
            await until(lambda turn=turn: len(ran) > turn, 3)
            assert ran[-1] - began < 2, "it waited for its own mark to run out"
            await until(lambda: is_free(jobs, "inbound:1"), every=0.001)


async def test_a_hint_during_the_job_is_looked_at_again(jobs: Jobs) -> None:
    """arq refuses a job id while it runs; `after_job_end` makes up for it."""
    runs = 0
    waiting = 2

    async def work(ctx: dict[str, Any], lane: int) -> None:
        nonlocal runs, waiting
        runs += 1
        waiting -= 1
        jobs.hint_inbound([lane])
        await asyncio.sleep(0.1)

    async def again(ctx: dict[str, Any]) -> None:
        if waiting:
            jobs.hint_inbound([1])

    async with running(jobs, inbound(work), after_job_end=again):
        jobs.hint_inbound([1])
        await until(lambda: runs == 2, 5)


async def test_a_worker_whose_database_file_was_replaced_ends(
    jobs: Jobs, redis_url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on reading a file that nobody writes to any more, and what is acknowledged elsewhere would wait for ever."""
    signals: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", signals.append)
    store = await open_store(f"sqlite:///{tmp_path}/hub.db")
    async with fake_hub(store, redis_url, prefix, tmp_path) as hub, running(jobs, *FUNCTIONS["in"], ctx={"hub": hub}):
        (tmp_path / "hub.db").rename(tmp_path / "moved.db")
        await store_of_a_newcomer(tmp_path)
        jobs.hint_inbound([1])
        await until(lambda: signals == [signal.SIGTERM], 5)
    await store.close()


async def store_of_a_newcomer(tmp_path: Path) -> None:
    """A database where the other one was."""
    other = await open_store(f"sqlite:///{tmp_path}/hub.db")
    await other.close()


async def test_work_that_goes_on_hears_of_hints_whose_job_arq_refuses(jobs: Jobs) -> None:
    """Else what comes while calls wait for their pace is seen at the next look of the clock only."""
    heard, begun = 0, asyncio.Event()

    def hear() -> None:
        nonlocal heard
        heard += 1

    async def work(ctx: dict[str, Any], lane: int) -> None:
        begun.set()
        await asyncio.sleep(2)

    async with running(jobs, inbound(work), on_wake=hear):
        jobs.hint_inbound([1])
        await asyncio.wait_for(begun.wait(), 3)
        before = heard
        jobs.hint_inbound([1])
        await until(lambda: heard > before, 1.0)


def test_a_redis_url_is_percent_decoded() -> None:
    settings = redis_settings("redis://me:p%40ss@10.0.0.1:6380/3")
    assert (settings.username, settings.password, settings.host, settings.port, settings.database) == (
        "me", "p@ss", "10.0.0.1", 6380, 3,
    )  # fmt: skip
    assert redis_settings("unix:///run/a%20b.sock?db=2").unix_socket_path == "/run/a b.sock"
    with pytest.raises(ConfigError, match="http"):
        redis_settings("http://x")
