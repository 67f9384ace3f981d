"""The row that says which entry a platform's message belongs to, where one call became several messages."""

from __future__ import annotations

from sqlmodel import Field, SQLModel

from hub.store.columns import ID, KEY, NAME


class Piece(SQLModel, table=True):
    """One of several messages that a call became: customers answer it by an id of its own."""

    target: str = Field(primary_key=True, sa_type=NAME)
    external_id: str = Field(primary_key=True, sa_type=KEY)
    message_id: str = Field(sa_type=ID)
