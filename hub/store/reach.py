"""Customers as somebody wants to write to them: who they are on a channel, and whether it takes anything for them now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables, window_tables
from hub.store.database import Database, now_ms
from hub.store.window_tables import MORE

identity = tables.Identity.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
allowance = window_tables.Allowance.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody on a channel; `open` says whether the channel takes a call for them where it counts calls."""

    id: str
    channel: str
    address: str
    name: str
    blocked: bool
    unreachable: str
    open: bool


_OPEN = func.coalesce(and_(allowance.c.until_ms > now_ms(), MORE), False)
_COLUMNS = (
    identity.c.id, identity.c.channel, identity.c.external_id, identity.c.profile, customer.c.name, identity.c.blocked,
    identity.c.unreachable, _OPEN,
)  # fmt: skip


class ReachStore:
    """Every query on who can be written to."""

    def __init__(self, db: Database) -> None:
        self.db = db
        joined = select(*_COLUMNS).join(customer, customer.c.id == identity.c.customer_id)
        self._wanted = joined.outerjoin(allowance, allowance.c.identity_id == identity.c.id)

    async def one(self, connection: AsyncConnection, asked: Mapping[str, Any]) -> Reached | None:
        """The identity that {identity} or {channel, address} names."""
        if asked.get("identity"):
            named: ColumnElement[bool] = identity.c.id == str(asked["identity"])
        else:
            same = identity.c.external_id == str(asked.get("address", ""))
            named = and_(identity.c.channel == str(asked.get("channel", "")), same)
        row = (await connection.execute(self._wanted.where(named))).first()
        return _reached(row) if row else None

    async def named(self, asked: Mapping[str, Any]) -> Reached | None:
        """As `one`, outside of any transaction."""
        async with self.db.read() as connection:
            return await self.one(connection, asked)

    async def like(self, channel: str, words: str, most: int) -> list[Reached]:
        """Who is on a channel and has these words in name or address, newest first; what was typed is never a pattern."""
        typed = words.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        columns = (customer.c.name, customer.c.email, customer.c.phone, identity.c.external_id, identity.c.profile)
        found = or_(*(func.lower(column).like(f"%{typed}%", escape="!") for column in columns))
        wanted = self._wanted.where(identity.c.channel == channel, found).order_by(identity.c.at.desc()).limit(most)
        async with self.db.read() as connection:
            return [_reached(row) for row in await connection.execute(wanted)]


def _reached(row: Any) -> Reached:
    id, channel, address, profile, name, blocked, unreachable, is_open = row
    return Reached(id, channel, address, orjson.loads(profile).get("name") or name, bool(blocked), unreachable, bool(is_open))
