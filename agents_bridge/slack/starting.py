"""`/frontdesk new` and its shortcut: an agent begins a conversation, in modals that open before anything is looked up."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from agents_bridge.slack.canned import facts_of
from agents_bridge.slack.events import Reading, named
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.home import who_of
from agents_bridge.slack.manifest import NEW as NEW
from agents_bridge.slack.modals import Locale, given, labelled
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.starting_words import BARRED, STARTING
from agents_bridge.slack.text import inert, plain, section, short
from hub.model import AgentReply, DeskName, ExternalId
from hub.people import Reachable, Who
from hub.ports import Kit

START, FOUND = "start", "found"
"""Of a `Then`: open the modal and ask for channels; look for the customer that was described."""
FIND, SEND = "fd_new_find", "fd_new_send"
"""`callback_id`s of the two modals."""
WORDS = ("new", "新建")
TEXT_LIMIT, MEMORY, MOST, BARRED_MOST = 3000, 2000, 100, 8
STRANGER = "new"
_ID = re.compile(r"[0-9a-f]{32}")


def start(trigger: str, agent: str, words: str = "", text: str = "") -> Then:
    """What a command or a shortcut sets going."""
    return Then(START, {"trigger": trigger, "agent": agent, "words": words[:100], "text": text[:MEMORY]})


def _view(
    callback: str, locale: Locale, blocks: list[dict[str, Any]], memory: dict[str, str], submit: str = ""
) -> dict[str, Any]:
    w = STARTING[locale]
    made: dict[str, Any] = {"type": "modal", "callback_id": callback, "blocks": blocks}
    made |= {name: {"type": "plain_text", "text": text} for name, text in (("title", w["title"]), ("close", w["cancel"]))}
    made |= {"submit": {"type": "plain_text", "text": submit}} if submit else {}
    return made | {"private_metadata": json.dumps(memory, ensure_ascii=False)}


def _text(text: str) -> dict[str, Any]:
    return section(text[:3000])


def loading_view(locale: Locale) -> dict[str, Any]:
    """What is there at once."""
    return _view("fd_new_wait", locale, [_text(STARTING[locale]["wait"])], {})


def told_view(text: str, locale: Locale) -> dict[str, Any]:
    """A sentence, and nothing to do."""
    return _view("fd_new_told", locale, [_text(text)], {})


def find_view(channels: Sequence[str], words: str, text: str, locale: Locale, note: str = "") -> dict[str, Any]:
    """On which channel, and to whom."""
    w = STARTING[locale]
    if not channels:
        return told_view(w["no_channels"], locale)
    options = [{"text": {"type": "plain_text", "text": short(name, 75)}, "value": name} for name in channels if len(name) <= 75][
        :MOST
    ]
    words_field: dict[str, Any] = {"type": "plain_text_input", "max_length": 100} | ({"initial_value": words} if words else {})
    fields = [
        labelled(
            "channel", w["channel"], {"type": "static_select", "options": options, "initial_option": options[0]}, optional=False
        ),
        labelled("words", w["who"], words_field, optional=False),
        {"type": "context", "elements": [{"type": "plain_text", "text": w["who_hint"]}]},
    ]
    return _view(FIND, locale, [*([_text(note)] if note else []), *fields], {"text": text}, w["find"])


def choose_view(found: Sequence[Reachable], channel: str, words: str, text: str, locale: Locale) -> dict[str, Any]:
    """Whom exactly, and the first line. Whom the channel forbids stands below, with the reason."""
    w = STARTING[locale]
    open_ones = [one for one in found if not one.barred][:MOST]
    barred = [f"• {inert(short(one.name or one.address, 60))}: {BARRED[locale][one.barred]}" for one in found if one.barred]
    note = "\n".join([w["barred"], *barred[:BARRED_MOST]]) if barred else ""
    if not open_ones:
        return told_view("\n".join([w["nobody"].format(words=inert(short(words, 100))), note]).strip(), locale)
    options = [{"text": {"type": "plain_text", "text": _called(one, w)}, "value": one.identity or STRANGER} for one in open_ones]
    pick = {"type": "static_select", "options": options, "initial_option": options[0]}
    field: dict[str, Any] = {"type": "plain_text_input", "multiline": True, "max_length": TEXT_LIMIT}
    field |= {"initial_value": text} if text else {}
    blocks = [labelled("customer", w["customer"], pick, optional=False), labelled("text", w["text"], field, optional=False)]
    memory = {"channel": channel, "address": words}
    return _view(SEND, locale, [*blocks, *([_text(note)] if note else [])], memory, w["send"])


def _called(one: Reachable, w: dict[str, str]) -> str:
    if not one.identity:
        return short(w["address"].format(address=one.address), 75)
    return short(f"{one.name} · {one.address}" if one.name else one.address, 75)


async def prepared(call: Then, desk: DeskName, kit: Kit, who: Who, locale: Locale) -> Then:
    """The modal with what was looked up in it."""
    asked = call.arguments
    channels = await kit.begin.channels(desk, ExternalId(asked["agent"]), who) if kit.begin else None
    if kit.begin is None or channels is None:
        view = told_view(SAYINGS[locale]["no_agent"], locale)
    elif call.method == START:
        view = find_view(channels, asked["words"], asked["text"], locale)
    else:
        found = await kit.begin.find(asked["channel"], asked["words"])
        view = choose_view(found, asked["channel"], asked["words"], asked["text"], locale)
    return Then("views.update", {"view_id": asked["view_id"], "view": view})


def sought(reading: Reading, body: dict[str, Any]) -> Heard:
    """The first modal was sent off: it waits while the customer is looked for."""
    view, who = body.get("view") or {}, who_of(reading, body)
    if not who:
        return Heard()
    memory = facts_of(str(view.get("private_metadata") or ""))
    asked = {
        "view_id": named(view.get("id")),
        "agent": who,
        "channel": given(view, "channel"),
        "words": given(view, "words")[:100],
    }
    waits = {"response_action": "update", "view": loading_view(reading.locale)}
    return Heard(answer=waits, then=[Then(FOUND, asked | {"text": memory.get("text", "")})])


def sent(reading: Reading, body: dict[str, Any]) -> Heard:
    """The second was: the conversation begins."""
    view, who = body.get("view") or {}, who_of(reading, body)
    if not who:
        return Heard()
    memory, chosen = facts_of(str(view.get("private_metadata") or "")), given(view, "customer")
    text = plain(given(view, "text"), reading.locale)
    if not text.text.strip() or not (chosen == STRANGER or _ID.fullmatch(chosen)):
        return Heard(answer={"response_action": "errors", "errors": {"text": STARTING[reading.locale]["empty"]}})
    to = (
        {"identity": chosen}
        if chosen != STRANGER
        else {"channel": memory.get("channel", ""), "address": memory.get("address", "")}
    )
    begin = AgentReply(
        desk=reading.desk,
        id=ExternalId(f"{who}:begin:{named(view.get('id'))}"),
        at=reading.now(),
        agent=ExternalId(who),
        kind="begin",
        parts=(text,),
        data=to,
        raw={"user": body.get("user")},
    )
    return Heard([begin])
