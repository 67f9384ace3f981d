"""The row of a canned reply that an agent has saved."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.columns import BODY, KEY, NAME, UTC6, word


class SavedReply(SQLModel, table=True):
    """One text. `folded` is its name, case apart; `actor` who wrote it last, as the audit log names them."""

    __tablename__ = "saved_reply"

    folded: str = Field(primary_key=True, sa_type=KEY)
    name: str = Field(sa_type=NAME)
    title: str = Field(default="", sa_type=KEY)
    locale: str = Field(sa_type=word(16))
    text: str = Field(sa_type=BODY)
    actor: str = Field(sa_type=KEY)
    at: datetime = Field(sa_type=UTC6)
