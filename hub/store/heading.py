"""What a thread's head says beyond its conversation: who the customer is proved to be, what was before, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import link_tables, rating_tables, tables
from hub.store.database import Database
from hub.store.linking import ASKED

claim = link_tables.Claim.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
rating = rating_tables.Rating.__table__  # type: ignore[attr-defined]
RATING = '"rating":'
"""How what an answer to the survey is known by begins in stored JSON; inside of what people write, quotes are escaped."""


@dataclass(frozen=True, slots=True)
class Heading:
    """`place` counts from 1, None where nobody waits in line; `last` is the conversation before this one."""

    proved: tuple[str, ...] = ()
    earlier: int = 0
    last: str = ""
    last_at: datetime | None = None
    place: int | None = None
    line: str | None = None
    """The parts of the customer's last line, where somebody else has spoken since; None: the preview is theirs."""
    messages: int = 0
    """How many messages there were until it was resolved."""
    rating: int | None = None
    """What the customer thought: 1 to 5, 0 while they are asked, None where they are not."""


class HeadingStore:
    """The queries behind a head; asked when one is drawn, which is rare beside lines."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, conversation_id: str) -> Heading:
        """What there is to say about a conversation."""
        columns = [
            conversation.c[name]
            for name in ("id", "identity_id", "customer_id", "at", "status", "waiting_ms", "agent_id", "team", "preview_by")
        ]
        async with self.db.read() as connection:
            own = (await connection.execute(select(*columns).where(conversation.c.id == conversation_id))).first()
            if own is None:
                return Heading()
            told = and_(claim.c.identity_id == own.identity_id, claim.c.kind != ASKED)
            kinds = select(claim.c.kind).where(told).distinct().order_by(claim.c.kind)
            proved = tuple((await connection.execute(kinds)).scalars())
            before = and_(conversation.c.customer_id == own.customer_id, conversation.c.at < own.at)
            count = int((await connection.execute(select(func.count()).where(before).select_from(conversation))).scalar_one())
            newest = select(conversation.c.id, conversation.c.at).where(before).order_by(conversation.c.at.desc()).limit(1)
            last = (await connection.execute(newest)).first() if count else None
            place = await _place(connection, own)
            line = await _line(connection, own) if own.preview_by != "customer" else None
            messages = await _messages(connection, own) if own.status == "resolved" else 0
            asked = select(rating.c.score).where(rating.c.conversation_id == own.id)
            score = (await connection.execute(asked)).scalar() if own.status == "resolved" else None
        at, found = (last.at, last.id) if last else (None, "")
        return Heading(proved, count, found, at, place, line, messages, score)


async def _place(connection: AsyncConnection, own: Any) -> int | None:
    if own.status != "open" or not own.waiting_ms or own.agent_id:
        return None
    ahead = and_(
        conversation.c.status == "open",
        conversation.c.waiting_ms > 0,
        conversation.c.waiting_ms < own.waiting_ms,
        conversation.c.snooze_ms == 0,
        conversation.c.agent_id == "",
        conversation.c.team == own.team,
    )
    return 1 + int((await connection.execute(select(func.count()).where(ahead).select_from(conversation))).scalar_one())


def _matter(own: Any) -> Any:
    """The messages of a conversation and of those that were merged into it."""
    merged = select(conversation.c.id).where(conversation.c.merged_into == own.id)
    there = or_(message.c.conversation_id == own.id, message.c.conversation_id.in_(merged))
    return and_(there, message.c.kind == "message")


async def _line(connection: AsyncConnection, own: Any) -> str:
    """What a customer was last heard to say; their answer to the survey is none of it."""
    said = select(message.c.parts).where(_matter(own), message.c.author_kind == "customer", ~message.c.data.contains(RATING))
    return (await connection.execute(said.order_by(message.c.s.desc()).limit(1))).scalar() or "[]"


async def _messages(connection: AsyncConnection, own: Any) -> int:
    """Those before the end: the survey and what follows it are none of the matter."""
    ended = select(func.max(message.c.s)).where(message.c.conversation_id == own.id, message.c.kind == "resolved")
    end = (await connection.execute(ended)).scalar()
    counted = select(func.count()).select_from(message).where(_matter(own), message.c.s < end)
    return int((await connection.execute(counted)).scalar_one()) if end is not None else 0
