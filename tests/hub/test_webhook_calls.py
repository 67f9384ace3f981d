"""A declared channel through the whole hub: its answers are tried by one key, given up visibly, listed and replayed."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from hub.model import ChannelName
from hub.ports import Hook
from hub.store.tables import Delivery
from tests.connectors.webhook_channel import GOOD, channel, other_side
from tests.contract import dump
from tests.fakes import answered
from tests.hub.hubs import Reading, desks, only, put, settle

CRM = ChannelName("crm")


async def scene(make_hub: Any, url: str) -> Any:
    """A hub whose customer has written over the declared channel."""
    own = channel(private=True, url=url)
    hub = await make_hub(connectors={CRM: own}, desks=desks(slack=Reading()))
    said = {**GOOD, "message": {"id": "m-1", "text": "Hello"}}
    await settle(hub, *(await own.receive(Hook("POST", {}, {}, dump(said)))).items)
    return hub, own


async def call(hub: Any) -> dict[str, Any]:
    return await only(hub.store, Delivery, target="crm")


async def test_an_answer_that_is_refused_for_good_is_listed_and_replayed_by_the_same_key(make_hub: Any) -> None:
    async with other_side() as (there, url):
        hub, own = await scene(make_hub, url)
        there.answer = Response(status_code=410)
        await settle(hub, answered("hi", thread="C1:1", desk="slack", id="ts.1"))
        (dead,) = await hub.store.deliveries.list_dead("failed", "crm", None, 10)
        assert "gone" in dead["reason"]
        there.answer = Response("ok")
        hub.jobs.hint_deliver(await hub.store.deliveries.replay([dead["id"]]))
        await settle(hub)
        assert (await call(hub))["state"] == "sent"
        assert await hub.store.deliveries.list_dead("failed", "crm", None, 10) == []
        await own.aclose()
    assert len({headers["webhook-id"] for headers, _ in there.asked}) == 1
    assert [json.loads(body)["text"] for _, body in there.asked] == ["hi", "hi"]


async def test_an_answer_is_tried_for_hours_by_one_key_and_then_stands_in_the_list(make_hub: Any) -> None:
    async with other_side() as (there, url):
        hub, own = await scene(make_hub, url)
        there.answer = Response(status_code=500)
        await settle(hub, answered("hi", thread="C1:1", desk="slack", id="ts.1"))
        waited = 0.0
        while (row := await call(hub))["state"] == "queued":
            waited += (row["due_ms"] - await hub.store.sweeping.clock()) / 1000
            await put(hub.store, Delivery, {"target": "crm"}, due_ms=1)
            await settle(hub)
        assert row["state"] == "failed"
        await own.aclose()
    assert len(there.asked) >= 8
    assert waited > 3 * 3600
    assert len({headers["webhook-id"] for headers, _ in there.asked}) == 1
    assert len(await hub.store.deliveries.list_dead("failed", "crm", None, 10)) == 1


async def test_who_asks_to_wait_is_not_tried_before(make_hub: Any) -> None:
    async with other_side() as (there, url):
        hub, own = await scene(make_hub, url)
        there.answer = Response(status_code=429, headers={"retry-after": "600"})
        await settle(hub, answered("hi", thread="C1:1", desk="slack", id="ts.1"))
        row = await call(hub)
        assert row["state"] == "queued"
        assert row["due_ms"] - await hub.store.sweeping.clock() > 500_000
        await own.aclose()
    assert len(there.asked) == 1
