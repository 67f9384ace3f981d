"""Slack's message events → `AgentReply`: what people say, change and take back in threads, and nothing that programs say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import structlog

from agents_bridge.slack.text import note_of, plain
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
    },
    "zh": {
        "word": "（未发送给客户：没有 {word} 这个命令）",
        "edit": "（客户仍能看到原来的内容：已发送的回复不能改为备注）",
        "outsider": "（未发送给客户：来自其他工作区）",
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
class _Post:
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

    def item(self, kind: Any, parts: Sequence[Part], *, suffix: str = "", edit_of: str | None = None, at: str = "") -> AgentReply:
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
        )


def event_items(reading: Reading, body: dict[str, Any]) -> Sequence[AgentReply]:
    """People's messages in threads, their edits and deletions."""
    event = body.get("event")
    if not isinstance(event, dict) or event.get("type") not in ("message", "app_mention"):
        return ()
    if event.get("channel_type") in ("im", "mpim") or str(event.get("channel", "")).startswith("D"):
        return ()
    if not reading.ours(body.get("team_id")):
        return ()
    subtype = event.get("subtype")
    if subtype in SAID:
        found = _post(reading, body, event, {})
        return _said(found, event) if found else ()
    if subtype not in ("message_changed", "message_deleted"):
        return ()
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if subtype == "message_deleted" or message.get("subtype") == "tombstone":
        found = _post(reading, body, before, {"ts": event.get("deleted_ts"), "channel": event.get("channel")})
        return [found.item("delete", (), suffix=":deleted", edit_of=found.id, at=_event_ts(event, found.ts))] if found else ()
    found = _post(reading, body, message, {**before, "channel": event.get("channel")})
    return _changed(found, event, message, before) if found else ()


def _event_ts(event: dict[str, Any], otherwise: str) -> str:
    return stamped(event.get("event_ts") or event.get("ts") or otherwise)


def _post(reading: Reading, body: dict[str, Any], message: dict[str, Any], more: dict[str, Any]) -> _Post | None:
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
    return _Post(
        reading=reading,
        team=named(team),
        channel=named(message.get("channel") or more.get("channel")),
        user=named(user),
        ts=stamped(ts),
        root=stamped(root),
        raw=message,
        outside=outside,
    )


def _said(post: _Post, message: dict[str, Any]) -> Sequence[AgentReply]:
    text, kind = _read(post, str(message.get("text") or ""))
    parts: list[Part] = [text] if text.text.strip() else []
    parts += [_media(found) for found in message.get("files") or () if isinstance(found, dict)]
    return [post.item(kind, parts)] if parts else ()


def _read(post: _Post, mrkdwn: str) -> tuple[Text, Literal["reply", "note"]]:
    """The text, and whether it may go to the customer. A note that was not meant as one says why it is one."""
    text = plain(mrkdwn, post.reading.locale)
    hints = HINTS[post.reading.locale]
    note = note_of(text.text)
    if note is not None:
        said, word = note
        return Text(text=f"{said}\n{hints['word'].format(word=word)}" if word else said), "note"
    if post.outside:
        return Text(text=f"{text.text}\n{hints['outsider']}".strip()), "note"
    return text, "reply"


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


def _changed(post: _Post, event: dict[str, Any], message: dict[str, Any], before: dict[str, Any]) -> Sequence[AgentReply]:
    """An edit. Slack also changes messages by itself (unfurled links, counters), and then with the same text."""
    edited = message.get("edited")
    if message.get("text") == before.get("text") or (not before and not edited):
        return ()
    text, kind = _read(post, str(message.get("text") or ""))
    if not text.text.strip():
        return ()
    when = stamped((edited or {}).get("ts") or event.get("event_ts") or event.get("ts"))
    was_note = bool(before) and note_of(plain(str(before.get("text") or "")).text) is not None
    if kind == "note" and not was_note and not post.outside:
        hint = HINTS[post.reading.locale]["edit"]
        return [post.item("note", (Text(text=f"{text.text}\n{hint}"),), suffix=f":{when}", at=when)]
    return [post.item("edit", (text,), suffix=f":{when}", edit_of=post.id, at=when)]
