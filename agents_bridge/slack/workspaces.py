"""Slack as a desk in several workspaces: one app, which their admins install, and a desk of its own for each of them."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, ClassVar

import structlog

from agents_bridge.slack.able import capabilities_of
from agents_bridge.slack.calls import Slack
from agents_bridge.slack.heard import Then
from agents_bridge.slack.receive import challenged, parsed, taken, turn_of, verifier_of, verify
from agents_bridge.slack.settings import SlackSettings, WorkspacesSettings
from agents_bridge.slack.several import NOWHERE, Several, named, ours, part_of, seen_in, team_in
from agents_bridge.slack.socket import poll
from agents_bridge.slack.wire import apart, at
from agents_bridge.slack.workspaces_beside import BesideWorkspaces
from hub import ports
from hub.errors import Temporary
from hub.model import AgentReply, ChannelName, DeskName, ExternalId, ThreadId
from hub.ports import Hook, IdempotencyKey, Kit, Line, Mark, Receipt, ThreadCard

log = structlog.get_logger()


class SlackWorkspaces(BesideWorkspaces):
    """One app, several workspaces."""

    Settings: ClassVar[type[ports.Settings]] = WorkspacesSettings

    def __init__(self, name: DeskName, settings: WorkspacesSettings, kit: Kit) -> None:
        self.name = name
        self.polling = settings.socket_mode
        self.digest_after = settings.digest
        self.capabilities = capabilities_of(settings)
        self._settings = settings
        self._kit = kit
        self._verifier = verifier_of(settings.signing_secret.get_secret_value(), kit.now)
        self._all = Several(name, settings, kit)

    async def receive(self, hook: Hook) -> Receipt:
        """Events, buttons and commands of every workspace, at one address. Nothing is asked: whose they are, they say themselves,
        and Slack has signed it."""
        verify(self._verifier, hook)
        body = parsed(hook)
        if challenge := challenged(body):
            return Receipt(body=challenge)
        return await self._take(body, turn_of(hook))

    async def _take(self, body: dict[str, Any], turn: str = "") -> Receipt:
        team = team_in(body)
        if not team:
            return Receipt()
        follow, lost = functools.partial(self._follow, team), functools.partial(self._lost, team)
        reading, zone = self._all.reading(team), functools.partial(self._zone, team)
        return ours(team, await taken(reading, body, self._all.home(team), follow, turn, zone=zone, lost=lost))

    async def _zone(self, team: str, user: str) -> tzinfo | None:
        return await (await self._all.desk(team)).zone(user)

    async def _follow(self, team: str, calls: Sequence[Then]) -> None:
        try:
            desk = await self._all.desk(team)
        except Temporary as exc:
            log.warning("slack.not_shown", desk=self.name, workspace=team, error=str(exc))
            return
        await desk.follow(calls)

    async def _lost(self, team: str, at: datetime, why: str) -> None:
        if self._kit.installs is not None:
            await self._kit.installs.gone(self.name, team, at, why)
            await self._all.installed(now=True)

    def place(self, channel: ChannelName, team: str) -> str:
        """A Slack channel by team, by our channel, or the usual one, in whatever workspace has it; empty where none has."""
        return self._all.place(str(channel), team)

    def part_of(self, name: str) -> str:
        """The workspace that a place, a thread or a person is of: limits count for each by itself."""
        return part_of(name)

    async def open(self, place: str, card: ThreadCard, key: IdempotencyKey, lines: Sequence[Line] = ()) -> ThreadId:
        """As of one workspace's desk."""
        team, channel = apart(place)
        desk = await self._all.desk(team)
        return ThreadId(at(team, await desk.open(channel, card, key, seen_in(team, lines))))

    async def update(self, thread: ThreadId, card: ThreadCard) -> None:
        """Draw the card anew."""
        team, own = apart(thread)
        await (await self._all.desk(team)).update(ThreadId(own), card)

    async def amend(self, thread: ThreadId, sent: ExternalId, lines: Sequence[Line], card: ThreadCard) -> None:
        """Draw a post anew with its translations."""
        team, own = apart(thread)
        shown = seen_in(team, lines)
        await (await self._all.desk(team)).amend(ThreadId(own), ExternalId(apart(sent)[1]), shown, card)

    async def post(self, thread: ThreadId, lines: Sequence[Line], key: IdempotencyKey) -> ExternalId:
        """Append lines."""
        team, own = apart(thread)
        desk = await self._all.desk(team)
        return ExternalId(at(team, await desk.post(ThreadId(own), seen_in(team, lines), key)))

    async def mark(self, reply: ExternalId, state: Mark, thread: ThreadId) -> None:
        """One reaction on the agent's message."""
        team, own = apart(thread)
        await (await self._all.desk(team)).mark(reply, state, ThreadId(own))

    async def whisper(self, thread: ThreadId, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """A line that one member sees."""
        team, own = apart(thread)
        await (await self._all.desk(team)).whisper(ThreadId(own), person, about, facts)

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str, since: datetime) -> Mapping[IdempotencyKey, ExternalId]:
        """Ask which calls arrived."""
        team, own = apart(thread)
        found = await (await self._all.desk(team)).lookup(keys, own, since)
        return {key: ExternalId(at(team, id)) for key, id in found.items()}

    async def missed(self, thread: ThreadId, since: datetime) -> Sequence[AgentReply]:
        """What was written while nobody listened. A workspace that has taken the app away is read once it is there again."""
        team, own = apart(thread)
        held = (await self._all.installed()).get(team)
        if held is None or not held.token:
            return []
        found = await (await self._all.desk(team)).missed(ThreadId(own), since)
        return [named(team, item) for item in found]

    async def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """A file that an agent dropped, by the token of their workspace."""
        address, _, fragment = remote.partition("#")
        team, file = apart(fragment)
        async for piece in (await self._all.desk(team)).fetch(f"{address}#{file}"):
            yield piece

    async def announce(self, url: str) -> None:
        """Slack reads the address from its own settings; what can be seen from here is whether the tokens serve."""
        await self.troubles()

    async def poll(self, keep: Callable[[Receipt], Awaitable[None]]) -> None:
        """Socket Mode: one connection tells of every workspace."""
        token, slack = self._settings.app_token, Slack(self._wire())
        try:
            await poll(slack, token.get_secret_value() if token else "", self._take, keep)
        finally:
            await slack.aclose()

    def _wire(self) -> SlackSettings:
        """How Slack is reached before any workspace is known."""
        settings = self._settings
        given = {"bot_token": "none", "signing_secret": settings.signing_secret, "channel": NOWHERE}
        return SlackSettings(**given, api_url=settings.api_url, proxy=settings.proxy, timeout=settings.timeout)

    async def aclose(self) -> None:
        """Close every session."""
        await self._all.close()
