"""Doubts about what a desk told: when they begin, how they are worked off, and what comes while they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub import listening
from hub.errors import Uncertain
from hub.model import AgentReply, ThreadId
from hub.ports import Pace
from hub.store.tables import Delivery, DeliveryAttempt
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import Phone, channels, desks, only, put, settle, take_in
from tests.hub.test_outbound_at_once import SEVERAL_WRITE


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


@SEVERAL_WRITE
@pytest.mark.parametrize("after", ["talk", None])
async def test_a_doubt_that_comes_while_a_place_is_kept_is_not_overwritten(
    make_hub: Any, monkeypatch: pytest.MonkeyPatch, after: str | None
) -> None:
    """Another process writes it between the look at the round and what is made of it, if it can."""
    hub = await make_hub(desks=desks(slack=Remembering()))
    threads, since = hub.store.threads, 2_000_000
    await threads.doubt("slack", since)
    look, doubts = threads._round, list[asyncio.Task[bool]]()

    async def looked(*args: Any, **more: Any) -> Any:
        found = await look(*args, **more)
        if not doubts:
            doubts.append(asyncio.create_task(threads.doubt("slack", since + 1)))
            await asyncio.wait(doubts, timeout=0.3)
        return found

    monkeypatch.setattr(threads, "_round", looked)
    await threads.read_on("slack", since, "", after)
    await asyncio.wait_for(doubts[0], 5)
    if after:
        assert await threads.doubted("slack") == (since, after)
        await threads.read_on("slack", since, after, None)
    assert await threads.doubted("slack") == (since + 1, "")


@pytest.mark.parametrize("when", ["later", "while its neighbours are read"])
async def test_a_thread_that_becomes_known_late_is_read_too(make_hub: Any, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """The hub died when a platform had taken the opening, and an agent answered there before it was back."""
    monkeypatch.setattr(listening, "PACE", Pace(1000, 3))
    phone, desk = Phone(), Remembering()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=desk))
    await settle(hub, said("hello", customer="known"))
    desk.fail_open_after = [Uncertain("no answer")]
    await settle(hub, said("hello", customer="new"))
    opening = await only(hub.store, Delivery, kind="open", state="unknown")
    await put(hub.store, Delivery, {"id": opening["id"]}, due_ms=2**50)
    known, new = desk.threads
    desk.written[new] = [answered("not heard", thread=new, desk="slack", id="lost1")]
    living = hub.store.threads.living

    async def found() -> None:
        await put(hub.store, Delivery, {"id": opening["id"]}, due_ms=1)
        await settle(hub)

    async def lived(*args: Any) -> Any:
        there = await living(*args)
        monkeypatch.setattr(hub.store.threads, "living", living)
        await found()
        return there

    await listening.doubt(hub, "slack", datetime.now(UTC))
    if when != "later":
        monkeypatch.setattr(hub.store.threads, "living", lived)
    for _ in range(4):
        await listening.catch_up(hub)
    if when == "later":
        assert desk.read == [known], "its neighbours are read once, and not for as long as it takes"
        await found()
    for _ in range(4):
        await listening.catch_up(hub)
    await settle(hub)
    assert phone.texts == ["not heard"]
    assert await hub.store.threads.doubted("slack") is None


async def test_reading_ends_at_a_desk_where_a_thread_is_being_opened(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=Remembering()))
    await take_in(hub, said("hello"))
    call = await only(hub.store, Delivery, kind="open")
    [head] = await hub.store.deliveries.due(call["lane"], 1)
    there = {"slack": hub.desks["slack"].capabilities}
    await hub.store.deliveries.claim(call["lane"], [head], owner="me", lease_ms=60_000, capabilities=there)
    await put(hub.store, DeliveryAttempt, {"delivery_id": call["id"]}, started_at=datetime.now(UTC) - timedelta(minutes=1))
    await listening.doubt(hub, "slack", datetime.now(UTC))
    await listening.catch_up(hub)
    assert await hub.store.threads.doubted("slack") is not None, "its maker stands still"
    await put(hub.store, DeliveryAttempt, {"delivery_id": call["id"]}, started_at=datetime.now(UTC))
    for _ in range(2):
        await listening.catch_up(hub)
    assert await hub.store.threads.doubted("slack") is None


async def test_a_doubt_that_comes_while_a_round_waits_for_an_uncertain_thread_is_seen_to_at_once(make_hub: Any) -> None:
    """What was missed in threads that are known need not wait for one that may not be there."""
    hub = await make_hub(desks=desks(slack=(desk := Remembering())))
    threads = hub.store.threads
    desk.fail_open_after = [Uncertain("no answer")]
    await settle(hub, said("hello", customer="new"))
    opening = await only(hub.store, Delivery, kind="open", state="unknown")
    await put(hub.store, Delivery, {"id": opening["id"]}, due_ms=2**50)
    assert await threads.doubt("slack", 2_000_000)
    await threads.read_on("slack", 2_000_000, "", opening["conversation_id"])
    assert not await threads.read_on("slack", 2_000_000, opening["conversation_id"], None), "it waits at its end"
    (since, place) = await threads.doubted("slack")
    assert await threads.living("slack", datetime.fromtimestamp(0, UTC), place, 9) == []
    assert await threads.doubt("slack", 3_000_000)
    assert await threads.doubted("slack") == (since, ""), "and begins anew"
