"""Lines for a thread share a call, travel with its head, and keep to the pace of their place."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hub.errors import Temporary, Uncertain
from hub.ports import Pace
from hub.runtime import Hub
from hub.store.tables import Delivery
from tests.fakes import TEXT_ONLY, FakeDesk, answered, said
from tests.hub.hubs import Phone, channels, deliver, desks, put, rows, sender, settle, take_in


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


async def test_who_waits_for_a_place_s_pace_lets_new_threads_go_before_their_lines(make_hub: Any) -> None:
    pace = Pace(8)
    desk = FakeDesk(replace(FakeDesk().capabilities, pace=pace))
    hub = await make_hub(connectors=channels(phone=Phone()), desks=desks(slack=desk))
    await take_in(hub, *(said(f"hello {n}", customer=f"c{n}") for n in range(8)))
    await hub.limits.pause("slack:C1", 1.5, pace)  # time for all lanes to read what is due
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
