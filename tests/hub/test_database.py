"""Connections come back to the pool, whoever is cancelled and whenever."""

from __future__ import annotations

import asyncio
import gc
import sqlite3

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
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


ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 300000000) SELECT max(n) FROM c"
"""Takes minutes."""


def pool_of(store: Store) -> QueuePool:
    pool = store.db.engine.pool
    assert isinstance(pool, QueuePool)
    return pool


async def given_up(task: asyncio.Task[None], times: int = 1) -> None:
    """Cancel a task, and wait for its end no longer than a second."""
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(task), 1.0)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_read_that_is_cancelled_in_a_long_statement_ends_at_once(store: Store, times: int) -> None:
    async def read() -> None:
        async with store.db.read() as connection:
            await connection.execute(text(ENDLESS))

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.2)
    await given_up(reader, times)
    await until(lambda: pool_of(store).checkedout() == 0, 1.0)
    started = asyncio.get_running_loop().time()
    await store.db.close()
    assert asyncio.get_running_loop().time() - started < 1.5, "the statement was not interrupted"
    assert not [task for task in asyncio.all_tasks() if "terminate" in repr(task)]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_who_waits_for_another_process_and_is_cancelled_frees_the_writers_place(store: Store) -> None:
    async def write() -> None:
        async with store.db.write() as connection:
            await connection.execute(text("SELECT 1"))

    other = sqlite3.connect(str(store.db.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer = asyncio.create_task(write())
    await asyncio.sleep(0.2)
    await given_up(writer)
    next_one = asyncio.create_task(write())
    await asyncio.sleep(0.2)
    other.execute("ROLLBACK")
    other.close()
    await asyncio.wait_for(next_one, 3)
    await until(lambda: pool_of(store).checkedout() == 0, 1.0)


async def test_an_error_does_not_tell_what_customers_said(store: Store) -> None:
    with pytest.raises(DBAPIError) as refused:
        async with store.db.read() as connection:
            await connection.execute(text("SELECT no_such_column FROM inbox WHERE body = :said"), {"said": "my diagnosis"})
    assert "my diagnosis" not in str(refused.value)


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
    await until(lambda: pool_of(store).checkedout() == 0)
    gc.collect()
    await read()
    await write()
