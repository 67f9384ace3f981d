"""Conversations that were merged: the lanes of their customer held together, which belong to which, and what agents see of them.

A customer who has merged conversations has all identities in one bucket: one transaction under one lock writes for any of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import Author, ConversationId, Entry
from hub.store import tables
from hub.store.database import Database, among
from hub.store.linking import LinkStore
from hub.store.logs import ENTRY_COLUMNS, PARTS, entry_of
from hub.store.talks import TALK_FIELDS, Talk

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]
BESIDE = "beside"
"""What a mark says in whose place agents see an entry of a merged conversation."""
MARKED = '"what":"beside","of":"message"'
"""How the mark of a message is kept."""
SAID = or_(message.c.kind == "message", and_(message.c.kind == "changed", message.c.data.contains(MARKED, autoescape=True)))
"""What agents see as a message: one of the conversation, or the mark of one that was said in a merged one."""
OPEN_CALLS = ("queued", "sending", "unknown", "held", "failed")
_TALK = [conversation.c[name] for name in TALK_FIELDS]


@dataclass(frozen=True, slots=True)
class Merged:
    """A conversation that was merged into another, as agents see it beside that one."""

    id: str
    channel: str
    preview: str
    last_at: datetime
    merged_n: int
    """The place in it of the word that it was merged: what comes later is seen in the other one."""


class MergeStore:
    """Every query on merged conversations."""

    def __init__(self, db: Database, links: LinkStore, lanes: int) -> None:
        self.db = db
        self._links = links
        self._lanes = lanes

    async def hold(self, connection: AsyncConnection, lane: int, ids: Collection[str]) -> None:
        """Hold a lane, and those of all identities of the customers of these conversations, in one order for all."""
        owners = select(conversation.c.customer_id).where(conversation.c.id.in_(sorted(ids)))
        own = select(identity.c.bucket).where(identity.c.customer_id.in_(owners))
        held: set[int] = set()
        while True:
            found = (await connection.execute(own)).scalars()
            more = {lane, *(bucket % self._lanes for bucket in found)} - held
            if not more:
                return
            await self._links.lock(connection, more)
            held |= more

    async def gather(self, connection: AsyncConnection, customer_id: str, bucket: int) -> None:
        """Bring all identities of a customer, with their conversations and what waits to be sent, into one bucket; the lanes are
        held."""
        away = select(identity.c.id).where(identity.c.customer_id == customer_id, identity.c.bucket != bucket)
        ids = list((await connection.execute(away)).scalars())
        if not ids:
            return
        lane = bucket % self._lanes
        own = select(conversation.c.id).where(conversation.c.identity_id.in_(ids))
        talks = list((await connection.execute(own)).scalars())
        calls = update(delivery).where(delivery.c.conversation_id.in_(talks), delivery.c.state.in_(OPEN_CALLS))
        await connection.execute(update(identity).where(identity.c.id.in_(ids)).values(bucket=bucket))
        await connection.execute(update(conversation).where(conversation.c.id.in_(talks)).values(bucket=bucket, lane=lane))
        await connection.execute(calls.values(lane=lane))

    async def joined(self, connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Talk]:
        """The conversations that were merged into these."""
        rows = await connection.execute(select(*_TALK).where(conversation.c.merged_into.in_(sorted(set(ids)))))
        return {row[0]: Talk(*tuple(row)) for row in rows}

    async def of_call(self, connection: AsyncConnection, delivery_id: str) -> str | None:
        """The conversation that a call belongs to."""
        return (await connection.execute(select(delivery.c.conversation_id).where(delivery.c.id == delivery_id))).scalar()

    async def threads_of(self, connection: AsyncConnection, ids: Collection[str]) -> dict[tuple[str, str], str]:
        """The threads of conversations, by (conversation, desk)."""
        columns = (thread.c.conversation_id, thread.c.desk, thread.c.external_id)
        rows = await connection.execute(select(*columns).where(thread.c.conversation_id.in_(sorted(ids))))
        return {(row[0], row[1]): row[2] for row in rows}

    async def last_message(self, connection: AsyncConnection, conversation_id: str) -> tuple[str, Any] | None:
        """(kind of author, parts) of what was said last in a conversation itself."""
        own = select(message.c.author_kind, message.c.parts)
        own = own.where(message.c.conversation_id == conversation_id, message.c.kind == "message")
        row = (await connection.execute(own.order_by(message.c.seq.desc()).limit(1))).first()
        return (row[0], PARTS.validate_json(row[1])) if row else None

    async def beside(self, conversation_id: str) -> tuple[str | None, list[Merged]]:
        """(what a conversation was merged into, what was merged into it)."""
        columns = [conversation.c[name] for name in ("id", "channel", "preview", "last_at")]
        said = (message.c.conversation_id == conversation.c.id) & (message.c.kind == "changed")
        said &= message.c.data.startswith('{"what":"merged","into"', autoescape=True)
        place = select(func.max(message.c.seq)).where(said).correlate(conversation).scalar_subquery()
        columns.append(func.coalesce(place, 0))
        own = select(conversation.c.merged_into).where(conversation.c.id == conversation_id)
        theirs = select(*columns).where(conversation.c.merged_into == conversation_id).order_by(conversation.c.at)
        async with self.db.read() as connection:
            into = (await connection.execute(own)).scalar()
            return into, [Merged(*tuple(row)) for row in await connection.execute(theirs)]

    async def strays(self, identity_id: str) -> list[tuple[str, str]]:
        """(the open conversation that takes what a customer writes, another open one) of an identity that was given another's."""
        head, other = conversation.alias("head"), conversation.alias("other")
        pairs = select(head.c.id, other.c.id).join(other, other.c.identity_id == head.c.identity_id)
        pairs = pairs.where(head.c.open_key == identity_id, other.c.status == "open", other.c.open_key.is_(None))
        async with self.db.read() as connection:
            return [(row[0], row[1]) for row in await connection.execute(pairs)]

    async def pair(self, ids: Collection[str]) -> dict[str, Talk]:
        """Conversations by id, outside of any transaction."""
        async with self.db.read() as connection:
            rows = await connection.execute(select(*_TALK).where(conversation.c.id.in_(sorted(ids))))
            return {row[0]: Talk(*tuple(row)) for row in rows}

    async def shown(self, entries: Sequence[Entry]) -> list[Entry]:
        """What agents see of a log: in the place of a mark stands the entry of the merged conversation that it is for."""
        heads = {str(one.data["entry"]): str(one.conversation) for one in entries if is_mark(one)}
        if not heads:
            return list(entries)
        found = {str(one.id): one for one in entries if one.id in heads}
        if missing := sorted(heads.keys() - found.keys()):
            wanted = select(*ENTRY_COLUMNS).where(among(self.db.dialect, message.c.id, "ids"))
            async with self.db.read() as connection:
                found |= {row[0]: entry_of(row) for row in await connection.execute(wanted, {"ids": missing})}
        return [_beside(one, found.get(str(one.data["entry"]))) if is_mark(one) else _seen(one, heads) for one in entries]


def is_mark(entry: Entry) -> bool:
    """Whether an entry stands for one of a merged conversation."""
    return entry.kind == "changed" and entry.data.get("what") == BESIDE


def channel_of(entry: Entry, usual: str) -> str:
    """The channel that an entry went over, as agents see it."""
    return str(entry.data.get("via", {}).get("channel") or usual)


def _seen(said: Entry, heads: dict[str, str]) -> Entry:
    """An entry, with the conversation in which agents see it where that is another one."""
    head = heads.get(str(said.id))
    return said.model_copy(update={"data": {**said.data, "seen_in": head}}) if head else said


def _beside(mark: Entry, said: Entry | None) -> Entry:
    if said is None:
        return mark
    via = {"conversation": ConversationId(mark.data["conversation"]), "channel": mark.data["channel"]}
    place = {"conversation": mark.conversation, "seq": mark.seq, "s": mark.s, "cs": None}
    author = Author.model_construct(kind=said.author.kind, id=said.author.id, name=said.author.name)
    return said.model_copy(update={**place, "author": author, "data": {**said.data, "via": via}})
