"""How a matter is settled: with a reason for colleagues, and with a rating that the customer is asked for, or is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents_bridge.slack.modals import REASON_LIMIT, Locale, given, labelled, reason_field, view_for
from agents_bridge.slack.sayings import SAYINGS
from hub.model import AgentReply, Text

RESOLVE = "fd_resolve_with"
"""`callback_id`."""
SURVEY = "survey"
"""The radio's name, and what the value of the card's button ends with where customers can be asked."""
CHOICES: Mapping[str, bool | None] = {"usual": None, "ask": True, "spare": False}
SPELLINGS = {"survey", "rating", "评价"}
SIGNS = {"+": True, "＋": True, "-": False, "－": False}


def resolve_view(thread: str, locale: Locale, *, surveyed: bool) -> dict[str, Any]:
    """Why a matter is settled, and where customers can be asked, whether this one is."""
    w = SAYINGS[locale]
    fields = [_radio(locale), *reason_field(locale)] if surveyed else reason_field(locale)
    return view_for(RESOLVE, thread, w["resolve"], fields, locale)


def _radio(locale: Locale) -> dict[str, Any]:
    w = SAYINGS[locale]
    options = [{"text": {"type": "plain_text", "text": w[f"survey_{name}"]}, "value": name} for name in CHOICES]
    return labelled(SURVEY, w["survey"], {"type": "radio_buttons", "options": options, "initial_option": options[0]})


def resolved(by: Any, view: dict[str, Any], id: str, raw: dict[str, Any]) -> list[AgentReply]:
    """What its modal comes to when it is sent off: the reason as a note, then the end."""
    why, wish = given(view, "why")[:REASON_LIMIT], CHOICES.get(given(view, SURVEY))
    now = by.reading.now()
    notes = [by.item("note", f"{id}:why", now, raw, parts=(Text(text=why),))] if why else []
    return [*notes, by.item("resolve", id, now, raw, data=wish_data(wish))]


def wish_data(wish: bool | None) -> dict[str, bool]:
    """As the hub is told; nothing where it is as survey.yaml says."""
    return {} if wish is None else {SURVEY: wish}


def wish_in(rest: str) -> tuple[bool | None, str]:
    """(what `+survey` or `-survey` at either end of a reason wishes, the reason without it)."""
    words = rest.split()
    for one in dict.fromkeys((*words[:1], *words[-1:])):
        if one[0] in SIGNS and one[1:].casefold() in SPELLINGS:
            left = rest.removeprefix(one) if words[0] == one else rest.removesuffix(one)
            return SIGNS[one[0]], left.strip()
    return None, rest
