"""Rows of the inbox that are about no conversation that there is: signs of people at desks, and conversations that begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.beginning import begun
from hub.model import AgentReply
from hub.presence import signed
from hub.runtime import Hub
from hub.sign import Sign
from hub.store.inbox import Pending

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


LATER_MS = 5_000
"""When to look again at a reply in a thread that we may be opening at this moment."""


async def may_be_opening(hub: Hub, connection: AsyncConnection, row: Pending, item: AgentReply) -> bool:
    """Keep a reply in an unknown thread while one of ours may exist unrecorded; else it is somebody's own talk."""
    if not item.thread or not await hub.store.timeline.opening(connection, item.desk):
        return False
    await hub.store.inbox.postpone(connection, row.n, row.tries, LATER_MS)
    return True


async def apart(hub: Hub, connection: AsyncConnection, batch: Batch, lane: int, item: Sign | AgentReply) -> int | None:
    """Write one down; the bucket when it belongs to another lane."""
    if isinstance(item, Sign):
        batch.signs.append(await signed(hub, connection, batch, item))
        return None
    return await begun(hub, connection, batch, lane, item)
