"""What the process that holds a platform's request must know to answer it: how far its message has come, and what answered it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables
from hub.store.calls import SENDING, TRANSLATING, Call, call_of, taken_row
from hub.store.claiming import still
from hub.store.database import Database, now_ms
from hub.store.deliveries import DeliveryStore
from hub.store.inbox import PENDING

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]


def reserved_until(kept_ms: int, passive_s: float) -> int:
    """Until when the calls that a message brings are left to the hook that brought it. Nothing else says whose a call is: what an
    agent may still take back, or what waits for a translation, is due at another time."""
    return kept_ms + int(passive_s * 1000)


@dataclass(frozen=True, slots=True)
class Stage:
    """The conversation and lane that a message is in once it was understood, whether anything waits there to be sent to the
    customer, and until when that is left to the message's hook."""

    conversation_id: str | None = None
    lane: int = 0
    waits: bool = False
    reserved_ms: int = 0


class PassiveStore:
    """Every query of passive answers."""

    def __init__(self, db: Database, deliveries: DeliveryStore) -> None:
        self.db = db
        self._deliveries = deliveries

    async def stage(self, source: str, external_id: str, passive_s: float) -> Stage:
        """How far a message has come whose hook waits for so many seconds."""
        entry = and_(message.c.source == inbox.c.source, message.c.external_id == inbox.c.external_id)
        waits = exists().where(
            delivery.c.conversation_id == conversation.c.id, delivery.c.stream == source, delivery.c.state == "queued"
        )
        wanted = (
            select(conversation.c.id, conversation.c.lane, waits, inbox.c.at)
            .outerjoin(message, entry)
            .outerjoin(conversation, conversation.c.id == message.c.conversation_id)
            .where(inbox.c.source == source, inbox.c.external_id == external_id)
            .limit(1)
        )
        async with self.db.read() as connection:
            row = (await connection.execute(wanted)).first()
        if row is None:
            return Stage()
        kept_ms = int(row[3].timestamp() * 1000)
        return Stage(row[0], row[1] or 0, bool(row[2]), reserved_until(kept_ms, passive_s))

    async def understood(self, source: str, external_ids: Sequence[str]) -> list[str]:
        """Which of a channel's messages were understood."""
        wanted = select(inbox.c.external_id).where(
            inbox.c.source == source, inbox.c.external_id.in_(external_ids), inbox.c.state != PENDING
        )
        async with self.db.read() as connection:
            return [str(one) for one in (await connection.execute(wanted)).scalars()]

    async def answered(self, conversation_id: str, mark: str) -> list[str]:
        """The stored parts of the calls that a message was answered with, in order; empty when it was not."""
        wanted = select(delivery.c.parts).where(
            delivery.c.conversation_id == conversation_id,
            delivery.c.call_key == mark,
            delivery.c.state.in_(("sending", "sent", "unknown")),
        )
        async with self.db.read() as connection:
            return [parts or "[]" for parts in (await connection.execute(wanted.order_by(delivery.c.rank))).scalars()]

    async def retake(self, conversation_id: str, mark: str, *, owner: str, lease_ms: int) -> list[Call]:
        """Take over those of them whose fate nobody has recorded, because who answered first may have died over it. They may
        still be alive, and say what became of it after we have read that nobody has."""

        async def work(connection: AsyncConnection) -> list[Call]:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            found = await self._deliveries.streams(connection, [conversation_id])
            rows = [row for row in found if row["call_key"] == mark and row["state"] in ("sending", "unknown")]
            taken = await still(connection, rows, delivery.c.state.in_(("sending", "unknown")), delivery.c.call_key == mark)
            if taken:
                await connection.execute(
                    SENDING, [taken_row(row, now) | {"mine": owner, "until": now + lease_ms} for row in taken]
                )
            return [call_of(row, row["attempt"]) for row in taken]

        return await self.db.transact(work)

    async def free(self, conversation_id: str, stream: str, reserved_ms: int) -> None:
        """What was left to the hook that had until then is anybody's from now on, and what waits for a translation waits on."""
        reserved = update(delivery).where(
            delivery.c.conversation_id == conversation_id,
            delivery.c.stream == stream,
            delivery.c.state == "queued",
            delivery.c.tries == 0,
            delivery.c.attempt == 0,
            delivery.c.due_ms == reserved_ms,
            delivery.c.data.not_like(f"%{TRANSLATING}%"),
        )
        async with self.db.write() as connection:
            await connection.execute(reserved.values(due_ms=0))
