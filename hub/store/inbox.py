"""The inbox: what was acknowledged and waits to be understood. A row here, committed, is what a 2xx means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter
from sqlalchemy import and_, bindparam, select, text, tuple_, update
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import AgentReply, Message, Part, Report, bucket_of, new_id
from hub.ports import Unread
from hub.sign import Sign
from hub.store import tables
from hub.store.accounts import Accounts
from hub.store.database import Database, now_ms
from hub.store.doubles import suspect
from hub.store.incoming import INCOMING as INCOMING
from hub.store.incoming import Pending as Pending
from hub.store.incoming import why_unread

inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
counter = tables.Counter.__table__  # type: ignore[attr-defined]
PENDING, DONE, PARKED = 0, 1, 2
REPORTS = "deliveries"
"""The source of reports: no channel or desk may have this name."""
REFUSED = "refused."
"""With which the ids of rows begin that the database did not take as they were."""
COLUMNS = ("id", "source", "external_id", "digest", "bucket", "lane", "body", "raw", "at")
PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(tuple[Part, ...])
Kept = Literal["new", "same", "conflict"]


def row_of(item: Message | AgentReply | Report | Sign | Unread, lanes: int, bucket: int | None = None) -> dict[str, Any]:
    """The inbox row of something that came in. Its bucket is the conversation's where that is known; else it follows from the
    customer, or from the agent's thread until the worker knows better."""
    if isinstance(item, Report):
        return _row(item.id, item.model_dump_json(), REPORTS, bucket or 0, lanes)
    if isinstance(item, Unread):
        body = json.dumps({"what": "unread", "why": item.why})
        row = _row(item.id, body, item.channel, bucket_of(item.channel, item.id), lanes)
        return row | {"raw": _raw(item.raw), **_counted_by(item)}
    if isinstance(item, Sign):
        return _row(item.id, item.model_dump_json(), item.desk, bucket_of(item.desk, item.agent), lanes)
    if isinstance(item, AgentReply) and item.kind == "begin":
        bucket = bucket_of(str(item.data.get("channel", "")), str(item.data.get("address", "")))
    source: str = item.channel if isinstance(item, Message) else item.desk
    if bucket is None:
        who = item.customer if isinstance(item, Message) else item.conversation or item.thread or item.id
        bucket = bucket_of(source, who)
    digest = ""
    if item.client_id:
        said = PARTS.dump_json(item.parts)
        if isinstance(item, AgentReply):
            said += "\0".join((item.kind, item.conversation or "", item.assignee or "", item.team, item.edit_of or "")).encode()
        digest = hashlib.sha256(said).hexdigest()[:16]
    row = _row(item.id, item.model_dump_json(exclude={"raw", "account"}), source, bucket, lanes)
    counted = _counted_by(item) if isinstance(item, Message) else {}
    return row | {"digest": digest, "raw": _raw(item.raw) if item.raw else None, **counted}


def _counted_by(item: Message | Unread) -> dict[str, str]:
    """What `keep` needs to tell the ids of a channel's accounts apart."""
    return {"account": item.account} if item.account else {}


def refused_row(row: dict[str, Any], why: str) -> dict[str, Any]:
    """What the database would not take as it is: a row that will be parked and shown, with everything in it escaped."""
    raw = json.dumps(json.loads(row["raw"] or row["body"]))
    body = json.dumps({"what": "unread", "why": why})
    own = f"{REFUSED}{hashlib.sha256(json.dumps([row['external_id'], raw]).encode()).hexdigest()[:32]}"
    return {**row, "id": new_id(), "external_id": own, "digest": "", "body": body, "raw": raw}


def _raw(payload: Mapping[str, Any]) -> str:
    """A platform's payload as text. orjson refuses whole numbers above 64 bits, which JSON allows."""
    try:
        return orjson.dumps(payload).decode()
    except TypeError:
        return json.dumps(payload)


def _row(external_id: str, body: str, source: str, bucket: int, lanes: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "source": source,
        "external_id": external_id,
        "digest": "",
        "bucket": bucket,
        "lane": bucket % lanes,
        "body": body,
        "raw": None,
        "at": datetime.now(UTC),
    }


_POSTGRES = text(
    "INSERT INTO inbox (id, source, external_id, digest, bucket, lane, body, raw, at, state, tries, due_ms) "
    "SELECT *, 0, 0, 0 FROM unnest(CAST(:id AS varchar[]), CAST(:source AS varchar[]), CAST(:external_id AS varchar[]), "
    "CAST(:digest AS varchar[]), CAST(:bucket AS smallint[]), CAST(:lane AS smallint[]), CAST(:body AS text[]), "
    "CAST(:raw AS text[]), CAST(:at AS timestamptz[])) ON CONFLICT (source, external_id) DO NOTHING RETURNING id"
)
_SQLITE = sqlite.insert(inbox).on_conflict_do_nothing()
_MYSQL = mysql.insert(inbox).on_duplicate_key_update(n=inbox.c.n)


class InboxStore:
    """Every query on the inbox."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._accounts = Accounts(db)

    async def keep(self, rows: Sequence[dict[str, Any]]) -> list[Kept]:
        """Commit the rows, in order; says of each whether it is new, was there, or was there with another content."""
        await self._accounts.tell_apart(rows)
        return await self.db.transact(lambda connection: self._keep(connection, rows), tries=2)

    async def _keep(self, connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> list[Kept]:
        if self.db.dialect == "postgresql":
            columns = {name: [row[name] for row in rows] for name in COLUMNS}
            inserted = set((await connection.execute(_POSTGRES, columns)).scalars())
            complete = len(inserted) == len(rows)
        else:
            statement = _SQLITE if self.db.dialect == "sqlite" else _MYSQL
            fresh = [{**row, "state": PENDING, "tries": 0, "due_ms": 0} for row in rows]
            result = await connection.execute(statement, fresh)
            complete = self.db.dialect == "sqlite" and result.rowcount == len(rows)
        if complete:
            return ["new"] * len(rows)
        keys = [(row["source"], row["external_id"]) for row in rows]
        wanted = select(inbox.c.source, inbox.c.external_id, inbox.c.id, inbox.c.digest)
        found = await connection.execute(wanted.where(tuple_(inbox.c.source, inbox.c.external_id).in_(keys)))
        stored = {(source, external): (own, digest) for source, external, own, digest in found}
        kept = [self._verdict(row, stored[(row["source"], row["external_id"])]) for row in rows]
        await suspect(connection, [row for row, verdict in zip(rows, kept, strict=True) if verdict == "same"])
        return kept

    @staticmethod
    def _verdict(row: dict[str, Any], stored: tuple[str, str]) -> Kept:
        if stored[0] == row["id"]:
            return "new"
        return "same" if stored[1] == row["digest"] else "conflict"

    _pending = (
        select(inbox.c.n, inbox.c.body, inbox.c.tries, inbox.c.at)
        .where(inbox.c.state == PENDING, inbox.c.lane == bindparam("lane"), inbox.c.due_ms <= now_ms())
        .order_by(inbox.c.n)
        .limit(bindparam("most"))
    )

    async def pending(self, connection: AsyncConnection, lane: int, most: int) -> list[Pending]:
        """What waits in a lane, oldest first."""
        rows = await connection.execute(self._pending, {"lane": lane, "most": most})
        return [self._read(n, body, tries, int(at.timestamp() * 1000)) for n, body, tries, at in rows]

    @staticmethod
    def _read(n: int, body: str, tries: int, at_ms: int) -> Pending:
        try:
            return Pending(n, INCOMING.validate_json(body), tries, at_ms=at_ms)
        except ValueError as exc:
            why = why_unread(body)
            return Pending(n, None, tries, why or str(exc), unread=why is not None)

    _done = update(inbox).where(inbox.c.n == bindparam("row")).values(state=DONE)
    _moved = update(counter).where(counter.c.name == "inbox").values(value=counter.c.value + bindparam("count"))
    _head = select(counter.c.value).where(counter.c.name == "inbox")

    async def finish(self, connection: AsyncConnection, ns: Sequence[int], count: int) -> int:
        """These rows have become `count` entries; returns the first of their places in the inbox-wide log. Call it last: other
        lanes wait behind it."""
        if self.db.dialect == "postgresql" and ns and count:  # one round trip
            head = (await connection.execute(_POSTGRES_FINISH, {"ns": list(ns), "count": count})).scalar_one()
            return int(head) - count + 1
        if ns:
            await self._finish(connection, ns)
        if not count:
            return 0
        if self.db.dialect == "mysql":
            await connection.execute(self._moved, {"count": count})
            head = (await connection.execute(self._head)).scalar_one()
        else:
            head = (await connection.execute(self._moved.returning(counter.c.value), {"count": count})).scalar_one()
        return int(head) - count + 1

    async def _finish(self, connection: AsyncConnection, ns: Sequence[int]) -> None:
        if self.db.dialect == "postgresql":
            await connection.execute(_POSTGRES_DONE, {"ns": list(ns)})
        else:
            await connection.execute(self._done, [{"row": n} for n in ns])

    async def park(self, connection: AsyncConnection, n: int, tries: int, error: str) -> bool:
        """Put a row aside that nobody can handle, unless somebody has: it stays, is shown and can be replayed."""
        waits = update(inbox).where(inbox.c.n == n, inbox.c.state == PENDING, inbox.c.tries < tries)
        return bool((await connection.execute(waits.values(state=PARKED, tries=tries, error=error[:4000]))).rowcount)

    async def move(self, connection: AsyncConnection, n: int, bucket: int, lane: int) -> None:
        """Hand a row to the lane of its conversation."""
        await connection.execute(update(inbox).where(inbox.c.n == n).values(bucket=bucket, lane=lane))

    async def postpone(self, connection: AsyncConnection, n: int, tries: int, wait_ms: int) -> None:
        """Look at a row again later."""
        await connection.execute(update(inbox).where(inbox.c.n == n).values(tries=tries, due_ms=now_ms() + wait_ms))

    async def hurry(self, source: str) -> list[int]:
        """Let rows of a source that were put off be looked at now, in their order; returns the lanes to wake."""
        late = and_(inbox.c.state == PENDING, inbox.c.source == source, inbox.c.due_ms > now_ms())
        async with self.db.write() as connection:
            lanes = list((await connection.execute(select(inbox.c.lane).where(late).distinct())).scalars())
            await connection.execute(update(inbox).where(late).values(due_ms=0))
        return lanes

    async def waiting_lanes(self) -> list[int]:
        """Lanes that have something to do now."""
        due = and_(inbox.c.state == PENDING, inbox.c.due_ms <= now_ms())
        async with self.db.read() as connection:
            return list((await connection.execute(select(inbox.c.lane).where(due).distinct())).scalars())

    async def lane_waits(self, lane: int) -> bool:
        """Whether a lane has something to do now."""
        async with self.db.read() as connection:
            return (await connection.execute(self._pending, {"lane": lane, "most": 1})).first() is not None

    async def depth(self) -> tuple[int, int, float]:
        """How many rows wait, how many are parked, and the age of the oldest that waits, in seconds."""
        counted = text(
            "SELECT COALESCE(SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), 0) FROM inbox WHERE state IN (0, 2)"
        )
        oldest = select(inbox.c.at).where(inbox.c.state == PENDING).order_by(inbox.c.n).limit(1)
        async with self.db.read() as connection:
            waiting, parked = (await connection.execute(counted)).one()
            since = (await connection.execute(oldest)).scalar()
        age = (datetime.now(UTC) - since).total_seconds() if since else 0.0
        return int(waiting), int(parked), max(age, 0.0)

    async def parked(
        self, *, before: int | None, most: int, source: str | None = None, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Parked rows, newest first, from below `before`; of one channel or desk, and not older than `since`, where asked."""
        wanted = select(inbox).where(inbox.c.state == PARKED).order_by(inbox.c.n.desc()).limit(most)
        if before is not None:
            wanted = wanted.where(inbox.c.n < before)
        if source is not None:
            wanted = wanted.where(inbox.c.source == source)
        if since is not None:
            wanted = wanted.where(inbox.c.at >= since)
        async with self.db.read() as connection:
            return [dict(row) for row in (await connection.execute(wanted)).mappings()]

    async def row(self, n: int) -> dict[str, Any] | None:
        """One row, whole."""
        async with self.db.read() as connection:
            found = (await connection.execute(select(inbox).where(inbox.c.n == n))).mappings().first()
        return dict(found) if found else None

    async def replay(self, ns: Sequence[int]) -> list[int]:
        """Let parked rows be tried again; returns the lanes to wake."""
        chosen = and_(inbox.c.n.in_(ns), inbox.c.state == PARKED)
        async with self.db.write() as connection:
            lanes = list((await connection.execute(select(inbox.c.lane).where(chosen).distinct())).scalars())
            await connection.execute(update(inbox).where(chosen).values(state=PENDING, tries=0, due_ms=0))
        return lanes

    async def settle(self, n: int) -> None:
        """A parked row has become others, which are kept."""
        async with self.db.write() as connection:
            await connection.execute(update(inbox).where(inbox.c.n == n, inbox.c.state == PARKED).values(state=DONE))

    async def forget_raw(self, older_than: datetime, most: int = 1000) -> int:
        """Drop platforms' payloads after their retention time; returns how many."""
        old = select(inbox.c.n).where(inbox.c.raw.is_not(None), inbox.c.state == DONE, inbox.c.at < older_than).limit(most)
        async with self.db.write() as connection:
            ns = list((await connection.execute(old)).scalars())
            if ns:
                await connection.execute(update(inbox).where(inbox.c.n.in_(ns)).values(raw=None))
        return len(ns)


_POSTGRES_DONE = text("UPDATE inbox SET state = 1 WHERE n = ANY(CAST(:ns AS bigint[]))")
_POSTGRES_FINISH = text(
    "WITH finished AS (UPDATE inbox SET state = 1 WHERE n = ANY(CAST(:ns AS bigint[]))) "
    "UPDATE counter SET value = value + CAST(:count AS bigint) WHERE name = 'inbox' RETURNING value"
)
