"""One post that tells of several new conversations, whose threads wait for the pace of their Slack channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents_bridge.slack.blocks import clock
from agents_bridge.slack.modals import Locale
from agents_bridge.slack.text import inert, section, short
from hub.people import Seen

RUSH = {
    "en": {
        "head": "📥 *{n} more new conversations*. Their threads follow, in this order.",
        "customer": "Customer",
        "line": "• *{name}* · {channel} · {since}{said}",
    },
    "zh": {
        "head": "📥 *又有 {n} 个新会话*，会话串将按此顺序陆续出现。",
        "customer": "客户",
        "line": "• *{name}* · {channel} · {since}{said}",
    },
}
LINES = 2
"""In one section: names and words that are escaped become five times as long, and Slack takes 3000 characters."""


def digest(found: Sequence[Seen], locale: Locale) -> tuple[str, list[dict[str, Any]]]:
    """(fallback text, blocks)"""
    head = RUSH[locale]["head"].format(n=len(found))
    lines = [_line(one, RUSH[locale]) for one in found]
    sections = [head, *("\n".join(lines[n : n + LINES]) for n in range(0, len(lines), LINES))]
    return head, [section(text) for text in sections]


def _line(one: Seen, w: dict[str, str]) -> str:
    name = inert(short(one.customer, 40)) or w["customer"]
    called = f"<{one.url}|{name}>" if one.url.startswith(("https://", "http://")) and len(one.url) <= 300 else name
    said = f" · “{inert(short(one.preview, 60))}”" if one.preview else ""
    return w["line"].format(name=called, channel=inert(short(one.channel, 30)), since=clock(one.waiting_since), said=said)
