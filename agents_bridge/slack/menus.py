"""Shortcuts in a message's own menu, and `/frontdesk` → items to be stored, the answer, and what is shown afterwards."""

from __future__ import annotations

from typing import Any

from agents_bridge.slack import home, linking, starting, status
from agents_bridge.slack.asking import asked
from agents_bridge.slack.events import Post, Reading, named, post_of, read, stamped
from agents_bridge.slack.guard import classified
from agents_bridge.slack.heard import Heard
from agents_bridge.slack.presses import Press, respond
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.text import plain
from hub.model import AgentReply, ExternalId, Text


def begun(reading: Reading, body: dict[str, Any]) -> Heard:
    """A new conversation, from a message's menu with what stands there, or from the search."""
    who = home.who_of(reading, body)
    text = plain(str((body.get("message") or {}).get("text") or ""), reading.locale).text
    return Heard(then=[starting.start(str(body.get("trigger_id") or ""), who, text=text)] if who else ())


def translated(reading: Reading, body: dict[str, Any]) -> Heard:
    """The lines of the customer's that a post shows; the hub finds them by the post."""
    by, message = Press(reading, body), body.get("message") or {}
    if not by.known or by.outside:
        return _not_here(by, body)
    post = f"{by.channel}:{stamped(message.get('ts'))}"
    when = stamped(body.get("action_ts") or body.get("message_ts") or message.get("ts"))
    raw = {"user": body.get("user")}
    return Heard([by.item("translate", f"{by.team}:{post}:tr:{when}", reading.now(), raw, data={"post": post})])


def _not_here(by: Press, body: dict[str, Any]) -> Heard:
    words = SAYINGS[by.reading.locale]["outsider" if by.known and by.outside else "not_here"]
    return Heard(then=respond(body, words))


def _post(by: Press, body: dict[str, Any]) -> Post | None:
    """The line of a thread that a shortcut was chosen at."""
    if not by.known or by.outside:
        return None
    whole = {**body, "team_id": (body.get("team") or {}).get("id")}
    return post_of(by.reading, whole, body.get("message") or {}, {"channel": (body.get("channel") or {}).get("id")})


def send_chosen(reading: Reading, body: dict[str, Any]) -> Heard:
    """A note becomes a reply, by its own menu."""
    by, message = Press(reading, body), body.get("message") or {}
    post, was = _post(by, body), classified(str(message.get("text") or ""), reading.locale)
    if post is None:
        return _not_here(by, body)
    items = [_as_reply(by, post, message, was.text)] if was.reason else []
    return Heard(items, respond(body, SAYINGS[reading.locale]["sent"]))


def note_chosen(reading: Reading, body: dict[str, Any]) -> Heard:
    """A reply becomes a note, by its own menu, and is taken back."""
    by, message = Press(reading, body), body.get("message") or {}
    post = _post(by, body)
    if post is None:
        return _not_here(by, body)
    if classified(str(message.get("text") or ""), reading.locale).reason:
        return Heard(then=respond(body, SAYINGS[reading.locale]["kept"]))
    parts, *_ = read(post, message)
    raw = {"user": body.get("user")}
    gone = by.item("delete", f"{post.id}:deleted", reading.now(), raw, edit_of=ExternalId(post.id))
    return Heard([gone, by.item("note", f"{post.id}:note", reading.now(), raw, parts=tuple(parts))])


def retried(reading: Reading, body: dict[str, Any]) -> Heard:
    """A reply that did not arrive is sent again; the hub finds its calls by the line's own id."""
    by = Press(reading, body)
    post = _post(by, body)
    if post is None:
        return _not_here(by, body)
    when = stamped(body.get("action_ts") or post.ts)
    raw, data = {"user": body.get("user")}, {"own": True}
    return Heard([by.item("resend", f"{post.id}:again:{when}", reading.now(), raw, edit_of=ExternalId(post.id), data=data)])


def _as_reply(by: Press, post: Post, message: dict[str, Any], text: Text) -> AgentReply:
    files = [part for part in read(post, message)[0] if not isinstance(part, Text)]
    parts = ([text] if text.text.strip() else []) + files
    return by.item("reply", f"{post.id}:sent", by.reading.now(), {"message": message}, parts=tuple(parts), data={"sure": True})


def command_heard(reading: Reading, body: dict[str, Any]) -> Heard:
    """`/frontdesk`, which Slack takes in channels alone."""
    if not reading.ours(body.get("team_id")):
        return Heard()
    w, agent = SAYINGS[reading.locale], f"{named(body.get('team_id'))}:{named(body.get('user_id'))}"
    word, _, rest = str(body.get("text") or "").strip().partition(" ")
    if word.casefold() in starting.WORDS:
        return Heard(then=[starting.start(str(body.get("trigger_id") or ""), agent, rest.strip())])
    if word.casefold() in linking.WORDS and (link := linking.asked(agent, body.get("response_url"))):
        return Heard(then=[link])
    if named_one := status.admitted_by(reading, str(body.get("text") or ""), agent, str(body.get("trigger_id") or "")):
        return Heard(signs=named_one, answer={"response_type": "ephemeral", "text": w["noted"]})
    told = status.meant(str(body.get("text") or ""))
    if why := status.unclear(told, reading.zone, reading.locale):
        return Heard(answer={"response_type": "ephemeral", "text": why})
    signs = status.set_by(reading, told, agent, str(body.get("trigger_id") or ""))
    look = asked(str(body.get("text") or ""), agent, body.get("response_url"), told.end(reading.now(), reading.zone))
    if look:
        return Heard(then=[look], signs=signs)
    return Heard(answer={"response_type": "ephemeral", "text": f"{w['help']}\n{w['slash']}"})
