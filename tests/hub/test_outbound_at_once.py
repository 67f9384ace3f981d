"""What others commit between what a claim, a takeover or an outcome has read and what it writes: none of it is written over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hub import outcomes
from hub.store import windows
from hub.store.calls import Outcome
from hub.store.store import Store
from hub.store.tables import Conversation, Delivery, DeliveryAttempt, Inbox, Thread
from hub.store.window_tables import Allowance
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import AskedPhone, Phone, deliver, desks, only, put, rows, scene_of, settle, take_in
from tests.hub.metered import COUNTED, states
from tests.hub.test_outbound_crashes import claimed_by_somebody_who_dies

Others = Callable[[], Awaitable[Any]]


SEVERAL_WRITE = pytest.mark.parametrize(
    "store", [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True
)
"""SQLite has one writer at a time: nothing can come between."""


def once_read(monkeypatch: Any, store: Store, others: Others) -> None:
    """When what waits in conversations has been read for the first time, others commit something."""
    read, left = store.deliveries.streams, [others]

    async def streams(connection: Any, conversations: Any) -> Any:
        found = await read(connection, conversations)
        while left:
            await left.pop()()
        return found

    monkeypatch.setattr(store.deliveries, "streams", streams)


@SEVERAL_WRITE
@pytest.mark.parametrize("spent", [False, True], ids=["would leave", "would be held"])
async def test_an_answer_that_is_taken_back_while_it_is_claimed_does_not_leave(
    make_hub: Any, monkeypatch: Any, spent: bool
) -> None:
    """And what would have shared its call does, under a key of its own."""
    scene = await scene_of(make_hub, Phone(COUNTED))
    store = scene.hub.store
    if spent:
        await put(store, Allowance, {}, calls_left=0)
    (talk,) = await rows(store, Conversation)
    await take_in(
        scene.hub, answered("oh no", conversation=talk["id"], id="a1"), answered("hi", conversation=talk["id"], id="a2")
    )
    first, second = await rows(store, Delivery, target="phone")

    async def undo() -> None:
        async with store.db.write() as connection:
            assert await store.timeline.cancel(connection, first["message_id"], "phone", scene.hub.now())

    once_read(monkeypatch, store, undo)
    await deliver(scene.hub)
    assert scene.phone.texts == ([] if spent else ["hi"])
    assert await states(scene) == ["cancelled", "held" if spent else "sent"]
    assert scene.phone.begun == ([] if spent else [second["idem_key"]])
    left = (await only(store, Allowance))["calls_left"]
    assert left == (0 if spent else 2), "what did not leave is not paid for"


@SEVERAL_WRITE
async def test_a_call_that_is_claimed_under_another_lane_meanwhile_is_made_once(make_hub: Any, monkeypatch: Any) -> None:
    """Who is merged, or gets a name, moves to another lane while the old one is at work."""
    scene = await scene_of(make_hub, Phone())
    store = scene.hub.store
    (talk,) = await rows(store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    call, other = await scene.call(), (talk["lane"] + 1) % store.lanes
    heads = [head for head in await store.deliveries.due(talk["lane"], 10) if head.target == "phone"]
    won: list[Any] = []

    async def moved() -> None:
        await put(store, Delivery, {"id": call["id"]}, lane=other)
        won.append(await store.deliveries.claim(other, heads, owner="new", lease_ms=60_000, capabilities={}))

    once_read(monkeypatch, store, moved)
    lost = await store.deliveries.claim(talk["lane"], heads, owner="old", lease_ms=60_000, capabilities={})
    assert ([one.id for run in won[0][0] for one in run], lost) == ([call["id"]], ([], False))
    assert ((await scene.call())["owner"], len(await rows(store, DeliveryAttempt, delivery_id=call["id"]))) == ("new", 1)


@SEVERAL_WRITE
async def test_a_call_that_was_tried_meanwhile_is_claimed_for_its_next_try(make_hub: Any, monkeypatch: Any) -> None:
    """It waits again, so that only the number of its try tells."""
    scene = await scene_of(make_hub, Phone())
    store = scene.hub.store
    (talk,) = await rows(store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    once_read(monkeypatch, store, lambda: put(store, Delivery, {"target": "phone"}, attempt=1, tries=1))
    (call,) = await claimed_by_somebody_who_dies(scene.hub, talk)
    assert (call.attempt, call.tries) == (2, 1)


@SEVERAL_WRITE
async def test_what_arrived_is_not_taken_over_from_who_says_so_late(make_hub: Any, monkeypatch: Any) -> None:
    scene = await scene_of(make_hub, Phone())
    store = scene.hub.store
    (talk,) = await rows(store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    (call,) = await claimed_by_somebody_who_dies(scene.hub, talk)
    await put(store, Delivery, {"id": call.id}, lease_ms=1)
    arrived = [outcomes.over(call, "sent", external_id="far")]
    once_read(monkeypatch, store, lambda: store.deliveries.record(arrived, owner="dead"))
    await settle(scene.hub)
    assert ((await scene.call())["state"], await scene.told()) == ("sent", ["sent"])


@SEVERAL_WRITE
async def test_a_call_is_not_taken_over_while_its_outcome_is_recorded(make_hub: Any, monkeypatch: Any) -> None:
    """Its maker stood still, and comes to itself in the last moment: a call must not have two ends."""
    scene = await scene_of(make_hub, Phone())
    store = scene.hub.store
    (talk,) = await rows(store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    (call,) = await claimed_by_somebody_who_dies(scene.hub, talk)
    await put(store, Delivery, {"id": call.id}, lease_ms=1)
    settled, successors = windows.settled, []

    async def slowly(connection: Any, counted: Any) -> Any:
        successors.append(asyncio.create_task(store.deliveries.expired(talk["lane"])))
        await asyncio.wait(successors, timeout=0.5)
        return await settled(connection, counted)

    monkeypatch.setattr("hub.store.deliveries.settled", slowly)
    assert await store.deliveries.record([outcomes.over(call, "sent", external_id="far")], owner="dead")
    assert [await one for one in successors] == [[]]
    assert (await scene.call())["state"] == "sent"


@SEVERAL_WRITE
async def test_a_call_that_is_made_again_does_not_wait_for_a_question(make_hub: Any, monkeypatch: Any) -> None:
    """Somebody has it sent again while it is taken to be asked about."""
    scene = await scene_of(make_hub, AskedPhone())
    store = scene.hub.store
    (talk,) = await rows(store, Conversation)
    await take_in(scene.hub, answered("hi", conversation=talk["id"]))
    call = await scene.call()
    await put(store, Delivery, {"id": call["id"]}, state="unknown", due_ms=1, attempt=1)
    heads = await store.deliveries.due(talk["lane"], 10)
    once_read(monkeypatch, store, lambda: store.deliveries.replay([call["id"]]))
    await store.deliveries.asking([head for head in heads if head.state == "unknown"], owner="asker", lease_ms=30_000)
    again = await scene.call()
    assert (again["state"], again["due_ms"], again["owner"]) == ("queued", 0, "")


async def test_a_thread_that_is_known_is_found_again(make_hub: Any) -> None:
    """What is recorded with it is kept, and the thread that agents write in stays."""
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    await settle(hub, said("hello"))
    known, opening = await only(hub.store, Thread), await only(hub.store, Delivery, kind="open")
    await put(hub.store, Delivery, {"id": opening["id"]}, state="sending", lease_ms=1)
    (call,) = await hub.store.deliveries.expired(opening["lane"])
    again = Outcome(call, "sent", external_id=known["external_id"], place=known["place"])
    assert await hub.store.deliveries.record([again], owner="") == [again]
    assert ((await only(hub.store, Thread)), await rows(hub.store, Inbox, state=0)) == (known, [])


@SEVERAL_WRITE
async def test_what_follows_an_answer_that_is_set_free_meanwhile_is_not_held_behind_it(make_hub: Any, monkeypatch: Any) -> None:
    """The customer acts while the claim of the next answer looks: both leave, in their order."""
    scene = await scene_of(make_hub, Phone(COUNTED))
    store = scene.hub.store
    await put(store, Allowance, {}, calls_left=0)
    await scene.answer("one")
    (talk,) = await rows(store, Conversation)
    await take_in(scene.hub, answered("two", conversation=talk["id"], id="a2"))
    assert await states(scene) == ["held", "queued"]
    once_read(monkeypatch, store, lambda: take_in(scene.hub, said("are you there?")))
    await deliver(scene.hub)
    assert scene.phone.texts == ["one", "two"]
    assert await states(scene) == ["sent", "sent"]
