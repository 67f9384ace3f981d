"""Rows of the inbox that are about no conversation that there is, or is yet: signs of people at desks, conversations that begin,
replies in threads that may be opening, and what must wait behind those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hub.batch import Batch
from hub.beginning import begun
from hub.model import AgentReply
from hub.parking import park
from hub.presence import signed
from hub.rights import person_of
from hub.runtime import Hub
from hub.sign import Sign
from hub.store.inbox import Pending
from hub.store.threads import LOST

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


LATER_MS, LATEST_MS, SHARE = 5_000, 600_000, 8
"""When to look again at a reply in a thread that we may be opening at this moment: in a share of the time that it has waited,
within these bounds. A platform may be asked about a thread for a day; what waits is looked at at once when one is known."""
log = structlog.get_logger()


async def waits_behind(hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, item: AgentReply) -> bool:
    """Keep a reply behind an earlier one of its thread that waits, and until that one's time."""
    first, due_ms = batch.held.get(_thread(item), (row.n, 0))
    if first >= row.n:
        return False
    await person_of(hub, connection, batch, item)  # an answer to this question lets the others go on too
    await hub.store.inbox.postpone(connection, row.n, row.tries, max(0, due_ms - batch.now_ms))
    return True


async def may_be_opening(hub: Hub, connection: AsyncConnection, batch: Batch, row: Pending, item: AgentReply) -> bool:
    """Keep a reply in an unknown thread while one of ours may exist unrecorded; else it is somebody's own talk, unless it waited
    for a thread that never became known: then people look at it. A thread may have become known since the batch was loaded: then
    the reply is looked at again at once. The order of the two questions matters, for each sees what was committed until then."""
    place = _thread(item)
    if not item.thread:
        return False
    opening = await hub.store.timeline.opening(connection, item.desk)
    if place not in batch.threads and await hub.store.timeline.threads(connection, {place}):
        wait_ms = 0
    elif opening:
        wait_ms = min(max(LATER_MS, (batch.now_ms - row.at_ms) // SHARE), LATEST_MS)
    elif await hub.store.threads.lost(connection, *place, row.at_ms):
        log.warning("inbound.thread_lost", n=row.n, desk=item.desk)
        await park(hub, connection, row, LOST)
        return True
    else:
        return False
    batch.held.setdefault(place, (row.n, batch.now_ms + wait_ms))
    await hub.store.inbox.postpone(connection, row.n, row.tries, wait_ms)
    return True


def _thread(item: AgentReply) -> tuple[str, str]:
    return str(item.desk), str(item.thread)


async def apart(hub: Hub, connection: AsyncConnection, batch: Batch, lane: int, item: Sign | AgentReply) -> int | None:
    """Write one down; the bucket when it belongs to another lane."""
    if isinstance(item, Sign):
        batch.signs.append(await signed(hub, connection, batch, item))
        return None
    return await begun(hub, connection, batch, lane, item)
