"""What agents do with a conversation beyond answering, as `changed` entries that only agents see.

The entry's `data` is one of {what: "snoozed", until: ISO 8601 or null}, {what: "woken", by: "customer" | "time" | "agent"},
{what: "priority", level: 0..3}, {what: "tags", add, remove, tags}, {what: "blocked" | "unblocked", reason}, {what: "late"} where
a reply could not be taken back any more, {what: "merged" | "parted", into | from: the other conversation, reason},
{what: "handed_over", agent, name: of who had it}, and {what: "beside", of, entry, conversation, channel}, in whose
place agents see that entry of a merged conversation.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.batch import Batch
from hub.model import AgentReply, Author
from hub.runtime import Hub
from hub.store.talks import Talk
from hub.workbench import TAG, TAGS

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

UNTIL_WRITTEN = 2**53
"""A snooze that only the customer's next message ends."""
URGENT = 3
TAGS_TOGETHER = 512
"""Characters of all tags of a conversation, with the spaces between."""


def acted(batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    """Carry out what changes only our own picture. `reply.data` by kind: snooze {until: ISO 8601, or null for until the customer
    writes; a time that has passed wakes}, priority {level}, tags {add, remove}, block and unblock {reason}. Raises ValueError."""
    match reply.kind:
        case "snooze":
            _snooze(batch, talk, reply, author)
        case "priority":
            level = int(reply.data["level"])
            if not 0 <= level <= URGENT:
                raise ValueError("level must be 0 to 3")
            if level != talk.priority:
                talk.priority = level
                _changed(batch, talk, author, {"what": "priority", "level": level})
        case "tags":
            _tag(batch, talk, reply, author)
        case _:
            _block(batch, talk, reply, author)


def wake(batch: Batch, talk: Talk, author: Author, by: str) -> None:
    """A snoozed conversation is here again."""
    if talk.snooze_ms:
        talk.snooze_ms = 0
        _changed(batch, talk, author, {"what": "woken", "by": by})


async def undo(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, author: Author, entry_id: str) -> bool:
    """Cancel an entry's calls to the customer if none has begun; else say that it is too late. True: cancelled."""
    here = [call for call in batch.deliveries if call["message_id"] == entry_id and call["target"] == talk.channel]
    if here:
        batch.deliveries[:] = [call for call in batch.deliveries if call not in here]
        return True
    if await hub.store.timeline.cancel(connection, entry_id, talk.channel, batch.now):
        return True
    _changed(batch, talk, author, {"what": "late"}, edit_of=entry_id)
    return False


def tags_of(stored: str) -> list[str]:
    """Tags as their column keeps them, apart."""
    return stored.split()


def _snooze(batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    ended = reply.data.get("ended_ms")
    if ended is not None:
        if ended == talk.snooze_ms:
            wake(batch, talk, author, "time")
        return
    until = datetime.fromisoformat(reply.data["until"]) if reply.data.get("until") else None
    snooze_ms = int(until.timestamp() * 1000) if until else UNTIL_WRITTEN
    if snooze_ms <= batch.now_ms:
        wake(batch, talk, author, "agent")
    elif talk.status == "open" and snooze_ms != talk.snooze_ms:
        talk.snooze_ms = snooze_ms
        _changed(batch, talk, author, {"what": "snoozed", "until": until.isoformat() if until else None})


def _tag(batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    before = tags_of(talk.tags)
    add, remove = ([str(tag) for tag in reply.data.get(name) or ()] for name in ("add", "remove"))
    if any(not tag or len(tag) > TAG or len(tag.split()) != 1 for tag in add):
        raise ValueError(f"a tag is one word of at most {TAG} characters")
    after = sorted({*before, *add} - set(remove))
    stored = f" {' '.join(after)} " if after else ""
    if len(after) > TAGS or len(stored) > TAGS_TOGETHER:
        _changed(batch, talk, author, {"what": "tags", "add": [], "remove": [], "tags": before})
    elif after != before:
        talk.tags = stored
        data = {"add": sorted(set(after) - set(before)), "remove": sorted(set(before) - set(after)), "tags": after}
        _changed(batch, talk, author, {"what": "tags", **data})


def _block(batch: Batch, talk: Talk, reply: AgentReply, author: Author) -> None:
    who = batch.owners[talk.identity_id]
    blocked = reply.kind == "block"
    if who.blocked == blocked:
        return
    who.blocked, who.changed = blocked, True
    if blocked:
        talk.waiting_ms = 0
    what = "blocked" if blocked else "unblocked"
    _changed(batch, talk, author, {"what": what, "reason": str(reply.data.get("reason") or "")[:500]})


def _changed(batch: Batch, talk: Talk, author: Author, data: dict[str, Any], edit_of: str | None = None) -> None:
    batch.append(talk, "changed", author, data=data, public=False, edit_of=edit_of)
    batch.redraw(talk)
