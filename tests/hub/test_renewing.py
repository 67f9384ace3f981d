"""A thread that was deleted at its desk: the conversation goes on in a new one, and nothing is lost between the two."""

from __future__ import annotations

from typing import Any

from hub.errors import ThreadGone
from hub.model import ExternalId
from hub.store.tables import Delivery, Thread
from hub.store.threads import MOST
from tests.fakes import FakeDesk, answered, said
from tests.hub.hubs import EDITABLE, Phone, channels, desks, rows, settle


class Forgetful(FakeDesk):
    """A desk whose threads can be deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: set[str] = set()

    async def post(self, thread: Any, lines: Any, key: Any) -> ExternalId:
        if thread in self.gone:
            raise ThreadGone("the thread's first message was deleted")
        return await super().post(thread, lines, key)

    async def update(self, thread: Any, card: Any) -> None:
        if thread in self.gone:
            raise ThreadGone("the thread's first message was deleted")
        await super().update(thread, card)


async def test_a_new_thread_begins_with_what_was_said_and_the_old_one_is_still_heard(make_hub: Any) -> None:
    phone, desk = Phone(EDITABLE), Forgetful()
    hub = await make_hub(connectors=channels(phone=phone), desks=desks(slack=desk))
    await settle(hub, said("one"), said("two"))
    (old,) = desk.threads
    await settle(hub, answered("hello", thread=old, desk="slack", id="ts1"))
    desk.gone.add(old)
    await settle(hub, said("three"), said("four"))
    assert list(desk.threads) == [old, "C1:" + desk.posts[-1][0].split(":")[1]]
    new = desk.posts[-1][0]
    assert desk.threads[new] == ["one", "two", "hello", "three", "four"]
    assert [row["state"] for row in await rows(hub.store, Delivery, target="slack", kind="line")].count("sent") == 7
    await settle(hub, answered("from the old", thread=old, desk="slack"), answered("from the new", thread=new, desk="slack"))
    assert phone.texts == ["hello", "from the old", "from the new"]


async def test_a_card_that_is_gone_brings_the_thread_back_once_while_the_matter_is_open(make_hub: Any) -> None:
    desk = Forgetful()
    hub = await make_hub(connectors=channels(phone=Phone(EDITABLE)), desks=desks(slack=desk))
    await settle(hub, said("one"))
    (old,) = desk.threads
    desk.gone.add(old)
    talk = (await rows(hub.store, Thread))[0]["conversation_id"]
    await settle(hub, answered("", conversation=talk, kind="priority", data={"level": 3}))
    assert [desk.threads[thread] for thread in desk.threads if thread != old] == [["one"]]
    new = next(thread for thread in desk.threads if thread != old)
    await settle(hub, answered("", conversation=talk, kind="resolve"))
    desk.gone.add(new)
    await settle(hub, answered("", conversation=talk, kind="priority", data={"level": 1}))
    assert len(desk.threads) == 2, "a settled matter is let rest"


async def test_threads_that_are_deleted_again_and_again_come_to_an_end(make_hub: Any) -> None:
    class Broken(Forgetful):
        async def post(self, thread: Any, lines: Any, key: Any) -> ExternalId:
            raise ThreadGone("gone")

    desk = Broken()
    hub = await make_hub(connectors=channels(phone=Phone(EDITABLE)), desks=desks(slack=desk))
    await settle(hub, said("one"))
    assert len(desk.threads) == MOST
    states = {row["state"] for row in await rows(hub.store, Delivery, target="slack", kind="line")}
    assert states == {"failed"}


async def test_a_change_shows_what_stood_there_before(make_hub: Any) -> None:
    desk = FakeDesk()
    hub = await make_hub(connectors=channels(phone=Phone(EDITABLE)), desks=desks(slack=desk))
    await settle(hub, said("I want a blue one", id="m1"))
    await settle(hub, said("I want a red one", id="m1.1", edit_of=ExternalId("m1")))
    await settle(hub, said("I want two", id="m1.2", edit_of=ExternalId("m1")))
    (thread,) = desk.threads
    edits = [line for line in desk.threads[thread] if "←" in line]
    assert edits == ["I want a red one\n← I want a blue one", "I want two\n← I want a red one"]
    assert desk.threads[thread][0] == "I want a blue one", "and the old line stays"
