"""Deliveries as calls: what a claim hands out, what an outcome writes back, and which rows may share one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import and_, bindparam, case, exists, func, or_, select, update

from hub.capabilities import Capabilities
from hub.model import Report
from hub.packing import may_share
from hub.store import tables
from hub.store.database import now_ms

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
attempt = tables.DeliveryAttempt.__table__  # type: ignore[attr-defined]
MEDIA = '"type":"media"'
"""How a media part begins in stored JSON; inside of what people write, quotes are escaped."""
TRANSLATING = '"translating":true'

_earlier = delivery.alias("earlier")
BLOCKED = exists().where(
    _earlier.c.conversation_id == delivery.c.conversation_id,
    _earlier.c.stream == delivery.c.stream,
    _earlier.c.rank < delivery.c.rank,
    or_(_earlier.c.state.in_(("queued", "sending")), and_(_earlier.c.state == "unknown", _earlier.c.due_ms > 0)),
)
"""Whether something must be over in its stream before this call may go."""


@dataclass(frozen=True, slots=True)
class Due:
    """The head of one stream: a call that may go now, or (`unknown`) one whose fate may be asked for now."""

    id: str
    conversation_id: str
    stream: str
    target: str
    kind: str
    state: str
    team: str
    channel: str
    address: str = ""
    """The customer's, on that channel."""


@dataclass(frozen=True, slots=True)
class Call:
    """A claimed delivery with everything that its call needs. Rows of other tables come as plain mappings."""

    id: str
    key: str
    attempt: int
    tries: int
    rank: int
    kind: str
    target: str
    stream: str
    parts: str | None
    data: str
    at: datetime
    conversation: Any
    identity: Any
    entry: Any
    thread: str
    place: str
    agent: str
    """The name of the conversation's agent."""
    call_key: str = ""
    """Of a call to a customer: the key of the first row that it was made with; rows that once shared a call go on sharing it."""
    acts: int = 0
    """How often the customer had acted, where the channel counts our answers."""
    until_ms: int = 0
    calls_left: int | None = None
    ticket: str = ""
    """What the platform gave with the customer's last act to answer it by."""
    reason: str = ""  # why it was put off before
    left: int | None = None
    """How many more calls the channel allows after this one; None where it does not count."""

    @property
    def lead(self) -> bool:
        """Whether this row is the first of its call."""
        return self.call_key in ("", self.key)

    @property
    def made_with(self) -> str:
        """The key that the platform was given."""
        return self.call_key if self.kind == "send" and self.call_key else self.key

    @property
    def spent(self) -> bool:
        """Whether it was paid for with the customer's allowance."""
        return self.kind == "send" and self.acts > 0 and self.call_key == self.key

    @property
    def translating(self) -> bool:
        """Whether it waits for a translation that is to leave in its place."""
        return TRANSLATING in self.data

    @property
    def has_media(self) -> bool:
        """Whether it carries a file, which needs a call of its own."""
        return MEDIA in (self.parts or "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. `wait_ms` is when to look again (queued, unknown); an unknown one without it is over."""

    call: Call
    state: Literal["queued", "sent", "failed", "unknown", "held"]
    reason: str = ""
    external_id: str | None = None
    wait_ms: int = 0
    counts: bool = True
    place: str = ""
    report: Report | None = None
    warning: Report | None = None
    """What else the conversation must hear."""
    pieces: tuple[str, ...] = ()
    """The platform's ids of the messages that the call became, where these are several."""


CONVERSATION = (
    "id", "channel", "bucket", "status", "team", "agent_id", "locale", "preview", "waiting_ms",
    "tags", "priority", "snooze_ms", "at", "resolved_at", "resolved_by", "due_kind", "due_ms",
)  # fmt: skip
ENTRY = (
    "id", "seq", "s", "cs", "kind", "author_kind", "author_id", "author_name", "at", "parts", "client_id", "external_id",
    "reply_to", "edit_of", "data", "source",
)  # fmt: skip

SENDING = (
    update(delivery)
    .where(delivery.c.id == bindparam("row"))
    .values(state="sending", owner=bindparam("mine"), lease_ms=bindparam("until"), attempt=bindparam("turn"))
)
ASKING = (
    update(delivery)
    .where(delivery.c.id == bindparam("row"), delivery.c.state == "unknown", delivery.c.due_ms > 0)
    .values(owner=bindparam("mine"), due_ms=now_ms() + bindparam("wait", type_=delivery.c.due_ms.type))
)
_own = and_(delivery.c.id.in_(bindparam("rows", expanding=True)), delivery.c.owner == bindparam("mine"))
_begun = delivery.c.state.in_(("sending", "unknown"))
HELD = select(delivery.c.id, delivery.c.attempt).where(_own, _begun).order_by(delivery.c.id).with_for_update()
"""Locked: a call that is taken over between this and its outcome would have two of them."""
OUTCOME = (
    update(delivery)
    .where(delivery.c.id == bindparam("row"))
    .values(
        state=bindparam("new_state"),
        reason=bindparam("why"),
        due_ms=bindparam("due"),
        lease_ms=0,
        owner="",
        tries=delivery.c.tries + bindparam("tried", type_=delivery.c.tries.type),
        external_id=func.coalesce(bindparam("far", type_=delivery.c.external_id.type), delivery.c.external_id),
        done_at=case((bindparam("over") == 1, bindparam("when", type_=delivery.c.done_at.type)), else_=None),
    )
)
ATTEMPT = (
    update(attempt)
    .where(attempt.c.delivery_id == bindparam("row"), attempt.c.n == bindparam("turn"))
    .values(phase="done", outcome=bindparam("result"), error=bindparam("why"), finished_at=bindparam("when"))
)


def outcome_row(o: Outcome, now: int) -> dict[str, Any]:
    return {
        "row": o.call.id,
        "new_state": o.state,
        "why": o.reason[:4000],
        "due": now + o.wait_ms if o.wait_ms else 0,
        "tried": 1 if o.counts else 0,
        "far": o.external_id,
        "over": 1 if o.state in ("sent", "failed") else 0,
        "when": datetime.now(UTC),
    }


def attempt_row(o: Outcome) -> dict[str, Any]:
    return {"row": o.call.id, "turn": o.call.attempt, "result": o.state, "why": o.reason[:4000], "when": datetime.now(UTC)}


def taken_row(row: dict[str, Any], now: int) -> dict[str, Any]:
    return {"row": row["id"], "mine": "", "until": now + 30_000, "turn": row["attempt"]}


def runs_of(
    rows: Sequence[dict[str, Any]], heads: Sequence[Due], capabilities: Mapping[str, Capabilities], now: int, own: int = 0
) -> list[list[Call]]:
    """The calls to make for these heads: each the first of its stream, with followers of its kind as far as they may share. What
    is due at `own` is the caller's already."""
    wanted = {(head.conversation_id, head.stream) for head in heads}
    claimed: list[list[Call]] = []
    closed: set[tuple[str, str]] = set()
    at: tuple[str, str] | None = None
    for row in rows:
        place = (row["conversation_id"], row["stream"])
        if place not in wanted or place in closed:
            continue
        if row["state"] == "held" or (row["state"] == "unknown" and not row["due_ms"]):
            continue
        ready = row["state"] == "queued" and (row["due_ms"] <= now or row["due_ms"] == own)
        if place != at:
            at = place
            if ready:
                claimed.append([call_of(row, row["attempt"] + 1)])
            else:
                closed.add(place)
            continue
        run = claimed[-1]
        if _shares(run, row, ready, capabilities.get(row["target"], Capabilities())):
            run.append(call_of(row, row["attempt"] + 1))
        else:
            closed.add(place)
    return claimed


def _shares(run: Sequence[Call], row: dict[str, Any], ready: bool, there: Capabilities) -> bool:
    """Whether a row may travel in the call of those before it. Lines share while they carry no files. What customers get in one
    call must stay one for ever: a platform that knows the key of the first try takes the next for the same."""
    head = run[0]
    if head.kind == "open":
        return ready and _rides(run, row, there)
    if row["kind"] != head.kind or row["state"] != "queued":
        return False
    if head.kind == "send":
        if head.call_key or row["call_key"]:
            return bool(head.call_key == row["call_key"])
        if there.named and head.entry and head.entry["author_id"] != row["said_author_id"]:
            return False
        bodies = [*(call.parts or "" for call in run), row["parts"] or ""]
        return ready and len(run) < there.coalesce and head.data == row["data"] == "{}" and may_share(bodies, there)
    if head.kind == "amend":
        return ready and len(run) < there.coalesce
    return ready and head.kind in ("line", "card") and len(run) < there.coalesce and _is_one_post(run, row, there)


def _is_one_post(run: Sequence[Call], row: dict[str, Any], there: Capabilities) -> bool:
    """Whether a desk can show these in about one post of its own: each further one takes its turn in the desk's pace, and many
    would take longer than a call may."""
    head = run[0]
    told = (head.entry["kind"] if head.entry else None) == "status"
    if MEDIA in (row["parts"] or "") or head.has_media or told != (row["said_kind"] == "status"):
        return False
    size = sum(len(call.parts or "") for call in run) + len(row["parts"] or "")
    return not there.post_limit or size <= there.post_limit


def _rides(run: Sequence[Call], row: dict[str, Any], there: Capabilities) -> bool:
    """Whether a line may travel with the head of its thread. What tells of a call has a button, and a place of its own."""
    size = sum(len((call.parts or "").encode()) for call in run) + len((row["parts"] or "").encode())
    fits = size <= there.head and len(run) <= there.coalesce
    return bool(fits and row["kind"] == "line" and row["said_kind"] != "status" and MEDIA not in (row["parts"] or ""))


def sharing(run: Sequence[Call], answers: str) -> list[Call]:
    """A run as it is called: what customers get together keeps the key of its first row, or of the message that it answers."""
    shared = (answers or run[0].key) if run[0].kind == "send" else ""
    return [replace(call, call_key=shared) for call in run]


def may_answer(run: Sequence[Call]) -> bool:
    """Whether these may leave as the answer to a customer's own request: untried, and complete."""
    return run[0].kind == "send" and not any(call.tries or call.translating for call in run)


def call_of(row: dict[str, Any], turn: int) -> Call:
    entry = {name: row[f"said_{name}"] for name in ENTRY} if row["said_id"] else None
    return Call(
        id=row["id"],
        key=row["idem_key"],
        attempt=turn,
        tries=row["tries"],
        rank=row["rank"],
        kind=row["kind"],
        target=row["target"],
        stream=row["stream"],
        parts=row["parts"],
        data=row["data"],
        at=row["at"],
        conversation={name: row[f"talk_{name}"] for name in CONVERSATION},
        identity={name[4:]: row[name] for name in row if name.startswith("who_")},
        entry=entry,
        thread=row["thread_id"] or "",
        place=row["place"] or "",
        agent=row["agent_name"] or "",
        call_key=row["call_key"],
        acts=row["may_acts"] or 0,
        until_ms=row["may_until_ms"] or 0,
        calls_left=row["may_calls_left"] if row["may_quota"] else None,
        reason=row["reason"],
    )
