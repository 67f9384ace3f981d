"""Tasks for a tracker in the store, on every database: one taker at a time, later tries, and an end that is told once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from hub.model import new_id
from hub.store.store import Store
from hub.store.task_tables import Task
from tests.hub.hubs import only, put

HOURS_MS = 3_600_000


async def wanted(store: Store, **more: Any) -> str:
    """A task that waits."""
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    row: dict[str, Any] = {
        "id": new_id(),
        "conversation_id": new_id(),
        "title": "灯坏了",
        "text": "😀",
        "author": "{}",
        "actor": "slack:T1:U1",
    }
    row |= {"state": "queued", "tries": 0, "due_ms": 0, "until_ms": now_ms + HOURS_MS, "reason": "", "at": datetime.now(UTC)}
    await store.db.transact(lambda connection: store.tasks.add(connection, row | more))
    return str((row | more)["id"])


async def test_of_many_who_come_at_once_one_takes_a_task(store: Store) -> None:
    own = await wanted(store)
    assert await store.tasks.waits()
    found = [due for due in await asyncio.gather(*(store.tasks.take(60_000) for _ in range(4))) if due is not None]
    assert [(due.id, due.title, due.text, due.tries, due.channel) for due in found] == [(own, "灯坏了", "😀", 1, "")]
    assert 0 < found[0].left_ms <= HOURS_MS
    assert not await store.tasks.waits() and await store.tasks.take(60_000) is None
    await put(store, Task, {"id": own}, due_ms=0)
    again = await store.tasks.take(60_000)
    assert again is not None and (again.id, again.tries) == (own, 2), "a lease that is over is anybody's"


async def test_the_longest_due_goes_first_and_what_failed_waits(store: Store) -> None:
    later, first = await wanted(store, due_ms=5), await wanted(store, due_ms=4)
    due = await store.tasks.take(60_000)
    assert due is not None and due.id == first
    await store.tasks.later(first, 60_000, "the other side answered 503" * 50)
    row = await only(store, Task, id=first)
    assert row["state"] == "queued" and row["reason"].startswith("the other side answered 503") and row["due_ms"] > 10_000
    other = await store.tasks.take(60_000)
    assert other is not None and other.id == later and await store.tasks.take(60_000) is None


async def test_what_has_ended_is_taken_no_more(store: Store) -> None:
    own = await wanted(store)
    ended = {"state": "done", "reason": "", "done_at": datetime.now(UTC)}
    await store.db.transact(lambda connection: store.tasks.end(connection, own, **ended))
    assert not await store.tasks.waits() and await store.tasks.take(60_000) is None
    await store.tasks.later(own, 0, "late")
    row = await store.db.transact(lambda connection: store.tasks.row(connection, own))
    assert row is not None and (row["state"], row["reason"]) == ("done", "")
    assert await store.db.transact(lambda connection: store.tasks.row(connection, "f" * 32)) is None
