"""How long 100 000 entries take to be gathered and reported: `python -m tests.hub.reports_rate [database URL]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from hub.model import new_id
from hub.reporting import gather, report
from hub.store.reports import Scope
from hub.store.store import Store, open_store
from hub.store.tables import Conversation, Message
from tests.conftest import own_valkey
from tests.databases import throw_away_database
from tests.fakes import fake_hub

CONVERSATIONS, ENTRIES = 20_000, 5
"""Of each: the customer's line, two replies, a note, and that it was resolved."""
KINDS = (("message", "customer"), ("message", "agent"), ("message", "agent"), ("note", "agent"), ("resolved", "agent"))


async def fill(store: Store) -> None:
    """The log of a busy month."""
    talks, entries = Conversation.__table__, Message.__table__  # type: ignore[attr-defined]
    start = datetime.now(UTC) - timedelta(days=29)
    for first in range(0, CONVERSATIONS, 500):
        rows: list[dict[str, Any]] = []
        said: list[dict[str, Any]] = []
        for n in range(first, first + 500):
            id, at = new_id(), start + timedelta(seconds=n * 120)
            rows.append({"id": id, "identity_id": id, "customer_id": id, "channel": f"c{n % 4}", "bucket": 0, "lane": 0})
            rows[-1] |= {"agent_id": f"{n % 30:032x}", "team": f"t{n % 3}", "at": at, "last_at": at, "status": "resolved"}
            rows[-1]["head"] = ENTRIES
            for k, (kind, by) in enumerate(KINDS):
                when = at + timedelta(minutes=7 * k + n % 50)
                one = {"id": new_id(), "conversation_id": id, "identity_id": id, "seq": k + 1, "s": n * ENTRIES + k + 1}
                said.append({**one, "cs": None, "kind": kind, "author_kind": by, "at": when, "stored_at": when})
        async with store.db.write() as connection:
            await connection.execute(insert(talks), rows)
            await connection.execute(insert(entries), said)


async def measure(url: str, redis: str, folder: Path) -> None:
    store = await open_store(url, lanes=1)
    await fill(store)
    async with fake_hub(store, redis, "rate", folder) as hub:
        began = time.perf_counter()
        read = 0
        while more := await gather(hub):
            read += more
        gathered = time.perf_counter() - began
        scope = Scope(datetime.now(UTC) - timedelta(days=30), datetime.now(UTC) + timedelta(days=1))
        began = time.perf_counter()
        made = await report(hub, scope)
        reported = time.perf_counter() - began
        began = time.perf_counter()
        await store.reports.conversations(scope, "answered", "me", [], before="", most=30)
        listed = time.perf_counter() - began
    print(
        f"{store.db.dialect}: {read} entries gathered in {gathered:.1f} s; a report of {made.total.opened} conversations "
        f"in {reported:.2f} s; the first page behind a number in {listed * 1000:.0f} ms"
    )
    await store.close()


async def main(server: str) -> None:
    with own_valkey() as redis, tempfile.TemporaryDirectory(prefix="rate") as place:
        if not server:
            await measure(f"sqlite:///{place}/hub.db", redis, Path(place))
            return
        async with throw_away_database(server) as url:
            await measure(url, redis, Path(place))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else ""))
