"""Passive answers: what is said leaves in the response to the customer's own request or in a call of its own, never in both."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from hub import inbound
from hub.bot import BotRules
from hub.model import ChannelName, Message, Part, Text
from hub.passive import Answer, Passive
from hub.ports import Capabilities, Hook, Receipt, Window
from hub.runtime import Hub
from hub.store.store import Store
from hub.store.tables import Delivery, DeliveryAttempt
from hub.store.tables import Message as MessageRow
from hub.store.window_tables import Allowance
from tests.fakes import TEXT_ONLY, answered, said
from tests.hub.hubs import Phone, channels, data_of, deliver, only, put, rows, settle, take_in
from tests.servers.warm import ran
from widget.hooks import Hooks

HOOK = Hook("POST", {}, {}, b"")
BOT = BotRules.model_validate({"enabled": True, "greeting": {"en": "Welcome!"}})


KILLED = """
import asyncio, sys
from pathlib import Path
from hub.store.store import open_store
from tests.fakes import fake_hub, said
from tests.hub.hubs import channels
from tests.hub.test_passive import BOT, Radio, Station
async def main(url, redis, prefix, folder):
    radio = Radio()
    async with fake_hub(await open_store(url), redis, prefix, Path(folder), connectors=channels(phone=radio), bot=BOT) as hub:
        place = Station(hub, radio)
        await place.passive.sent(await place.asked(said("hello", id="killed")))
asyncio.run(main(*sys.argv[1:]))
"""
"""A process that answers one request."""


class Radio(Phone):
    """A pushed channel that also answers in its hooks, as long as the words are short."""

    passive_s = 3.0

    def __init__(self, capabilities: Capabilities = TEXT_ONLY) -> None:
        super().__init__(capabilities)
        self.longest = 100

    def passive(self, hook: Hook, parts: Sequence[Part]) -> bytes | None:
        text = " ".join(part.text for part in parts if isinstance(part, Text))
        return text.encode() if len(text) <= self.longest else None


class Station:
    """One web process and one worker around a radio."""

    def __init__(self, hub: Hub, radio: Radio) -> None:
        self.hub, self.radio = hub, radio
        self.passive = Passive(hub)

    async def asked(self, message: Message) -> Answer | None:
        """A platform's request comes in, while a worker works."""
        await self.hub.intake.keep([message], 5.0)
        finding = asyncio.create_task(self.found(message))
        for lane in range(self.hub.store.lanes):
            await inbound.drain(self.hub, lane)
        await deliver(self.hub)
        return await finding

    async def found(self, message: Message) -> Answer | None:
        until = asyncio.get_running_loop().time() + 5.0
        return await self.passive.find(self.hub.connectors[ChannelName("phone")], HOOK, Receipt((message,)), until)


@asynccontextmanager
async def station(make_hub: Any, radio: Radio) -> AsyncIterator[Station]:
    yield Station(await make_hub(connectors=channels(phone=radio), bot=BOT), radio)


async def test_the_bots_answer_leaves_in_the_request_and_nowhere_else(make_hub: Any) -> None:
    async with station(make_hub, Radio()) as place:
        answer = await place.asked(said("hello"))
        assert answer is not None
        assert answer.body == b"Welcome!"
        await place.passive.sent(answer)
        await settle(place.hub)
        assert place.radio.begun == [], "no call was made"
        call = await only(place.hub.store, Delivery)
        assert (call["state"], call["attempt"]) == ("sent", 1)
        attempt = await only(place.hub.store, DeliveryAttempt)
        assert attempt["outcome"] == "sent", "written down like any other call"


async def test_a_repeated_request_gets_the_same_answer(make_hub: Any) -> None:
    async with station(make_hub, Radio()) as place:
        message = said("hello")
        first = await place.asked(message)
        assert first is not None
        await place.passive.sent(first)
        again = await place.asked(message)
        assert again is not None
        assert again.body == first.body
        await place.passive.sent(again)
        await settle(place.hub)
        assert place.radio.begun == []
        assert len(await rows(place.hub.store, DeliveryAttempt)) == 1


async def test_who_dies_between_claim_and_answer_leaves_the_same_answer_to_the_repeated_request(make_hub: Any) -> None:
    async with station(make_hub, Radio()) as place:
        message = said("hello")
        first = await place.asked(message)
        assert first is not None, "claimed, and its process is killed here"
        other = Station(place.hub, place.radio)
        again = await other.asked(message)
        assert again is not None
        assert again.body == first.body
        await other.passive.sent(again)
        await place.passive.sent(first)
        await settle(place.hub)
        assert place.radio.begun == []
        assert (await only(place.hub.store, Delivery))["state"] == "sent"


@pytest.mark.parametrize("where", ["passive.claimed", "passive.answered"])
async def test_a_process_that_is_killed_over_its_answer_sends_it_once(
    make_hub: Any, store: Store, redis_url: str, prefix: str, tmp_path: Path, where: str
) -> None:
    """Killed after the claim, or after the answer and before it is recorded: the platform asks again and gets the same."""
    url = store.db.url.render_as_string(hide_password=False)
    trap = f"{where}=kill@1"
    assert await ran(KILLED, url, redis_url, prefix, str(tmp_path / "files"), FRONTDESK_FAILPOINTS=trap) == -signal.SIGKILL
    assert (await only(store, Delivery))["state"] == "sending"
    async with station(make_hub, Radio()) as place:
        again = await place.asked(said("hello", id="killed"))
        assert again is not None
        assert again.body == b"Welcome!"
        await place.passive.sent(again)
        await put(store, Delivery, {"state": "sending"}, lease_ms=1)
        await settle(place.hub)
        assert place.radio.begun == []
        assert (await only(store, Delivery))["state"] == "sent"


@pytest.mark.parametrize("idempotency", ["none", "key", "lookup"])
async def test_an_answer_that_may_have_left_is_never_sent_again(make_hub: Any, idempotency: Any) -> None:
    """The process died between claim and answer, and the platform did not ask again. Its key says nothing about the hook."""
    async with station(make_hub, Radio(replace(TEXT_ONLY, idempotency=idempotency))) as place:
        assert await place.asked(said("hello")) is not None
        await put(place.hub.store, Delivery, {}, lease_ms=1)
        await settle(place.hub)
        call = await only(place.hub.store, Delivery)
        assert (call["state"], call["due_ms"]) == ("unknown", 0)
        assert place.radio.begun == []
        told = await only(place.hub.store, MessageRow, kind="status")
        assert data_of(told)["state"] == "unknown"


async def test_what_the_request_cannot_carry_takes_a_call_of_its_own(make_hub: Any) -> None:
    radio = Radio()
    radio.longest = 3
    async with station(make_hub, radio) as place:
        assert await place.asked(said("hello")) is None
        await settle(place.hub)
        assert radio.texts == ["Welcome!"]
        assert (await only(place.hub.store, Delivery))["state"] == "sent"


async def test_an_answer_is_kept_for_the_request_and_no_longer(make_hub: Any) -> None:
    """Workers leave the bot's answer to the web process while that one may still claim it; one that died is not waited for."""
    async with station(make_hub, Radio()) as place:
        await take_in(place.hub, said("hello"))
        await deliver(place.hub)
        assert place.radio.begun == []
        call = await only(place.hub.store, Delivery)
        assert 0 < call["due_ms"] - await place.hub.store.sweeping.clock() <= 3000
        await put(place.hub.store, Delivery, {}, due_ms=1)
        await settle(place.hub)
        assert place.radio.texts == ["Welcome!"]
        assert await place.found(said("hello?")) is None


async def test_a_message_that_nobody_answers_at_once_is_not_waited_for(make_hub: Any) -> None:
    radio = Radio()
    async with station(make_hub, radio) as place:
        assert await place.asked(said("hello")) is not None
        began = asyncio.get_running_loop().time()
        talk = (await rows(place.hub.store, Delivery))[0]["conversation_id"]
        await take_in(place.hub, answered("A human here", conversation=talk))
        assert await place.asked(said("and?")) is None
        assert asyncio.get_running_loop().time() - began < 2.5


async def test_no_worker_in_time_means_no_answer_in_the_request(make_hub: Any) -> None:
    radio = Radio()
    radio.passive_s = 0.1
    async with station(make_hub, radio) as place:
        message = said("hello")
        await place.hub.intake.keep([message], 5.0)
        assert await place.found(message) is None
        await put_off_to_now(place)
        assert radio.texts == ["Welcome!"]


async def put_off_to_now(place: Station) -> None:
    await take_in(place.hub)
    await put(place.hub.store, Delivery, {}, due_ms=1)
    await settle(place.hub)


async def test_a_passive_answer_costs_nothing(make_hub: Any) -> None:
    async with station(make_hub, Radio(replace(TEXT_ONLY, window=Window(3600, 2)))) as place:
        answer = await place.asked(said("hello"))
        assert answer is not None
        await place.passive.sent(answer)
        assert (await only(place.hub.store, Allowance))["calls_left"] == 2


async def test_what_was_held_leaves_in_the_request_that_frees_it(make_hub: Any) -> None:
    async with station(make_hub, Radio(replace(TEXT_ONLY, window=Window(3600, 2), coalesce=5))) as place:
        first = await place.asked(said("hello"))
        assert first is not None
        await place.passive.sent(first)
        await put(place.hub.store, Allowance, {}, calls_left=0)
        talk = (await rows(place.hub.store, Delivery))[0]["conversation_id"]
        await settle(place.hub, answered("one", conversation=talk), answered("two", conversation=talk))
        assert {row["state"] for row in (await rows(place.hub.store, Delivery))[1:]} == {"held"}
        answer = await place.asked(said("still there?"))
        assert answer is not None
        assert answer.body == b"one\ntwo"
        await place.passive.sent(answer)
        await settle(place.hub)
        assert place.radio.begun == []
        assert {row["state"] for row in await rows(place.hub.store, Delivery)} == {"sent"}


async def test_over_http_the_platform_hears_the_answer_and_no_call_is_made(make_hub: Any) -> None:
    radio = Radio()

    async def receive(hook: Hook) -> Receipt:
        text = hook.body.decode()
        return Receipt((said(text, id=text),), body=b"success", content_type="application/xml")

    radio.receive = receive  # type: ignore[method-assign]
    async with station(make_hub, radio) as place, AsyncClient(transport=ASGITransport(Hooks(place.hub))) as http:

        async def post(text: str) -> Response:
            asking = asyncio.create_task(http.post("http://hub/hooks/phone", content=text))
            while not asking.done():
                await take_in(place.hub)
                await asyncio.sleep(0.01)
            return await asking

        answer = await post("hello")
        assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "Welcome!", "application/xml")
        assert (await post("hello")).text == "Welcome!", "the same request again"
        talk = (await only(place.hub.store, Delivery))["conversation_id"]
        await take_in(place.hub, answered("A human here", conversation=talk))
        await settle(place.hub)
        assert (await post("and?")).text == "success"
        assert radio.texts == ["A human here"]


async def test_two_requests_never_get_the_same_answer(make_hub: Any) -> None:
    async with station(make_hub, Radio()) as place:
        one, two = said("hello"), said("anybody?")
        await place.hub.intake.keep([one, two], 5.0)
        for lane in range(place.hub.store.lanes):
            await inbound.drain(place.hub, lane)
        found = await asyncio.gather(place.found(one), place.found(two))
        assert sum(answer is not None for answer in found) == 1
