"""The rows of what customers thought of a conversation once it was settled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field, SQLModel

from hub.store.columns import BODY, ID, NAME, UTC6


class Rating(SQLModel, table=True):
    """One conversation's question and its answer: `score` is 1 to 5, 0 as long as nobody has answered. Channel, agent and team
    are those of the moment when it was resolved."""

    __table_args__ = (Index("ix_rating_asked_at", "asked_at"), Index("ix_rating_identity_id_asked_at", "identity_id", "asked_at"))

    conversation_id: str = Field(primary_key=True, sa_type=ID)
    identity_id: str = Field(sa_type=ID)
    channel: str = Field(sa_type=NAME)
    agent_id: str = Field(default="", sa_type=ID)
    team: str = Field(default="", sa_type=NAME)
    score: int = Field(default=0, sa_type=SmallInteger)
    comment: str = Field(default="", sa_type=BODY)
    asked_at: datetime = Field(sa_type=UTC6)
    answered_at: datetime | None = Field(default=None, sa_type=UTC6)
