"""Slack as a desk: a thread for every conversation, customers' lines under their names, agents' replies back."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar

import structlog

from agents_bridge.slack import assigning, blocks, files, heads, linking, saving, tasking
from agents_bridge.slack.able import capabilities_of
from agents_bridge.slack.amending import Amending
from agents_bridge.slack.asking import answered
from agents_bridge.slack.beside import Beside
from agents_bridge.slack.calls import Slack
from agents_bridge.slack.catching import missed
from agents_bridge.slack.errors import ChannelGone, Refused, of_thread, translated
from agents_bridge.slack.events import Reading
from agents_bridge.slack.following import follow
from agents_bridge.slack.heard import Then
from agents_bridge.slack.lookup import arrived
from agents_bridge.slack.manifest import SAVE, TASK
from agents_bridge.slack.members import People
from agents_bridge.slack.receive import challenged, parsed, taken, turn_of, verifier_of, verify
from agents_bridge.slack.settings import SlackSettings
from agents_bridge.slack.socket import poll
from agents_bridge.slack.starting import FOUND, START, prepared
from agents_bridge.slack.text import inert
from agents_bridge.slack.wire import metadata_of, thread_of, ts_of
from agents_bridge.slack.words import WORDS
from agents_bridge.slack.writing import Typing
from hub import ports
from hub.errors import ConnectorError, Temporary, ThreadGone, Uncertain, Undeliverable
from hub.model import ChannelName, DeskName, ExternalId, Media, Text, ThreadId
from hub.people import Member
from hub.ports import Hook, IdempotencyKey, Kit, Line, Mark, Receipt, ThreadCard

log = structlog.get_logger()
MARKS: dict[Mark, str] = {
    "accepted": "outbox_tray",
    "sent": "white_check_mark",
    "failed": "warning",
    "unknown": "question",
    "held": "hourglass_flowing_sand",
    "delayed": "hourglass_flowing_sand",
    "read": "eyes",
    "undone": "leftwards_arrow_with_hook",
}
BACK = timedelta(days=2)
"""How far back a lookup reads; calls that are put off are given up before."""
SKEW = timedelta(minutes=5)
"""How far our clock and Slack's may be apart."""


class SlackDesk(Beside, Amending):
    """One workspace."""

    Settings: ClassVar[type[ports.Settings]] = SlackSettings

    def __init__(self, name: DeskName, settings: SlackSettings, kit: Kit) -> None:
        self.name = name
        self.polling = settings.socket_mode
        self._settings = settings
        self._kit = kit
        self._verifier = verifier_of(settings.signing_secret.get_secret_value(), kit.now)
        facts = (name, settings.team_id, settings.locale, tuple(kit.teams), kit.now, kit.canned, settings.undo_s)
        self.reading = Reading(*facts, frozenset(settings.places), ready=kit.ready, tracker=kit.tracker)
        self._slack = Slack(settings)
        self._typing = Typing()
        self.digest_after = settings.digest
        self.missed = functools.partial(missed, self._slack, self.reading, self.follow)
        self._people = People(self._slack)
        self.capabilities = capabilities_of(settings)

    async def receive(self, hook: Hook) -> Receipt:
        """Events, buttons and commands, all at one address."""
        verify(self._verifier, hook)
        body = parsed(hook)
        if challenge := challenged(body):
            return Receipt(body=challenge)
        return await self._take(body, turn_of(hook))

    async def _take(self, body: dict[str, Any], turn: str = "") -> Receipt:
        return await taken(self.reading, body, self._settings.channel, self.follow, turn, zone=self.zone)

    def place(self, channel: ChannelName, team: str) -> str:
        """A Slack channel by team, by our channel, or the usual one."""
        settings = self._settings
        return settings.channels.get(team) or settings.channels.get(str(channel)) or settings.channel

    async def open(self, place: str, card: ThreadCard, key: IdempotencyKey, lines: Sequence[Line] = ()) -> ThreadId:
        """Post the card that heads a thread, with its first lines; at the fallback while its own Slack channel takes no posts."""
        spare, lines = self._settings.fallback, await self._with_ways(lines)
        try:
            return await self._head(place, card, key, lines)
        except ChannelGone as exc:
            if spare is None or spare == place:
                raise
            log.error("slack.channel_gone", desk=self.name, channel=place, instead=spare, error=str(exc))
            return await self._head(spare, card, key, lines)

    async def _head(self, place: str, card: ThreadCard, key: IdempotencyKey, lines: Sequence[Line]) -> ThreadId:
        shown = heads.head(card, lines, self._settings.locale)
        metadata = metadata_of([key, *(one.key for one in lines)])
        with translated("chat.postMessage"):
            answer = await self._slack.post(place, metadata=metadata, **shown)
            return ThreadId(f"{answer['channel']}:{ts_of(answer['ts'])}")

    async def update(self, thread: ThreadId, card: ThreadCard) -> None:
        """Draw the card anew."""
        channel, root = thread_of(thread)
        text, shown = blocks.card(card, self._settings.locale)
        with of_thread(), translated("chat.update"):
            await self._slack.update(channel, root, text=text, blocks=shown)

    async def post(self, thread: ThreadId, lines: Sequence[Line], key: IdempotencyKey) -> ExternalId:
        """Append lines, in one call unless files or sheer length need more. When a later one fails, earlier lines have arrived:
        the outcome of the whole is unknown then, and a lookup tells line by line."""
        first: ExternalId | None = None
        lines = await self._with_ways(lines)
        for group in blocks.groups(lines, self._settings.locale):
            try:
                sent = await (self._share(thread, group.lines[0]) if group.kind == "file" else self._say(thread, group))
            except (Temporary, Undeliverable) as exc:
                if first is None:
                    raise
                raise Uncertain(f"some of these lines have arrived; then: {exc}") from exc
            first = first or sent
        if first is None:
            raise Undeliverable("there was nothing to post")
        return first

    async def _say(self, thread: ThreadId, group: blocks.Group) -> ExternalId:
        channel, root = thread_of(thread)
        locale = self._settings.locale
        person = blocks.speaker(group.lines, locale) if self._settings.customize else None
        text = "\n".join(blocks.line(one, locale, named=person is None) for one in group.lines)
        more: dict[str, Any] = {"blocks": blocks.status_blocks(group.lines, locale)} if group.kind == "status" else {}
        if person is not None:
            name, picture = person
            more |= {"username": name, "mrkdwn": False} | ({"icon_url": picture} if picture else {})
        if self._settings.broadcast_reopened and any(one.aloud for one in group.lines):
            more["reply_broadcast"] = True
        with of_thread(channel, self._settings.fallback), translated("chat.postMessage"):
            metadata = metadata_of([one.key for one in group.lines])
            said = {"thread_ts": root, "text": text or "…", "metadata": metadata}
            answer = await self._slack.post(channel, **said, **more)
            stamp, there = ts_of(answer["ts"]), answer["message"]
        if isinstance(there, dict) and there and there.get("thread_ts") != root:
            await self._take_back(channel, stamp)
        return ExternalId(f"{channel}:{stamp}")

    async def _take_back(self, channel: str, stamp: str) -> None:
        """Slack posts at the channel's root, without an error, when a thread's first message is gone."""
        reason = "the thread's first message was deleted in Slack"
        try:
            with translated("chat.delete"):
                await self._slack.web.chat_delete(channel=channel, ts=stamp)
        except ConnectorError as exc:
            raise ThreadGone(f"{reason}, and a stray line stayed in the channel: {exc}") from exc
        raise ThreadGone(reason)

    async def _share(self, thread: ThreadId, line: Line) -> ExternalId:
        """A line with a file. A file that can't be had is told instead, so that nobody misses it."""
        channel, root = thread_of(thread)
        locale = self._settings.locale
        media = next(part for part in line.parts if isinstance(part, Media))
        words = WORDS[locale]
        try:
            if media.file is None:
                raise Undeliverable("it was not kept")
            stored = await self._kit.files.read(media.file)
            why = "" if stored.size else words["empty"]
        except Undeliverable as exc:
            why = words["lost"].format(why=exc.reason)
        if why:
            told = Text(
                text="\n".join([f"📎 {media.name or media.kind} {why}", *(p.text for p in line.parts if isinstance(p, Text))])
            )
            instead = Line(entry=line.entry, parts=(told,), key=line.key, author=line.author, avatar=line.avatar)
            return await self._say(thread, blocks.Group("said", (instead,)))
        caption = blocks.line(line, locale, named=True)
        if not any(isinstance(part, Text) for part in line.parts) and line.entry.kind == "message":
            caption = f"*{inert(line.author)}*{blocks.album(line.entry)}" if line.author else ""
        with of_thread(channel, self._settings.fallback):
            file = await files.upload(self._slack, channel, root, stored, caption, line.key, media.alt)
        return ExternalId(f"{channel}:{file}")

    async def mark(self, reply: ExternalId, state: Mark, thread: ThreadId) -> None:
        """One reaction on the agent's message; another one of ours is taken off, or this one, where it gives way. Whoever adds
        one looks afterwards, so that of two that come at the same time the right one stays."""
        _, channel, stamp, *_ = str(reply).split(":")
        await self._reaction(self._slack.web.reactions_add, channel, stamp, MARKS[state])
        others = await self._marks(channel, stamp) - {MARKS[state]}
        for old in [MARKS[state]] if others and state == "accepted" else others:
            await self._reaction(self._slack.web.reactions_remove, channel, stamp, old)

    async def _marks(self, channel: str, stamp: str) -> set[str]:
        """Which of our marks are there; all of them, where Slack does not say."""
        try:
            with translated("reactions.get", posts=False):
                answer = await self._slack.web.reactions_get(channel=channel, timestamp=stamp, full=True)
                found = {str(one["name"]) for one in answer["message"].get("reactions") or ()}
        except (Temporary, Undeliverable):
            return set(MARKS.values())
        return found & set(MARKS.values())

    async def _reaction(self, call: Callable[..., Awaitable[Any]], channel: str, stamp: str, name: str) -> None:
        try:
            with translated("reactions", posts=False):
                await call(channel=channel, timestamp=stamp, name=name)
        except Refused as exc:
            if exc.code not in ("already_reacted", "no_reaction", "message_not_found"):
                raise

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str, since: datetime) -> Mapping[IdempotencyKey, ExternalId]:
        """Ask which calls arrived. In a busy channel a few minutes are many messages: no more is read than since the calls."""
        since, spare = max(since - SKEW, self._kit.now() - BACK), self._settings.fallback
        found = dict(await arrived(self._slack, keys, thread, since))
        if ":" not in thread and spare and spare != thread and len(found) < len(keys):
            found |= await arrived(self._slack, keys, spare, since)
        return found

    async def person(self, agent: ExternalId) -> Member:
        """A member's name and e-mail address (scope users:read.email), and whether they are a full member."""
        return await self._people.person(agent)

    async def zone(self, user: str) -> tzinfo | None:
        """Where a member is at this moment."""
        return await self._people.zone(user)

    async def follow(self, calls: Sequence[Then]) -> None:
        """Make calls that a request led to."""
        await follow(self._slack, calls, self._settings.api_url, self._answer, self._settings.locale)

    async def _answer(self, asked: Then) -> Then:
        about, anybody = (self.name, self._kit, self.person, self._settings.locale), self._settings.who_answers == "members"
        if asked.method == linking.LINK:
            return await linking.answered(asked, *about)
        if asked.method == assigning.ASSIGNING:
            timed = (self.name, self._kit, self.person, self._people.zones, self._settings.locale)
            return await assigning.prepared(asked, *timed, anybody=anybody)
        if asked.method in (START, FOUND):
            return await prepared(asked, *about)
        if asked.method == SAVE:
            return await saving.prepared(asked, *about, anybody=anybody)
        if asked.method == TASK:
            return await tasking.prepared(asked, *about, anybody=anybody)
        return await answered(asked, *about)

    def fetch(self, remote: str) -> AsyncIterator[bytes]:
        """A file that an agent dropped."""
        return files.fetch(self._slack, self._settings.api_url, remote)

    async def announce(self, url: str) -> None:
        """Slack reads the address from its own settings; what can be seen from here is whether the token serves."""
        await self.check_scopes()

    async def poll(self, keep: Callable[[Receipt], Awaitable[None]]) -> None:
        """Socket Mode."""
        await self.check_scopes()
        token = self._settings.app_token
        await poll(self._slack, token.get_secret_value() if token else "", self._take, keep)

    async def aclose(self) -> None:
        """Close the session."""
        await self._slack.aclose()
