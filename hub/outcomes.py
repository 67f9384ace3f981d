"""What an answer, an error or a silence means for a call: over, again, later, or uncertain (reliability: B.6)."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.calling import ALONE, RUSH, URGENT
from hub.errors import Temporary, Undeliverable, WindowClosed
from hub.metrics import DELIVERED
from hub.model import ConversationId, ExternalId, MessageId, Report
from hub.places import target_of
from hub.ports import Capabilities, Window
from hub.runtime import Hub
from hub.store.calls import Call, Due, Outcome

PAUSES = tuple(min(2.0**n, 600.0) for n in range(11))
"""Seconds between tries where the channel says nothing else: twelve tries in less than half an hour."""
KEYED_PAUSES = (1.0, 4.0, 15.0, 60.0, 240.0, 900.0, 1800.0, 3600.0, 7200.0, 7200.0, 7200.0)
"""Where a repeated call does no harm: twelve tries in eight hours."""
GIVE_UP_S = 24 * 3600
"""Age at which a call that is still put off has failed, and one that nobody can tell of is over."""
ASK_AGAIN_S = 10.0
MOST_IN_VAIN = 5000
ASK_FOR_S, ASK_PACED_FOR_S = 60.0, 600.0
"""How long a platform is asked in vain about a call while others wait behind it; the second where it only wants to be asked more
slowly, and hundreds may have to be asked about after an outage."""
PASSIVE = "hook:"
"""How the key of a call begins that answered a platform's own request: nothing can repeat it or ask about it."""
NOTICED = "the customer has been told by a notice of the platform that an answer waits"
UNNOTICED = "the notice to the customer that an answer waits"
LAST = "one more answer can leave on this channel until the customer writes again: best ask them something"


def due_of(call: Call) -> Due:
    talk, address = call.conversation, call.identity["external_id"]
    return Due(call.id, talk["id"], call.stream, call.target, call.kind, "sending", talk["team"], talk["channel"], address)


def _report(call: Call, state: Any, reason: str, unreachable: bool = False) -> Report | None:
    """What the conversation must hear: every end of a call to the customer, and every bad end of a call to a desk, except of a
    line that itself tells of an end: two desks that fail would tell each other for ever."""
    if call.kind in ("mark", "card", "amend", ALONE, RUSH) or (call.kind in ("line", "open", URGENT) and state == "sent"):
        return None
    if call.entry and call.entry["kind"] == "status":
        return None
    entry = call.entry["id"] if call.entry else None
    if call.kind == "notice":
        state, reason = ("noticed", NOTICED) if state == "sent" else (state, f"{UNNOTICED}: {reason}")
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
        file=call.kind == "send" and call.has_media,
    )


def over(
    call: Call, state: Any, reason: str = "", *, external_id: str | None = None, place: str = "", unreachable: bool = False
) -> Outcome:
    report = _report(call, state, reason, unreachable)
    last = _report(call, "warned", LAST) if state == "sent" and call.left == 1 and call.lead else None
    return Outcome(call, state, reason, external_id=external_id, place=place, report=report, warning=last)


def sent(run: Sequence[Call], external_id: str | None, place: str, told: str, pieces: Sequence[ExternalId]) -> list[Outcome]:
    """A call that was taken, for each row of it; what is to be said of it and what it became belong to the first."""
    first, *others = [over(call, "sent", told if call is run[0] else "", external_id=external_id, place=place) for call in run]
    return [replace(first, pieces=tuple(pieces)), *others]


def refusal(exc: WindowClosed | Undeliverable) -> str:
    """What agents read of a refusal: with the platform's own code, unless its words have it already. A code that is a word may
    stand among them by chance: faces explain it by its place at the end."""
    said = exc.code in exc.reason if exc.code.isdigit() else exc.reason.endswith(exc.code)
    return f"{exc.reason} ({exc.code})" if exc.code and not said else exc.reason


def held(call: Call, exc: WindowClosed, window: Window) -> Outcome:
    """The platform wants the customer to act first. What shares the call is told of once."""
    reason, wait_ms = refusal(exc), int(window.hold_s * 1000)
    told = _report(call, "held", reason) if call.lead else None
    return Outcome(call, "held", reason, wait_ms=wait_ms, counts=False, report=told)


def alike(first: Outcome, calls: Sequence[Call]) -> list[Outcome]:
    """One call's outcome for all that customers got with it: they go on together. Words on a success are said once."""
    plain = replace(first, warning=None, pieces=(), reason="" if first.state == "sent" else first.reason)
    others = [replace(plain, call=call, report=first.report and _copy(first.report, call, plain.reason)) for call in calls[1:]]
    return [first, *others]


def _copy(report: Report, call: Call, reason: str) -> Report:
    entry = MessageId(call.entry["id"]) if call.entry else None
    name = ExternalId(f"{call.id}.{call.attempt}.{report.state}")
    told = reason if report.state == "sent" else report.reason
    return report.model_copy(update={"id": name, "delivery": call.id, "message": entry, "at": call.at, "reason": told})


def uncertain(call: Call, capabilities: Capabilities, reason: str) -> Outcome:
    """Where a call may have been accepted: repeat it by its key, ask later, or say so."""
    if call.call_key.startswith(PASSIVE):
        return over(call, "unknown", f"{reason}: it may or may not have reached the customer")
    if call.kind == ALONE:  # nobody can be asked about it, and a second one would be worse than none
        return over(call, "unknown", reason)
    if call.kind in ("mark", "card", "amend", "edit", "delete") or capabilities.idempotency == "key":
        return _again(call, capabilities, reason)
    if capabilities.idempotency == "lookup":
        return Outcome(call, "unknown", reason, wait_ms=int(capabilities.lookup_after * 1000))
    return over(call, "unknown", f"{reason}: it may or may not have reached the customer")


def pauses(capabilities: Capabilities) -> Sequence[float]:
    """Seconds before each further try."""
    return capabilities.pauses or (KEYED_PAUSES if capabilities.idempotency == "key" else PAUSES)


def _again(call: Call, capabilities: Capabilities, reason: str, wait: float | None = None) -> Outcome:
    waits = pauses(capabilities)
    if call.tries >= len(waits):
        return over(call, "failed", f"gave up after {call.tries + 1} tries: {reason}")
    pause = wait if wait is not None else waits[call.tries] * (0.75 + random.random() / 2)
    return Outcome(call, "queued", reason, wait_ms=int(pause * 1000))


def looked_up(call: Call, capabilities: Capabilities, external_id: ExternalId | None, place: str) -> Outcome:
    """The platform has said whether a call arrived."""
    if external_id is None:
        return _again(call, capabilities, "it had not arrived", 0.0)
    return over(call, "sent", external_id=external_id, place=place)


def came(outcomes: Iterable[Outcome]) -> None:
    """Count how long what people wrote took to where it had to go, now that its outcome is recorded."""
    now = datetime.now(UTC)
    for o in outcomes:
        if o.state == "sent" and o.call.kind in ("send", "line") and o.call.entry and o.call.entry["kind"] == "message":
            DELIVERED.labels(o.call.target).observe(max((now - o.call.entry["at"]).total_seconds(), 0.0))


class InVain:
    """Since when a process has asked a platform about a call in vain; of the last few thousand calls."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, int], float] = {}

    def seconds(self, call: Call) -> float:
        """For how long by now; another attempt at a call is another question."""
        now, own = time.monotonic(), (call.id, call.attempt)
        if len(self._since) > MOST_IN_VAIN:
            self._since = {one: since for one, since in self._since.items() if now - since < ASK_PACED_FOR_S}
        return now - self._since.setdefault(own, now)


def unasked(call: Call, exc: Exception, hub: Hub, in_vain: InVain) -> Outcome:
    """The platform did not say whether a call arrived: ask again, unless it never will or what follows has waited long enough.
    Without a thread nothing could follow: it is asked for as long as it takes."""
    wait, patience = ASK_AGAIN_S, ASK_FOR_S
    if isinstance(exc, Temporary):
        wait, patience = exc.retry_after or ASK_AGAIN_S, ASK_PACED_FOR_S if exc.paused else ASK_FOR_S
    if call.kind == "open":
        patience = GIVE_UP_S
    left = min(patience - in_vain.seconds(call), GIVE_UP_S - (hub.now() - call.at).total_seconds())
    if isinstance(exc, Undeliverable) or left <= 0:
        return over(call, "unknown", f"nobody can say whether it arrived: {str(exc) or type(exc).__name__}")
    wait = max(min(wait, left), 1.0)
    return Outcome(call, "unknown", str(exc) or type(exc).__name__, wait_ms=int(wait * 1000), counts=False)


def put_off(call: Call, capabilities: Capabilities, exc: Temporary, hub: Hub) -> Outcome:
    if (hub.now() - call.at).total_seconds() > GIVE_UP_S:
        return over(call, "failed", f"gave up after {GIVE_UP_S // 3600} hours: {exc}")
    if exc.paused:
        told = _report(call, "delayed", str(exc)) if _is_news(call, exc) else None
        return Outcome(call, "queued", str(exc), wait_ms=int((exc.retry_after or 1.0) * 1000), counts=False, report=told)
    return _again(call, capabilities, str(exc), exc.retry_after)


def _is_news(call: Call, exc: Temporary) -> bool:
    """Whether people have to hear why a call waits: once for each cause. What is the platform's own to pass is not told; nor is
    a notice to the customer that waits, which nobody is waiting for."""
    return exc.trouble is not None and call.kind != "notice" and not call.reason.startswith(exc.trouble.said)


async def expire(hub: Hub, lane: int) -> None:
    """Calls whose maker died may have been accepted: they become uncertain, never simply queued again."""
    outcomes = []
    for call in await hub.store.deliveries.expired(lane):
        target = target_of(hub, call.target)
        capabilities = target.capabilities if target else Capabilities()
        outcomes.append(uncertain(call, capabilities, "the worker stopped while it was sending"))
    if outcomes:
        await hub.store.deliveries.record(outcomes, owner="")
        hub.jobs.hint_inbound({o.call.conversation["bucket"] % hub.store.lanes for o in outcomes if o.report})
