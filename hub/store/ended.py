"""Calls to customers that did not arrive: which they are, made again, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables
from hub.store.database import Database

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over without having arrived, as far as anybody knows."""

    state: str
    parts: str
    entry_id: str


class EndedStore:
    """Every query on them, within an inbound transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def call(self, connection: AsyncConnection, delivery_id: str, conversation_id: str) -> Ended | None:
        """A conversation's call to its customer that failed, or whose fate nobody knows."""
        over = or_(delivery.c.state == "failed", and_(delivery.c.state == "unknown", delivery.c.due_ms == 0))
        own = and_(delivery.c.id == delivery_id, delivery.c.conversation_id == conversation_id, delivery.c.kind == "send")
        wanted = select(delivery.c.state, delivery.c.parts, delivery.c.message_id).where(own, over).with_for_update()
        row = (await connection.execute(wanted)).first()
        return Ended(row.state, row.parts or "[]", row.message_id or "") if row else None

    async def calls(self, connection: AsyncConnection, entries: Sequence[str], target: str) -> list[str]:
        """Calls to a customer that failed, or whose fate nobody knows, of these entries."""
        over = or_(delivery.c.state == "failed", and_(delivery.c.state == "unknown", delivery.c.due_ms == 0))
        own = and_(delivery.c.message_id.in_(entries), delivery.c.target == target, delivery.c.kind == "send")
        return list((await connection.execute(select(delivery.c.id).where(own, over).order_by(delivery.c.rank))).scalars())

    async def give_up(self, connection: AsyncConnection, entry_id: str, target: str, now: datetime) -> bool:
        """Cancel all of an entry's calls to a target, none of which has reached it or still may; says whether that was so."""
        own = and_(delivery.c.message_id == entry_id, delivery.c.target == target, delivery.c.kind == "send")
        states = set((await connection.execute(select(delivery.c.state).where(own).with_for_update())).scalars())
        if not states or states - {"failed", "queued", "held", "cancelled"}:
            return False
        await connection.execute(update(delivery).where(own).values(state="cancelled", due_ms=0, done_at=now))
        return True

    async def resend(self, connection: AsyncConnection, delivery_id: str, conversation_id: str, **more: Any) -> bool:
        """Queue a conversation's failed or unknown call again, as the same row with the same key; says whether there was one."""
        own = and_(delivery.c.id == delivery_id, delivery.c.conversation_id == conversation_id)
        values = {"state": "queued", "due_ms": 0, "reason": "", "done_at": None, "tries": 0, "call_key": "", **more}
        again = update(delivery).where(own, delivery.c.state.in_(("failed", "unknown"))).values(**values)
        return bool((await connection.execute(again)).rowcount)
