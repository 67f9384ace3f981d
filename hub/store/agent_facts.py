"""Agents and their logins as the store tells of them: values, never rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """An agent. `present` says whether work may be given to them now."""

    id: str
    email: str
    name: str
    role: str
    state: str
    disabled: bool
    present: bool
    factor: bool = False
    """Whether a second factor is asked for after the password."""
    reason: str = ""
    """Why they are away, where they said so at a desk."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a login: `how` a session was opened, from which browser and address; a token's name and its limits."""

    how: str = ""
    label: str = ""
    address: str = ""
    rights: tuple[str, ...] = ()


NOTHING = About()


@dataclass(frozen=True, slots=True)
class Standing:
    """A login that holds, and whose it is; `resting` when nobody has used it for a minute."""

    kind: str
    agent: Person
    resting: bool
    about: About = NOTHING


@dataclass(frozen=True, slots=True)
class Record:
    """Who did what, to what."""

    actor: str
    action: str
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """A session, an API token or a one-time link, by its hash."""

    hash: str
    kind: str
    expires_ms: int
    used_ms: int
    at: datetime
    about: About
