"""Outbound, one call: what each answer, refusal and silence of a platform means (reliability B.6, the table of errors)."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.errors import Malformed, Rejected, Temporary, Undeliverable
from hub.outcomes import GIVE_UP_S, PAUSES
from hub.ports import Capabilities, Pace
from hub.store.tables import Conversation, Delivery, DeliveryAttempt, Identity
from tests.conftest import until
from tests.fakes import TEXT_ONLY, FakeDesk, answered, said
from tests.hub.hubs import (
    KEYED,
    Phone,
    Scene,
    channels,
    deliver,
    desks,
    only,
    put,
    rows,
    scene_of,
    sender,
    settle,
    take_in,
)


async def test_accepted_is_sent_and_said(scene: Scene) -> None:
    await scene.answer()
    call, attempt = await scene.call(), await only(scene.hub.store, DeliveryAttempt, delivery_id=(await scene.call())["id"])
    assert (call["state"], call["external_id"], call["attempt"]) == ("sent", "far1", 1)
    assert call["done_at"] is not None
    assert (attempt["n"], attempt["phase"], attempt["outcome"]) == (1, "done", "sent")
    assert attempt["finished_at"] >= attempt["started_at"]
    assert await scene.told() == ["sent"]
    assert scene.slack.marks == [("ts.hi", "sent")]


async def test_not_accepted_is_tried_again_after_a_pause_that_grows(scene: Scene) -> None:
    scene.phone.fail = [Temporary("no route to host")] * 3
    await scene.answer()
    call = await scene.call()
    assert (call["state"], call["tries"], call["reason"]) == ("queued", 1, "no route to host")
    assert 0 < await scene.wait_s() <= 1.3
    call = await scene.again()
    assert (call["state"], call["tries"]) == ("queued", 2)
    await scene.again()
    assert 2.5 < await scene.wait_s() <= 5.1
    call = await scene.again()
    assert (call["state"], call["attempt"]) == ("sent", 4)
    assert scene.phone.texts == ["hi"]
    assert await scene.told() == ["sent"], "nobody is bothered with tries that came to nothing"
    outcomes = [row["outcome"] for row in await rows(scene.hub.store, DeliveryAttempt) if row["delivery_id"] == call["id"]]
    assert sorted(outcomes) == ["queued", "queued", "queued", "sent"]


async def test_a_platform_says_when_to_come_again(scene: Scene) -> None:
    scene.phone.fail = [Temporary("later", retry_after=7.0)]
    await scene.answer()
    assert 6 < await scene.wait_s() <= 7
    assert (await scene.call())["tries"] == 1


async def test_slowing_down_is_no_try(scene: Scene) -> None:
    scene.phone.fail = [Temporary("slow down", retry_after=30.0, paused=True)] * 20
    await scene.answer()
    assert 29 < await scene.wait_s() <= 30
    for _ in range(len(PAUSES) + 2):
        call = await scene.again()
        assert (call["state"], call["tries"]) == ("queued", 0)
    scene.phone.fail.clear()
    assert (await scene.again())["state"] == "sent"


async def test_wrong_settings_pause_and_burn_nothing(make_hub: Any) -> None:
    """A revoked token is refused until an admin mends it: every message waits, and all arrive then, in order."""
    scene = await scene_of(make_hub, Phone())
    scene.phone.fail = [Temporary("the token is not known", retry_after=60.0, paused=True)]
    for text in ("one", "two", "three"):
        await scene.answer(text)
    assert {row["state"] for row in await rows(scene.hub.store, Delivery, target="phone")} == {"queued"}
    assert len(scene.phone.begun) == 1, "one call found out; the others were not made"
    await put(scene.hub.store, Delivery, {"target": "phone"}, due_ms=1)
    await settle(scene.hub)
    assert scene.phone.texts == ["one", "two", "three"]


async def test_a_pause_is_for_all_of_the_place(make_hub: Any) -> None:
    """429 from a desk: not only this thread has to wait, but every one that counts against the same limit."""
    slack = FakeDesk(replace(TEXT_ONLY, pace=Pace(100)))
    hub = await make_hub(desks=desks(slack=slack))
    await settle(hub, said("hi", customer="ann"), said("hi", customer="bob"))
    slack.fail = [Temporary("slow down", retry_after=3.0, paused=True)]
    await take_in(hub, said("more", customer="ann"))
    await deliver(hub, seconds=0.3)
    assert slack.fail == []
    await take_in(hub, said("more", customer="bob"))
    async with sender(hub) as outbound:
        await deliver(hub, outbound, 0.4)
        assert len(slack.posts) == 2, "bob's line waits too"
        await until(lambda: len(slack.posts) == 3, 8)
        await deliver(hub, outbound, 3.0)
    assert sorted(slack.threads.values()) == [["hi", "more"], ["hi", "more"]]


async def test_a_pause_of_the_whole_bot_holds_every_customer(make_hub: Any) -> None:
    phone = Phone(replace(TEXT_ONLY, pace=Pace(50, burst=5), total=Pace(50, burst=5)))
    hub = await make_hub(connectors=channels(phone=phone))
    await take_in(hub, said("hi", customer="ann"), said("hi", customer="bob"))
    ann, bob = [talk["id"] for talk in await rows(hub.store, Conversation)]
    phone.fail = [Temporary("slow down", retry_after=3.0, paused=True, everywhere=True)]
    await take_in(hub, answered("to ann", conversation=ann))
    await deliver(hub, seconds=0.3)
    assert phone.fail == []
    await take_in(hub, answered("to bob", conversation=bob))
    began = time.monotonic()
    async with sender(hub) as outbound:
        await deliver(hub, outbound, 0.4)
        assert phone.texts == []
        await until(lambda: phone.texts == ["to bob"], 8)
        assert time.monotonic() - began > 0.7
    await put(hub.store, Delivery, {"state": "queued"}, due_ms=1)
    await settle(hub)
    assert sorted(phone.texts) == ["to ann", "to bob"], "and nothing is lost"


async def test_two_processes_keep_one_pace_for_the_whole_channel(make_hub: Any) -> None:
    phone = Phone(replace(TEXT_ONLY, total=Pace(20.0, burst=2)))
    hub = await make_hub(connectors=channels(phone=phone))
    await take_in(hub, *(said("hi", customer=f"c{n}") for n in range(12)))
    talks = [talk["id"] for talk in await rows(hub.store, Conversation)]
    await take_in(hub, *(answered(f"a{n}", conversation=talk) for n, talk in enumerate(talks)))
    began = time.monotonic()
    async with sender(hub) as one, sender(hub) as two:
        await asyncio.gather(deliver(hub, one, 0.5), deliver(hub, two, 0.5))
        await until(lambda: len(phone.texts) == 12, 10)
    assert time.monotonic() - began > 9 / 20, "two at once, and ten at twenty a second"
    assert sorted(phone.texts) == sorted(f"a{n}" for n in range(12))


async def test_a_pace_is_kept(make_hub: Any) -> None:
    slack = FakeDesk(replace(TEXT_ONLY, pace=Pace(20.0)))
    hub = await make_hub(desks=desks(slack=slack))
    await take_in(hub, *(said("hi", customer=f"c{n}") for n in range(6)))
    began = time.monotonic()
    async with sender(hub) as outbound:
        for lane in range(hub.store.lanes):
            await outbound.run(lane, 5.0)
        await until(lambda: len(slack.threads) == 6, 5)
    assert time.monotonic() - began > 5 / 20, "six threads at twenty a second, one at once"


async def test_after_too_many_tries_it_has_failed_and_is_shown(scene: Scene) -> None:
    scene.phone.fail = [Temporary("no route to host")] * 2
    await scene.answer()
    call = await scene.again(tries=len(PAUSES))
    assert call["state"] == "failed"
    assert "no route to host" in call["reason"]
    assert await scene.told() == ["failed"]
    assert scene.slack.marks == [("ts.hi", "failed")]


async def test_after_a_day_of_slowing_down_it_has_failed_and_is_shown(scene: Scene) -> None:
    scene.phone.fail = [Temporary("slow down", retry_after=30.0, paused=True)] * 2
    await scene.answer()
    call = await scene.again(at=scene.hub.now() - timedelta(seconds=GIVE_UP_S + 60))
    assert call["state"] == "failed"
    assert await scene.told() == ["failed"]


@pytest.mark.parametrize("error", [Undeliverable("the window is closed"), Rejected("bad token"), Malformed("too long")])
async def test_refused_for_good_has_failed_at_once_and_is_shown_with_the_reason(scene: Scene, error: Exception) -> None:
    scene.phone.fail = [error]
    await scene.answer()
    call = await scene.call()
    assert (call["state"], call["attempt"], call["reason"]) == ("failed", 1, str(error))
    assert await scene.told() == ["failed"]
    shown = [line for line in scene.slack.lines if line.entry.kind == "status"]
    assert [line.delivery for line in shown] == [call["id"]], "with the call that Resend must name"
    assert str(error) in str(shown[0].parts)
    assert (await scene.again())["attempt"] == 1, "and is not tried again"


async def test_who_cannot_be_reached_is_marked(scene: Scene) -> None:
    scene.phone.fail = [Undeliverable("the customer has blocked us", unreachable=True)]
    await scene.answer()
    assert (await only(scene.hub.store, Identity))["unreachable"] == "the customer has blocked us"


async def test_a_channel_that_was_taken_out_of_the_settings(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone())
    await take_in(scene.hub, answered("hi", thread="C1:1", desk="slack"))
    scene.hub.connectors = {}
    await deliver(scene.hub)
    call = await scene.call()
    assert (call["state"], call["reason"]) == ("failed", "phone is no longer configured")


@pytest.mark.parametrize(
    ("reason", "code", "shown"),
    [
        ("refused", "43019", "refused (43019)"),
        ("43019: refused", "43019", "43019: refused"),
        ("they blocked us", "blocked", "they blocked us (blocked)"),
        ("refused: not_in_channel", "not_in_channel", "refused: not_in_channel"),
    ],
)
async def test_agents_see_the_platforms_own_code_once(scene: Scene, reason: str, code: str, shown: str) -> None:
    scene.phone.fail = [Undeliverable(reason, code)]
    await scene.answer()
    assert (await scene.call())["reason"] == shown


async def pauses_of(make_hub: Any, capabilities: Capabilities) -> list[float]:
    """How long a call waits before each further try, until it has failed; without the chance in it."""
    scene = await scene_of(make_hub, Phone(capabilities))
    scene.phone.fail = [Temporary("no route to host")] * 50
    await scene.answer()
    found: list[float] = []
    while (await scene.call())["state"] == "queued":
        found.append(await scene.wait_s())
        await scene.again()
    assert await scene.told() == ["failed"]
    return found


async def test_a_call_with_a_key_is_tried_for_hours_with_growing_pauses(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.5)
    found = await pauses_of(make_hub, KEYED)
    assert len(found) + 1 >= 8
    assert sum(found) > 4 * 3600
    assert all(one <= other + 1 for one, other in pairwise(found))


async def test_a_channel_says_itself_when_to_try_again(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.5)
    found = await pauses_of(make_hub, replace(TEXT_ONLY, pauses=(5.0, 300.0)))
    assert found == pytest.approx([5.0, 300.0], abs=3)


async def test_a_record_that_fails_says_why(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    record, failures = scene.hub.store.deliveries.record, iter([OSError("the disk is full")])

    async def broken(*args: Any, **more: Any) -> Any:
        for failure in failures:
            raise failure
        return await record(*args, **more)

    monkeypatch.setattr(scene.hub.store.deliveries, "record", broken)
    with capture_logs() as logs:
        await scene.answer()
    assert "the disk is full" in next(one["error"] for one in logs if one["event"] == "outbound.record_failed")
    assert scene.phone.texts == ["hi"]
