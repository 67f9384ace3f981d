"""What customers have read, shown at desks on the answer that they have read up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from sqlalchemy import insert, select

from hub.model import new_id
from hub.store import tables
from hub.store.database import Database

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]


class ReadingStore:
    """The query behind a read mark."""

    def __init__(self, db: Database, lanes: int) -> None:
        self.db = db
        self._lanes = lanes

    async def mark(self, identity_id: str, cs: int, desks: Sequence[str]) -> int | None:
        """Queue a mark on the newest answer up to `cs`, if it came from one of these desks and has none yet; returns its lane."""
        said = [message.c[name] for name in ("id", "seq", "source", "external_id", "conversation_id", "kind", "author_kind")]
        own = select(*said, conversation.c.bucket).join(conversation, conversation.c.id == message.c.conversation_id)
        newest = own.where(message.c.identity_id == identity_id, message.c.cs <= cs).order_by(message.c.cs.desc()).limit(1)
        async with self.db.write() as connection:
            row = (await connection.execute(newest)).first()
            if row is None or row.kind != "message" or row.author_kind != "agent" or row.source not in desks:
                return None
            key = f"read.{row.id}"
            if (await connection.execute(select(delivery.c.id).where(delivery.c.idem_key == key))).first() is not None:
                return None
            lane, data = int(row.bucket) % self._lanes, {"reply": row.external_id, "state": "read"}
            call = {
                "id": new_id(), "idem_key": key, "conversation_id": row.conversation_id, "message_id": None, "target": row.source,
                "stream": f"{row.source}#mark", "kind": "mark", "rank": row.seq * 1000, "lane": lane, "state": "queued",
                "tries": 0, "attempt": 0, "due_ms": 0, "lease_ms": 0, "owner": "", "call_key": "", "parts": None,
                "data": orjson.dumps(data).decode(), "external_id": None, "reason": "", "at": datetime.now(UTC), "done_at": None,
            }  # fmt: skip
            await connection.execute(insert(delivery), [call])
        return lane
