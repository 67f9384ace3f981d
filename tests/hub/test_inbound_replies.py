"""Replies out of desks' threads find their conversation, in whatever lane it is and while it is being opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, update

from hub.apart import LATER_MS
from hub.errors import Uncertain, Undeliverable
from hub.metrics import PARKED
from hub.model import ExternalId
from hub.ports import IdempotencyKey
from hub.store.agent_tables import Audit
from hub.store.tables import Conversation, Delivery, Inbox, Message, Thread
from hub.store.threads import LOST
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


async def _spoken(hub: Any) -> list[str]:
    return [text_of(entry) for entry in await rows(hub.store, Message, author_kind="agent", kind="message")]


@pytest.mark.parametrize("kind", ["reply", "merge"])
async def test_a_thread_may_become_known_after_a_batch_has_looked_for_it(make_hub: Any, monkeypatch: Any, kind: str) -> None:
    """Each statement of a transaction sees what others have committed until then: here, that the thread is open now."""
    hub = await make_hub(desks=desks(slack=FakeDesk()))
    await settle(hub, said("on another matter", customer="somebody else"))
    await take_in(hub, said("hello"))
    opening = await only(hub.store, Delivery, kind="open", state="queued")
    await put(hub.store, Delivery, {"id": opening["id"]}, state="sending", lease_ms=2**50)
    look, looks = hub.store.timeline.opening, 0

    async def opened(connection: Any, desk: str) -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            delivery, thread = Delivery.__table__, Thread.__table__  # type: ignore[attr-defined]
            await connection.execute(update(delivery).where(delivery.c.id == opening["id"]).values(state="sent", lease_ms=0))
            talk = {"desk": "slack", "conversation_id": opening["conversation_id"], "external_id": "C9:9"}
            await connection.execute(insert(thread).values(place="C9", **talk))
        return bool(await look(connection, desk))

    monkeypatch.setattr(hub.store.timeline, "opening", opened)
    if kind == "reply":
        await take_in(hub, answered("first", thread="C9:9", desk="slack"), answered("second", thread="C9:9", desk="slack"))
        await put(hub.store, Inbox, {"state": 0}, due_ms=0)
        await take_in(hub)
        assert await _spoken(hub) == ["first", "second"]
    else:
        asked = answered("", thread="C9:9", desk="slack", kind="merge", data={"other": "0" * 32})
        await take_in(hub, asked)
        assert (await only(hub.store, Audit, action="conversation.not_merged"))["object"] == opening["conversation_id"]
    assert looks >= 1
    assert await rows(hub.store, Inbox, state=0) == []


async def test_a_reply_that_falls_due_while_a_later_one_is_looked_at_keeps_its_place(make_hub: Any, monkeypatch: Any) -> None:
    """The time of the first comes, or is brought forward, after the batch that holds the second was chosen."""
    hub = await make_hub(desks=desks(slack=(desk := FakeDesk())))
    await settle(hub, said("hello"))
    thread = next(iter(desk.threads))
    await take_in(hub, answered("before", thread=thread, desk="slack"))
    await hub.intake.keep([answered("first", thread=thread, desk="slack")], 10.0)
    await put(hub.store, Inbox, {"state": 0}, due_ms=2**50)
    await hub.intake.keep([answered("second", thread=thread, desk="slack")], 10.0)
    await put(hub.store, Inbox, {"state": 0}, lane=(await only(hub.store, Conversation))["lane"])
    pending, looks = hub.store.inbox.pending, 0

    async def chosen(connection: Any, lane: int, most: int) -> Any:
        nonlocal looks
        found = await pending(connection, lane, most)
        if found:
            looks += 1
            late = Inbox.__table__  # type: ignore[attr-defined]
            await connection.execute(update(late).where(late.c.state == 0).values(due_ms=0))
        return found

    monkeypatch.setattr(hub.store.inbox, "pending", chosen)
    await take_in(hub)
    assert looks
    assert await _spoken(hub) == ["before", "first", "second"]


class Forgetful(FakeDesk):
    """A desk that can't say any more whether a thread was opened."""

    async def lookup(self, keys: Sequence[IdempotencyKey], thread: str, since: datetime) -> Mapping[IdempotencyKey, ExternalId]:
        raise Undeliverable("the channel is archived")


@pytest.mark.parametrize("tried_again", [False, True])
async def test_a_reply_that_waited_for_a_thread_of_which_nobody_can_tell_is_shown(make_hub: Any, tried_again: bool) -> None:
    """With what its author wrote there later; and what people write to each other at that desk afterwards waits no longer."""
    hub = await make_hub(desks=desks(slack=(desk := Forgetful())))
    desk.fail_open_after = [Uncertain("no answer")]
    await settle(hub, said("hello"))
    opening = await only(hub.store, Delivery, kind="open", state="unknown")
    ago = datetime.now(UTC) - timedelta(minutes=8)
    await put(hub.store, Delivery, {"id": opening["id"]}, at=ago, due_ms=2**50)
    await take_in(hub, answered("our answer", thread="C1:1", desk="slack"))
    await put(hub.store, Inbox, {"state": 0}, at=ago + timedelta(seconds=1), due_ms=0)
    await take_in(hub)
    waits = await only(hub.store, Inbox, state=0)
    assert waits["due_ms"] - await hub.store.sweeping.clock() > 8 * LATER_MS, "it is looked at ever more seldom"
    before = PARKED._value.get()
    await put(hub.store, Delivery, {"id": opening["id"]}, due_ms=1)
    await settle(hub)
    assert (await only(hub.store, Delivery, kind="open"))["due_ms"] == 0, "it is asked for no more"
    await hub.intake.keep([answered("and this", thread="C1:1", desk="slack")], 10.0)
    await put(hub.store, Inbox, {"state": 0}, due_ms=0)
    if tried_again:  # by hand, and the desk took it: in another thread
        await put(hub.store, Delivery, {"id": opening["id"]}, state="sent")
    await take_in(hub, answered("lunch?", thread="C1:999", desk="slack"))
    await take_in(hub, answered("hello?", thread="C1:1", desk="slack"))
    assert await rows(hub.store, Inbox, state=0) == []
    shown = await rows(hub.store, Inbox, state=2)
    assert [orjson.loads(row["body"])["parts"][0]["text"] for row in shown] == ["our answer", "and this", "hello?"]
    assert (shown[0]["n"], {row["error"] for row in shown}) == (waits["n"], {LOST})
    assert PARKED._value.get() == before + 3
