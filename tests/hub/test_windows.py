"""The meter: what a channel would refuse is not tried but held, and leaves at the customer's next act."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.errors import Temporary, Uncertain, Undeliverable, WindowClosed
from hub.model import Choice, ExternalId, Part, Text
from hub.ports import IdempotencyKey, Identity, Window
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Conversation, Delivery
from hub.store.tables import Message as MessageRow
from hub.store.window_tables import Allowance
from tests.fakes import TEXT_ONLY, answered, said
from tests.hub.hubs import (
    Phone,
    Reading,
    Scene,
    channels,
    data_of,
    deliver,
    desks,
    happened,
    only,
    put,
    rows,
    scene_of,
    settle,
    take_in,
)
from tests.hub.metered import COUNTED, meter, states


async def test_what_is_beyond_the_quota_is_held_and_leaves_in_order_at_the_next_act(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    for text in ("one", "two", "three", "four", "five"):
        await scene.answer(text)
    assert scene.phone.texts == ["one", "two", "three"]
    assert await states(scene) == ["sent"] * 3 + ["held"] * 2
    assert (await meter(scene)).calls_left == 0
    assert (await scene.told()).count("held") == 2
    assert [mark for mark in scene.slack.marks if mark[1] == "held"] == [("ts.four", "held"), ("ts.five", "held")]
    await settle(scene.hub, said("are you there?"))
    assert scene.phone.texts == ["one", "two", "three", "four", "five"]
    assert (await meter(scene)).calls_left == 1


async def test_what_is_held_keeps_nobody_waiting(make_hub: Any) -> None:
    """A claim that comes to nothing ends the look at its lane at once, not when the next second has gone by."""
    scene = await scene_of(make_hub, Phone(COUNTED))
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    took = []
    for text in ("one", "two", "three"):
        began = asyncio.get_running_loop().time()
        await scene.answer(text)
        took.append(asyncio.get_running_loop().time() - began)
    assert min(took) < 0.9, "each took a second more, however fast the machine is; a busy one may be late once"
    assert await states(scene) == ["held"] * 3


async def test_time_closes_the_window_too(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    await put(scene.hub.store, Allowance, {}, until_ms=1)
    await scene.answer("late")
    assert scene.phone.begun == []
    assert (await scene.call())["reason"].startswith("the time for answers is over")
    await settle(scene.hub, said("hello?"))
    assert scene.phone.texts == ["late"]


async def test_an_old_message_that_comes_late_opens_nothing(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    await put(scene.hub.store, Allowance, {}, until_ms=1)
    await scene.answer("late")
    old = said("from last week").model_copy(update={"at": scene.hub.now() - timedelta(days=7)})
    await settle(scene.hub, old)
    assert scene.phone.begun == []


async def test_agents_are_warned_of_the_last_slot_once(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    for text in ("one", "two", "three"):
        await scene.answer(text)
    assert [state for state in await scene.told() if state == "warned"] == ["warned"]
    shown = [line.entry.data["state"] for line in scene.slack.lines if line.entry.kind == "status"]
    assert shown == ["warned"], "and the desk shows it"


@pytest.mark.parametrize("code", ["45047", ""])
async def test_what_the_platform_says_overrules_the_count(make_hub: Any, code: str) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    scene.phone.fail = [WindowClosed("the customer must write first", code)]
    await scene.answer("one")
    await scene.answer("two")
    assert await states(scene) == ["held", "held"]
    assert (await meter(scene)).calls_left == 0
    assert code in (await rows(scene.hub.store, Delivery, target="phone"))[0]["reason"]
    assert "failed" not in await scene.told()
    assert len(scene.phone.begun) == 1, "nobody asks again what the platform has said"
    await settle(scene.hub, said("hello?"))
    assert scene.phone.texts == ["one", "two"]


async def test_a_refusal_from_before_the_customers_act_holds_nothing(make_hub: Any) -> None:
    """The customer writes while the refusal is on its way: held now, the answer would wait for an act that has been."""
    phone = Phone(COUNTED)
    scene = await scene_of(make_hub, phone)
    store: Store = scene.hub.store
    await settle(scene.hub)
    record, first = store.deliveries.record, iter([True])

    async def late(*args: Any, **more: Any) -> Any:
        if next(first, False):
            await settle_inbox(scene.hub)
        return await record(*args, **more)

    async def settle_inbox(hub: Hub) -> None:
        await take_in(hub, said("one more thing"))

    phone.fail = [WindowClosed("the customer must write first")]
    store.deliveries.record = late  # type: ignore[method-assign]
    await scene.answer("hi")
    assert phone.texts == ["hi"]
    assert await states(scene) == ["sent"]


@pytest.mark.parametrize("error", [Temporary("not now"), Undeliverable("never")])
async def test_what_was_not_accepted_costs_nothing(make_hub: Any, error: Exception) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    scene.phone.fail = [error]
    await scene.answer("one")
    assert (await meter(scene)).calls_left == 3


async def test_what_may_have_arrived_costs_its_slot(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    scene.phone.fail = [Uncertain("no answer")]
    await scene.answer("one")
    assert (await meter(scene)).calls_left == 2


async def test_scenes_open_their_own(make_hub: Any) -> None:
    phone = Phone(COUNTED)
    scene = Scene(await make_hub(connectors=channels(phone=phone), desks=desks(slack=Reading())), phone, Reading())
    await settle(scene.hub, happened("followed"))
    allowance = await only(scene.hub.store, Allowance)
    now = await scene.hub.store.sweeping.clock()
    assert (allowance["scene"], allowance["calls_left"]) == ("followed", 2)
    assert 0 < allowance["until_ms"] - now <= 60_000
    await settle(scene.hub, happened("opened"))
    assert (await only(scene.hub.store, Allowance))["acts"] == 1, "a scene that is not named opens nothing"
    await settle(scene.hub, said("hello"))
    await settle(scene.hub, said("").model_copy(update={"parts": (Choice(id="a"),)}))
    allowance = await only(scene.hub.store, Allowance)
    assert (allowance["scene"], allowance["calls_left"], allowance["quota"]) == ("choice", 3, 3), "allowances do not add up"
    assert allowance["until_ms"] - now > 47 * 3_600_000


async def test_what_opens_nothing_is_shown_and_lets_nothing_go(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    await scene.answer("one")
    await settle(scene.hub, said("a place from the menu", opens=False))
    assert (await meter(scene)).calls_left == 0
    assert scene.phone.texts == []
    assert any("a place from the menu" in texts for _, texts in scene.slack.posts)
    await settle(scene.hub, said("hello?"))
    assert scene.phone.texts == ["one"]


async def test_only_the_channels_own_customers_are_counted(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone())
    await scene.answer("hi")
    assert await rows(scene.hub.store, Allowance) == []
    talk = await only(scene.hub.store, Conversation)
    assert await scene.hub.store.windows.of(talk["id"]) is None


async def test_the_card_says_until_when_and_how_many(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    card = scene.slack.cards[-1]
    assert card.calls_left == 3
    assert card.window_until is not None
    assert card.window_until > scene.hub.now() + timedelta(hours=47)
    await scene.answer("one")
    assert scene.slack.cards[-1].calls_left == 2
    await settle(scene.hub, said("and?"))
    assert scene.slack.cards[-1].calls_left == 3


async def test_a_held_entry_says_why(make_hub: Any) -> None:
    scene = await scene_of(make_hub, Phone(COUNTED))
    await put(scene.hub.store, Allowance, {}, calls_left=0)
    await scene.answer("hi")
    entry = await only(scene.hub.store, MessageRow, kind="status")
    said_of = data_of(entry)
    assert (said_of["state"], said_of["target"]) == ("held", "phone")
    assert "until" in said_of["reason"] or "as soon as" in said_of["reason"]
    assert isinstance(scene.slack.lines[-1].parts[0], Text)


async def test_an_act_that_comes_while_a_call_is_being_held_frees_it(make_hub: Any) -> None:
    """Two processes: one finds the window shut, the other writes down the customer's next message. Whichever comes first, the
    answer does not stay behind an open window."""
    phone = Phone(COUNTED)
    scene = await scene_of(make_hub, phone)
    other: Hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=scene.slack))
    for n in range(6):
        await put(scene.hub.store, Allowance, {}, calls_left=0)
        await take_in(scene.hub, answered(f"answer {n}", thread="C1:1", desk="slack", id=f"ts.{n}"))
        await asyncio.gather(deliver(other, seconds=2.0), take_in(scene.hub, said(f"line {n}")))
        await settle(scene.hub)
        assert phone.texts == [f"answer {k}" for k in range(n + 1)]
        assert "held" not in await states(scene)


async def test_two_processes_never_spend_the_same_slot(make_hub: Any) -> None:
    """The customer has two conversations, so that two streams want the last slot at once."""
    phone = Phone(COUNTED)
    scene = await scene_of(make_hub, phone)
    scene.hub.reopen_within_s = 0.0
    first = (await rows(scene.hub.store, Conversation))[0]["id"]
    await settle(scene.hub, answered("", conversation=first, kind="resolve"))
    await settle(scene.hub, said("another matter"))
    second = next(row["id"] for row in await rows(scene.hub.store, Conversation) if row["id"] != first)
    await put(scene.hub.store, Allowance, {}, calls_left=1)
    other: Hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=scene.slack))
    await take_in(scene.hub, answered("one", conversation=first), answered("two", conversation=second))
    await asyncio.gather(deliver(scene.hub), deliver(other))
    assert len(phone.texts) == 1
    assert sorted(await states(scene)) == ["held", "sent"]
    assert (await only(scene.hub.store, Allowance))["calls_left"] == 0


class Ticketed(Phone):
    """A channel whose customers may bring what they are answered by."""

    def __init__(self) -> None:
        super().__init__(replace(TEXT_ONLY, window=Window(48 * 3600, 2, {"started": (20, 1)})))
        self.by: list[tuple[str, str]] = []

    async def send(self, to: Identity, parts: Sequence[Part], key: IdempotencyKey) -> ExternalId:
        self.by += [(part.text, to.ticket) for part in parts if isinstance(part, Text)]
        return await super().send(to, parts, key)


async def test_an_answer_is_given_the_ticket_of_the_act_that_allows_it_and_of_no_other(make_hub: Any) -> None:
    phone = Ticketed()
    scene = await scene_of(make_hub, phone)
    await settle(scene.hub, happened("started", ticket="unneeded"))
    await scene.answer("one")
    await scene.answer("two")
    await scene.answer("three")
    assert phone.by == [("one", ""), ("two", "")], "a message allows two"
    await settle(scene.hub, happened("started", ticket="code1"))
    assert phone.by[2:] == [("three", "code1")], "what was held leaves by it"
    await scene.answer("four")
    await settle(scene.hub, said("hi"))
    assert phone.by[3:] == [("four", "")]
