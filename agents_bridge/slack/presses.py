"""Buttons, modals, shortcuts and `/frontdesk` → items to be stored, the answer, and what is shown afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agents_bridge.slack import canned, home, linking, marking, modals, resolving, starting, status
from agents_bridge.slack.asking import asked
from agents_bridge.slack.blocks import AS_LINK, AS_NOTE, ASSIGN, CLAIM, PART, RELEASE, REOPEN, RESEND, RESOLVE, RESOLVE_WHY
from agents_bridge.slack.events import Post, Reading, named, post_of, read, stamped
from agents_bridge.slack.guard import SEND, classified
from agents_bridge.slack.heard import Heard, Then, whispered
from agents_bridge.slack.manifest import COMMAND, MAKE_NOTE, SEND_IT, TRANSLATE
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.telling import KEEP, SAY, UNDO
from agents_bridge.slack.text import plain
from hub.model import AgentReply, ExternalId, Text, ThreadId

_DELIVERY = re.compile(r"[0-9A-Za-z_.-]{1,64}")
AT_ONCE: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    RESOLVE: ("resolve", {}),
    REOPEN: ("reopen", {}),
    CLAIM: ("assign", {"claim": True}),
    RELEASE: ("assign", {}),
    marking.UNBLOCK: ("unblock", {}),
    marking.TRANSLATE: ("translate", {"toggle": True}),
    PART: ("part", {}),
}
"""Buttons that need no more than their press: the reply's kind and its data."""
AGAIN = {f"{RESEND}_": "", f"{AS_LINK}_": "link", f"{AS_NOTE}_": "note"}
"""By how a button's name begins: what an answer that did not arrive leaves as."""


class _Press:
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


def pressed(reading: Reading, body: dict[str, Any]) -> Heard:
    """Buttons. The hub finds the conversation by the thread that a button was pressed in, not by its value."""
    if (body.get("view") or {}).get("type") == "home":
        return home.home_pressed(reading, body)
    by = _Press(reading, _in_view(body) if body.get("view") else body)
    if not by.known:
        return Heard()
    if by.outside:
        return Heard(then=[whispered(by.channel, by.root, by.user, SAYINGS[reading.locale]["outsider"])])
    items: list[AgentReply] = []
    then: list[Then] = []
    for action in body.get("actions") or ():
        found = _action(by, body, action)
        items += found.items
        then += found.then
    return Heard(items, then)


def _action(by: _Press, body: dict[str, Any], action: dict[str, Any]) -> Heard:
    name, value = str(action.get("action_id") or ""), str(action.get("value") or "")
    if name == marking.MORE:
        name = str((action.get("selected_option") or {}).get("value") or "")
    if name == canned.PICK:
        return _picked(by, body, action)
    if name == linking.LINK:
        link = linking.asked(f"{by.team}:{by.user}", body.get("response_url"))
        return Heard(then=[link] if link else ())
    view = _view(by, name, value)
    if view:
        return Heard(then=[Then("views.open", {"trigger_id": str(body.get("trigger_id") or ""), "view": view})])
    w = SAYINGS[by.reading.locale]
    if name == KEEP:
        return Heard(then=_respond(body, w["kept"]))
    if name == SEND:
        return Heard([_sent(by, value, action)], _respond(body, w["sent"]))
    if name == SAY:
        return Heard([_said(by, value, action)], _respond(body, w["sent"]))
    if name == UNDO:
        return Heard([_undone(by, value, action)], _respond(body, "…"))
    again = next((how for prefix, how in AGAIN.items() if name.startswith(prefix)), None)
    kind, data = AT_ONCE.get(name, ("", {})) if again is None else ("resend", {"as": again} if again else {})
    if not kind or (kind == "resend" and not _DELIVERY.fullmatch(value)):
        return Heard()
    when = stamped(action.get("action_ts"))
    more: dict[str, Any] = {"data": dict(data)} | ({"edit_of": ExternalId(value)} if kind == "resend" else {})
    raw = {"action": action, "user": body.get("user")}
    return Heard([by.item(kind, f"{by.team}:{by.thread}:{name[:20]}:{when}", _at(when), raw, **more)])


def _view(by: _Press, name: str, value: str) -> dict[str, Any] | None:
    """The modal that a button opens, made of the press alone."""
    locale = by.reading.locale
    if name == ASSIGN:
        return modals.assign_view(by.thread, by.reading.teams, locale)
    if name == RESOLVE_WHY:
        return resolving.resolve_view(by.thread, locale, surveyed=value.endswith(resolving.SURVEY))
    if name == canned.CANNED:
        return canned.canned_view(by.reading.canned, by.thread, canned.facts_of(value), locale)
    return marking.marking_view(name, by.thread, locale) if name in marking.FIELDS else None


def _sent(by: _Press, value: str, action: dict[str, Any]) -> AgentReply:
    """A line that was held and is for the customer after all; it keeps the id of the message, whose mark shows its fate."""
    held = json.loads(value)
    text = plain(str(held["text"]), by.reading.locale)
    id = f"{by.team}:{by.channel}:{stamped(held['ts'])}:sent"
    return by.item("reply", id, _at(stamped(action.get("action_ts"))), {"action": action}, parts=(text,), data={"sure": True})


def _said(by: _Press, value: str, action: dict[str, Any]) -> AgentReply:
    """What was kept as a note is for the customer; `value` is the id under which it was kept."""
    if not value.startswith(f"{by.team}:") or len(value) > 180:
        raise ValueError("not an id of a note")
    at = _at(stamped(action.get("action_ts")))
    return by.item("reply", f"{value}:sent", at, {"action": action}, data={"note": value})


def _undone(by: _Press, value: str, action: dict[str, Any]) -> AgentReply:
    """An answer that has not left shall not; `value` is its message's `ts`."""
    own = f"{by.team}:{by.channel}:{stamped(value)}"
    at = _at(stamped(action.get("action_ts")))
    return by.item("undo", f"{own}:undo", at, {"action": action}, edit_of=ExternalId(own))


def _at(stamp: str) -> datetime:
    return datetime.fromtimestamp(float(stamp), UTC)


def _respond(body: dict[str, Any], text: str) -> Sequence[Then]:
    """Put another text in the place of what only one person sees (response_url)."""
    url = body.get("response_url")
    said = {"response_type": "ephemeral", "replace_original": body.get("type") == "block_actions", "text": text}
    return [Then("respond", {"url": url, "json": said})] if isinstance(url, str) and url else ()


def submitted(reading: Reading, body: dict[str, Any]) -> Heard:
    """A modal that was sent off."""
    view, person = body.get("view") or {}, body.get("user") or {}
    kind = str(view.get("callback_id"))
    if kind in (starting.FIND, starting.SEND):
        return starting.sought(reading, body) if kind == starting.FIND else starting.sent(reading, body)
    if kind == home.AWAY:
        return home.away_submitted(reading, body)
    mark = marking.marking_of(kind)
    if kind not in (modals.ASSIGN, resolving.RESOLVE, canned.SEND_CANNED) and not mark:
        return Heard()
    by = _Press(reading, _in_view(body))
    if not by.known:
        return Heard()
    if by.outside:
        return Heard(then=[whispered(by.channel, by.root, by.user, SAYINGS[reading.locale]["outsider"])])
    why = modals.given(view, "why")[: modals.REASON_LIMIT]
    id, now, raw = f"{by.team}:{by.thread}:{named(view.get('id'))}", reading.now(), {"user": person}
    if kind == resolving.RESOLVE:
        return Heard(resolving.resolved(by, view, id, raw))
    if kind == canned.SEND_CANNED:
        text = canned.written(view)
        if not text:
            answer = {"response_action": "errors", "errors": {canned.PICK: SAYINGS[reading.locale]["canned_choose"]}}
            return Heard(answer=answer)
        return Heard([by.item("reply", id, now, raw, parts=(Text(text=text),), data={"canned": ""})])
    if mark:
        return _marked(by, mark, view, id)
    who, team = modals.given(view, "person"), modals.given(view, "team")
    if not who and team not in reading.teams:
        return Heard(answer={"response_action": "errors", "errors": {"person": SAYINGS[reading.locale]["choose"]}})
    data = ({"person": f"{by.team}:{named(who)}"} if who else {}) | ({"reason": why} if why else {})
    return Heard([by.item("assign", id, now, raw, team=team if team in reading.teams else "", data=data)])


def _in_view(body: dict[str, Any]) -> dict[str, Any]:
    """As if what came from a modal had come from the thread that the modal remembers."""
    memory = canned.facts_of(str(body["view"].get("private_metadata") or ""))
    channel, _, root = str(memory.get("thread")).partition(":")
    return {**body, "container": {"channel_id": named(channel), "thread_ts": stamped(root)}, "message": None}


def _picked(by: _Press, body: dict[str, Any], action: dict[str, Any]) -> Heard:
    """A canned reply was chosen in its modal: it is shown there, filled."""
    view, name = body["view"], str((action.get("selected_option") or {}).get("value") or "")
    facts = canned.facts_of(str(view["private_metadata"]))
    shown = canned.canned_view(by.reading.canned, by.thread, facts, by.reading.locale, name)
    return Heard(then=[Then("views.update", {"view_id": view["id"], "hash": view.get("hash"), "view": shown})])


def suggested(reading: Reading, body: dict[str, Any]) -> Heard:
    """What a list shows for what is typed into it."""
    if body.get("action_id") != canned.PICK or not reading.ours((body.get("team") or {}).get("id")):
        return Heard()
    return Heard(answer={"options": canned.options(reading.canned, str(body.get("value") or ""))})


def _marked(by: _Press, mark: str, view: dict[str, Any], id: str) -> Heard:
    """What a modal of `marking` comes to; a mistake is told in the modal, which stays open."""
    now = by.reading.now()
    found = marking.marked(mark, view, now)
    if found is None:
        field = str(view["blocks"][0]["block_id"])
        return Heard(answer={"response_action": "errors", "errors": {field: SAYINGS[by.reading.locale]["not_understood"]}})
    return Heard([by.item(found[0], id, now, {"modal": mark}, data=found[1])])


def chosen(reading: Reading, body: dict[str, Any]) -> Heard:
    """A shortcut in a message's own menu: a note becomes a reply, a reply a note."""
    w = SAYINGS[reading.locale]
    if body.get("callback_id") == starting.NEW:
        who = home.who_of(reading, body)
        said = plain(str((body.get("message") or {}).get("text") or ""), reading.locale).text
        return Heard(then=[starting.start(str(body.get("trigger_id") or ""), who, text=said)] if who else ())
    by, message = _Press(reading, body), body.get("message") or {}
    if body.get("callback_id") == TRANSLATE and by.known and not by.outside:
        return _translated(by, body, message)
    whole = {**body, "team_id": (body.get("team") or {}).get("id")}
    post = post_of(reading, whole, message, {"channel": (body.get("channel") or {}).get("id")}) if by.known else None
    if post is None or by.outside:
        return Heard(then=_respond(body, w["outsider" if by.known and by.outside else "not_here"]))
    was = classified(str(message.get("text") or ""), reading.locale)
    if body.get("callback_id") == SEND_IT and was.reason:
        return Heard([_as_reply(by, post, message, was.text)], _respond(body, w["sent"]))
    if body.get("callback_id") == MAKE_NOTE and not was.reason:
        parts, *_ = read(post, message)
        raw = {"user": body.get("user")}
        gone = by.item("delete", f"{post.id}:deleted", reading.now(), raw, edit_of=ExternalId(post.id))
        return Heard([gone, by.item("note", f"{post.id}:note", reading.now(), raw, parts=tuple(parts))])
    return Heard(then=_respond(body, w["kept" if was.reason else "sent"]))


def _translated(by: _Press, body: dict[str, Any], message: dict[str, Any]) -> Heard:
    """The lines of the customer's that this post shows; the hub finds them by the post."""
    post = f"{by.channel}:{stamped(message.get('ts'))}"
    when = stamped(body.get("action_ts") or body.get("message_ts") or message.get("ts"))
    raw = {"user": body.get("user")}
    return Heard([by.item("translate", f"{by.team}:{post}:tr:{when}", by.reading.now(), raw, data={"post": post})])


def _as_reply(by: _Press, post: Post, message: dict[str, Any], text: Text) -> AgentReply:
    files = [part for part in read(post, message)[0] if not isinstance(part, Text)]
    parts = ([text] if text.text.strip() else []) + files
    return by.item("reply", f"{post.id}:sent", by.reading.now(), {"message": message}, parts=tuple(parts), data={"sure": True})


def command_heard(reading: Reading, body: dict[str, Any]) -> Heard:
    """`/frontdesk`, which Slack takes in channels alone."""
    if body.get("command") != COMMAND or not reading.ours(body.get("team_id")):
        return Heard()
    w, agent = SAYINGS[reading.locale], f"{named(body.get('team_id'))}:{named(body.get('user_id'))}"
    word, _, rest = str(body.get("text") or "").strip().partition(" ")
    if word.casefold() in starting.WORDS:
        return Heard(then=[starting.start(str(body.get("trigger_id") or ""), agent, rest.strip())])
    if word.casefold() in linking.WORDS and (link := linking.asked(agent, body.get("response_url"))):
        return Heard(then=[link])
    if named_one := status.admitted_by(reading, str(body.get("text") or ""), agent, str(body.get("trigger_id") or "")):
        return Heard(signs=named_one, answer={"response_type": "ephemeral", "text": w["noted"]})
    signs = status.set_by(reading, str(body.get("text") or ""), agent, str(body.get("trigger_id") or ""))
    look = asked(str(body.get("text") or ""), agent, body.get("response_url"))
    if look:
        return Heard(then=[look], signs=signs)
    return Heard(answer={"response_type": "ephemeral", "text": f"{w['help']}\n{w['slash']}"})


READERS: Mapping[str, Callable[[Reading, dict[str, Any]], Heard]] = {
    "block_actions": pressed,
    "view_submission": submitted,
    "block_suggestion": suggested,
    "message_action": chosen,
    "command": command_heard,
}
