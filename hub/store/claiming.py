"""Changing deliveries only while they are what was read: not everybody who changes them holds their lane.

A cancellation doesn't, nor does an outcome; and a call that moves to another lane has two of them for a moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import new_id
from hub.store import tables
from hub.store.calls import SENDING, Call

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
attempt = tables.DeliveryAttempt.__table__  # type: ignore[attr-defined]
Row = TypeVar("Row", bound=Mapping[str, Any])

_CLAIMED = SENDING.where(delivery.c.state == "queued", delivery.c.attempt == bindparam("before")).values(
    call_key=bindparam("shared")
)
_CLAIMED_POSTGRES = text(
    "UPDATE delivery SET state = 'sending', owner = :mine, lease_ms = :until, attempt = read.n + 1, call_key = read.shared "
    "FROM unnest(CAST(:ids AS varchar[]), CAST(:turns AS integer[]), CAST(:shared AS varchar[])) AS read(id, n, shared) "
    "WHERE delivery.id = read.id AND delivery.state = 'queued' AND delivery.attempt = read.n"
)
"""One statement for several: of as many statements, its driver does not say how many rows they changed."""


class Overtaken(Exception):
    """What a transaction has read was changed meanwhile, so that nothing of it holds: it begins again."""


async def mark_sending(connection: AsyncConnection, calls: Sequence[Call], owner: str, lease_ms: int) -> None:
    """Mark queued calls as being made by `owner`, all of them or, with `Overtaken`, none: what shares a call goes on together."""
    if len(calls) > 1 and connection.dialect.name == "postgresql":
        ids, turns, shared = [c.id for c in calls], [c.attempt - 1 for c in calls], [c.call_key for c in calls]
        read = {"ids": ids, "turns": turns, "shared": shared}
        marked = await connection.execute(_CLAIMED_POSTGRES, {"mine": owner, "until": lease_ms, **read})
    else:
        kept = {"mine": owner, "until": lease_ms}
        rows = [{"row": c.id, "turn": c.attempt, "before": c.attempt - 1, "shared": c.call_key, **kept} for c in calls]
        marked = await connection.execute(_CLAIMED, rows)
    if marked.rowcount != len(calls):
        raise Overtaken
    await connection.execute(insert(attempt), [_begun(c, datetime.now(UTC)) for c in calls])


def _begun(call: Call, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "delivery_id": call.id,
        "n": call.attempt,
        "phase": "sending",
        "outcome": "",
        "error": "",
        "started_at": now,
        "finished_at": None,
    }


async def still(connection: AsyncConnection, rows: Sequence[Row], *as_read: ColumnElement[bool]) -> list[Row]:
    """Those of these deliveries of which this is still true in the same attempt; they are held until the transaction ends."""
    if not rows:
        return []
    own = delivery.c.id.in_([row["id"] for row in rows])
    wanted = select(delivery.c.id, delivery.c.attempt).where(own, *as_read).order_by(delivery.c.id)
    held = {(one.id, one.attempt) for one in await connection.execute(wanted.with_for_update())}
    return [row for row in rows if (row["id"], row["attempt"]) in held]
