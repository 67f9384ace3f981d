"""Connections come back to the pool, whoever is cancelled and whenever."""

from __future__ import annotations

import asyncio
import gc

from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from hub.store.store import Store
from tests.conftest import until


async def test_cancelled_reads_and_writes_give_their_connections_back(store: Store) -> None:
    async def read() -> None:
        async with store.db.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def write() -> None:
        async with store.db.write() as connection:
            await connection.execute(text("SELECT 1"))

    for steps in range(60):
        tasks = [asyncio.create_task(work()) for work in (read, write, read)]
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    pool = store.db.engine.pool
    assert isinstance(pool, QueuePool)
    await until(lambda: pool.checkedout() == 0)
    gc.collect()
    await read()
    await write()
