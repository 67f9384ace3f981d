"""A customer's identity and conversation as a batch sees and changes them, between a row read and a row written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson


@dataclass(slots=True)
class Who:
    """A customer's identity as a batch sees and changes it."""

    id: str
    channel: str
    external_id: str
    customer_id: str
    bucket: int
    head: int = 0
    profile: dict[str, str] = field(default_factory=dict)
    unreachable: str = ""
    seen_ms: int = 0
    blocked: bool = False
    """Agents have blocked the customer here."""
    new: bool = False
    changed: bool = False
    learned: bool = False
    """The channel told something new about the customer."""


@dataclass(slots=True)
class Talk:
    """A conversation as a batch sees and changes it."""

    id: str
    identity_id: str
    customer_id: str
    channel: str
    bucket: int
    lane: int
    at: datetime
    last_at: datetime
    open_key: str | None = None
    status: str = "open"
    head: int = 0
    last_s: int = 0
    team: str = ""
    agent_id: str = ""
    locale: str = ""
    bot: str = "{}"
    desks: str = ""
    preview: str = ""
    preview_by: str = ""
    waiting_ms: int = 0
    reminded_ms: int = 0
    unread_ms: int = 0
    said_ms: int = 0
    wrote_us: int = 0
    resolved_at: datetime | None = None
    resolved_by: str = ""
    snooze_ms: int = 0
    priority: int = 0
    tags: str = ""
    answered: bool = False
    due_kind: str = ""
    due_ms: int = 0
    warn_ms: int = 0
    translate: str = ""
    spoken: str = ""
    unplaced: int = 0
    merged_into: str | None = None
    joins: bool = False
    new: bool = False
    changed: bool = False
    resumed: bool = False
    """Reopened by the message that is being written down."""


TALK_FIELDS = tuple(name for name in Talk.__slots__ if name not in ("new", "changed", "resumed"))
FIXED = {"id", "identity_id", "customer_id", "channel", "bucket", "at"}


def who_of(row: Any) -> Who:
    """An identity from its ten columns."""
    id, channel, external_id, customer_id, bucket, head, profile, unreachable, seen_ms, blocked = tuple(row)[:10]
    told = orjson.loads(profile)
    return Who(id, channel, external_id, customer_id, bucket, head, told, unreachable, seen_ms, bool(blocked))


def about(who: Who) -> dict[str, str]:
    """What a customer's row says of them, as far as this channel has told it."""
    lengths = {"name": 191, "email": 191, "phone": 64, "locale": 16}
    return {f"new_{name}": who.profile.get(name, "")[:length] for name, length in lengths.items()}


def talk_values(talk: Talk) -> dict[str, Any]:
    """A conversation's columns."""
    return {name: getattr(talk, name) for name in TALK_FIELDS}
