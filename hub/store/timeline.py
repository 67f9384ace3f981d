"""The log: what one inbound transaction reads and writes, each in one statement for the whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import tables
from hub.store.database import Database, among, now_ms
from hub.store.pieces import entry_of_piece
from hub.store.talks import FIXED, TALK_FIELDS, Talk, Who, about, talk_values, who_of
from hub.store.threads import GONE

customer = tables.Customer.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
thread = tables.Thread.__table__  # type: ignore[attr-defined]
file = tables.File.__table__  # type: ignore[attr-defined]
lane = tables.Lane.__table__  # type: ignore[attr-defined]


_TALK_COLUMNS = [conversation.c[name] for name in TALK_FIELDS]


class Timeline:
    """Every query of the inbound transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db
        dialect = db.dialect
        who = [identity.c[name] for name in ("id", "channel", "external_id", "customer_id", "bucket", "head")]
        known = select(*who, identity.c.profile, identity.c.unreachable, identity.c.seen_ms, identity.c.blocked, *_TALK_COLUMNS)
        joined = known.select_from(identity.outerjoin(conversation, conversation.c.open_key == identity.c.id))
        by_address = among(dialect, identity.c.channel, "channels") & among(dialect, identity.c.external_id, "addresses")
        self._by_address = joined.where(by_address)
        self._talks = select(*_TALK_COLUMNS).where(among(dialect, conversation.c.id, "ids"))
        self._open = select(*_TALK_COLUMNS).where(among(dialect, conversation.c.open_key, "owners"))
        whole = (identity.c.profile, identity.c.unreachable, identity.c.seen_ms, identity.c.blocked)
        self._identities = select(*who, *whole).where(among(dialect, identity.c.id, "ids"))
        self._lock = select(now_ms()).where(lane.c.kind == bindparam("kind"), lane.c.n == bindparam("n")).with_for_update()

    async def lock(self, connection: AsyncConnection, kind: str, n: int) -> int:
        """Hold a lane until the transaction ends, and read the database's clock (milliseconds)."""
        return int((await connection.execute(self._lock, {"kind": kind, "n": n})).scalar_one())

    async def known(
        self, connection: AsyncConnection, addresses: Iterable[tuple[str, str]]
    ) -> tuple[dict[tuple[str, str], Who], dict[str, Talk]]:
        """The identities behind (channel, external id) pairs, and their open conversations by identity."""
        wanted = set(addresses)
        values = {"channels": sorted({c for c, _ in wanted}), "addresses": sorted({e for _, e in wanted})}
        people: dict[tuple[str, str], Who] = {}
        talks: dict[str, Talk] = {}
        for row in await connection.execute(self._by_address, values):
            if (row[1], row[2]) in wanted:
                people[(row[1], row[2])] = who_of(row)
                if row[10] is not None:
                    talks[row[0]] = Talk(*tuple(row)[10:])
        return people, talks

    async def last_talk(self, connection: AsyncConnection, customer_id: str, identity_id: str) -> Talk | None:
        """The conversation that an identity had last, open or not."""
        own = (conversation.c.customer_id == customer_id) & (conversation.c.identity_id == identity_id)
        wanted = select(*_TALK_COLUMNS).where(own)
        row = (await connection.execute(wanted.order_by(conversation.c.last_s.desc()).limit(1))).first()
        return Talk(*tuple(row)) if row else None

    async def last_agent(self, connection: AsyncConnection, customer_id: str, identity_id: str) -> str:
        """The agent of the customer's last conversation on this channel that had one; empty when there is none."""
        own = (conversation.c.customer_id == customer_id) & (conversation.c.identity_id == identity_id)
        had = select(conversation.c.agent_id).where(own, conversation.c.agent_id != "")
        return (await connection.execute(had.order_by(conversation.c.last_s.desc()).limit(1))).scalar() or ""

    async def talks(self, connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Talk]:
        """Conversations by id."""
        rows = await connection.execute(self._talks, {"ids": sorted(set(ids))})
        return {row[0]: Talk(*tuple(row)) for row in rows}

    async def open_talks(self, connection: AsyncConnection, identity_ids: Iterable[str]) -> dict[str, Talk]:
        """The open conversations of identities, by id."""
        rows = await connection.execute(self._open, {"owners": sorted(set(identity_ids))})
        return {row[0]: Talk(*tuple(row)) for row in rows}

    async def identities(self, connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Who]:
        """Identities by id."""
        rows = await connection.execute(self._identities, {"ids": sorted(set(ids))})
        return {row[0]: who_of(row) for row in rows}

    async def threads(self, connection: AsyncConnection, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The conversations behind (desk, thread) pairs, threads that were given up too."""
        wanted = set(pairs)
        query = select(thread.c.desk, thread.c.external_id, thread.c.conversation_id)
        rows = await connection.execute(query.where(thread.c.external_id.in_({t for _, t in wanted})))
        known = {(desk.removesuffix(GONE), external): found for desk, external, found in rows}
        return {pair: found for pair, found in known.items() if pair in wanted}

    async def said(self, connection: AsyncConnection, source: str, external_id: str) -> tuple[str, str, str, bool] | None:
        """(entry, conversation, author id, whether customers see it) of what came in under this id; of several, which two
        accounts of a channel have counted, the newest."""
        columns = select(message.c.id, message.c.conversation_id, message.c.author_id, message.c.kind)
        found = columns.where(message.c.source == source, message.c.external_id == external_id)
        row = max((await connection.execute(found)).all(), key=lambda one: one[0], default=None)
        return (row[0], row[1], row[2], row[3] != "note") if row else None

    async def origin(self, connection: AsyncConnection, entry_id: str) -> tuple[str, str] | None:
        """(source, external id) of an entry that came in from outside."""
        found = select(message.c.source, message.c.external_id).where(message.c.id == entry_id)
        row = (await connection.execute(found)).first()
        return (row[0], row[1]) if row and row[1] else None

    async def sent_to(self, connection: AsyncConnection, target: str, external_id: str) -> str | None:
        """The entry that became the platform's message `external_id` at `target`; of several, the newest, as in `said`."""
        found = select(delivery.c.id, delivery.c.message_id)
        rows = await connection.execute(found.where(delivery.c.target == target, delivery.c.external_id == external_id))
        row = max(rows.all(), key=lambda one: one[0], default=None)
        return row[1] if row else await entry_of_piece(connection, target, external_id)

    async def entry(self, connection: AsyncConnection, entry_id: str) -> dict[str, Any] | None:
        """Whose an entry is, where it came from and what it says."""
        columns = [message.c[name] for name in ("id", "identity_id", "kind", "source", "external_id", "parts")]
        row = (await connection.execute(select(*columns).where(message.c.id == entry_id))).mappings().first()
        return dict(row) if row else None

    async def last_words(self, connection: AsyncConnection, talk_id: str, entry_id: str) -> str | None:
        """The parts of an entry as they were changed last."""
        edits = (message.c.conversation_id == talk_id) & (message.c.edit_of == entry_id) & (message.c.kind == "edit")
        last = select(message.c.parts).where(edits).order_by(message.c.seq.desc()).limit(1)
        first = select(message.c.parts).where(message.c.id == entry_id)
        return (await connection.execute(last)).scalar() or (await connection.execute(first)).scalar()

    async def in_album(self, connection: AsyncConnection, talk_id: str, since: int, data: str) -> bool:
        """Whether one of a conversation's entries from `since` on has exactly this data: the mark of an album."""
        own = (message.c.conversation_id == talk_id) & (message.c.seq >= since)
        found = select(message.c.id).where(own, message.c.kind == "message", message.c.data == data).limit(1)
        return (await connection.execute(found)).first() is not None

    async def edited_at(self, connection: AsyncConnection, talk_id: str, since: int, entry_id: str) -> datetime | None:
        """When an entry was changed last, by one of the conversation's entries from `since` on."""
        own = (message.c.conversation_id == talk_id) & (message.c.seq >= since) & (message.c.edit_of == entry_id)
        return (await connection.execute(select(message.c.at).where(own).order_by(message.c.seq.desc()).limit(1))).scalar()

    async def became(self, connection: AsyncConnection, entry_id: str, target: str) -> str | None:
        """The platform's id of the first message that an entry became at `target`."""
        sent = select(delivery.c.external_id).where(delivery.c.message_id == entry_id, delivery.c.target == target)
        found = sent.where(delivery.c.external_id.is_not(None)).order_by(delivery.c.rank).limit(1)
        return (await connection.execute(found)).scalar()

    async def opening(self, connection: AsyncConnection, desk: str) -> bool:
        """Whether a thread at this desk may exist whose id we have not learnt yet; not of one that is asked for no more."""
        maybe = select(delivery.c.id).where(delivery.c.target == desk, delivery.c.kind == "open")
        asked = or_(delivery.c.state == "sending", and_(delivery.c.state == "unknown", delivery.c.due_ms > 0))
        found = maybe.where(delivery.c.state.in_(("sending", "unknown")), asked).limit(1)
        return (await connection.execute(found)).first() is not None

    async def save(self, connection: AsyncConnection, people: Sequence[Who], talks: Sequence[Talk]) -> None:
        """Write the identities and conversations that a batch made or changed; in the order in which `seen` does, so that the two
        never wait for each other."""
        people = sorted(people, key=lambda who: who.id)
        fresh = [who for who in people if who.new]
        if fresh:
            await self._save_new(connection, fresh)
        changed = [who for who in people if who.changed and not who.new]
        if changed:
            rows = [
                {
                    "row": w.id,
                    "new_head": w.head,
                    "new_profile": orjson.dumps(w.profile).decode(),
                    "new_unreachable": w.unreachable[:191],
                    "new_blocked": w.blocked,
                }
                for w in changed
            ]
            await connection.execute(_UPDATE_IDENTITY, rows)
        told = [{"row": w.customer_id, **about(w)} for w in changed if w.learned]
        if told:
            await connection.execute(_UPDATE_CUSTOMER, told)
        born = [talk_values(talk) for talk in talks if talk.new]
        if born:
            await connection.execute(insert(conversation), born)
        moved = [talk_values(talk) for talk in talks if talk.changed and not talk.new]
        if moved:
            rows = [{"row": row["id"], **{f"new_{k}": v for k, v in row.items() if k not in FIXED}} for row in moved]
            await connection.execute(_UPDATE_TALK, rows)

    @staticmethod
    async def _save_new(connection: AsyncConnection, fresh: Sequence[Who]) -> None:
        now = datetime.now().astimezone()
        people = [
            {
                "id": w.customer_id,
                **{name.removeprefix("new_"): value for name, value in about(w).items()},
                "at": now,
            }
            for w in fresh
        ]
        await connection.execute(insert(customer), people)
        rows = [
            {
                "id": w.id,
                "channel": w.channel,
                "external_id": w.external_id,
                "customer_id": w.customer_id,
                "bucket": w.bucket,
                "head": w.head,
                "profile": orjson.dumps(w.profile).decode(),
                "unreachable": w.unreachable[:191],
                "blocked": w.blocked,
                "read_cs": 0,
                "seen_cs": 0,
                "seen_ms": 0,
                "at": now,
            }
            for w in fresh
        ]
        await connection.execute(insert(identity), rows)

    async def append(
        self,
        connection: AsyncConnection,
        entries: Sequence[dict[str, Any]],
        deliveries: Sequence[dict[str, Any]],
        files: Sequence[dict[str, Any]],
    ) -> None:
        """Write entries, the calls that they need and the files that they name."""
        if files:
            await connection.execute(insert(file), files)
        if entries:
            await connection.execute(insert(message), entries)
        if deliveries:
            await connection.execute(insert(delivery), deliveries)

    async def set_call(self, connection: AsyncConnection, where: ColumnElement[bool], **values: Any) -> int:
        """Change deliveries from within an inbound transaction (a resend, a cancellation); returns how many."""
        result = await connection.execute(update(delivery).where(where).values(**values))
        return int(result.rowcount)

    async def cancel(self, connection: AsyncConnection, entry_id: str, target: str, now: datetime) -> bool:
        """Cancel an entry's calls to a target, all or none: none when one of them has begun, or there is none."""
        own = (delivery.c.message_id == entry_id) & (delivery.c.target == target)
        found = (await connection.execute(select(delivery.c.state, delivery.c.attempt).where(own).with_for_update())).all()
        if not found or any(state not in ("queued", "held") or attempt for state, attempt in found):
            return False
        return bool(await self.set_call(connection, own, state="cancelled", done_at=now))

    async def cancel_marks(
        self, connection: AsyncConnection, talks: Sequence[str], streams: Sequence[str], said: Sequence[str], now: datetime
    ) -> None:
        """Cancel marks of which none has begun; `said` are their data."""
        own = delivery.c.conversation_id.in_(talks) & delivery.c.stream.in_(streams) & delivery.c.data.in_(said)
        await self.set_call(connection, own & (delivery.c.state == "queued"), state="cancelled", done_at=now)


def _unless_empty(name: str) -> Any:
    """What another channel has told stays when this one says nothing."""
    return func.coalesce(func.nullif(bindparam(f"new_{name}", type_=customer.c[name].type), ""), customer.c[name])


_UPDATE_IDENTITY = (
    update(identity)
    .where(identity.c.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in ("head", "profile", "unreachable", "blocked")})
)
_UPDATE_CUSTOMER = (
    update(customer)
    .where(customer.c.id == bindparam("row"))
    .values({name: _unless_empty(name) for name in ("name", "email", "phone", "locale")})
)
_UPDATE_TALK = (
    update(conversation)
    .where(conversation.c.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in TALK_FIELDS if name not in FIXED})
)
