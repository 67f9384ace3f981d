"""Which calls arrived: Slack has no keys, so posts carry ours as metadata and files carry a mark in their titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agents_bridge.slack import files
from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import Refused, translated
from hub.errors import Temporary
from hub.model import ExternalId
from hub.ports import IdempotencyKey

PAGES = 20
"""Pages of 200 messages that a lookup reads at most."""


async def arrived(
    slack: Slack, keys: Sequence[IdempotencyKey], thread: str, since: datetime
) -> Mapping[IdempotencyKey, ExternalId]:
    """Ask which calls arrived: by the keys in messages' metadata, and by the tags in files' titles. Raises `Temporary`
    rather than answer "no" without having read everything since the calls may have been made."""
    found: dict[IdempotencyKey, ExternalId] = {}
    channel, _, root = thread.partition(":")
    what = "conversations.replies" if root else "conversations.history"
    cursor: str | None = None
    oldest = f"{since.timestamp():.6f}"
    for _ in range(PAGES):
        more: dict[str, Any] = {
            "channel": channel,
            "limit": 200,
            "include_all_metadata": True,
            "cursor": cursor,
            "oldest": oldest,
        }
        try:
            with translated(what, posts=False):
                web = slack.web
                page = await (web.conversations_replies(ts=root, **more) if root else web.conversations_history(**more))
                for message in page["messages"]:
                    if not root and message.get("thread_ts") not in (None, message["ts"]):
                        continue  # a thread's line that the channel shows too: what is asked for is heads
                    for key in keys:
                        if key not in found and _carries(message, key):
                            found[key] = ExternalId(f"{channel}:{message['ts']}")
                cursor = (page.get("response_metadata") or {}).get("next_cursor")
        except Refused as exc:
            if exc.code == "thread_not_found":
                return {}
            raise
        if not cursor or all(key in found for key in keys):
            return found
    raise Temporary(f"the thread has more than {PAGES * 200} new messages", retry_after=600)


def _carries(message: dict[str, Any], key: IdempotencyKey) -> bool:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    ending = f" · {files.tag(key)}"
    return str(key) in (payload.get("keys") or ()) or any(
        str(f.get("title")).endswith(ending) for f in message.get("files") or ()
    )
