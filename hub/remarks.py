"""What customers do beside writing: reactions to one message, the further pictures of an album, links with a word in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from hub.batch import PARTS, Batch
from hub.model import Author, Event, Location, Message, Part
from hub.runtime import Hub
from hub.store.talks import Talk, Who
from hub.wording import plain

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

COMINGS = ("followed", "scanned", "opened", "started")
"""Events whose data is the word in the link or code by which the customer came."""
MOVES_S = 60.0
"""Between two places of a live one that are written down."""
NEAR = 30
"""Entries among which the other parts of an album are looked for; platforms take ten in one."""


def came_by(message: Message) -> str:
    """The word by which the customer came, as far as it is kept."""
    return next((part.data for part in message.parts if isinstance(part, Event) and part.kind in COMINGS), "")[:191]


def begins_with(batch: Batch, who: Who, message: Message) -> bool:
    """Whether an event is as good as a message: somebody without a conversation came by a link with a word in it, which people
    and routing must see."""
    return who.id not in batch.open and any(isinstance(p, Event) and p.kind == "started" and p.data for p in message.parts)


async def goes_on(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, message: Message) -> bool:
    """Whether a part of the message's album is here already: people and bot answer an album once."""
    if not message.album:
        return False
    mark = orjson.dumps({"album": message.album}).decode()
    if any(entry["conversation_id"] == talk.id and entry["data"] == mark for entry in batch.entries):
        return True
    return not talk.new and await hub.store.timeline.in_album(connection, talk.id, talk.head - NEAR, mark)


def is_moving(parts: Sequence[Part]) -> bool:
    """Whether this is a live place, which platforms tell anew every few seconds for hours: desks see where it began and ended."""
    return bool(parts) and all(isinstance(part, Location) and part.live for part in parts)


async def still_moves(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, entry_id: str, message: Message) -> bool:
    """Whether a live place was told less than `MOVES_S` ago: one entry for each step would bury the conversation."""
    if not is_moving(message.parts):
        return False
    told = [entry["at"] for entry in batch.entries if entry["edit_of"] == entry_id]
    last = told[-1] if told else await hub.store.timeline.edited_at(connection, talk.id, talk.head - NEAR, entry_id)
    return last is not None and (message.at - last).total_seconds() < MOVES_S


async def reacted(
    hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk | None, about: str | None, message: Message
) -> None:
    """A sign on one of our entries, in the conversation that goes on or was the last; it opens none, and nobody has to answer. On
    what we never saw it is shown by itself, while a conversation goes on."""
    if talk is None or (about is None and not talk.open_key):
        return
    batch.add_talk(talk)
    who = batch.owners[talk.identity_id]
    author = Author(kind="customer", id=who.external_id, name=message.speaker or who.profile.get("name", ""))
    entry = batch.append(
        talk, "event", author, parts=message.parts, at=message.at, source=message.channel, external_id=message.id, reply_to=about
    )
    await quote(hub, connection, batch, talk, entry)
    batch.to_desks(talk, entry)


async def quote(hub: Hub, connection: AsyncConnection, batch: Batch, talk: Talk, entry: dict[str, Any]) -> None:
    """Note in words what an entry answers or is about, for desks, which cannot show it by its id."""
    about = entry["reply_to"]
    if not about:
        return
    said = next((one for one in batch.entries if one["id"] == about), None) or await hub.store.timeline.entry(connection, about)
    if said is not None:
        batch.about[entry["id"]] = plain(PARTS.validate_json(said["parts"]), talk.locale or "en")
