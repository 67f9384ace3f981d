"""What goes in and comes out of the calls about desks' apps in workspaces, as pydantic models for /openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class Ticket(BaseModel):
    """The secret of a one-time link from `frontdesk slack install` or POST /console/api/desks/{name}/install."""

    ticket: str = ""


class Lacking(BaseModel):
    """A scope that was not granted, and what does not work without it."""

    scope: str
    so: str


class Workspace(BaseModel):
    """A workspace that the app is or was in. `lines` must be written into the desk's file; empty where they are."""

    id: str
    name: str
    state: Literal["live", "gone", "sealed"] = Field(description="`sealed`: none of our keys opens its token")
    reason: str
    since: datetime
    missing: list[Lacking]
    lines: str


class Desk(BaseModel):
    """A desk whose app is installed into workspaces."""

    name: str
    workspaces: list[Workspace]


class Desks(BaseModel):
    """All of them."""

    items: list[Desk]


class Begins(BaseModel):
    """Where an admin begins an installation, once."""

    url: str
    expires_s: int


class CodeGiven(BaseModel):
    """A code that somebody got at a desk; without `yes` nothing changes, and the answer says whom it is about."""

    code: str = Field(max_length=64)
    yes: bool = False


class Linked(BaseModel):
    """Somebody at a desk, who is this agent once `linked`."""

    desk: str
    person: str
    name: str
    linked: bool
