"""Modals by which an agent lets a conversation sleep, ranks, tags or blocks it. They say what the `!words` say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from agents_bridge.slack.merging import other_of
from agents_bridge.slack.modals import Locale, given, labelled, reason_field, view_for
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import plain
from agents_bridge.slack.thread_words import command_of

SPANS = ("30m", "1h", "4h", "1d", "3d", "1w", "written", "wake")
"""How long a conversation may be put to sleep with one choice."""
LEVELS = ("none", "normal", "high", "urgent")
UNBLOCK, TRANSLATE, MERGE = "unblock", "translate", "merge"
MORE = "fd_more"
"""`action_id` of the card's overflow menu."""
TAGS_LIMIT = 800


def _select(name: str, values: tuple[str, ...], locale: Locale) -> dict[str, Any]:
    w = SAYINGS[locale]
    options = [{"text": {"type": "plain_text", "text": w[f"{name}_{value}"]}, "value": value} for value in values]
    return labelled(name, w[name], {"type": "static_select", "options": options}, optional=False)


def _words(name: str, locale: Locale) -> dict[str, Any]:
    return labelled(name, SAYINGS[locale][name], {"type": "plain_text_input", "max_length": TAGS_LIMIT})


FIELDS: Mapping[str, Callable[[Locale], list[dict[str, Any]]]] = {
    "fd_snooze": lambda locale: [_select("snooze", SPANS, locale)],
    "priority": lambda locale: [_select("priority", LEVELS, locale)],
    "tags": lambda locale: [_words("tags_add", locale), _words("tags_remove", locale)],
    "block": reason_field,
    MERGE: lambda locale: [_words("merge_with", locale), *reason_field(locale)],
}
"""By button or choice in the menu: what its modal asks."""


def marking_view(name: str, thread: str, locale: Locale) -> dict[str, Any]:
    """The modal of a button or of a choice in the card's menu."""
    return view_for(callback_of(name), thread, SAYINGS[locale][f"title_{name}"], FIELDS[name](locale), locale)


def callback_of(name: str) -> str:
    """The `callback_id` of a modal."""
    return f"fd_mark_{name}"


def marking_of(callback: str) -> str:
    """Which of these modals a `callback_id` means; empty when it is none."""
    name = callback.removeprefix("fd_mark_")
    return name if callback.startswith("fd_mark_") and name in FIELDS else ""


def marked(name: str, view: dict[str, Any], now: datetime) -> tuple[Any, dict[str, Any]] | None:
    """(kind of reply, its data) of a modal that was sent off, None when its fields can't be understood."""
    match name:
        case "fd_snooze":
            chosen = given(view, "snooze")
            word = {"written": "!snooze", "wake": "!wake"}.get(chosen, f"!snooze {chosen}")
            found = command_of(word) if chosen in SPANS else None
            seconds = found.data["seconds"] if found else None
            until = None if seconds is None else (now + timedelta(seconds=seconds)).isoformat()
            return ("snooze", {"until": until}) if found else None
        case "priority":
            found = command_of(f"!prio {given(view, 'priority')}")
        case "tags":
            remove = " ".join(f"-{word.lstrip('#-')}" for word in given(view, "tags_remove").split())
            add = " ".join(word.lstrip("#+-") for word in given(view, "tags_add").split())
            found = command_of(f"!tag {add} {remove}")
        case "merge":
            other = other_of(given(view, "merge_with"))
            return ("merge", other | {"reason": plain(given(view, "why")).text[:500]}) if other else None
        case _:
            return "block", {"reason": plain(given(view, "why")).text[:500]}
    return (found.kind, found.data) if found else None
