"""Search in everything that was said: the inbox-wide log is walked back from a place, so many entries for each question.

No index is kept: nothing is written while messages come in, and Chinese needs no words. One question looks at `REACH` entries at
most, and says from where to look further.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables
from hub.store.database import Database
from hub.store.logs import PARTS
from hub.wording import plain

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
_later = message.alias("later")
REACH = 50_000
"""Entries that one question looks at, at most."""
PAGE = 500
"""Entries that hold the words as they are stored, and are looked at closer, in one statement."""
AROUND = 60
"""Characters before and after what was found that are shown."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that holds the words."""

    id: str
    conversation_id: str
    customer_id: str
    customer_name: str
    channel: str
    seq: int
    s: int
    kind: str
    author_kind: str
    author_name: str
    at: datetime
    snippet: str


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, the newest first, and from where to look further; None: everything was looked at."""

    hits: list[Hit]
    further: int | None


class SearchStore:
    """The question for entries by words in them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def said(self, words: str, *, before: int | None, most: int, reach: int = REACH) -> Found:
        """Messages, notes and corrections that hold every word, from before a place in the inbox-wide log."""
        wanted = words.casefold().split()
        async with self.db.read() as connection:
            if before is None:
                before = int((await connection.execute(select(func.coalesce(func.max(message.c.s), 0)))).scalar_one()) + 1
            floor = max(0, before - 1 - reach)
            hits: list[Hit] = []
            while before > floor + 1:
                rows = await self._page(connection, wanted, floor, before)
                for row in rows:
                    snippet = _snippet(row, wanted)
                    if snippet:
                        hits.append(_hit(row, snippet))
                    before = int(row.s)
                    if len(hits) == most:
                        return Found(hits, before if before > 1 else None)
                if len(rows) < PAGE:
                    before = floor + 1
        return Found(hits, before if floor else None)

    async def _page(self, connection: AsyncConnection, words: list[str], floor: int, before: int) -> list[Row[Any]]:
        """Entries that may hold the words: in their JSON, keys and all. What was taken back is gone for the search too."""
        taken = select(_later.c.id).where(_later.c.conversation_id == message.c.conversation_id, _later.c.edit_of == message.c.id)
        columns = [
            message.c[name] for name in ("id", "conversation_id", "seq", "s", "kind", "author_kind", "author_name", "at", "parts")
        ]
        wanted = (
            select(*columns, conversation.c.channel, conversation.c.customer_id, customer.c.name)
            .join(conversation, conversation.c.id == message.c.conversation_id)
            .join(customer, customer.c.id == conversation.c.customer_id)
            .where(message.c.s > floor, message.c.s < before, message.c.kind.in_(("message", "note", "edit")))
            .where(*[_holds(word) for word in words], ~taken.where(_later.c.kind == "delete").exists())
            .order_by(message.c.s.desc())
            .limit(PAGE)
        )
        return list(await connection.execute(wanted))


def _holds(word: str) -> ColumnElement[bool]:
    """Whether the stored JSON may hold a word; what was typed is never a pattern."""
    stored = orjson.dumps(word).decode()[1:-1]
    like = "%" + stored.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    folded = func.lower(message.c.parts).like(like, escape="!")
    return folded if word.isascii() else or_(folded, message.c.parts.like(like, escape="!"))


def _snippet(row: Row[Any], words: list[str]) -> str:
    """What was said around the first word; empty when a word is only in the JSON, not in what was said."""
    text = " ".join(plain(PARTS.validate_json(row.parts)).split())
    folded = text.casefold()
    if not all(word in folded for word in words):
        return ""
    at = folded.index(words[0]) if len(folded) == len(text) else 0
    start, end = max(0, at - AROUND), at + len(words[0]) + AROUND
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _hit(row: Row[Any], snippet: str) -> Hit:
    return Hit(
        id=row.id,
        conversation_id=row.conversation_id,
        customer_id=row.customer_id,
        customer_name=row.name,
        channel=row.channel,
        seq=int(row.seq),
        s=int(row.s),
        kind=row.kind,
        author_kind=row.author_kind,
        author_name=row.author_name,
        at=row.at,
        snippet=snippet,
    )
