"""The row that says how far a platform's feed has been read: what its hooks only announce lies there."""

from __future__ import annotations

from sqlalchemy import Index, Integer, SmallInteger
from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, BODY, KEY, NAME


class Feed(SQLModel, table=True):
    """One feed of a channel. `place` is the platform's own word for where the next page begins, and changes only in the
    transaction that keeps what came before it; `turn` counts these. `told` counts hooks, so that one which comes while a page is
    being read is not forgotten."""

    __table_args__ = (Index("ix_feed_due_ms", "due_ms"),)

    channel: str = Field(primary_key=True, sa_type=NAME)
    name: str = Field(primary_key=True, sa_type=KEY)
    place: str = Field(default="", sa_type=BODY)
    turn: int = Field(default=0, sa_type=Integer)
    told: int = Field(default=0, sa_type=Integer)
    ticket: str = Field(default="", sa_type=BODY)
    ticket_ms: int = Field(default=0, sa_type=BIG)
    due_ms: int = Field(default=0, sa_type=BIG)
    lease_ms: int = Field(default=0, sa_type=BIG)
    tries: int = Field(default=0, sa_type=SmallInteger)
    error: str = Field(default="", sa_type=BODY)
