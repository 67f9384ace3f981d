"""What the hub itself does to a conversation: it waits in the inbox among what agents say, and is done in its turn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.model import AgentReply, ConversationId, DeskName, ExternalId

ROUTER = DeskName("router")
"""The desk that none of our acts comes from."""


def own_act(id: str, at: datetime, conversation: str, kind: str, **more: Any) -> AgentReply:
    """An act of ours; `id` makes it one however often it is asked for. `more` are the other fields of `AgentReply`."""
    named = {"desk": ROUTER, "agent": ExternalId(ROUTER), "agent_name": "Frontdesk", "conversation": ConversationId(conversation)}
    return AgentReply.model_validate({**named, "id": ExternalId(id), "at": at, "kind": kind, **more})
