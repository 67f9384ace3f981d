"""Who may be given a conversation, and who the people at desks are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.people import Member
from hub.store import agent_tables, tables
from hub.store.database import Database, now_ms

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
person = agent_tables.DeskPerson.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
PRESENT_MS = 60_000
"""A console that gave no sign of life for this long is not there."""
HERE = or_(agent.c.seen_ms > now_ms() - PRESENT_MS, agent.c.until_ms > now_ms())
"""Whether an agent has a console open, or said at a desk to be there."""


@dataclass(frozen=True, slots=True)
class Staff:
    """An agent as routing sees one; `load` is how many open conversations are theirs."""

    id: str
    email: str
    name: str
    present: bool
    load: int
    assigned_ms: int = 0
    capacity: int = 0
    """How many they take at most by their own wish; 0: as many as the rules say."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a desk; `agent_id` is empty when they are no agent, `role` when that one was switched off too."""

    agent_id: str
    name: str
    email: str
    standing: str = ""
    role: str = ""


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
            HERE,
            func.coalesce(held.c.n, 0),
            agent.c.assigned_ms,
            agent.c.capacity,
        )
        wanted = select(*columns).outerjoin(held, held.c.agent_id == agent.c.id).where(agent.c.disabled.is_(False))
        rows = await connection.execute(wanted.order_by(agent.c.id))
        return [Staff(r[0], r[1], r[2], r[3] == "present" and bool(r[4]), int(r[5]), int(r[6]), int(r[7])) for r in rows]

    async def assigned(self, connection: AsyncConnection, agents: Iterable[str], at_ms: int) -> None:
        """Remember when routing gave these agents something; in one order, so that two lanes never wait for each other."""
        statement = update(agent).where(agent.c.id == bindparam("row")).values(assigned_ms=bindparam("when"))
        await connection.execute(statement, [{"row": one, "when": at_ms} for one in sorted(agents)])

    async def persons(self, connection: AsyncConnection, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Person]:
        """Who people at desks are, as far as we were told."""
        wanted = set(pairs)
        columns = (person.c.desk, person.c.external_id, person.c.agent_id, person.c.name, person.c.email, person.c.standing)
        known = select(*columns, func.coalesce(agent.c.role, ""))
        known = known.outerjoin(agent, and_(agent.c.id == person.c.agent_id, agent.c.disabled.is_(False)))
        rows = await connection.execute(known.where(person.c.external_id.in_({e for _, e in wanted})))
        return {(r[0], r[1]): Person(*r[2:]) for r in rows if (r[0], r[1]) in wanted}

    async def known_as(self, author: str, name: str) -> list[str]:
        """The e-mail address of who wrote something, an agent or somebody at a desk, and their name; in lower case."""
        own = select(agent.c.email).where(agent.c.id == author)
        guest = select(person.c.email).where(person.c.external_id == author)
        async with self.db.read() as connection:
            found = (await connection.execute(own)).scalar() or (await connection.execute(guest.limit(1))).scalar()
        return [one.lower() for one in (found, name) if one]

    async def introduce(self, desk: str, external_id: str, who: Member) -> None:
        """Remember who a person at a desk is. An agent with the same e-mail address is the same person where they are a full
        member there, unless an admin has said who they are. Where nobody could say who somebody is, what is known stays."""

        async def work(connection: AsyncConnection) -> None:
            here = and_(person.c.desk == desk, person.c.external_id == external_id)
            told = {"name": who.name[:191], "email": who.email[:191], "standing": who.standing}
            known = (await connection.execute(select(person.c.by_hand).where(here).with_for_update())).first()
            if known is not None and who == Member("", "", ""):
                return
            if known is None or not known[0]:
                proves = who.email and who.standing == "member"
                same = select(agent.c.id).where(agent.c.email == who.email.lower())
                told["agent_id"] = ((await connection.execute(same)).scalar() if proves else None) or ""
            if known is not None:
                await connection.execute(update(person).where(here).values(**told))
            else:
                await connection.execute(insert(person), [{"desk": desk, "external_id": external_id, **FRESH, **told}])

        try:
            await self.db.transact(work)
        except IntegrityError:
            await self.db.transact(work)

    async def ids_at(self, desk: str) -> dict[str, tuple[str, ...]]:
        """Who agents are at a desk, by agent."""
        wanted = select(person.c.agent_id, person.c.external_id).where(person.c.desk == desk, person.c.agent_id != "")
        found: dict[str, tuple[str, ...]] = {}
        async with self.db.read() as connection:
            for agent_id, id in await connection.execute(wanted.order_by(person.c.external_id)):
                found[agent_id] = (*found.get(agent_id, ()), id)
        return found

    async def one(self, connection: AsyncConnection, agent_id: str) -> Person | None:
        """An agent who was not switched off."""
        own = select(agent.c.id, agent.c.name, agent.c.email, agent.c.role)
        row = (await connection.execute(own.where(agent.c.id == agent_id, agent.c.disabled.is_(False)))).first()
        return Person(row[0], row[1] or row[2], row[2], "member", row[3]) if row else None

    async def name_of(self, desk: str, external_id: str) -> str:
        """What somebody at a desk is called there; empty where nobody has said."""
        here = and_(person.c.desk == desk, person.c.external_id == external_id)
        async with self.db.read() as connection:
            return str((await connection.execute(select(person.c.name).where(here))).scalar() or "")

    async def is_agent(self, desk: str, external_id: str, agent_id: str) -> None:
        """Somebody at a desk is this agent, whatever address the desk knows of them."""
        here = and_(person.c.desk == desk, person.c.external_id == external_id)
        async with self.db.write() as connection:
            await connection.execute(update(person).where(here).values(agent_id=agent_id, by_hand=True, shown=""))


FRESH = {"agent_id": "", "by_hand": False, "looked_ms": 0, "shown_ms": 0, "shown": ""}
"""A person at a desk who was never seen before."""
