"""Several texts that were held leave in one call, which is tried and asked for again as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.errors import Uncertain
from hub.model import Media
from hub.store.tables import Delivery
from hub.store.window_tables import Allowance
from tests.fakes import answered, said
from tests.hub.hubs import AskedPhone, Phone, put, rows, scene_of, settle
from tests.hub.metered import PACKED, meter, states


async def test_several_held_texts_leave_in_one_call(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(PACKED))
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    for text in ("one", "two", "three"):
        await scene.answer(text)
    assert scene.phone.begun == []
    await settle(scene.hub, said("hello?"))
    assert scene.phone.texts == ["one\ntwo\nthree"]
    assert await states(scene) == ["sent"] * 3
    assert (await meter(scene)).calls_left == 2, "one call was made"


async def test_what_was_packed_is_tried_again_as_it_was(make_hub: Any) -> None:
    """A platform that knows the first try's key takes the second for the same: it must not carry more, nor less."""
    phone = Phone(replace(PACKED, idempotency="key"))
    scene = await scene_of(make_hub, phone)
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    await scene.answer("one")
    await scene.answer("two")
    phone.fail_after = [Uncertain("no answer")]
    await settle(scene.hub, said("hello?"))
    await scene.answer("three")
    await put(scene.hub.store, Delivery, {"rank": (await rows(scene.hub.store, Delivery, target="phone"))[0]["rank"]}, due_ms=1)
    await settle(scene.hub)
    assert phone.texts == ["one\ntwo", "one\ntwo", "three"]
    keys = [key for _, _, key in phone.sent]
    assert keys[0] == keys[1] != keys[2]
    assert (await meter(scene)).calls_left == 1


async def test_what_was_packed_is_asked_for_by_the_key_that_it_left_with(make_hub: Any) -> None:
    phone = AskedPhone(replace(PACKED, idempotency="lookup"))
    scene = await scene_of(make_hub, phone)
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    await scene.answer("one")
    await scene.answer("two")
    phone.fail_after = [Uncertain("no answer")]
    await settle(scene.hub, said("hello?"))
    await put(scene.hub.store, Delivery, {"target": "phone"}, due_ms=1)
    await settle(scene.hub)
    assert phone.texts == ["one\ntwo"]
    assert await states(scene) == ["sent", "sent"]


async def test_no_file_travels_in_a_shared_call(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(replace(PACKED, parts=frozenset({"text", "media"}), media=frozenset({"image"}))))
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    await scene.answer("one")
    picture = Media(kind="image", remote="far")
    reply = answered("", thread="C1:1", desk="slack", id="ts.p").model_copy(update={"parts": (picture,)})
    await settle(scene.hub, reply)
    await settle(scene.hub, said("hello?"))
    assert len(scene.phone.sent) == 2
