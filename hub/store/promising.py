"""What was promised, read and written for many conversations at once, when the promises themselves have changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select, update

from hub.store import tables
from hub.store.database import Database
from hub.store.talks import TALK_FIELDS, Talk

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
_CHANGE = (
    update(conversation)
    .where(conversation.c.id == bindparam("talk"), conversation.c.last_s == bindparam("seen"))
    .values({name: bindparam(f"new_{name}") for name in ("due_kind", "due_ms", "warn_ms")})
)


class PromiseStore:
    """Every query on promises outside of the inbound transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def open_after(self, id: str, most: int) -> list[Talk]:
        """Open conversations in the order of their ids."""
        wanted = select(*[conversation.c[name] for name in TALK_FIELDS])
        wanted = wanted.where(conversation.c.status == "open", conversation.c.id > id).order_by(conversation.c.id).limit(most)
        async with self.db.read() as connection:
            return [Talk(*tuple(row)) for row in await connection.execute(wanted)]

    async def promise(self, talks: Sequence[Talk]) -> None:
        """Keep when these are due; one to which something has happened meanwhile has had its promise renewed by that."""
        if not talks:
            return
        rows = [
            {"talk": t.id, "seen": t.last_s, "new_due_kind": t.due_kind, "new_due_ms": t.due_ms, "new_warn_ms": t.warn_ms}
            for t in talks
        ]
        async with self.db.write() as connection:
            await connection.execute(_CHANGE, rows)
