"""Translations: which are wanted, who asks for them, and what entries and calls wait for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables, translation_tables
from hub.store.database import Database, now_ms

translation = translation_tables.Translation.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
lane_row = tables.Lane.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A translation that somebody has taken to ask for."""

    message_id: str
    language: str
    conversation_id: str
    side: str
    source: str
    turn: int
    tries: int
    left_ms: int
    """Until an answer waits no longer; of a customer's line 0."""
    parts: str
    channel: str
    locale: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer's calls that have not begun: their state, and when they are due."""

    state: str
    due_ms: int
    kind: str
    ids: tuple[str, ...]


class TranslationStore:
    """Every query on translations."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def add(self, connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
        """Want these, if any."""
        if rows:
            await connection.execute(insert(translation), rows)

    async def take(self, lease_ms: int, most: int) -> list[Wanted]:
        """Translations to ask for now, answers first: nobody else asks for them before the lease ends."""
        due = and_(translation.c.state == "queued", translation.c.due_ms <= now_ms())
        keys = select(translation.c.message_id, translation.c.language).where(due)
        keys = keys.order_by(translation.c.side.desc(), translation.c.due_ms).limit(most).with_for_update()
        names = ("message_id", "language", "conversation_id", "side", "source", "turn", "tries", "until_ms")
        wanted = select(*(translation.c[name] for name in names), message.c.parts, conversation.c.channel, conversation.c.locale)
        wanted = wanted.join(message, message.c.id == translation.c.message_id)
        wanted = wanted.join(conversation, conversation.c.id == translation.c.conversation_id)

        async def work(connection: AsyncConnection) -> list[Wanted]:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            found = list(await connection.execute(keys))
            if not found:
                return []
            own = or_(*(and_(translation.c.message_id == one[0], translation.c.language == one[1]) for one in found))
            taken = {"due_ms": now + lease_ms, "tries": translation.c.tries + 1}
            rows = [tuple(row) for row in await connection.execute(wanted.where(own))]
            await connection.execute(update(translation).where(own).values(**taken))
            return [_wanted(row, now) for row in rows]

        return await self.db.transact(work)

    async def later(self, wanted: Wanted, wait_ms: int, reason: str) -> None:
        """It did not work now."""
        own = and_(_is(wanted.message_id, wanted.language), translation.c.state == "queued", translation.c.turn == wanted.turn)
        async with self.db.write() as connection:
            await connection.execute(update(translation).where(own).values(due_ms=now_ms() + wait_ms, reason=reason[:500]))

    async def waits(self) -> bool:
        """Whether one is to be asked for now."""
        due = select(translation.c.message_id).where(translation.c.state == "queued", translation.c.due_ms <= now_ms()).limit(1)
        async with self.db.read() as connection:
            return (await connection.execute(due)).first() is not None

    async def overdue(self, most: int = 200) -> list[tuple[str, str, str, int, str]]:
        """(entry, language, conversation, turn, what went wrong last) of answers that wait no longer."""
        late = and_(translation.c.state == "queued", translation.c.until_ms > 0, translation.c.until_ms <= now_ms())
        names = ("message_id", "language", "conversation_id", "turn", "reason")
        async with self.db.read() as connection:
            rows = await connection.execute(select(*(translation.c[name] for name in names)).where(late).limit(most))
            return [(row[0], row[1], row[2], int(row[3]), row[4]) for row in rows]

    async def counts(self) -> dict[str, int]:
        """How many wait, by side."""
        counted = select(translation.c.side, func.count()).where(translation.c.state == "queued").group_by(translation.c.side)
        async with self.db.read() as connection:
            return {side: int(count) for side, count in await connection.execute(counted)}

    async def row(self, connection: AsyncConnection, message_id: str, language: str) -> dict[str, Any] | None:
        """One translation with its entry's author and data, held until the transaction ends."""
        wanted = select(translation).where(_is(message_id, language)).with_for_update()
        found = (await connection.execute(wanted)).mappings().first()
        if found is None:
            return None
        names = ("author_kind", "author_id", "author_name", "reply_to")
        said = select(*(message.c[name].label(f"said_{name}") for name in names)).where(message.c.id == message_id)
        return {**found, **((await connection.execute(said)).mappings().first() or {})}

    async def end(self, connection: AsyncConnection, message_id: str, language: str, **values: Any) -> None:
        """Write down what became of one."""
        await connection.execute(update(translation).where(_is(message_id, language)).values(**values))

    async def drop(self, connection: AsyncConnection, message_id: str, now: datetime) -> int:
        """An answer was taken back: nothing of it may be asked for or get a place any more; returns how many had waited
        for one."""
        own = translation.c.message_id == message_id
        waiting = select(translation.c.language).where(own, translation.c.unplaced.is_(True)).with_for_update()
        count = len((await connection.execute(waiting)).all())
        gone = update(translation).where(own, or_(translation.c.state == "queued", translation.c.unplaced.is_(True)))
        await connection.execute(gone.values(state="gone", unplaced=False, done_at=now))
        return count

    async def unplaced(self, connection: AsyncConnection, conversation_id: str) -> list[dict[str, Any]]:
        """What of a conversation waits for its place in the customer's log, in order, with the entries' data."""
        wanted = select(translation, message.c.data).outerjoin(message, message.c.id == translation.c.message_id)
        wanted = wanted.where(translation.c.conversation_id == conversation_id, translation.c.unplaced.is_(True))
        return [dict(row) for row in (await connection.execute(wanted.order_by(translation.c.seq))).mappings()]

    async def place(self, connection: AsyncConnection, message_id: str, cs: int | None, data: str) -> None:
        """Give an entry its place in the customer's log, and what the customer reads there."""
        await connection.execute(update(message).where(message.c.id == message_id).values(cs=cs, data=data))
        await connection.execute(update(translation).where(translation.c.message_id == message_id).values(unplaced=False))

    async def waiting_calls(self, connection: AsyncConnection, lane: int, message_id: str, target: str) -> Waiting | None:
        """An answer's calls to the customer, when not one of them has begun; nobody begins one before this transaction ends."""
        await connection.execute(select(lane_row.c.n).where(lane_row.c.kind == "out", lane_row.c.n == lane).with_for_update())
        own = and_(delivery.c.message_id == message_id, delivery.c.target == target, delivery.c.kind.in_(("send", "edit")))
        names = ("id", "state", "attempt", "due_ms", "kind")
        wanted = select(*(delivery.c[name] for name in names)).where(own).order_by(delivery.c.rank).with_for_update()
        rows = list(await connection.execute(wanted))
        if not rows or any(row.attempt or row.state not in ("queued", "held") for row in rows):
            return None
        return Waiting(rows[0].state, int(rows[0].due_ms), rows[0].kind, tuple(row.id for row in rows))

    async def replace_calls(self, connection: AsyncConnection, calls: Waiting) -> None:
        """Take calls out that have not begun: others come in their place."""
        await connection.execute(delete(delivery).where(delivery.c.id.in_(calls.ids)))

    async def set_calls(self, connection: AsyncConnection, calls: Waiting, **values: Any) -> None:
        """Change calls that have not begun."""
        await connection.execute(update(delivery).where(delivery.c.id.in_(calls.ids)).values(**values))

    async def entries(self, connection: AsyncConnection, conversation_id: str, ids: Sequence[str], most: int) -> list[Any]:
        """What was said under these ids, or without any what the customer said last, newest first: id, place, author, parts."""
        wanted = select(message.c.id, message.c.seq, message.c.author_kind, message.c.parts)
        wanted = wanted.where(message.c.conversation_id == conversation_id, message.c.kind == "message")
        chosen = message.c.id.in_(ids) if ids else message.c.author_kind == "customer"
        return list(await connection.execute(wanted.where(chosen).order_by(message.c.seq.desc()).limit(most)))

    async def known(self, connection: AsyncConnection, ids: Sequence[str], language: str) -> dict[str, tuple[str, int]]:
        """(state, turn) by entry, of those that were asked for in a language."""
        own = and_(translation.c.message_id.in_(ids), translation.c.language == language)
        wanted = select(translation.c.message_id, translation.c.state, translation.c.turn).where(own)
        return {row[0]: (row[1], int(row[2])) for row in await connection.execute(wanted)}

    async def posted(self, connection: AsyncConnection, target: str, external_id: str) -> list[str]:
        """The entries that a desk shows in one post."""
        own = and_(delivery.c.target == target, delivery.c.external_id == external_id, delivery.c.message_id.is_not(None))
        return list((await connection.execute(select(delivery.c.message_id).where(own))).scalars())

    async def at_desk(self, desk: str, entries: Sequence[str], language: str) -> dict[str, list[dict[str, Any]]]:
        """By a desk's posts: every line in them, in order, with the entry that it shows and the translation of that."""
        there = and_(delivery.c.target == desk, delivery.c.kind == "line", delivery.c.external_id.is_not(None))
        posts = select(delivery.c.external_id).where(there, delivery.c.message_id.in_(entries)).distinct()
        names = ("id", "kind", "author_kind", "author_id", "author_name", "at", "data", "seq", "s", "edit_of", "parts")
        said = [message.c[name].label(f"said_{name}") for name in names]
        own = and_(translation.c.message_id == message.c.id, translation.c.language == language)
        made = [translation.c[name].label(f"made_{name}") for name in ("state", "parts", "source", "reason")]
        wanted = select(delivery.c.external_id, delivery.c.idem_key, delivery.c.parts, delivery.c.data, *said, *made)
        wanted = wanted.join(message, message.c.id == delivery.c.message_id).outerjoin(translation, own)
        found: dict[str, list[dict[str, Any]]] = {}
        async with self.db.read() as connection:
            ids = list((await connection.execute(posts)).scalars())
            rows = await connection.execute(wanted.where(there, delivery.c.external_id.in_(ids)).order_by(delivery.c.rank))
            for row in rows.mappings():
                found.setdefault(row["external_id"], []).append(dict(row))
        return found


def with_translation(data: str, language: str, source: str, parts: str) -> str:
    """An entry's data with what the customer reads instead of its parts."""
    made = {"language": language, "from": source, "parts": orjson.loads(parts)}
    return orjson.dumps({**orjson.loads(data), "translation": made}).decode()


def _wanted(row: tuple[Any, ...], now: int) -> Wanted:
    entry, language, talk, side, source, turn, tries, until_ms, parts, channel, locale = row
    left_ms = max(until_ms - now, 1) if until_ms else 0
    return Wanted(entry, language, talk, side, source, turn, tries + 1, left_ms, parts, channel, locale)


def _is(message_id: str, language: str) -> Any:
    return and_(translation.c.message_id == message_id, translation.c.language == language)
