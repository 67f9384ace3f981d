"""What was missed: a thread read again (conversations.replies), as the events that would have told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import ChannelGone, Refused, translated
from agents_bridge.slack.events import Reading, event_heard
from agents_bridge.slack.guard import classified
from hub.model import AgentReply, ThreadId

PAGES = 5
"""Pages of 200 messages of one thread."""
CHANGED = timedelta(days=1)
"""How old a message may be whose change is looked for."""


async def missed(slack: Slack, reading: Reading, thread: ThreadId, since: datetime) -> list[AgentReply]:
    """People's lines since then, and changes of older ones, with the ids that their events have. Deletions leave no trace."""
    channel, _, root = str(thread).partition(":")
    asked: dict[str, Any] = {"channel": channel, "ts": root, "oldest": f"{(since - CHANGED).timestamp():.6f}", "limit": 200}
    found: list[AgentReply] = []
    cursor: str | None = None
    try:
        own = await slack.own()
        for _ in range(PAGES):
            with translated("conversations.replies", posts=False):
                page = await slack.web.conversations_replies(**asked, cursor=cursor)
                for message in page["messages"]:
                    found += _items(reading, own, channel, message, since.timestamp())
                cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
    except (Refused, ChannelGone):
        return found
    return found


def _items(reading: Reading, own: tuple[str, str], channel: str, message: dict[str, Any], since: float) -> Sequence[AgentReply]:
    team, bot = own
    around = {"team_id": team, "authorizations": [{"user_id": bot, "is_bot": True}]}
    event = {**message, "type": "message", "channel": channel}
    items: list[AgentReply] = []
    if float(message["ts"]) > since:
        items += event_heard(reading, {**around, "event": event}).items
    edited = message.get("edited") or {}
    if float(edited.get("ts") or 0) > since and not classified(str(message.get("text") or "")).reason:
        change = {"type": "message", "subtype": "message_changed", "channel": channel, "message": message}
        items += event_heard(reading, {**around, "event": change}).items
    return items
