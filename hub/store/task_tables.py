"""The row of a task that an agent has asked a tracker for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, BODY, ID, KEY, UTC6, word


class Task(SQLModel, table=True):
    """`state`: queued, done, failed. `author` and `actor` are who asked: in the conversation's log, and for the audit log."""

    __table_args__ = (Index("ix_task_state_due_ms", "state", "due_ms"),)

    id: str = Field(primary_key=True, sa_type=ID)
    conversation_id: str = Field(sa_type=ID)
    title: str = Field(sa_type=KEY)
    text: str = Field(sa_type=BODY)
    author: str = Field(sa_type=BODY)
    actor: str = Field(sa_type=KEY)
    state: str = Field(default="queued", sa_type=word(8))
    tries: int = Field(default=0, sa_type=SmallInteger)
    due_ms: int = Field(default=0, sa_type=BIG)
    """When it may be tried; while somebody tries, when others may."""
    until_ms: int = Field(sa_type=BIG)
    """When no more tries begin."""
    reason: str = Field(default="", sa_type=BODY)
    at: datetime = Field(sa_type=UTC6)
    done_at: datetime | None = Field(default=None, sa_type=UTC6)
