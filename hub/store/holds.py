"""Answers that a channel does not let go before the customer acts: what is known of each, and the end of its waiting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.model import ConversationId, ExternalId, MessageId, Report
from hub.store import tables, window_tables
from hub.store.database import Database, now_ms
from hub.store.inbox import InboxStore, row_of
from hub.store.talks import Who

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
allowance = window_tables.Allowance.__table__  # type: ignore[attr-defined]
_HELD = (delivery.c.id, delivery.c.attempt, delivery.c.target, delivery.c.conversation_id, delivery.c.message_id)
NOBODY_CAME = "the customer has not come back in the time for which answers wait: it has not left, and will not by itself"


class HoldStore:
    """Every query on held calls."""

    def __init__(self, db: Database, lanes: int) -> None:
        self._db = db
        self._lanes = lanes

    async def acts_before(self, connection: AsyncConnection, delivery_id: str) -> int | None:
        """How often the customer had acted when this call was held; None when it is held no more."""
        wanted = (
            select(allowance.c.acts, delivery.c.id)
            .select_from(delivery)
            .join(conversation, conversation.c.id == delivery.c.conversation_id)
            .outerjoin(allowance, allowance.c.identity_id == conversation.c.identity_id)
            .where(delivery.c.id == delivery_id, delivery.c.state == "held")
        )
        row = (await connection.execute(wanted)).first()
        return (row.acts or 0) if row else None

    async def there_is(self, connection: AsyncConnection, key: str) -> bool:
        """Whether there is a call with this key."""
        return (await connection.execute(select(delivery.c.id).where(delivery.c.idem_key == key))).first() is not None

    async def notice_of(self, connection: AsyncConnection, who: Who, external_id: str | None) -> tuple[str, str, bool] | None:
        """(delivery, conversation, whether it was taken) of the last notice that this customer was sent, or of the one that the
        platform names so. One whose outcome is not known yet may be either."""
        may_be = or_(delivery.c.state == "sending", and_(delivery.c.state == "unknown", delivery.c.due_ms > 0))
        taken = delivery.c.state == "sent"
        wanted = select(delivery.c.id, delivery.c.conversation_id, delivery.c.state)
        wanted = wanted.join(conversation, conversation.c.id == delivery.c.conversation_id)
        wanted = wanted.where(conversation.c.customer_id == who.customer_id, conversation.c.identity_id == who.id)
        if external_id is not None:
            taken = and_(taken, delivery.c.external_id == external_id)
            wanted = wanted.order_by(case((taken, 0), else_=1))
        wanted = wanted.where(delivery.c.kind == "notice", or_(taken, may_be)).order_by(delivery.c.id.desc())
        row = (await connection.execute(wanted.limit(1))).first()
        return (row.id, row.conversation_id, row.state == "sent") if row else None

    async def notice_failed(self, connection: AsyncConnection, delivery_id: str, reason: str) -> None:
        """A notice that had been taken did not arrive."""
        values = {"state": "failed", "reason": reason}
        await connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(**values))

    async def run_out(self, most: int = 200) -> set[int]:
        """Calls that have waited for as long as their channel says have failed; returns the lanes that must hear of it."""
        late = and_(delivery.c.state == "held", delivery.c.due_ms > 0, delivery.c.due_ms <= now_ms())
        wanted = select(*_HELD).where(late).order_by(delivery.c.due_ms).limit(most).with_for_update()

        async def work(connection: AsyncConnection) -> set[int]:
            return await self._over(connection, list(await connection.execute(wanted)), NOBODY_CAME)

        return await self._db.transact(work)

    async def left(self, connection: AsyncConnection, who: Who, reason: str) -> None:
        """Somebody who can't be reached any more: what is held for them has failed, and they are told of nothing."""
        own = select(conversation.c.id).where(conversation.c.customer_id == who.customer_id, conversation.c.identity_id == who.id)
        talks = list((await connection.execute(own)).scalars())
        theirs = delivery.c.conversation_id.in_(talks)
        held = select(*_HELD).where(theirs, delivery.c.state == "held").order_by(delivery.c.id).with_for_update()
        untold = update(delivery).where(theirs, delivery.c.kind == "notice", delivery.c.state == "queued")
        if talks and await self._over(connection, list(await connection.execute(held)), reason):
            await connection.execute(untold.values(state="cancelled", reason=reason, done_at=datetime.now(UTC)))

    async def _over(self, connection: AsyncConnection, found: Sequence[Row[Any]], reason: str) -> set[int]:
        """These calls wait no more: each has failed, and its conversation is told; returns the lanes that must hear of it."""
        if not found:
            return set()
        whose = select(conversation.c.id, conversation.c.bucket)
        whose = whose.where(conversation.c.id.in_({row.conversation_id for row in found}))
        buckets: dict[str, int] = {row.id: row.bucket for row in await connection.execute(whose)}
        at = datetime.now(UTC)
        over = update(delivery).where(delivery.c.id.in_([row.id for row in found]))
        await connection.execute(over.values(state="failed", reason=reason, due_ms=0, done_at=at))
        told = [
            Report(
                id=ExternalId(f"{row.id}.{row.attempt}.late.{at.timestamp():.3f}"),
                delivery=row.id,
                conversation=ConversationId(row.conversation_id),
                message=MessageId(row.message_id) if row.message_id else None,
                target=row.target,
                at=at,
                state="failed",
                reason=reason,
            )
            for row in found
        ]
        kept = [row_of(one, self._lanes, buckets[one.conversation]) for one in told]
        await InboxStore(self._db)._keep(connection, kept)
        return {bucket % self._lanes for bucket in buckets.values()}
