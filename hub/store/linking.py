"""Several identities as one customer: what is proved of them, bringing them together, and taking that back.

Whoever moves an identity holds the lanes of all identities of both customers: no batch that writes for one of them runs then.
Of two processes that link the same, the second finds it done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Conflict
from hub.model import ChannelName, ExternalId, new_id
from hub.store import agent_tables, link_tables, tables
from hub.store.database import Database

audit = agent_tables.Audit.__table__  # type: ignore[attr-defined]
claim = link_tables.Claim.__table__  # type: ignore[attr-defined]
link = link_tables.Link.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
lane = tables.Lane.__table__  # type: ignore[attr-defined]
FRESH = 200
"""Claims compared at once."""
ASKED = "asked"
"""The kind of claim that proves nothing: that the identity's platform is to be asked who it is (`new`), or was (`held`)."""
FACTS = ("name", "email", "phone", "locale")


@dataclass(frozen=True, slots=True)
class Proof:
    """Something proved of an identity, in the one spelling in which it is compared."""

    identity_id: str
    kind: str
    value: str


class LinkStore:
    """Every query that makes identities one customer, or parts them again."""

    def __init__(self, db: Database, lanes: int) -> None:
        self.db = db
        self.lanes = lanes

    async def claim(self, connection: AsyncConnection, proofs: Collection[Proof]) -> bool:
        """Note what is proved, in the transaction of whoever heard it; says whether any of it is news."""
        owners = {proof.identity_id for proof in proofs}
        held = select(claim.c.identity_id, claim.c.kind, claim.c.value).where(claim.c.identity_id.in_(owners))
        known = {Proof(*row) for row in await connection.execute(held)}
        now = datetime.now(UTC)
        rows = [
            {"identity_id": one.identity_id, "kind": one.kind, "value": one.value, "state": "new", "at": now}
            for one in sorted({*proofs} - known, key=lambda one: (one.identity_id, one.kind, one.value))
        ]
        if rows:
            await connection.execute(insert(claim), rows)
        return bool(rows)

    async def fresh(self) -> list[tuple[str, str]]:
        """(kind, value) of claims that nobody has compared yet."""
        new = and_(claim.c.state == "new", claim.c.kind != ASKED)
        wanted = select(claim.c.kind, claim.c.value).where(new).distinct().limit(FRESH)
        async with self.db.read() as connection:
            return [(row[0], row[1]) for row in await connection.execute(wanted)]

    async def asks(self) -> bool:
        """Whether somebody's platform is still to be asked."""
        waiting = select(claim.c.identity_id).where(claim.c.state == "new", claim.c.kind == ASKED).limit(1)
        async with self.db.read() as connection:
            return (await connection.execute(waiting)).first() is not None

    async def asking(self, channel: ChannelName, most: int) -> list[tuple[str, str]]:
        """(identity, address) of whom a channel's platform is still to be asked, the longest waiting first."""
        new = and_(claim.c.state == "new", claim.c.kind == ASKED, claim.c.value == channel)
        found = select(claim.c.identity_id, identity.c.external_id).join(identity, identity.c.id == claim.c.identity_id)
        async with self.db.read() as connection:
            return [(row[0], row[1]) for row in await connection.execute(found.where(new).order_by(claim.c.at).limit(most))]

    async def answered(self, identity_id: str, proofs: Collection[Proof]) -> bool:
        """The platform has said who somebody is; says whether that is news."""

        async def work(connection: AsyncConnection) -> bool:
            asked = and_(claim.c.identity_id == identity_id, claim.c.kind == ASKED)
            await connection.execute(update(claim).where(asked).values(state="held"))
            return await self.claim(connection, proofs)

        return await self.db.transact(work)

    async def join(self, kind: str, value: str) -> list[str]:
        """Make everybody of whom the same is proved one customer, the one who is known longest; returns the links made. Whoever
        claims it while this waits for lanes is left to the next look."""

        async def work(connection: AsyncConnection) -> list[str]:
            claimants = await self._claimants(connection, kind, value)
            into, *others = await self.hold(connection, {one for one in claimants.values() if one}) or [""]
            made = [await self.bring(connection, into, other, kind, "system", "") for other in others]
            await self._held(connection, kind, value, claimants)
            return made

        return await self.db.transact(work)

    @staticmethod
    async def _held(connection: AsyncConnection, kind: str, value: str, identities: Collection[str]) -> None:
        same = (claim.c.kind == kind) & (claim.c.value == value) & (claim.c.state == "new")
        await connection.execute(update(claim).where(same, claim.c.identity_id.in_(identities)).values(state="held"))

    async def held(self, kind: str, value: str, identities: Collection[str]) -> None:
        """What these claim was done."""
        await self.db.transact(lambda connection: self._held(connection, kind, value, identities))

    async def movers(self, value: str) -> list[tuple[ChannelName, ExternalId]]:
        """(channel, address until then) of identities that go on under this address."""
        found = select(identity.c.channel, identity.c.external_id).join(claim, claim.c.identity_id == identity.c.id)
        new = (claim.c.kind == "moved") & (claim.c.value == value) & (claim.c.state == "new")
        async with self.db.read() as connection:
            return [(ChannelName(row[0]), ExternalId(row[1])) for row in await connection.execute(found.where(new))]

    async def claimants(self, kind: str, value: str) -> list[str]:
        """The identities that claim something."""
        async with self.db.read() as connection:
            return sorted(await self._claimants(connection, kind, value))

    @staticmethod
    async def _claimants(connection: AsyncConnection, kind: str, value: str) -> dict[str, str | None]:
        """Identities that claim something, with whose they are; None where one is not there."""
        found = select(claim.c.identity_id, identity.c.customer_id).outerjoin(identity, identity.c.id == claim.c.identity_id)
        same = (claim.c.kind == kind) & (claim.c.value == value) & (claim.c.state != "apart")
        return {row[0]: row[1] for row in await connection.execute(found.where(same))}

    async def link(self, into: str, other: str, actor: str, reason: str) -> str:
        """Make two customers one by hand; returns the link. Raises `Conflict` when one of them is not there."""

        async def work(connection: AsyncConnection) -> str:
            wanted = {into, other}
            people = await self.hold(connection, wanted)
            if len(people) == 2 and into != other:
                return await self.bring(connection, into, other, "hand", actor, reason)
            done = select(link.c.id).where(link.c.into_id == into, link.c.from_id == other, link.c.undone_at.is_(None))
            known = (await connection.execute(done.order_by(link.c.id.desc()).limit(1))).scalar()
            if known is None:
                raise Conflict("these are not two customers; look again at who they are now")
            return str(known)

        return await self.db.transact(work)

    async def hold(self, connection: AsyncConnection, customers: Collection[str]) -> list[str]:
        """Hold the lanes of these customers; returns those who still have an identity, the one known longest first."""
        held: set[int] = set()
        while True:
            own = select(identity.c.customer_id, identity.c.bucket).where(identity.c.customer_id.in_(customers))
            found = (await connection.execute(own)).all()
            more = {bucket % self.lanes for _, bucket in found} - held
            if not more:
                return sorted({row[0] for row in found})
            await self.lock(connection, more)
            held |= more

    async def lock(self, connection: AsyncConnection, lanes: Collection[int]) -> None:
        """Hold lanes until the transaction ends, in one order for all."""
        for n in sorted(lanes):
            await connection.execute(select(lane.c.n).where(lane.c.kind == "in", lane.c.n == n).with_for_update())

    async def bring(self, connection: AsyncConnection, into: str, other: str, kind: str, actor: str, reason: str) -> str:
        """Give all identities of `other` to `into`, and write down who did that; the lanes are held."""
        ids = list((await connection.execute(select(identity.c.id).where(identity.c.customer_id == other))).scalars())
        await self._move(connection, ids, into)
        filled = await self._fill(connection, into, other)
        row = {
            "id": new_id(),
            "into_id": into,
            "from_id": other,
            "kind": kind,
            "actor": actor[:191],
            "reason": reason,
            "moved": orjson.dumps({"identities": ids, "filled": filled}).decode(),
            "at": datetime.now(UTC),
            "undone_at": None,
        }
        await connection.execute(insert(link), [row])
        await self._record(connection, actor, "customers.linked", into, f"{other} by {kind} {reason}".strip())
        return str(row["id"])

    @staticmethod
    async def _move(connection: AsyncConnection, ids: Sequence[str], customer_id: str) -> None:
        await connection.execute(update(identity).where(identity.c.id.in_(ids)).values(customer_id=customer_id))
        await connection.execute(update(conversation).where(conversation.c.identity_id.in_(ids)).values(customer_id=customer_id))

    @staticmethod
    async def _fill(connection: AsyncConnection, into: str, other: str) -> dict[str, str]:
        """Tell the one what only the other knew."""
        columns = [customer.c[name] for name in ("id", *FACTS)]
        found = await connection.execute(select(*columns).where(customer.c.id.in_((into, other))))
        rows = {row.id: dict(row._mapping) for row in found}
        gained = {name: rows[other][name] for name in FACTS if rows[other][name] and not rows[into][name]}
        if gained:
            await connection.execute(update(customer).where(customer.c.id == into).values(**gained))
        return gained

    async def undo(self, link_id: str, actor: str, reason: str) -> tuple[str, str]:
        """Part what a link brought together; what led to it does so no more. Returns both customers. Raises `Conflict`."""

        async def work(connection: AsyncConnection) -> tuple[str, str]:
            found = (await connection.execute(select(link).where(link.c.id == link_id).with_for_update())).mappings().one()
            into, other, moved = found["into_id"], found["from_id"], orjson.loads(found["moved"])
            if found["undone_at"] is not None:
                return into, other
            if found["kind"] == "named":
                raise Conflict("this customer's backend has said who the stranger was; their logs are one and stay so")
            await self.hold(connection, {into, other})
            ids: list[str] = moved["identities"]
            still = select(func.count()).where(identity.c.id.in_(ids), identity.c.customer_id == into)
            if int((await connection.execute(still)).scalar_one()) != len(ids):
                raise Conflict("they were linked further since; undo the later link first")
            if await self._merged(connection, ids, into):
                raise Conflict("conversations of theirs were merged; part those first")
            await self._move(connection, ids, other)
            await self._part(connection, ids, into, moved["filled"])
            await connection.execute(update(link).where(link.c.id == link_id).values(undone_at=datetime.now(UTC)))
            await self._record(connection, actor, "customers.parted", into, f"{other} {reason}".strip())
            return into, other

        return await self.db.transact(work)

    @staticmethod
    async def _merged(connection: AsyncConnection, ids: Sequence[str], into: str) -> bool:
        """Whether a conversation of these identities and one of the customer's others are one matter."""
        head = conversation.alias("head")
        pair = select(conversation.c.id).join(head, head.c.id == conversation.c.merged_into)
        pair = pair.where(conversation.c.customer_id == into, conversation.c.identity_id.in_(ids) != head.c.identity_id.in_(ids))
        return (await connection.execute(pair.limit(1))).first() is not None

    @staticmethod
    async def _part(connection: AsyncConnection, ids: Sequence[str], into: str, filled: dict[str, str]) -> None:
        """Forget what the other one told, and let what both claim lead to nothing any more."""
        for name, value in filled.items():
            same = (customer.c.id == into) & (customer.c[name] == value)
            await connection.execute(update(customer).where(same).values(**{name: ""}))
        theirs = select(claim.c.kind, claim.c.value).join(identity, identity.c.id == claim.c.identity_id)
        shared = {(row[0], row[1]) for row in await connection.execute(theirs.where(identity.c.customer_id == into))}
        for kind, value in sorted(shared):
            own = claim.c.identity_id.in_(ids) & (claim.c.kind == kind) & (claim.c.value == value)
            await connection.execute(update(claim).where(own).values(state="apart"))

    @staticmethod
    async def _record(connection: AsyncConnection, actor: str, action: str, about: str, detail: str) -> None:
        row: dict[str, Any] = {"id": new_id(), "actor": actor[:191], "action": action, "object": about, "detail": detail[:2000]}
        await connection.execute(insert(audit), [row | {"at": datetime.now(UTC)}])
