"""Outbound, silence: what may have been accepted is asked about, repeated by its key, or shown; never blindly sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.errors import Temporary, Uncertain, Undeliverable
from hub.model import ExternalId
from hub.outcomes import GIVE_UP_S, PAUSES
from hub.store.tables import Conversation
from tests.fakes import TEXT_ONLY, answered
from tests.hub.hubs import KEYED, AskedPhone, Phone, Scene, only, scene_of, settle

SILENCES = [Uncertain("connection lost after the request"), TimeoutError(), RuntimeError("a bug of the connector")]


@pytest.mark.parametrize("error", SILENCES, ids=lambda error: type(error).__name__)
async def test_uncertain_without_key_or_lookup_is_shown_and_never_sent_again(scene: Scene, error: Exception) -> None:
    scene.phone.fail_after = [error]
    await scene.answer()
    call = await scene.call()
    assert (call["state"], call["attempt"], call["due_ms"]) == ("unknown", 1, 0)
    assert await scene.told() == ["unknown"]
    shown = [line for line in scene.slack.lines if line.entry.kind == "status"]
    assert [line.delivery for line in shown] == [call["id"]]
    assert scene.slack.marks == [("ts.hi", "unknown")]
    for _ in range(3):
        await settle(scene.hub)
    assert scene.phone.texts == ["hi"]
    assert await scene.hub.store.deliveries.waiting_lanes() == []


async def test_resend_is_the_agents_own_decision(scene: Scene) -> None:
    scene.phone.fail = [Uncertain("no answer")]
    await scene.answer()
    call, talk = await scene.call(), await only(scene.hub.store, Conversation)
    await settle(scene.hub, answered("", conversation=talk["id"], kind="resend", edit_of=ExternalId(call["id"])))
    again = await scene.call()
    assert (again["state"], again["attempt"], again["idem_key"]) == ("sent", 2, call["idem_key"])
    assert scene.phone.texts == ["hi"]
    assert await scene.told() == ["unknown", "sent"]


async def test_a_platform_that_does_not_answer_in_time_is_uncertain(make_hub: Any) -> None:
    phone = Phone(replace(TEXT_ONLY, timeout=-4.8))
    scene = await scene_of(make_hub, phone)
    phone.gate.clear()
    await scene.answer()
    assert (await scene.call())["state"] == "unknown", "five seconds are added to the connector's own time"
    phone.gate.set()


async def test_uncertain_with_a_key_is_sent_again_under_the_same_key(make_hub: Any) -> None:
    phone = Phone(KEYED)
    scene = await scene_of(make_hub, phone)
    phone.fail_after = [Uncertain("no answer")]
    await scene.answer()
    call = await scene.call()
    assert (call["state"], call["tries"]) == ("queued", 1)
    call = await scene.again()
    assert call["state"] == "sent"
    assert {key for _, _, key in phone.sent} == {call["idem_key"]}
    assert await scene.told() == ["sent"]


async def test_uncertain_that_did_arrive_is_found_and_not_sent_again(make_hub: Any) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail_after = [Uncertain("no answer")]
    await scene.answer()
    call = await scene.call()
    assert (call["state"], call["reason"]) == ("unknown", "no answer")
    assert await scene.told() == [], "it may be found yet"
    call = await scene.again()
    assert (call["state"], call["external_id"], call["attempt"]) == ("sent", "found", 1)
    assert phone.asked == [call["idem_key"]]
    assert phone.texts == ["hi"]
    assert await scene.told() == ["sent"]


async def test_uncertain_that_did_not_arrive_is_sent_once(make_hub: Any) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail = [Uncertain("no answer")]
    await scene.answer()
    call = await scene.again()
    assert (call["state"], call["attempt"]) == ("sent", 2)
    assert phone.texts == ["hi"]
    assert await scene.told() == ["sent"]


async def test_a_platform_is_asked_only_after_its_own_limit(make_hub: Any) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail = [Uncertain("no answer")]
    await scene.answer()
    assert 29 < await scene.wait_s() <= 30
    assert phone.asked == []


async def test_a_question_that_fails_is_asked_again(make_hub: Any) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail_after, phone.asked_fail = [Uncertain("no answer")], [Temporary("slow down", retry_after=20.0)]
    await scene.answer()
    call = await scene.again()
    assert (call["state"], call["attempt"]) == ("unknown", 1)
    assert 19 < await scene.wait_s() <= 20
    assert (await scene.again())["state"] == "sent"
    assert phone.texts == ["hi"]


@pytest.mark.parametrize("late", [False, True], ids=["nobody may tell", "a day of no answer"])
async def test_what_nobody_can_tell_of_is_shown(make_hub: Any, late: bool) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail_after = [Uncertain("no answer")]
    phone.asked_fail = [Temporary("slow down") if late else Undeliverable("the token may not ask")]
    await scene.answer()
    age = timedelta(seconds=GIVE_UP_S + 60 if late else 0)
    call = await scene.again(at=scene.hub.now() - age)
    assert (call["state"], call["due_ms"]) == ("unknown", 0)
    assert await scene.told() == ["unknown"]
    assert phone.texts == ["hi"]


async def test_what_never_arrives_has_failed_in_the_end(make_hub: Any) -> None:
    """The platform takes nothing and says each time that nothing came: no silent end."""
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail = [Uncertain("no answer")] * 50
    await scene.answer()
    for _ in range(2 * len(PAUSES)):
        call = await scene.again()
    assert call["state"] == "failed"
    assert await scene.told() == ["failed"]


async def test_a_question_that_crashes_ends_visibly_too(make_hub: Any) -> None:
    phone = AskedPhone()
    scene = await scene_of(make_hub, phone)
    phone.fail_after, phone.asked_fail = [Uncertain("no answer")], [KeyError("a bug of the connector")]
    await scene.answer()
    call = await scene.again(at=scene.hub.now() - timedelta(seconds=GIVE_UP_S + 60))
    assert (call["state"], call["due_ms"]) == ("unknown", 0)
    assert await scene.told() == ["unknown"]
