"""Second factors and single sign-on as the store knows them: each code works once, however many ask at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import agent_tables
from hub.store.agent_facts import Person
from hub.store.agents import PERSON, person_of
from hub.store.database import Database, now_ms

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
login = agent_tables.AgentLogin.__table__  # type: ignore[attr-defined]
factor = agent_tables.SecondFactor.__table__  # type: ignore[attr-defined]
recovery = agent_tables.RecoveryCode.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Factor:
    """What an agent's device makes codes of, and the last time step whose code was used."""

    seed: str
    step: int


class FactorStore:
    """Every query on second factors, and on who somebody is elsewhere."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, agent_id: str) -> Factor | None:
        """An agent's factor, confirmed or not."""
        async with self.db.read() as connection:
            wanted = select(factor.c.seed, factor.c.step).where(factor.c.agent_id == agent_id)
            row = (await connection.execute(wanted)).first()
        return Factor(row[0], int(row[1])) if row else None

    async def left(self, agent_id: str) -> int:
        """How many recovery codes an agent has."""
        async with self.db.read() as connection:
            wanted = select(func.count()).where(recovery.c.agent_id == agent_id)
            return int((await connection.execute(wanted)).scalar_one())

    async def offer(self, agent_id: str, seed: str) -> bool:
        """Keep a secret that counts once it is confirmed. False when the agent has a factor that counts."""

        async def work(connection: AsyncConnection) -> bool:
            if not await _is_off(connection, agent_id):
                return False
            await connection.execute(delete(factor).where(factor.c.agent_id == agent_id))
            await connection.execute(insert(factor), [{"agent_id": agent_id, "seed": seed, "step": 0, "at": _now()}])
            return True

        return await self.db.transact(work)

    async def confirm(self, agent_id: str, seed: str, step: int, hashes: Sequence[str]) -> bool:
        """The device has shown a code of this step: from now on the factor is asked for. False when it was too late for that."""

        async def work(connection: AsyncConnection) -> bool:
            if not await _is_off(connection, agent_id):
                return False
            same = and_(factor.c.agent_id == agent_id, factor.c.seed == seed)
            if not (await connection.execute(update(factor).where(same).values(step=step))).rowcount:
                return False
            await connection.execute(update(agent).where(agent.c.id == agent_id).values(factor=True))
            await _renew(connection, agent_id, hashes)
            return True

        return await self.db.transact(work)

    async def renew(self, agent_id: str, hashes: Sequence[str]) -> None:
        """New recovery codes; the old ones are gone."""

        async def work(connection: AsyncConnection) -> None:
            await _renew(connection, agent_id, hashes)

        await self.db.transact(work)

    async def spend_step(self, agent_id: str, step: int) -> bool:
        """Use up the code of a time step; False when it, or a later one, was used before."""
        fresh = and_(factor.c.agent_id == agent_id, factor.c.step < step)
        async with self.db.write() as connection:
            return bool((await connection.execute(update(factor).where(fresh).values(step=step))).rowcount)

    async def spend_code(self, agent_id: str, hash: str) -> bool:
        """Use up a recovery code."""
        own = and_(recovery.c.agent_id == agent_id, recovery.c.hash == hash)
        async with self.db.write() as connection:
            return bool((await connection.execute(delete(recovery).where(own))).rowcount)

    async def drop(self, agent_id: str, keep: str = "") -> None:
        """An agent has no second factor any more; every login but `keep` ends."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(factor).where(factor.c.agent_id == agent_id))
            await connection.execute(delete(recovery).where(recovery.c.agent_id == agent_id))
            await connection.execute(update(agent).where(agent.c.id == agent_id).values(factor=False))
            await connection.execute(delete(login).where(login.c.agent_id == agent_id, login.c.token_hash != keep))

        await self.db.transact(work)

    async def take(self, kind: str, token_hash: str) -> bool:
        """Use up a one-time secret of a kind."""
        good = and_(login.c.token_hash == token_hash, login.c.kind == kind, login.c.expires_ms > now_ms())
        async with self.db.write() as connection:
            return bool((await connection.execute(delete(login).where(good))).rowcount)

    async def known_as(self, subject: str, email: str) -> tuple[Person, str] | None:
        """The agent whom a provider calls so, else the one with this address; with what that one is called there so far."""
        async with self.db.read() as connection:
            for same in (agent.c.subject == subject, agent.c.email == email.lower()):
                row = (await connection.execute(select(*PERSON, agent.c.subject).where(same))).first()
                if row is not None:
                    return person_of(row[:-1]), row[-1]
        return None

    async def is_called(self, agent_id: str, subject: str) -> bool:
        """From now on the provider's word for this agent; False when they are called something else there already."""
        free = and_(agent.c.id == agent_id, agent.c.subject.in_(("", subject)))
        async with self.db.write() as connection:
            return bool((await connection.execute(update(agent).where(free).values(subject=subject))).rowcount)


async def _is_off(connection: AsyncConnection, agent_id: str) -> bool:
    """Whether an agent has no factor that counts; their row is locked until the transaction ends."""
    row = (await connection.execute(select(agent.c.factor).where(agent.c.id == agent_id).with_for_update())).first()
    return row is not None and not row[0]


async def _renew(connection: AsyncConnection, agent_id: str, hashes: Sequence[str]) -> None:
    await connection.execute(delete(recovery).where(recovery.c.agent_id == agent_id))
    await connection.execute(insert(recovery), [{"agent_id": agent_id, "hash": one} for one in hashes])


def _now() -> datetime:
    return datetime.now(UTC)
