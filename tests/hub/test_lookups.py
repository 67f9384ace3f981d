"""Asking platforms what became of uncertain calls: once for a whole stream, few at once, and what follows waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert

from hub import outcomes
from hub.errors import Temporary, Undeliverable
from hub.model import ExternalId, Part, new_id
from hub.outbound import LOOKUPS_AT_ONCE, Outbound
from hub.outcomes import due_of
from hub.ports import Capabilities, IdempotencyKey, Identity
from hub.store import tables
from hub.store.calls import Call, Due, Outcome
from hub.store.store import Store

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Platform:
    """Answers slowly, and knows how many asked at once. A call with the key "lost" never arrived."""

    capabilities = Capabilities(idempotency="lookup")

    def __init__(self) -> None:
        self.asking = self.most = 0
        self.asked: list[list[IdempotencyKey]] = []
        self.error: Exception | None = None
        self.sent = 0

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        self.sent += 1
        return ExternalId("far")

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str, since: datetime) -> Mapping[IdempotencyKey, ExternalId]:
        self.asked.append(list(keys))
        self.asking += 1
        self.most = max(self.most, self.asking)
        await asyncio.sleep(0.005)
        self.asking -= 1
        if self.error is not None:
            raise self.error
        return {key: ExternalId(f"far {key}") for key in keys if key != "lost"}


class Deliveries:
    """As much of the store as asking needs."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self.outcomes: list[Outcome] = []

    async def expired(self, lane: int) -> list[Call]:
        return []

    async def due(self, lane: int, most: int) -> list[Due]:
        await asyncio.sleep(0)
        left = {call.id for call in self.calls} - {outcome.call.id for outcome in self.outcomes}
        return [due_of(call) for call in self.calls if call.id in left]

    async def asking(self, heads: list[Due], **_: Any) -> list[Call]:
        streams = {head.conversation_id for head in heads}
        return [call for call in self.calls if call.conversation["id"] in streams]

    async def record(self, outcomes: list[Outcome], **_: Any) -> list[Outcome]:
        self.outcomes += outcomes
        return outcomes


def uncertain_call(n: int, talk: str, key: str = "", at: datetime = NOW) -> Call:
    place = {"id": talk, "bucket": 1, "team": "", "channel": "far"}
    who = {"external_id": "who", "profile": "{}"}
    return Call(f"call{n}", key or f"key{n}", 1, 0, n, "send", "far", "far", None, "{}", at, place, who, None, "thread", "", "")


def outbound_of(platform: Platform, deliveries: Deliveries) -> Outbound:
    hub: Any = SimpleNamespace(
        store=SimpleNamespace(deliveries=deliveries, lanes=1),
        connectors={"far": platform},
        desks={},
        jobs=SimpleNamespace(hint_inbound=lambda lanes: None),
        now=lambda: NOW,
    )
    return Outbound(hub)


def unknown(call: Call) -> Due:
    return Due(call.id, call.conversation["id"], call.stream, call.target, call.kind, "unknown", "", "far")


async def test_hundreds_of_streams_are_asked_about_a_few_at_once() -> None:
    platform, calls = Platform(), [uncertain_call(n, f"talk{n}") for n in range(200)]
    deliveries = Deliveries(calls)
    outbound = outbound_of(platform, deliveries)
    await outbound._ask([unknown(call) for call in calls])
    await outbound.aclose(10)
    assert [outcome.state for outcome in deliveries.outcomes] == ["sent"] * 200
    assert platform.most == LOOKUPS_AT_ONCE


async def test_one_question_tells_of_all_calls_of_a_stream() -> None:
    platform, calls = Platform(), [uncertain_call(1, "talk"), uncertain_call(2, "talk", "lost"), uncertain_call(3, "talk")]
    deliveries = Deliveries(calls)
    outbound = outbound_of(platform, deliveries)
    await outbound._ask([unknown(calls[0])])
    await outbound.aclose(10)
    assert platform.asked == [["key1", "lost", "key3"]]
    assert [(o.call.key, o.state, o.external_id) for o in deliveries.outcomes] == [
        ("key1", "sent", "far key1"),
        ("lost", "queued", None),
        ("key3", "sent", "far key3"),
    ]


async def test_two_jobs_for_one_lane_in_one_process_ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that came back empty lets arq begin a lane's job while the one before still runs."""
    platform, deliveries = Platform(), Deliveries([uncertain_call(1, "talk")])
    outbound = outbound_of(platform, deliveries)

    async def due(lane: int, most: int) -> list[Due]:
        await asyncio.sleep(0)
        return [] if deliveries.outcomes else [unknown(deliveries.calls[0])]

    monkeypatch.setattr(deliveries, "due", due)
    await asyncio.gather(outbound.run(0, 5), outbound.run(0, 5))
    assert len(platform.asked) == len(deliveries.outcomes) == 1


@pytest.mark.parametrize(
    ("error", "age", "again"),
    [
        (Temporary("busy", retry_after=7), timedelta(0), 7000),
        (TimeoutError(), timedelta(hours=23), 10_000),
        (Temporary("busy"), timedelta(hours=25), 0),
        (Undeliverable("missing_scope"), timedelta(0), 0),
    ],
)
async def test_who_gets_no_answer_asks_again_until_it_is_of_no_use(error: Exception, age: timedelta, again: int) -> None:
    platform, call = Platform(), uncertain_call(1, "talk", at=NOW - age)
    platform.error = error
    deliveries = Deliveries([call])
    outbound = outbound_of(platform, deliveries)
    await outbound._ask([unknown(call)])
    await outbound.aclose(10)
    [outcome] = deliveries.outcomes
    assert (outcome.state, outcome.wait_ms) == ("unknown", again)
    assert (outcome.report is not None) is (again == 0), "the end is told"


async def test_who_was_held_up_beyond_the_lease_does_not_send() -> None:
    """By then others have asked about the call, and may have made it."""
    platform, call = Platform(), uncertain_call(1, "talk")
    deliveries = Deliveries([call])
    outbound = outbound_of(platform, deliveries)
    await outbound._make([call], time.monotonic() - 1)
    [outcome] = deliveries.outcomes
    assert (outcome.state, outcome.counts, platform.sent) == ("queued", False, 0)
    await outbound._make([call], time.monotonic() + 1)
    assert (deliveries.outcomes[-1].state, platform.sent) == ("sent", 1)


async def stored(store: Store, *calls: dict[str, Any]) -> str:
    """A conversation with these calls to one desk, in order."""
    talk, who = new_id(), new_id()
    common = {"at": NOW, "last_at": NOW, "channel": "far", "bucket": 0, "lane": 0, "identity_id": who, "customer_id": new_id()}
    async with store.db.write() as connection:
        await connection.execute(
            insert(tables.Identity), {"id": who, "channel": "far", "external_id": who, "customer_id": who, "bucket": 0, "at": NOW}
        )
        await connection.execute(insert(tables.Conversation), {"id": talk, **common})
        for rank, call in enumerate(calls):
            own = new_id()
            row = {"id": own, "idem_key": own, "conversation_id": talk, "target": "desk", "stream": "desk", "lane": 0, "at": NOW}
            await connection.execute(insert(tables.Delivery), row | {"rank": rank, "kind": "line"} | call)
    return talk


@pytest.mark.parametrize("kind", ["open", "line"])
async def test_what_follows_an_uncertain_call_waits_as_long_as_it_is_asked_about(store: Store, kind: str) -> None:
    """However long ago the call was: a line must overtake neither its thread's first message nor an earlier line."""
    await stored(store, {"kind": kind, "state": "unknown", "due_ms": 1}, {"state": "queued"})
    heads = await store.deliveries.due(0, 10)
    assert [head.state for head in heads] == ["unknown"]
    assert len(await store.deliveries.asking(heads, owner=new_id(), lease_ms=30_000)) == 1
    assert await store.deliveries.due(0, 10) == []


async def test_what_follows_a_call_that_stays_uncertain_goes_on(store: Store) -> None:
    await stored(store, {"state": "unknown", "due_ms": 0}, {"state": "queued"})
    [head] = await store.deliveries.due(0, 10)
    [[call]], _ = await store.deliveries.claim(0, [head], owner=new_id(), lease_ms=1000, capabilities={})
    assert (head.state, call.rank) == ("queued", 1)


async def test_a_call_is_not_asked_about_before_its_time(store: Store) -> None:
    """What the platform still works on can't be found yet, and would be sent twice."""
    later = 2**52
    await stored(store, {"state": "unknown", "due_ms": 1}, {"state": "unknown", "due_ms": later}, {"state": "queued"})
    heads = await store.deliveries.due(0, 10)
    assert [call.rank for call in await store.deliveries.asking(heads, owner=new_id(), lease_ms=30_000)] == [0]


async def test_an_end_that_was_recorded_is_not_recorded_over(store: Store) -> None:
    """A commit whose answer was lost is tried again; meanwhile the call may be over."""
    await stored(store, {"state": "queued"})
    [head] = await store.deliveries.due(0, 10)
    [[call]], _ = await store.deliveries.claim(0, [head], owner="", lease_ms=1000, capabilities={})
    assert await store.deliveries.record([Outcome(call, "sent", external_id="far")], owner="")
    assert await store.deliveries.record([Outcome(call, "unknown", "the worker stopped")], owner="") == []
    row = await store.deliveries.row(call.id)
    assert row is not None and row["state"] == "sent"


@pytest.mark.parametrize(
    ("kind", "error", "waits", "over_after"),
    [
        ("line", Temporary("too much to read", retry_after=600), [60.0, 10.0, 1.0], 61.0),
        ("send", TimeoutError(), [10.0, 10.0, 10.0], 61.0),
        ("line", Temporary("slower", retry_after=60, paused=True), [60.0, 60.0, 60.0], 601.0),
    ],
)
async def test_what_follows_does_not_wait_for_ever_for_a_platform_that_cannot_say(
    monkeypatch: pytest.MonkeyPatch, kind: str, error: Exception, waits: list[float], over_after: float
) -> None:
    """Asked a few times in vain, it stays unknown, which is told, and what follows goes."""
    now = 1000.0
    monkeypatch.setattr(outcomes, "time", SimpleNamespace(monotonic=lambda: now))
    platform, call = Platform(), replace(uncertain_call(1, "talk"), kind=kind)
    platform.error = error
    deliveries = Deliveries([call])
    outbound = outbound_of(platform, deliveries)
    for begin, wait in zip((1000.0, 1050.0, 1059.5), waits, strict=True):
        now = begin
        await outbound._ask([unknown(call)])
        await outbound.aclose(10)
        outcome = deliveries.outcomes[-1]
        assert outcome.report is None
        assert outcome.wait_ms / 1000 == pytest.approx(wait, abs=0.01) or (wait == 10.0 and outcome.wait_ms <= 10_000)
    now = 1000.0 + over_after
    await outbound._ask([unknown(call)])
    await outbound.aclose(10)
    outcome = deliveries.outcomes[-1]
    assert (outcome.state, outcome.wait_ms) == ("unknown", 0), "over: nothing waits behind it any more"
    assert outcome.report is not None and "nobody can say" in outcome.report.reason


async def test_a_thread_that_may_not_be_there_is_asked_for_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(outcomes, "time", SimpleNamespace(monotonic=lambda: now))
    platform, call = Platform(), replace(uncertain_call(1, "talk"), kind="open")
    platform.error = Temporary("away")
    deliveries = Deliveries([call])
    outbound = outbound_of(platform, deliveries)
    for begin in (1000.0, 1100.0, 5000.0):
        now = begin
        await outbound._ask([unknown(call)])
        await outbound.aclose(10)
        assert deliveries.outcomes[-1].wait_ms == 10_000


async def test_lines_share_a_call_only_as_far_as_one_post_goes(store: Store) -> None:
    """Twenty long lines would be twenty posts at one a second, and the call would end without an answer."""
    there = Capabilities(coalesce=20, post_limit=250)
    await stored(store, *({"state": "queued", "parts": f'[{{"type":"text","text":"{"x" * 60}"}}]'} for _ in range(8)))
    [head] = await store.deliveries.due(0, 10)
    [run], _ = await store.deliveries.claim(0, [head], owner=new_id(), lease_ms=1000, capabilities={"desk": there})
    assert [call.rank for call in run] == [0, 1]
    assert len(run[0].parts or "") * 3 > 250
