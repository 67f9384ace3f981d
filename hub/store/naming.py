"""A stranger of a web chat who gets a name: their conversations and log become those of the customer whom a backend names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import ChannelName, ExternalId, bucket_of, identity_of, new_id
from hub.store import device_tables, tables
from hub.store.database import Database
from hub.store.inbox import PENDING
from hub.store.linking import LinkStore

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
device = device_tables.Device.__table__  # type: ignore[attr-defined]
file = tables.File.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
BECAME = "became"
"""In a stranger's profile: the customer's id under which they go on. What still comes from the stranger is that customer's."""


class NamingStore:
    """The one transaction that makes a stranger's log part of a customer's."""

    def __init__(self, db: Database, links: LinkStore) -> None:
        self.db = db
        self._links = links

    async def rename(self, channel: ChannelName, stranger: ExternalId, address: ExternalId, *, goes_on: bool = False) -> bool:
        """Give what a stranger said to the customer at `address`; False when there is nothing, or it was done before. What waits
        to be written down waits in the customer's lane from now on, before what they say next. Of two open conversations the
        stranger's is settled; with `goes_on` it is the one that goes on, and the other one stands beside it."""

        async def work(connection: AsyncConnection) -> bool:
            await self._hold(connection, channel, stranger, address)
            old = await self._row(connection, channel, stranger)
            if old is None and not await self._waits(connection, channel, stranger):
                return False
            old = old or await self._made(connection, channel, stranger, {})
            profile: dict[str, str] = orjson.loads(old["profile"])
            if BECAME in profile:
                return False
            new = await self._row(connection, channel, address)
            new = new or await self._made(connection, channel, address, profile, old["customer_id"])
            if new["customer_id"] != old["customer_id"]:
                await self._links.hold(connection, {new["customer_id"], old["customer_id"]})
                await self._links.bring(connection, new["customer_id"], old["customer_id"], "named", "system", "")
            await self._conversations(connection, old["id"], new, goes_on)
            await self._log(connection, old, new)
            values = {"profile": orjson.dumps({BECAME: address}).decode(), "head": 0, "read_cs": 0, "seen_cs": 0}
            await connection.execute(update(identity).where(identity.c.id == old["id"]).values(**values))
            there = {"bucket": new["bucket"], "lane": new["bucket"] % self._links.lanes}
            await connection.execute(update(inbox).where(self._waiting(channel, stranger)).values(**there))
            return True

        return await self.db.transact(work)

    async def _hold(self, connection: AsyncConnection, channel: str, *addresses: str) -> None:
        """Hold the lanes of these addresses, and those that their identities are in."""
        own = select(identity.c.bucket).where(identity.c.id.in_([identity_of(channel, one) for one in addresses]))
        held: set[int] = set()
        while True:
            found = (await connection.execute(own)).scalars()
            buckets = {*(bucket_of(channel, one) for one in addresses), *found}
            more = {bucket % self._links.lanes for bucket in buckets} - held
            if not more:
                return
            await self._links.lock(connection, more)
            held |= more

    @staticmethod
    async def _row(connection: AsyncConnection, channel: str, address: str) -> dict[str, Any] | None:
        found = await connection.execute(select(identity).where(identity.c.id == identity_of(channel, address)))
        row = found.mappings().first()
        return dict(row) if row else None

    @staticmethod
    def _waiting(channel: str, address: str) -> ColumnElement[bool]:
        """What a stranger said and nobody has written down yet: its id begins with theirs and a dot."""
        theirs = inbox.c.external_id.between(f"{address}.", f"{address}/")
        return and_(inbox.c.source == channel, inbox.c.state == PENDING, theirs)

    async def _waits(self, connection: AsyncConnection, channel: str, address: str) -> bool:
        found = select(inbox.c.n).where(self._waiting(channel, address)).limit(1)
        return (await connection.execute(found)).first() is not None

    @staticmethod
    async def _made(
        connection: AsyncConnection, channel: str, address: str, profile: dict[str, str], customer_id: str = ""
    ) -> dict[str, Any]:
        """A new identity; of a new customer unless one is named."""
        now = datetime.now(UTC)
        if not customer_id:
            customer_id = new_id()
            row = {"id": customer_id, "name": "", "email": "", "phone": "", "locale": "", "at": now}
            await connection.execute(insert(customer), [row])
        made = {
            "id": identity_of(channel, address),
            "channel": channel,
            "external_id": address,
            "customer_id": customer_id,
            "bucket": bucket_of(channel, address),
            "head": 0,
            "read_cs": 0,
            "seen_cs": 0,
            "seen_ms": 0,
            "profile": orjson.dumps(profile).decode(),
            "unreachable": "",
            "blocked": False,
            "at": now,
        }
        await connection.execute(insert(identity), [made])
        return made

    async def _conversations(self, connection: AsyncConnection, old: str, new: dict[str, Any], goes_on: bool) -> None:
        """Their conversations, with the calls and files that belong to them. A customer has one open at most: the stranger's is
        settled when there is another, or that one gives way to it."""
        opened = select(conversation.c.id).where(conversation.c.open_key == new["id"])
        mine = select(conversation.c.id).where(conversation.c.open_key == old)
        both = [(await connection.execute(one)).first() is not None for one in (opened, mine)]
        if goes_on and all(both):
            await connection.execute(update(conversation).where(conversation.c.open_key == new["id"]).values(open_key=None))
        elif both[0]:
            settled: dict[str, Any] = {"status": "resolved", "open_key": None, "waiting_ms": 0, "snooze_ms": 0}
            settled |= {"resolved_at": datetime.now(UTC), "resolved_by": "Frontdesk"}
            await connection.execute(update(conversation).where(conversation.c.open_key == old).values(**settled))
        lane = new["bucket"] % self._links.lanes
        theirs = select(conversation.c.id).where(conversation.c.identity_id == old)
        ids = list((await connection.execute(theirs)).scalars())
        going = {"identity_id": new["id"], "customer_id": new["customer_id"], "bucket": new["bucket"], "lane": lane}
        await connection.execute(update(conversation).where(conversation.c.open_key == old).values(open_key=new["id"]))
        await connection.execute(update(conversation).where(conversation.c.id.in_(ids)).values(**going))
        await connection.execute(update(delivery).where(delivery.c.conversation_id.in_(ids)).values(lane=lane))
        await connection.execute(update(file).where(file.c.owner == old).values(owner=new["id"]))
        await connection.execute(update(device).where(device.c.identity_id == old).values(identity_id=new["id"]))

    @staticmethod
    async def _log(connection: AsyncConnection, old: dict[str, Any], new: dict[str, Any]) -> None:
        """The stranger's log, behind what the customer's has already: who has that log is sent the rest as news."""
        moved = {"identity_id": new["id"], "cs": message.c.cs + new["head"]}
        await connection.execute(update(message).where(message.c.identity_id == old["id"]).values(**moved))
        values: dict[str, Any] = {"head": new["head"] + old["head"]}
        if not new["head"]:
            values |= {"read_cs": old["read_cs"], "seen_cs": old["seen_cs"]}
        await connection.execute(update(identity).where(identity.c.id == new["id"]).values(**values))
