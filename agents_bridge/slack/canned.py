"""Canned replies in Slack: `!r word`, and a modal that searches them, shows one filled, and sends it as it then stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agents_bridge.slack.modals import Locale, given, labelled, view_for
from agents_bridge.slack.saving_words import SAVING
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import inert, plain, short
from agents_bridge.slack.thread_words import command_of
from hub.canned import CannedReplies, SavedReply, fill

CANNED, PICK, SEND_CANNED = "fd_canned", "fd_canned_pick", "fd_canned_send"
"""The card's button, the modal's list, and the modal's `callback_id`."""
CHANGE, FORGET = "fd_canned_change", "fd_canned_forget"
"""Of a reply that an agent has saved: it is changed or deleted."""
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
        blocks += [_kept(one, locale)] if isinstance(one, SavedReply) else []
    made = view_for(SEND_CANNED, thread, w["title_canned"], blocks, locale)
    return made | {"private_metadata": json.dumps({**facts, "thread": thread}, ensure_ascii=False)}


def _kept(one: SavedReply, locale: Locale) -> dict[str, Any]:
    """What can be done with a reply that an agent has saved."""
    w = SAVING[locale]
    named = {name: {"type": "plain_text", "text": w[name]} for name in ("change", "forget")}
    cancel = {"type": "plain_text", "text": SAYINGS[locale]["cancel"]}
    sure = {
        "title": named["forget"],
        "text": {"type": "plain_text", "text": w["sure"]},
        "confirm": named["forget"],
        "deny": cancel,
    }
    change = {"type": "button", "action_id": CHANGE, "text": named["change"], "value": one.name}
    forget = {"type": "button", "action_id": FORGET, "text": named["forget"], "value": one.name, "style": "danger"}
    return {"type": "actions", "elements": [change, forget | {"confirm": sure}]}


def asks_what_is_ready(body: Mapping[str, Any], save: str, file: CannedReplies) -> bool:
    """Whether a request is about what agents have saved; `save` is the `callback_id` of the modal that saves, and `file` wins."""
    match body.get("type"):
        case "block_suggestion":
            return True
        case "view_submission":
            return (body.get("view") or {}).get("callback_id") == save
        case "block_actions":
            return any(one.get("action_id") in (PICK, CHANGE) for one in body.get("actions") or ())
    event = body.get("event")
    command = command_of(str(event.get("text") or "")) if isinstance(event, dict) else None
    return command is not None and command.kind == "canned" and file.find(plain(command.rest).text) is None


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
