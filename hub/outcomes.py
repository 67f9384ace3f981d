"""What an answer, an error or a silence means for a call: over, again, later, or uncertain (reliability: B.6)."""

from __future__ import annotations

import random
from typing import Any

from hub.errors import Temporary, Undeliverable
from hub.model import ConversationId, ExternalId, MessageId, Report
from hub.ports import Capabilities
from hub.runtime import Hub
from hub.store.calls import Call, Due, Outcome

TRIES = 12
"""Refusals after which a call has failed: with doubling waits, about two hours."""
GIVE_UP_S = 24 * 3600
"""Age at which a call that is still put off has failed, and one that nobody can tell of is over."""
ASK_AGAIN_S = 10.0


def due_of(call: Call) -> Due:
    talk = call.conversation
    return Due(call.id, talk["id"], call.stream, call.target, call.kind, "sending", talk["team"], talk["channel"])


def _report(call: Call, state: Any, reason: str, unreachable: bool = False) -> Report | None:
    """What the conversation must hear: every end of a call to the customer, and every bad end of a call to a desk, except of a
    line that itself tells of an end: two desks that fail would tell each other for ever."""
    if call.kind in ("mark", "card") or (call.kind in ("line", "open") and state == "sent"):
        return None
    if call.entry and call.entry["kind"] == "status":
        return None
    entry = call.entry["id"] if call.entry else None
    return Report(
        id=ExternalId(f"{call.id}.{call.attempt}.{state}"),
        delivery=call.id,
        conversation=ConversationId(call.conversation["id"]),
        message=MessageId(entry) if entry else None,
        target=call.target,
        at=call.at,
        state=state,
        reason=reason[:500],
        unreachable=unreachable,
    )


def over(
    call: Call, state: Any, reason: str = "", *, external_id: str | None = None, place: str = "", unreachable: bool = False
) -> Outcome:
    report = _report(call, state, reason, unreachable)
    return Outcome(call, state, reason, external_id=external_id, place=place, report=report)


def uncertain(call: Call, capabilities: Capabilities, reason: str) -> Outcome:
    """Where a call may have been accepted: repeat it by its key, ask later, or say so."""
    if call.kind in ("mark", "card", "edit", "delete") or capabilities.idempotency == "key":
        return _again(call, reason)
    if capabilities.idempotency == "lookup":
        return Outcome(call, "unknown", reason, wait_ms=int(capabilities.lookup_after * 1000))
    return over(call, "unknown", f"{reason}: it may or may not have reached the customer")


def _again(call: Call, reason: str, wait: float | None = None) -> Outcome:
    if call.tries + 1 >= TRIES:
        return over(call, "failed", f"gave up after {TRIES} tries: {reason}")
    pause = wait if wait is not None else min(2.0**call.tries, 600.0) * (0.75 + random.random() / 2)
    return Outcome(call, "queued", reason, wait_ms=int(pause * 1000))


def looked_up(call: Call, external_id: ExternalId | None, place: str) -> Outcome:
    """The platform has said whether a call arrived."""
    if external_id is None:
        return _again(call, "it had not arrived", 0.0)
    return over(call, "sent", external_id=external_id, place=place)


def unasked(call: Call, exc: Exception, hub: Hub) -> Outcome:
    """The platform did not say whether a call arrived: ask again, unless it never will."""
    if isinstance(exc, Undeliverable) or (hub.now() - call.at).total_seconds() > GIVE_UP_S:
        return over(call, "unknown", f"nobody can say whether it arrived: {exc}")
    wait = exc.retry_after if isinstance(exc, Temporary) and exc.retry_after else ASK_AGAIN_S
    return Outcome(call, "unknown", str(exc) or type(exc).__name__, wait_ms=int(wait * 1000), counts=False)


def put_off(call: Call, exc: Temporary, hub: Hub) -> Outcome:
    if (hub.now() - call.at).total_seconds() > GIVE_UP_S:
        return over(call, "failed", f"gave up after {GIVE_UP_S // 3600} hours: {exc}")
    if exc.paused:
        return Outcome(call, "queued", str(exc), wait_ms=int((exc.retry_after or 1.0) * 1000), counts=False)
    return _again(call, str(exc), exc.retry_after)
