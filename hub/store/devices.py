"""Devices: whose they are, which of them must be told of an answer, and how much of a log their customer has not read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import device_tables, tables
from hub.store.database import Database, now_ms

device = device_tables.Device.__table__  # type: ignore[attr-defined]
counter = tables.Counter.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
MOST = 20
"""Devices of one customer; who brings another loses the one that was named longest ago."""
LOOKED = "push"
"""The counter up to which the inbox-wide log was looked through for answers."""


@dataclass(frozen=True, slots=True)
class DueDevice:
    """A device to tell now. `place` is what its customer has or was told of; `lease` proves that nothing new was noted since."""

    id: str
    identity_id: str
    channel: str
    kind: str
    token: str
    locale: str
    timezone: str
    tries: int
    place: int
    lease: int


def device_id(channel: str, kind: str, token: str) -> str:
    """Our id of a device: the same however often it is named."""
    return hashlib.sha256(f"{channel}\0{kind}\0{token}".encode()).hexdigest()[:32]


class DeviceStore:
    """Every query on devices."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def put(self, identity_id: str, channel: str, kind: str, token: str, locale: str, timezone: str) -> str:
        """A device is this customer's from now on; what they have already is not told again."""
        own = device_id(channel, kind, token)

        async def work(connection: AsyncConnection) -> None:
            head = (await connection.execute(select(identity.c.head).where(identity.c.id == identity_id))).scalar() or 0
            values: dict[str, Any] = {"identity_id": identity_id, "locale": locale, "timezone": timezone, "at": datetime.now(UTC)}
            known = (await connection.execute(select(device.c.identity_id).where(device.c.id == own).with_for_update())).scalar()
            if known is None:
                fresh = {"id": own, "channel": channel, "kind": kind, "token": token, "due_ms": 0, "tries": 0, "pushed_cs": head}
                await connection.execute(insert(device), [values | fresh])
            else:
                moved = {"pushed_cs": head, "due_ms": 0} if known != identity_id else {}
                await connection.execute(update(device).where(device.c.id == own).values(**values, **moved))
            mine = select(device.c.id).where(device.c.identity_id == identity_id).order_by(device.c.at.desc(), device.c.id)
            over = list((await connection.execute(mine)).scalars())[MOST:]
            if over:
                await connection.execute(delete(device).where(device.c.id.in_(over)))

        await self.db.transact(work)
        return own

    async def remove(self, own: str, identity_id: str | None = None) -> bool:
        """Forget a device, of this customer where one is given; says whether there was one."""
        wanted = delete(device).where(device.c.id == own)
        if identity_id is not None:
            wanted = wanted.where(device.c.identity_id == identity_id)
        async with self.db.write() as connection:
            return bool((await connection.execute(wanted)).rowcount)

    async def note_answers(self, after_ms: Mapping[str, int]) -> None:
        """Look through what was said since the last look: devices of customers who got an answer must be told so many ms later,
        by channel. `s` grows in the order of commits, so nothing is skipped."""

        async def work(connection: AsyncConnection) -> None:
            heads = select(counter.c.name, counter.c.value).where(counter.c.name.in_(["inbox", LOOKED]))
            found = {name: int(value) for name, value in await connection.execute(heads)}
            head = found.get("inbox", 0)
            if LOOKED not in found:
                await connection.execute(insert(counter), [{"name": LOOKED, "value": head}])
                return
            if head == found[LOOKED]:
                return
            there = and_(message.c.cs.is_not(None), message.c.kind == "message")
            came = and_(message.c.kind == "changed", message.c.edit_of.is_not(None))  # what waited for its translation
            answered = select(message.c.identity_id).where(
                message.c.s > found[LOOKED], message.c.s <= head, or_(there, came), message.c.author_kind.in_(["agent", "bot"])
            )
            for channel, after in after_ms.items():
                soon = now_ms() + after
                later = (device.c.due_ms == 0) | (device.c.due_ms > soon)
                told = update(device).where(device.c.channel == channel, device.c.identity_id.in_(answered))
                await connection.execute(told.values(due_ms=case((later, soon), else_=device.c.due_ms), tries=0))
            await connection.execute(update(counter).where(counter.c.name == LOOKED).values(value=head))

        await self.db.transact(work)

    async def any_due(self) -> bool:
        """Whether a device waits to be told."""
        due = select(device.c.id).where(device.c.due_ms > 0, device.c.due_ms <= now_ms()).limit(1)
        async with self.db.read() as connection:
            return (await connection.execute(due)).first() is not None

    async def take(self, lease_ms: int, most: int = 50) -> list[DueDevice]:
        """Devices to tell now; they come back after the lease when nobody says what became of them."""

        async def work(connection: AsyncConnection) -> list[DueDevice]:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            columns = [device.c[name] for name in DueDevice.__slots__[:8]]
            seen = (device.c.pushed_cs, identity.c.seen_cs, identity.c.read_cs)
            wanted = select(*columns, *seen).join(identity, identity.c.id == device.c.identity_id)
            due = select(device.c.id).where(device.c.due_ms > 0, device.c.due_ms <= now).order_by(device.c.due_ms).limit(most)
            ids = list((await connection.execute(due.with_for_update())).scalars())
            if not ids:
                return []
            lease = now + lease_ms
            rows = [tuple(row) for row in await connection.execute(wanted.where(device.c.id.in_(ids)))]
            await connection.execute(update(device).where(device.c.id.in_(ids)).values(due_ms=lease))
            return [DueDevice(*(*row[:8], max(row[8:]), lease)) for row in rows]

        return await self.db.transact(work)

    async def close(self, due: DueDevice, place: int, wait_ms: int = 0) -> None:
        """A device was told up to `place`, or must be told in `wait_ms`; an answer that came meanwhile keeps it due."""
        when = now_ms() + wait_ms if wait_ms else 0
        mine = device.c.due_ms == due.lease
        tries = case((mine, due.tries + 1 if wait_ms else 0), else_=device.c.tries)
        # MariaDB and MySQL see what the assignments before have written (UPDATE, "single-table"): the lease is overwritten last.
        later = case((mine, when), else_=device.c.due_ms)
        values = ((device.c.pushed_cs, place), (device.c.tries, tries), (device.c.due_ms, later))
        async with self.db.write() as connection:
            known = update(device).where(device.c.id == due.id, device.c.identity_id == due.identity_id)
            await connection.execute(known.ordered_values(*values))

    async def unread(self, identity_id: str) -> tuple[int, int, int]:
        """(answers not read, head of the log, place read up to) of a customer."""
        facts = select(identity.c.head, identity.c.read_cs).where(identity.c.id == identity_id)
        async with self.db.read() as connection:
            row = (await connection.execute(facts)).first()
            head, read = (int(row[0]), int(row[1])) if row else (0, 0)
            wanted = select(func.count()).where(
                message.c.identity_id == identity_id, message.c.cs > read, message.c.kind == "message",
                message.c.author_kind.in_(["agent", "bot"]),
            )  # fmt: skip
            count = int((await connection.execute(wanted)).scalar_one()) if head > read else 0
        return count, head, read
