"""The outbox: which platform calls are due, who makes them, and what became of them (reliability: B.6)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.capabilities import Capabilities
from hub.model import Report
from hub.store import agent_tables, tables
from hub.store.calls import (
    ASKING,
    ATTEMPT,
    BLOCKED,
    CONVERSATION,
    ENTRY,
    HELD,
    OUTCOME,
    SENDING,
    Call,
    Due,
    Outcome,
    attempt_row,
    call_of,
    may_answer,
    outcome_row,
    runs_of,
    sharing,
    taken_row,
)
from hub.store.claiming import Overtaken, mark_sending, still
from hub.store.database import Database, among, now_ms
from hub.store.elsewhere import leave_out
from hub.store.inbox import InboxStore, row_of
from hub.store.pieces import keep_pieces
from hub.store.windows import admit, allowance, settled

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
person = agent_tables.DeskPerson.__table__  # type: ignore[attr-defined]
attempt = tables.DeliveryAttempt.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]
lane_row = tables.Lane.__table__  # type: ignore[attr-defined]
inbox = tables.Inbox.__table__  # type: ignore[attr-defined]
READINGS = 3
"""How often a claim is begun whose calls others change meanwhile, before it leaves them to the next one."""
LIVE_STATES = ("queued", "sending", "unknown")


class DeliveryStore:
    """Every query on the outbox."""

    def __init__(self, db: Database, lanes: int) -> None:
        self.db = db
        self._lanes = lanes
        may_go = and_(delivery.c.state == "queued", ~BLOCKED)
        may_ask = and_(delivery.c.state == "unknown", delivery.c.due_ms > 0)
        columns = (delivery.c.id, delivery.c.conversation_id, delivery.c.stream, delivery.c.target, delivery.c.kind)
        self._due = (
            select(*columns, delivery.c.state, conversation.c.team, conversation.c.channel, identity.c.external_id)
            .join(conversation, conversation.c.id == delivery.c.conversation_id)
            .join(identity, identity.c.id == conversation.c.identity_id)
            .where(delivery.c.lane == bindparam("lane"), delivery.c.due_ms <= now_ms(), or_(may_go, may_ask))
            .where(delivery.c.state.in_(("queued", "unknown")))
            .order_by(delivery.c.due_ms, delivery.c.id)
            .limit(bindparam("most"))
        )
        talk = [conversation.c[n] for n in CONVERSATION]
        who = [identity.c[n].label(f"who_{n}") for n in ("id", "channel", "external_id", "profile", "head", "read_cs")]
        guest = select(person.c.name).where(person.c.external_id == conversation.c.agent_id).limit(1).scalar_subquery()
        called = func.coalesce(agent.c.name, guest)
        spot = (thread.c.external_id.label("thread_id"), thread.c.place, called.label("agent_name"))
        said = [message.c[n].label(f"said_{n}") for n in ENTRY]
        may = [allowance.c[n].label(f"may_{n}") for n in ("acts", "until_ms", "calls_left", "quota")]
        self._streams = (
            select(delivery, *[c.label(f"talk_{c.name}") for c in talk], *who, *said, *spot, *may)
            .join(conversation, conversation.c.id == delivery.c.conversation_id)
            .join(identity, identity.c.id == conversation.c.identity_id)
            .outerjoin(allowance, allowance.c.identity_id == identity.c.id)
            .outerjoin(agent, agent.c.id == conversation.c.agent_id)
            .outerjoin(message, message.c.id == delivery.c.message_id)
            .outerjoin(thread, and_(thread.c.desk == delivery.c.target, thread.c.conversation_id == conversation.c.id))
            .where(among(db.dialect, delivery.c.conversation_id, "talks"), delivery.c.state.in_((*LIVE_STATES, "held")))
            .order_by(delivery.c.conversation_id, delivery.c.stream, delivery.c.rank, delivery.c.id)
        )
        self._lock = select(now_ms()).where(lane_row.c.kind == "out", lane_row.c.n == bindparam("n")).with_for_update()

    async def due(self, lane: int, most: int) -> list[Due]:
        """Heads of streams that may go now, and unknown calls that may be asked about now."""
        async with self.db.read() as connection:
            rows = await connection.execute(self._due, {"lane": lane, "most": most})
            return [Due(*tuple(row)) for row in rows]

    async def claim(
        self,
        lane: int,
        heads: Sequence[Due],
        *,
        owner: str,
        lease_ms: int,
        capabilities: Mapping[str, Capabilities],
        answers: str = "",
        reserved_ms: int = 0,
    ) -> tuple[list[list[Call]], bool]:
        """Mark calls as being made, committed before the first byte leaves; each list is one call. A head that is no longer a
        head is left out; one that its channel's window does not let go is held: says whether there were such. With `answers`,
        the key of a message that is being answered by its own request, untried calls are claimed as that answer: it is free, and
        those due at `reserved_ms` are left to it until then."""

        async def work(connection: AsyncConnection) -> tuple[list[list[Call]], bool]:
            now = int((await connection.execute(self._lock, {"n": lane})).scalar_one())
            rows = await self.streams(connection, [head.conversation_id for head in heads])
            claimed = runs_of(rows, heads, capabilities, now, reserved_ms)
            held: list[Report] = []
            if answers:
                claimed = [run for run in claimed if may_answer(run)]
            else:
                claimed = await leave_out(connection, claimed, rows)
                claimed, held = await admit(connection, claimed, rows, capabilities, now)
            claimed = [sharing(run, answers) for run in claimed]
            if claimed:
                await mark_sending(connection, [call for run in claimed for call in run], owner, now + lease_ms)
            buckets = {row["conversation_id"]: int(row["talk_bucket"]) for row in rows}
            await self._report(connection, [(report, buckets[report.conversation]) for report in held])
            return claimed, bool(held)

        for _ in range(READINGS):
            with contextlib.suppress(Overtaken):
                return await self.db.transact(work)
        return [], False

    async def streams(self, connection: AsyncConnection, conversations: Iterable[str]) -> list[dict[str, Any]]:
        """Everything in these conversations that is not over, in order, with what its calls need."""
        found = await connection.execute(self._streams, {"talks": sorted(set(conversations))})
        return [dict(row) for row in found.mappings()]

    async def _report(self, connection: AsyncConnection, reports: Sequence[tuple[Report, int]]) -> None:
        """Hand reports to the inbox, with the buckets of their conversations."""
        if reports:
            kept = [row_of(report, self._lanes, bucket) for report, bucket in reports]
            await InboxStore(self.db)._keep(connection, kept)

    async def record(self, outcomes: Sequence[Outcome], *, owner: str) -> list[Outcome]:
        """Commit what became of calls that `owner` still holds; returns the outcomes that counted. Reports go into the inbox in
        the same transaction."""

        async def work(connection: AsyncConnection) -> list[Outcome]:
            held = await connection.execute(HELD, {"rows": [o.call.id for o in outcomes], "mine": owner})
            mine = {(row.id, row.attempt) for row in held}
            counted = [o for o in outcomes if (o.call.id, o.call.attempt) in mine]
            if counted:
                counted = await settled(connection, counted)
                now = int((await connection.execute(select(now_ms()))).scalar_one())
                await connection.execute(OUTCOME, [outcome_row(o, now) for o in counted])
                await connection.execute(ATTEMPT, [attempt_row(o) for o in counted])
                await self._threads(connection, counted)
                await keep_pieces(connection, counted)
                told = [(told, int(o.call.conversation["bucket"])) for o in counted for told in (o.report, o.warning) if told]
                await self._report(connection, told)
            return counted

        return await self.db.transact(work)

    async def _threads(self, connection: AsyncConnection, outcomes: Iterable[Outcome]) -> None:
        opened = [
            {"desk": o.call.target, "conversation_id": o.call.conversation["id"], "place": o.place, "external_id": o.external_id}
            for o in outcomes
            if o.call.kind == "open" and o.state == "sent"
        ]
        if opened:
            await connection.execute(_OPENED[self.db.dialect], opened)
            for desk in sorted({row["desk"] for row in opened}):
                await connection.execute(_WANTED_NOW, {"desk": desk})

    async def expired(self, lane: int, most: int = 200) -> list[Call]:
        """Calls whose maker died or lost its lease: they may have been accepted. Taken over by the caller (`owner` cleared)."""
        wanted = (
            select(delivery.c.conversation_id)
            .where(delivery.c.lane == lane, delivery.c.state == "sending", delivery.c.lease_ms < now_ms())
            .limit(most)
        )

        async def work(connection: AsyncConnection) -> list[Call]:
            now = int((await connection.execute(self._lock, {"n": lane})).scalar_one())
            talks = sorted(set((await connection.execute(wanted)).scalars()))
            if not talks:
                return []
            rows = await self.streams(connection, talks)
            late = [row for row in rows if row["state"] == "sending" and row["lease_ms"] < now]
            dead = await still(connection, late, delivery.c.state == "sending", delivery.c.lease_ms < now)
            if dead:
                await connection.execute(SENDING, [taken_row(row, now) for row in dead])
            return [call_of(row, row["attempt"]) for row in dead]

        return await self.db.transact(work)

    async def asking(self, heads: Sequence[Due], *, owner: str, lease_ms: int) -> list[Call]:
        """Take all unknown calls of these streams that may be asked about now; they stay unknown until recorded."""

        async def work(connection: AsyncConnection) -> list[Call]:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            rows = await self.streams(connection, [head.conversation_id for head in heads])
            wanted = {(head.conversation_id, head.stream) for head in heads}
            due = [row for row in rows if row["state"] == "unknown" and 0 < row["due_ms"] <= now]
            chosen = [row for row in due if (row["conversation_id"], row["stream"]) in wanted]
            if chosen:
                later = [{"row": row["id"], "mine": owner, "wait": lease_ms} for row in chosen]
                await connection.execute(ASKING, later)
            return [call_of(row, row["attempt"]) for row in chosen]

        return await self.db.transact(work)

    async def sent_ids(self, message_id: str, target: str) -> list[str]:
        """The platform's ids of what an entry became at a target, in order."""
        found = select(delivery.c.external_id).where(
            delivery.c.message_id == message_id, delivery.c.target == target, delivery.c.external_id.is_not(None)
        )
        async with self.db.read() as connection:
            return list((await connection.execute(found.order_by(delivery.c.rank))).scalars())

    async def waiting_lanes(self) -> list[int]:
        """Lanes in which a head of its stream is due, something may be asked about, or has outlived its lease."""
        due = and_(delivery.c.state == "queued", delivery.c.due_ms <= now_ms(), ~BLOCKED)
        ask = and_(delivery.c.state == "unknown", delivery.c.due_ms > 0, delivery.c.due_ms <= now_ms())
        dead = and_(delivery.c.state == "sending", delivery.c.lease_ms < now_ms())
        wanted = select(delivery.c.lane).where(delivery.c.state.in_(LIVE_STATES), or_(due, ask, dead)).distinct()
        async with self.db.read() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def lane_waits(self, lane: int) -> bool:
        """Whether something is due in a lane."""
        return bool(await self.due(lane, 1))

    async def states(self) -> dict[tuple[str, str], int]:
        """How many deliveries of each target are in each state that is not `sent`."""
        counted = select(delivery.c.target, delivery.c.state, func.count()).where(
            delivery.c.state.in_((*LIVE_STATES, "held", "failed"))
        )
        async with self.db.read() as connection:
            rows = await connection.execute(counted.group_by(delivery.c.target, delivery.c.state))
            return {(target, state): count for target, state, count in rows}

    async def list_dead(
        self, state: str, target: str | None, before: str | None, most: int, *, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Failed or unknown deliveries, newest first, from below the id `before`, and not older than `since`."""
        wanted = select(delivery).where(delivery.c.state == state).order_by(delivery.c.id.desc()).limit(most)
        if target:
            wanted = wanted.where(delivery.c.target == target)
        if before:
            wanted = wanted.where(delivery.c.id < before)
        if since is not None:
            wanted = wanted.where(delivery.c.at >= since)
        async with self.db.read() as connection:
            return [dict(row) for row in (await connection.execute(wanted)).mappings()]

    async def row(self, delivery_id: str) -> dict[str, Any] | None:
        """One delivery with its attempts, whole."""
        wanted = select(delivery).where(delivery.c.id == delivery_id)
        tries = select(attempt).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.n)
        async with self.db.read() as connection:
            found = (await connection.execute(wanted)).mappings().first()
            attempts = [dict(row) for row in (await connection.execute(tries)).mappings()]
        return {**found, "attempts": attempts} if found else None

    async def replay(self, ids: Sequence[str]) -> list[int]:
        """Queue failed or unknown calls again, as the same rows with the same keys; returns the lanes to wake."""
        chosen = and_(delivery.c.id.in_(ids), delivery.c.state.in_(("failed", "unknown")))
        again = {"state": "queued", "due_ms": 0, "tries": 0, "reason": "", "done_at": None, "call_key": ""}
        async with self.db.write() as connection:
            lanes = list((await connection.execute(select(delivery.c.lane).where(chosen).distinct())).scalars())
            await connection.execute(update(delivery).where(chosen).values(**again))
        return lanes


_OPENED = {
    "sqlite": sqlite.insert(thread).on_conflict_do_nothing(index_elements=thread.primary_key),
    "postgresql": postgresql.insert(thread).on_conflict_do_nothing(index_elements=thread.primary_key),
    "mysql": mysql.insert(thread).on_duplicate_key_update(desk=thread.c.desk),
}
"""A thread that is known already stays: an outcome that can't be kept would keep back all that are recorded with it."""
_WANTED_NOW = update(inbox).where(inbox.c.state == 0, inbox.c.source == bindparam("desk"), inbox.c.due_ms > 0).values(due_ms=0)
"""Replies that waited for their thread to be known come before those that follow in it."""
