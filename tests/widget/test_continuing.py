"""The last rung: the last answer that a channel takes brings a link, and behind it the same conversation goes on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.model import ChannelName
from hub.ports import Kit, Settings, Window
from hub.store.store import Store
from hub.store.tables import Conversation, Delivery
from hub.store.tables import Message as MessageRow
from hub.store.window_tables import Allowance
from tests.fakes import TEXT_ONLY, FakeConnector, answered, said
from tests.hub.hubs import only, put, rows, settle, text_of
from tests.widget.consoles import House, house
from tests.widget.customers import WEB, Customer, say

PHONE = ChannelName("phone")


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    phone = FakeConnector(replace(TEXT_ONLY, window=Window(3600, 2)))
    connectors: dict[ChannelName, Any] = {PHONE: phone, WEB: Web(WEB, WebSettings(), Kit.__new__(Kit))}
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=connectors) as own:
        own.hub.channels = {PHONE: Settings(type="phone", continue_in="web"), WEB: WebSettings()}
        yield own


def sent(home: House) -> list[str]:
    phone = home.hub.connectors[PHONE]
    assert isinstance(phone, FakeConnector)
    return [text for _, text, _ in phone.sent]


async def linked(home: House) -> Customer:
    """The customer has followed the link of the last answer."""
    await settle(home.hub, said("hello"))
    talk = (await only(home.hub.store, Conversation))["id"]
    for text in ("one", "two", "three"):
        await settle(home.hub, answered(text, conversation=talk))
    found = re.search(r"http\S+/w/web#talk=(\S+)", sent(home)[-1])
    assert found is not None
    api = await home.browser()
    api.headers["authorization"] = f"Bearer {found[1]}"
    return Customer(api, found[1], "ann", home.hub.store.epoch)


def texts(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["d"]["parts"][0]["text"] for frame in frames if frame["t"] == "ev"]


async def test_the_last_call_brings_the_link_and_no_other_does(home: House) -> None:
    await linked(home)
    first, second = sent(home)
    assert first == "one"
    assert second.startswith("two\nMore answers will be here: http://127.0.0.1/w/web#talk=")
    assert text_of((await rows(home.hub.store, MessageRow, author_kind="agent", kind="message"))[1]) == "two"


async def test_behind_the_link_is_the_same_conversation_with_what_is_held(home: House) -> None:
    ann = await linked(home)
    assert texts(await ann.poll()) == ["hello", "one", "two", "three"]
    assert next(frame["t"] for frame in await ann.poll(say("w1", "here I am"), since=4)) == "ok"
    await home.work()
    assert texts(await ann.poll(since=4)) == ["here I am"]
    entry = (await rows(home.hub.store, MessageRow))[-1]
    assert entry["conversation_id"] == (await only(home.hub.store, Conversation))["id"]
    assert (await only(home.hub.store, Allowance))["calls_left"] == 0, "writing in the web chat opens nothing elsewhere"


async def test_what_was_read_in_the_web_chat_is_not_sent_again(home: House) -> None:
    ann = await linked(home)
    talk = (await only(home.hub.store, Conversation))["id"]
    await home.hub.store.logs.seen({(await only(home.hub.store, Conversation))["identity_id"]: len(await ann.poll())})
    await settle(home.hub, answered("four", conversation=talk))
    await settle(home.hub, said("back again"))
    await put(home.hub.store, Delivery, {"state": "queued"}, due_ms=1)
    await settle(home.hub)
    assert sent(home)[2:] == ["four"], "three was read in the web chat, four was not"
    states = [(row["state"], row["reason"]) for row in await rows(home.hub.store, Delivery)]
    assert {state for state, _ in states} == {"sent"}
    assert "web chat" in states[2][1]


async def test_a_session_goes_on_in_the_same_conversation(home: House) -> None:
    ann = await linked(home)
    fresh: httpx.Response = await ann.api.post("/chat/web/session", json={"tok": ann.token})
    assert fresh.json()["customer"] == "ann"
    other = Customer(ann.api, fresh.json()["token"], "ann", ann.epoch)
    assert len(await other.poll()) == 4


async def test_a_link_opens_nothing_where_the_channel_no_longer_goes_on(home: House) -> None:
    ann = await linked(home)
    home.hub.channels = {PHONE: Settings(type="phone"), WEB: WebSettings()}
    answer = await ann.api.post("/chat/web/poll", json={"tok": ann.token, "up": []})
    assert answer.status_code == 401
    talk = (await only(home.hub.store, Conversation))["id"]
    await settle(home.hub, said("hello"))
    await put(home.hub.store, Allowance, {}, calls_left=1)
    await settle(home.hub, answered("the last one", conversation=talk))
    assert sent(home)[-1] == "the last one"
