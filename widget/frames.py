"""Entries as the frames that browsers and apps get, the same for customers and for the console."""

from __future__ import annotations

from typing import Any

from hub.files import FileStore
from hub.model import Card, Entry, Media, Part
from hub.spoken import as_read
from hub.wording import plain

HEARTBEAT_S = 25
"""How often a client says `ping`."""
POLL_S = 25
"""How long a long poll is held."""


def part_json(part: Part, files: FileStore) -> dict[str, Any]:
    """A part, with an address for its file that is good for a while."""
    made = part.model_dump(mode="json", exclude_defaults=True)
    made["type"] = part.type
    if isinstance(part, Media):
        made.pop("remote", None)
        if part.file:
            made["url"] = files.link(part.file)
    if isinstance(part, Card) and part.image is not None:
        made["image"] = part_json(part.image, files)
    return made


def _said(entry: Entry, files: FileStore) -> dict[str, Any]:
    said: dict[str, Any] = {"mid": entry.id, "parts": [part_json(part, files) for part in entry.parts]}
    if entry.parts:
        said["text"] = plain(entry.parts)
    if entry.edit_of:
        said["of"] = entry.edit_of
    if entry.reply_to:
        said["reply"] = entry.reply_to
    if entry.data.get("album"):
        said["album"] = entry.data["album"]
    return said


def customer_event(entry: Entry, files: FileStore) -> dict[str, Any]:
    """What the customer sees: neither agents' ids nor our own data."""
    read = as_read(entry)
    frame: dict[str, Any] = {
        "t": "ev",
        "s": entry.cs,
        "c": entry.conversation,
        "n": entry.seq,
        "k": entry.kind,
        "by": {"kind": entry.author.kind, "name": entry.author.name},
        "at": entry.at.isoformat(),
        "d": _said(read, files),
    }
    if read is not entry:
        was = {"language": entry.data["translation"].get("from", ""), "parts": [part_json(part, files) for part in entry.parts]}
        frame["d"]["original"] = was
    if entry.client_id and entry.author.kind == "customer":
        frame["id"] = entry.client_id
    return frame


def console_event(entry: Entry, files: FileStore) -> dict[str, Any]:
    """What agents see."""
    frame = {
        "t": "ev",
        "s": entry.s,
        "c": entry.conversation,
        "n": entry.seq,
        "k": entry.kind,
        "by": {"kind": entry.author.kind, "name": entry.author.name, "id": entry.author.id},
        "at": entry.at.isoformat(),
        "d": {**_said(entry, files), **({"data": entry.data} if entry.data else {})},
    }
    if entry.client_id:
        frame["id"] = entry.client_id
    return frame


def refused(code: str, *, id: str = "", retry: bool = False, after: float | None = None) -> dict[str, Any]:
    """A `no` frame."""
    frame: dict[str, Any] = {"t": "no", "code": code, "retry": retry}
    if id:
        frame["id"] = id
    if after is not None:
        frame["after"] = after
    return frame
