"""Use-case: an answer that would use up what the channel still takes is shown to its author before it leaves.

It is kept as a note meanwhile; the author's word makes it an answer (`AgentReply.data["note"]`), as it makes any other note one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import PARTS, Batch
from hub.joined import matter
from hub.model import AgentReply, Author
from hub.ports import SupportsWhisper
from hub.rendering import fit, plain
from hub.runtime import Hub
from hub.splitting import clip
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

SHOWN = 300
"""Characters of a preview."""


async def spared(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> bool:
    """Whether the author is asked first: where the channel counts, and this would take its last call or more than there are."""
    there, address = batch.capabilities[talk.channel], batch.owners[talk.identity_id].external_id
    if there.window_for(address) is None or reply.data.get("sure") or not isinstance(hub.desks.get(reply.desk), SupportsWhisper):
        return False
    left = await hub.store.windows.left(connection, talk.identity_id, batch.now_ms)
    calls = fit(reply.parts, there, hub.files.link, talk.locale or "en")
    if not left or len(calls) < left:
        return False
    entry = batch.append(
        talk, "note", author, parts=reply.parts, at=reply.at, source=reply.desk, external_id=reply.id, public=False
    )
    batch.to_desks(talk, entry, origin=reply.desk)
    preview = clip(" ⏎ ".join(plain(call, talk.locale or "en") for call in calls), SHOWN)
    facts = {"note": str(reply.id), "left": str(left), "calls": str(len(calls)), "preview": preview}
    batch.whisper(talk, reply.desk, str(reply.agent), "last_calls", facts)
    return True


async def of_note(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply) -> AgentReply | None:
    """The answer that a note becomes, or a change that the channel could not carry, with its own parts; None when this
    conversation has no such entry, as after it was parted: its author, whom the desk has told that it leaves, hears so."""
    found = await hub.store.timeline.said(connection, str(reply.desk), str(reply.data["note"]))
    entry = await hub.store.timeline.entry(connection, found[0]) if found else None
    if (
        found is None
        or entry is None
        or found[1] not in {one.id for one in matter(batch, talk)}
        or entry["kind"] not in ("note", "edit")
    ):
        batch.whisper(talk, reply.desk, str(reply.agent), "no_note", {})
        return None
    return reply.model_copy(update={"parts": PARTS.validate_json(entry["parts"]), "data": {**reply.data, "sure": True}})
