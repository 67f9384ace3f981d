"""Modals about a conversation that agents send off → items to be stored, or what is told there where something is wrong."""

from __future__ import annotations

from typing import Any

from agents_bridge.slack import canned, marking, modals, resolving
from agents_bridge.slack.events import Reading, named
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.presses import Press, by_member
from agents_bridge.slack.sayings import SAYINGS
from hub.model import Text


@by_member
def resolved(by: Press, body: dict[str, Any]) -> Heard:
    """A matter is settled, and perhaps why."""
    return Heard(resolving.resolved(by, body["view"], _about(by, body)[0], {"user": body.get("user")}))


def _about(by: Press, body: dict[str, Any]) -> tuple[str, str]:
    """(the id of what a modal comes to, the reason that was given in it)"""
    why = modals.given(body["view"], "why")[: modals.REASON_LIMIT]
    return f"{by.team}:{by.thread}:{named(body['view'].get('id'))}", why


@by_member
def canned_sent(by: Press, body: dict[str, Any]) -> Heard:
    """A canned reply, as it was left in its modal."""
    text = canned.written(body["view"])
    if not text:
        return _wrong(by, canned.PICK, "canned_choose")
    raw = {"user": body.get("user")}
    reply = by.item("reply", _about(by, body)[0], by.reading.now(), raw, parts=(Text(text=text),), data={"canned": ""})
    return Heard([reply])


@by_member
def assigned(by: Press, body: dict[str, Any]) -> Heard:
    """Who shall have a conversation."""
    id, why = _about(by, body)
    agent, who, team = (modals.given(body["view"], name) for name in ("agent", "person", "team"))
    if (agent and who) or (not agent and not who and team not in by.reading.teams):
        return _wrong(by, str(body["view"]["blocks"][0]["block_id"]), "choose_one" if agent else "choose")
    team = team if team in by.reading.teams else ""
    data = {"agent": named(agent)} if agent else {"person": f"{by.team}:{named(who)}"} if who else {}
    data |= {"reason": why} if why else {}
    return Heard([by.item("assign", id, by.reading.now(), {"user": body.get("user")}, team=team, data=data)])


@by_member
def marked(by: Press, body: dict[str, Any]) -> Heard:
    """What a modal of `marking` comes to; a mistake is told in the modal, which stays open."""
    view, now = body["view"], by.reading.now()
    mark = marking.marking_of(str(view["callback_id"]))
    found = marking.marked(mark, view, now)
    if found is None:
        return _wrong(by, str(view["blocks"][0]["block_id"]), "not_understood")
    return Heard([by.item(found[0], _about(by, body)[0], now, {"modal": mark}, data=found[1])])


def _wrong(by: Press, field: str, words: str) -> Heard:
    return Heard(answer={"response_action": "errors", "errors": {field: SAYINGS[by.reading.locale][words]}})


@by_member
def picked(by: Press, body: dict[str, Any]) -> Heard:
    """A canned reply was chosen in its modal: it is shown there, filled."""
    view, name = body["view"], str((body["actions"][0].get("selected_option") or {}).get("value") or "")
    facts = canned.facts_of(str(view["private_metadata"]))
    shown = canned.canned_view(by.reading.canned, by.thread, facts, by.reading.locale, name)
    return Heard(then=[Then("views.update", {"view_id": view["id"], "hash": view.get("hash"), "view": shown})])


def suggested(reading: Reading, body: dict[str, Any]) -> Heard:
    """What a list shows for what is typed into it."""
    if not reading.ours((body.get("team") or {}).get("id")):
        return Heard()
    return Heard(answer={"options": canned.options(reading.canned, str(body.get("value") or ""))})
