"""What the hub has one person told: a line, and the buttons that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from agents_bridge.slack.asides import ASIDES
from agents_bridge.slack.linking import button
from agents_bridge.slack.merging import MERGES
from agents_bridge.slack.refusals import DOUBTS, refusal_text
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import inert, section, short

SAY, KEEP, UNDO, TAKE = "fd_say", "fd_keep", "fd_undo", "fd_take"
"""`action_id`s: a kept note becomes an answer, it stays one, an answer is taken back before it leaves, a colleague's
conversation is taken over."""


def told(about: str, facts: Mapping[str, str], locale: Literal["en", "zh"]) -> dict[str, Any]:
    """The text, and where something is asked the blocks, of a line to one person."""
    w = SAYINGS[locale]
    known = {name: inert(short(value, 300)) for name, value in facts.items()}
    text = (refusal_text(about, locale) or ASIDES[locale].get(about) or MERGES[locale].get(about) or w[about]).format(
        **known | {"name": known.get("name") or w["somebody"]}
    )
    if about in ("stranger", "guest"):
        return {"text": text, "blocks": [section(text), button(locale)]}
    if about in ("settled", "theirs"):
        yes, no = DOUBTS[locale][f"yes_{about}"], w["keep"]
        return {"text": text, "blocks": asking(text, (SAY, yes, facts["note"]), (KEEP, no, "keep"))}
    if about == "taken":
        return {"text": text, "blocks": asking(text, (TAKE, ASIDES[locale]["take"], "take"))}
    if about not in ("last_calls", "unchanged"):
        return {"text": text}
    yes, no = (w["send"], w["keep"]) if about == "last_calls" else (ASIDES[locale]["correct"], ASIDES[locale]["leave"])
    return {"text": text, "blocks": asking(text, (SAY, yes, facts["note"]), (KEEP, no, "keep"))}


def leaving(seconds: int, ts: str, locale: Literal["en", "zh"]) -> tuple[str, list[dict[str, Any]]]:
    """That an answer leaves in a moment, with the button that takes it back; `ts` is the message's own."""
    w = ASIDES[locale]
    text = w["leaving"].format(seconds=seconds)
    return text, asking(text, (UNDO, w["undo"], ts))


def asking(text: str, *buttons: tuple[str, str, str]) -> list[dict[str, Any]]:
    """A question with its buttons: (`action_id`, words, value)."""
    made = [
        {"type": "button", "action_id": name, "text": {"type": "plain_text", "text": words}, "value": value}
        for name, words, value in buttons
    ]
    return [section(text), {"type": "actions", "elements": made}]
