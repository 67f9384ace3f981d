"""What agents change about what they have said: edits, deletions, and taking back what has not left yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from hub import acts, bilingual
from hub.batch import Batch
from hub.model import AgentReply, Author, Text
from hub.origins import Origin
from hub.quotes import remember
from hub.runtime import Hub
from hub.store.changes import changes_of
from hub.store.inbox import Pending
from hub.store.talks import Talk
from hub.telling import tell

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger()
AGAIN_MS = 2_000
"""What is kept so long after it was written may have been told before, in vain: time enough to change it meanwhile."""
GONE = ("delete", "undo")
WAITED_MS = 60_000
"""What has waited so long in the inbox may have been parked, and what is parked keeps nothing waiting behind it."""


async def as_left(connection: AsyncConnection, batch: Batch, row: Pending, reply: AgentReply) -> AgentReply | None:
    """A reply or note as its author has left it by now; None where they have taken it back. A desk that heard no 2xx tells again,
    minutes later, and what it told of an edit or a deletion meanwhile found nothing that it could be about."""
    written_ms = int(reply.at.timestamp() * 1000)
    in_time = abs(row.at_ms - written_ms) <= AGAIN_MS and batch.now_ms - row.at_ms <= WAITED_MS
    if in_time or reply.kind not in ("reply", "note"):
        return reply
    found = await changes_of(connection, reply, row.n)
    if reply.data.get("found"):  # a thread that is read again shows how what is there was changed
        found = [one for one in found if one.kind in GONE]
    if not found:
        return reply
    last = max(found, key=lambda one: one.at)
    if last.kind == "note" or any(one.kind in GONE for one in found):
        log.info("reply.taken_back", desk=reply.desk, reply=reply.id)
        return None
    files = [part for part in reply.parts if not isinstance(part, Text)]
    kind = "note" if last.data.get("internal") else reply.kind
    return reply.model_copy(update={"kind": kind, "parts": (*last.parts, *files)})


async def correct(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Carry an edit or a deletion to the customer, or say that the channel can't. Words for colleagues, into which somebody
    changed what customers see, are a note."""
    before = await _earlier(hub, connection, batch, reply.desk, str(reply.edit_of))
    if before is None:
        return
    entry_id, public = before
    if public and reply.data.get("internal"):
        own: Origin = {"source": reply.desk, "external_id": reply.id}
        batch.to_desks(talk, batch.append(talk, "note", author, parts=reply.parts, at=reply.at, public=False, **own), reply.desk)
        return
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
