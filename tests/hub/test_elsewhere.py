"""A conversation that goes on in a web chat: what is read there does not leave on the platform too; all else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.model import identity_of
from hub.ports import Settings
from hub.runtime import Hub
from hub.store.tables import Conversation, Delivery
from tests.fakes import TEXT_ONLY, FakeConnector, answered, said
from tests.hub.hubs import Phone, channels, deliver, put, rows, settle, take_in
from tests.hub.test_outbound_at_once import SEVERAL_WRITE, once_read

ANN = identity_of("phone", "ann")


class Place:
    """A phone whose conversations go on in the chat `page`, and a customer who has said hello."""

    def __init__(self, hub: Hub, phone: Phone, talk: str) -> None:
        self.hub, self.phone, self.talk = hub, phone, talk

    async def answer(self, text: str) -> None:
        await take_in(self.hub, answered(text, conversation=self.talk))
        await deliver(self.hub)

    async def time_passes(self) -> None:
        await put(self.hub.store, Delivery, {"state": "queued"}, due_ms=1)
        await settle(self.hub)

    async def states(self) -> list[str]:
        return [row["state"] for row in await rows(self.hub.store, Delivery, target="phone")]


@pytest.fixture
async def place(make_hub: Any) -> Place:
    phone = Phone()
    hub = await make_hub(connectors=channels(phone=phone, page=FakeConnector(replace(TEXT_ONLY, pulled=True))))
    hub.channels = {"phone": Settings(type="phone", continue_in="page")}
    await settle(hub, said("hello"))
    (talk,) = await rows(hub.store, Conversation)
    return Place(hub, phone, talk["id"])


async def test_what_is_read_in_the_chat_does_not_leave_on_the_platform_too(place: Place) -> None:
    await place.hub.store.logs.seen({ANN: 1})
    await place.answer("here is your link")
    assert place.phone.texts == [], "the customer reads along: they get the time to fetch it"
    await place.hub.store.logs.read_up_to(ANN, 2)
    await place.time_passes()
    assert place.phone.texts == []
    assert await place.states() == ["sent"]
    assert "web chat" in (await rows(place.hub.store, Delivery, target="phone"))[0]["reason"]


@SEVERAL_WRITE
async def test_what_is_taken_back_in_the_moment_of_being_read_stays_taken_back(place: Place, monkeypatch: Any) -> None:
    store = place.hub.store
    await store.logs.seen({ANN: 1})
    await place.answer("oh no")
    await store.logs.read_up_to(ANN, 2)
    (call,) = await rows(store, Delivery, target="phone")
    once_read(monkeypatch, store, lambda: put(store, Delivery, {"id": call["id"]}, state="cancelled"))
    await place.time_passes()
    assert (place.phone.texts, await place.states()) == ([], ["cancelled"])


async def test_what_is_not_read_there_leaves_after_a_moment(place: Place) -> None:
    await place.hub.store.logs.seen({ANN: 2})
    await place.answer("one")
    await place.answer("two")
    await place.time_passes()
    assert place.phone.texts == ["one", "two"], "what went to a socket may have gone to a dead one"


async def test_the_unread_rest_leaves_in_order(place: Place) -> None:
    await place.hub.store.logs.seen({ANN: 1})
    for text in ("one", "two", "three"):
        await place.answer(text)
    await place.hub.store.logs.read_up_to(ANN, 2)
    for _ in range(3):
        await place.time_passes()
    assert place.phone.texts == ["two", "three"]
    assert await place.states() == ["sent", "sent", "sent"]


async def test_who_is_not_there_waits_for_nothing(place: Place) -> None:
    await place.answer("at once")
    assert place.phone.texts == ["at once"]
