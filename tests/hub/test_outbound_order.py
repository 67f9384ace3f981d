"""Outbound, many calls: each target gets a conversation in order and one at a time, and what is stuck blocks only itself."""

from __future__ import annotations

import asyncio
from typing import Any

from hub.errors import Temporary, Uncertain, Undeliverable
from hub.runtime import Hub
from hub.store.tables import Conversation, Delivery, Message
from tests.conftest import until
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import (
    AskedPhone,
    Phone,
    Reading,
    Scene,
    channels,
    data_of,
    deliver,
    desks,
    put,
    rows,
    scene_of,
    sender,
    settle,
    take_in,
)


async def talks_of(hub: Hub, *customers: str) -> list[dict[str, Any]]:
    """A conversation for each customer, in their order."""
    for customer in customers:
        await settle(hub, said(f"hello from {customer}", customer=customer))
    return await rows(hub.store, Conversation)


async def test_several_answers_leave_in_order_one_at_a_time(scene: Scene) -> None:
    (talk,) = await rows(scene.hub.store, Conversation)
    texts = [f"answer {n}" for n in range(8)]
    await take_in(scene.hub, *(answered(text, conversation=talk["id"]) for text in texts))
    scene.phone.gate.clear()
    async with sender(scene.hub) as outbound:
        running = asyncio.create_task(deliver(scene.hub, outbound))
        await until(lambda: len(scene.phone.begun) == 1)
        await asyncio.sleep(0.1)
        assert len(scene.phone.begun) == 1, "the second waits for the outcome of the first"
        scene.phone.gate.set()
        await until(lambda: len(scene.phone.texts) == 8)
        await running
    assert scene.phone.texts == texts


async def test_two_workers_make_each_call_once_and_in_order(make_hub: Any) -> None:
    phone = Phone()
    one, two = await make_hub(connectors=channels(phone=phone)), await make_hub(connectors=channels(phone=phone))
    talks = await talks_of(one, *(f"c{n}" for n in range(6)))
    texts = {talk["id"]: [f"{talk['id']} {n}" for n in range(5)] for talk in talks}
    for n in range(5):
        await take_in(one, *(answered(texts[talk["id"]][n], conversation=talk["id"]) for talk in talks))
    async with sender(one) as first, sender(two) as second:
        lanes = range(one.store.lanes)
        await asyncio.gather(*(outbound.run(lane, 20.0) for outbound in (first, second) for lane in lanes))
        await asyncio.gather(*(outbound.run(lane, 20.0) for outbound in (first, second) for lane in lanes))
    assert len(phone.sent) == 30
    found = {talk["id"]: [text for text in phone.texts if text.startswith(talk["id"])] for talk in talks}
    assert found == texts


async def test_one_that_is_stuck_blocks_only_itself(make_hub: Any) -> None:
    phone, slack = Phone(), FakeDesk()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=slack))
    ann, bob = await talks_of(hub, "ann", "bob")
    phone.fail = [Temporary("later", retry_after=600.0)]
    await settle(hub, answered("first", conversation=ann["id"]))
    await settle(hub, answered("second", conversation=ann["id"]), answered("hi Bob", conversation=bob["id"]))
    assert phone.texts == ["hi Bob"], "the same customer waits, the other does not"
    assert [text for texts in slack.threads.values() for text in texts if text in ("first", "second")] == ["first", "second"], (
        "the same conversation's other target does not wait either"
    )
    await put(hub.store, Delivery, {"target": "phone", "state": "queued"}, due_ms=1)
    await settle(hub)
    assert phone.texts == ["hi Bob", "first", "second"]


async def test_who_has_failed_holds_nobody(scene: Scene) -> None:
    scene.phone.fail = [Undeliverable("too old")]
    await scene.answer("first")
    await scene.answer("second")
    assert scene.phone.texts == ["second"]


async def test_an_unknown_one_holds_its_followers_while_it_may_be_found(make_hub: Any) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail = [Uncertain("no answer")]
    await scene.answer("first")
    await scene.answer("second")
    assert phone.texts == [], "the second must not come before the first"
    await put(scene.hub.store, Delivery, {"target": "phone", "state": "unknown"}, due_ms=1)
    await settle(scene.hub)
    assert phone.texts == ["first", "second"]


async def test_followers_go_on_when_an_unknown_one_is_given_up(scene: Scene) -> None:
    scene.phone.fail = [Uncertain("no answer")]
    await scene.answer("first")
    await scene.answer("second")
    assert scene.phone.texts == ["second"]
    assert await scene.told() == ["unknown", "sent"], "the gap is marked"


async def test_lines_wait_for_their_thread_and_say_so_when_it_cannot_be_opened(make_hub: Any) -> None:
    slack = FakeDesk()
    slack.fail = [Undeliverable("the channel is archived")]
    hub = await make_hub(desks=desks(slack=slack))
    await settle(hub, said("hello"))
    opened, line = sorted(await rows(hub.store, Delivery), key=lambda row: int(row["rank"]))[:2]
    assert (opened["kind"], opened["state"]) == ("open", "failed")
    assert (line["state"], line["reason"]) == ("failed", "its thread could not be opened")
    states = [data_of(row) for row in await rows(hub.store, Message, kind="status")]
    assert [(said["target"], said["state"]) for said in states] == [("slack", "failed")] * 2


async def test_two_desks_that_both_fail_do_not_tell_each_other_for_ever(make_hub: Any) -> None:
    one, two = Reading(), Reading()
    hub = await make_hub(desks=desks(one=one, two=two))
    await settle(hub, said("hello"))
    one.broken = two.broken = Undeliverable("the channel is archived")
    await take_in(hub, said("anybody?"))
    for _ in range(6):
        await deliver(hub)
        await take_in(hub)
    before = len(await rows(hub.store, Message))
    for _ in range(6):
        await deliver(hub)
        await take_in(hub)
    assert len(await rows(hub.store, Message)) == before
