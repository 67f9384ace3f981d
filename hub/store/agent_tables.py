"""The rows about people who answer: who they are, how they get in, what they have read, what they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from hub.store.columns import BIG, BODY, ID, KEY, NAME, UTC6, word


class Agent(SQLModel, table=True):
    """Somebody who answers. `seen_ms` is the last sign of life of a console; away agents get nothing assigned."""

    __table_args__ = (UniqueConstraint("email"),)

    id: str = Field(primary_key=True, sa_type=ID)
    email: str = Field(sa_type=KEY)
    name: str = Field(sa_type=KEY)
    role: str = Field(default="agent", sa_type=word(16))
    password: str = Field(default="", sa_type=KEY)
    state: str = Field(default="away", sa_type=word(16))
    seen_ms: int = Field(default=0, sa_type=BIG)
    assigned_ms: int = Field(default=0, sa_type=BIG)
    """When routing gave them a conversation last; 0: never."""
    capacity: int = Field(default=0, sa_type=SmallInteger)
    """Open conversations that they take at most by their own wish; 0: as many as the rules say."""
    disabled: bool = False
    until_ms: int = Field(default=0, sa_type=BIG)
    """Until when who came at a desk is there without a console."""
    reason: str = Field(default="", sa_type=KEY)
    """Why they are away, in their own words."""
    factor: bool = False
    """Whether a second factor is asked for after the password."""
    subject: str = Field(default="", sa_type=KEY)
    """Who this is at the single sign-on's provider, once they have come in by it."""
    at: datetime = Field(sa_type=UTC6)


class AgentLogin(SQLModel, table=True):
    """A console session, an API token or a one-time link, by the SHA-256 of its secret. `how` says by what a session was opened,
    `rights` what a token is limited to (empty: to nothing less than its owner's)."""

    __tablename__ = "agent_login"

    token_hash: str = Field(primary_key=True, sa_type=word(64))
    kind: str = Field(sa_type=word(16))
    agent_id: str = Field(default="", sa_type=ID)
    expires_ms: int = Field(sa_type=BIG)
    used_ms: int = Field(default=0, sa_type=BIG)
    how: str = Field(default="", sa_type=word(16))
    label: str = Field(default="", sa_type=KEY)
    address: str = Field(default="", sa_type=NAME)
    rights: str = Field(default="", sa_type=KEY)
    at: datetime = Field(sa_type=UTC6)


class SecondFactor(SQLModel, table=True):
    """What an agent's device makes codes of. `step` is the last time step whose code was used: none works twice."""

    __tablename__ = "second_factor"

    agent_id: str = Field(primary_key=True, sa_type=ID)
    seed: str = Field(sa_type=NAME)
    step: int = Field(default=0, sa_type=BIG)
    at: datetime = Field(sa_type=UTC6)


class RecoveryCode(SQLModel, table=True):
    """A code for the day on which the device is lost, by its SHA-256; gone once it was used."""

    __tablename__ = "recovery_code"

    agent_id: str = Field(primary_key=True, sa_type=ID)
    hash: str = Field(primary_key=True, sa_type=word(64))


class DeskPerson(SQLModel, table=True):
    """Which agent a person at a desk is."""

    __tablename__ = "desk_person"

    desk: str = Field(primary_key=True, sa_type=NAME)
    external_id: str = Field(primary_key=True, sa_type=KEY)
    agent_id: str = Field(default="", sa_type=ID)
    name: str = Field(default="", sa_type=KEY)
    email: str = Field(default="", sa_type=KEY)
    standing: str = Field(default="", sa_type=word(16))
    """`member`, `guest` or `outside`, as the desk says; empty: it has not said."""
    by_hand: bool = False
    """An admin said which agent this is: the e-mail address is not asked."""
    looked_ms: int = Field(default=0, sa_type=BIG)
    """When they looked at their own page at the desk last."""
    shown_ms: int = Field(default=0, sa_type=BIG)
    shown: str = Field(default="", sa_type=word(16))
    """When that page was drawn last, and a digest of what it showed."""


class Trouble(SQLModel, table=True):
    """What is broken at a channel or desk, until it works again; `told_ms` is when people were told."""

    place: str = Field(primary_key=True, sa_type=NAME)
    kind: str = Field(primary_key=True, sa_type=NAME)
    said: str = Field(default="", sa_type=KEY)
    mend: str = Field(default="", sa_type=KEY)
    told_ms: int = Field(default=0, sa_type=BIG)
    at: datetime = Field(sa_type=UTC6)


class AgentRead(SQLModel, table=True):
    """How far an agent has read a conversation."""

    __tablename__ = "agent_read"

    agent_id: str = Field(primary_key=True, sa_type=ID)
    conversation_id: str = Field(primary_key=True, sa_type=ID)
    seq: int = Field(default=0, sa_type=BIG)


class AgentDraft(SQLModel, table=True):
    """What an agent has begun to write in a conversation; `rev` grows with every change."""

    __tablename__ = "agent_draft"

    agent_id: str = Field(primary_key=True, sa_type=ID)
    conversation_id: str = Field(primary_key=True, sa_type=ID)
    kind: str = Field(default="reply", sa_type=word(8))
    text: str = Field(default="", sa_type=BODY)
    rev: int = Field(default=1, sa_type=BIG)
    at: datetime = Field(sa_type=UTC6)


class AgentViews(SQLModel, table=True):
    """The views of the list that an agent has made for themself, as JSON."""

    __tablename__ = "agent_views"

    agent_id: str = Field(primary_key=True, sa_type=ID)
    views: str = Field(default="[]", sa_type=BODY)


class Audit(SQLModel, table=True):
    """Who did what, append-only."""

    id: str = Field(primary_key=True, sa_type=ID)
    actor: str = Field(sa_type=KEY)
    action: str = Field(sa_type=NAME)
    object: str = Field(default="", sa_type=KEY)
    detail: str = Field(default="", sa_type=BODY)
    at: datetime = Field(sa_type=UTC6)
