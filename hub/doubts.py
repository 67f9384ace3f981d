"""Replies that their author is asked about first: in a conversation that is settled, or that somebody else has."""

from __future__ import annotations

from typing import Literal

from hub.batch import Batch
from hub.model import AgentReply, Author
from hub.runtime import Hub
from hub.store.talks import Talk

Doubt = Literal["", "settled", "theirs"]


def doubt(hub: Hub, talk: Talk, reply: AgentReply, author: Author) -> Doubt:
    """Why somebody at a desk is asked before this leaves; empty: they are not."""
    desk = hub.desks.get(reply.desk)
    if desk is None or not desk.capabilities.asks or reply.kind != "reply" or reply.agent_name or "note" in reply.data:
        return ""
    if talk.status == "resolved":
        return "settled"
    return "theirs" if talk.agent_id and talk.agent_id != author.id[:32] else ""


def ask(batch: Batch, talk: Talk, reply: AgentReply, author: Author, why: Doubt, holder: str) -> None:
    """Keep it as a note, and ask its author alone."""
    entry = batch.append(
        talk, "note", author, parts=reply.parts, at=reply.at, source=reply.desk, external_id=reply.id, public=False
    )
    batch.to_desks(talk, entry, origin=reply.desk)
    batch.whisper(talk, reply.desk, str(reply.agent), why, {"name": holder, "note": str(reply.id)})
