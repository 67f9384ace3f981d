"""Buttons in threads → items to be stored, and what is shown afterwards: a modal, or a word to one person."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agents_bridge.slack import assigning, canned, linking, marking, resolving
from agents_bridge.slack.blocks import AS_LINK, AS_NOTE, ASSIGN, CLAIM, PART, RELEASE, REOPEN, RESEND, RESOLVE, RESOLVE_WHY
from agents_bridge.slack.events import Reading, named, stamped
from agents_bridge.slack.heard import Heard, Then, whispered
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.telling import TAKE
from agents_bridge.slack.text import plain
from hub.model import AgentReply, ExternalId, ThreadId

_DELIVERY = re.compile(r"[0-9A-Za-z_.-]{1,64}")
AT_ONCE: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    RESOLVE: ("resolve", {}),
    REOPEN: ("reopen", {}),
    CLAIM: ("assign", {"claim": True}),
    RELEASE: ("assign", {}),
    TAKE: ("assign", {"claim": True, "over": True}),
    marking.UNBLOCK: ("unblock", {}),
    marking.TRANSLATE: ("translate", {"toggle": True}),
    PART: ("part", {}),
}
"""Buttons that need no more than their press: the reply's kind and its data."""
AGAIN = {f"{RESEND}_": "", f"{AS_LINK}_": "link", f"{AS_NOTE}_": "note"}
"""By how a button's name begins: what an answer that did not arrive leaves as."""


class Press:
    """Who pressed something, and where."""

    def __init__(self, reading: Reading, body: dict[str, Any]) -> None:
        where, message, person = body.get("container") or {}, body.get("message") or {}, body.get("user") or {}
        channel = (body.get("channel") or {}).get("id") or where.get("channel_id")
        root = message.get("thread_ts") or where.get("thread_ts") or message.get("ts")
        team = (body.get("team") or {}).get("id") or person.get("team_id")
        self.reading = reading
        self.known = bool(channel and root and person.get("id")) and reading.ours(str(team), person.get("team_id"))
        if not self.known:
            return
        self.channel, self.root = named(channel), stamped(root)
        self.team, self.user = named(team), named(person["id"])
        self.thread = f"{self.channel}:{self.root}"
        home = person.get("team_id")
        self.outside = bool(home) and home != team and not body.get("enterprise")

    def item(self, kind: Any, id: str, at: datetime, raw: dict[str, Any], **more: Any) -> AgentReply:
        """What it comes to."""
        return AgentReply(
            desk=self.reading.desk,
            id=ExternalId(id),
            at=at,
            agent=ExternalId(f"{self.team}:{self.user}"),
            thread=ThreadId(self.thread),
            kind=kind,
            raw=raw,
            **more,
        )


def _in_view(body: dict[str, Any]) -> dict[str, Any]:
    """As if what came from a modal had come from the thread that the modal remembers."""
    memory = canned.facts_of(str(body["view"].get("private_metadata") or ""))
    channel, _, root = str(memory.get("thread")).partition(":")
    return {**body, "container": {"channel_id": named(channel), "thread_ts": stamped(root)}, "message": None}


def by_member(act: Callable[[Press, dict[str, Any]], Heard]) -> Callable[[Reading, dict[str, Any]], Heard]:
    """What a press in a thread comes to, or one in a modal that remembers its thread; people of other workspaces may not. The hub
    finds the conversation by the thread, not by a button's value."""

    def read(reading: Reading, body: dict[str, Any]) -> Heard:
        by = Press(reading, _in_view(body) if body.get("view") else body)
        if not by.known:
            return Heard()
        if by.outside:
            return Heard(then=[whispered(by.channel, by.root, by.user, SAYINGS[reading.locale]["outsider"])])
        return act(by, body)

    return read


@by_member
def done(by: Press, body: dict[str, Any]) -> Heard:
    """A button that needs no more than its press."""
    return _done(by, body, str(body["actions"][0]["action_id"]))


def _done(by: Press, body: dict[str, Any], name: str) -> Heard:
    kind, data = AT_ONCE[name]
    return Heard([_acted(by, body, kind, name, dict(data))])


def _acted(by: Press, body: dict[str, Any], kind: str, name: str, data: dict[str, Any], **more: Any) -> AgentReply:
    action = body["actions"][0]
    when = stamped(action.get("action_ts"))
    raw = {"action": action, "user": body.get("user")}
    return by.item(kind, f"{by.team}:{by.thread}:{name[:20]}:{when}", _at(when), raw, data=data, **more)


@by_member
def again(by: Press, body: dict[str, Any]) -> Heard:
    """An answer that did not arrive leaves once more, as it was or as something else."""
    name, value = str(body["actions"][0]["action_id"]), str(body["actions"][0].get("value") or "")
    how = next(how for prefix, how in AGAIN.items() if name.startswith(prefix))
    if not _DELIVERY.fullmatch(value):
        return Heard()
    return Heard([_acted(by, body, "resend", name, {"as": how} if how else {}, edit_of=ExternalId(value))])


@by_member
def more(by: Press, body: dict[str, Any]) -> Heard:
    """A choice in the card's menu."""
    name = str((body["actions"][0].get("selected_option") or {}).get("value") or "")
    return _done(by, body, name) if name in AT_ONCE else _opened(by, body, name)


@by_member
def opened(by: Press, body: dict[str, Any]) -> Heard:
    """A button that opens a modal."""
    return _opened(by, body, str(body["actions"][0]["action_id"]))


def _opened(by: Press, body: dict[str, Any], name: str) -> Heard:
    value, trigger = str(body["actions"][0].get("value") or ""), str(body.get("trigger_id") or "")
    if name == ASSIGN:
        about = value if _DELIVERY.fullmatch(value) else ""
        return Heard(then=[assigning.assign(trigger, f"{by.team}:{by.user}", by.thread, about)])
    view = _view(by, name, value)
    return Heard(then=[Then("views.open", {"trigger_id": trigger, "view": view})] if view else ())


def _view(by: Press, name: str, value: str) -> dict[str, Any] | None:
    """The modal that a button opens, made of the press alone."""
    locale = by.reading.locale
    if name == RESOLVE_WHY:
        return resolving.resolve_view(by.thread, locale, surveyed=value.endswith(resolving.SURVEY))
    if name == canned.CANNED:
        return canned.canned_view(by.reading.canned, by.thread, canned.facts_of(value), locale)
    return marking.marking_view(name, by.thread, locale) if name in marking.FIELDS else None


@by_member
def linked(by: Press, body: dict[str, Any]) -> Heard:
    """Somebody wants a code."""
    link = linking.asked(f"{by.team}:{by.user}", body.get("response_url"))
    return Heard(then=[link] if link else ())


@by_member
def kept(by: Press, body: dict[str, Any]) -> Heard:
    """What was held stays a note."""
    return Heard(then=respond(body, SAYINGS[by.reading.locale]["kept"]))


@by_member
def sent(by: Press, body: dict[str, Any]) -> Heard:
    """A line that was held and is for the customer after all; it keeps the id of the message, whose mark shows its fate."""
    action = body["actions"][0]
    held = json.loads(str(action.get("value") or ""))
    text = plain(str(held["text"]), by.reading.locale)
    id = f"{by.team}:{by.channel}:{stamped(held['ts'])}:sent"
    at = _at(stamped(action.get("action_ts")))
    reply = by.item("reply", id, at, {"action": action}, parts=(text,), data={"sure": True})
    return Heard([reply], respond(body, SAYINGS[by.reading.locale]["sent"]))


@by_member
def said(by: Press, body: dict[str, Any]) -> Heard:
    """What was kept as a note is for the customer; the value is the id under which it was kept."""
    action = body["actions"][0]
    value = str(action.get("value") or "")
    if not value.startswith(f"{by.team}:") or len(value) > 180:
        raise ValueError("not an id of a note")
    at = _at(stamped(action.get("action_ts")))
    reply = by.item("reply", f"{value}:sent", at, {"action": action}, data={"note": value})
    return Heard([reply], respond(body, SAYINGS[by.reading.locale]["sent"]))


@by_member
def undone(by: Press, body: dict[str, Any]) -> Heard:
    """An answer that has not left shall not; the value is its message's `ts`."""
    action = body["actions"][0]
    own = f"{by.team}:{by.channel}:{stamped(action.get('value') or '')}"
    at = _at(stamped(action.get("action_ts")))
    return Heard([by.item("undo", f"{own}:undo", at, {"action": action}, edit_of=ExternalId(own))], respond(body, "…"))


def _at(stamp: str) -> datetime:
    return datetime.fromtimestamp(float(stamp), UTC)


def respond(body: dict[str, Any], text: str) -> Sequence[Then]:
    """Put another text in the place of what only one person sees (response_url)."""
    url = body.get("response_url")
    said = {"response_type": "ephemeral", "replace_original": body.get("type") == "block_actions", "text": text}
    return [Then("respond", {"url": url, "json": said})] if isinstance(url, str) and url else ()
