"""Edits and deletions that came before the message that they are about: they became nothing, and the inbox has them still."""

from __future__ import annotations

import orjson
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import AgentReply
from hub.store import tables
from hub.store.inbox import DONE

inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
CHANGES = ("edit", "note", "delete", "undo")
END = "z"
"""What follows a message's id in those of its edits sorts before this, whatever language a database sorts by: `:` and `;`, which
would be the bounds of a prefix, do not stand in one order in all of them."""


async def changes_of(connection: AsyncConnection, reply: AgentReply, before: int) -> list[AgentReply]:
    """The edits and deletions of a message that were written down already, or stand before row `before` of the inbox; a note is
    what its author made of it."""
    own = (inbox.c.source == reply.desk) & (inbox.c.external_id > reply.id) & (inbox.c.external_id < f"{reply.id}{END}")
    over = or_(inbox.c.state == DONE, inbox.c.n < before)
    bodies = (await connection.execute(select(inbox.c.body).where(own, over).order_by(inbox.c.n))).scalars()
    about = [body for body in bodies if orjson.loads(body).get("edit_of") == reply.id]
    return [one for body in about if (one := AgentReply.model_validate_json(body)).kind in CHANGES]
