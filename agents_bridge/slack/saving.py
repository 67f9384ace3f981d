"""Canned replies that agents save from a message's own menu, by a modal that warns of what is one customer's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agents_bridge.slack import from_message
from agents_bridge.slack.canned import FORGET, TEXT_LIMIT, canned_view, facts_of
from agents_bridge.slack.events import Reading, named, stamped
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.manifest import SAVE
from agents_bridge.slack.modals import Locale, given, labelled, remembering
from agents_bridge.slack.presses import Press, by_member
from agents_bridge.slack.saving_words import SAVING
from agents_bridge.slack.text import section, short
from hub.canned import Known, SavedReply, personal, unnamed
from hub.model import DeskName
from hub.people import Who
from hub.ports import Kit

SUBMIT, WAIT = "fd_save_text", "fd_save_wait"
"""`callback_id`s of the modal."""
LANGUAGES = {"*": "", "en": "English", "zh": "中文"}
NAME_LIMIT, TITLE_LIMIT = 64, 150


def loading_view(locale: Locale) -> dict[str, Any]:
    """What is there at once."""
    return remembering(WAIT, SAVING[locale]["title"], locale, [section(SAVING[locale]["wait"])])


def save_view(one: Mapping[str, str], known: Known, thread: str, locale: Locale, was: str = "") -> dict[str, Any]:
    """The reply as it would be saved: its name, title, text and language, with what of it is about one person."""
    w, text = SAVING[locale], one["text"][:TEXT_LIMIT]
    found = personal(text, known)
    warned = [section(w["found"].format(what=", ".join(w[f"found_{kind}"] for kind in found)))] if found else []
    offered = {"text": {"type": "plain_text", "text": w["unname_yes"]}, "value": "yes"}
    boxes = {"type": "checkboxes", "options": [offered], "initial_options": [offered]}
    line: dict[str, Any] = {"type": "plain_text_input"}
    fields = [
        labelled("name", w["name"], _filled(line | {"max_length": NAME_LIMIT}, one.get("name", "")), optional=False),
        labelled("title", w["shown"], _filled(line | {"max_length": TITLE_LIMIT}, one.get("title", ""))),
        labelled("text", w["text"], _filled(line | {"multiline": True, "max_length": TEXT_LIMIT}, text), optional=False),
        {"type": "context", "elements": [{"type": "plain_text", "text": w["hint"]}]},
        *([labelled("unname", w["unname"], boxes)] if "name" in found else []),
        labelled("locale", w["locale"], _languages(one.get("locale") or known.locale, locale), optional=False),
    ]
    memory = {"thread": thread, "was": was, "called": short(known.name, 191) if "name" in found else ""}
    return remembering(SUBMIT, w["title"], locale, [*warned, *fields], memory, w["save"])


def _filled(field: dict[str, Any], text: str) -> dict[str, Any]:
    return field | ({"initial_value": text} if text else {})


def _languages(chosen: str, locale: Locale) -> dict[str, Any]:
    chosen = chosen[:16] or "*"
    chosen = chosen if chosen not in LANGUAGES and "-" not in chosen else chosen.split("-")[0]
    names = LANGUAGES | {"*": SAVING[locale]["every"]}
    options = [
        {"text": {"type": "plain_text", "text": names.get(one, one)}, "value": one} for one in dict.fromkeys([*names, chosen])
    ]
    return {"type": "static_select", "options": options, "initial_option": next(one for one in options if one["value"] == chosen)}


def asked(reading: Reading, body: dict[str, Any]) -> Heard:
    """Somebody chose it in a message's own menu."""
    return from_message.chosen(SAVE, TEXT_LIMIT, reading, body)


async def prepared(call: Then, desk: DeskName, kit: Kit, who: Who, locale: Locale, *, anybody: bool) -> Then:
    """The modal, once it is known what of the text is its customer's."""
    asked = call.arguments

    def view(known: Known) -> dict[str, Any]:
        return save_view({"text": asked["text"]}, known, asked["thread"], locale)

    return await from_message.filled(call, view, desk, kit, who, locale, anybody=anybody)


@by_member
def saved(by: Press, body: dict[str, Any]) -> Heard:
    """The modal was sent off; what is wrong is told in it."""
    view, w = body["view"], SAVING[by.reading.locale]
    memory = facts_of(str(view.get("private_metadata") or ""))
    one = {name: given(view, name) for name in ("name", "title", "text", "locale")}
    boxes = ((view.get("state") or {}).get("values") or {}).get("unname", {}).get("unname") or {}
    if boxes.get("selected_options") and memory.get("called"):
        one["text"] = unnamed(one["text"], memory["called"])
    if wrong := _wrong(by.reading, one, memory.get("was", "")):
        return Heard(answer={"response_action": "errors", "errors": {name: w[word] for name, word in wrong.items()}})
    id = f"{by.team}:{by.thread}:{named(view.get('id'))}"
    data = one | {"was": memory.get("was", "")}
    return Heard([by.item("save", id, by.reading.now(), {"user": body.get("user")}, data=data)])


def _wrong(reading: Reading, one: Mapping[str, str], was: str) -> dict[str, str]:
    """The fields that are not right, and what is said of each."""
    try:
        SavedReply(name=one["name"], title=one["title"], text={one["locale"]: one["text"]})
    except ValidationError as exc:
        fields = {str(error["loc"][0]) for error in exc.errors()}
        return {"name": "bad_name"} if "name" in fields else {"text": "bad_text"}
    there = reading.canned.find(one["name"])
    if there is None or (was and isinstance(there, SavedReply) and there is reading.canned.find(was)):
        return {}
    return {"name": "taken" if isinstance(there, SavedReply) else "taken_file"}


@by_member
def change(by: Press, body: dict[str, Any]) -> Heard:
    """The reply that is shown in the list's modal is opened to be changed."""
    view, name = body["view"], str(body["actions"][0].get("value") or "")
    one, locale = by.reading.canned.find(name), by.reading.locale
    if not isinstance(one, SavedReply):
        return _listed(by, view)
    [(language, text)] = one.text.items()
    fields = {"name": one.name, "title": one.title, "text": text, "locale": language}
    shown = save_view(fields, Known(), by.thread, locale, one.name)
    return Heard(then=[Then("views.update", {"view_id": view["id"], "hash": view.get("hash"), "view": shown})])


@by_member
def forgotten(by: Press, body: dict[str, Any]) -> Heard:
    """It is deleted, after Slack has asked whether that is meant."""
    action = body["actions"][0]
    name, when = str(action.get("value") or "")[:NAME_LIMIT], stamped(action.get("action_ts"))
    id = f"{by.team}:{by.thread}:{FORGET}:{when}"
    drop = by.item("forget", id, by.reading.now(), {"user": body.get("user")}, data={"name": name})
    return Heard([drop], _listed(by, body["view"]).then)


def _listed(by: Press, view: dict[str, Any]) -> Heard:
    facts = facts_of(str(view.get("private_metadata") or ""))
    shown = canned_view(by.reading.canned, by.thread, facts, by.reading.locale)
    return Heard(then=[Then("views.update", {"view_id": view["id"], "hash": view.get("hash"), "view": shown})])
