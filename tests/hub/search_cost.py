"""What a search costs that finds nothing, and so walks through its whole reach, on each database that is there.

`python -m tests.hub.search_cost [ENTRIES]` fills a database of its own with so many and prints the median of 20 questions.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlmodel import SQLModel

from hub.model import new_id
from hub.store.searching import REACH
from hub.store.store import Store, open_store
from tests.databases import throw_away_database
from tests.widget.browser.test_console_states import fill_up, plain

LINES = (
    "请问我的订单什么时候发货？已经等了三天了。",
    "Hello, where is my parcel? It should have been here on Monday.",
    "好的，谢谢",
)


async def fill(store: Store, count: int) -> None:
    """One conversation with so many lines."""
    await fill_up(store, 1)
    message = SQLModel.metadata.tables["message"]
    conversation = SQLModel.metadata.tables["conversation"]
    async with store.db.read() as connection:
        row = (await connection.execute(conversation.select())).mappings().one()
    now = datetime.now(UTC)
    same = {"conversation_id": row["id"], "identity_id": row["identity_id"], "kind": "message", "author_kind": "customer"}
    for first in range(2, count + 1, 2000):
        rows: list[dict[str, Any]] = []
        for n in range(first, min(first + 2000, count + 1)):
            parts = orjson.dumps([{"type": "text", "text": f"{LINES[n % 3]} {n}"}]).decode()
            rows.append(
                {**plain(message), **same, "id": new_id(), "seq": n, "s": n, "cs": n, "parts": parts, "at": now, "stored_at": now}
            )
        async with store.db.write() as connection:
            await connection.execute(message.insert(), rows)


async def measure(name: str, url: str, count: int) -> None:
    """Print one database's figures."""
    store = await open_store(url, lanes=1)
    await fill(store, count)
    for words in ("退货", "refund", "text nowhere"):
        times = []
        for _ in range(20):
            began = time.monotonic()
            found = await store.searching.said(words, before=None, most=20)
            times.append((time.monotonic() - began) * 1000)
            assert found.hits == []
        print(f"| {name} | {words} | {min(count, REACH)} | {statistics.median(times):.0f} ms | {max(times):.0f} ms |", flush=True)
    await store.close()


async def main(count: int) -> None:
    """Every database whose address is set, and SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        await measure("SQLite", f"sqlite:///{Path(folder)}/hub.db", count)
    for name, variable in (("PostgreSQL", "TEST_POSTGRES_URL"), ("MariaDB", "TEST_MYSQL_URL")):
        if os.environ.get(variable):
            async with throw_away_database(os.environ[variable]) as url:
                await measure(name, url, count)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60_000))
