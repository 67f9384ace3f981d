"""What agents change about what they have said: edits, deletions, and taking back what has not left yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub import acts, bilingual
from hub.batch import Batch
from hub.model import AgentReply, Author
from hub.quotes import remember
from hub.runtime import Hub
from hub.store.talks import Talk
from hub.telling import tell

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def correct(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Carry an edit or a deletion to the customer, or say that the channel can't."""
    before = await _earlier(hub, connection, batch, reply.desk, str(reply.edit_of))
    if before is None:
        return
    entry_id, public = before
    language = bilingual.holds(batch, talk, reply.parts, reply.desk) if public and reply.kind == "edit" else ""
    unseen = reply.kind == "delete" and public and await bilingual.taken_back(hub, connection, batch, talk, entry_id)
    entry = batch.append(
        talk,
        "edit" if reply.kind == "edit" else "delete",
        author,
        parts=reply.parts,
        at=reply.at,
        source=reply.desk,
        external_id=reply.id,
        edit_of=entry_id,
        public=public and not language and not unseen,
    )
    await remember(hub, connection, batch, talk, entry)
    batch.to_desks(talk, entry, origin=reply.desk)
    if not public:
        return
    capabilities = batch.capabilities[talk.channel]
    if capabilities.edit if reply.kind == "edit" else capabilities.delete:
        with bilingual.held(batch, talk, entry, language, reply.desk):
            batch.to_customer(talk, entry, kind=reply.kind)
    elif not capabilities.pulled:
        word = "change" if reply.kind == "edit" else "take back"
        reason = f"this channel cannot {word} what was sent; the customer still sees the earlier text"
        tell(batch, talk, entry_id, talk.channel, "failed", reason, "")
        batch.mark(talk, reply.desk, str(reply.edit_of), "failed")
        if reply.kind == "edit":
            batch.whisper(talk, reply.desk, str(reply.agent), "unchanged", {"note": str(reply.id)})


async def undone(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Take back a reply of which nothing has left yet; where customers fetch their log, and for a note, that is a deletion."""
    before = await _earlier(hub, connection, batch, reply.desk, str(reply.edit_of))
    if before is None:
        return
    entry_id, public = before
    calls = public and not batch.capabilities[talk.channel].pulled
    late = calls and not await acts.undo(hub, connection, batch, talk, author, entry_id)
    batch.whisper(talk, reply.desk, str(reply.agent), "late" if late else "undone", {})
    if late:
        return
    if calls:
        batch.mark(talk, reply.desk, str(reply.edit_of), "undone")
    unseen = public and await bilingual.taken_back(hub, connection, batch, talk, entry_id)
    seen = public and not unseen
    entry = batch.append(
        talk, "delete", author, at=reply.at, source=reply.desk, external_id=reply.id, edit_of=entry_id, public=seen
    )
    await remember(hub, connection, batch, talk, entry)
    batch.to_desks(talk, entry, origin=reply.desk)


async def _earlier(hub: Hub, connection: AsyncConnection, batch: Batch, source: str, external_id: str) -> tuple[str, bool] | None:
    """(entry id, whether customers see it) of what came in earlier, in this batch or before."""
    for entry in batch.entries:
        if entry["source"] == source and entry["external_id"] == external_id:
            return entry["id"], entry["kind"] != "note"
    found = await hub.store.timeline.said(connection, source, external_id)
    return (found[0], found[3]) if found else None
