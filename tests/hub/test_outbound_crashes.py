"""Outbound when a worker dies or the database is away: a call is left alone, taken over or found, and never made twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.outbound import Outbound
from hub.runtime import Hub
from hub.store.calls import Call
from hub.store.tables import Conversation, Delivery, DeliveryAttempt
from tests.conftest import until
from tests.fakes import answered
from tests.hub.hubs import KEYED, AskedPhone, Phone, Scene, put, rows, scene_of, sender, settle, take_in


async def claimed_by_somebody_who_dies(hub: Hub, talk: dict[str, Any]) -> list[Call]:
    """A worker marks what is due at the phone as being sent, commits, and is killed."""
    deliveries = hub.store.deliveries
    heads = [head for head in await deliveries.due(talk["lane"], 10) if head.target == "phone"]
    (run,), _ = await deliveries.claim(talk["lane"], heads, owner="dead", lease_ms=60_000, capabilities={})
    return run


async def test_a_dead_workers_call_is_left_alone_while_its_lease_lasts(scene: Scene) -> None:
    (talk,) = await rows(scene.hub.store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    await claimed_by_somebody_who_dies(scene.hub, talk)
    await settle(scene.hub)
    call = await scene.call()
    assert (call["state"], call["owner"], call["attempt"]) == ("sending", "dead", 1)
    assert (await rows(scene.hub.store, DeliveryAttempt, delivery_id=call["id"]))[0]["phase"] == "sending", "the evidence"
    assert scene.phone.begun == []


@pytest.mark.parametrize(
    ("phone", "state", "begun"),
    [(Phone, "unknown", 0), (lambda: Phone(KEYED), "sent", 1), (AskedPhone, "sent", 1)],
    ids=["neither key nor lookup", "key", "lookup"],
)
async def test_after_a_crash_between_claim_and_outcome(make_hub: Any, phone: Any, state: str, begun: int) -> None:
    """It may have been sent. Only who knows the key, or has been asked, is sent it again."""
    scene = await scene_of(make_hub, phone())
    (talk,) = await rows(scene.hub.store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    (dead,) = await claimed_by_somebody_who_dies(scene.hub, talk)
    await put(scene.hub.store, Delivery, {"id": dead.id}, lease_ms=1)
    assert await scene.hub.store.deliveries.waiting_lanes() == [talk["lane"]], "the sweep finds it"
    await settle(scene.hub)
    if state == "sent":
        assert scene.phone.begun == [], "not at once"
        assert (await scene.again())["state"] == "sent"
    assert (await scene.call())["state"] == state
    assert scene.phone.begun == [dead.key] * begun
    assert await scene.told() == [state]


async def test_after_a_crash_what_did_arrive_is_found(make_hub: Any) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    (talk,) = await rows(scene.hub.store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    (dead,) = await claimed_by_somebody_who_dies(scene.hub, talk)
    phone.sent.append(("ann", "hi", dead.key))
    await put(scene.hub.store, Delivery, {"id": dead.id}, lease_ms=1)
    await settle(scene.hub)
    assert (await scene.again())["external_id"] == "found"
    assert phone.begun == []


async def test_what_a_process_held_that_has_certainly_ended_is_taken_over_at_once(make_hub: Any) -> None:
    """Its call is asked about, and so is what it was asking about; nothing of others is touched."""
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    (talk,) = await rows(scene.hub.store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    (dead,) = await claimed_by_somebody_who_dies(scene.hub, talk)
    outbound = Outbound(scene.hub)
    await outbound.succeed(["another"])
    await outbound.succeed([])
    await settle(scene.hub)
    assert (await scene.call())["owner"] == "dead", "who else ended has nothing to do with it"
    await outbound.succeed(["another", "dead"])
    assert await scene.hub.store.deliveries.waiting_lanes() == [talk["lane"]]
    await settle(scene.hub)
    call = await scene.call()
    assert (call["state"], call["owner"]) == ("unknown", "")
    due = call["due_ms"]
    await outbound.succeed(["another", "dead"])
    assert (await scene.call())["due_ms"] == due, "a platform's time to show what it has is kept"
    await put(scene.hub.store, Delivery, {"id": dead.id}, due_ms=1)
    heads = await scene.hub.store.deliveries.due(talk["lane"], 10)
    assert await scene.hub.store.deliveries.asking(heads, owner="asker", lease_ms=60_000)
    await settle(scene.hub)
    assert phone.asked == [], "somebody asks already"
    await outbound.succeed(["asker"])
    await settle(scene.hub)
    assert phone.asked == [dead.key]
    await outbound.aclose()


async def test_who_was_thought_dead_can_no_longer_say_what_became_of_it(scene: Scene) -> None:
    """A worker that stood still for longer than its lease: its late word must not undo what others have written."""
    (talk,) = await rows(scene.hub.store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    scene.phone.gate.clear()
    async with sender(scene.hub) as slow:
        running = asyncio.create_task(slow.run(talk["lane"]))
        await until(lambda: scene.phone.begun)
        await put(scene.hub.store, Delivery, {"target": "phone"}, lease_ms=1)
        await settle(scene.hub)
        assert (await scene.call())["state"] == "unknown"
        scene.phone.gate.set()
        await running
    await settle(scene.hub)
    assert (await scene.call())["state"] == "unknown"
    assert await scene.told() == ["unknown"]
    assert scene.phone.texts == ["hi"]


async def test_an_outcome_is_kept_though_the_database_is_away_for_a_moment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    deliveries = type(scene.hub.store.deliveries)
    record, failures = deliveries.record, iter(range(3))

    async def away(self: Any, *given: Any, **more: Any) -> Any:
        if next(failures, None) is not None:
            raise ConnectionResetError
        return await record(self, *given, **more)

    monkeypatch.setattr(deliveries, "record", away)
    await scene.answer()
    assert (await scene.call())["state"] == "sent"
    assert scene.phone.texts == ["hi"]


async def test_closing_ends_what_was_begun_and_begins_nothing_new(scene: Scene) -> None:
    (talk,) = await rows(scene.hub.store, Conversation)
    await take_in(scene.hub, answered("one", conversation=talk["id"]), answered("two", conversation=talk["id"]))
    scene.phone.gate.clear()
    outbound = Outbound(scene.hub)
    running = asyncio.create_task(outbound.run(talk["lane"]))
    await until(lambda: scene.phone.begun)
    closing = asyncio.create_task(outbound.aclose())
    await asyncio.sleep(0.05)
    scene.phone.gate.set()
    await closing
    await running
    assert [row["state"] for row in await rows(scene.hub.store, Delivery, target="phone")] == ["sent", "queued"]
