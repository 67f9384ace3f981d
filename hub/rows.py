"""Rows as an inbound transaction writes them: entries, files that lie with a platform yet, calls, wanted translations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from hub.model import Author, Media, new_id
from hub.origins import NOWHERE, EntryKind
from hub.store.talks import Talk


def file_row(part: Media, source: str, owner: str, now: datetime) -> dict[str, Any]:
    """A file that the worker copies later."""
    return {
        "id": new_id(),
        "source": source,
        "remote": part.remote,
        "owner": owner,
        "state": "remote",
        "name": part.name[:191],
        "mime": part.mime[:191],
        "size": part.size or 0,
        "sha256": "",
        "tries": 0,
        "due_ms": 0,
        "error": "",
        "at": now,
    }


def entry_row(
    conversation_id: str, identity_id: str, seq: int, kind: EntryKind, author: Author, at: datetime, now: datetime
) -> dict[str, Any]:
    """An entry of our own that says nothing yet, for agents alone."""
    return NOWHERE | {
        "id": new_id(),
        "conversation_id": conversation_id,
        "identity_id": identity_id,
        "seq": seq,
        "cs": None,
        "kind": kind,
        "author_kind": author.kind,
        "author_id": author.id[:191],
        "author_name": author.name[:191],
        "parts": "[]",
        "data": "{}",
        "at": at,
        "stored_at": now,
    }


def call_row(
    talk: Talk,
    target: str,
    kind: str,
    rank: int,
    message_id: str | None,
    at: datetime,
    *,
    parts: str | None = None,
    data: dict[str, Any] | None = None,
    stream: str = "",
    due_ms: int = 0,
) -> dict[str, Any]:
    """A call that must be made, from `due_ms` on; `stream` is in which order with others, usually the target's."""
    call_id = new_id()
    return {
        "id": call_id,
        "idem_key": call_id,
        "conversation_id": talk.id,
        "message_id": message_id,
        "target": target,
        "stream": stream or target,
        "kind": kind,
        "rank": rank,
        "lane": talk.lane,
        "state": "queued",
        "tries": 0,
        "attempt": 0,
        "due_ms": due_ms,
        "lease_ms": 0,
        "owner": "",
        "call_key": "",
        "parts": parts,
        "data": orjson.dumps(data or {}).decode(),
        "external_id": None,
        "reason": "",
        "at": at,
        "done_at": None,
    }


def wanted_row(entry: dict[str, Any], side: str, language: str, at: datetime, **more: Any) -> dict[str, Any]:
    """A translation of an entry that must be asked for, from now on."""
    return {
        "message_id": entry["id"],
        "language": language,
        "conversation_id": entry["conversation_id"],
        "seq": entry["seq"],
        "side": side,
        "source": "",
        "state": "queued",
        "turn": 0,
        "tries": 0,
        "due_ms": 0,
        "until_ms": 0,
        "leave_ms": 0,
        "unplaced": False,
        "parts": None,
        "reason": "",
        "at": at,
        "done_at": None,
        **more,
    }
