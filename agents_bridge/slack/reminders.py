"""What Slack says outside of a conversation's own thread: to one agent who has not been there, and where it is urgent."""

from __future__ import annotations

from collections.abc import Mapping

from agents_bridge.slack.modals import Locale
from agents_bridge.slack.text import inert, short
from agents_bridge.slack.wire import link_of

REMINDERS = {
    "en": {
        "mention": "👋 {by} called you in the conversation with *{customer}* ({channel}), and you have not been there since.",
        "assigned": "👋 {by} gave you the conversation with *{customer}* ({channel}), and you have not been there yet.",
        "urgent": "🚨 {text}",
        "somebody": "A colleague",
        "customer": "a customer",
        "thread": "Open the thread",
        "console": "Open in console",
    },
    "zh": {
        "mention": "👋 {by} 在与 *{customer}*（{channel}）的会话中提到了您，您之后还没有去过。",
        "assigned": "👋 {by} 把与 *{customer}*（{channel}）的会话分配给了您，您还没有去过。",
        "urgent": "🚨 {text}",
        "somebody": "同事",
        "customer": "一位客户",
        "thread": "打开会话串",
        "console": "在控制台打开",
    },
}
KINDS = ("mention", "assigned")


def reminder(about: str, facts: Mapping[str, str], address: str, locale: Locale) -> str:
    """To one agent, with the way there; `address` is the workspace's."""
    w = REMINDERS[locale]
    by, customer = inert(short(facts.get("by", ""), 80)), inert(short(facts.get("customer", ""), 80))
    names = {"by": by or w["somebody"], "customer": customer or w["customer"], "channel": inert(short(facts["channel"], 60))}
    return "\n".join(
        [w[about].format(**names), _ways(link_of(address, facts.get("thread", "")), facts.get("url", ""), w)]
    ).strip()


def urgent(text: str, thread: str, url: str, address: str, locale: Locale) -> str:
    """What is urgent, with the way to its conversation."""
    w = REMINDERS[locale]
    said = w["urgent"].format(text=inert(short(text, 600)))
    return "\n".join([said, _ways(link_of(address, thread), url, w)]).strip()


def _ways(thread: str, console: str, w: Mapping[str, str]) -> str:
    return " · ".join(f"<{url}|{w[name]}>" for name, url in (("thread", thread), ("console", console)) if url)
