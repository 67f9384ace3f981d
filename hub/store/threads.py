"""Threads at desks that were lost: a new one is asked for, and what was said last goes into it first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import new_id
from hub.store import tables
from hub.store.calls import Call
from hub.store.database import Database, now_ms
from hub.store.inbox import PARKED, PENDING

attempt = tables.DeliveryAttempt.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
meta = tables.Meta.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]
GONE = "#gone"
"""Stands behind a desk's name where a thread was given up: what agents still write there is heard."""
LOST = "nobody knows its thread, and of one that was being opened at this desk nobody can say whether it is there"
"""Why a reply was put aside."""
MOST = 5
"""Threads that one conversation gets at a desk."""
END = "z"
"""The place at which a round waits that has read every thread: behind all conversations."""
MOMENT = timedelta(seconds=10)
"""Within which an opening that goes well is recorded: what is written in its thread meanwhile, platforms tell again."""


class ThreadStore:
    """Every query on threads that are lost, and on what was missed in them."""

    def __init__(self, db: Database, lanes: int) -> None:
        self.db = db
        self._lanes = lanes

    async def last_said(self, conversation_id: str, below_seq: int, most: int) -> list[Mapping[str, Any]]:
        """What was said last in a conversation, in order."""
        own = and_(
            message.c.conversation_id == conversation_id, message.c.seq < below_seq, message.c.kind.in_(("message", "note"))
        )
        wanted = select(message.c.id, message.c.parts).where(own).order_by(message.c.seq.desc()).limit(most)
        async with self.db.read() as connection:
            return [dict(row) for row in reversed((await connection.execute(wanted)).mappings().all())]

    async def renew(self, call: Call, lines: Sequence[tuple[str, str]]) -> bool:
        """Give up the thread that a call was for, and queue a new one with these lines (entry, parts) before all that waits;
        False when the conversation has had too many. Whoever comes second finds it done."""

        async def work(connection: AsyncConnection) -> bool:
            talk = call.conversation["id"]
            opened = select(func.count()).where(
                delivery.c.conversation_id == talk, delivery.c.target == call.target, delivery.c.kind == "open"
            )
            if int((await connection.execute(opened)).scalar_one()) >= MOST:
                return False
            lost = and_(thread.c.desk == call.target, thread.c.conversation_id == talk, thread.c.external_id == call.thread)
            if (await connection.execute(select(thread.c.desk).where(lost).with_for_update())).first() is None:
                return True
            before = and_(thread.c.desk == call.target + GONE, thread.c.conversation_id == talk)
            await connection.execute(delete(thread).where(before))
            await connection.execute(update(thread).where(lost).values(desk=call.target + GONE))
            waits = and_(delivery.c.stream == call.target, delivery.c.state.in_(("queued", "sending", "unknown")))
            first = select(func.min(delivery.c.rank)).where(delivery.c.conversation_id == talk, waits)
            rank = (await connection.execute(first)).scalar()
            place = (call.rank if rank is None else min(rank, call.rank)) - len(lines) - 1
            lane = int(call.conversation["bucket"]) % self._lanes
            rows = [_row(call, lane, "open", place, None, None)]
            rows += [_row(call, lane, "line", place + n, entry, parts) for n, (entry, parts) in enumerate(lines, 1)]
            await connection.execute(insert(delivery), rows)
            return True

        return await self.db.transact(work)

    async def of_open(self, identity_id: str) -> list[tuple[str, str, str]]:
        """(desk, thread, the customer's name) of a customer's open conversation on one channel."""
        wanted = select(thread.c.desk, thread.c.external_id, customer.c.name)
        wanted = wanted.join(conversation, conversation.c.id == thread.c.conversation_id)
        wanted = wanted.join(customer, customer.c.id == conversation.c.customer_id)
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.where(conversation.c.open_key == identity_id).order_by(thread.c.desk))
            return [(row[0], row[1], row[2]) for row in rows]

    async def listened(self, desk: str, gap_ms: int) -> bool:
        """Somebody listens to a desk at this moment. When nobody has for longer than `gap_ms`, it is doubted from then on."""

        async def work(connection: AsyncConnection) -> bool:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            known = (await connection.execute(select(meta.c.value).where(meta.c.name == f"alive:{desk}"))).scalar()
            await self._put(connection, f"alive:{desk}", str(now))
            if known is None or now - int(known) <= gap_ms:
                return False
            return await self._doubt(connection, desk, int(known))

        return await self.db.transact(work)

    async def doubt(self, desk: str, since_ms: int) -> bool:
        """What a desk told from then on may not be everything. False when that is known already."""
        return await self.db.transact(lambda connection: self._doubt(connection, desk, since_ms))

    async def _doubt(self, connection: AsyncConnection, desk: str, since_ms: int) -> bool:
        """While threads are being read, a doubt that comes is kept for another round; one that waits at its end gives way."""
        known = await self._round(connection, desk, locked=True)
        if known is None:
            await self._put(connection, f"missed:{desk}", f"{since_ms}  ")
            return True
        began, after, again = known
        if after == END:
            await self._put(connection, f"missed:{desk}", f"{_earlier(again, since_ms)}  ")
            return True
        if after:
            again = _earlier(again, since_ms)
        await self._put(connection, f"missed:{desk}", f"{began if after else min(began, since_ms)} {after} {again}")
        return False

    @staticmethod
    async def _round(connection: AsyncConnection, desk: str, *, locked: bool = False) -> tuple[int, str, str] | None:
        """(since when, the conversation that was read last, since when once more). Who will write it locks it: a doubt that came
        in between would be overwritten."""
        wanted = select(meta.c.value).where(meta.c.name == f"missed:{desk}")
        known = (await connection.execute(wanted.with_for_update() if locked else wanted)).scalar()
        if known is None:
            return None
        since, after, again = known.split(" ")
        return int(since), after, again

    async def doubted(self, desk: str) -> tuple[int, str] | None:
        """(since when, the conversation that was read last) while a desk is doubted."""
        async with self.db.read() as connection:
            known = await self._round(connection, desk)
        return known[:2] if known else None

    async def read_on(self, desk: str, since_ms: int, before: str, after: str | None) -> bool:
        """A conversation's threads were read again; None for `after` when it was the last. The round waits there while a thread
        may exist that nobody can read, and then another one begins."""

        async def work(connection: AsyncConnection) -> bool:
            known = await self._round(connection, desk, locked=True)
            if known is None or known[:2] != (since_ms, before):
                return False
            if after is not None:
                await self._put(connection, f"missed:{desk}", f"{since_ms} {after} {known[2]}")
                return False
            if await self._unsure(connection, desk):
                await self._put(connection, f"missed:{desk}", f"{since_ms} {END} {_earlier(known[2], since_ms)}")
                return False
            if known[2]:
                await self._put(connection, f"missed:{desk}", f"{known[2]}  ")
            else:
                await connection.execute(delete(meta).where(meta.c.name == f"missed:{desk}"))
            return True

        return await self.db.transact(work)

    async def begin_round(self, desk: str, since_ms: int) -> None:
        """A desk's threads are about to be read from the first on. One that may exist by now, and becomes known only behind the
        place where this round is, wants another round."""

        async def work(connection: AsyncConnection) -> None:
            known = await self._round(connection, desk, locked=True)
            if known is not None and known[:2] == (since_ms, "") and await self._unsure(connection, desk):
                await self._put(connection, f"missed:{desk}", f"{since_ms}  {_earlier(known[2], since_ms)}")

        await self.db.transact(work)

    @staticmethod
    async def _unsure(connection: AsyncConnection, desk: str) -> bool:
        """Whether a thread may exist at a desk whose id we have not learnt, and not just because it is opened at this moment: at
        a busy desk one always is."""
        last = attempt.c.delivery_id == delivery.c.id, attempt.c.n == delivery.c.attempt
        slow = exists().where(*last, attempt.c.started_at < datetime.now(UTC) - MOMENT)
        maybe = or_(and_(delivery.c.state == "unknown", delivery.c.due_ms > 0), and_(delivery.c.state == "sending", slow))
        own = and_(delivery.c.target == desk, delivery.c.kind == "open", delivery.c.state.in_(("sending", "unknown")))
        return (await connection.execute(select(delivery.c.id).where(own, maybe).limit(1))).first() is not None

    async def lost(self, connection: AsyncConnection, desk: str, thread_id: str, at_ms: int) -> bool:
        """Whether the opening of a thread at a desk was uncertain at that time, and asking about it was given up, be it tried
        again since: nobody can say any more whether this is that thread. Or what was said there before was put aside for that."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        over = attempt.c.delivery_id == delivery.c.id, attempt.c.outcome == "unknown", attempt.c.finished_at >= at
        own = delivery.c.target == desk, delivery.c.kind == "open", delivery.c.at <= at
        if (await connection.execute(select(delivery.c.id).where(*own, exists().where(*over)).limit(1))).first() is not None:
            return True
        aside = select(inbox.c.body).where(inbox.c.state == PARKED, inbox.c.source == desk, inbox.c.error == LOST)
        return any(orjson.loads(body).get("thread") == thread_id for body in (await connection.execute(aside)).scalars())

    async def held(self, connection: AsyncConnection, lane: int, taken: Sequence[int]) -> dict[tuple[str, str], tuple[int, int]]:
        """The first row of each (source, thread) that was put off, of those in a lane's inbox before the last of those `taken`,
        and when it is due: what follows must not overtake it. Its time may have come since they were taken."""
        before = select(inbox.c.n).where(inbox.c.state == PENDING, inbox.c.lane == lane, inbox.c.n < max(taken))
        others = set((await connection.execute(before)).scalars()).difference(taken)
        found: dict[tuple[str, str], tuple[int, int]] = {}
        if not others:
            return found
        rows = select(inbox.c.n, inbox.c.source, inbox.c.body, inbox.c.due_ms).where(inbox.c.n.in_(others)).order_by(inbox.c.n)
        for n, source, body, due_ms in await connection.execute(rows):
            found.setdefault((source, str(orjson.loads(body).get("thread"))), (n, due_ms))
        return found

    async def living(self, desk: str, since: datetime, after: str, most: int) -> list[tuple[str, str]]:
        """(conversation, thread) of what is open at a desk or has changed since then, by conversation."""
        lives = or_(conversation.c.status == "open", conversation.c.last_at >= since)
        wanted = select(thread.c.conversation_id, thread.c.external_id)
        wanted = wanted.join(conversation, conversation.c.id == thread.c.conversation_id)
        wanted = wanted.where(thread.c.desk == desk, thread.c.conversation_id > after, lives)
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.order_by(thread.c.conversation_id).limit(most))
            return [(row[0], row[1]) for row in rows]

    @staticmethod
    async def _put(connection: AsyncConnection, name: str, value: str) -> None:
        changed = await connection.execute(update(meta).where(meta.c.name == name).values(value=value))
        if changed.rowcount == 0:
            await connection.execute(insert(meta), [{"name": name, "value": value}])


def _earlier(again: str, since_ms: int) -> str:
    return str(min(int(again or since_ms), since_ms))


def _row(call: Call, lane: int, kind: str, rank: int, entry: str | None, parts: str | None) -> dict[str, Any]:
    id = new_id()
    return {
        "id": id, "idem_key": id, "conversation_id": call.conversation["id"], "message_id": entry, "target": call.target,
        "stream": call.target, "kind": kind, "rank": rank, "lane": lane, "state": "queued", "tries": 0, "attempt": 0,
        "due_ms": 0, "lease_ms": 0, "owner": "", "call_key": "", "parts": parts, "data": "{}", "external_id": None, "reason": "",
        "at": datetime.now(UTC), "done_at": None,
    }  # fmt: skip
