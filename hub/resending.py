"""Use-case: an agent decides what becomes of an answer that did not arrive: again, as a link to its file, or as a note."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.batch import PARTS, Batch
from hub.model import AgentReply, Author, Text
from hub.packing import joined
from hub.rendering import fit
from hub.runtime import Hub
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

AS = ("", "link", "note")
"""What `AgentReply.data["as"]` of a resend may be."""
ENDS = ("", ":sent", ":canned")
"""How ids end of answers that one line led to: its words, a note that was sent after all, a text that it called by name."""


async def again(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> bool:
    """Carry it out; says whether a call is due now. A call that is not over any more is left alone: somebody was faster."""
    delivery, how = str(reply.edit_of), str(reply.data.get("as") or "")
    if reply.data.get("own"):
        return await _own(hub, connection, batch, talk, reply)
    if how == "":
        return await hub.store.ended.resend(connection, delivery, talk.id)
    call = await hub.store.ended.call(connection, delivery, talk.id)
    if call is None:
        return False
    if how == "link":
        return await _as_link(hub, connection, batch, talk, delivery, call.parts)
    if call.state == "failed" and call.entry_id:
        await _as_note(hub, connection, batch, talk, reply, author, call.entry_id)
    return False


async def _own(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply) -> bool:
    """All calls of an answer, named by its line's own id at its desk, that did not arrive."""
    entries = [await hub.store.timeline.said(connection, reply.desk, f"{reply.edit_of}{end}") for end in ENDS]
    again = False
    for call in await hub.store.ended.calls(connection, [found[0] for found in entries if found], talk.channel):
        again = await hub.store.ended.resend(connection, call, talk.id) or again
    if not again:
        batch.whisper(talk, reply.desk, str(reply.agent), "not_failed", {})
    return again


async def _as_link(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, delivery: str, stored: str) -> bool:
    """The same call with addresses in the place of its files."""
    there = batch.capabilities[talk.channel]
    bare = replace(there, parts=there.parts - {"media"}, media=frozenset())
    calls = fit(PARTS.validate_json(stored), bare, hub.files.link, talk.locale or "en")
    if not all(isinstance(part, Text) for call in calls for part in call):
        return False
    parts = PARTS.dump_json(joined(calls)).decode()
    return await hub.store.ended.resend(connection, delivery, talk.id, parts=parts)


async def _as_note(
    hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply, author: Author, entry_id: str
) -> None:
    """The customer never got it, and shall not: what was said stays with agents."""
    said = await hub.store.timeline.entry(connection, entry_id)
    if said is None or not await hub.store.ended.give_up(connection, entry_id, talk.channel, batch.now):
        return
    gone = batch.append(talk, "delete", author, at=reply.at, source=reply.desk, external_id=reply.id, edit_of=entry_id)
    note = batch.append(talk, "note", author, parts=PARTS.validate_json(said["parts"]), at=reply.at, public=False)
    for entry in (gone, note):
        batch.to_desks(talk, entry)
