"""What Slack sends us → `AgentReply`: events, button presses and commands, all at one address, signed over the raw body.

Events are read here. Whatever people press, send off, choose or give as a command, Bolt routes (routing.py).
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import structlog
from slack_sdk.signature import Clock, SignatureVerifier

from agents_bridge.slack.canned import asks_what_is_ready
from agents_bridge.slack.clocks import ZoneOf, asked
from agents_bridge.slack.events import Reading, event_heard
from agents_bridge.slack.heard import Heard, Then
from agents_bridge.slack.home import home_opened
from agents_bridge.slack.inviting import joined
from agents_bridge.slack.refusals import ALERTS
from agents_bridge.slack.revoking import revoked
from agents_bridge.slack.routing import routed
from agents_bridge.slack.saving import SUBMIT
from agents_bridge.slack.sayings import SAYINGS
from agents_bridge.slack.status import asks_zone
from hub.errors import Malformed, Rejected
from hub.people import Trouble
from hub.ports import Hook, Receipt
from hub.text import clean_tree, is_deeper, loads

log = structlog.get_logger()
MOST_BYTES = 1_048_576
DEEPEST = 50
APART: Mapping[str, Callable[[Reading, dict[str, Any], dict[str, Any]], Heard]] = {
    "app_home_opened": home_opened,
    "member_joined_channel": joined,
    "tokens_revoked": revoked,
    "app_uninstalled": revoked,
}
"""Events that are about no message."""
AWAY, TOLD = timedelta(minutes=10), timedelta(minutes=10)
READY_S = 1.0
"""How long a modal waits for what agents have saved."""
Follow = Callable[[Sequence[Then]], Awaitable[None]]
"""Makes calls once the answer has left."""
Lost = Callable[[datetime, str], Awaitable[None]]
"""Notes since when an app is gone, and by what event that was told."""
_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,200}")


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


def challenged(body: dict[str, Any]) -> bytes:
    """The answer to Slack's question whether an address is ours; empty when it asks nothing of the kind."""
    if body.get("type") != "url_verification":
        return b""
    challenge = body.get("challenge")
    if not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
        raise Malformed("slack: not a challenge")
    return challenge.encode()


def told_by(reading: Reading, body: dict[str, Any]) -> Heard | None:
    """One event, whichever way it came; None for anything else."""
    if (body.get("type") or ("event_callback" if "event" in body else "")) != "event_callback":
        return None
    event = body.get("event")
    if isinstance(event, dict) and (own := APART.get(str(event.get("type")))) is not None:
        return own(reading, body, event) if reading.ours(body.get("team_id")) else Heard()
    return event_heard(reading, body)


async def _with_saved(reading: Reading, body: dict[str, Any]) -> Reading:
    """With what agents have saved, where that matters. Modals do without it after a moment: Slack waits for three seconds. A word
    in a thread fails instead, so that Slack tells it again."""
    if reading.ready is None or not asks_what_is_ready(body, SUBMIT, reading.canned):
        return reading
    if "event" in body:
        return replace(reading, canned=await reading.ready())
    try:
        async with asyncio.timeout(READY_S):
            return replace(reading, canned=await reading.ready())
    except Exception as exc:
        log.warning("slack.saved_not_read", desk=reading.desk, error=type(exc).__name__)
        return reading


async def heard_of(reading: Reading, body: dict[str, Any]) -> tuple[Heard, bytes]:
    """What a request means, and the body of its answer. Whatever is of no interest is answered with 200: for Slack, a 404 is a
    failure."""
    try:
        reading = await _with_saved(reading, body)
        if (heard := told_by(reading, body)) is not None:
            return heard, b""
        heard, answer = await routed(reading, body)
        return heard, answer.body.encode()
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as exc:
        raise Malformed(f"slack: not as documented: {type(exc).__name__}") from exc


def limited(reading: Reading, body: dict[str, Any], channel: str) -> Heard | None:
    """Slack stops telling for a minute (more than 30 000 events an hour): agents are told, and what was not told is read later.
    It says so once a minute, agents hear it once for all minutes in a row."""
    if body.get("type") != "app_rate_limited":
        return None
    minute = body.get("minute_rate_limited")
    if not reading.ours(body.get("team_id")) or type(minute) is not int or not 0 < minute < 2**33:
        return Heard()
    since = min(datetime.fromtimestamp(minute, UTC), reading.now())
    log.error("slack.events_limited", desk=reading.desk, since=since.isoformat(), mend="fewer channels with this app in them")
    text = SAYINGS[reading.locale]["limited"].format(minute=f"{since:%H:%M} UTC")
    told, reading.told["limited"] = reading.told.get("limited"), since
    lately = told is not None and since - told < TOLD
    w = ALERTS[reading.locale]
    broken = Trouble("events", w["events"], w["mend_events"])
    return Heard(
        missed=since, trouble=broken, then=[] if lately else [Then("chat.postMessage", {"channel": channel, "text": text})]
    )


async def taken(
    reading: Reading,
    body: dict[str, Any],
    channel: str,
    follow: Follow,
    turn: str = "",
    *,
    zone: ZoneOf,
    lost: Lost | None = None,
) -> Receipt:
    """What the hub keeps of one request, and the answer. `channel` is where agents hear what concerns them all, `turn` how often
    it was told before, as Slack says it; `zone` is asked where somebody is who names a time of day, and `lost` is told when the
    app was taken away."""
    if (user := asks_zone(body)) and reading.ours(body.get("team_id")):
        reading = replace(reading, zone=await asked(zone, user))
    stopped = limited(reading, body, channel)
    heard, answer = (stopped, b"") if stopped is not None else await heard_of(reading, body)
    after = functools.partial(follow, heard.then) if heard.then else None
    if heard.gone is not None and lost is not None:
        after = functools.partial(lost, heard.gone, str(body["event"]["type"]))
    if answer:
        return Receipt(heard.items, signs=heard.signs, body=answer, content_type="application/json", after=after)
    doubt = heard.missed or retold(reading, turn)
    return Receipt(heard.items, after=after, missed=doubt, trouble=heard.trouble, signs=heard.signs)


def turn_of(hook: Hook) -> str:
    """How often this was told before; empty for the first time."""
    return hook.headers.get("x-slack-retry-num", "")


def retold(reading: Reading, turn: str) -> datetime | None:
    """An event that comes for the third time or later was first told minutes ago: others may have been given up meanwhile."""
    return reading.now() - AWAY if turn in ("2", "3") else None


def parsed(hook: Hook) -> dict[str, Any]:
    """The body of an authentic request, within limits."""
    try:
        text = hook.body.decode()
        if hook.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qs(text, max_num_fields=50)
            if "payload" not in form:
                return {**{name: values[0] for name, values in form.items()}, "type": "command"}
            text = form["payload"][0]
        found = loads(text)
    except ValueError as exc:
        raise Malformed("slack: not JSON") from exc
    if not isinstance(found, dict):
        raise Malformed("slack: not a JSON object")
    if is_deeper(found, DEEPEST):
        raise Malformed("slack: the JSON is nested too deep")
    return dict(clean_tree(found))
