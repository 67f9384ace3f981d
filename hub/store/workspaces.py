"""The workspaces in which a desk's app is installed, with their sealed tokens; and one-time secrets that carry something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import agent_tables, tables, workspace_tables
from hub.store.database import Database, now_ms

workspace = workspace_tables.Workspace.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
login = agent_tables.AgentLogin.__table__  # type: ignore[attr-defined]
GRANTED = ("name", "member", "scopes", "sealed", "state", "reason", "actor")


@dataclass(frozen=True, slots=True)
class Once:
    """What a one-time secret was made for: by which agent, and what it is about."""

    agent_id: str
    label: str
    address: str


class WorkspaceStore:
    """Every query on installations."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def all(self, desk: str) -> list[Mapping[str, Any]]:
        """Every workspace of a desk, by name."""
        async with self.db.read() as connection:
            wanted = select(workspace).where(workspace.c.desk == desk).order_by(workspace.c.name, workspace.c.workspace)
            return [dict(row) for row in (await connection.execute(wanted)).mappings()]

    async def grant(self, desk: str, id: str, facts: Mapping[str, str]) -> int:
        """A workspace has granted, for the first time or anew: what was there is replaced. `facts` are those of `GRANTED`.
        Returns since when nothing was told from there (`gone_ms`)."""
        own = {name: str(facts.get(name, ""))[:191] if name not in ("scopes", "sealed") else facts[name] for name in GRANTED}
        here = and_(workspace.c.desk == desk, workspace.c.workspace == id)

        async def work(connection: AsyncConnection) -> int:
            values = {**own, "gone_ms": 0, "granted_ms": int((await connection.execute(select(now_ms()))).scalar_one())}
            known = (await connection.execute(select(workspace.c.gone_ms).where(here).with_for_update())).first()
            if known is not None:
                await connection.execute(update(workspace).where(here).values(**values))
                return int(known[0])
            row = {"desk": desk, "workspace": id, **values, "at": datetime.now(UTC)}
            await connection.execute(insert(workspace), [row])
            return 0

        try:
            return await self.db.transact(work)
        except IntegrityError:
            return await self.db.transact(work)

    async def gone(self, desk: str, id: str, since_ms: int, why: str) -> bool:
        """The token was taken back; it is forgotten. False when it was granted anew after that, or is known to be gone."""
        here = and_(workspace.c.desk == desk, workspace.c.workspace == id, workspace.c.state == "live")
        lost = {"state": "gone", "sealed": "", "reason": why[:191], "gone_ms": since_ms}
        async with self.db.write() as connection:
            earlier = update(workspace).where(here, workspace.c.granted_ms <= since_ms).values(**lost)
            return bool((await connection.execute(earlier)).rowcount)

    async def reseal(self, desk: str, id: str, before: str, after: str) -> None:
        """The same token, sealed by another key; nothing when it was replaced meanwhile."""
        same = and_(workspace.c.desk == desk, workspace.c.workspace == id, workspace.c.sealed == before)
        async with self.db.write() as connection:
            await connection.execute(update(workspace).where(same).values(sealed=after))

    async def resume(self, desk: str) -> list[int]:
        """What waits for a desk is due at once; the lanes that it lies in."""
        waits = and_(delivery.c.target == desk, delivery.c.state == "queued", delivery.c.due_ms > now_ms())

        async def work(connection: AsyncConnection) -> list[int]:
            lanes = list((await connection.execute(select(delivery.c.lane).where(waits).distinct())).scalars())
            if lanes:
                await connection.execute(update(delivery).where(waits).values(due_ms=0))
            return sorted(lanes)

        return await self.db.transact(work)

    async def look(self, kind: str, token_hash: str) -> Once | None:
        """What a one-time secret is for, while it is good."""
        wanted = select(login.c.agent_id, login.c.label, login.c.address).where(_good(kind, token_hash))
        async with self.db.read() as connection:
            row = (await connection.execute(wanted)).first()
        return Once(*row) if row else None

    async def spend(self, kind: str, token_hash: str) -> Once | None:
        """Use a one-time secret up; None when it is none, is used, or is too old. Of two who come together one has it."""
        good = _good(kind, token_hash)

        async def work(connection: AsyncConnection) -> Once | None:
            wanted = select(login.c.agent_id, login.c.label, login.c.address).where(good)
            row = (await connection.execute(wanted)).first()
            if row is None or not (await connection.execute(delete(login).where(good))).rowcount:
                return None
            return Once(*row)

        return await self.db.transact(work)


def _good(kind: str, token_hash: str) -> Any:
    return and_(login.c.token_hash == token_hash, login.c.kind == kind, login.c.expires_ms > now_ms())
