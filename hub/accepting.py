"""The mark on an agent's own message while its answer is on its way, where nobody knows after a moment what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from hub.batch import Batch
from hub.model import AgentReply
from hub.runtime import Hub
from hub.store.talks import Talk

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

AFTER_MS = 2000
"""Most answers are taken before: they get one mark, not two."""
STATE = "accepted"


def accepted(batch: Batch, talk: Talk, reply: AgentReply) -> None:
    """Mark an answer that has calls to make, unless an end of it is known by then. These marks wait in a stream of their own, so
    that no other mark and no word to anybody waits behind them."""
    said = next((one for one in reversed(batch.entries) if one["external_id"] == reply.id and one["source"] == reply.desk), None)
    if said is None or not any(call["message_id"] == said["id"] and call["kind"] == "send" for call in batch.deliveries):
        return
    before = len(batch.deliveries)
    batch.mark(talk, str(reply.desk), str(reply.id), STATE)
    for call in batch.deliveries[before:]:
        call |= {"stream": _stream(call["target"]), "due_ms": batch.now_ms + AFTER_MS}


async def overtaken(hub: Hub, connection: AsyncConnection, batch: Batch) -> None:
    """Cancel what would only say that answers are on their way of which this batch marks the end."""
    marks = [call for call in batch.deliveries if call["kind"] == "mark" and call["stream"] != _stream(call["target"])]
    replies = {reply: call for call in marks if (reply := orjson.loads(call["data"]).get("reply"))}
    if replies:
        talks = sorted({call["conversation_id"] for call in replies.values()})
        streams = sorted({_stream(call["target"]) for call in replies.values()})
        said = [orjson.dumps({"reply": reply, "state": STATE}).decode() for reply in sorted(replies)]
        await hub.store.timeline.cancel_marks(connection, talks, streams, said, batch.now)


def _stream(desk: str) -> str:
    return f"{desk}#accepted"
