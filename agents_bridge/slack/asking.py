"""`/frontdesk queue|me|find`: what an agent asks to see, answered to that person alone once the store has told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from agents_bridge.slack.blocks import clock
from agents_bridge.slack.heard import Then
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.status import STATES, stated, status_text
from agents_bridge.slack.text import inert, short
from hub.model import DeskName, ExternalId
from hub.people import Seen, Who
from hub.ports import Kit

LOOK = "look"
"""Of a `Then`: the inbox is looked at, and the answer follows."""
SHOWN = 15
WORDS = {"queue": "queue", "队列": "queue", "me": "me", "我": "me", "find": "find", "查找": "find"}
WORDS |= dict.fromkeys(STATES, "status")


def asked(text: str, agent: str, url: Any, end: datetime | None = None) -> Then | None:
    """What a command asks to see; None when it is none of these. A state that it sets holds until `end`."""
    text = stated(text)
    word, _, rest = text.partition(" ")
    kind = WORDS.get(word.casefold(), "")
    if not kind or not isinstance(url, str) or not url or (kind == "find" and not rest.strip()):
        return None
    words = rest.strip()[:100] if kind == "find" else ""
    status = text if kind == "status" else ""
    return Then(LOOK, {"url": url, "agent": agent, "words": words, "mine": kind == "me", "status": status, "end": end})


async def answered(call: Then, desk: DeskName, kit: Kit, who: Who, locale: Literal["en", "zh"]) -> Then:
    """The answer to what was asked."""
    given, look = call.arguments, kit.look
    if given["status"]:
        duty = await kit.duty(desk, ExternalId(given["agent"]), who) if kit.duty else None
        said = SAYINGS[locale]["no_agent"] if duty is None else status_text(duty, given["status"], locale, given["end"])
        return Then("respond", {"url": given["url"], "json": {"response_type": "ephemeral", "text": said}})
    found = await look(desk, ExternalId(given["agent"]), who, given["words"], mine=given["mine"]) if look else None
    said = SAYINGS[locale]["no_agent"] if found is None else listed(found, locale)
    return Then("respond", {"url": given["url"], "json": {"response_type": "ephemeral", "text": said}})


def listed(found: Sequence[Seen], locale: Literal["en", "zh"]) -> str:
    """Conversations as lines of mrkdwn."""
    w = SAYINGS[locale]
    lines = [_line(one, w) for one in found[:SHOWN]]
    return "\n".join([w["found"].format(n=len(found), shown=len(lines)), *lines]) if lines else w["found_none"]


def _line(one: Seen, w: dict[str, str]) -> str:
    name = inert(short(one.customer, 60)) or w["somebody"]
    called = f"<{one.url}|{name}>" if one.url.startswith(("https://", "http://")) else f"*{name}*"
    more = [inert(short(one.channel, 60)), inert(short(one.preview, 80)), inert(short(one.agent or one.team, 60))]
    waits = f"⏱️ {clock(one.waiting_since)}" if one.waiting_since else ""
    return " · ".join(["• " + called, *(part for part in (*more, waits) if part)])
