"""What a Slack desk says beside its threads: to one person, on App Home, and where people hear what is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from agents_bridge.slack import home
from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import translated
from agents_bridge.slack.manifest import lacking
from agents_bridge.slack.modals import Locale
from agents_bridge.slack.refusals import ALERTS, directly
from agents_bridge.slack.settings import SlackSettings
from agents_bridge.slack.telling import told
from agents_bridge.slack.text import inert, short
from agents_bridge.slack.wire import thread_of
from hub.errors import ConnectorError
from hub.model import DeskName, ExternalId, ThreadId
from hub.people import Page, Trouble

log = structlog.get_logger()


def alert_text(found: Sequence[Trouble], locale: Locale) -> str:
    """What broke and how to mend it, a line for each."""
    w = ALERTS[locale]
    lines = [w["line"].format(said=inert(short(one.said, 400)), mend=inert(short(one.mend, 400))) for one in found[:20]]
    return "\n".join([w["head"], *lines])


class Beside:
    """The half of a desk that talks to people."""

    name: DeskName
    _slack: Slack
    _settings: SlackSettings

    async def whisper(self, thread: ThreadId, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """A line that one member sees (chat.postEphemeral): Slack neither keeps it nor promises it."""
        channel, root = thread_of(thread)
        said = told(about, facts, self._settings.locale)
        with translated("chat.postEphemeral", posts=False):
            await self._slack.web.chat_postEphemeral(channel=channel, thread_ts=root, user=str(person).split(":")[-1], **said)

    async def show(self, person: ExternalId, page: Page | None) -> None:
        """App Home (views.publish)."""
        own = await self._slack.address()
        view = home.home_view(page, own, self._settings.locale)
        with translated("views.publish", posts=False):
            await self._slack.web.views_publish(user_id=str(person).split(":")[-1], view=view)

    async def direct(self, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """A message to one person, in the app's own conversation with them."""
        with translated("conversations.open", posts=False):
            there = await self._slack.web.conversations_open(users=str(person).split(":")[-1])
        text = directly(about, facts, self._settings.locale)
        with translated("chat.postMessage"):
            await self._slack.web.chat_postMessage(channel=there["channel"]["id"], text=text, unfurl_links=False)

    async def check_scopes(self) -> Mapping[str, str]:
        """Scopes that are missing, with what does not work without them; each is logged."""
        with translated("auth.test", posts=False):
            answer = await self._slack.web.auth_test()
            granted = str(answer.headers.get("x-oauth-scopes") or answer.headers.get("X-OAuth-Scopes") or "")
        found = lacking(granted, self._settings)
        for name, why in found.items():
            log.error("slack.scope_missing", desk=self.name, scope=name, so=why, mend="add it and install the app again")
        return found

    async def troubles(self) -> Sequence[Trouble]:
        """A token that serves no more, and scopes that are missing with what does not work without them."""
        w = ALERTS[self._settings.locale]
        try:
            found = await self.check_scopes()
        except ConnectorError as exc:
            return [Trouble("token", str(exc), w["mend_token"])]
        mend = w["mend_scope"]
        return [Trouble(name, w["scope"].format(name=name, so=so), mend.format(name=name)) for name, so in found.items()]

    async def alert(self, found: Sequence[Trouble]) -> None:
        """In the Slack channel for what is urgent, or the usual one."""
        text = alert_text(found, self._settings.locale)
        with translated("chat.postMessage"):
            place = self._settings.escalation or self._settings.channel
            await self._slack.web.chat_postMessage(channel=place, text=text, unfurl_links=False)
