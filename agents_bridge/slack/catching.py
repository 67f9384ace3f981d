"""What was missed: a thread read again (conversations.replies), as the events that would have told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agents_bridge.slack.calls import Slack
from agents_bridge.slack.errors import ChannelGone, Refused, translated
from agents_bridge.slack.events import Reading, event_heard
from agents_bridge.slack.guard import classified
from agents_bridge.slack.heard import Heard, Then
from hub.model import AgentReply, ThreadId

PAGES = 5
"""Pages of 200 messages of one thread."""
CHANGED = timedelta(days=1)
"""How old a message may be whose change is looked for."""


async def missed(
    slack: Slack, reading: Reading, follow: Callable[[Sequence[Then]], Awaitable[None]], thread: ThreadId, since: datetime
) -> list[AgentReply]:
    """People's lines since then, and changes of older ones, with the ids that their events have; who asked for what there is not
    hears so. Deletions leave no trace."""
    reading = reading if reading.ready is None else replace(reading, canned=await reading.ready())
    found = await _read(slack, reading, thread, since)
    await follow([call for heard in found if not heard.items for call in heard.then])
    return [item for heard in found for item in heard.items]


async def _read(slack: Slack, reading: Reading, thread: ThreadId, since: datetime) -> list[Heard]:
    channel, _, root = str(thread).partition(":")
    asked: dict[str, Any] = {"channel": channel, "ts": root, "oldest": f"{(since - CHANGED).timestamp():.6f}", "limit": 200}
    found: list[Heard] = []
    cursor: str | None = None
    try:
        own = await slack.own()
        for _ in range(PAGES):
            with translated("conversations.replies", posts=False):
                page = await slack.web.conversations_replies(**asked, cursor=cursor)
                for message in page["messages"]:
                    found += _heard(reading, own, channel, message, since.timestamp())
                cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
    except (Refused, ChannelGone):
        return found
    return found


def _heard(reading: Reading, own: tuple[str, str], channel: str, message: dict[str, Any], since: float) -> list[Heard]:
    team, bot = own
    around = {"team_id": team, "authorizations": [{"user_id": bot, "is_bot": True}]}
    event = {**message, "type": "message", "channel": channel}
    heard: list[Heard] = []
    if float(message["ts"]) > since:
        heard.append(event_heard(reading, {**around, "event": event}))
    edited = message.get("edited") or {}
    if float(edited.get("ts") or 0) > since and not classified(str(message.get("text") or "")).reason:
        change = {"type": "message", "subtype": "message_changed", "channel": channel, "message": message}
        heard.append(event_heard(reading, {**around, "event": change}))
    return heard
