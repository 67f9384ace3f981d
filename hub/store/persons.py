"""A customer as agents see them over all channels: identities, conversations, and the links that made them one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, or_, select

from hub.store import link_tables, tables
from hub.store.database import Database
from hub.store.linking import ASKED
from hub.store.listing import Listed, listed

claim = link_tables.Claim.__table__  # type: ignore[attr-defined]
link = link_tables.Link.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
MOST = 100
"""Identities, conversations and links of one customer that are shown."""


@dataclass(frozen=True, slots=True)
class Known:
    """One identity, and what is proved of it."""

    id: str
    channel: str
    address: str
    proved: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Made:
    """A link: which identities went from one customer to the other, by whom."""

    id: str
    into: str
    other: str
    kind: str
    actor: str
    reason: str
    identities: list[str]
    at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A customer with everything that is one with them."""

    id: str
    name: str
    email: str
    phone: str
    identities: list[Known]
    conversations: list[Listed]
    links: list[Made]


@dataclass(frozen=True, slots=True)
class Named:
    """A customer in a list."""

    id: str
    name: str
    email: str
    phone: str
    channels: list[str]


class PersonStore:
    """Every query that shows a customer as a whole."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def whole(self, customer_id: str, me: str) -> Whole | None:
        """A customer; None when there is no such. One who went to another has links, and nothing else any more."""
        facts = select(customer.c.id, customer.c.name, customer.c.email, customer.c.phone).where(customer.c.id == customer_id)
        own = select(identity.c.id, identity.c.channel, identity.c.external_id).where(identity.c.customer_id == customer_id)
        own = own.order_by(identity.c.channel, identity.c.external_id).limit(MOST)
        talks = select(conversation).where(conversation.c.customer_id == customer_id)
        made = select(link).where(or_(link.c.into_id == customer_id, link.c.from_id == customer_id))
        async with self.db.read() as connection:
            found = (await connection.execute(facts)).first()
            if found is None:
                return None
            identities = (await connection.execute(own)).all()
            held = select(claim.c.identity_id, claim.c.kind, claim.c.value)
            held = held.where(claim.c.identity_id.in_([row[0] for row in identities]), claim.c.kind != ASKED)
            proved: dict[str, list[tuple[str, str]]] = {}
            for owner, kind, value in await connection.execute(held.order_by(claim.c.kind, claim.c.value)):
                proved.setdefault(owner, []).append((kind, value))
            links = (await connection.execute(made.order_by(link.c.id.desc()).limit(MOST))).mappings()
            return Whole(
                id=found[0],
                name=found[1],
                email=found[2],
                phone=found[3],
                identities=[Known(id, channel, address, proved.get(id, [])) for id, channel, address in identities],
                conversations=await listed(connection, talks.order_by(conversation.c.last_s.desc()).limit(MOST), me),
                links=[_made(row) for row in links],
            )

    async def find(self, words: str, most: int) -> list[Named]:
        """Customers by name, address or id, who came last first; the typed text is never a pattern."""
        escaped = words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        columns = (customer.c.name, customer.c.email, customer.c.phone)
        held = [func.lower(column).like(f"%{escaped.lower()}%", escape="!") for column in columns]
        as_typed = [column.like(f"%{escaped}%", escape="!") for column in columns]
        known = select(identity.c.customer_id).where(identity.c.external_id == words)
        wanted = select(customer.c.id, *columns).where(or_(*held, *as_typed, customer.c.id == words, customer.c.id.in_(known)))
        async with self.db.read() as connection:
            rows = (await connection.execute(wanted.order_by(customer.c.id.desc()).limit(most))).all()
            own = select(identity.c.customer_id, identity.c.channel).where(identity.c.customer_id.in_([row[0] for row in rows]))
            channels: dict[str, list[str]] = {}
            for owner, channel in await connection.execute(own.order_by(identity.c.channel)):
                channels.setdefault(owner, []).append(channel)
        return [Named(row[0], row[1], row[2], row[3], channels[row[0]]) for row in rows if row[0] in channels]

    async def there(self, *, customer_id: str = "", link_id: str = "") -> bool:
        """Whether there is such a customer, or such a link."""
        wanted = select(link.c.id).where(link.c.id == link_id) if link_id else select(customer.c.id)
        async with self.db.read() as connection:
            found = wanted if link_id else wanted.where(customer.c.id == customer_id)
            return (await connection.execute(found)).first() is not None


def _made(row: Any) -> Made:
    return Made(
        id=row["id"],
        into=row["into_id"],
        other=row["from_id"],
        kind=row["kind"],
        actor=row["actor"],
        reason=row["reason"],
        identities=orjson.loads(row["moved"])["identities"],
        at=row["at"],
        undone_at=row["undone_at"],
    )
