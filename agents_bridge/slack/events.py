"""Slack's message events → `AgentReply`: what people say, change and take back in threads, and nothing that programs say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

import structlog

from agents_bridge.slack.canned import not_there
from agents_bridge.slack.guard import Reason, classified, held_blocks
from agents_bridge.slack.heard import Heard, Then, whispered
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.telling import leaving
from agents_bridge.slack.text import called_in, inert, plain
from agents_bridge.slack.thread_words import NAMES, Command, command_of, near
from hub.canned import CannedReplies, Ready
from hub.model import AgentReply, DeskName, ExternalId, Media, Part, Text, ThreadId

log = structlog.get_logger()
KINDS: dict[str, Literal["image", "audio", "video"]] = {"image": "image", "audio": "audio", "video": "video"}
SAID = (None, "file_share", "thread_broadcast")
"""Subtypes of what people say; every other one is housekeeping or a program's."""
HINTS = {
    "en": {
        "word": "(not sent to the customer: {word} is no command here)",
        "edit": "(the customer still sees the earlier text: a reply can't be made a note)",
        "outsider": "(not sent to the customer: written from another workspace)",
        "colleague": "(not sent to the customer: it speaks to a colleague)",
    },
    "zh": {
        "word": "（未发送给客户：没有 {word} 这个命令）",
        "edit": "（客户仍能看到原来的内容：已发送的回复不能改为备注）",
        "outsider": "（未发送给客户：来自其他工作区）",
        "colleague": "（未发送给客户：这是写给同事的）",
    },
}
_STAMP = re.compile(r"\d{1,12}(\.\d{1,9})?")
_NAME = re.compile(r"[^\s:]{1,64}")


@dataclass(frozen=True, slots=True)
class Reading:
    """For whom an event is read."""

    desk: DeskName
    team_id: str = ""
    locale: Literal["en", "zh"] = "en"
    teams: Sequence[str] = ()
    """The teams that a conversation may be given to."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    canned: CannedReplies = field(default_factory=CannedReplies)
    undo_s: int = 0
    """For how long an answer waits for its author to take it back."""
    mapped: frozenset[str] | None = None
    """Slack channels that the desk's file names; None: nobody is told of others."""
    several: bool = False
    """Whether the desk serves several workspaces."""
    ready: Ready | None = None
    """What agents have saved beside `canned`; asked where it matters."""
    zone: tzinfo | None = None
    """Where the author of a command is, for times of day."""
    tracker: str = ""
    told: dict[str, datetime] = field(default_factory=dict)
    """What agents were told lately, which is not repeated."""

    def ours(self, *teams: str | None) -> bool:
        """Whether all of this comes from the workspace that was set, if one was."""
        if not self.team_id or all(team in (None, "", self.team_id) for team in teams):
            return True
        log.warning("slack.other_workspace", desk=self.desk, teams=teams)
        return False


def stamped(value: Any) -> str:
    """A message's `ts`. Raises `ValueError` for anything else."""
    text = str(value)
    if not _STAMP.fullmatch(text):
        raise ValueError("not a ts")
    return text


def named(value: Any) -> str:
    """An id of Slack's, fit for ids of ours. Raises `ValueError` for anything else."""
    text = str(value)
    if not _NAME.fullmatch(text):
        raise ValueError("not an id")
    return text


@dataclass(frozen=True, slots=True)
class Post:
    """A person's message in a thread."""

    reading: Reading
    team: str
    channel: str
    user: str
    ts: str
    root: str
    raw: dict[str, Any]
    outside: bool

    @property
    def id(self) -> str:
        """The same for `message` and `app_mention`, which tell of the same words under two event ids."""
        return f"{self.team}:{self.channel}:{self.ts}"

    def item(
        self, kind: Any, parts: Sequence[Part], *, suffix: str = "", edit_of: str | None = None, at: str = "", **more: Any
    ) -> AgentReply:
        return AgentReply(
            desk=self.reading.desk,
            id=ExternalId(self.id + suffix),
            at=datetime.fromtimestamp(float(at or self.ts), UTC),
            agent=ExternalId(f"{self.team}:{self.user}"),
            thread=ThreadId(f"{self.channel}:{self.root}"),
            kind=kind,
            parts=tuple(parts),
            edit_of=ExternalId(edit_of) if edit_of else None,
            raw=self.raw,
            **more,
        )

    def whisper(self, text: str, blocks: Sequence[dict[str, Any]] = ()) -> Then:
        """A word to the author alone."""
        return whispered(self.channel, self.root, self.user, text, blocks)


def event_heard(reading: Reading, body: dict[str, Any]) -> Heard:
    """People's messages in threads, their edits and deletions."""
    event = body.get("event")
    if not isinstance(event, dict) or event.get("type") not in ("message", "app_mention"):
        return Heard()
    if event.get("channel_type") in ("im", "mpim") or str(event.get("channel", "")).startswith("D"):
        return Heard()
    if not reading.ours(body.get("team_id")):
        return Heard()
    subtype = event.get("subtype")
    if subtype in SAID:
        found = post_of(reading, body, event, {})
        return _said(found, event) if found else Heard()
    if subtype not in ("message_changed", "message_deleted"):
        return Heard()
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if subtype == "message_deleted" or message.get("subtype") == "tombstone":
        found = post_of(reading, body, before, {"ts": event.get("deleted_ts"), "channel": event.get("channel")})
        if found is None:
            return Heard()
        return Heard([found.item("delete", (), suffix=":deleted", edit_of=found.id, at=_event_ts(event, found.ts))])
    found = post_of(reading, body, message, {**before, "channel": event.get("channel")})
    return Heard(_changed(found, event, message, before)) if found else Heard()


def _event_ts(event: dict[str, Any], otherwise: str) -> str:
    return stamped(event.get("event_ts") or event.get("ts") or otherwise)


def post_of(reading: Reading, body: dict[str, Any], message: dict[str, Any], more: dict[str, Any]) -> Post | None:
    """The message when a person wrote it as a reply in a thread; `more` holds what the message itself may leave out."""
    own = {entry.get("user_id") for entry in body.get("authorizations") or () if isinstance(entry, dict) and entry.get("is_bot")}
    user = message.get("user")
    root = message.get("thread_ts") or more.get("thread_ts")
    ts = message.get("ts") or more.get("ts")
    if message.get("bot_id") or message.get("subtype") == "bot_message" or not user or user in own or not root or root == ts:
        return None
    team = body.get("team_id") or message.get("team") or ""
    homes = {str(message[key]) for key in ("team", "user_team", "source_team") if message.get(key)}
    outside = bool(body.get("is_ext_shared_channel")) and bool(homes - {str(team), str(body.get("enterprise_id"))})
    return Post(
        reading=reading,
        team=named(team),
        channel=named(message.get("channel") or more.get("channel")),
        user=named(user),
        ts=stamped(ts),
        root=stamped(root),
        raw=message,
        outside=outside,
    )


def _said(post: Post, message: dict[str, Any]) -> Heard:
    """A line: a command, or something for the customer or for colleagues. Why it is not for the customer is told at once."""
    mrkdwn = str(message.get("text") or "")
    command = None if message.get("files") else command_of(mrkdwn)
    if command is not None and not post.outside and (not command.team or command.team in post.reading.teams):
        return _ordered(post, command)
    parts, reason, word = read(post, message)
    if not parts:
        return Heard()
    data = {"calls": [f"{post.team}:{member}" for member in found]} if (found := called_in(mrkdwn)) else {}
    if not reason:
        return _answered(post, parts, data)
    return Heard([post.item("note", parts, data=data)], _why(post, mrkdwn, reason, word, bool(message.get("files"))))


def _answered(post: Post, parts: Sequence[Part], data: dict[str, Any] | None = None) -> Heard:
    """An answer, which waits a moment where its author may take it back."""
    seconds, data = post.reading.undo_s, data or {}
    if not seconds:
        return Heard([post.item("reply", parts, data=data)])
    then = post.whisper(*leaving(seconds, post.ts, post.reading.locale))
    return Heard([post.item("reply", parts, data=data | {"delay_ms": seconds * 1000})], [then])


def _ordered(post: Post, command: Command) -> Heard:
    """A command becomes what its button would; a reason for the end of a matter is a note."""
    w = SAYINGS[post.reading.locale]
    if command.kind == "help":
        return Heard(then=[post.whisper(w["help"])])
    if command.kind == "canned":
        return _canned(post, plain(command.rest).text)
    said = plain(command.rest, post.reading.locale)
    if command.kind == "reply":
        return _answered(post, (said,))
    notes = [post.item("note", (said,), suffix=":why")] if command.kind == "resolve" and said.text else []
    data = {**command.data, **({"person": f"{post.team}:{command.person}"} if command.person else {})}
    if command.kind == "snooze":
        data = {"until": _later(post.ts, data["seconds"])}
    data |= {"reason": said.text} if command.kind == "assign" and said.text else {}
    return Heard([*notes, post.item(command.kind, (), team=command.team, data=data)])


def _canned(post: Post, name: str) -> Heard:
    """A text that is ready. Its own id keeps edits of the line that called it away from the customer."""
    found = post.reading.canned.find(name)
    if found is None:
        return Heard(then=[post.whisper(not_there(post.reading.canned, name, post.reading.locale))])
    return Heard([post.item("reply", (Text(text=found.within("")),), suffix=":canned", data={"canned": found.name})])


def _later(ts: str, seconds: int | None) -> str | None:
    return None if seconds is None else (datetime.fromtimestamp(float(ts), UTC) + timedelta(seconds=seconds)).isoformat()


def read(post: Post, message: dict[str, Any]) -> tuple[list[Part], Reason, str]:
    """The parts, why they are not for the customer (empty: they are), and the unknown `!word` if that is why."""
    found = classified(str(message.get("text") or ""), post.reading.locale)
    reason: Reason = "outsider" if post.outside and found.reason in ("", "colleague") else found.reason
    text, hint = found.text, HINTS[post.reading.locale].get(reason, "")
    if hint:
        text = Text(text=f"{text.text}\n{hint.format(word=found.word)}".strip())
    parts: list[Part] = [text] if text.text.strip() else []
    parts += [_media(one) for one in message.get("files") or () if isinstance(one, dict)]
    return parts, reason, found.word


def _why(post: Post, mrkdwn: str, reason: Reason, word: str, files: bool) -> Sequence[Then]:
    w = SAYINGS[post.reading.locale]
    match reason:
        case "word":
            meant, name = near(word[1:]), inert(word[:40])
            known = word[1:].casefold() in NAMES
            text = w["incomplete"].format(word=name) if known else ""
            text = text or w["unknown"].format(word=name, near=w["near"].format(word=meant) if meant else "")
            return [post.whisper(text)]
        case "outsider":
            return [post.whisper(w["outsider"])]
        case "colleague":
            blocks = [] if files else held_blocks(mrkdwn, post.ts, post.reading.locale)
            return [post.whisper(w["held"] if blocks else w["held_long"], blocks)]
    return ()


def _media(found: dict[str, Any]) -> Media:
    """A file; the fragment of `remote` is the file's id, for people who read logs."""
    mime, size = str(found.get("mimetype") or ""), found.get("size")
    address = str(found.get("url_private_download") or found.get("url_private") or "")
    return Media(
        kind=KINDS.get(mime.split("/")[0], "file"),
        remote=f"{address}#{found['id']}" if found.get("id") else address,
        name=str(found.get("name") or found.get("title") or "file")[:150],
        mime=mime[:150],
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
    )


def _changed(post: Post, event: dict[str, Any], message: dict[str, Any], before: dict[str, Any]) -> Sequence[AgentReply]:
    """An edit. Slack also changes messages by itself (unfurled links, counters), and then with the same text."""
    edited = message.get("edited")
    if message.get("text") == before.get("text") or (not before and not edited):
        return ()
    parts, reason, _ = read(post, {"text": message.get("text")})
    text = parts[0] if parts else None
    if not isinstance(text, Text):
        return ()
    when = stamped((edited or {}).get("ts") or event.get("event_ts") or event.get("ts"))
    was_note = bool(before) and classified(str(before.get("text") or "")).reason != ""
    now: dict[str, Any] = {"suffix": f":{when}", "edit_of": post.id, "at": when}
    if reason and not was_note and not post.outside:
        hint = HINTS[post.reading.locale]["edit"]
        return [post.item("note", (Text(text=f"{text.text}\n{hint}"),), **now)]
    return [post.item("edit", (text,), data={"internal": True} if reason else {}, **now)]
