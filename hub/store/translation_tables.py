"""The row of a translation: one for each message and language, from when it is wanted to its end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, BODY, ID, UTC6, word


class Translation(SQLModel, table=True):
    """`side` is `in` for what customers say, `out` for what agents answer, and `after` for what only waits behind an answer for
    its place in the customer's log. `state`: queued, done, same (nothing to translate), failed, gone (taken back)."""

    __table_args__ = (
        Index("ix_translation_state_due_ms", "state", "due_ms"),
        Index("ix_translation_conversation_id_seq", "conversation_id", "seq"),
    )

    message_id: str = Field(primary_key=True, sa_type=ID)
    language: str = Field(primary_key=True, sa_type=word(16))
    conversation_id: str = Field(sa_type=ID)
    seq: int = Field(sa_type=BIG)
    side: str = Field(sa_type=word(8))
    source: str = Field(default="", sa_type=word(16))
    """The language that it is translated from; empty: the service finds out."""
    state: str = Field(default="queued", sa_type=word(8))
    turn: int = Field(default=0, sa_type=SmallInteger)
    """How often it was asked for anew."""
    tries: int = Field(default=0, sa_type=SmallInteger)
    due_ms: int = Field(default=0, sa_type=BIG)
    """When it may be tried; while somebody tries, when others may."""
    until_ms: int = Field(default=0, sa_type=BIG)
    """Of an answer: when it waits no longer."""
    leave_ms: int = Field(default=0, sa_type=BIG)
    """Of an answer: when it would have left without a translation; 0: at once."""
    unplaced: bool = False
    """Whether the entry waits for its place in the customer's log."""
    parts: str | None = Field(default=None, sa_type=BODY)
    reason: str = Field(default="", sa_type=BODY)
    at: datetime = Field(sa_type=UTC6)
    done_at: datetime | None = Field(default=None, sa_type=UTC6)
