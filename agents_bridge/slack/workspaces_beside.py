"""What a Slack desk of several workspaces says beside its threads, and how its app is installed into one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agents_bridge.slack import oauth
from agents_bridge.slack.inviting import yaml_lines
from agents_bridge.slack.oauth_words import told
from agents_bridge.slack.refusals import ALERTS
from agents_bridge.slack.settings import WorkspacesSettings
from agents_bridge.slack.several import Several, part_of, within
from agents_bridge.slack.wire import apart, at
from hub.errors import ConnectorError, Temporary
from hub.installs import Grant, Installed, Language
from hub.model import ChannelName, DeskName, ExternalId, ThreadId
from hub.people import Member, Page, Seen, Trouble
from hub.ports import IdempotencyKey


class BesideWorkspaces:
    """The half of such a desk that talks to people and to admins."""

    name: DeskName
    _settings: WorkspacesSettings
    _all: Several

    async def person(self, agent: ExternalId) -> Member:
        """Who a member of a workspace is."""
        return await (await self._all.desk(part_of(agent))).person(agent)

    async def show(self, person: ExternalId, page: Page | None) -> None:
        """App Home; threads of other workspaces can't be opened from there."""
        team = part_of(person)
        if page is not None:
            page = replace(
                page,
                mine=[replace(one, thread=within(team, one.thread)) for one in page.mine],
                queue=[replace(one, thread=within(team, one.thread)) for one in page.queue],
            )
        await (await self._all.desk(team)).show(person, page)

    async def direct(self, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """A message to one person."""
        team = part_of(person)
        if facts.get("thread"):
            facts = {**facts, "thread": within(team, facts["thread"])}
        await (await self._all.desk(team)).direct(person, about, facts)

    def urgent_place(self, channel: ChannelName, team: str) -> str:
        """Where the workspace that has such conversations wants what is urgent; empty: nowhere."""
        home, _ = apart(self._all.place(str(channel), team))
        urgent = self._all.places(home).escalation
        return at(home, urgent) if urgent else ""

    async def escalate(self, place: str, thread: ThreadId | None, text: str, url: str, key: IdempotencyKey) -> ExternalId:
        """A post there; a thread in another workspace is not linked to."""
        team, own = apart(place)
        there = ThreadId(within(team, thread or "")) or None
        return ExternalId(at(team, await (await self._all.desk(team)).escalate(own, there, text, url, key)))

    async def find(self, email: str) -> ExternalId | None:
        """The member with this address in the first workspace that has one."""
        for team, one in (await self._all.installed()).items():
            if one.token and (found := await (await self._all.desk(team)).find(email)):
                return found
        return None

    async def troubles(self) -> Sequence[Trouble]:
        """Workspaces without the app to which the file gives conversations, and what is broken in those that have it. While one
        of them can't be asked, nobody can say."""
        known = await self._all.installed(now=True)
        found: list[Trouble] = []
        for team in dict.fromkeys((*self._settings.workspaces, *known)):
            one, named = known.get(team), team in self._settings.workspaces
            if one is not None and one.token:
                troubles = await (await self._all.desk(team)).troubles()
                found += [self._there(team, one, trouble) for trouble in troubles if named or trouble.kind == "token"]
            elif named:
                found.append(self._absent(team, one))
        return found

    def _there(self, team: str, one: Installed, trouble: Trouble) -> Trouble:
        mend = ALERTS[self._settings.locale]["mend_install"] if trouble.kind == "token" else trouble.mend
        return Trouble(f"{team}:{trouble.kind}", f"{one.name}: {trouble.said}", mend)

    def _absent(self, team: str, found: Installed | None) -> Trouble:
        w = ALERTS[self._settings.locale]
        state = found.state if found is not None else "absent"
        about = {"name": found.name if found else team, "why": found.reason if found else ""}
        return Trouble(
            f"{team}:{state}", w[f"app_{state}"].format(**about), w["mend_key" if state == "sealed" else "mend_install"]
        )

    async def alert(self, found: Sequence[Trouble], admins: Sequence[ExternalId], *, over: bool = False) -> None:
        """Each workspace hears what is broken there; what can't be told there, those hear that can be told."""
        known = await self._all.installed()
        there = [team for team in self._settings.workspaces if (one := known.get(team)) is not None and one.token]
        heard, failed = 0, None
        for team in there:
            mine = [one for one in found if part_of(one.kind) == team or part_of(one.kind) not in there]
            if not mine:
                continue
            try:
                own = [one for one in admins if part_of(one) == team]
                await (await self._all.desk(team)).alert(mine, own, over=over)
                heard += 1
            except ConnectorError as exc:
                failed = exc
        if not heard:
            raise failed or Temporary("there is no workspace in which anybody could be told")

    async def digest(self, place: str, found: Sequence[Seen], key: IdempotencyKey) -> ExternalId:
        """A post in the workspace that the place is in."""
        team, own = apart(place)
        return ExternalId(at(team, await (await self._all.desk(team)).digest(own, found, key)))

    async def typing_in(self, thread: ThreadId, customer: str, on: bool) -> None:
        """The thread's status, where Slack shows one; nothing where the app is not."""
        team, own = apart(thread)
        if (found := (await self._all.installed()).get(team)) is not None and found.token:
            await (await self._all.desk(team)).typing_in(ThreadId(own), customer, on)

    def authorize(self, state: str, back: str) -> str:
        """Slack's page on which an admin installs the app."""
        return oauth.address(self._settings, state, back)

    async def exchange(self, code: str, back: str) -> Grant:
        """What a code was given for."""
        return await oauth.exchange(self._settings, code, back)

    def missing(self, scopes: str) -> Mapping[str, str]:
        """Scopes that were not granted, with what does not work without them."""
        return oauth.missing(self._settings, scopes)

    def told(self, about: str, facts: Mapping[str, str], language: Language) -> tuple[str, Sequence[str]]:
        """What the admin reads at the end."""
        return told(about, facts, language)

    def lines(self, workspace: str) -> str:
        """What must be written into the desk's file for a workspace; empty where it is there."""
        return "" if workspace in self._settings.workspaces else yaml_lines("C…", workspace)

    def places(self, workspace: str) -> Sequence[str]:
        """The Slack channels there that the file names."""
        return [at(workspace, one) for one in self._all.places(workspace).places]
