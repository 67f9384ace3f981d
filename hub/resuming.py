"""Which conversation a customer's message belongs to: the one that is open, the last one again, or a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from hub.batch import PARTS, Batch
from hub.joined import gathered, known, let_in
from hub.model import Message, Text
from hub.rendering import preview
from hub.replies import reopen
from hub.runtime import Hub
from hub.store.calls import MEDIA
from hub.store.talks import Talk, Who
from hub.telling import SYSTEM

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def talk_of(hub: Hub, connection: AsyncConnection, batch: Batch, who: Who, message: Message) -> Talk:
    """The customer's open conversation; the last one again when it was resolved a short while ago; else a new one."""
    current = batch.open.get(who.id)
    if current is not None:
        return current
    last = None if who.new else await last_of(hub, connection, batch, who)
    if last is not None and last.merged_into:
        return await _talk_merged(hub, connection, batch, who, last) or batch.open_talk(who, message.locale)
    if last is not None and who.blocked:
        batch.add_talk(last)
        return last
    ended = last.resolved_at if last else None
    if last is not None and ended is not None and (batch.now - ended).total_seconds() < hub.reopen_within_s:
        batch.add_talk(last)
        reopen(batch, last, SYSTEM)
        last.resumed = True
        return last
    return batch.open_talk(who, message.locale)


async def _talk_merged(hub: Hub, connection: AsyncConnection, batch: Batch, who: Who, last: Talk) -> Talk | None:
    """A merged conversation takes what the customer writes while the one that goes on is open, or was a short while ago."""
    if last.id not in batch.talks:
        await known(hub, connection, batch, {last.id: last})
    await gathered(hub, connection, batch)
    head = batch.head(last)
    if head is last or who.blocked:
        return None if head is last else last
    if head.status != "open":
        if head.resolved_at is None or (batch.now - head.resolved_at).total_seconds() >= hub.reopen_within_s:
            return None
        reopen(batch, head, SYSTEM)
        last.resumed = True
    if head.status != "open":
        return None
    let_in(batch, last)
    return last


async def last_of(hub: Hub, connection: AsyncConnection, batch: Batch, who: Who) -> Talk | None:
    """The conversation that a customer had last on this channel, open or not."""
    own = [talk for talk in batch.talks.values() if talk.identity_id == who.id]
    return max(own, key=lambda talk: talk.at) if own else await hub.store.timeline.last_talk(connection, who.customer_id, who.id)


def aloud(batch: Batch, before: int) -> None:
    """The line by which a customer has reopened a matter is for all who watch its desks, not only for those who look into its
    thread; `data` of one call at each desk says so. Files are in threads alone: where there is nothing else, it is the line that
    tells of the reopening, which then names the file. `before`: how many entries there were."""
    opened = next((one for one in batch.entries[before:] if one["kind"] == "reopened"), None)
    said = next((one for one in batch.entries[before:] if one["author_kind"] == "customer"), None)
    if opened is None or said is None:
        return
    lines = [row for row in batch.deliveries if row["kind"] == "line" and row["message_id"] in (opened["id"], said["id"])]
    for desk in {row["target"]: None for row in lines}:
        here = [row for row in lines if row["target"] == desk]
        row = next((one for one in here if one["message_id"] == said["id"] and MEDIA not in one["parts"]), here[0])
        if row["message_id"] == opened["id"]:
            named = preview(PARTS.validate_json(said["parts"]), batch.talks[said["conversation_id"]].locale or "en")
            row["parts"] = PARTS.dump_json((Text(text=named),)).decode()
        row["data"] = orjson.dumps({**orjson.loads(row["data"]), "aloud": True}).decode()
