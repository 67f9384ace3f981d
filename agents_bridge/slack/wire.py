"""How threads, messages and keys look in Slack's calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.model import ThreadId
from hub.ports import IdempotencyKey

EVENT = "frontdesk"
"""The `event_type` of our posts' metadata."""


def thread_of(thread: ThreadId) -> tuple[str, str]:
    """(Slack channel, `ts` of the first message) of a thread."""
    channel, _, root = str(thread).partition(":")
    return channel, root


def ts_of(value: Any) -> str:
    """A message's `ts` in an answer. Raises `ValueError` when there is none."""
    if not isinstance(value, str) or not value:
        raise ValueError("no ts")
    return value


def metadata_of(keys: Sequence[IdempotencyKey]) -> dict[str, Any]:
    """What makes a post findable afterwards."""
    return {"event_type": EVENT, "event_payload": {"keys": [str(key) for key in keys]}}


def link_of(address: str, thread: str) -> str:
    """The address of a thread's first message, in a workspace whose own is `address`; empty where there is none."""
    channel, _, root = thread.partition(":")
    return f"{address}archives/{channel}/p{root.replace('.', '')}" if address and channel and root else ""


def at(team: str, name: str) -> str:
    """A place or thread of a workspace, for a desk that serves several: `T…/C…`, `T…/C…:ts`."""
    return f"{team}/{name}"


def apart(name: str) -> tuple[str, str]:
    """(workspace, place or thread there) of what `at` has named; the workspace is empty where there is only one."""
    team, slash, rest = str(name).partition("/")
    return (team, rest) if slash else ("", team)
