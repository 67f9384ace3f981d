"""Agents as the store knows them: who they are, what they may do, by which secrets they come in, and whether they are here.

Secrets are kept as SHA-256 hashes only: whoever reads this database can't sign in with what is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Conflict
from hub.model import new_id
from hub.store import agent_tables
from hub.store.agent_facts import NOTHING, About, Login, Person, Record, Standing
from hub.store.database import Database, among, now_ms
from hub.store.staff import HERE

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
login = agent_tables.AgentLogin.__table__  # type: ignore[attr-defined]
audit = agent_tables.Audit.__table__  # type: ignore[attr-defined]
person = agent_tables.DeskPerson.__table__  # type: ignore[attr-defined]
read = agent_tables.AgentRead.__table__  # type: ignore[attr-defined]
IDLE_MS = 30 * 60_000
"""A console session that nobody used for so long is over; an open console uses it."""
RESTING_MS = 60_000
"""A session's last use is written down at most this often."""
STANDING = ("session", "token")
"""Kinds of login that last."""
LINKS = ("setup", "invite", "reset")
"""Kinds of one-time links that set a password; whatever else works once must not."""


_HERE = and_(agent.c.state == "present", HERE)
PERSON = (
    agent.c.id, agent.c.email, agent.c.name, agent.c.role, agent.c.state, agent.c.disabled, _HERE, agent.c.factor, agent.c.reason,
)  # fmt: skip
_ABOUT = (login.c.how, login.c.label, login.c.address, login.c.rights)
_LOGIN = (login.c.token_hash, login.c.kind, login.c.expires_ms, login.c.used_ms, login.c.at, *_ABOUT)
_GOOD = and_(
    login.c.kind.in_(STANDING),
    login.c.expires_ms > now_ms(),
    or_(login.c.kind == "token", login.c.used_ms > now_ms() - IDLE_MS),
    agent.c.disabled.is_(False),
)


class AgentStore:
    """Every query on agents and their logins."""

    def __init__(self, db: Database) -> None:
        self.db = db
        resting = login.c.used_ms < now_ms() - RESTING_MS
        held = select(login.c.token_hash, login.c.kind, resting, *_ABOUT, *PERSON).join(agent, agent.c.id == login.c.agent_id)
        self._standing = held.where(among(db.dialect, login.c.token_hash, "hashes"), _GOOD)

    async def standing(self, hashes: Sequence[str]) -> dict[str, Standing]:
        """Of these logins, the ones that still hold."""
        async with self.db.read() as connection:
            rows = await connection.execute(self._standing, {"hashes": list(hashes)})
            return {row[0]: Standing(row[1], person_of(row[7:]), bool(row[2]), _about(row[3:7])) for row in rows}

    async def used(self, hashes: Sequence[str], here: Sequence[str] = ()) -> None:
        """These logins are in use; the agents `here` have a console open."""
        async with self.db.write() as connection:
            if hashes:
                await connection.execute(update(login).where(login.c.token_hash.in_(hashes)).values(used_ms=now_ms()))
            if here:
                await connection.execute(update(agent).where(agent.c.id.in_(here)).values(seen_ms=now_ms()))

    async def someone(self, agent_id: str) -> Person | None:
        """One agent."""
        async with self.db.read() as connection:
            row = (await connection.execute(select(*PERSON).where(agent.c.id == agent_id))).first()
        return person_of(row) if row else None

    async def everyone(self) -> list[Person]:
        """All agents, by name."""
        async with self.db.read() as connection:
            rows = await connection.execute(select(*PERSON).order_by(agent.c.name, agent.c.id))
            return [person_of(row) for row in rows]

    async def secret_of(self, email: str) -> tuple[Person, str] | None:
        """The agent with an e-mail address, and the hash of the password (empty until one was set)."""
        async with self.db.read() as connection:
            found = select(*PERSON, agent.c.password).where(agent.c.email == email.lower())
            row = (await connection.execute(found)).first()
        return (person_of(row[:-1]), row[-1]) if row else None

    async def any_admin(self) -> bool:
        """Whether somebody can invite the others."""
        async with self.db.read() as connection:
            return (await connection.execute(select(agent.c.id).where(_ADMIN).limit(1))).first() is not None

    async def invite(self, email: str, name: str, role: str) -> str:
        """A new agent without a password. Raises `Conflict` when the e-mail address has one."""
        return await self._add({"email": email.lower(), "name": name, "role": role, "password": ""})

    async def _add(self, values: Mapping[str, Any]) -> str:
        try:
            async with self.db.write() as connection:
                return await insert_agent(connection, values)
        except IntegrityError as exc:
            raise Conflict("an agent has this e-mail address already") from exc

    async def change(self, agent_id: str, **values: Any) -> bool:
        """Change an agent's name, role or state, or switch them off, which ends their logins. False, and nothing changed, when
        no admin would be left."""

        async def work(connection: AsyncConnection) -> bool:
            loses = values.get("disabled") or values.get("role", "admin") != "admin"
            if loses:
                admins = list((await connection.execute(select(agent.c.id).where(_ADMIN).with_for_update())).scalars())
                if admins == [agent_id]:
                    return False
            await connection.execute(update(agent).where(agent.c.id == agent_id).values(**values))
            if values.get("disabled"):
                await connection.execute(delete(login).where(login.c.agent_id == agent_id))
            return True

        return await self.db.transact(work)

    async def be(self, agent_id: str, state: str) -> None:
        """An agent says in the console to be present or away."""
        told = {"state": state, "seen_ms": now_ms(), "reason": "", "until_ms": agent.c.until_ms if state == "present" else 0}
        async with self.db.write() as connection:
            ends = update(agent).where(agent.c.id == agent_id, agent.c.state == "away")
            await connection.execute(ends.values(until_ms=0))
            await connection.execute(update(agent).where(agent.c.id == agent_id).values(**told))

    async def open_login(self, kind: str, agent_id: str, token_hash: str, seconds: float, about: About = NOTHING) -> None:
        """Keep a session, a token or a one-time link."""
        row = {"token_hash": token_hash, "kind": kind, "agent_id": agent_id, "at": datetime.now(UTC)}
        row |= {"how": about.how, "label": about.label[:100], "address": about.address[:64], "rights": " ".join(about.rights)}
        async with self.db.write() as connection:
            clock = int((await connection.execute(select(now_ms()))).scalar_one())
            times = {"expires_ms": clock + int(seconds * 1000), "used_ms": clock}
            await connection.execute(insert(login), [{**row, **times}])
            await connection.execute(delete(login).where(login.c.expires_ms < clock))

    async def logins(self, agent_id: str) -> list[Login]:
        """An agent's sessions and tokens, newest first."""
        wanted = select(*_LOGIN).where(login.c.agent_id == agent_id, login.c.kind.in_(STANDING), login.c.expires_ms > now_ms())
        async with self.db.read() as connection:
            return [Login(*row[:5], _about(row[5:])) for row in await connection.execute(wanted.order_by(login.c.at.desc()))]

    async def close_login(self, agent_id: str, hashes: Sequence[str]) -> int:
        """End logins of an agent; returns how many."""
        own = and_(login.c.agent_id == agent_id, login.c.token_hash.in_(hashes))
        async with self.db.write() as connection:
            return int((await connection.execute(delete(login).where(own))).rowcount)

    async def link_is_good(self, token_hash: str) -> bool:
        """Whether a one-time link could be used now."""
        async with self.db.read() as connection:
            return (await connection.execute(select(login.c.kind).where(_link(token_hash)))).first() is not None

    async def use_link(self, token_hash: str, email: str, name: str, password: str) -> Person | None:
        """Use a one-time link up. That of the first admin makes the agent; that of an invitation or a lost password sets the
        password of the agent that it was made for, whatever address was given, and ends what sessions they had. None when the
        link does not hold."""

        async def work(connection: AsyncConnection) -> str | None:
            row = (await connection.execute(select(login.c.kind, login.c.agent_id).where(_link(token_hash)))).first()
            if row is None:
                return None
            same = login.c.kind == "setup" if row[0] == "setup" else login.c.agent_id == row[1]
            await connection.execute(delete(login).where(same, login.c.token_hash != token_hash))
            if not (await connection.execute(delete(login).where(login.c.token_hash == token_hash))).rowcount:
                return None
            if row[0] == "setup":
                if (await connection.execute(select(agent.c.id).where(_ADMIN).limit(1))).first() is not None:
                    return None
                values = {"email": email.lower(), "name": name, "role": "admin", "password": password}
                return await insert_agent(connection, values)
            values = {"password": password} | ({"name": name} if name else {})
            await connection.execute(update(agent).where(agent.c.id == row[1]).values(**values))
            return str(row[1])

        try:
            agent_id = await self.db.transact(work)
        except IntegrityError as exc:
            raise Conflict("an agent has this e-mail address already") from exc
        return await self.someone(agent_id) if agent_id else None

    async def set_password(self, agent_id: str, password: str, keep: str) -> None:
        """A new password; every login of the agent but `keep` ends."""
        async with self.db.write() as connection:
            await connection.execute(update(agent).where(agent.c.id == agent_id).values(password=password))
            await connection.execute(delete(login).where(login.c.agent_id == agent_id, login.c.token_hash != keep))

    async def improve_hash(self, agent_id: str, before: str, after: str) -> None:
        """The same password, hashed by today's parameters."""
        async with self.db.write() as connection:
            same = (agent.c.id == agent_id) & (agent.c.password == before)
            await connection.execute(update(agent).where(same).values(password=after))

    async def has_read(self, agent_id: str, conversation_id: str, seq: int) -> None:
        """An agent has read a conversation up to `seq`; never backwards."""
        here = and_(read.c.agent_id == agent_id, read.c.conversation_id == conversation_id)
        further = update(read).where(here).values(seq=case((read.c.seq < seq, seq), else_=read.c.seq))
        row = {"agent_id": agent_id, "conversation_id": conversation_id, "seq": seq}
        for _ in range(2):
            try:
                async with self.db.write() as connection:
                    if not (await connection.execute(further)).rowcount:
                        await connection.execute(insert(read), [row])
                return
            except IntegrityError:
                continue

    async def record(self, actor: str, action: str, about: str = "", detail: str = "") -> None:
        """Note who did what."""
        async with self.db.write() as connection:
            await self.record_all(connection, [Record(actor, action, about, detail)])

    async def record_all(self, connection: AsyncConnection, found: Sequence[Record]) -> None:
        """Note who did what, in the transaction in which they did it."""
        now = datetime.now(UTC)
        rows = [
            {
                "id": new_id(),
                "actor": one.actor[:191],
                "action": one.action[:64],
                "object": one.about[:191],
                "detail": one.detail[:2000],
            }
            for one in found
        ]
        await connection.execute(insert(audit), [{**row, "at": now} for row in rows])

    async def records(self, *, before: str | None, most: int) -> list[dict[str, Any]]:
        """Who did what, newest first, from before the record with the id `before`."""
        wanted = select(audit).order_by(audit.c.id.desc()).limit(most)
        if before is not None:
            wanted = wanted.where(audit.c.id < before)
        async with self.db.read() as connection:
            return [dict(row) for row in (await connection.execute(wanted)).mappings()]


_ADMIN = and_(agent.c.role == "admin", agent.c.disabled.is_(False))


def _link(token_hash: str) -> Any:
    return and_(login.c.token_hash == token_hash, login.c.kind.in_(LINKS), login.c.expires_ms > now_ms())


async def insert_agent(connection: AsyncConnection, values: Mapping[str, Any]) -> str:
    """A new agent, who may be known at a desk already: the e-mail address says so."""
    row = {"id": new_id(), "state": "away", "seen_ms": 0, "until_ms": 0, "reason": "", "disabled": False, **values}
    row |= {"at": datetime.now(UTC)}
    await connection.execute(insert(agent), [row])
    same = and_(func.lower(person.c.email) == row["email"], person.c.agent_id == "", person.c.standing.in_(("member", "")))
    await connection.execute(update(person).where(same).values(agent_id=row["id"]))
    return str(row["id"])


def person_of(row: Iterable[Any]) -> Person:
    id, email, name, role, state, disabled, here, factor, reason = row
    return Person(id, email, name, role, state, bool(disabled), bool(here) and not disabled, bool(factor), reason)


def _about(row: Sequence[Any]) -> About:
    how, label, address, rights = row
    return About(how, label, address, tuple(rights.split()))
