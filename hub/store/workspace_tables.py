"""The row of a workspace in which a desk's app is installed."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, BODY, KEY, NAME, UTC6, word


class Workspace(SQLModel, table=True):
    """What was granted there. `sealed` is the token, which only the installation's key opens; empty once it was taken back."""

    desk: str = Field(primary_key=True, sa_type=NAME)
    workspace: str = Field(primary_key=True, sa_type=NAME)
    name: str = Field(default="", sa_type=KEY)
    member: str = Field(default="", sa_type=NAME)
    scopes: str = Field(default="", sa_type=BODY)
    sealed: str = Field(default="", sa_type=BODY)
    state: str = Field(default="live", sa_type=word(16))
    reason: str = Field(default="", sa_type=KEY)
    actor: str = Field(default="", sa_type=KEY)
    """Who began the installation."""
    granted_ms: int = Field(default=0, sa_type=BIG)
    """When it was granted last: what is told of earlier tokens does not count any more."""
    gone_ms: int = Field(default=0, sa_type=BIG)
    """Since when nothing is told from there; 0: it was never gone."""
    at: datetime = Field(sa_type=UTC6)
