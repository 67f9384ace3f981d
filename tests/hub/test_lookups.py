"""Asking platforms what became of uncertain calls: few at once, however many there are, or the questions go unanswered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hub.model import ExternalId
from hub.outbound import LOOKUPS_AT_ONCE, Outbound
from hub.outcomes import due_of
from hub.ports import Capabilities, IdempotencyKey
from hub.store.calls import Call, Due, Outcome


class Platform:
    """Answers slowly, and knows how many asked at once."""

    capabilities = Capabilities(idempotency="lookup")

    def __init__(self) -> None:
        self.asking = self.most = 0

    async def lookup(self, key: IdempotencyKey, thread: str) -> ExternalId | None:
        self.asking += 1
        self.most = max(self.most, self.asking)
        await asyncio.sleep(0.005)
        self.asking -= 1
        return ExternalId(key)


class Deliveries:
    """As much of the store as asking needs."""

    def __init__(self, calls: list[Call]) -> None:
        self.calls = calls
        self.outcomes: list[Outcome] = []

    async def asking(self, heads: list[Due], **_: Any) -> list[Call]:
        return self.calls

    async def record(self, outcomes: list[Outcome], **_: Any) -> list[Outcome]:
        self.outcomes += outcomes
        return outcomes


def uncertain_call(n: int) -> Call:
    talk = {"id": f"talk{n}", "bucket": 1, "team": "", "channel": "far"}
    return Call(
        f"call{n}", f"key{n}", 1, 0, n, "line", "far", "line", None, "{}", datetime.now(UTC), talk, {}, None, "thread", "", ""
    )


async def test_hundreds_of_uncertain_calls_are_asked_about_a_few_at_once() -> None:
    platform, calls = Platform(), [uncertain_call(n) for n in range(200)]
    deliveries = Deliveries(calls)
    store = SimpleNamespace(deliveries=deliveries, lanes=1)
    hub: Any = SimpleNamespace(
        store=store, connectors={"far": platform}, desks={}, jobs=SimpleNamespace(hint_inbound=lambda lanes: None)
    )
    outbound = Outbound(hub)
    await outbound._ask([due_of(call) for call in calls])
    await outbound.aclose(10)
    assert [outcome.state for outcome in deliveries.outcomes] == ["sent"] * 200
    assert platform.most == LOOKUPS_AT_ONCE
