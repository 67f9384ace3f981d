"""Canned replies that agents have saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import saved_tables, tables
from hub.store.database import Database

saved = saved_tables.SavedReply.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Saved:
    """One of them; `actor` is who wrote it last."""

    name: str
    title: str
    locale: str
    text: str
    actor: str


@dataclass(frozen=True, slots=True)
class Whose:
    """The customer of a thread's conversation, and its language."""

    name: str
    email: str
    phone: str
    locale: str
    conversation: str


def folded(name: str) -> str:
    """A name as it is looked for."""
    return name.casefold()[:191]


class SavedStore:
    """Every query on saved replies."""

    def __init__(self, db: Database) -> None:
        self.db = db
        there_already = {
            "sqlite": sqlite.insert(saved).on_conflict_do_nothing(),
            "postgresql": postgresql.insert(saved).on_conflict_do_nothing(),
        }
        self._add = there_already.get(db.dialect, mysql.insert(saved).prefix_with("IGNORE"))

    async def all(self) -> list[Saved]:
        """Every one, by name."""
        columns = [saved.c[name] for name in Saved.__slots__]
        async with self.db.read() as connection:
            return [Saved(*row) for row in await connection.execute(select(*columns).order_by(saved.c.folded))]

    async def count(self, connection: AsyncConnection) -> int:
        """How many there are."""
        return int((await connection.execute(select(func.count()).select_from(saved))).scalar_one())

    async def put(self, connection: AsyncConnection, one: Saved, was: str = "") -> bool:
        """Keep a reply, in the place of the one that is named `was`; False when another one has its name. A row
        that is not there can't be held: who comes second at the same moment finds it when it is put in."""
        own, before = folded(one.name), folded(was)
        wanted = select(saved.c.folded).where(saved.c.folded.in_([own, before])).with_for_update()
        there = set((await connection.execute(wanted)).scalars())
        if own in there and own != before:
            return False
        if own == before:
            await self.drop(connection, was)
        values = {name: getattr(one, name) for name in Saved.__slots__}
        row = {**values, "folded": own, "actor": one.actor[:191], "at": datetime.now(UTC)}
        if not (await connection.execute(self._add, row)).rowcount:
            return False
        if own != before:
            await self.drop(connection, was)
        return True

    async def drop(self, connection: AsyncConnection, name: str) -> bool:
        """Forget a reply; False when there is none of that name."""
        return bool((await connection.execute(delete(saved).where(saved.c.folded == folded(name)))).rowcount)

    async def whose(self, desk: str, external_id: str) -> Whose | None:
        """The customer in whose thread at a desk something is saved; None where there is no conversation."""
        wanted = select(customer.c.name, customer.c.email, customer.c.phone, conversation.c.locale, conversation.c.id)
        wanted = wanted.join(conversation, conversation.c.customer_id == customer.c.id)
        wanted = wanted.join(thread, thread.c.conversation_id == conversation.c.id)
        here = wanted.where(thread.c.desk == desk, thread.c.external_id == external_id)
        async with self.db.read() as connection:
            row = (await connection.execute(here)).first()
        return Whose(*(value or "" for value in row)) if row else None
