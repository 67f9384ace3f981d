"""Outbound, many calls: each target gets a conversation in order, one that is stuck blocks only itself, and a dead worker's
calls are never simply made again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hub.errors import Temporary, Uncertain, Undeliverable
from hub.outbound import Outbound
from hub.ports import Pace
from hub.runtime import Hub
from hub.store.calls import Call
from hub.store.tables import Conversation, Delivery, DeliveryAttempt, Message
from tests.conftest import until
from tests.fakes import TEXT_ONLY, FakeDesk, answered, said
from tests.hub.hubs import (
    KEYED,
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


async def claimed_by_somebody_who_dies(hub: Hub, talk: dict[str, Any]) -> list[Call]:
    """A worker marks what is due at the phone as being sent, commits, and is killed."""
    deliveries = hub.store.deliveries
    heads = [head for head in await deliveries.due(talk["lane"], 10) if head.target == "phone"]
    (run,), _ = await deliveries.claim(talk["lane"], heads, owner="dead", lease_ms=60_000, capabilities={})
    return run


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


async def test_lines_for_a_thread_share_a_call(make_hub: Any) -> None:
    slack = FakeDesk()
    hub = await make_hub(desks=desks(slack=slack))
    await take_in(hub, *(said(f"{n}") for n in range(25)))
    await deliver(hub)
    assert [len(texts) for _, texts in slack.posts] == [10, 10, 5]
    assert slack.threads["C1:1"] == [f"{n}" for n in range(25)]
    assert {row["state"] for row in await rows(hub.store, Delivery)} == {"sent"}


HEADED = replace(TEXT_ONLY, coalesce=10, idempotency="lookup", lookup_after=30.0, head=400)


async def test_a_new_threads_first_lines_travel_with_its_head_as_far_as_they_fit(make_hub: Any) -> None:
    slack = FakeDesk(HEADED)
    hub = await make_hub(desks=desks(slack=slack))
    await take_in(hub, said("one"), said("two"), said("x" * 400), said("four"))
    await deliver(hub)
    assert slack.heads == [["one", "two"]]
    assert slack.posts == [("C1:1", ["x" * 400, "four"])]
    assert {row["state"] for row in await rows(hub.store, Delivery)} == {"sent"}
    await settle(hub, said("five"))
    assert slack.threads["C1:1"] == ["one", "two", "x" * 400, "four", "five"]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_head_without_an_answer_is_found_with_its_lines_or_posted_again_with_them(make_hub: Any, arrived: bool) -> None:
    slack = FakeDesk(HEADED)
    hub = await make_hub(desks=desks(slack=slack))
    (slack.fail_open_after if arrived else slack.fail).append(Uncertain("no answer"))
    await settle(hub, said("one"), said("two"))
    assert [row["state"] for row in await rows(hub.store, Delivery)] == ["unknown"] * 3
    await settle(hub, said("three"))
    assert len(slack.threads) == int(arrived), "nobody posts before Slack was asked"
    await put(hub.store, Delivery, {"state": "unknown"}, due_ms=1)
    await settle(hub)
    assert list(slack.threads.values()) == [["one", "two", "three"]]
    assert {row["state"] for row in await rows(hub.store, Delivery)} == {"sent"}


async def test_a_shared_call_without_an_answer_is_found_line_by_line(make_hub: Any) -> None:
    slack = FakeDesk(replace(TEXT_ONLY, coalesce=10, idempotency="lookup", lookup_after=30.0))
    hub = await make_hub(desks=desks(slack=slack))
    await settle(hub, said("first"))
    slack.fail_after = [Uncertain("no answer")]
    await settle(hub, *(said(f"{n}") for n in range(3)))
    assert [row["state"] for row in await rows(hub.store, Delivery, kind="line")] == ["sent"] + ["unknown"] * 3
    await put(hub.store, Delivery, {"state": "unknown"}, due_ms=1)
    await settle(hub)
    assert [row["state"] for row in await rows(hub.store, Delivery, kind="line")] == ["sent"] * 4
    assert slack.threads["C1:1"] == ["first", "0", "1", "2"]


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


async def test_who_waits_for_a_place_s_pace_lets_new_threads_go_before_their_lines(make_hub: Any) -> None:
    desk = FakeDesk(replace(FakeDesk().capabilities, pace=Pace(8)))
    hub = await make_hub(connectors=channels(phone=Phone()), desks=desks(slack=desk))
    await take_in(hub, *(said(f"hello {n}", customer=f"c{n}") for n in range(8)))
    async with sender(hub) as outbound:
        await asyncio.gather(*(outbound.run(lane) for lane in range(hub.store.lanes)))
    kinds = [row["kind"] for row in sorted(await rows(hub.store, Delivery, target="slack"), key=lambda row: row["done_at"])]
    assert kinds == ["open"] * 8 + ["line"] * 8, "every customer is seen first; the head of a thread shows the last words"


async def test_a_limit_on_cards_holds_no_line_up(make_hub: Any) -> None:
    class Limited(FakeDesk):
        async def update(self, thread: Any, card: Any) -> None:
            if not self.cards[1:]:
                self.cards.append(card)
                raise Temporary("slow down", retry_after=30, paused=True)
            await super().update(thread, card)

    desk = Limited(replace(FakeDesk().capabilities, pace=Pace(100), card_pace=Pace(0.1, 5)))
    hub = await make_hub(connectors=channels(phone=Phone()), desks=desks(slack=desk))
    await settle(hub, said("hello"))
    (thread,) = desk.threads
    await settle(hub, answered("", thread=thread, desk="slack", kind="priority", data={"level": 2}))
    await settle(hub, said("are you there?"))
    assert desk.threads[thread][-1] == "are you there?"
    [card] = await rows(hub.store, Delivery, kind="card", state="queued")
    assert card["reason"] == "slow down"


async def test_two_processes_waste_no_place_of_a_pace_on_each_other_s_calls(make_hub: Any) -> None:
    """Both wait for places for the same calls; what one finds already taken, it gives back."""
    desk = FakeDesk(replace(FakeDesk().capabilities, pace=Pace(200)))
    hub = await make_hub(connectors=channels(phone=Phone()), desks=desks(slack=desk))
    await settle(hub, *(said(f"hello {n}", customer=f"c{n}") for n in range(30)))
    desk.capabilities = replace(desk.capabilities, pace=Pace(15))
    await take_in(hub, *(said(f"and {n}", customer=f"c{n}") for n in range(30)))
    taken = Taken(hub)
    async with sender(hub) as one, sender(hub) as other:
        await asyncio.gather(*(process.run(lane, 9.0) for lane in range(hub.store.lanes) for process in (one, other)))
    assert sum(len(lines) for lines in desk.threads.values()) == 60
    assert taken.twice > 0, "both have waited for the same calls"
    assert taken.places == 30


class Taken:
    """Counts the places of a hub's paces that are taken and not given back; `twice` is how many were."""

    def __init__(self, hub: Hub) -> None:
        self.places = self.twice = 0
        limits: Any = hub.limits
        self._wait_all, self._give_back = limits.wait_all, limits.give_back
        limits.wait_all, limits.give_back = self._took, self._gave

    async def _took(self, paces: Any, *call: Any) -> float:
        wait: float = await self._wait_all(paces, *call)
        self.places += wait <= 0
        return wait

    async def _gave(self, paces: Any, *call: Any) -> None:
        self.places -= 1
        self.twice += 1
        await self._give_back(paces, *call)
