"""The rows, one class per table; they never leave the store.

Ids are 32 hex digits (UUIDv7). Bodies are JSON kept as text, so that no database reinterprets what a customer wrote. Times
that people read are UTC timestamps; times that machines compare (`*_ms`) are milliseconds of the database's own clock.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, BODY, ID, KEY, NAME, UTC6, word


class Meta(SQLModel, table=True):
    """Facts about this database: its identity (`epoch`), its number of lanes, its signing secret."""

    name: str = Field(primary_key=True, sa_type=NAME)
    value: str = Field(sa_type=KEY)


class Counter(SQLModel, table=True):
    """The heads of logs that many lanes append to; taken last in a transaction, so that it is held for one statement."""

    name: str = Field(primary_key=True, sa_type=NAME)
    value: int = Field(sa_type=BIG)


class Lane(SQLModel, table=True):
    """A row to lock: who holds it appends to the conversations of its buckets. `kind` is `in` or `out`."""

    kind: str = Field(primary_key=True, sa_type=word(8))
    n: int = Field(primary_key=True, sa_type=SmallInteger)


class Inbox(SQLModel, table=True):
    """Everything that was acknowledged, as it came; state 0 pending, 1 done, 2 parked."""

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_inbox_state_lane_n", "state", "lane", "n"),
        {"sqlite_autoincrement": True},
    )

    n: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    id: str = Field(sa_type=ID)
    source: str = Field(sa_type=NAME)
    external_id: str = Field(sa_type=KEY)
    digest: str = Field(sa_type=word(16))
    bucket: int = Field(sa_type=SmallInteger)
    lane: int = Field(sa_type=SmallInteger)
    state: int = Field(default=0, sa_type=SmallInteger)
    tries: int = Field(default=0, sa_type=SmallInteger)
    due_ms: int = Field(default=0, sa_type=BIG)
    body: str = Field(sa_type=BODY)
    raw: str | None = Field(default=None, sa_type=BODY)
    error: str | None = Field(default=None, sa_type=BODY)
    at: datetime = Field(sa_type=UTC6)


class Customer(SQLModel, table=True):
    """A person, possibly on several channels."""

    id: str = Field(primary_key=True, sa_type=ID)
    name: str = Field(default="", sa_type=KEY)
    email: str = Field(default="", sa_type=KEY)
    phone: str = Field(default="", sa_type=NAME)
    locale: str = Field(default="", sa_type=word(16))
    at: datetime = Field(sa_type=UTC6)


class Identity(SQLModel, table=True):
    """A customer's id on one channel; `head` is the end of the customer's own log there."""

    __table_args__ = (UniqueConstraint("channel", "external_id"), Index("ix_identity_customer_id", "customer_id"))

    id: str = Field(primary_key=True, sa_type=ID)
    channel: str = Field(sa_type=NAME)
    external_id: str = Field(sa_type=KEY)
    customer_id: str = Field(sa_type=ID)
    bucket: int = Field(sa_type=SmallInteger)
    head: int = Field(default=0, sa_type=BIG)
    read_cs: int = Field(default=0, sa_type=BIG)
    seen_cs: int = Field(default=0, sa_type=BIG)
    seen_ms: int = Field(default=0, sa_type=BIG)
    profile: str = Field(default="{}", sa_type=BODY)
    unreachable: str = Field(default="", sa_type=KEY)
    blocked: bool = False
    at: datetime = Field(sa_type=UTC6)


class Conversation(SQLModel, table=True):
    """One customer's matter on one channel. `open_key` is the identity while open and null after: at most one is open."""

    __table_args__ = (
        UniqueConstraint("open_key"),
        Index("ix_conversation_status_last_s", "status", "last_s"),
        Index("ix_conversation_agent_id_status_last_s", "agent_id", "status", "last_s"),
        Index("ix_conversation_customer_id_last_s", "customer_id", "last_s"),
        Index("ix_conversation_status_waiting_ms", "status", "waiting_ms"),
        Index("ix_conversation_merged_into", "merged_into"),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    identity_id: str = Field(sa_type=ID)
    customer_id: str = Field(sa_type=ID)
    channel: str = Field(sa_type=NAME)
    bucket: int = Field(sa_type=SmallInteger)
    lane: int = Field(sa_type=SmallInteger)
    open_key: str | None = Field(default=None, sa_type=ID)
    status: str = Field(default="open", sa_type=word(16))
    head: int = Field(default=0, sa_type=BIG)
    last_s: int = Field(default=0, sa_type=BIG)
    team: str = Field(default="", sa_type=NAME)
    agent_id: str = Field(default="", sa_type=ID)
    locale: str = Field(default="", sa_type=word(16))
    bot: str = Field(default="{}", sa_type=BODY)
    desks: str = Field(default="", sa_type=KEY)
    preview: str = Field(default="", sa_type=KEY)
    preview_by: str = Field(default="", sa_type=word(16))
    waiting_ms: int = Field(default=0, sa_type=BIG)
    """Since when the customer waits for an answer; 0: does not wait."""
    reminded_ms: int = Field(default=0, sa_type=BIG)
    unread_ms: int = Field(default=0, sa_type=BIG)
    """Since when an answer waits for the customer; 0: nothing waits."""
    said_ms: int = Field(default=0, sa_type=BIG)
    """When, by the platform's clock, the customer said what was said last."""
    wrote_us: int = Field(default=0, sa_type=BIG)
    """When, in microseconds of the desk's clock, agents wrote what they wrote last in its thread."""
    at: datetime = Field(sa_type=UTC6)
    last_at: datetime = Field(sa_type=UTC6)
    resolved_at: datetime | None = Field(default=None, sa_type=UTC6)
    resolved_by: str = Field(default="", sa_type=KEY)
    snooze_ms: int = Field(default=0, sa_type=BIG)
    """Until when the conversation sleeps; 0: is awake."""
    priority: int = Field(default=0, sa_type=SmallInteger)
    tags: str = Field(default="", sa_type=word(512))
    """Each tag between spaces, so that one can be looked for."""
    answered: bool = False
    """Whether an agent has answered since it began."""
    due_kind: str = Field(default="", sa_type=word(8))
    due_ms: int = Field(default=0, sa_type=BIG)
    """When what was promised is due; 0: nothing is."""
    warn_ms: int = Field(default=0, sa_type=BIG)
    """When its agent is called before that; 0: not at all."""
    translate: str = Field(default="", sa_type=word(8))
    """`on` or `off` where somebody has said it of this conversation."""
    spoken: str = Field(default="", sa_type=word(16))
    """The language that the customer was found to write."""
    unplaced: int = Field(default=0, sa_type=Integer)
    """Entries that wait for their place in the customer's log."""
    merged_into: str | None = Field(default=None, sa_type=ID)
    """The conversation in which agents see this one."""
    joins: bool = False
    """Whether others were merged into it."""


class Message(SQLModel, table=True):
    """One entry: the only log, with a place in the conversation (`seq`), the inbox (`s`) and the customer's log (`cs`)."""

    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("s"),
        UniqueConstraint("identity_id", "cs"),
        Index("ix_message_source_external_id", "source", "external_id"),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    conversation_id: str = Field(sa_type=ID)
    identity_id: str = Field(sa_type=ID)
    seq: int = Field(sa_type=BIG)
    s: int = Field(sa_type=BIG)
    cs: int | None = Field(default=None, sa_type=BIG)
    kind: str = Field(sa_type=word(16))
    author_kind: str = Field(sa_type=word(16))
    author_id: str = Field(default="", sa_type=KEY)
    author_name: str = Field(default="", sa_type=KEY)
    source: str = Field(default="", sa_type=NAME)
    external_id: str | None = Field(default=None, sa_type=KEY)
    client_id: str = Field(default="", sa_type=NAME)
    reply_to: str | None = Field(default=None, sa_type=ID)
    edit_of: str | None = Field(default=None, sa_type=ID)
    parts: str = Field(default="[]", sa_type=BODY)
    data: str = Field(default="{}", sa_type=BODY)
    late: bool = False
    at: datetime = Field(sa_type=UTC6)
    stored_at: datetime = Field(sa_type=UTC6)


class Delivery(SQLModel, table=True):
    """One platform call that must happen. Per (conversation, stream) the lowest `rank` goes first, alone."""

    __table_args__ = (
        UniqueConstraint("idem_key"),
        Index("ix_delivery_state_lane_due_ms", "state", "lane", "due_ms"),
        Index("ix_delivery_conversation_id_stream_rank", "conversation_id", "stream", "rank"),
        Index("ix_delivery_target_external_id", "target", "external_id"),
        Index("ix_delivery_message_id", "message_id"),
    )

    id: str = Field(primary_key=True, sa_type=ID)
    idem_key: str = Field(sa_type=NAME)
    conversation_id: str = Field(sa_type=ID)
    message_id: str | None = Field(default=None, sa_type=ID)
    target: str = Field(sa_type=NAME)
    stream: str = Field(sa_type=word(80))
    kind: str = Field(sa_type=word(8))
    rank: int = Field(sa_type=BIG)
    lane: int = Field(sa_type=SmallInteger)
    state: str = Field(default="queued", sa_type=word(16))
    tries: int = Field(default=0, sa_type=SmallInteger)
    attempt: int = Field(default=0, sa_type=Integer)
    due_ms: int = Field(default=0, sa_type=BIG)
    lease_ms: int = Field(default=0, sa_type=BIG)
    owner: str = Field(default="", sa_type=ID)
    call_key: str = Field(default="", sa_type=NAME)
    parts: str | None = Field(default=None, sa_type=BODY)
    data: str = Field(default="{}", sa_type=BODY)
    external_id: str | None = Field(default=None, sa_type=KEY)
    reason: str = Field(default="", sa_type=BODY)
    at: datetime = Field(sa_type=UTC6)
    done_at: datetime | None = Field(default=None, sa_type=UTC6)


class DeliveryAttempt(SQLModel, table=True):
    """One try of a delivery: written before the first byte leaves, closed with what came back."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (Index("ix_delivery_attempt_delivery_id_n", "delivery_id", "n"),)

    id: str = Field(primary_key=True, sa_type=ID)
    delivery_id: str = Field(sa_type=ID)
    n: int = Field(sa_type=Integer)
    phase: str = Field(default="sending", sa_type=word(16))
    outcome: str = Field(default="", sa_type=word(16))
    error: str = Field(default="", sa_type=BODY)
    started_at: datetime = Field(sa_type=UTC6)
    finished_at: datetime | None = Field(default=None, sa_type=UTC6)


class Thread(SQLModel, table=True):
    """A conversation's copy at a desk."""

    __table_args__ = (UniqueConstraint("desk", "external_id"),)

    desk: str = Field(primary_key=True, sa_type=NAME)
    conversation_id: str = Field(primary_key=True, sa_type=ID)
    place: str = Field(default="", sa_type=NAME)
    external_id: str = Field(sa_type=KEY)


class File(SQLModel, table=True):
    """A file's facts; its content lies under the data folder, named by `id`. `source` and `remote` say where to fetch it."""

    __table_args__ = (Index("ix_file_state_due_ms", "state", "due_ms"),)

    id: str = Field(primary_key=True, sa_type=ID)
    source: str = Field(default="", sa_type=NAME)
    remote: str = Field(default="", sa_type=BODY)
    owner: str = Field(default="", sa_type=KEY)
    state: str = Field(default="remote", sa_type=word(16))
    name: str = Field(default="", sa_type=KEY)
    mime: str = Field(default="", sa_type=KEY)
    size: int = Field(default=0, sa_type=BIG)
    sha256: str = Field(default="", sa_type=word(64))
    tries: int = Field(default=0, sa_type=SmallInteger)
    due_ms: int = Field(default=0, sa_type=BIG)
    error: str = Field(default="", sa_type=BODY)
    at: datetime = Field(sa_type=UTC6)


class Notice(SQLModel, table=True):
    """A notice that was due, once: to agents when nobody answers, to one who has not seen something, to a customer who left.
    `about_ms` tells two of a kind apart: the moment that they are about, or of a notice to one agent a number made of `seq`."""

    __table_args__ = (UniqueConstraint("conversation_id", "kind", "about_ms"), Index("ix_notice_state_due_ms", "state", "due_ms"))

    id: str = Field(primary_key=True, sa_type=ID)
    conversation_id: str = Field(sa_type=ID)
    kind: str = Field(sa_type=word(16))
    about_ms: int = Field(sa_type=BIG)
    state: str = Field(default="queued", sa_type=word(16))
    tries: int = Field(default=0, sa_type=SmallInteger)
    due_ms: int = Field(default=0, sa_type=BIG)
    error: str = Field(default="", sa_type=BODY)
    agent_id: str = Field(default="", sa_type=ID)
    seq: int = Field(default=0, sa_type=BIG)
    """Of a notice to one agent: who, and the place in the conversation of what they have not seen."""
    address: str | None = Field(default=None, sa_type=KEY)
    """Where it goes, when that is not the customer's own address; forgotten once it was sent."""
    at: datetime = Field(sa_type=UTC6)
