"""Tasks that agents ask a tracker for: which are due, who tries them, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables, task_tables
from hub.store.database import Database, now_ms

task = task_tables.Task.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Due:
    """A task that somebody has taken to ask for. `left_ms`: for how long tries may begin."""

    id: str
    conversation_id: str
    title: str
    text: str
    author: str
    at: datetime
    tries: int
    left_ms: int
    channel: str


class TaskStore:
    """Every query on tasks."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def add(self, connection: AsyncConnection, row: Mapping[str, Any]) -> None:
        """Want one."""
        await connection.execute(insert(task), [dict(row)])

    async def waits(self) -> bool:
        """Whether one is to be asked for now."""
        due = select(task.c.id).where(task.c.state == "queued", task.c.due_ms <= now_ms()).limit(1)
        async with self.db.read() as connection:
            return (await connection.execute(due)).first() is not None

    async def take(self, lease_ms: int) -> Due | None:
        """A task to ask for now: nobody else asks for it before the lease ends."""
        due = and_(task.c.state == "queued", task.c.due_ms <= now_ms())
        names = ("id", "conversation_id", "title", "text", "author", "at", "tries", "until_ms")
        wanted = select(*(task.c[name] for name in names)).where(due).order_by(task.c.due_ms).limit(1).with_for_update()

        async def work(connection: AsyncConnection) -> Due | None:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            row = (await connection.execute(wanted)).first()
            if row is None:
                return None
            taken = {"due_ms": now + lease_ms, "tries": row.tries + 1}
            await connection.execute(update(task).where(task.c.id == row.id).values(**taken))
            where = select(conversation.c.channel).where(conversation.c.id == row.conversation_id)
            channel = str((await connection.execute(where)).scalar() or "")
            said = (row.id, row.conversation_id, row.title, row.text, row.author, row.at)
            return Due(*said, row.tries + 1, int(row.until_ms) - now, channel)

        return await self.db.transact(work)

    async def later(self, id: str, wait_ms: int, reason: str) -> None:
        """It did not work now."""
        own = and_(task.c.id == id, task.c.state == "queued")
        async with self.db.write() as connection:
            await connection.execute(update(task).where(own).values(due_ms=now_ms() + wait_ms, reason=reason[:500]))

    async def row(self, connection: AsyncConnection, id: str) -> Mapping[str, Any] | None:
        """One, held until the transaction ends."""
        found = (await connection.execute(select(task).where(task.c.id == id).with_for_update())).mappings().first()
        return dict(found) if found else None

    async def end(self, connection: AsyncConnection, id: str, **values: Any) -> None:
        """Write down what became of one."""
        await connection.execute(update(task).where(task.c.id == id).values(**values))
