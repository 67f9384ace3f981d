"""Agents who were called in a thread, or given a conversation: whether they have been there since, and where they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import agent_tables, tables
from hub.store.database import Database

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
person = agent_tables.DeskPerson.__table__  # type: ignore[attr-defined]
reading = agent_tables.AgentRead.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
notice = tables.Notice.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Called:
    """What somebody was called about: by whom, at which desk (empty: not at one), and in which conversation."""

    by: str
    by_id: str
    desk: str
    status: str
    agent_id: str
    customer: str
    channel: str
    threads: tuple[tuple[str, str], ...]
    """(desk, thread)"""


class ReminderStore:
    """Every query about them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def queue(self, connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
        """Note in an inbound transaction whom to remind later, unless they have been there by then."""
        await connection.execute(insert(notice), rows)

    async def called(self, conversation_id: str, seq: int) -> Called | None:
        """What the entry at that place calls somebody about."""
        columns = (message.c.author_name, message.c.author_id, message.c.source, conversation.c.status, conversation.c.agent_id)
        wanted = select(*columns, customer.c.name, conversation.c.channel)
        wanted = wanted.join(conversation, conversation.c.id == message.c.conversation_id)
        wanted = wanted.join(customer, customer.c.id == conversation.c.customer_id)
        wanted = wanted.where(message.c.conversation_id == conversation_id, message.c.seq == seq)
        threads = select(thread.c.desk, thread.c.external_id).where(thread.c.conversation_id == conversation_id)
        async with self.db.read() as connection:
            row = (await connection.execute(wanted)).first()
            pairs = tuple((one[0], one[1]) for one in await connection.execute(threads.order_by(thread.c.desk)))
        return Called(*row[:7], pairs) if row else None

    async def has_been(self, conversation_id: str, seq: int, ids: Sequence[str]) -> bool:
        """Whether somebody, by any of their ids, has written or done something there since, or read that far in the console."""
        did = and_(message.c.conversation_id == conversation_id, message.c.seq > seq, message.c.author_id.in_(ids))
        read = and_(reading.c.conversation_id == conversation_id, reading.c.seq >= seq, reading.c.agent_id.in_(ids))
        async with self.db.read() as connection:
            acted = await connection.execute(select(message.c.id).where(did).limit(1))
            return bool(acted.first() or (await connection.execute(select(reading.c.seq).where(read).limit(1))).first())

    async def told_of(self, conversation_id: str, ids: Sequence[str], kinds: Sequence[str]) -> int:
        """The place in the conversation about which somebody, by any of their ids, was told last; 0: they never were."""
        own = and_(notice.c.conversation_id == conversation_id, notice.c.agent_id.in_(ids), notice.c.kind.in_(kinds))
        async with self.db.read() as connection:
            wanted = select(func.max(notice.c.seq)).where(own, notice.c.state == "sent")
            return int((await connection.execute(wanted)).scalar() or 0)

    async def at_desk(self, desk: str, agent_id: str) -> str:
        """Who an agent is at a desk; empty when nobody there is known to be them."""
        wanted = select(person.c.external_id).where(person.c.desk == desk, person.c.agent_id == agent_id)
        async with self.db.read() as connection:
            return str((await connection.execute(wanted.order_by(person.c.external_id).limit(1))).scalar() or "")

    async def email_of(self, agent_id: str) -> str:
        """An agent's address; empty when there is no such agent, or they were switched off."""
        wanted = select(agent.c.email).where(agent.c.id == agent_id, agent.c.disabled.is_(False))
        async with self.db.read() as connection:
            return str((await connection.execute(wanted)).scalar() or "")
