"""What Slack sends us → `AgentReply`: events, button presses and commands, all at one address, signed over the raw body.

Only slack_sdk's verifier is used, not Bolt: Bolt acknowledges before its listeners have run, and answers 404 to what it does not
know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import Clock, SignatureVerifier

from agents_bridge.slack.events import Reading, event_items, named, stamped
from hub.errors import Malformed, Rejected
from hub.model import AgentReply, ExternalId, ThreadId
from hub.ports import Hook, Receipt
from hub.text import clean_tree, is_deeper, loads

MOST_BYTES = 1_048_576
DEEPEST = 50
RESOLVE, REOPEN, RESEND = "fd_resolve", "fd_reopen", "fd_resend"
"""`action_id`s of our buttons."""
_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,200}")
_DELIVERY = re.compile(r"[0-9A-Za-z_.-]{1,64}")


class _HubClock(Clock):
    """The hub's clock, for the SDK."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now().timestamp()


def verifier_of(secret: str, now: Callable[[], datetime]) -> SignatureVerifier:
    """Checks signatures by the hub's clock."""
    return SignatureVerifier(secret, _HubClock(now))


def verify(verifier: SignatureVerifier, hook: Hook) -> None:
    """Slack's signature, within five minutes. The SDK raises on malformed headers and bodies; here that is `Rejected` like any
    forgery."""
    stamp = hook.headers.get("x-slack-request-timestamp", "")
    given = hook.headers.get("x-slack-signature", "")
    if len(hook.body) > MOST_BYTES:
        raise Malformed("slack: the body is above 1 MiB", too_large=True)
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or not given.isascii():
        raise Rejected("slack: no valid signature")
    try:
        valid = verifier.is_valid(hook.body, stamp, given)
    except UnicodeDecodeError as exc:
        raise Rejected("slack: no valid signature") from exc
    if not valid:
        raise Rejected("slack: no valid signature")


def receipt_of(reading: Reading, hook: Hook) -> Receipt:
    """What an authentic request holds. What is of no interest is answered with 200: a 404 counts as a failure for Slack."""
    body = _parsed(hook)
    if body.get("type") == "url_verification":
        challenge = body.get("challenge")
        if not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
            raise Malformed("slack: not a challenge")
        return Receipt(body=challenge.encode())
    return Receipt(items_of(reading, body))


def items_of(reading: Reading, body: dict[str, Any]) -> Sequence[AgentReply]:
    """The items of one event or interaction, whichever way it came."""
    try:
        kind = body.get("type") or ("event_callback" if "event" in body else "")
        if kind == "event_callback":
            return event_items(reading, body)
        if kind == "block_actions":
            return action_items(reading, body)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as exc:
        raise Malformed(f"slack: not as documented: {type(exc).__name__}") from exc
    return ()


def _parsed(hook: Hook) -> dict[str, Any]:
    try:
        text = hook.body.decode()
        if hook.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qs(text, max_num_fields=50)
            if "payload" not in form:
                return {"type": "command"}
            text = form["payload"][0]
        found = loads(text)
    except ValueError as exc:
        raise Malformed("slack: not JSON") from exc
    if not isinstance(found, dict):
        raise Malformed("slack: not a JSON object")
    if is_deeper(found, DEEPEST):
        raise Malformed("slack: the JSON is nested too deep")
    return dict(clean_tree(found))


def action_items(reading: Reading, body: dict[str, Any]) -> Sequence[AgentReply]:
    """Pressed buttons. The hub finds the conversation by the thread that a button was pressed in, not by its value."""
    where, message, person = body.get("container") or {}, body.get("message") or {}, body.get("user") or {}
    channel = (body.get("channel") or {}).get("id") or where.get("channel_id")
    root = message.get("thread_ts") or message.get("ts") or where.get("thread_ts")
    team = (body.get("team") or {}).get("id") or person.get("team_id")
    if not channel or not root or not person.get("id") or not reading.ours(str(team), person.get("team_id")):
        return ()
    thread = f"{named(channel)}:{stamped(root)}"
    made = []
    for action in body.get("actions") or ():
        name, value = str(action.get("action_id") or ""), str(action.get("value") or "")
        kind = _kind(name)
        if kind is None or (kind == "resend" and not _DELIVERY.fullmatch(value)):
            continue
        pressed = stamped(action.get("action_ts"))
        made.append(
            AgentReply(
                desk=reading.desk,
                id=ExternalId(f"{named(team)}:{thread}:{name[:20]}:{pressed}"),
                at=datetime.fromtimestamp(float(pressed), UTC),
                agent=ExternalId(f"{named(team)}:{named(person['id'])}"),
                thread=ThreadId(thread),
                kind=kind,
                edit_of=ExternalId(value) if kind == "resend" else None,
                raw={"action": action, "user": person},
            )
        )
    return made


def _kind(action: str) -> Any:
    if action.startswith(RESEND):
        return "resend"
    return {RESOLVE: "resolve", REOPEN: "reopen"}.get(action)
