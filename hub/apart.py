"""Rows of the inbox that are about no conversation that there is: signs of people at desks, and conversations that begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.beginning import begun
from hub.model import AgentReply
from hub.presence import signed
from hub.runtime import Hub
from hub.sign import Sign

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def apart(hub: Hub, connection: AsyncConnection, batch: Batch, lane: int, item: Sign | AgentReply) -> int | None:
    """Write one down; the bucket when it belongs to another lane."""
    if isinstance(item, Sign):
        batch.signs.append(await signed(hub, connection, batch, item))
        return None
    return await begun(hub, connection, batch, lane, item)
