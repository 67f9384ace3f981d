"""Replies out of desks' threads find their conversation, in whatever lane it is and while it is being opened."""

from __future__ import annotations

from typing import Any

from hub.store.tables import Conversation, Delivery, Inbox, Message
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import desks, only, put, rows, settle, take_in, text_of


async def test_a_reply_in_a_thread_that_nobody_of_ours_opened_is_somebodys_own_talk(make_hub: Any) -> None:
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    await take_in(hub, answered("lunch?", thread="C1:999", desk="slack"))
    assert (await only(hub.store, Inbox))["state"] == 1
    assert await rows(hub.store, Message) == []


async def test_a_reply_finds_its_conversation_in_another_lane(make_hub: Any) -> None:
    """An agent's reply carries only the desk's thread; whoever takes it hands it to the lane of its conversation."""
    hub = await make_hub(desks=desks(slack=(desk := FakeDesk())))
    customers = [f"customer{n}" for n in range(8)]
    await settle(hub, *(said("hello", customer=customer) for customer in customers))
    await settle(hub, *(answered(f"hi {n}", thread=thread, desk="slack") for n, thread in enumerate(desk.threads)))
    talks = await rows(hub.store, Conversation)
    assert len({talk["lane"] for talk in talks}) > 1, "the test wants several lanes"
    for talk in talks:
        entries = await rows(hub.store, Message, conversation_id=talk["id"])
        assert [entry["seq"] for entry in entries] == list(range(1, talk["head"] + 1))
        assert len([entry for entry in entries if entry["author_kind"] == "agent" and entry["kind"] == "message"]) == 1


async def test_replies_in_a_thread_keep_their_order_while_it_is_being_opened(make_hub: Any) -> None:
    """The desk has the thread and agents answer in it, before we have heard of its id."""
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    await take_in(hub, said("hello"))
    opening = await only(hub.store, Delivery, kind="open")
    await put(hub.store, Delivery, {"id": opening["id"]}, state="sending", lease_ms=2**50)
    await take_in(hub, answered("first", thread="C1:1", desk="slack"))
    assert len(await rows(hub.store, Inbox, state=0)) == 1, "it waits for the thread to be known"
    await put(hub.store, Delivery, {"id": opening["id"]}, state="queued")
    await settle(hub)
    await take_in(hub, answered("second", thread="C1:1", desk="slack"))
    await put(hub.store, Inbox, {"state": 0}, due_ms=0)
    await take_in(hub)
    spoken = [text_of(entry) for entry in await rows(hub.store, Message, author_kind="agent", kind="message")]
    assert spoken == ["first", "second"]
