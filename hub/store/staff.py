"""Who may be given a conversation, and who the people at desks are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import agent_tables, tables
from hub.store.database import Database, now_ms

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
person = agent_tables.DeskPerson.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
PRESENT_MS = 60_000
"""A console that gave no sign of life for this long is not there."""


@dataclass(frozen=True, slots=True)
class Staff:
    """An agent as routing sees one; `load` is how many open conversations are theirs."""

    id: str
    email: str
    name: str
    present: bool
    load: int
    assigned_ms: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a desk; `agent_id` is empty when no agent has the same e-mail address."""

    agent_id: str
    name: str
    email: str


class StaffStore:
    """Queries that the inbound transaction asks about agents."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def all(self) -> list[Staff]:
        """The roster, outside of any transaction."""
        async with self.db.read() as connection:
            return await self.roster(connection)

    async def roster(self, connection: AsyncConnection) -> list[Staff]:
        """Agents who may be given work, with how many open conversations each has."""
        load = select(conversation.c.agent_id, func.count().label("n")).where(conversation.c.status == "open")
        held = load.group_by(conversation.c.agent_id).subquery()
        columns = (
            agent.c.id,
            agent.c.email,
            agent.c.name,
            agent.c.state,
            agent.c.seen_ms > now_ms() - PRESENT_MS,
            func.coalesce(held.c.n, 0),
            agent.c.assigned_ms,
        )
        wanted = select(*columns).outerjoin(held, held.c.agent_id == agent.c.id).where(agent.c.disabled.is_(False))
        rows = await connection.execute(wanted.order_by(agent.c.id))
        return [Staff(r[0], r[1], r[2], r[3] == "present" and bool(r[4]), int(r[5]), int(r[6])) for r in rows]

    async def assigned(self, connection: AsyncConnection, agents: Iterable[str], at_ms: int) -> None:
        """Remember when routing gave these agents something; in one order, so that two lanes never wait for each other."""
        statement = update(agent).where(agent.c.id == bindparam("row")).values(assigned_ms=bindparam("when"))
        await connection.execute(statement, [{"row": one, "when": at_ms} for one in sorted(agents)])

    async def persons(self, connection: AsyncConnection, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Person]:
        """Who people at desks are, as far as we were told."""
        wanted = set(pairs)
        columns = (person.c.desk, person.c.external_id, person.c.agent_id, person.c.name, person.c.email)
        rows = await connection.execute(select(*columns).where(person.c.external_id.in_({e for _, e in wanted})))
        return {(r[0], r[1]): Person(r[2], r[3], r[4]) for r in rows if (r[0], r[1]) in wanted}

    async def introduce(self, desk: str, external_id: str, name: str, email: str) -> None:
        """Remember who a person at a desk is; an agent with the same e-mail address is the same person."""
        async with self.db.write() as connection:
            same = select(agent.c.id).where(agent.c.email == email.lower()) if email else None
            known = (await connection.execute(same)).scalar() if same is not None else None
            here = (person.c.desk == desk) & (person.c.external_id == external_id)
            await connection.execute(delete(person).where(here))
            row = {"desk": desk, "external_id": external_id, "agent_id": known or "", "name": name[:191], "email": email[:191]}
            await connection.execute(insert(person), [row])
