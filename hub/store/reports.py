"""What reports are made of: facts of conversations, gathered from the log by a cursor, and the lists behind every number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import rating_tables, report_tables, tables
from hub.store.database import Database, among
from hub.store.listing import Listed, listed
from hub.store.merging import MARKED

conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
counter = tables.Counter.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
milestone = report_tables.Milestone.__table__  # type: ignore[attr-defined]
rating = rating_tables.Rating.__table__  # type: ignore[attr-defined]
READ = "reports"
"""The counter up to which the inbox-wide log was read for reports."""
SAMPLE = 10_000
"""Deliveries whose time is looked at: the newest of a period."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """An entry as far as reports care."""

    s: int
    conversation_id: str
    kind: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Milestone:
    """One conversation's first and last times."""

    conversation_id: str
    channel: str
    team: str
    agent_id: str
    opened_at: datetime
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    first_s: int | None = None
    resolved_at: datetime | None = None
    resolve_s: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: from one moment to before another; of a name that is None, all."""

    since: datetime
    until: datetime
    channel: str | None = None
    team: str | None = None
    agent: str | None = None

    def holds(self, table: Any) -> list[ColumnElement[bool]]:
        """The conditions on channel, team and agent."""
        pairs = ((self.channel, table.c.channel), (self.team, table.c.team), (self.agent, table.c.agent_id))
        return [column == name for name, column in pairs if name is not None]

    def within(self, column: Any) -> ColumnElement[bool]:
        """Whether a time lies in the period."""
        return and_(column >= self.since, column < self.until)


_MARK = and_(message.c.kind == "changed", message.c.data.contains(MARKED, autoescape=True))
_KIND = case((_MARK, "message"), else_=message.c.kind)
"""What was said in a merged conversation is said in the one that goes on."""
_STEP = (message.c.s, message.c.conversation_id, _KIND, message.c.author_kind, message.c.stored_at)
_ONCE = milestone.c.conversation_id.not_in(select(conversation.c.id).where(conversation.c.merged_into.is_not(None)))
"""A matter counts once: not for what was merged into another conversation."""
_FACTS = [milestone.c[name] for name in Milestone.__slots__]
TIMES = {"opened": milestone.c.opened_at, "answered": milestone.c.answered_at, "resolved": milestone.c.resolved_at}


class ReportStore:
    """Every query of reports."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def read_up_to(self) -> int:
        """The place in the inbox-wide log up to which facts were gathered."""
        async with self.db.read() as connection:
            found = (await connection.execute(select(counter.c.value).where(counter.c.name == READ))).scalar()
        if found is not None:
            return int(found)
        try:
            async with self.db.write() as connection:
                await connection.execute(insert(counter), [{"name": READ, "value": 0}])
        except IntegrityError:
            pass
        return 0

    async def behind(self) -> int:
        """How many entries wait to be read."""
        head = select(func.coalesce(func.max(message.c.s), 0)).scalar_subquery()
        read = select(func.coalesce(func.max(counter.c.value), 0)).where(counter.c.name == READ).scalar_subquery()
        async with self.db.read() as connection:
            row = (await connection.execute(select(head, read))).one()
        return max(0, int(row[0]) - int(row[1]))

    async def steps(self, since: int, most: int) -> list[Step]:
        """What happened after a place in the log, oldest first."""
        async with self.db.read() as connection:
            rows = await connection.execute(select(*_STEP).where(message.c.s > since).order_by(message.c.s).limit(most))
            return [Step(*tuple(row)) for row in rows]

    async def known(self, ids: Iterable[str]) -> dict[str, Milestone]:
        """What is known of conversations so far, with channel, team and agent as they are now; of a new one without times."""
        columns = (conversation.c.id, conversation.c.channel, conversation.c.team, conversation.c.agent_id)
        held = select(*columns, *_FACTS[4:]).outerjoin(milestone, milestone.c.conversation_id == conversation.c.id)
        wanted = held.where(among(self.db.dialect, conversation.c.id, "ids"))
        async with self.db.read() as connection:
            rows = await connection.execute(wanted, {"ids": sorted(set(ids))})
            return {row[0]: _milestone(row) for row in rows}

    async def keep(self, before: int, after: int, facts: Sequence[Milestone]) -> bool:
        """Keep facts and move on in the log; False, and nothing kept, when another process has moved on."""
        rows = {one.conversation_id: {name: getattr(one, name) for name in Milestone.__slots__} for one in facts}
        moved = update(counter).where(counter.c.name == READ, counter.c.value == before).values(value=after)
        there = select(milestone.c.conversation_id).where(among(self.db.dialect, milestone.c.conversation_id, "ids"))

        async def work(connection: AsyncConnection) -> bool:
            if not (await connection.execute(moved)).rowcount:
                return False
            old = {row[0] for row in await connection.execute(there, {"ids": sorted(rows)})} if rows else set()
            if fresh := [row for id, row in rows.items() if id not in old]:
                await connection.execute(insert(milestone), fresh)
            if old:
                await connection.execute(_changed(), [_as_row(rows[id]) for id in sorted(old)])
            return True

        return await self.db.transact(work)

    async def facts(self, scope: Scope, what: str) -> list[Milestone]:
        """Conversations that were opened, answered or resolved in a period."""
        wanted = select(*_FACTS).where(scope.within(TIMES[what]), _ONCE, *scope.holds(milestone))
        async with self.db.read() as connection:
            return [Milestone(*tuple(row)) for row in await connection.execute(wanted)]

    async def ratings(self, scope: Scope) -> list[tuple[datetime, str, str, str, int]]:
        """(when, channel, team, agent, score) of answers in a period."""
        columns = (rating.c.answered_at, rating.c.channel, rating.c.team, rating.c.agent_id, rating.c.score)
        wanted = select(*columns).where(scope.within(rating.c.answered_at), rating.c.score > 0, *scope.holds(rating))
        async with self.db.read() as connection:
            return [(row[0], row[1], row[2], row[3], int(row[4])) for row in await connection.execute(wanted)]

    async def backlog(self, scope: Scope) -> dict[str, tuple[int, int]]:
        """(open, waiting) conversations of each channel, now."""
        columns = (conversation.c.channel, func.count(), func.count(case((conversation.c.waiting_ms > 0, 1))))
        wanted = select(*columns).where(conversation.c.status == "open", *scope.holds(conversation))
        async with self.db.read() as connection:
            rows = await connection.execute(wanted.group_by(conversation.c.channel))
            return {row[0]: (int(row[1]), int(row[2])) for row in rows}

    async def failures(self, scope: Scope, channels: Sequence[str]) -> list[tuple[datetime, str, str]]:
        """(when, channel, conversation) of calls to customers that failed, or whose fate nobody knows."""
        columns = (delivery.c.done_at, delivery.c.target, delivery.c.conversation_id)
        async with self.db.read() as connection:
            rows = await connection.execute(select(*columns).where(*_failed(scope, channels)))
            return [(row[0], row[1], row[2]) for row in rows]

    async def delays(self, scope: Scope, channels: Sequence[str]) -> list[tuple[str, float]]:
        """(channel, seconds) from an answer to what the platform said, of the newest answers of a period."""
        begin, end = (f"{int(at.timestamp() * 1000):012x}" for at in (scope.since, scope.until))
        ours = and_(delivery.c.id >= begin, delivery.c.id < end, delivery.c.state == "sent", delivery.c.target.in_(channels))
        columns = select(delivery.c.target, delivery.c.at, delivery.c.done_at).where(ours, delivery.c.done_at.is_not(None))
        async with self.db.read() as connection:
            rows = await connection.execute(columns.order_by(delivery.c.id.desc()).limit(SAMPLE))
            return [(row[0], (row[2] - row[1]).total_seconds()) for row in rows]

    async def conversations(
        self, scope: Scope, measure: str, me: str, channels: Sequence[str], *, before: str, most: int
    ) -> tuple[list[Listed], str | None]:
        """The conversations behind a number, the latest first, and where the next page begins."""
        wanted = _behind(scope, measure, channels)
        at, id = wanted.selected_columns[1], wanted.selected_columns[0]
        if before:
            then, _, last = before.partition(".")
            when = _EPOCH + timedelta(microseconds=int(then))
            wanted = wanted.where(or_(at < when, and_(at == when, id < last)))
        async with self.db.read() as connection:
            rows = (await connection.execute(wanted.order_by(at.desc(), id.desc()).limit(most + 1))).all()
            ids = [row[0] for row in rows[:most]]
            own = select(conversation).where(conversation.c.id.in_(ids))
            found = {one.id: one for one in await listed(connection, own, me)} if ids else {}
        end = f"{(rows[most - 1][1] - _EPOCH) // timedelta(microseconds=1)}.{ids[-1]}" if len(rows) > most else None
        return [found[id] for id in ids if id in found], end


def _behind(scope: Scope, measure: str, channels: Sequence[str]) -> Select[Any]:
    """(conversation, time) of what a number counts."""
    if measure in TIMES:
        at = TIMES[measure]
        return select(milestone.c.conversation_id, at).where(scope.within(at), _ONCE, *scope.holds(milestone))
    if measure == "rated":
        at = rating.c.answered_at
        return select(rating.c.conversation_id, at).where(scope.within(at), rating.c.score > 0, *scope.holds(rating))
    if measure == "failed":
        own = select(delivery.c.conversation_id.label("id"), func.max(delivery.c.done_at).label("at"))
        few = own.where(*_failed(scope, channels)).group_by(delivery.c.conversation_id).subquery("few")
        return select(few.c.id, few.c.at)
    own = select(conversation.c.id, conversation.c.last_at).where(conversation.c.status == "open", *scope.holds(conversation))
    return own.where(conversation.c.waiting_ms > 0) if measure == "waiting" else own


def _failed(scope: Scope, channels: Sequence[str]) -> list[ColumnElement[bool]]:
    wanted = [one for one in channels if scope.channel in (None, one)]
    return [delivery.c.state.in_(("failed", "unknown")), delivery.c.target.in_(wanted), scope.within(delivery.c.done_at)]


def _milestone(row: Any) -> Milestone:
    id, channel, team, agent, opened, *more = row
    return Milestone(id, channel, team, agent, opened or _EPOCH, *more)


def _changed() -> Any:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in Milestone.__slots__[1:]}
    return update(milestone).where(milestone.c.conversation_id == bindparam("row")).values(**values)


def _as_row(row: dict[str, Any]) -> dict[str, Any]:
    return {"row": row["conversation_id"], **{f"new_{name}": value for name, value in row.items() if name != "conversation_id"}}


def moved_on(known: Milestone, step: Step) -> Milestone:
    """A conversation's times after one more step, but for how long it took."""
    opened = step.at if known.opened_at == _EPOCH else known.opened_at
    now = replace(known, opened_at=opened)
    if step.kind == "message" and step.by == "customer" and now.asked_at is None:
        return replace(now, asked_at=step.at)
    if step.kind == "message" and step.by == "agent" and now.asked_at is not None and now.answered_at is None:
        return replace(now, answered_at=step.at)
    if step.kind == "resolved":
        return replace(now, resolved_at=step.at)
    if step.kind == "reopened":
        return replace(now, resolved_at=None, resolve_s=None)
    return now
