"""Doubts about what a desk told: when they begin, how they are worked off, and what comes while they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from hub import listening
from hub.model import AgentReply, ThreadId
from hub.ports import Pace
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import Phone, channels, desks, settle


class Remembering(FakeDesk):
    """A desk that can be read again."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.written: dict[str, list[AgentReply]] = {}

    async def missed(self, thread: ThreadId, since: datetime) -> Sequence[AgentReply]:
        self.read.append(str(thread))
        return self.written.get(str(thread), [])


async def test_every_thread_is_read_once_in_rounds_and_a_doubt_that_comes_meanwhile_begins_another(
    make_hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PACE", Pace(1000, 3))
    phone, desk = Phone(), Remembering()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=desk))
    await settle(hub, *(said("hello", customer=f"c{n}") for n in range(5)))
    threads = set(desk.threads)
    lost = sorted(threads)[2]
    desk.written[lost] = [answered("not heard", thread=lost, desk="slack", id="lost1")]
    await listening.doubt(hub, "slack", datetime.now(UTC))
    await listening.catch_up(hub)
    assert len(desk.read) == listening.AT_ONCE, "a few at a time"
    await listening.doubt(hub, "slack", datetime.now(UTC))
    for _ in range(40):
        await listening.catch_up(hub)
        if await hub.store.threads.doubted("slack") is None:
            break
        await asyncio.sleep(0.01)
    assert sorted(desk.read) == sorted([*threads, *threads])
    await settle(hub)
    assert phone.texts == ["not heard"]


async def test_a_process_that_was_away_doubts_and_one_that_is_new_does_not(make_hub: Any) -> None:
    hub = await make_hub(connectors=channels(phone=Phone()), desks=desks(slack=Remembering(), plain=FakeDesk()))
    threads = hub.store.threads
    assert not await threads.listened("slack", 60_000)
    assert not await threads.listened("slack", 60_000)
    assert await threads.doubted("slack") is None
    assert await threads.listened("slack", -1)
    assert await threads.doubted("slack") is not None
    assert await threads.doubted("plain") is None
