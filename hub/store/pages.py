"""What the pages of people at desks show, and whose must be drawn anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import agent_tables, tables
from hub.store.agents import insert_agent
from hub.store.database import Database, now_ms
from hub.store.listing import Listed, in_view, listed

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
person = agent_tables.DeskPerson.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]
RECENT_MS = 2 * 3600_000
"""Pages that nobody looked at for so long are left as they are."""
GAP_MS = 2_500
"""Between two looks whether somebody's page has changed."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody whose page may have to be drawn anew; `agent_id` is empty for strangers. `shown` is a digest of what it shows."""

    desk: str
    person: str
    agent_id: str
    name: str
    role: str
    email: str
    state: str
    until_ms: int
    reason: str
    shown: str


class PageStore:
    """Every query about pages."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def watched(self) -> bool:
        """Whether anybody has looked at their page lately."""
        async with self.db.read() as connection:
            recent = select(person.c.desk).where(person.c.looked_ms > now_ms() - RECENT_MS).limit(1)
            return (await connection.execute(recent)).first() is not None

    async def looked(self, connection: AsyncConnection, desk: str, external_id: str) -> None:
        """Somebody looks at their page, or did something that changes it: it is due at once."""
        here = and_(person.c.desk == desk, person.c.external_id == external_id)
        await connection.execute(update(person).where(here).values(looked_ms=now_ms(), shown_ms=0, shown=""))

    async def due(self, most: int = 20) -> list[Reader]:
        """Whose page to look at now; nobody else gets the same ones for a while. Who waited longest comes first."""
        wanted = and_(person.c.looked_ms > now_ms() - RECENT_MS, person.c.shown_ms <= now_ms() - GAP_MS)
        columns = (person.c.desk, person.c.external_id, func.coalesce(agent.c.id, ""), func.coalesce(agent.c.name, person.c.name))
        facts = [func.coalesce(agent.c[name], "") for name in ("role", "email", "state")]
        more = (func.coalesce(agent.c.until_ms, 0), func.coalesce(agent.c.reason, ""), person.c.shown)

        async def work(connection: AsyncConnection) -> list[Reader]:
            few = select(person.c.desk, person.c.external_id).where(wanted).order_by(person.c.shown_ms).limit(most)
            keys = [tuple(row) for row in await connection.execute(few.with_for_update())]
            if not keys:
                return []
            these = or_(*(and_(person.c.desk == desk, person.c.external_id == one) for desk, one in keys))
            await connection.execute(update(person).where(these).values(shown_ms=now_ms()))
            held = and_(agent.c.id == person.c.agent_id, agent.c.disabled.is_(False))
            rows = await connection.execute(select(*columns, *facts, *more).outerjoin(agent, held).where(these))
            return [Reader(*tuple(row)) for row in rows]

        return await self.db.transact(work)

    async def shown(self, reader: Reader, digest: str) -> None:
        """What somebody's page shows now; empty: nobody knows, so that it is drawn again."""
        here = and_(person.c.desk == reader.desk, person.c.external_id == reader.person)
        async with self.db.write() as connection:
            await connection.execute(update(person).where(here).values(shown=digest))

    async def open_of(self, agent_id: str, most: int) -> list[Listed]:
        """An agent's open conversations (of nobody: the queue), longest wait first; those where nobody waits come last."""
        waits = (conversation.c.waiting_ms == 0, conversation.c.waiting_ms, conversation.c.last_s.desc())
        wanted = select(conversation).where(in_view("mine" if agent_id else "unassigned", agent_id)).order_by(*waits).limit(most)
        async with self.db.read() as connection:
            found = await listed(connection, wanted, agent_id)
        return sorted(found, key=lambda one: (one.waiting_since is None, one.waiting_since or one.last_at, -one.last_s))

    async def count_queue(self) -> int:
        """How many open conversations are nobody's."""
        async with self.db.read() as connection:
            wanted = select(func.count()).select_from(conversation).where(in_view("unassigned", ""))
            return int((await connection.execute(wanted)).scalar_one())

    async def threads(self, desk: str, ids: Iterable[str]) -> dict[str, str]:
        """The threads of conversations at a desk."""
        wanted = select(thread.c.conversation_id, thread.c.external_id)
        wanted = wanted.where(thread.c.desk == desk, thread.c.conversation_id.in_(sorted(ids)))
        async with self.db.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(wanted)}

    async def figures(self, since: str) -> tuple[int, dict[tuple[str, str], int]]:
        """Since the moment of an id: new conversations; (kind, agent) → how many answers and resolved conversations."""
        new = select(func.count()).select_from(conversation).where(conversation.c.id >= since)
        done = select(message.c.kind, message.c.author_id, func.count())
        done = done.where(message.c.id >= since, message.c.author_kind == "agent", message.c.kind.in_(("message", "resolved")))
        async with self.db.read() as connection:
            count = int((await connection.execute(new)).scalar_one())
            rows = await connection.execute(done.group_by(message.c.kind, message.c.author_id))
            return count, {(row[0], row[1]): int(row[2]) for row in rows}

    async def be(self, connection: AsyncConnection, agent_id: str, state: str, until_ms: int, reason: str) -> None:
        """An agent says at a desk to be there until then, or away and why."""
        told = {"state": state, "until_ms": until_ms, "reason": reason}
        await connection.execute(update(agent).where(agent.c.id == agent_id).values(**told))

    async def until_of(self, agent_id: str) -> int:
        """Until when an agent is what they said; 0: until they say otherwise."""
        async with self.db.read() as connection:
            return int((await connection.execute(select(agent.c.until_ms).where(agent.c.id == agent_id))).scalar() or 0)

    async def back(self, seconds: int) -> list[tuple[str, str]]:
        """Let agents be there, for so long, whose time away is over; (id, name) of each."""
        over = and_(agent.c.state == "away", agent.c.until_ms > 0, agent.c.until_ms <= now_ms(), agent.c.disabled.is_(False))

        async def work(connection: AsyncConnection) -> list[tuple[str, str]]:
            found = (await connection.execute(select(agent.c.id, agent.c.name).where(over).with_for_update())).all()
            if not found:
                return []
            ids = [row.id for row in found]
            told = {"state": "present", "until_ms": now_ms() + seconds * 1000, "reason": ""}
            await connection.execute(update(agent).where(agent.c.id.in_(ids)).values(**told))
            return [(row.id, row.name) for row in found]

        return await self.db.transact(work)

    async def admit(self, connection: AsyncConnection, desk: str, external_id: str, email: str, name: str) -> str:
        """Make somebody at a desk the agent with an address, who is made when there is none; returns the agent."""
        known = (await connection.execute(select(agent.c.id).where(agent.c.email == email))).scalar()
        found = known or await insert_agent(connection, {"email": email, "name": name, "role": "agent", "password": ""})
        here = and_(person.c.desk == desk, person.c.external_id == external_id)
        await connection.execute(update(person).where(here).values(agent_id=found, by_hand=True))
        return str(found)
