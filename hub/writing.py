"""A batch written down: its entries, calls and files, and the rows of the inbox that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.accepting import overtaken
from hub.batch import Batch
from hub.promises import promised
from hub.runtime import Hub

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def write(hub: Hub, connection: AsyncConnection, batch: Batch, finished: list[int]) -> None:
    """Save the batch and finish its rows; the places in the inbox-wide log come last, because other lanes wait behind them."""
    timeline = hub.store.timeline
    people = [who for who in batch.owners.values() if who.new or who.changed]
    if batch.audits:
        await hub.store.agents.record_all(connection, batch.audits)
    moved = promised(hub.promises, hub.routing, batch)
    await timeline.append(connection, [], batch.deliveries, batch.files)
    await overtaken(hub, connection, batch)
    if batch.reminders:
        await hub.store.reminders.queue(connection, batch.reminders)
    if batch.loads:
        await hub.store.staff.assigned(connection, batch.loads, batch.now_ms)
    first = await hub.store.inbox.finish(connection, finished, len(batch.entries))
    for s, entry in enumerate(batch.entries, first):
        entry["s"] = s
        batch.talks[entry["conversation_id"]].last_s = s
    await timeline.save(connection, people, moved)
    await timeline.append(connection, batch.entries, [], [])
    await hub.store.translations.add(connection, batch.translations)
