"""Which entry a reply answers, or changes: our id of it, what the platform and the customer know it by, and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.batch import PARTS, Batch
from hub.model import AgentReply
from hub.packing import Quoted
from hub.runtime import Hub
from hub.store.talks import Talk
from hub.wording import plain

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def quoted_by(
    hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply
) -> tuple[str, Quoted] | None:
    """(our id, what to quote) of the entry that an agent answers. None when they answer none, or one that the customer must not
    see or that belongs elsewhere."""
    if not reply.reply_to:
        return None
    wanted = str(reply.reply_to)
    entry = next((one for one in batch.entries if one["id"] == wanted), None)
    if entry is None:
        entry = await hub.store.timeline.entry(connection, wanted)
    if entry is None or entry["identity_id"] != talk.identity_id or entry["kind"] != "message":
        return None
    external = entry["external_id"] if entry["source"] == talk.channel else None
    external = external or await hub.store.timeline.became(connection, wanted, talk.channel)
    return wanted, Quoted(external, plain(PARTS.validate_json(entry["parts"]), talk.locale or "en"))


async def remember(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, entry: dict[str, Any]) -> None:
    """Let desks show what stood there before this edit or deletion: there, an old line can be far above."""
    of = entry["edit_of"]
    here = [
        one for one in batch.entries if one is not entry and (one["id"] == of or (one["edit_of"] == of and one["kind"] == "edit"))
    ]
    parts = here[-1]["parts"] if here else await hub.store.timeline.last_words(connection, talk.id, of)
    batch.about[entry["id"]] = plain(PARTS.validate_json(parts or "[]"), talk.locale or "en")
