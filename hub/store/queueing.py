"""Who waits for an answer, in which order, and how fast answers came lately."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from hub.store import tables
from hub.store.database import Database

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
MOST = 2_000
"""Waiting customers that are told their place; whoever is further back hears that there are many."""
LATELY = 5_000
"""Entries of the inbox-wide log that are looked through for answers."""


@dataclass(frozen=True, slots=True)
class InLine:
    """Somebody who waits. Who has an agent waits for that one, everybody else for their team."""

    identity_id: str
    channel: str
    team: str
    agent_id: str

    @property
    def line(self) -> str:
        """What they wait in: places count within it."""
        return self.agent_id or f"team {self.team}"


class QueueStore:
    """Every query on the line of waiting customers."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def waiting(self) -> list[InLine]:
        """Everybody whose open conversation waits for an agent, longest wait first."""
        columns = (conversation.c.identity_id, conversation.c.channel, conversation.c.team, conversation.c.agent_id)
        own = (conversation.c.status == "open") & (conversation.c.waiting_ms > 0) & (conversation.c.snooze_ms == 0)
        async with self.db.read() as connection:
            rows = await connection.execute(select(*columns).where(own).order_by(conversation.c.waiting_ms).limit(MOST))
            return [InLine(*tuple(row)) for row in rows]

    async def answered(self, since: datetime) -> Counter[str]:
        """How many conversations agents answered since then, by line; each counts for its agent's and for its team's."""
        async with self.db.read() as connection:
            head = (await connection.execute(select(func.coalesce(func.max(message.c.s), 0)))).scalar_one()
            spoken = select(message.c.author_id, message.c.conversation_id).where(
                message.c.s > head - LATELY, message.c.author_kind == "agent", message.c.kind == "message", message.c.at >= since
            )
            said = spoken.distinct().subquery()
            wanted = select(said.c.author_id, conversation.c.team, said.c.conversation_id)
            rows = list(await connection.execute(wanted.join(conversation, conversation.c.id == said.c.conversation_id)))
        agents = Counter(str(row[0]) for row in rows)
        return agents + Counter(f"team {team}" for team, _ in {(row[1], row[2]) for row in rows})
