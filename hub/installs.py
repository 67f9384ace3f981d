"""A desk's app in workspaces that are not of one token: what was granted there, and what such a desk must offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from hub.model import DeskName

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a workspace's admin has granted. The token is shown to nobody: not in logs, not in a repr."""

    workspace: str
    name: str
    member: str
    """The app's own member there."""
    scopes: str
    """Names with commas."""
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Installed:
    """A workspace in which the app is installed, or was. `token` is empty where it was taken back or can't be opened."""

    workspace: str
    name: str
    member: str
    scopes: str
    state: Literal["live", "gone", "sealed"]
    """`gone`: taken back over there; `sealed`: none of our keys opens the token."""
    reason: str
    since: datetime
    token: str = field(default="", repr=False)


class Unsealable(Exception):
    """A sealed secret that none of the keys opens, or that was sealed for something else."""


class NotInstalled(Exception):
    """Nothing was installed; `code` says why, for the page: `cancelled`, `refused`, `away`, `org` or `rotates`."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Installs(Protocol):
    """The installations of a desk, as processes share them."""

    async def all(self, desk: DeskName) -> Sequence[Installed]:
        """Every workspace that there is or was."""
        ...

    async def gone(self, desk: DeskName, workspace: str, since: datetime, why: str) -> None:
        """The app was taken from a workspace at that moment; a later installation is not touched."""
        ...


@runtime_checkable
class SupportsInstall(Protocol):
    """Can be installed into workspaces by their admins."""

    def authorize(self, state: str, back: str) -> str:
        """The platform's page on which an admin grants; it leads back to `back` with `state`."""
        ...

    async def exchange(self, code: str, back: str) -> Grant:
        """What a code was given for. Raises `NotInstalled`."""
        ...

    def missing(self, scopes: str) -> Mapping[str, str]:
        """Scopes that were not granted, with what does not work without them."""
        ...

    def told(self, about: str, facts: Mapping[str, str], language: Language) -> tuple[str, Sequence[str]]:
        """A title and sentences for the admin: `about` is `done`, `unmapped`, `missing`, `link`, `state`, or the code of a
        `NotInstalled`."""
        ...

    def lines(self, workspace: str) -> str:
        """What must be written into the desk's file for a workspace; empty where it is there."""
        ...

    def places(self, workspace: str) -> Sequence[str]:
        """The places there that the desk's file names."""
        ...


@runtime_checkable
class SupportsParts(Protocol):
    """Has limits that count for a part of it alone, such as one workspace."""

    def part_of(self, name: str) -> str:
        """The part that a place, a thread or a person is of."""
        ...
