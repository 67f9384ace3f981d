"""What a Slack desk says beside its threads: to one person, on App Home, and where people hear what is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from agents_bridge.slack import home, reminders
from agents_bridge.slack.calls import Slack
from agents_bridge.slack.digest import digest
from agents_bridge.slack.errors import ChannelGone, Refused, Unfit, translated
from agents_bridge.slack.manifest import lacking
from agents_bridge.slack.modals import Locale
from agents_bridge.slack.refusals import ALERTS, directly
from agents_bridge.slack.settings import SlackSettings
from agents_bridge.slack.telling import told
from agents_bridge.slack.text import inert, short
from agents_bridge.slack.wire import metadata_of, thread_of, ts_of
from agents_bridge.slack.writing import Typing
from hub.errors import ConnectorError
from hub.model import ChannelName, DeskName, ExternalId, ThreadId
from hub.people import Page, Seen, Trouble
from hub.ports import IdempotencyKey

log = structlog.get_logger()


def alert_text(found: Sequence[Trouble], locale: Locale, *, over: bool = False) -> str:
    """What broke and how to mend it, or what works again, a line for each."""
    w = ALERTS[locale]
    line = w["line_over" if over else "line"]
    lines = [line.format(said=inert(short(one.said, 400)), mend=inert(short(one.mend, 400))) for one in found[:20]]
    return "\n".join([w["over" if over else "head"], *lines])


class Beside:
    """The half of a desk that talks to people."""

    name: DeskName
    _slack: Slack
    _settings: SlackSettings
    _typing: Typing
    digest_after: int

    async def whisper(self, thread: ThreadId, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """A line that one member sees (chat.postEphemeral): Slack neither keeps it nor promises it."""
        channel, root = thread_of(thread)
        said = told(about, facts, self._settings.locale)
        with translated("chat.postEphemeral", posts=False):
            await self._slack.whisper(channel, str(person).split(":")[-1], thread_ts=root, **said)

    async def show(self, person: ExternalId, page: Page | None) -> None:
        """App Home (views.publish)."""
        own = await self._slack.address()
        view = home.home_view(page, own, self._settings.locale)
        with translated("views.publish", posts=False):
            await self._slack.web.views_publish(user_id=str(person).split(":")[-1], view=view)

    async def direct(self, person: ExternalId, about: str, facts: Mapping[str, str]) -> None:
        """A message to one person, in the app's own conversation with them."""
        locale = self._settings.locale
        known = about in reminders.KINDS
        text = reminders.reminder(about, facts, await self._slack.address(), locale) if known else directly(about, facts, locale)
        await self._alone(person, text)

    async def _alone(self, person: ExternalId, text: str) -> None:
        """In the app's own conversation with one member."""
        with translated("conversations.open", posts=False):
            there = (await self._slack.web.conversations_open(users=str(person).split(":")[-1]))["channel"]["id"]
        with translated("chat.postMessage"):
            await self._slack.post(there, text=text)

    async def typing_in(self, thread: ThreadId, customer: str, on: bool) -> None:
        """The thread's status, where Slack shows one."""
        settings = self._settings
        await self._typing.show(self._slack, thread, customer, on, settings.locale, named=settings.customize)

    def urgent_place(self, channel: ChannelName, team: str) -> str:
        """The Slack channel for what is urgent, where one is set."""
        return self._settings.escalation or ""

    async def escalate(self, place: str, thread: ThreadId | None, text: str, url: str, key: IdempotencyKey) -> ExternalId:
        """A post there, which can be found again by its key."""
        said = reminders.urgent(text, thread or "", url, await self._slack.address(), self._settings.locale)
        with translated("chat.postMessage"):
            answer = await self._slack.post(place, text=said, metadata=metadata_of([key]))
            return ExternalId(f"{place}:{ts_of(answer['ts'])}")

    async def digest(self, place: str, found: Sequence[Seen], key: IdempotencyKey) -> ExternalId:
        """A post that can be found again by its key."""
        text, shown = digest(found, self._settings.locale)
        with translated("chat.postMessage"):
            answer = await self._slack.post(place, metadata=metadata_of([key]), text=text, blocks=shown)
            return ExternalId(f"{place}:{ts_of(answer['ts'])}")

    async def find(self, email: str) -> ExternalId | None:
        """The member with this address (users.lookupByEmail, scope users:read.email)."""
        team, _ = await self._slack.own()
        try:
            with translated("users.lookupByEmail", posts=False):
                answer = await self._slack.web.users_lookupByEmail(email=email)
                return ExternalId(f"{team}:{answer['user']['id']}")
        except Refused as exc:
            if exc.code != "users_not_found":
                raise
            return None

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
        """A token that serves no more; scopes that are missing, with what does not work without them; Slack channels in which
        nobody, or not the app, can post."""
        w = ALERTS[self._settings.locale]
        try:
            found = await self.check_scopes()
        except Unfit as exc:
            return [Trouble("token", str(exc), w["mend_token"])]
        mend = w["mend_scope"]
        lacking = [Trouble(name, w["scope"].format(name=name, so=so), mend.format(name=name)) for name, so in found.items()]
        own = self._settings
        places = dict.fromkeys(filter(None, (own.channel, *own.channels.values(), own.fallback, own.escalation)))
        return [*lacking, *[one for place in places if (one := await self._trouble_at(place)) is not None]]

    async def _trouble_at(self, place: str) -> Trouble | None:
        w, name = ALERTS[self._settings.locale], place
        try:
            with translated("conversations.info", posts=False):
                there = (await self._slack.web.conversations_info(channel=place))["channel"]
                name = f"#{there['name']} ({place})" if there.get("name") else place
                why = "archived" if there.get("is_archived") else "" if there.get("is_member", True) else "gone"
        except ChannelGone:
            why = "gone"
        except Unfit:
            return None  # the scope that is missing for it is told of
        return Trouble(f"place.{place}", w[why].format(place=name), w[f"mend_{why}"]) if why else None

    async def alert(self, found: Sequence[Trouble], admins: Sequence[ExternalId], *, over: bool = False) -> None:
        """In the Slack channel for what is urgent, or else the usual one; and to these members alone. Who can't be reached is
        left out."""
        text, failed = alert_text(found, self._settings.locale, over=over), None
        reached = 0
        for place in dict.fromkeys(filter(None, (self._settings.escalation, self._settings.channel))):
            try:
                with translated("chat.postMessage"):
                    await self._slack.post(place, text=text)
                reached = 1
                break
            except ConnectorError as exc:
                failed = exc
        for admin in admins:
            try:
                await self._alone(admin, text)
                reached += 1
            except ConnectorError as exc:
                failed = exc
        if not reached and failed is not None:
            raise failed
