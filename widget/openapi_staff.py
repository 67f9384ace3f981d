"""What goes in and comes out of the calls about agents, sessions and operations, as pydantic models for /openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from hub.signin import LONGEST, SHORTEST
from widget.openapi_shapes import Absent, Id, Place

Role = Literal["admin", "supervisor", "agent", "viewer"]
Presence = Literal["present", "away"]


class Setup(BaseModel):
    """The secret of a one-time link, and who its owner wants to be."""

    token: str = Field(max_length=200)
    email: str = Field(max_length=190)
    name: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=SHORTEST, max_length=LONGEST)


class SignIn(BaseModel):
    """An agent's address and password."""

    email: str = Field(max_length=190)
    password: str = Field(max_length=4096)


class Agent(BaseModel):
    """An agent. Of colleagues, `present` means that a console is open now; of oneself, what one has chosen."""

    id: Id
    name: str
    email: str
    role: Role
    state: Presence


class Me(Agent):
    """Oneself, the teams there are, and the database's name."""

    teams: list[str]
    epoch: Id


class PresenceAsked(BaseModel):
    """Whether one may be given conversations."""

    state: Presence


class PasswordAsked(BaseModel):
    """The old and the new password."""

    old: str = Field(max_length=4096)
    new: str = Field(min_length=SHORTEST, max_length=LONGEST)


class Login(BaseModel):
    """A session or token of one's own."""

    id: str
    kind: Literal["session", "token"]
    created_at: datetime
    used_ms: int
    expires_ms: int
    current: bool


class Logins(BaseModel):
    """One's own sessions and tokens."""

    items: list[Login]


class Token(BaseModel):
    """A secret that is shown this once."""

    token: str
    expires_s: int


class Colleague(Agent):
    """An agent, who may be switched off."""

    disabled: bool


class Colleagues(BaseModel):
    """All agents."""

    items: list[Colleague]


class Invite(BaseModel):
    """A new agent."""

    email: str = Field(max_length=190)
    name: str = Field("", max_length=100)
    role: Role = "agent"


class Invited(BaseModel):
    """A link that sets the password, once."""

    id: Id
    link: str
    expires_s: int


class Link(BaseModel):
    """A link that sets a new password, once."""

    link: str
    expires_s: int


class Change(BaseModel):
    """At least one of these."""

    name: Annotated[str, Field(max_length=100)] | Absent = None
    role: Role | Absent = None
    disabled: bool | Absent = None


class Parked(BaseModel):
    """What nobody could handle."""

    id: Id
    source: str
    external_id: str
    at: datetime
    tries: int
    error: str
    body: str


class ParkedPage(BaseModel):
    """Newest first."""

    items: list[Parked]
    next: str | None


class PageQuery(BaseModel):
    """`cursor` is an earlier answer's `next`."""

    cursor: Place | Absent = None
    limit: int = Field(50, ge=1, le=100)


class AuditQuery(BaseModel):
    """`cursor` is an earlier answer's `next`."""

    cursor: Id | Absent = None
    limit: int = Field(50, ge=1, le=100)


class Audited(BaseModel):
    """Who did what."""

    id: Id
    at: datetime
    actor: str
    action: str
    object: str
    detail: str


class AuditPage(BaseModel):
    """Newest first."""

    items: list[Audited]
    next: str | None


class Alive(BaseModel):
    """`epoch` names the database, `run` the start that the process belongs to."""

    ok: bool
    epoch: Id
    run: str
    pid: int


class Ready(BaseModel):
    """Database and Redis answer."""

    ok: bool
    epoch: Id
    run: str
