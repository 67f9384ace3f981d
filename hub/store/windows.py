"""The meter: how long and how often a channel still lets us answer, and the calls that are held until the customer acts again.

An allowance is spent in the transaction that claims a call and given back in the one that records that nothing was accepted.
Whoever reads it to decide holds its row: an act that comes at the same time finds every call that was held before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.capabilities import Capabilities, Window
from hub.model import ConversationId, ExternalId, MessageId, Report
from hub.store import tables, window_tables
from hub.store.calls import Call, Outcome
from hub.store.claiming import Overtaken, still
from hub.store.database import Database, now_ms
from hub.store.elsewhere import ELSEWHERE

delivery = tables.Delivery.__table__  # type: ignore[attr-defined]
conversation = tables.Conversation.__table__  # type: ignore[attr-defined]
identity = tables.Identity.__table__  # type: ignore[attr-defined]
message = tables.Message.__table__  # type: ignore[attr-defined]
allowance = window_tables.Allowance.__table__  # type: ignore[attr-defined]
CLOSED = "the time for answers is over on this channel: it leaves as soon as the customer writes again"
SPENT = "all answers that this channel allows have been used: it leaves as soon as the customer writes again"
CAME = "the customer came before the notice was due"
BEHIND = "an earlier answer waits until the customer writes again, and this one after it"


@dataclass(frozen=True, slots=True)
class Act:
    """What a customer did: opens `calls` for so many seconds from `at_ms`. Calls that were held become due at `due_ms`; `ticket`
    is what the platform gave to answer it by."""

    identity_id: str
    customer_id: str
    lane: int
    scene: str
    at_ms: int
    seconds: float
    calls: int
    due_ms: int = 0
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """What is left for one customer: until when (None: they never acted), how many calls of how many (0: any number), opened by
    which scene."""

    until: datetime | None
    calls_left: int
    quota: int
    scene: str

    def open(self, now: datetime) -> bool:
        """Whether a call may be made."""
        return self.until is not None and self.until > now and (self.calls_left > 0 or not self.quota)


class WindowStore:
    """Every query on allowances."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, conversation_id: str) -> Meter | None:
        """The meter of a conversation's customer; None when nothing was counted yet."""
        wanted = select(allowance).join(conversation, conversation.c.identity_id == allowance.c.identity_id)
        async with self.db.read() as connection:
            row = (await connection.execute(wanted.where(conversation.c.id == conversation_id))).mappings().first()
        return meter_of(row["until_ms"], row["calls_left"], row["quota"], row["scene"]) if row else None

    async def left(self, connection: AsyncConnection, identity_id: str, now: int) -> int | None:
        """How many calls to a customer the channel takes at this moment; None where nothing is counted or open."""
        wanted = select(allowance.c.calls_left).where(allowance.c.identity_id == identity_id, allowance.c.until_ms > now)
        found = (await connection.execute(wanted.where(allowance.c.quota > 0))).scalar()
        return None if found is None else int(found)

    async def acted(self, connection: AsyncConnection, acts: Sequence[Act], now: int) -> set[int]:
        """Customers have acted: what that opens, and the calls that may leave now; returns the lanes that these wait in.

        Allowances do not add up: an act brings the larger number and the later end (WeChat, "客服消息", quota by scene). Who can
        be answered anyhow is answered without a ticket, which may be good for one answer only."""
        rows = await _locked(connection, [act.identity_id for act in acts])
        known = set(rows)
        for act in acts:
            until = min(act.at_ms, now) + int(act.seconds * 1000)
            if until <= now:
                continue
            row = rows.get(act.identity_id) or {
                "identity_id": act.identity_id,
                "acts": 0,
                "until_ms": 0,
                "calls_left": 0,
                "quota": 0,
                "ticket": "",
            }
            live = row["until_ms"] > now
            rows[act.identity_id] = {
                "identity_id": act.identity_id,
                "acts": row["acts"] + 1,
                "acted_ms": act.at_ms,
                "scene": act.scene,
                "until_ms": max(until, row["until_ms"]),
                "quota": max(act.calls, row["quota"] if live else 0),
                "calls_left": max(act.calls, row["calls_left"] if live else 0),
                "ticket": "" if live and row["calls_left"] > 0 and not row["ticket"] else act.ticket,
            }
        touched = {act.identity_id for act in acts} & rows.keys()
        if fresh := [rows[one] for one in sorted(touched - known)]:
            await connection.execute(insert(allowance), fresh)
        if changed := [{f"new_{name}": value for name, value in rows[one].items()} for one in sorted(touched & known)]:
            await connection.execute(_SAVE, changed)
        freed = {act.identity_id: act for act in reversed(acts) if act.identity_id in touched}
        waiting = await self._waiting(connection, [act.customer_id for act in freed.values()])
        return {act.lane for who, act in freed.items() if who in waiting and await self._release(connection, act)}

    @staticmethod
    async def _waiting(connection: AsyncConnection, customers: Sequence[str]) -> set[str]:
        """The identities of these customers for whom something waits until they act, in one statement for all of a batch."""
        held = or_(delivery.c.state == "held", and_(delivery.c.kind == "notice", delivery.c.state == "queued"))
        wanted = select(conversation.c.identity_id).join(delivery, delivery.c.conversation_id == conversation.c.id)
        wanted = wanted.where(conversation.c.customer_id.in_(customers), held).distinct()
        return set((await connection.execute(wanted)).scalars()) if customers else set()

    @staticmethod
    async def _release(connection: AsyncConnection, act: Act) -> bool:
        own = select(conversation.c.id).where(
            conversation.c.customer_id == act.customer_id, conversation.c.identity_id == act.identity_id
        )
        talks = list((await connection.execute(own)).scalars())
        if not talks:
            return False
        held = update(delivery).where(delivery.c.conversation_id.in_(talks), delivery.c.state == "held")
        seen = select(identity.c.seen_cs).where(identity.c.id == act.identity_id).scalar_subquery()
        there = select(message.c.id).where(message.c.identity_id == act.identity_id, message.c.cs <= seen)
        read = {"state": "sent", "reason": ELSEWHERE, "done_at": datetime.now(UTC)}
        await connection.execute(held.where(delivery.c.message_id.in_(there)).values(**read))
        result = await connection.execute(held.values(state="queued", due_ms=act.due_ms, reason=""))
        untold = and_(delivery.c.conversation_id.in_(talks), delivery.c.kind == "notice", delivery.c.state == "queued")
        gone = {"state": "cancelled", "reason": CAME, "done_at": datetime.now(UTC)}
        await connection.execute(update(delivery).where(untold).values(**gone))
        return bool(result.rowcount)


def meter_of(until_ms: int, calls_left: int, quota: int, scene: str) -> Meter:
    """A meter from its columns."""
    until = datetime.fromtimestamp(until_ms / 1000, UTC) if until_ms else None
    return Meter(until, calls_left, quota, scene)


async def _locked(connection: AsyncConnection, identities: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Allowances by identity, held until the transaction ends."""
    wanted = select(allowance).where(allowance.c.identity_id.in_(sorted(set(identities))))
    rows = await connection.execute(wanted.order_by(allowance.c.identity_id).with_for_update())
    return {row["identity_id"]: dict(row) for row in rows.mappings()}


async def admit(
    connection: AsyncConnection,
    runs: list[list[Call]],
    rows: Sequence[Mapping[str, Any]],
    capabilities: Mapping[str, Capabilities],
    now: int,
) -> tuple[list[list[Call]], list[Report]]:
    """The calls that their customers' allowances let go, each spent; all others are held, with what must be told of them."""
    counted = [run for run in runs if _window(run[0], capabilities) is not None]
    if not counted:
        return runs, []
    left = await _locked(connection, [run[0].identity["id"] for run in counted])
    waiting = {(row["conversation_id"], row["stream"]) for row in rows if row["state"] == "held"}
    await _see_held(connection, waiting & {(run[0].conversation["id"], run[0].stream) for run in counted})
    go: list[list[Call]] = [run for run in runs if _window(run[0], capabilities) is None]
    closed: dict[tuple[str, str], str] = {}
    for run in counted:
        place = (run[0].conversation["id"], run[0].stream)
        row = left.get(run[0].identity["id"])
        if why := BEHIND if place in waiting else _shut(row, now, _window(run[0], capabilities)):
            closed[place] = why
            continue
        if row and row["quota"]:
            row["calls_left"] -= 1
            run = [replace(call, left=row["calls_left"]) for call in run]
        go.append([replace(call, ticket=row["ticket"]) for call in run] if row else run)
    spent = [{"who": run[0].identity["id"]} for run in go if run[0].left is not None]
    if spent:
        await connection.execute(_SPEND, spent)
    return go, await _hold(connection, rows, closed, capabilities, now)


async def _see_held(connection: AsyncConnection, places: set[tuple[str, str]]) -> None:
    """Look again whether something is held in these streams, now that no act can free it: it goes before what follows it."""
    if not places:
        return
    held = delivery.c.conversation_id.in_(sorted({talk for talk, _ in places})), delivery.c.state == "held"
    found = await connection.execute(select(delivery.c.conversation_id, delivery.c.stream).where(*held))
    if places - {(row[0], row[1]) for row in found}:
        raise Overtaken


def _window(call: Call, capabilities: Mapping[str, Capabilities]) -> Window | None:
    there = capabilities.get(call.target)
    return there.window_for(call.identity["external_id"]) if there is not None and call.kind == "send" else None


def _shut(row: Mapping[str, Any] | None, now: int, window: Window | None) -> str:
    """Why a call has to wait for the customer; empty: it may go. Where only the time counts, the platform itself is asked about
    somebody of whom nothing is known yet: they may have written before we began to count."""
    if row is None:
        return CLOSED if window and window.quota else ""
    if row["until_ms"] <= now:
        return CLOSED
    return SPENT if row["quota"] and row["calls_left"] <= 0 else ""


async def _hold(
    connection: AsyncConnection,
    rows: Sequence[Mapping[str, Any]],
    closed: Mapping[tuple[str, str], str],
    capabilities: Mapping[str, Capabilities],
    now: int,
) -> list[Report]:
    """Hold everything that waits in these streams, for as long as the channel says; each entry is told of once."""
    waiting = [row for row in rows if row["state"] == "queued" and row["kind"] == "send"]
    there = [row for row in waiting if (row["conversation_id"], row["stream"]) in closed]
    held = await still(connection, there, delivery.c.state == "queued")
    if not held:
        return []
    reasons = {row["id"]: closed[(row["conversation_id"], row["stream"])] for row in held}
    ends = {row["id"]: now + _hold_ms(capabilities.get(row["target"])) for row in held}
    await connection.execute(HOLD, [{"row": row, "why": why, "until": ends[row]} for row, why in reasons.items()])
    entries = {row["message_id"]: row for row in reversed(held)}
    return [_held_report(row, reasons[row["id"]]) for row in reversed(entries.values())]


def _hold_ms(there: Capabilities | None) -> int:
    return int((there.window if there and there.window else Window(0, 0)).hold_s * 1000)


def _held_report(row: Mapping[str, Any], reason: str) -> Report:
    at = datetime.now(UTC)
    return Report(
        id=ExternalId(f"{row['id']}.{row['attempt']}.held.{at.timestamp():.6f}"),
        delivery=row["id"],
        conversation=ConversationId(row["conversation_id"]),
        message=MessageId(row["message_id"]) if row["message_id"] else None,
        target=row["target"],
        at=at,
        state="held",
        reason=reason,
    )


async def settled(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes as the meter sees them: what was not accepted is given back; a platform that wants the customer to act first is
    believed, unless they did so while its answer was on its way."""
    back = [{"who": o.call.identity["id"]} for o in outcomes if o.call.spent and o.state in ("queued", "failed")]
    if back:
        await connection.execute(_GIVE_BACK, sorted(back, key=lambda row: row["who"]))
    held = [o for o in outcomes if o.state == "held"]
    if not held:
        return list(outcomes)
    rows = await _locked(connection, [o.call.identity["id"] for o in held])
    acts = {who: row["acts"] for who, row in rows.items()}
    current = {o.call.id for o in held if acts.get(o.call.identity["id"], 0) == o.call.acts}
    if closed := sorted({o.call.identity["id"] for o in held if o.call.id in current}):
        over = case((allowance.c.quota == 0, now_ms()), else_=allowance.c.until_ms)
        await connection.execute(update(allowance).where(allowance.c.identity_id.in_(closed)).values(calls_left=0, until_ms=over))
    if current:
        await connection.execute(HOLD, [{"row": o.call.id, "why": o.reason, "until": 0} for o in held if o.call.id in current])
    again = {o.call.id for o in held} - current
    return [replace(o, state="queued", report=None, counts=False, wait_ms=0) if o.call.id in again else o for o in outcomes]


HOLD = (
    update(delivery)
    .where(delivery.c.id == bindparam("row"))
    .values(state="held", reason=bindparam("why"), due_ms=bindparam("until"), tries=0, call_key="")
)
"""Of a held call, `due_ms` is when its waiting ends."""
_SPEND = update(allowance).where(allowance.c.identity_id == bindparam("who")).values(calls_left=allowance.c.calls_left - 1)
_GIVE_BACK = (
    update(allowance)
    .where(allowance.c.identity_id == bindparam("who"), allowance.c.calls_left < allowance.c.quota)
    .values(calls_left=allowance.c.calls_left + 1)
)
SAVED = ("acts", "acted_ms", "scene", "until_ms", "quota", "calls_left", "ticket")
_SAVE = (
    update(allowance)
    .where(allowance.c.identity_id == bindparam("new_identity_id"))
    .values({name: bindparam(f"new_{name}") for name in SAVED})
)
