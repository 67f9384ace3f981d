"""Feeds: which of them must be read, how far each has been, and the one transaction that keeps a page and moves on behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import ConversationId, ExternalId, MessageId, Report, new_id
from hub.ports import Bounce, Page
from hub.store import feed_tables, tables
from hub.store.database import Database, now_ms
from hub.store.inbox import InboxStore, Kept, row_of

feed = feed_tables.Feed.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
OVER = ("failed", "cancelled")
EMPTY: dict[str, Any] = {
    "place": "", "turn": 0, "told": 0, "ticket": "", "ticket_ms": 0, "due_ms": 0, "lease_ms": 0, "tries": 0, "error": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A feed that somebody reads at this moment: from where, and by which ticket."""

    channel: str
    name: str
    place: str
    ticket: str
    turn: int
    told: int
    tries: int


class FeedStore:
    """Every query on feeds."""

    def __init__(self, db: Database, inbox: InboxStore, lanes: int) -> None:
        self._db = db
        self._inbox = inbox
        self._lanes = lanes
        there_already = {
            "sqlite": sqlite.insert(feed).on_conflict_do_nothing(),
            "postgresql": postgresql.insert(feed).on_conflict_do_nothing(),
        }
        self._add = there_already.get(db.dialect, mysql.insert(feed).on_duplicate_key_update(told=feed.c.told))

    async def tell(self, news: Mapping[tuple[str, str], str]) -> None:
        """Commit that there is something to read in these feeds (channel, name), and by which ticket."""

        async def work(connection: AsyncConnection) -> None:
            for (channel, name), ticket in sorted(news.items()):
                values = {"ticket": ticket, "ticket_ms": now_ms(), "due_ms": 0, "tries": 0}
                told = update(feed).where(_is(channel, name)).values(told=feed.c.told + 1, **values)
                if not (await connection.execute(told)).rowcount:
                    await connection.execute(self._add, [{"channel": channel, "name": name, **EMPTY}])
                    await connection.execute(told)

        await self._db.transact(work)

    async def waiting(self) -> list[tuple[str, str]]:
        """(channel, name) of the feeds that must be read now and that nobody reads."""
        wanted = select(feed.c.channel, feed.c.name).where(feed.c.due_ms <= now_ms(), feed.c.lease_ms < now_ms())
        async with self._db.read() as connection:
            return [(row.channel, row.name) for row in await connection.execute(wanted)]

    async def failing(self) -> dict[str, int]:
        """How many feeds of each channel could not be read when that was tried last."""
        counted = select(feed.c.channel, func.sum(case((feed.c.tries > 0, 1), else_=0))).group_by(feed.c.channel)
        async with self._db.read() as connection:
            return {channel: int(count) for channel, count in await connection.execute(counted)}

    async def take(self, channel: str, name: str, *, lease_ms: int, ticket_ms: int) -> Reading | None:
        """Take a feed to read its next page; None when nothing is to be read, or somebody else does."""
        columns = [feed.c[one] for one in ("place", "turn", "told", "tries")]
        ticket = case((feed.c.ticket_ms > now_ms() - ticket_ms, feed.c.ticket), else_="")
        due = and_(_is(channel, name), feed.c.due_ms <= now_ms(), feed.c.lease_ms < now_ms())

        async def work(connection: AsyncConnection) -> Reading | None:
            row = (await connection.execute(select(*columns, ticket.label("by")).where(due).with_for_update())).first()
            if row is None:
                return None
            await connection.execute(update(feed).where(_is(channel, name)).values(lease_ms=now_ms() + lease_ms))
            return Reading(channel, name, row.place, row.by, row.turn, row.told, row.tries)

        return await self._db.transact(work)

    async def keep(
        self, at: Reading, page: Page, rows: Sequence[dict[str, Any]], *, again_ms: int
    ) -> tuple[list[Kept], set[int]] | None:
        """Commit a page and the place behind it, both or neither; what became of its rows, and the lanes that have work.
        None when somebody else has moved on meanwhile: then nothing of it is kept, because they have kept it."""
        # A hook that came while the page was read may speak of what came after it.
        due = 0 if page.more else case((feed.c.told == at.told, now_ms() + again_ms), else_=0)
        moved = {"place": page.place, "turn": at.turn + 1, "due_ms": due, "lease_ms": 0, "tries": 0, "error": ""}
        step = update(feed).where(_is(at.channel, at.name), feed.c.turn == at.turn).values(**moved)

        async def work(connection: AsyncConnection) -> tuple[list[Kept], set[int]] | None:
            if not (await connection.execute(step)).rowcount:
                return None
            kept = await self._inbox._keep(connection, rows) if rows else []
            told = [one for bounce in page.bounces for one in await self._bounced(connection, at.channel, bounce)]
            if told:
                await self._inbox._keep(connection, told)
            return kept, {row["lane"] for row in (*rows, *told)}

        return await self._db.transact(work)

    async def put_off(self, at: Reading, error: str, wait_ms: int) -> None:
        """A page could not be had: try again later, or at the next hook."""
        later = case((feed.c.told == at.told, now_ms() + wait_ms), else_=0)
        values = {"due_ms": later, "lease_ms": 0, "tries": at.tries + 1, "error": error[:500]}
        async with self._db.write() as connection:
            await connection.execute(update(feed).where(_is(at.channel, at.name), feed.c.turn == at.turn).values(**values))

    async def _bounced(self, connection: AsyncConnection, channel: str, bounce: Bounce) -> list[dict[str, Any]]:
        """Calls that did not arrive after all have failed, whatever was thought of them; what must be told of each, as rows
        of the inbox. They get another key: the platform has had the one that they were made with."""
        columns = [delivery.c[one] for one in ("id", "conversation_id", "message_id", "attempt")]
        by = or_(delivery.c.external_id == bounce.sent, delivery.c.idem_key == bounce.sent)
        first = select(delivery.c.conversation_id).where(delivery.c.target == channel, by).limit(1)
        talk = (await connection.execute(first)).scalar()
        own = or_(by, delivery.c.call_key == bounce.sent)
        wanted = select(*columns).where(delivery.c.conversation_id == talk, delivery.c.target == channel, own)
        found = list(await connection.execute(wanted.where(delivery.c.state.not_in(OVER)))) if talk else []
        if not found:
            return []
        bucket = (await connection.execute(select(conversation.c.bucket).where(conversation.c.id == talk))).scalar_one()
        at, rows = datetime.now(UTC), []
        for row in found:
            values = {"state": "failed", "reason": bounce.reason, "done_at": at, "external_id": None, "owner": "", "due_ms": 0}
            values |= {"idem_key": new_id(), "call_key": ""}
            await connection.execute(update(delivery).where(delivery.c.id == row.id).values(**values))
            report = Report(
                id=ExternalId(f"{row.id}.{row.attempt}.bounced"),
                delivery=row.id,
                conversation=ConversationId(row.conversation_id),
                message=MessageId(row.message_id) if row.message_id else None,
                target=channel,
                at=at,
                state="failed",
                reason=bounce.reason[:500],
                unreachable=bounce.unreachable,
            )
            rows.append(row_of(report, self._lanes, int(bucket)))
        return rows


def _is(channel: str, name: str) -> Any:
    return and_(feed.c.channel == channel, feed.c.name == name)
