"""A modal from a message's own menu: it opens at once, and is filled once the hub knows which conversation the message is of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents_bridge.slack.events import Reading
from agents_bridge.slack.guard import classified
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.modals import Locale, told_view
from agents_bridge.slack.presses import Press, respond
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.wire import at
from hub.canned import Known
from hub.model import DeskName, ExternalId
from hub.people import Who
from hub.ports import Kit


def chosen(method: str, limit: int, reading: Reading, body: dict[str, Any], *, instead: str = "") -> Heard:
    """A member chose it, and `method` makes the modal of at most so many characters; or a sentence is told `instead`."""
    by, message = Press(reading, body), body.get("message") or {}
    if not by.known or by.outside:
        return Heard(then=respond(body, SAYINGS[reading.locale]["outsider" if by.known and by.outside else "not_here"]))
    if instead:
        return Heard(then=respond(body, instead))
    about = {
        "trigger": str(body.get("trigger_id") or ""),
        "text": classified(str(message.get("text") or ""), reading.locale).text.text[:limit],
        "agent": f"{by.team}:{by.user}",
        "thread": by.thread,
        "place": at(by.team, by.thread) if reading.several else by.thread,
    }
    return Heard(then=[Then(method, about)])


async def filled(
    call: Then, view: Callable[[Known], dict[str, Any]], desk: DeskName, kit: Kit, who: Who, locale: Locale, *, anybody: bool
) -> Then:
    """The modal with what `view` makes of the conversation, or with the sentence why that agent has none there."""
    asked = call.arguments
    known: Known | str = "no_agent"
    if kit.known:
        known = await kit.known(desk, ExternalId(asked["agent"]), who, asked["place"], anybody=anybody)
    shown = told_view(SAYINGS[locale][known], locale) if isinstance(known, str) else view(known)
    return Then("views.update", {"view_id": asked["view_id"], "view": shown})
