"""What goes in and comes out of the calls about agents, sessions and operations, as pydantic models for /openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from hub.roles import ROLE_NAME, Right
from hub.signin import LONGEST, SHORTEST
from widget.openapi_shapes import Absent, Id, Place

Role = Annotated[str, Field(pattern=ROLE_NAME, description="admin, supervisor, agent, viewer, or one of access.yaml")]
Presence = Literal["present", "away"]


class Setup(BaseModel):
    """The secret of a one-time link, and who its owner wants to be."""

    token: str = Field(max_length=200)
    email: str = Field(max_length=190)
    name: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=SHORTEST, max_length=LONGEST)


class SignIn(BaseModel):
    """An agent's address and password, and a code where a second factor is set up: without one the answer is `code_needed`."""

    email: str = Field(max_length=190)
    password: str = Field(max_length=4096)
    code: str = Field("", max_length=40)


class Door(BaseModel):
    """`single_sign_on` is what stands on the button that leads to GET /console/api/oidc."""

    single_sign_on: str | None


class Returned(BaseModel):
    """What the provider adds to the address to which it sends somebody back."""

    state: str = ""
    code: str = ""
    error: str = ""


class Again(BaseModel):
    """One's own password once more; empty for who has none and comes in by single sign-on."""

    password: str = Field("", max_length=4096)


class FactorState(BaseModel):
    """Whether one has a second factor, whether one's role needs it, and how many recovery codes are left."""

    on: bool
    needed: bool
    codes_left: int


class FactorOffered(BaseModel):
    """A secret for a device: to type in, as an address, and as a picture to scan (a `data:` address)."""

    secret: str
    uri: str
    picture: str


class CodeShown(BaseModel):
    """Six digits that the device shows."""

    code: str = Field(max_length=40)


class Codes(BaseModel):
    """Recovery codes, shown this once; each is good once."""

    codes: list[str]


class RoleShown(BaseModel):
    """A role; `yours` when you may give it, `factor` when it needs a second factor."""

    name: str
    rights: list[Right]
    shipped: bool
    factor: bool
    yours: bool


class RightShown(BaseModel):
    """What a right allows."""

    name: Right
    about: str


class Roles(BaseModel):
    """Every role, and every right."""

    items: list[RoleShown]
    rights: list[RightShown]


class Agent(BaseModel):
    """An agent. Of colleagues, `present` means that a console is open now; of oneself, what one has chosen."""

    id: Id
    name: str
    email: str
    role: Role
    state: Presence


class Me(Agent):
    """Oneself, what one may do, the teams there are, and the database's name. `needs_factor`: nothing goes before a second factor
    is set up; `single`: came in by single sign-on."""

    teams: list[str]
    epoch: Id
    rights: list[Right]
    factor: bool
    needs_factor: bool
    single: bool


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
    label: str
    address: str
    rights: list[Right]
    current: bool


class Logins(BaseModel):
    """One's own sessions and tokens."""

    items: list[Login]


class TokenAsked(BaseModel):
    """`rights` limits a token to some of one's own; empty: to nothing less."""

    name: str = Field("", max_length=60)
    rights: list[Right] = Field([], max_length=20)
    days: int = Field(365, ge=1, le=365)


class Token(BaseModel):
    """A secret that is shown this once."""

    token: str
    expires_s: int


class Colleague(Agent):
    """An agent, who may be switched off and may have a second factor."""

    disabled: bool
    factor: bool


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
    """The database answers."""

    ok: bool
    epoch: Id
    run: str
    redis: bool
    """Whether Redis answers too; without it messages are taken in and wait."""
