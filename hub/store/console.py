"""What the console shows: lists behind a cursor, conversations, entries and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import Entry
from hub.store import tables
from hub.store.database import Database, among
from hub.store.inbox import PARKED
from hub.store.listing import Listed, Only, View, holds, in_view, listed
from hub.store.logs import ENTRY_COLUMNS, entry_of
from hub.store.merging import SAID, channel_of

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
WORST = ("sent", "cancelled", "queued", "sending", "held", "unknown", "failed")
"""Of several calls for one entry, the agent is shown the one that is furthest right here."""
RECENT = 200
"""Entries back from the newest whose calls a conversation tells about at once."""
OTHERS = 20
"""Other conversations of a customer that are shown beside one."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open conversations are an agent's, nobody's, and there at all."""

    mine: int
    unassigned: int
    all: int
    snoozed: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an entry's way to the customer; `delivery` is the call to resend."""

    entry_id: str
    state: str
    reason: str
    delivery: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation with what an agent sees beside it."""

    row: Listed
    identity_id: str
    address: str
    locale: str
    profile: dict[str, str]
    identities: list[tuple[str, str]]
    others: list[Listed]
    translate: str
    """`on` or `off` where somebody has said whether it is translated."""
    fates: list[Fate]
    """When the customer last said something: reply windows begin there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agent's action goes."""

    id: str
    identity_id: str
    channel: str
    head: int


class ConsoleStore:
    """Every query of the agents' console."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def conversations(
        self, me: str, view: View, *, before: int | None = None, words: str = "", most: int = 30, only: Only | None = None
    ) -> list[Listed]:
        """Conversations of a view, the latest first, from before the place `before` in the inbox-wide log."""
        wanted = select(conversation).where(in_view(view, me)).order_by(conversation.c.last_s.desc()).limit(most)
        if only is not None:
            wanted = wanted.where(*only.holds())
        if before is not None:
            wanted = wanted.where(conversation.c.last_s < before)
        if words:
            wanted = wanted.join(customer, customer.c.id == conversation.c.customer_id).where(holds(words))
        async with self.db.read() as connection:
            return await listed(connection, wanted, me)

    async def counts(self, me: str) -> Counts:
        """The sizes of the views."""
        held = select(func.count()).where(conversation.c.status == "open")
        awake, asleep = held.where(conversation.c.snooze_ms == 0), held.where(conversation.c.snooze_ms > 0)
        parts = (awake.where(conversation.c.agent_id == me), awake.where(conversation.c.agent_id == ""), held, asleep)
        async with self.db.read() as connection:
            row = (await connection.execute(select(*[part.scalar_subquery() for part in parts]))).one()
        return Counts(int(row[0]), int(row[1]), int(row[2]), int(row[3]))

    async def opened(self, conversation_id: str, me: str) -> Opened | None:
        """One conversation with everything beside it."""
        one = select(conversation).where(conversation.c.id == conversation_id)
        facts = select(
            conversation.c.identity_id,
            conversation.c.locale,
            conversation.c.translate,
            identity.c.profile,
            identity.c.external_id,
            customer.c.email,
            customer.c.phone,
        )
        facts = facts.join(identity, identity.c.id == conversation.c.identity_id)
        facts = facts.join(customer, customer.c.id == conversation.c.customer_id)
        async with self.db.read() as connection:
            rows = await listed(connection, one, me)
            found = (await connection.execute(facts.where(conversation.c.id == conversation_id))).first()
            if not rows or found is None:
                return None
            row = rows[0]
            profile = _profile(found.profile, row.customer_name, found.email, found.phone)
            return Opened(
                row=row,
                identity_id=found.identity_id,
                address=found.external_id,
                locale=found.locale,
                profile=profile,
                identities=await _identities(connection, row.customer_id),
                others=await listed(connection, _others(row), me),
                fates=await self._recent_fates(connection, row),
                translate=found.translate,
            )

    async def _recent_fates(self, connection: AsyncConnection, row: Listed) -> list[Fate]:
        recent = and_(message.c.conversation_id == row.id, message.c.seq > row.head - RECENT)
        own = select(*_FATE).join(message, message.c.id == delivery.c.message_id)
        return _worst(await connection.execute(own.where(recent, delivery.c.target == row.channel)))

    async def place(self, conversation_id: str) -> Place | None:
        """Where a conversation is; None when there is no such."""
        columns = [conversation.c[name] for name in Place.__slots__]
        async with self.db.read() as connection:
            row = (await connection.execute(select(*columns).where(conversation.c.id == conversation_id))).first()
        return Place(*tuple(row)) if row else None

    async def there(self, ids: Iterable[str]) -> set[str]:
        """Of these conversations, those that there are."""
        own = select(conversation.c.id).where(among(self.db.dialect, conversation.c.id, "ids"))
        async with self.db.read() as connection:
            return {row[0] for row in await connection.execute(own, {"ids": list(ids)})}

    async def tags_in_use(self) -> set[str]:
        """Tags of the open conversations in which something happened last."""
        newest = select(conversation.c.tags).where(conversation.c.status == "open").order_by(conversation.c.last_s.desc())
        async with self.db.read() as connection:
            return {tag for row in await connection.execute(newest.limit(RECENT)) for tag in row[0].split()}

    async def entries(self, place: Place, *, before: int | None, most: int) -> tuple[list[Entry], list[Fate]]:
        """A conversation's entries from before position `before`, oldest first, and what became of them."""
        wanted = select(*ENTRY_COLUMNS).where(message.c.conversation_id == place.id).order_by(message.c.seq.desc()).limit(most)
        if before is not None:
            wanted = wanted.where(message.c.seq < before)
        async with self.db.read() as connection:
            found = [entry_of(row) for row in await connection.execute(wanted)][::-1]
            ids = {"ids": [entry.id for entry in found]}
            own = select(*_FATE).where(among(self.db.dialect, delivery.c.message_id, "ids"), delivery.c.target == place.channel)
            fates = _worst(await connection.execute(own, ids)) if found else []
        return found, fates

    async def fates_elsewhere(self, shown: Iterable[Entry]) -> list[Fate]:
        """What became of entries that went over the channels of merged conversations."""
        there = [(entry.id, channel) for entry in shown if (channel := channel_of(entry, ""))]
        if not there:
            return []
        on = delivery.c.target.in_(sorted({channel for _, channel in there}))
        own = select(*_FATE).where(among(self.db.dialect, delivery.c.message_id, "ids"), on)
        async with self.db.read() as connection:
            return _worst(await connection.execute(own, {"ids": [id for id, _ in there]}))

    async def count_between(self, since: int, head: int) -> int:
        """How many entries the inbox-wide log holds after `since` up to `head`: fewer than their difference means a gap."""
        wanted = select(func.count()).where(message.c.s > since, message.c.s <= head)
        async with self.db.read() as connection:
            return int((await connection.execute(wanted)).scalar_one())

    async def open_of(self, identity_id: str) -> str | None:
        """The open conversation of a customer's identity."""
        async with self.db.read() as connection:
            wanted = select(conversation.c.id).where(conversation.c.open_key == identity_id)
            return (await connection.execute(wanted)).scalar()

    async def position(self, identity_id: str, cs: int) -> tuple[str, int] | None:
        """The conversation, and the position in it, of a place in the customer's own log."""
        wanted = select(message.c.conversation_id, message.c.seq).where(message.c.identity_id == identity_id, message.c.cs == cs)
        async with self.db.read() as connection:
            row = (await connection.execute(wanted)).first()
        return (row[0], row[1]) if row else None

    async def reached(self, identity_id: str, conversation_id: str) -> tuple[int, int]:
        """The positions in a conversation up to which the customer's own page has it, and up to which they have read it."""
        last = select(message.c.seq).where(message.c.conversation_id == conversation_id).order_by(message.c.seq.desc()).limit(1)
        upto = [last.where(message.c.cs <= identity.c[name]).scalar_subquery() for name in ("seen_cs", "read_cs")]
        async with self.db.read() as connection:
            row = (await connection.execute(select(*upto).where(identity.c.id == identity_id))).first()
        return (row[0] or 0, row[1] or 0) if row else (0, 0)

    async def answered_since(self, conversation_id: str, base: int, me: str) -> bool:
        """Whether a colleague's reply landed after position `base`."""
        theirs = and_(SAID, message.c.author_kind == "agent", message.c.author_id != me)
        newer = and_(message.c.conversation_id == conversation_id, message.c.seq > base)
        async with self.db.read() as connection:
            return (await connection.execute(select(message.c.id).where(newer, theirs).limit(1))).first() is not None

    async def kept(self, source: str, external_id: str) -> bool:
        """Whether something with this id was acknowledged before."""
        wanted = select(inbox.c.n).where(inbox.c.source == source, inbox.c.external_id == external_id)
        async with self.db.read() as connection:
            return (await connection.execute(wanted)).first() is not None

    async def call(self, delivery_id: str) -> tuple[str, str] | None:
        """(conversation, state) of a delivery."""
        wanted = select(delivery.c.conversation_id, delivery.c.state).where(delivery.c.id == delivery_id)
        async with self.db.read() as connection:
            row = (await connection.execute(wanted)).first()
        return (row[0], row[1]) if row else None

    async def public_place(self, conversation_id: str, seq: int) -> int:
        """The place in the customer's own log that corresponds to position `seq` of a conversation; 0 when there is none."""
        seen = and_(message.c.conversation_id == conversation_id, message.c.seq <= seq, message.c.cs.is_not(None))
        wanted = select(message.c.cs).where(seen).order_by(message.c.seq.desc()).limit(1)
        async with self.db.read() as connection:
            return int((await connection.execute(wanted)).scalar() or 0)

    async def parked_row(self, row_id: str) -> int | None:
        """The number of a parked inbox row by its public id."""
        async with self.db.read() as connection:
            return (await connection.execute(select(inbox.c.n).where(inbox.c.state == PARKED, inbox.c.id == row_id))).scalar()


_FATE = (delivery.c.message_id, delivery.c.state, delivery.c.reason, delivery.c.id)


def _others(row: Listed) -> Select[Any]:
    same = and_(conversation.c.customer_id == row.customer_id, conversation.c.id != row.id)
    return select(conversation).where(same).order_by(conversation.c.last_s.desc()).limit(OTHERS)


async def _identities(connection: AsyncConnection, customer_id: str) -> list[tuple[str, str]]:
    wanted = select(identity.c.channel, identity.c.external_id).where(identity.c.customer_id == customer_id)
    return [(row[0], row[1]) for row in await connection.execute(wanted.order_by(identity.c.channel).limit(OTHERS))]


def _profile(stored: str, name: str, email: str, phone: str) -> dict[str, str]:
    told: dict[str, str] = orjson.loads(stored)
    given = {"name": name, "email": email, "phone": phone}
    return {**told, **{key: told.get(key) or value for key, value in given.items()}}


def _worst(rows: Iterable[Any]) -> list[Fate]:
    """One fate for each entry: of several calls the worst."""
    found: dict[str, Fate] = {}
    for entry_id, state, reason, delivery_id in rows:
        known = found.get(entry_id)
        if known is None or WORST.index(state) > WORST.index(known.state):
            found[entry_id] = Fate(entry_id, state, reason, delivery_id)
    return list(found.values())
