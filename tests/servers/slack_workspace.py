"""What a Slack workspace holds: channels, messages, people, files and reactions, with the platform's own oddities.

Everything that it accepts is written to a log that is flushed to disk line by line, so that a checker can read afterwards what
"arrived", whatever became of the answer.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BOT, BOT_USER, APP, TEAM = "B0FRONTDESK", "U0FRONTDESK", "A0FRONTDESK", "T0TEAM"
PINGS = re.compile(r"<[@!#](?!date)[^>]*>")


class Refusal(Exception):
    """`ok: false` with this code."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


class Accepted:
    """The log of everything that took effect, one JSON object a line, numbered, on disk when `add` returns."""

    def __init__(self, path: Path | None) -> None:
        self.lines: list[dict[str, Any]] = []
        self._file = path.open("a", encoding="utf-8") if path else None

    def add(self, what: str, **facts: Any) -> dict[str, Any]:
        line = {"n": len(self.lines) + 1, "at": time.time(), "what": what, **facts}
        self.lines.append(line)
        if self._file:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        return line

    def of(self, *whats: str) -> list[dict[str, Any]]:
        """The lines of these kinds."""
        return [line for line in self.lines if line["what"] in whats]

    def close(self) -> None:
        if self._file:
            self._file.close()


@dataclass
class Place:
    """A Slack channel."""

    id: str
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    """First messages' `ts` → the `ts` of all that were posted in their threads, in order."""
    member: bool = True
    archived: bool = False
    posted: list[float] = field(default_factory=list)


@dataclass
class Workspace:
    """One workspace. `told` is called with every event that Slack would tell apps of."""

    accepted: Accepted
    team: str = TEAM
    name: str = "Team"
    told: Callable[[dict[str, Any]], Any] = lambda event: None
    places: dict[str, Place] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    any_place: bool = True
    """Channels come into being when they are named."""
    bot_files_carry_bot_id: bool = False
    status_refused: str = ""
    """The code with which threads' statuses are refused."""
    last: int = 0
    triggers: dict[str, float] = field(default_factory=dict)
    """What presses gave to open one modal with, and when (monotonic seconds)."""

    def trigger(self) -> str:
        """A new trigger, as a press gives one."""
        made = f"{self.stamp()}.x"
        self.triggers[made] = time.monotonic()
        return made

    def somebody(self, user: str) -> dict[str, Any]:
        """One of the people."""
        if user not in self.people:
            raise Refusal("user_not_found")
        return self.people[user]

    def place(self, channel: str) -> Place:
        """A channel in which the app may act."""
        if channel not in self.places:
            if not self.any_place or not channel.startswith(("C", "G")):
                raise Refusal("channel_not_found")
            self.places[channel] = Place(channel)
        found = self.places[channel]
        if not found.member:
            raise Refusal("not_in_channel")
        return found

    def stamp(self) -> str:
        """A `ts` that nobody had before."""
        self.last = max(self.last + 1, time.time_ns() // 1000)
        return f"{self.last // 1_000_000}.{self.last % 1_000_000:06d}"

    def post(self, channel: str, thread: str | None, **facts: Any) -> dict[str, Any]:
        """Add a message. Under a first message that is gone, Slack posts at the root and says nothing of it."""
        place = self.place(channel)
        if place.archived:
            raise Refusal("is_archived")
        ts = self.stamp()
        message: dict[str, Any] = {"type": "message", "ts": ts, **facts}
        if thread and thread in place.messages:
            message["thread_ts"] = place.messages[thread].get("thread_ts", thread)
        place.messages[ts] = message
        place.threads.setdefault(message.get("thread_ts", ts), []).append(ts)
        return message

    def message(self, channel: str, ts: str) -> dict[str, Any]:
        found = self.place(channel).messages.get(ts)
        if found is None:
            raise Refusal("message_not_found")
        return found

    def log_post(self, what: str, channel: str, message: dict[str, Any]) -> None:
        """Write an accepted post of the app's down."""
        keys = ((message.get("metadata") or {}).get("event_payload") or {}).get("keys") or []
        lines: list[str] = []
        if what == "post" and message.get("attachments") and not message.get("thread_ts"):
            keys, lines = keys[:1], keys[1:]
        self.accepted.add(
            what,
            channel=channel,
            thread_ts=message.get("thread_ts"),
            ts=message["ts"],
            text=message.get("text", ""),
            keys=keys,
            broadcast=message.get("subtype") == "thread_broadcast",
            titles=[found["title"] for found in message.get("files") or ()],
            username=message.get("username"),
            pings=PINGS.findall(message.get("text", "")),
        )
        if lines:
            self._log_head(channel, message, lines)

    def _log_head(self, channel: str, message: dict[str, Any], keys: list[str]) -> None:
        """What people read below a card, in its own post: they see it as the first of the thread."""
        blocks = [block for one in message["attachments"] for block in one.get("blocks") or ()]
        text = "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section")
        names = [one["text"].strip("*") for block in blocks if block["type"] == "context" for one in block["elements"][-1:]]
        at = {"channel": channel, "thread_ts": message["ts"], "ts": message["ts"], "head": True}
        said = {"text": text, "keys": keys, "titles": [], "username": names[0] if names else None, "pings": PINGS.findall(text)}
        self.accepted.add("post", **at, **said)

    def tell(self, channel: str, event: dict[str, Any]) -> Any:
        """Tell the app of an event in a channel."""
        return self.told({"channel": channel, "channel_type": "channel", "event_ts": event.get("ts", self.stamp()), **event})

    def change(self, channel: str, message: dict[str, Any], **facts: Any) -> Any:
        """Change a message in place, and tell."""
        before = dict(message)
        message.update(facts)
        stamp = self.stamp()
        event = {"subtype": "message_changed", "hidden": True, "message": dict(message), "previous_message": before, "ts": stamp}
        return self.tell(channel, {"type": "message", **event, "event_ts": stamp})

    def remove(self, channel: str, ts: str) -> Any:
        """Delete a message; its replies stay, without a first message."""
        before = self.message(channel, ts)
        del self.place(channel).messages[ts]
        event = {"subtype": "message_deleted", "hidden": True, "deleted_ts": ts, "previous_message": before, "ts": self.stamp()}
        return self.tell(channel, {"type": "message", **event})

    def seen(self, channel: str) -> list[dict[str, Any]]:
        """What a channel itself shows, in order: its own messages, and what was posted in threads for it to see as well."""
        there = sorted(self.place(channel).messages.items())
        return [one for ts, one in there if one.get("thread_ts") in (None, ts) or one.get("subtype") == "thread_broadcast"]

    def thread(self, thread: str) -> list[dict[str, Any]]:
        """A thread's messages ("channel:ts"), the first one too, in order."""
        channel, _, root = thread.partition(":")
        place = self.places.get(channel) or Place(channel)
        return [place.messages[ts] for ts in place.threads.get(root, ()) if ts in place.messages]

    def new_file(self, name: str, length: int, **facts: Any) -> dict[str, Any]:
        file = {"id": f"F{len(self.files):05d}", "name": name, "title": name, "length": length, "content": None, **facts}
        self.files[str(file["id"])] = file
        return file
