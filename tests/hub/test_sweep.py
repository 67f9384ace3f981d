"""The sweep: which calls and lanes it wakes, whom it gives work to, and that what hangs takes nothing from the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub import assigning, listening, sweep
from hub.errors import Busy
from hub.model import AgentId, DeskName
from hub.routing import RoutingRules
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Conversation, Delivery, Inbox, Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import data_of, desks, only, put, rows, settle, take_in, text_of


async def test_it_wakes_the_lanes_that_wait_and_no_other(hub: Hub) -> None:
    lanes: list[tuple[str, int]] = []

    class Listening:
        async def sweep_inbound(self, lane: int) -> None:
            lanes.append(("inbound", lane))

        async def sweep_deliver(self, lane: int) -> None:
            lanes.append(("deliver", lane))

        def hint_inbound(self, waiting: Iterable[int]) -> None:
            lanes.extend(("inbound", lane) for lane in waiting)

    await take_in(hub, said("hi"))
    talk = await only(hub.store, Conversation)
    await take_in(hub, answered("hello", conversation=talk["id"]))
    await hub.intake.keep([said("more")], 5.0)
    hub.jobs, jobs = Listening(), hub.jobs  # type: ignore[assignment]
    await sweep.run(hub)
    hub.jobs = jobs
    assert sorted(lanes) == [("deliver", talk["lane"]), ("inbound", talk["lane"])]


@pytest.mark.parametrize(
    ("state", "lease", "due", "found"),
    [
        ("queued", 0, 0, True),
        ("queued", 0, 2**50, False),
        ("sending", 2**50, 0, False),
        ("sending", 1, 0, True),
        ("unknown", 0, 0, False),
        ("unknown", 0, 1, True),
        ("failed", 0, 0, False),
        ("sent", 0, 0, False),
    ],
)
async def test_which_calls_it_finds(hub: Hub, state: str, lease: int, due: int, found: bool) -> None:
    """A call that was begun and whose worker is gone is found; one that is being made is left alone."""
    await take_in(hub, said("hi"))
    talk = await only(hub.store, Conversation)
    await take_in(hub, answered("hello", conversation=talk["id"]))
    await put(hub.store, Delivery, {}, state=state, lease_ms=lease, due_ms=due)
    assert await hub.store.deliveries.waiting_lanes() == ([talk["lane"]] if found else [])


async def test_what_waits_behind_another_call_wakes_nobody(hub: Hub) -> None:
    await take_in(hub, said("hi"))
    talk = await only(hub.store, Conversation)
    await take_in(hub, answered("one", conversation=talk["id"]), answered("two", conversation=talk["id"]))
    first, _ = await rows(hub.store, Delivery)
    await put(hub.store, Delivery, {"id": first["id"]}, due_ms=2**50)
    assert await hub.store.deliveries.waiting_lanes() == []
    await put(hub.store, Delivery, {"id": first["id"]}, state="held")
    assert await hub.store.deliveries.waiting_lanes() == [talk["lane"]], "and its turn to be held as well"


async def test_who_waits_is_given_to_agents_who_come(make_hub: Any, store: Store) -> None:
    hub = await make_hub(routing=RoutingRules(capacity=2), desks=desks(slack=FakeDesk()))
    await settle(hub, *(said("hi", customer=f"c{n}") for n in range(3)))
    await sweep.run(hub)
    assert await rows(store, Inbox, source="router") == [], "nobody is there"
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    await store.agents.be(bo, "present")
    await sweep.run(hub)
    await sweep.run(hub)
    await settle(hub)
    talks = await rows(store, Conversation)
    assert sorted(talk["agent_id"] for talk in talks) == ["", bo, bo], "and to nobody more than they take"
    told = await rows(store, Message, kind="assigned")
    assert [data_of(entry)["name"] for entry in told] == ["Bo", "Bo"]
    assert all(entry["author_kind"] == "system" for entry in told)
    assert len(hub.desks[DeskName("slack")].threads) == 3


@pytest.mark.parametrize("how", ["resolved", "given away", "comes"])
async def test_who_waits_is_given_to_whoever_gets_room_without_a_sweep(make_hub: Any, store: Store, how: str) -> None:
    hub = await make_hub(routing=RoutingRules(capacity=1), desks=desks(slack=FakeDesk()))
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    if how != "comes":
        await store.agents.be(bo, "present")
    await settle(hub, said("hi", customer="ann"))
    await settle(hub, said("hi", customer="bob"))
    ann, bob = await rows(store, Conversation)
    assert (ann["agent_id"], bob["agent_id"]) == ("" if how == "comes" else bo, "")
    if how == "resolved":
        await settle(hub, answered("", conversation=ann["id"], kind="resolve"))
    elif how == "given away":
        await settle(hub, answered("", conversation=ann["id"], kind="assign", assignee=AgentId("c" * 32)))
    else:
        await store.agents.be(bo, "present")
        await assigning.soon(hub)
        await settle(hub)
    ann, bob = await rows(store, Conversation)
    assert bo in (ann["agent_id"], bob["agent_id"]) and (how == "comes" or bob["agent_id"] == bo)
    assert len({str(row["external_id"]) for row in await rows(store, Inbox, source="router")}) == 1


async def test_a_slot_that_frees_goes_to_whoever_has_waited_longest(make_hub: Any, store: Store) -> None:
    hub = await make_hub(routing=RoutingRules(capacity=1), desks=desks(slack=FakeDesk()))
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    await store.agents.be(bo, "present")
    for n in range(3):
        await settle(hub, said("hi", customer=f"c{n}"))
    await sweep.run(hub)
    await settle(hub)
    first, second, third = await rows(store, Conversation)
    assert [talk["agent_id"] for talk in (first, second, third)] == [bo, "", ""]
    await settle(hub, answered("", conversation=first["id"], kind="resolve"))
    await sweep.run(hub)
    await settle(hub)
    assert [talk["agent_id"] for talk in await rows(store, Conversation)] == [bo, bo, ""], "one look of the sweep, every 3 s"
    await sweep.run(hub)
    await settle(hub)
    assert (await rows(store, Conversation))[2]["agent_id"] == "", "and no more than the agent takes"


async def test_who_was_answered_or_settled_is_left_alone(make_hub: Any, store: Store) -> None:
    hub = await make_hub()
    bo = await store.agents.invite("bo@example.com", "Bo", "agent")
    for customer in ("ann", "bob", "cy"):
        await take_in(hub, said("hi", customer=customer))
    ann, bob, cy = await rows(store, Conversation)
    await take_in(hub, answered("hello", conversation=ann["id"]), answered("", conversation=ann["id"], kind="assign"))
    await take_in(hub, answered("", conversation=bob["id"], kind="resolve"))
    await take_in(hub, answered("", conversation=cy["id"], kind="assign", assignee=AgentId("somebody")))
    await store.agents.be(bo, "present")
    await sweep.run(hub)
    await take_in(hub)
    assert [talk["agent_id"] for talk in await rows(store, Conversation)] == ["", "", "somebody"]


async def test_a_waiting_conversation_goes_to_its_own_team(make_hub: Any, store: Store) -> None:
    rules = RoutingRules.model_validate(
        {
            "rules": [{"keywords": ["refund"], "team": "billing"}],
            "teams": {"billing": {"members": ["ann@example.com"]}},
        }
    )
    hub = await make_hub(routing=rules)
    await take_in(hub, said("a refund"))
    for name in ("Bo", "Ann"):
        agent = await store.agents.invite(f"{name.lower()}@example.com", name, "agent")
        await store.agents.be(agent, "present")
        await sweep.run(hub)
        await take_in(hub)
        expected = agent if name == "Ann" else ""
        assert (await only(store, Conversation))["agent_id"] == expected


async def test_payloads_are_forgotten_in_passing(hub: Hub) -> None:
    await take_in(hub, said("hi", raw={"update_id": 1}))
    await sweep.run(hub)
    assert (await only(hub.store, Inbox))["raw"] is not None
    await put(hub.store, Inbox, {}, at=hub.now() - timedelta(seconds=hub.keep_raw_s + 60))
    await sweep.run(hub)
    assert (await only(hub.store, Inbox))["raw"] is None
    assert text_of(await only(hub.store, Message)) == "hi"


async def test_what_hangs_or_fails_takes_nothing_from_the_rest(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two desks that hang while they are read again, and an intake that is too busy for a conversation that wakes."""
    hub = await make_hub(routing=RoutingRules(), desks=desks(one=FakeDesk(), two=FakeDesk()))

    async def hangs(hub: Hub) -> None:
        await asyncio.sleep(60)

    async def busy(hub: Hub) -> None:
        raise Busy("too many messages wait to be stored")

    monkeypatch.setattr(listening, "catch_up", hangs)
    monkeypatch.setattr(sweep, "_wake", busy)
    monkeypatch.setattr(sweep, "PART_S", 1.0)
    await take_in(hub, said("hi", raw={"update_id": 1}))
    bo = await hub.store.agents.invite("bo@example.com", "Bo", "agent")
    await hub.store.agents.be(bo, "present")
    await put(hub.store, Inbox, {}, at=hub.now() - timedelta(seconds=hub.keep_raw_s + 60))
    with capture_logs() as logs:
        await asyncio.wait_for(sweep.run(hub), 10)
    assert sorted(line["part"].rsplit(".")[-1] for line in logs if line["event"] == "sweep.failed") == ["busy", "hangs"]
    await take_in(hub)
    assert (await only(hub.store, Conversation))["agent_id"] == bo
    assert (await rows(hub.store, Inbox, source="phone"))[0]["raw"] is None


async def test_a_desk_that_hangs_does_not_hold_up_another(make_hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Desk(FakeDesk):
        hang = False
        read = 0

        async def missed(self, thread: Any, since: Any) -> list[Any]:
            await asyncio.sleep(60 if self.hang else 0)
            self.read += 1
            return []

    one, two, three = Desk(), Desk(), Desk()
    one.hang = two.hang = True
    monkeypatch.setattr(listening, "PATIENCE_S", 0.6)
    monkeypatch.setattr(listening, "ROOM_S", 0.1)
    hub = await make_hub(desks=desks(one=one, two=two, three=three))
    await settle(hub, said("hello"))
    for name in ("one", "two", "three"):
        await listening.doubt(hub, name, hub.now())
    began = asyncio.get_running_loop().time()
    await listening.catch_up(hub)
    assert three.read == 1
    assert asyncio.get_running_loop().time() - began < 1.1, "side by side"
