"""The row behind the meter: how long and how often a channel still lets us answer one customer."""

from __future__ import annotations

from sqlalchemy import Integer, SmallInteger, or_
from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, ID, NAME, word


class Allowance(SQLModel, table=True):
    """What an identity's last act has opened; none where the channel does not count. `acts` grows with each act, so that a
    refusal which was on its way meanwhile is known to be of the time before. Where `quota` is 0, only the time counts. `ticket`
    is what the platform gave with the last act to answer it by."""

    identity_id: str = Field(primary_key=True, sa_type=ID)
    acts: int = Field(default=0, sa_type=Integer)
    acted_ms: int = Field(default=0, sa_type=BIG)
    scene: str = Field(default="", sa_type=NAME)
    until_ms: int = Field(default=0, sa_type=BIG)
    quota: int = Field(default=0, sa_type=SmallInteger)
    calls_left: int = Field(default=0, sa_type=SmallInteger)
    ticket: str = Field(default="", sa_type=word(512))


_allowance = Allowance.__table__  # type: ignore[attr-defined]
MORE = or_(_allowance.c.calls_left > 0, _allowance.c.quota == 0)
"""Whether the number of calls allows one more."""
