"""What the sweep looks for: conversations that wait for somebody, and notices that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import new_id
from hub.store import agent_tables, tables
from hub.store.database import Database, now_ms

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
notice = tables.Notice.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation in which somebody waits; `since_ms` is when that began, by the database's clock."""

    conversation_id: str
    bucket: int
    channel: str
    since_ms: int
    agent_id: str
    team: str
    locale: str
    preview: str
    customer_name: str
    email: str
    last_s: int
    due_ms: int = 0
    """When what was promised is due; 0: nothing is."""


_WHO = (
    conversation.c.id, conversation.c.bucket, conversation.c.channel, conversation.c.waiting_ms, conversation.c.agent_id,
    conversation.c.team, conversation.c.locale, conversation.c.preview, customer.c.name, customer.c.email,
    conversation.c.last_s, conversation.c.due_ms,
)  # fmt: skip


class SweepStore:
    """Every query of the sweep and of the notices."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def clock(self) -> int:
        """The database's clock, in milliseconds."""
        async with self.db.read() as connection:
            return int((await connection.execute(select(now_ms()))).scalar_one())

    async def unanswered(self, after_ms: int, most: int = 200) -> list[Waiting]:
        """Open conversations whose customer has waited this long and about which nobody was reminded yet."""
        wanted = select(*_WHO).join(customer, customer.c.id == conversation.c.customer_id)
        wanted = wanted.where(
            conversation.c.status == "open",
            conversation.c.waiting_ms > 0,
            conversation.c.waiting_ms <= now_ms() - after_ms,
            conversation.c.reminded_ms < conversation.c.waiting_ms,
            conversation.c.snooze_ms == 0,
        )
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.order_by(conversation.c.waiting_ms).limit(most))
            return [Waiting(*tuple(row)) for row in rows]

    async def overdue(self, most: int = 200) -> list[Waiting]:
        """Open conversations that are past what was promised, and whose agents were not told of that; `since_ms` is when it was
        due."""
        return await self._untold("overdue", conversation.c.due_ms, conversation.c.due_ms <= now_ms(), most)

    async def nearly(self, most: int = 200) -> list[Waiting]:
        """Open conversations whose agents are to be called because what was promised is due soon, and were not yet; `since_ms`
        is when it is due."""
        soon = and_(conversation.c.warn_ms > 0, conversation.c.warn_ms <= now_ms(), conversation.c.due_ms > now_ms())
        return await self._untold("nearly", conversation.c.due_ms, soon, most)

    async def escalated(self, after_ms: int, most: int = 200) -> list[Waiting]:
        """Open conversations whose customer has waited so long that it is urgent, and of which that was not said yet."""
        long = and_(conversation.c.waiting_ms <= now_ms() - after_ms, conversation.c.snooze_ms == 0)
        return await self._untold("escalated", conversation.c.waiting_ms, long, most)

    async def _untold(self, kind: str, about: ColumnElement[int], due: ColumnElement[bool], most: int) -> list[Waiting]:
        """Open conversations without a notice of this kind about this moment, which is their `since_ms`."""
        told = select(notice.c.id).where(
            notice.c.conversation_id == conversation.c.id, notice.c.kind == kind, notice.c.about_ms == about
        )
        columns = [about if c is conversation.c.waiting_ms else c for c in _WHO]
        wanted = select(*columns).join(customer, customer.c.id == conversation.c.customer_id)
        wanted = wanted.where(conversation.c.status == "open", about > 0, due, ~told.exists())
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.order_by(about).limit(most))
            return [Waiting(*tuple(row)) for row in rows]

    async def unseen(self, after_ms: int, channels: Sequence[str], most: int = 200) -> list[Waiting]:
        """Conversations on these channels whose customer left an e-mail address and has not come back to an answer for this long.
        Whoever is sent answers on their own device needs no mail: only channels where customers fetch them are asked about."""
        columns = [conversation.c.unread_ms if c is conversation.c.waiting_ms else c for c in _WHO]
        wanted = select(*columns).join(customer, customer.c.id == conversation.c.customer_id)
        wanted = wanted.join(identity, identity.c.id == conversation.c.identity_id)
        wanted = wanted.where(
            conversation.c.channel.in_(channels),
            conversation.c.unread_ms > 0,
            conversation.c.unread_ms <= now_ms() - after_ms,
            customer.c.email != "",
            identity.c.seen_ms < conversation.c.unread_ms,
        )
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.order_by(conversation.c.unread_ms).limit(most))
            return [Waiting(*tuple(row)) for row in rows]

    async def unassigned(self, most: int = 50) -> list[Waiting]:
        """Open conversations whose customer waits and that belong to nobody, longest wait first."""
        wanted = select(*_WHO).join(customer, customer.c.id == conversation.c.customer_id)
        alone = and_(conversation.c.agent_id == "", conversation.c.snooze_ms == 0)
        wanted = wanted.where(conversation.c.status == "open", conversation.c.waiting_ms > 0, alone)
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.order_by(conversation.c.waiting_ms).limit(most))
            return [Waiting(*tuple(row)) for row in rows]

    async def slept(self, most: int = 200) -> list[tuple[str, int]]:
        """(conversation, the end of its snooze) of those that have slept long enough."""
        over = and_(conversation.c.status == "open", conversation.c.snooze_ms > 0, conversation.c.snooze_ms <= now_ms())
        async with self.db.read() as connection:
            rows = await connection.execute(select(conversation.c.id, conversation.c.snooze_ms).where(over).limit(most))
            return [(row[0], row[1]) for row in rows]

    async def queue_notice(self, waiting: Waiting, kind: str) -> bool:
        """Note that a notice is due, once for each wait; says whether it is new."""
        row = {
            "id": new_id(),
            "conversation_id": waiting.conversation_id,
            "kind": kind,
            "about_ms": waiting.since_ms,
            "state": "queued",
            "tries": 0,
            "due_ms": 0,
            "error": "",
            "at": datetime.now(UTC),
        }
        settled = update(conversation).where(conversation.c.id == waiting.conversation_id)
        columns: dict[str, dict[str, Any]] = {"unanswered": {"reminded_ms": waiting.since_ms}, "left": {"unread_ms": 0}}
        try:
            async with self.db.write() as connection:
                await connection.execute(insert(notice), [row])
                if kind in columns:
                    await connection.execute(settled.values(**columns[kind]))
        except IntegrityError:
            return False
        return True

    async def queue_transcript(self, conversation_id: str, address: str) -> None:
        """Note that a conversation is to be sent to an address."""
        row = {
            "id": new_id(),
            "conversation_id": conversation_id,
            "kind": "transcript",
            "state": "queued",
            "tries": 0,
            "due_ms": 0,
        }
        row |= {"error": "", "address": address, "at": datetime.now(UTC)}
        async with self.db.write() as connection:
            row["about_ms"] = int((await connection.execute(select(now_ms()))).scalar_one())
            await connection.execute(insert(notice), [row])

    async def take_notices(self, lease_ms: int, kinds: Sequence[str], most: int = 50) -> list[dict[str, Any]]:
        """Notices to send now; they come back after the lease when nobody says what became of them."""
        due = and_(notice.c.state == "queued", notice.c.due_ms <= now_ms(), notice.c.kind.in_(kinds))

        async def work(connection: Any) -> list[dict[str, Any]]:
            wanted = select(notice).where(due).order_by(notice.c.due_ms).limit(most).with_for_update()
            rows = [dict(row) for row in (await connection.execute(wanted)).mappings()]
            if rows:
                later = {"due_ms": now_ms() + lease_ms, "tries": notice.c.tries + 1}
                await connection.execute(update(notice).where(notice.c.id.in_([r["id"] for r in rows])).values(**later))
            return rows

        return await self.db.transact(work)

    async def close_notice(self, notice_id: str, state: str, error: str = "", wait_ms: int = 0, untried: bool = False) -> None:
        """Record what became of a notice: sent, failed, or queued again after `wait_ms`, `untried` when nothing was tried."""
        values: dict[str, Any] = {"state": state, "error": error[:2000], "due_ms": now_ms() + wait_ms}
        values |= {"tries": 0} if untried else {}
        if state != "queued":
            values["address"] = None
        async with self.db.write() as connection:
            await connection.execute(update(notice).where(notice.c.id == notice_id).values(**values))

    async def about(self, conversation_id: str) -> tuple[Waiting, list[tuple[str, str]]] | None:
        """A conversation's facts for a notice, and its (desk, thread) pairs."""
        wanted = select(*_WHO).join(customer, customer.c.id == conversation.c.customer_id)
        threads = select(thread.c.desk, thread.c.external_id).where(thread.c.conversation_id == conversation_id)
        async with self.db.read() as connection:
            row = (await connection.execute(wanted.where(conversation.c.id == conversation_id))).first()
            pairs = [(desk, external) for desk, external in await connection.execute(threads)]
        return (Waiting(*tuple(row)), pairs) if row else None

    async def lapse(self, owners: Sequence[str]) -> int:
        """What these processes held is held no more: they have certainly ended. Returns how many calls and questions it was."""
        theirs = delivery.c.owner.in_(owners)
        calls = update(delivery).where(delivery.c.state == "sending", theirs, delivery.c.lease_ms > 0).values(lease_ms=0)
        later = and_(delivery.c.state == "unknown", theirs, delivery.c.due_ms > now_ms())
        asked = update(delivery).where(later).values(due_ms=now_ms())

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(calls)).rowcount + (await connection.execute(asked)).rowcount

        return await self.db.transact(work) if owners else 0

    async def notices_due(self) -> bool:
        """Whether a notice waits to be sent."""
        due = and_(notice.c.state == "queued", notice.c.due_ms <= now_ms())
        async with self.db.read() as connection:
            return (await connection.execute(select(notice.c.id).where(due).limit(1))).first() is not None
