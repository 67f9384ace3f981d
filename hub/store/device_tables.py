"""The row of a device that is told of answers by push."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, BODY, ID, NAME, UTC6, word


class Device(SQLModel, table=True):
    """One app on one device, for the customer who used it last; `id` is made of channel, service and token. `due_ms` is when it
    must be told, 0 never; `pushed_cs` the place of the customer's log up to which it was."""

    __table_args__ = (Index("ix_device_identity_id", "identity_id"), Index("ix_device_due_ms", "due_ms"))

    id: str = Field(primary_key=True, sa_type=ID)
    identity_id: str = Field(sa_type=ID)
    channel: str = Field(sa_type=NAME)
    kind: str = Field(sa_type=word(16))
    token: str = Field(sa_type=BODY)
    locale: str = Field(default="", sa_type=word(16))
    timezone: str = Field(default="", sa_type=NAME)
    due_ms: int = Field(default=0, sa_type=BIG)
    tries: int = Field(default=0, sa_type=SmallInteger)
    pushed_cs: int = Field(default=0, sa_type=BIG)
    at: datetime = Field(sa_type=UTC6)
