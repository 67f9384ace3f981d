"""The meter where only the time counts, and only for some addresses: its end closes it and the platform does, no number does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.beginning import barrier
from hub.errors import WindowClosed
from hub.model import Choice
from hub.ports import Window
from hub.store.tables import Conversation, Delivery
from hub.store.tables import Message as MessageRow
from hub.store.window_tables import Allowance
from tests.fakes import TEXT_ONLY, answered, said
from tests.hub.hubs import Phone, Scene, data_of, put, rows, scene_of, settle

DAY = 86_400.0
TIMED = replace(TEXT_ONLY, window=Window(DAY, 0, {"choice": (0.0, 0)}, mark="@"))
WHO = "7@biz"


@pytest.fixture
async def scene(make_hub: Any) -> AsyncIterator[Scene]:
    """A customer who is not counted has written, and then one who is."""
    made = await scene_of(make_hub, Phone(TIMED))
    await settle(made.hub, said("hello, shop", customer=WHO))
    yield made


async def answer(scene: Scene, text: str, nth: int = 1) -> None:
    thread = list(scene.slack.threads)[nth]
    await settle(scene.hub, answered(text, thread=thread, desk="slack", id=f"ts.{text}"))


async def states(scene: Scene) -> list[str]:
    return [row["state"] for row in await rows(scene.hub.store, Delivery, target="phone")]


async def over(scene: Scene) -> None:
    await put(scene.hub.store, Allowance, {}, until_ms=await scene.hub.store.sweeping.clock())


async def test_any_number_of_answers_leaves_and_nobody_is_warned(scene: Scene) -> None:
    for n in range(7):
        await answer(scene, f"{n}")
    assert await states(scene) == ["sent"] * 7
    assert not {"held", "warned"} & {data_of(row)["state"] for row in await rows(scene.hub.store, MessageRow, kind="status")}
    card = scene.slack.cards[-1]
    assert card.calls_left is None, "there is no number to be shown"
    assert card.window_until is not None and timedelta(hours=23) < card.window_until - scene.hub.now() <= timedelta(hours=24)


async def test_after_its_end_answers_wait_and_a_message_lets_them_go(scene: Scene) -> None:
    await over(scene)
    await answer(scene, "late")
    assert await states(scene) == ["held"] and scene.phone.sent == []
    pressed = said("", customer=WHO).model_copy(update={"parts": (Choice(id="a", text="A"),)})
    await settle(scene.hub, pressed)
    assert await states(scene) == ["held"], "a button is no message here"
    await settle(scene.hub, said("still there?", customer=WHO))
    assert scene.phone.sent[0][:2] == (WHO, "late")


async def test_other_addresses_are_answered_at_any_time(scene: Scene) -> None:
    await over(scene)
    await answer(scene, "to somebody else", 0)
    assert await states(scene) == ["sent"]
    [row] = await rows(scene.hub.store, Allowance)
    talks = {one["identity_id"] for one in await rows(scene.hub.store, Conversation)}
    assert row["identity_id"] in talks and len(talks) == 2, "nothing is counted of them"


async def test_what_the_platform_says_closes_it(scene: Scene) -> None:
    scene.phone.fail = [WindowClosed("they were silent for a day", "silent")]
    await answer(scene, "refused")
    await answer(scene, "after it")
    assert await states(scene) == ["held", "held"] and scene.phone.sent == []
    [talk] = [one for one in await rows(scene.hub.store, Conversation) if one["preview"] == "after it"]
    meter = await scene.hub.store.windows.of(talk["id"])
    assert meter is not None and not meter.open(scene.hub.now())
    await settle(scene.hub, said("here I am", customer=WHO))
    assert [text for _, text, _ in scene.phone.sent] == ["refused", "after it"]


async def test_who_wrote_before_we_counted_is_answered_unless_the_platform_minds(scene: Scene) -> None:
    async with scene.hub.store.db.write() as connection:
        await connection.execute(Allowance.__table__.delete())  # type: ignore[attr-defined]
    await answer(scene, "one")
    scene.phone.fail = [WindowClosed("silent", "silent")]
    await answer(scene, "two")
    assert await states(scene) == ["sent", "held"]


async def test_an_agent_may_begin_while_it_is_open(scene: Scene) -> None:
    for open_, why in ((True, ""), (False, "window")):
        if not open_:
            await over(scene)
        async with scene.hub.store.db.read() as connection:
            known = await scene.hub.store.reach.one(connection, {"channel": "phone", "address": WHO})
            other = await scene.hub.store.reach.one(connection, {"channel": "phone", "address": "ann"})
        assert barrier({"phone": TIMED}, "phone", known) == why
        assert barrier({"phone": TIMED}, "phone", other) == ""
