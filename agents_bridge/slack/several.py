"""One Slack app in several workspaces: which of them there are, a desk for each, and who is asked when one is not there.

Outside of here a place is `T…/C…` and a thread `T…/C…:ts`, so that two workspaces with a channel of the same id never mix.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from agents_bridge.slack.desk import SlackDesk
from agents_bridge.slack.events import Reading
from agents_bridge.slack.settings import Common, SlackSettings, WorkspacePlaces, WorkspacesSettings
from agents_bridge.slack.wire import apart, at
from hub.errors import Temporary
from hub.installs import Installed
from hub.model import AgentReply, DeskName, Media, ThreadId
from hub.ports import Kit, Line, Receipt

FRESH_S = 5.0
"""How long what the database says of installations is believed: a new token serves in every process after that."""
HELD_S = 60.0
NOWHERE = "C0"
"""Stands for the Slack channel of a workspace that is given none; nothing is ever posted there."""
NO_PLACES = WorkspacePlaces.model_construct(channel=None, channels={}, fallback=None, escalation=None, locale=None)
SHARED = tuple(name for name in Common.model_fields if name not in ("type", "locale", "continue_in"))
PLACES = ("post", "thread")
"""What an item's data may name in its workspace: a post that shows a line, another thread."""
_PART = re.compile(r"(T[A-Z0-9]+)[/:]")
_TEAM = re.compile(r"T[A-Z0-9]{1,30}")


def team_in(body: Mapping[str, Any]) -> str:
    """The workspace that a request of Slack's speaks of; empty when it names none."""
    team = body.get("team_id") or (body.get("team") or {}).get("id") or (body.get("user") or {}).get("team_id")
    return team if isinstance(team, str) and _TEAM.fullmatch(team) else ""


class Several:
    """The workspaces of one app, as one process knows them."""

    def __init__(self, name: DeskName, settings: WorkspacesSettings, kit: Kit) -> None:
        self.name = name
        self._settings = settings
        self._kit = kit
        self._known: Mapping[str, Installed] = {}
        self._read_at = -FRESH_S
        self._desks: dict[tuple[str, datetime], SlackDesk] = {}
        self._readings: dict[str, Reading] = {}

    def places(self, team: str) -> WorkspacePlaces:
        """What the file says about a workspace."""
        return self._settings.workspaces.get(team, NO_PLACES)

    def home(self, team: str) -> str:
        """The Slack channel where a workspace hears what concerns everybody; `NOWHERE` where it is given none."""
        named = self.places(team)
        return named.channel or next(iter(named.channels.values()), NOWHERE)

    def place(self, channel: str, team: str) -> str:
        """Where conversations of a team or of our channel go, in whatever workspace has a place for them; empty: nowhere."""
        workspaces = self._settings.workspaces
        for name in (team, channel):
            for id, one in workspaces.items():
                if name and name in one.channels:
                    return at(id, one.channels[name])
        return next((at(id, one.channel) for id, one in workspaces.items() if one.channel), "")

    async def installed(self, *, now: bool = False) -> Mapping[str, Installed]:
        """Every workspace that the app is or was in."""
        if self._kit.installs is not None and (now or time.monotonic() - self._read_at > FRESH_S):
            found = await self._kit.installs.all(self.name)
            self._known, self._read_at = {one.workspace: one for one in found}, time.monotonic()
        return self._known

    async def desk(self, team: str) -> SlackDesk:
        """The desk of one workspace. Raises `Temporary`, which holds what is meant for it, while the app is not there."""
        found = (await self.installed()).get(team)
        if found is None or not found.token:
            raise Temporary(self.why_not(team, found), retry_after=HELD_S, paused=True)
        key = (team, found.since)
        if key not in self._desks:
            self._desks[key] = self._made(team, found.token)
        return self._desks[key]

    def why_not(self, team: str, found: Installed | None) -> str:
        """A sentence about a workspace in which the app does not serve."""
        if not team:
            return f"no workspace is named for it in desks/{self.name}.yaml"
        if found is None:
            return f"the app is not installed in the workspace {team}"
        if found.state == "gone":
            return f"the app was taken from the workspace {found.name} ({found.reason})"
        return f"the token of the workspace {found.name} can't be opened: {found.reason}"

    def _made(self, team: str, token: str) -> SlackDesk:
        named, settings = self.places(team), self._settings
        shared = {name: getattr(settings, name) for name in SHARED}
        own = SlackSettings(
            **shared | {"socket_mode": False},
            bot_token=token,
            team_id=team,
            channel=self.home(team),
            channels=named.channels,
            fallback=named.fallback,
            escalation=named.escalation,
            locale=named.locale or settings.locale,
        )
        return SlackDesk(self.name, own, self._kit)

    def reading(self, team: str) -> Reading:
        """For whom events of a workspace are read, whether or not its token is there."""
        if team not in self._readings:
            if len(self._readings) > 1000:
                self._readings.clear()
            kit, locale = self._kit, self.places(team).locale or self._settings.locale
            known = (self.name, team, locale, tuple(kit.teams), kit.now, kit.canned, self._settings.undo_s)
            self._readings[team] = Reading(
                *known, frozenset(self.places(team).places), several=True, ready=kit.ready, tracker=kit.tracker
            )
        return self._readings[team]

    async def close(self) -> None:
        """Close every session."""
        for desk in self._desks.values():
            await desk.aclose()


def part_of(name: str) -> str:
    """The workspace that a place, a thread or a person is of."""
    found = _PART.match(name)
    return found[1] if found else ""


def ours(team: str, receipt: Receipt) -> Receipt:
    """A receipt of one workspace, with threads and files named as the hub knows them."""
    broken = receipt.trouble and replace(receipt.trouble, kind=f"{team}:{receipt.trouble.kind}")
    items = [named(team, item) for item in receipt.items if isinstance(item, AgentReply)]
    return replace(receipt, items=items, trouble=broken)


def named(team: str, item: AgentReply) -> AgentReply:
    """An item of one workspace, with its thread and its files named with the workspace."""
    changes: dict[str, Any] = {"thread": ThreadId(at(team, item.thread))} if item.thread else {}
    if any(isinstance(part, Media) and part.remote for part in item.parts):
        changes["parts"] = tuple(_with_team(team, part) for part in item.parts)
    if places := {name: at(team, str(item.data[name])) for name in PLACES if item.data.get(name)}:
        changes["data"] = {**item.data, **places}
    return item.model_copy(update=changes) if changes else item


def within(team: str, thread: str) -> str:
    """A thread as its workspace names it; empty when it is in another one."""
    there, name = apart(thread)
    return name if there == team else ""


def seen_in(team: str, lines: Sequence[Line]) -> list[Line]:
    """Lines as one workspace shows them: in another one nobody knows who is called, nor can open a thread."""
    called = [replace(one, mention="") if part_of(one.mention) not in ("", team) else one for one in lines]
    return [replace(one, near=within(team, one.near)) for one in called]


def _with_team(team: str, part: Any) -> Any:
    """The fragment of a file's address, which nobody is sent, says by whose token it is fetched."""
    if not isinstance(part, Media) or not part.remote:
        return part
    address, _, file = part.remote.partition("#")
    return part.model_copy(update={"remote": f"{address}#{at(team, file)}"})
