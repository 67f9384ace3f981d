"""The rows that make several identities one customer: what is proved of each, and which were brought together by whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from hub.store.columns import BODY, ID, KEY, UTC6, word


class Claim(SQLModel, table=True):
    """What somebody who knows has proved of an identity: an address, a number, a platform's id of the person. `state` is `new`
    until it was compared, then `held`; `apart` once an agent has undone what it led to."""

    __table_args__ = (Index("ix_claim_kind_value", "kind", "value"), Index("ix_claim_state", "state"))

    identity_id: str = Field(primary_key=True, sa_type=ID)
    kind: str = Field(primary_key=True, sa_type=word(16))
    value: str = Field(primary_key=True, sa_type=KEY)
    state: str = Field(default="new", sa_type=word(8))
    at: datetime = Field(sa_type=UTC6)


class Link(SQLModel, table=True):
    """One customer's identities went to another. `moved` is JSON: {identities, filled: facts that the other one lacked}."""

    __table_args__ = (Index("ix_link_into_id", "into_id"), Index("ix_link_from_id", "from_id"))

    id: str = Field(primary_key=True, sa_type=ID)
    into_id: str = Field(sa_type=ID)
    from_id: str = Field(sa_type=ID)
    kind: str = Field(sa_type=word(16))
    """What led to it: `hand`, `named`, or the kind of the claim."""
    actor: str = Field(sa_type=KEY)
    reason: str = Field(default="", sa_type=BODY)
    moved: str = Field(sa_type=BODY)
    at: datetime = Field(sa_type=UTC6)
    undone_at: datetime | None = Field(default=None, sa_type=UTC6)
