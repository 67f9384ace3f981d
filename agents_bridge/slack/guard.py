"""The guard before customers: which lines of agents are for colleagues, and the question whether one was meant to leave."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.telling import KEEP, asking
from agents_bridge.slack.text import note_of, plain
from agents_bridge.slack.thread_words import command_of
from hub.model import Text

Reason = Literal["", "note", "word", "colleague", "outsider"]
SEND = "fd_send"
"""`action_id` of a question's button that carries the line itself."""
VALUE_LIMIT = 2000
_COLLEAGUE = re.compile(
    r"[\s*_~>\u200b-\u200f\u2060-\u2069\ufeff]*(?:<[@!](?!date)|(?:internal|fyi|内部|仅内部)\s*[:：])", re.IGNORECASE
)
"""A line that begins by calling somebody or everybody in Slack, or says itself that it is not for outside."""


@dataclass(frozen=True, slots=True)
class Line:
    """What an agent wrote, without the prefix that says for whom; `reason` is empty when it is for the customer."""

    text: Text
    reason: Reason
    word: str = ""


def classified(mrkdwn: str, locale: str = "en") -> Line:
    """For whom a line is, by its words alone."""
    command = command_of(mrkdwn)
    if command is not None and command.kind == "reply":
        return Line(plain(command.rest, locale), "")
    text = plain(mrkdwn, locale)
    note = note_of(text.text)
    if note is not None:
        said, word = note
        return Line(Text(text=said), "word" if word else "note", word)
    return Line(text, "colleague" if _COLLEAGUE.match(mrkdwn) else "")


def held_blocks(mrkdwn: str, ts: str, locale: Literal["en", "zh"]) -> list[dict[str, Any]]:
    """The question with its two buttons; the first carries the line itself, so that its press can be stored without asking Slack.
    Empty when the line is longer than a button carries."""
    w = SAYINGS[locale]
    value = json.dumps({"ts": ts, "text": mrkdwn}, ensure_ascii=False)
    if len(value) > VALUE_LIMIT:
        return []
    return asking(w["held"], (SEND, w["send"], value), (KEEP, w["keep"], "keep"))
