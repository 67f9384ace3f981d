"""Conversations that were merged, in a batch: agents see one matter, and each customer's channel keeps a log of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.batch import Batch
from hub.model import AgentReply
from hub.runtime import Hub
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

CHANGES = ("edit", "delete", "undo")


def matter(batch: Batch, talk: Talk) -> list[Talk]:
    """A conversation with all that were merged into it, or into the same one."""
    head = batch.head(talk)
    return [head, *(one for one in batch.talks.values() if one.merged_into == head.id)]


def let_in(batch: Batch, talk: Talk) -> None:
    """Let come here what the customer writes, unless they have another conversation open on this channel."""
    if batch.open.setdefault(talk.identity_id, talk) is talk:
        talk.open_key, talk.changed = talk.identity_id, True


def shut(batch: Batch, talk: Talk) -> None:
    """Let nothing come here any more."""
    talk.open_key, talk.changed = None, True
    if batch.open.get(talk.identity_id) is talk:
        del batch.open[talk.identity_id]


async def gathered(hub: Hub, connection: AsyncConnection, batch: Batch) -> None:
    """Let the batch know the whole matter of every merged conversation in it. One whose head is in another lane, as it may be
    after a stranger was named, stands for itself."""
    talks = batch.talks.values()
    heads = {one.merged_into for one in talks if one.merged_into} - set(batch.talks)
    heads_here = {one.id for one in talks if one.joins} | heads
    if not heads_here:
        return
    found = await hub.store.timeline.talks(connection, heads) if heads else {}
    found |= await hub.store.merging.joined(connection, heads_here)
    lanes = {one.merged_into: one.lane for one in talks if one.merged_into} | {one.id: one.lane for one in talks}
    await known(hub, connection, batch, {id: one for id, one in found.items() if lanes.get(one.merged_into or id) == one.lane})


async def known(hub: Hub, connection: AsyncConnection, batch: Batch, found: dict[str, Talk]) -> None:
    """Add conversations to a batch, with whose they are and what else these have open."""
    fresh = [one for id, one in found.items() if id not in batch.talks]
    for talk in fresh:
        batch.add_talk(talk)
    settled = {one.identity_id for one in fresh if one.open_key is None} - set(batch.open)
    for talk in (await hub.store.timeline.open_talks(connection, settled)).values() if settled else ():
        if talk.id not in batch.talks:
            batch.add_talk(talk)
    strangers = {one.identity_id for one in batch.talks.values()} - set(batch.owners)
    for who in (await hub.store.timeline.identities(connection, strangers)).values() if strangers else ():
        batch.owners[who.id] = batch.people[(who.channel, who.external_id)] = who


async def answered_in(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, reply: AgentReply) -> Talk:
    """The conversation that an agent's reply or action belongs to. An answer goes where the agent says: into the thread of the
    merged one, to the conversation named in `data["to"]`, to where the quoted line came from; else to where the customer wrote
    last. What is done about the matter is done to the one that the others were merged into."""
    head = batch.head(talk)
    if not head.joins:
        return head
    if reply.kind in CHANGES or reply.kind == "resend":
        return batch.talks.get(await _place_of(hub, connection, batch, reply) or "", head)
    if reply.kind != "reply":
        return head
    if talk is not head:
        return talk
    all_of_it = matter(batch, head)
    if named := next((one for one in all_of_it if one.id == reply.data.get("to")), None):
        return named
    if reply.reply_to and (quoted := await hub.store.timeline.entry(connection, str(reply.reply_to))):
        return next((one for one in all_of_it if one.identity_id == quoted["identity_id"]), head)
    return max(all_of_it, key=lambda one: one.said_ms)


async def _place_of(hub: Hub, connection: AsyncConnection, batch: Batch, reply: AgentReply) -> str | None:
    """Where what an agent changes, or sends again, was said."""
    wanted = str(reply.edit_of)
    if reply.kind == "resend":
        return await hub.store.merging.of_call(connection, wanted)
    for entry in batch.entries:
        if entry["source"] == reply.desk and entry["external_id"] == wanted:
            return str(entry["conversation_id"])
    found = await hub.store.timeline.said(connection, reply.desk, wanted)
    return found[1] if found else None
