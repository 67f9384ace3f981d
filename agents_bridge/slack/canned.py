"""Canned replies in Slack: `!r word`, and a modal that searches them, shows one filled, and sends it as it then stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agents_bridge.slack.modals import Locale, given, labelled, view_for
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import inert, short
from hub.canned import CannedReplies, fill

CANNED, PICK, SEND_CANNED = "fd_canned", "fd_canned_pick", "fd_canned_send"
"""The card's button, the modal's list, and the modal's `callback_id`."""
TEXT = "canned_text_"
"""Begins the text field's `block_id`; the reply's name follows, for Slack keeps what stands in a field of the same id."""
TEXT_LIMIT = 3000
MOST = 100
TOLD = 20


def card_value(name: str, locale: str, channel: str, team: str) -> str:
    """What the card's button carries, so that the modal needs no database. Nothing of it can be read as one of Slack's tokens."""
    facts = {"name": short(name, 80), "locale": locale[:16], "channel": channel[:64], "team": short(team, 80)}
    return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")


def facts_of(value: str) -> dict[str, str]:
    """The facts in a button's value or a view's memory. Raises `ValueError`."""
    found = json.loads(value or "{}")
    if not isinstance(found, dict):
        raise ValueError("no facts")
    return {str(name): str(fact) for name, fact in found.items()}


def options(canned: CannedReplies, query: str) -> list[dict[str, Any]]:
    """What the modal's list shows for what was typed into it."""
    found = canned.search(query, MOST)
    return [{"text": {"type": "plain_text", "text": short(one.title or one.name, 75)}, "value": one.name} for one in found]


def canned_view(canned: CannedReplies, thread: str, facts: Mapping[str, str], locale: Locale, chosen: str = "") -> dict[str, Any]:
    """The list, and below it the chosen reply, filled and open to changes."""
    w = SAYINGS[locale]
    pick = {"type": "external_select", "min_query_length": 0}
    blocks = [labelled(PICK, w["canned_pick"], pick) | {"dispatch_action": True}]
    one = canned.find(chosen)
    if one is not None:
        about = {name: facts[name] for name in ("name", "channel", "team") if name in facts}
        filled = fill(one.within(facts.get("locale", "")), about)[:TEXT_LIMIT]
        field = {"type": "plain_text_input", "multiline": True, "initial_value": filled, "max_length": TEXT_LIMIT}
        blocks.append(labelled(f"{TEXT}{one.name}", w["canned_text"], field, optional=False))
        blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": w["canned_hint"]}]})
    made = view_for(SEND_CANNED, thread, w["title_canned"], blocks, locale)
    return made | {"private_metadata": json.dumps({**facts, "thread": thread}, ensure_ascii=False)}


def written(view: Mapping[str, Any]) -> str:
    """The text that a modal was sent off with; empty when nothing had been chosen."""
    names = [str(one.get("block_id")) for one in view.get("blocks") or () if isinstance(one, dict)]
    return next((given(dict(view), name) for name in names if name.startswith(TEXT)), "")


def not_there(canned: CannedReplies, asked: str, locale: Locale) -> str:
    """The word to an agent who named no reply that there is: those like it, or all."""
    w = SAYINGS[locale]
    found = canned.search(asked, TOLD) or canned.search("", TOLD)
    listed = "\n".join(f"`!r {one.name}` {inert(short(one.title, 75))}".rstrip() for one in found)
    return f"{w['canned_none'].format(word=inert(short(asked, 64)))}\n{listed}" if asked else listed or w["canned_empty"]
