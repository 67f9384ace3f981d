"""A worker on a queue of its own, and a job under the name that hints use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from arq.worker import Function, func

from hub.jobs import Jobs
from workers.wake import WakeWorker

Work = Callable[..., Awaitable[None]]


@asynccontextmanager
async def running(jobs: Jobs, *functions: Function, **more: Any) -> AsyncIterator[WakeWorker]:
    """One worker on the queue `in`, stopped at the end."""
    worker = WakeWorker(jobs.redis, jobs.queue("in"), list(functions), **more)
    task = asyncio.create_task(worker.main())
    try:
        yield worker
    finally:
        await worker.stop(1.0)
        await task


def inbound(work: Work, timeout: float = 5) -> Function:
    """A job under the name that hints use."""
    return func(work, name="inbound", keep_result=0, timeout=timeout)  # type: ignore[arg-type]


async def is_free(jobs: Jobs, job_id: str) -> bool:
    return not await jobs.redis.exists(f"arq:job:{jobs.prefix}:{job_id}")
