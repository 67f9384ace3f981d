"""Modals: views made at once of what the press itself brought, because a trigger lives three seconds (platforms: Slack, 2.7)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import short

Locale = Literal["en", "zh"]
ASSIGN, RESOLVE = "fd_assign_to", "fd_resolve_with"
"""`callback_id`s."""
REASON_LIMIT = 1000


def _view(kind: str, thread: str, title: str, blocks: list[dict[str, Any]], locale: Locale) -> dict[str, Any]:
    w = SAYINGS[locale]
    plain = {
        name: {"type": "plain_text", "text": text} for name, text in (("title", title), ("submit", title), ("close", w["cancel"]))
    }
    return {"type": "modal", "callback_id": kind, "private_metadata": json.dumps({"thread": thread}), **plain, "blocks": blocks}


def _input(name: str, label: str, element: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": name, **element},
    }


def _reason(locale: Locale) -> dict[str, Any]:
    return _input("why", SAYINGS[locale]["why"], {"type": "plain_text_input", "multiline": True, "max_length": REASON_LIMIT})


def assign_view(thread: str, teams: Sequence[str], locale: Locale) -> dict[str, Any]:
    """Who shall have a conversation. Slack itself lists and searches the workspace's people."""
    w = SAYINGS[locale]
    blocks = [_input("person", w["person"], {"type": "users_select"})]
    options = [
        {"text": {"type": "plain_text", "text": short(name, 75)}, "value": name} for name in teams if name and len(name) <= 75
    ][:100]
    if options:
        blocks.append(_input("team", w["team"], {"type": "static_select", "options": options}))
    return _view(ASSIGN, thread, w["assign"], [*blocks, _reason(locale)], locale)


def resolve_view(thread: str, locale: Locale) -> dict[str, Any]:
    """Why a matter is settled, for colleagues."""
    return _view(RESOLVE, thread, SAYINGS[locale]["resolve"], [_reason(locale)], locale)


def given(view: dict[str, Any], name: str) -> str:
    """What was chosen or written in a field; empty when nothing was."""
    found = ((view.get("state") or {}).get("values") or {}).get(name, {}).get(name) or {}
    chosen = found.get("selected_option") or {}
    return str(found.get("selected_user") or chosen.get("value") or found.get("value") or "").strip()
