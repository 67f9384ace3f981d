"""What an agent keeps for themself in the console: drafts, views of the list, how many conversations they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.store import agent_tables
from hub.store.database import Database

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
draft = agent_tables.AgentDraft.__table__  # type: ignore[attr-defined]
views = agent_tables.AgentViews.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agent has begun to write; `rev` 0 and no text: nothing."""

    kind: str
    text: str
    rev: int


NOTHING = Draft("reply", "", 0)
EVERYBODY = ""
"""In the place of an agent: views that all of them have."""


class OwnStore:
    """Every query about what belongs to one agent alone."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def draft(self, agent_id: str, conversation_id: str) -> Draft:
        """What an agent has begun to write in a conversation."""
        wanted = select(draft.c.kind, draft.c.text, draft.c.rev).where(_of(agent_id, conversation_id))
        async with self.db.read() as connection:
            row = (await connection.execute(wanted)).first()
        return Draft(row[0], row[1], int(row[2])) if row else NOTHING

    async def keep_draft(self, agent_id: str, conversation_id: str, kind: str, text: str) -> Draft:
        """Keep a draft in the place of the one before; an empty one is kept too, so that `rev` never goes back."""
        here = _of(agent_id, conversation_id)
        facts = {"kind": kind, "text": text, "at": datetime.now(UTC)}
        fresh = {"agent_id": agent_id, "conversation_id": conversation_id, "rev": 1, **facts}
        for _ in range(2):
            try:
                async with self.db.write() as connection:
                    if not (await connection.execute(update(draft).where(here).values(rev=draft.c.rev + 1, **facts))).rowcount:
                        await connection.execute(insert(draft), [fresh])
                    rev = (await connection.execute(select(draft.c.rev).where(here))).scalar_one()
                return Draft(kind, text, int(rev))
            except IntegrityError:
                continue
        return await self.draft(agent_id, conversation_id)

    async def drafted(self, agent_id: str, most: int = 200) -> list[str]:
        """Conversations in which an agent has begun to write, the newest first."""
        own = select(draft.c.conversation_id).where(draft.c.agent_id == agent_id, draft.c.text != "")
        async with self.db.read() as connection:
            return [row[0] for row in await connection.execute(own.order_by(draft.c.at.desc()).limit(most))]

    async def views(self, agent_id: str) -> list[dict[str, Any]]:
        """An agent's views of the list, or those of `EVERYBODY`."""
        async with self.db.read() as connection:
            row = (await connection.execute(select(views.c.views).where(views.c.agent_id == agent_id))).first()
        found: list[dict[str, Any]] = orjson.loads(row[0]) if row else []
        return found

    async def keep_views(self, agent_id: str, given: list[dict[str, Any]]) -> None:
        """Keep an agent's views in the place of those before."""
        row = {"agent_id": agent_id, "views": orjson.dumps(given).decode()}

        async def kept(connection: Any) -> None:
            await connection.execute(delete(views).where(views.c.agent_id == agent_id))
            await connection.execute(insert(views), [row])

        await self.db.transact(kept)

    async def capacity(self, agent_id: str, conversations: int) -> None:
        """How many open conversations an agent takes at most; 0: as many as the rules say."""
        async with self.db.write() as connection:
            await connection.execute(update(agent).where(agent.c.id == agent_id).values(capacity=conversations))


def _of(agent_id: str, conversation_id: str) -> Any:
    return and_(draft.c.agent_id == agent_id, draft.c.conversation_id == conversation_id)
