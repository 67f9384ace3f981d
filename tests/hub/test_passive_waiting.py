"""What waits on purpose is not let go by a passive answer, and what was recorded meanwhile stays as it was recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from hub.ports import Window
from hub.store.tables import Delivery
from hub.store.window_tables import Allowance
from tests.fakes import TEXT_ONLY, answered, said
from tests.hub.hubs import deliver, only, put, settle, take_in
from tests.hub.test_passive import Radio, station


@pytest.mark.parametrize("data", ["{}", '{"translating":true}'])
async def test_an_answer_that_has_to_wait_is_not_let_go_by_what_the_customer_says_meanwhile(make_hub: Any, data: str) -> None:
    """Its author may still take it back, or its translation is to leave in its place."""
    async with station(make_hub, Radio()) as place:
        first = await place.asked(said("hello"))
        assert first is not None
        await place.passive.sent(first)
        talk = (await only(place.hub.store, Delivery))["conversation_id"]
        await take_in(place.hub, answered("A human here", conversation=talk, data={"delay_ms": 60_000}))
        await put(place.hub.store, Delivery, {"state": "queued"}, data=data)
        before = await only(place.hub.store, Delivery, state="queued")
        assert await place.asked(said("and?")) is None
        await deliver(place.hub)
        assert await only(place.hub.store, Delivery, state="queued") == before
        assert place.radio.begun == []
        await put(place.hub.store, Delivery, {"state": "queued"}, due_ms=1)
        await settle(place.hub)
        assert place.radio.texts == ["A human here"]


async def test_a_held_answer_that_waits_for_its_translation_does_not_leave_at_once(make_hub: Any) -> None:
    """The act reserves it for the request, which can't carry the original: its time comes no earlier for that."""
    radio = Radio(replace(TEXT_ONLY, window=Window(3600, 2)))
    radio.passive_s = 60.0
    async with station(make_hub, radio) as place:
        first = await place.asked(said("hello"))
        assert first is not None
        await place.passive.sent(first)
        await put(place.hub.store, Allowance, {}, calls_left=0)
        talk = (await only(place.hub.store, Delivery))["conversation_id"]
        await settle(place.hub, answered("one", conversation=talk))
        await put(place.hub.store, Delivery, {"state": "held"}, data='{"translating":true}')
        assert await place.asked(said("still there?")) is None
        await deliver(place.hub)
        call = await only(place.hub.store, Delivery, state="queued")
        assert call["due_ms"] > await place.hub.store.sweeping.clock()
        assert place.radio.begun == []


async def test_what_was_recorded_after_it_was_looked_for_stays_recorded(make_hub: Any, monkeypatch: Any) -> None:
    """A repeated request reads that nobody has said what became of the answer; then its first process does."""
    async with station(make_hub, Radio()) as place:
        message = said("hello")
        assert await place.asked(message) is not None
        look = place.hub.store.deliveries.streams

        async def streams(connection: Any, talks: Any) -> Any:
            found = await look(connection, talks)
            call = Delivery.__table__  # type: ignore[attr-defined]
            await connection.execute(update(call).values(state="sent", owner="", lease_ms=0))
            return found

        monkeypatch.setattr(place.hub.store.deliveries, "streams", streams)
        again = await place.asked(message)
        assert again is not None
        assert (again.body, list(again.calls)) == (b"Welcome!", [])
        assert (await only(place.hub.store, Delivery))["state"] == "sent"
