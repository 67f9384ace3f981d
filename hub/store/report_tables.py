"""The rows that reports are made of: what happened first and last in each conversation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer
from sqlmodel import Field, SQLModel

from hub.store.columns import ID, NAME, UTC6


class Milestone(SQLModel, table=True):
    """One conversation's first and last times. `first_s` and `resolve_s` are in seconds of business hours; a conversation
    that was opened again has none of its last two until it is resolved again."""

    __table_args__ = (
        Index("ix_milestone_opened_at", "opened_at"),
        Index("ix_milestone_answered_at", "answered_at"),
        Index("ix_milestone_resolved_at", "resolved_at"),
    )

    conversation_id: str = Field(primary_key=True, sa_type=ID)
    channel: str = Field(sa_type=NAME)
    team: str = Field(default="", sa_type=NAME)
    agent_id: str = Field(default="", sa_type=ID)
    opened_at: datetime = Field(sa_type=UTC6)
    asked_at: datetime | None = Field(default=None, sa_type=UTC6)
    answered_at: datetime | None = Field(default=None, sa_type=UTC6)
    first_s: int | None = Field(default=None, sa_type=Integer)
    resolved_at: datetime | None = Field(default=None, sa_type=UTC6)
    resolve_s: int | None = Field(default=None, sa_type=Integer)
