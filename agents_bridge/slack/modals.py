"""Modals: views made at once of what the press itself brought, because a trigger lives three seconds (platforms: Slack, 2.7)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import section, short

Locale = Literal["en", "zh"]
ASSIGN = "fd_assign_to"
"""`callback_id`."""
REASON_LIMIT = 1000
NOTHING: Mapping[str, str] = {}


def view_for(kind: str, thread: str, title: str, blocks: list[dict[str, Any]], locale: Locale) -> dict[str, Any]:
    """A modal that remembers its thread; its title is on its button too."""
    w = SAYINGS[locale]
    plain = {
        name: {"type": "plain_text", "text": text} for name, text in (("title", title), ("submit", title), ("close", w["cancel"]))
    }
    return {"type": "modal", "callback_id": kind, "private_metadata": json.dumps({"thread": thread}), **plain, "blocks": blocks}


def remembering(
    kind: str, title: str, locale: Locale, blocks: list[dict[str, Any]], memory: Mapping[str, str] = NOTHING, submit: str = ""
) -> dict[str, Any]:
    """A modal that remembers more than its thread; without `submit` it only waits."""
    words = {"title": title, "close": SAYINGS[locale]["cancel"]} | ({"submit": submit} if submit else {})
    plain = {name: {"type": "plain_text", "text": text} for name, text in words.items()}
    kept = json.dumps(dict(memory), ensure_ascii=False)
    return {"type": "modal", "callback_id": kind, **plain, "blocks": blocks, "private_metadata": kept}


def told_view(text: str, locale: Locale, title: str = "Frontdesk") -> dict[str, Any]:
    """A sentence, and nothing to do."""
    words = {name: {"type": "plain_text", "text": text} for name, text in (("title", title), ("close", SAYINGS[locale]["close"]))}
    return {"type": "modal", **words, "blocks": [section(text)]}


def labelled(name: str, label: str, element: dict[str, Any], *, optional: bool = True) -> dict[str, Any]:
    """A field whose block and action have one name."""
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": {"type": "plain_text", "text": label},
        "element": {"action_id": name, **element},
    }


def reason_field(locale: Locale) -> list[dict[str, Any]]:
    """Why, for colleagues."""
    element = {"type": "plain_text_input", "multiline": True, "max_length": REASON_LIMIT}
    return [labelled("why", SAYINGS[locale]["why"], element)]


def team_field(teams: Sequence[str], locale: Locale) -> list[dict[str, Any]]:
    """Which team; nothing where there is none."""
    options = [
        {"text": {"type": "plain_text", "text": short(name, 75)}, "value": name} for name in teams if name and len(name) <= 75
    ][:100]
    return [labelled("team", SAYINGS[locale]["team"], {"type": "static_select", "options": options})] if options else []


def given(view: dict[str, Any], name: str) -> str:
    """What was chosen or written in a field; empty when nothing was."""
    found = ((view.get("state") or {}).get("values") or {}).get(name, {}).get(name) or {}
    chosen = found.get("selected_option") or {}
    direct = found.get("selected_user") or found.get("selected_date_time")
    return str(direct or chosen.get("value") or found.get("value") or "").strip()
