"""Connections come back to the pool, whoever is cancelled and whenever."""

from __future__ import annotations

import asyncio
import gc

import pytest
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from hub.store.store import Store
from tests.conftest import until

SLOW = """SELECT max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000000) SELECT n FROM c)
UNION ALL SELECT 1"""
"""Takes a tenth of a second to its first row of two"""


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_writer_cancelled_in_its_statement_keeps_nobody_else_waiting(store: Store) -> None:
    """SQLite alone keeps a transaction whose connection was closed, for as long as somebody holds a cursor of it."""

    async def write(statement: str) -> None:
        async with store.db.write() as connection:
            await connection.execute(text(statement))

    writer = asyncio.create_task(write(SLOW))
    await asyncio.sleep(0.05)
    writer.cancel()
    with pytest.raises(asyncio.CancelledError) as ended:
        await writer
    await asyncio.wait_for(write("SELECT 1"), 5)
    assert ended.value.__traceback__ is not None  # it holds the cursor until here


async def test_cancelled_reads_and_writes_give_their_connections_back(store: Store) -> None:
    async def read() -> None:
        async with store.db.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def write() -> None:
        async with store.db.write() as connection:
            await connection.execute(text("SELECT 1"))

    ended: list[BaseException | None] = []  # with what each one's frames hold, as a cursor: it must not matter when that goes
    for steps in range(60):
        tasks = [asyncio.create_task(work()) for work in (read, write, read)]
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        ended += await asyncio.gather(*tasks, return_exceptions=True)
    pool = store.db.engine.pool
    assert isinstance(pool, QueuePool)
    await until(lambda: pool.checkedout() == 0)
    gc.collect()
    await read()
    await write()
