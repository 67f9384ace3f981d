"""Customers' own logs: what one customer may see of one channel, in the order `cs`, read after a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Select, bindparam, func, select, update

from hub.model import Author, ConversationId, Entry, MessageId, Part
from hub.store import agent_tables, tables
from hub.store.database import Database, among, now_ms

identity = tables.Identity.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
counter = tables.Counter.__table__  # type: ignore[attr-defined]
inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
reading = agent_tables.AgentRead.__table__  # type: ignore[attr-defined]
PARAMETERS = 30_000
"""Of one statement: SQLite takes 32 766 (https://sqlite.org/limits.html, 9)."""
AGREED = '"agreed":"2'
"""How a message of somebody who agreed is kept."""
PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(tuple[Part, ...])
COLUMNS = (
    "id", "conversation_id", "seq", "s", "cs", "kind", "author_kind", "author_id", "author_name", "at", "parts", "client_id",
    "external_id", "reply_to", "edit_of", "data",
)  # fmt: skip
ENTRY_COLUMNS = [message.c[name] for name in COLUMNS]


def entry_of(row: Any) -> Entry:
    """A row of `ENTRY_COLUMNS` as the model's entry."""
    return Entry.model_construct(
        id=MessageId(row[0]),
        conversation=ConversationId(row[1]),
        seq=row[2],
        s=row[3],
        cs=row[4],
        kind=row[5],
        author=Author.model_construct(kind=row[6], id=row[7], name=row[8]),
        at=row[9],
        parts=PARTS.validate_json(row[10]),
        client_id=row[11],
        external_id=row[12],
        reply_to=row[13],
        edit_of=row[14],
        data=orjson.loads(row[15]),
    )


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """A customer's identity as the customer protocol needs it."""

    id: str
    channel: str
    external_id: str
    head: int
    read_cs: int
    seen_cs: int


class LogStore:
    """Every query on customers' logs and on the inbox-wide log."""

    def __init__(self, db: Database) -> None:
        self.db = db
        columns = [identity.c[name] for name in IdentityFacts.__slots__]
        self._identity = select(*columns).where(
            identity.c.channel == bindparam("channel"), identity.c.external_id == bindparam("who")
        )
        own = select(*ENTRY_COLUMNS).where(message.c.identity_id == bindparam("who"), message.c.cs.is_not(None))
        self._after = own.where(message.c.cs > bindparam("since")).order_by(message.c.cs).limit(bindparam("most"))
        self._before = own.where(message.c.cs < bindparam("before")).order_by(message.c.cs.desc()).limit(bindparam("most"))
        self._inbox = (
            select(*ENTRY_COLUMNS).where(message.c.s > bindparam("since")).order_by(message.c.s).limit(bindparam("most"))
        )
        self._heads = select(identity.c.id, identity.c.head).where(among(db.dialect, identity.c.id, "ids"))

    async def identity(self, channel: str, customer: str) -> IdentityFacts | None:
        """A customer's identity, None before the first message was written down."""
        async with self.db.read() as connection:
            row = (await connection.execute(self._identity, {"channel": channel, "who": customer})).first()
        return IdentityFacts(*tuple(row)) if row else None

    async def agreed(self, channel: str, customer: str) -> bool:
        """Whether a customer has agreed to what must be agreed to first: their profile says so, or a message that was kept and is
        not written down yet."""
        own = (inbox.c.source == channel) & inbox.c.external_id.startswith(f"{customer}.", autoescape=True)
        coming = select(inbox.c.id).where(own, inbox.c.body.contains(AGREED)).limit(1)
        told = select(identity.c.profile).where(identity.c.channel == channel, identity.c.external_id == customer)
        async with self.db.read() as connection:
            profile = (await connection.execute(told)).scalar()
            if profile and orjson.loads(profile).get("agreed"):
                return True
            return (await connection.execute(coming)).first() is not None

    async def said_in(self, conversation_id: str, most: int = 1_000) -> list[Entry]:
        """What the customer may see of a conversation, oldest first: its latest entries."""
        own = select(*ENTRY_COLUMNS).where(message.c.conversation_id == conversation_id, message.c.cs.is_not(None))
        async with self.db.read() as connection:
            rows = await connection.execute(own.order_by(message.c.seq.desc()).limit(most))
            return [entry_of(row) for row in reversed(list(rows))]

    async def latest_talk(self, identity_id: str) -> str | None:
        """A customer's conversation that changed last."""
        own = select(conversation.c.id).where(conversation.c.identity_id == identity_id)
        async with self.db.read() as connection:
            return (await connection.execute(own.order_by(conversation.c.last_s.desc()).limit(1))).scalar()

    async def after(self, identity_id: str, since: int, most: int = 200) -> list[Entry]:
        """A customer's entries after a place in their log, oldest first."""
        return await self._entries(self._after, {"who": identity_id, "since": since, "most": most})

    async def before(self, identity_id: str, before: int, most: int = 50) -> list[Entry]:
        """A customer's entries before a place in their log, newest first."""
        return await self._entries(self._before, {"who": identity_id, "before": before, "most": most})

    async def inbox_after(self, since: int, most: int = 500) -> list[Entry]:
        """Everybody's entries after a place in the inbox-wide log, oldest first."""
        return await self._entries(self._inbox, {"since": since, "most": most})

    async def _entries(self, wanted: Select[Any], values: dict[str, Any]) -> list[Entry]:
        async with self.db.read() as connection:
            return [entry_of(row) for row in await connection.execute(wanted, values)]

    async def inbox_head(self) -> int:
        """The newest place in the inbox-wide log."""
        async with self.db.read() as connection:
            found = await connection.execute(select(func.coalesce(func.max(message.c.s), 0)))
            return int(found.scalar_one())

    async def heads(self, ids: Iterable[str]) -> dict[str, int]:
        """The ends of several customers' logs."""
        wanted = sorted(set(ids))
        found: dict[str, int] = {}
        async with self.db.read() as connection:
            for first in range(0, len(wanted), PARAMETERS):
                rows = await connection.execute(self._heads, {"ids": wanted[first : first + PARAMETERS]})
                found |= {row[0]: int(row[1]) for row in rows}
        return found

    async def agents_read(self, facts: IdentityFacts) -> int:
        """How far an agent has read the customer's log: of their newest conversation, as only its last line is marked. The agents
        lead to their places: those have no index by conversation."""
        newest = select(message.c.conversation_id).where(message.c.identity_id == facts.id, message.c.cs == facts.head)
        read = select(reading.c.seq).join(agent, agent.c.id == reading.c.agent_id).order_by(reading.c.seq.desc()).limit(1)
        async with self.db.read() as connection:
            talk = (await connection.execute(newest)).scalar()
            furthest = (await connection.execute(read.where(reading.c.conversation_id == talk))).scalar() or 0
            own = (message.c.conversation_id == talk) & (message.c.seq <= furthest) & message.c.cs.is_not(None)
            found = await connection.execute(select(message.c.cs).where(own).order_by(message.c.seq.desc()).limit(1))
            return int(found.scalar() or 0)

    async def delivered(self, places: Mapping[str, int]) -> dict[str, int]:
        """Which of these customers come to have something of an agent's with these places, and up to where. Ask before `seen`."""
        ids = sorted(places)
        new = select(message.c.identity_id, message.c.cs).join(identity, identity.c.id == message.c.identity_id)
        new = new.where(message.c.author_kind == "agent", message.c.cs > identity.c.seen_cs).order_by(message.c.cs)
        wanted = new.where(among(self.db.dialect, message.c.identity_id, "ids"))
        found: dict[str, int] = {}
        async with self.db.read() as connection:
            for first in range(0, len(ids), PARAMETERS):
                rows = await connection.execute(wanted, {"ids": ids[first : first + PARAMETERS]})
                found |= {row[0]: int(row[1]) for row in rows if row[1] <= places[row[0]]}
        return found

    async def seen(self, places: Mapping[str, int]) -> None:
        """These customers are here, and have everything up to these places of their logs."""
        most = func.greatest if self.db.dialect != "sqlite" else func.max
        furthest = most(identity.c.seen_cs, bindparam("cs", type_=identity.c.seen_cs.type))
        here = update(identity).where(identity.c.id == bindparam("who")).values(seen_ms=now_ms(), seen_cs=furthest)
        rows = [{"who": who, "cs": cs} for who, cs in sorted(places.items())]
        await self.db.transact(lambda connection: connection.execute(here, rows))

    async def read_up_to(self, identity_id: str, cs: int) -> bool:
        """The customer has read up to `cs`; says whether that is news."""
        news = update(identity).where(identity.c.id == identity_id, identity.c.read_cs < cs, identity.c.head >= cs)
        settled = update(conversation).where(conversation.c.identity_id == identity_id, conversation.c.unread_ms > 0)
        async with self.db.write() as connection:
            changed = (await connection.execute(news.values(read_cs=cs, seen_ms=now_ms()))).rowcount
            if changed:
                await connection.execute(settled.values(unread_ms=0))
        return bool(changed)


def last_place(entries: Sequence[Entry], default: int) -> int:
    """The place of the last of some entries in the customer's log."""
    return entries[-1].cs or default if entries else default
