"""What customers thought: asked once for each conversation, answered once, and counted for reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import rating_tables, window_tables
from hub.store.database import Database
from hub.store.window_tables import MORE

rating = rating_tables.Rating.__table__  # type: ignore[attr-defined]
allowance = window_tables.Allowance.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Asked:
    """A conversation's question, and what was answered: `score` 0 is nothing yet."""

    conversation_id: str
    identity_id: str
    score: int
    comment: str
    asked_at: datetime
    answered_at: datetime | None


_ASKED = [rating.c[name] for name in Asked.__slots__]


class RatingStore:
    """Every query on ratings."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, conversation_id: str) -> Asked | None:
        """A conversation's rating."""
        async with self.db.read() as connection:
            return await self.asked(connection, conversation_id)

    async def asked(self, connection: AsyncConnection, conversation_id: str) -> Asked | None:
        """As `of`, in somebody's transaction."""
        row = (await connection.execute(select(*_ASKED).where(rating.c.conversation_id == conversation_id))).first()
        return Asked(*tuple(row)) if row else None

    async def latest(self, connection: AsyncConnection, identity_id: str) -> Asked | None:
        """What a customer was asked last."""
        own = select(*_ASKED).where(rating.c.identity_id == identity_id).order_by(rating.c.asked_at.desc()).limit(1)
        row = (await connection.execute(own)).first()
        return Asked(*tuple(row)) if row else None

    async def ask(self, connection: AsyncConnection, values: dict[str, Any]) -> bool:
        """Note that a conversation is asked about; False when it was before."""
        if await self.asked(connection, values["conversation_id"]) is not None:
            return False
        await connection.execute(insert(rating), [{"score": 0, "comment": "", **values}])
        return True

    async def rate(self, connection: AsyncConnection, asked: Asked, score: int, comment: str | None, at: datetime) -> None:
        """Keep the answer, or what it was changed to: the time stays that of the first."""
        values = {"score": score, "answered_at": asked.answered_at or at}
        if comment is not None:
            values["comment"] = comment
        await connection.execute(update(rating).where(rating.c.conversation_id == asked.conversation_id).values(**values))

    async def may_answer(self, connection: AsyncConnection, identity_id: str, now_ms: int) -> bool:
        """Whether a channel that counts our answers would let one more go to a customer now."""
        left = select(allowance.c.identity_id).where(allowance.c.identity_id == identity_id, MORE)
        return (await connection.execute(left.where(allowance.c.until_ms > now_ms))).first() is not None
