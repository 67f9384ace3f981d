"""An agent writes to a customer first, over HTTP; where the channel forbids it, the answer says so in words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.beginning import WHY
from hub.model import ChannelName
from hub.ports import Window
from hub.store.store import Store
from hub.store.tables import Conversation, Identity
from tests.fakes import TEXT_ONLY, FakeConnector
from tests.hub.hubs import only, put, rows
from tests.widget.consoles import House, house

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    channels = {
        ChannelName("phone"): FakeConnector(),
        ChannelName("page"): FakeConnector(replace(TEXT_ONLY, pulled=True)),
        ChannelName("letters"): FakeConnector(replace(TEXT_ONLY, begins="anybody")),
        ChannelName("timed"): FakeConnector(replace(TEXT_ONLY, window=Window(60, 5))),
        ChannelName("deaf"): FakeConnector(replace(TEXT_ONLY, begins="never")),
    }
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=channels) as own:
        yield own


async def test_a_conversation_begins_with_an_agents_line_and_the_answer_comes_into_it(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Hello?", customer="ann", channel="phone")
    await bo.api.post(f"{API}/conversations/{talk}/resolve", json={"id": "r"})
    await home.work()
    (found,) = (await bo.api.get(f"{API}/reach", params={"channel": "phone", "q": "AN"})).json()["items"]
    assert (found["address"], found["refused"]) == ("ann", "")
    body = {"id": "b1", "channel": "phone", "identity": found["identity"], "text": "It is here"}
    for _ in range(3):
        assert (await bo.api.post(f"{API}/conversations", json=body)).status_code == 201
        await home.work()
    old, new = await rows(home.hub.store, Conversation)
    assert (new["agent_id"], new["status"], old["status"], new["preview"]) == (bo.id, "open", "resolved", "It is here")
    assert [record["action"] for record in await home.hub.store.agents.records(before=None, most=50)].count(
        "conversation.begun"
    ) == 1
    await home.customer_says("Great", customer="ann", channel="phone")
    assert len(await rows(home.hub.store, Conversation)) == 2


@pytest.mark.parametrize(
    ("channel", "why"),
    [("phone", "not written to it first"), ("timed", "not written"), ("deaf", "only customers"), ("none", "no such channel")],
)
async def test_strangers_are_refused_in_words(home: House, channel: str, why: str) -> None:
    bo = await home.agent()
    body = {"id": "b", "channel": channel, "address": "nobody", "text": "Hello"}
    told = await bo.api.post(f"{API}/conversations", json=body)
    assert told.status_code == 409 and why in told.text
    await home.work()
    assert await rows(home.hub.store, Conversation) == []


async def test_any_address_where_the_channel_takes_any(home: House) -> None:
    bo = await home.agent()
    body = {"id": "b", "channel": "letters", "address": "mei@example.com", "text": "Hello"}
    assert (await bo.api.post(f"{API}/conversations", json=body)).status_code == 201
    await home.work()
    who = await only(home.hub.store, Identity)
    assert (who["channel"], who["external_id"]) == ("letters", "mei@example.com")


async def test_a_closed_window_a_block_and_a_customer_who_left_are_told(home: House) -> None:
    bo = await home.agent()
    await home.customer_says("Hello?", customer="ann", channel="timed")
    ann = await only(home.hub.store, Identity)
    body = {"channel": "timed", "identity": ann["id"], "text": "Hello"}
    assert (await bo.api.post(f"{API}/conversations", json={"id": "b1", **body})).status_code == 201, "the window is open"
    await home.hub.store.windows.db.transact(_closed)
    cases: list[tuple[dict[str, Any], str]]
    cases = [({}, "window"), ({"unreachable": "gone"}, "unreachable"), ({"blocked": True}, "blocked")]
    for n, (change, code) in enumerate(cases):
        if change:
            await put(home.hub.store, Identity, {"id": ann["id"]}, **change)
        told = await bo.api.post(f"{API}/conversations", json={"id": f"c{n}", **body})
        assert (told.status_code, told.json()["error"]) == (409, {"code": "barred", "message": WHY["en"][code]})
        (found,) = (await bo.api.get(f"{API}/reach", params={"channel": "timed"})).json()["items"]
        assert found["refused"] == code and found["why"]


async def _closed(connection: object) -> None:
    from sqlalchemy import text

    await connection.execute(text("UPDATE allowance SET until_ms = 1"))  # type: ignore[attr-defined]


async def test_viewers_begin_nothing_and_a_mixed_up_identity_is_unknown(home: House) -> None:
    bo, viewer = await home.agent(), await home.agent("gil@example.com", "viewer")
    await home.customer_says("Hello?", customer="ann", channel="phone")
    ann = await only(home.hub.store, Identity)
    body = {"id": "b", "channel": "phone", "identity": ann["id"], "text": "Hello"}
    assert (await viewer.api.post(f"{API}/conversations", json=body)).status_code == 403
    assert (await bo.api.post(f"{API}/conversations", json=body | {"channel": "page"})).status_code == 404
    assert (await bo.api.post(f"{API}/conversations", json=body | {"identity": "f" * 32})).status_code == 404
    assert (await bo.api.post(f"{API}/conversations", json=body | {"text": " "})).status_code == 400
