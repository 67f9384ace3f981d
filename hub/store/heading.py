"""What a thread's head says beyond its conversation: who the customer is proved to be, what was before, the place in line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from hub.store import link_tables, tables
from hub.store.database import Database

claim = link_tables.Claim.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Heading:
    """`place` counts from 1, None where nobody waits in line; `last` is the conversation before this one."""

    proved: tuple[str, ...] = ()
    earlier: int = 0
    last: str = ""
    last_at: datetime | None = None
    place: int | None = None


class HeadingStore:
    """The queries behind a head; asked when one is drawn, which is rare beside lines."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, conversation_id: str) -> Heading:
        """What there is to say about a conversation."""
        columns = [
            conversation.c[name] for name in ("identity_id", "customer_id", "at", "status", "waiting_ms", "agent_id", "team")
        ]
        async with self.db.read() as connection:
            own = (await connection.execute(select(*columns).where(conversation.c.id == conversation_id))).first()
            if own is None:
                return Heading()
            kinds = select(claim.c.kind).where(claim.c.identity_id == own.identity_id).distinct().order_by(claim.c.kind)
            proved = tuple((await connection.execute(kinds)).scalars())
            before = and_(conversation.c.customer_id == own.customer_id, conversation.c.at < own.at)
            count = int((await connection.execute(select(func.count()).where(before).select_from(conversation))).scalar_one())
            newest = select(conversation.c.id, conversation.c.at).where(before).order_by(conversation.c.at.desc()).limit(1)
            last = (await connection.execute(newest)).first() if count else None
            place = None
            if own.status == "open" and own.waiting_ms and not own.agent_id:
                ahead = and_(
                    conversation.c.status == "open",
                    conversation.c.waiting_ms > 0,
                    conversation.c.waiting_ms < own.waiting_ms,
                    conversation.c.snooze_ms == 0,
                    conversation.c.agent_id == "",
                    conversation.c.team == own.team,
                )
                place = 1 + int(
                    (await connection.execute(select(func.count()).where(ahead).select_from(conversation))).scalar_one()
                )
        return Heading(proved, count, last.id if last else "", last.at if last else None, place)
