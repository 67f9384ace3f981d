"""New conversations whose threads wait to be opened: how many there are, and which are told of together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import new_id
from hub.store import tables
from hub.store.database import Database

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
UNTOLD = "{}"
"""The `data` of a call that opens a thread, until its conversation was told of with others."""


@dataclass(frozen=True, slots=True)
class Unopened:
    """A call that opens a thread and waits for its turn."""

    id: str
    conversation_id: str
    channel: str
    team: str
    lane: int


@dataclass(frozen=True, slots=True)
class Told:
    """A conversation as it is told of with others."""

    id: str
    channel: str
    team: str
    customer: str
    preview: str
    at: datetime


class GatheringStore:
    """Every query about them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def unopened(self, desk: str, most: int) -> list[Unopened]:
        """Threads that wait to be opened at a desk and were not told of, in the order of coming."""
        columns = (delivery.c.id, delivery.c.conversation_id, conversation.c.channel, conversation.c.team, delivery.c.lane)
        wanted = select(*columns).join(conversation, conversation.c.id == delivery.c.conversation_id).where(_waits(desk))
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.order_by(delivery.c.id).limit(most))
            return [Unopened(*tuple(row)) for row in rows]

    async def begun(self, desk: str, since: str) -> dict[tuple[str, str], int]:
        """(channel, team) → how many threads were asked for at a desk since the moment of an id."""
        own = and_(delivery.c.id >= since, delivery.c.target == desk, delivery.c.kind == "open")
        wanted = select(conversation.c.channel, conversation.c.team, func.count())
        wanted = wanted.join(delivery, conversation.c.id == delivery.c.conversation_id).where(own)
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.group_by(conversation.c.channel, conversation.c.team))
            return {(row[0], row[1]): int(row[2]) for row in rows}

    async def gather(self, desk: str, kind: str, chosen: Sequence[Unopened]) -> bool:
        """Ask for one call that tells of all of these; False when one of them was told of, or opened, meanwhile. Each is told of
        in one call at most, however many look at once."""
        first = chosen[0]
        own = and_(_waits(desk), delivery.c.id.in_([one.id for one in chosen]))

        async def work(connection: AsyncConnection) -> bool:
            here = list((await connection.execute(select(delivery.c.id).where(own).with_for_update())).scalars())
            if len(here) < len(chosen):
                return False
            row = _call(desk, kind, first, [one.conversation_id for one in chosen])
            await connection.execute(insert(delivery), [row])
            told = update(delivery).where(delivery.c.id.in_(here)).values(data=orjson.dumps({kind: row["id"]}).decode())
            await connection.execute(told)
            return True

        return await self.db.transact(work)

    async def of(self, ids: Sequence[str]) -> list[Told]:
        """These conversations, in the order of coming."""
        columns = [conversation.c[name] for name in ("id", "channel", "team")]
        wanted = select(*columns, customer.c.name, conversation.c.preview, conversation.c.at)
        wanted = wanted.join(customer, customer.c.id == conversation.c.customer_id).where(conversation.c.id.in_(ids))
        async with self.db.read() as connection:
            return [Told(*tuple(row)) for row in await connection.execute(wanted.order_by(conversation.c.id))]


def _waits(desk: str) -> Any:
    own = and_(delivery.c.target == desk, delivery.c.kind == "open", delivery.c.data == UNTOLD)
    return and_(delivery.c.state == "queued", own)


def _call(desk: str, kind: str, first: Unopened, of: Sequence[str]) -> dict[str, Any]:
    id = new_id()
    return {
        "id": id, "idem_key": id, "conversation_id": first.conversation_id, "message_id": None, "target": desk,
        "stream": f"{desk}#{kind}", "kind": kind, "rank": 0, "lane": first.lane, "state": "queued", "tries": 0, "attempt": 0,
        "due_ms": 0, "lease_ms": 0, "owner": "", "call_key": "", "parts": None, "data": orjson.dumps({"of": list(of)}).decode(),
        "external_id": None, "reason": "", "at": datetime.now(UTC), "done_at": None,
    }  # fmt: skip
