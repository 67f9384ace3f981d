"""Conversations as rows of a list: the views, the search, and the names that a row shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store import agent_tables, rating_tables, tables
from hub.store.merging import SAID

agent = agent_tables.Agent.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
customer = tables.Customer.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
person = agent_tables.DeskPerson.__table__  # type: ignore[attr-defined]
rating = rating_tables.Rating.__table__  # type: ignore[attr-defined]
read = agent_tables.AgentRead.__table__  # type: ignore[attr-defined]
BACK = 200
"""Entries from the newest among which unread ones are counted: a list costs the same however long its conversations are."""
View = Literal["mine", "unassigned", "all", "snoozed", "resolved"]
_TALK = ("id", "channel", "customer_id", "status", "agent_id", "team", "preview", "preview_by", "waiting_ms", "last_at", "last_s")


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation in a list."""

    id: str
    channel: str
    customer_id: str
    customer_name: str
    avatar: str
    status: str
    agent_id: str
    agent_name: str
    team: str
    preview: str
    preview_by: str
    waiting_since: datetime | None
    last_at: datetime
    last_s: int
    head: int
    read: int
    at: datetime
    snooze_ms: int
    priority: int
    tags: list[str]
    blocked: bool
    due_kind: str = ""
    due_ms: int = 0
    score: int = 0
    """What the customer thought, 1 to 5; 0: they have not said."""
    unread: int = 0
    """How much of what the customer said the agent has not read, among the newest `BACK` entries."""


@dataclass(frozen=True, slots=True)
class Only:
    """What a list is narrowed to; empty: everything."""

    channel: str = ""
    team: str = ""
    tag: str = ""
    priority: int | None = None

    def holds(self) -> list[ColumnElement[bool]]:
        """The conditions; a tag is never a pattern."""
        tag = self.tag.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        asked: list[tuple[Any, ColumnElement[bool]]] = [
            (self.channel, conversation.c.channel == self.channel),
            (self.team, conversation.c.team == self.team),
            (self.tag, conversation.c.tags.like(f"% {tag} %", escape="!")),
            (self.priority is not None, conversation.c.priority == self.priority),
        ]
        return [condition for given, condition in asked if given]


def in_view(view: View, me: str) -> ColumnElement[bool]:
    """Whether a conversation belongs to a view of an agent's."""
    if view in ("resolved", "all"):
        status: ColumnElement[bool] = conversation.c.status == ("resolved" if view == "resolved" else "open")
        return status
    is_open = conversation.c.status == "open"
    if view == "snoozed":
        return and_(is_open, conversation.c.snooze_ms > 0)
    return and_(is_open, conversation.c.snooze_ms == 0, conversation.c.agent_id == (me if view == "mine" else ""))


def holds(words: str) -> ColumnElement[bool]:
    """Whether a conversation's customer, preview or id holds what an agent typed; the typed text is never a pattern."""
    escaped = words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    columns = (customer.c.name, customer.c.email, customer.c.phone, conversation.c.preview)
    found = [func.lower(column).like(f"%{escaped.lower()}%", escape="!") for column in columns]
    return or_(*found, *[column.like(f"%{escaped}%", escape="!") for column in columns], conversation.c.id == words)


def unread(conversation_id: ColumnElement[str], head: ColumnElement[int], seq: ColumnElement[int]) -> ScalarSelect[int]:
    """How many of a customer's messages stand after `seq`: what bots, colleagues and the hub itself said is nothing to read."""
    newer = and_(message.c.seq > seq, message.c.seq > head - BACK)
    theirs = and_(message.c.conversation_id == conversation_id, newer, message.c.author_kind == "customer", SAID)
    return select(func.count()).select_from(message).where(theirs).scalar_subquery()


async def listed(connection: AsyncConnection, wanted: Select[Any], me: str) -> list[Listed]:
    """The conversations of a query with their names. The query's limit comes first, so that the joins see few rows."""
    few = wanted.subquery("few")
    columns = [few.c[name] for name in _TALK]
    more = (few.c.snooze_ms, few.c.priority, few.c.tags, identity.c.blocked, few.c.due_kind, few.c.due_ms, rating.c.score)
    waiting = unread(few.c.id, few.c.head, func.coalesce(read.c.seq, 0))
    joined = (
        select(*columns, few.c.head, few.c.at, identity.c.profile, customer.c.name, agent.c.name, read.c.seq, *more, waiting)
        .select_from(few)
        .join(identity, identity.c.id == few.c.identity_id)
        .join(customer, customer.c.id == few.c.customer_id)
        .outerjoin(agent, agent.c.id == few.c.agent_id)
        .outerjoin(read, and_(read.c.agent_id == me, read.c.conversation_id == few.c.id))
        .outerjoin(rating, rating.c.conversation_id == few.c.id)
        .order_by(few.c.last_s.desc())
    )
    rows = (await connection.execute(joined)).all()
    strangers = {row[4] for row in rows if row[4] and row[15] is None}
    names = await _desk_names(connection, strangers) if strangers else {}
    return [_row(row, names) for row in rows]


def _row(row: Any, names: dict[str, str]) -> Listed:
    id, channel, customer_id, status, agent_id, team, preview, preview_by, waiting_ms, last_at, last_s = row[:11]
    head, at, profile, customer_name, agent_name, seq, snooze_ms, priority, tags, blocked, *promise = row[11:]
    told = orjson.loads(profile)
    return Listed(
        id=id,
        channel=channel,
        customer_id=customer_id,
        customer_name=told.get("name") or customer_name,
        avatar=told.get("avatar", ""),
        status=status,
        agent_id=agent_id,
        agent_name=agent_name or names.get(agent_id, ""),
        team=team,
        preview=preview,
        preview_by=preview_by,
        waiting_since=datetime.fromtimestamp(waiting_ms / 1000, UTC) if waiting_ms else None,
        last_at=last_at,
        last_s=last_s,
        head=head,
        read=seq or 0,
        at=at,
        snooze_ms=snooze_ms,
        priority=priority,
        tags=tags.split(),
        blocked=bool(blocked),
        due_kind=promise[0],
        due_ms=promise[1],
        score=promise[2] or 0,
        unread=promise[3],
    )


async def _desk_names(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, str]:
    """Names of people who answer at a desk and are no agents here."""
    wanted = select(person.c.external_id, person.c.name).where(person.c.external_id.in_(sorted(ids)))
    return {row[0]: row[1] for row in await connection.execute(wanted)}
