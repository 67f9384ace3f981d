"""Answers that a customer has from the web chat in which a conversation goes on: they do not leave on the platform as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables
from hub.store.calls import Call
from hub.store.claiming import Overtaken

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
ELSEWHERE = "the customer has it from the web chat in which the conversation goes on"


async def leave_out(connection: AsyncConnection, runs: list[list[Call]], rows: Sequence[Mapping[str, Any]]) -> list[list[Call]]:
    """The runs without calls whose entry the customer has read in their log, which are over. What went to a socket is not enough:
    it may be a dead one. What was begun before goes on: the platform may have it. Raises `Overtaken` where one was cancelled, or
    begun elsewhere, since it was read."""
    fresh = [row for row in rows if row["said_cs"] is not None and not row["attempt"]]
    read = {row["id"] for row in fresh if row["said_cs"] <= row["who_read_cs"]}
    over = {call.id for run in runs for call in run if call.kind == "send" and call.id in read}
    if not over:
        return runs
    values = {"state": "sent", "reason": ELSEWHERE, "done_at": datetime.now(UTC)}
    as_read = delivery.c.id.in_(over), delivery.c.state == "queued", delivery.c.attempt == 0
    if (await connection.execute(update(delivery).where(*as_read).values(**values))).rowcount != len(over):
        raise Overtaken
    left = ([call for call in run if call.id not in over] for run in runs)
    return [run for run in left if run]
