"""How much of what customers said an agent has not read: nobody else's words count, in the list and on the badge alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.model import ChannelName
from hub.store.listing import BACK
from hub.store.store import Store
from hub.store.tables import Conversation
from tests.fakes import TEXT_ONLY, FakeConnector
from tests.hub.hubs import rows, settle
from tests.widget.consoles import Agent, House, house

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    channels = {
        ChannelName("phone"): FakeConnector(),
        ChannelName("page"): FakeConnector(replace(TEXT_ONLY, pulled=True)),
    }
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=channels) as own:
        yield own


async def unread(agent: Agent) -> dict[str, int]:
    found = (await agent.api.get(f"{API}/conversations", params={"view": "all"})).json()
    return {row["id"]: row["unread"] for row in found["items"]}


async def test_only_what_the_customer_said_is_unread_and_only_to_those_who_have_not_read_it(home: House) -> None:
    bo, cy = await home.agent(), await home.agent("cy@example.com", name="Cy")
    await home.customer_says("Hello?", customer="ann", channel="page")
    talk = await home.customer_says("Anybody?", customer="ann", channel="page")
    assert (await bo.say(talk, "a regular", kind="note")).status_code == 201
    assert (await bo.say(talk, "Here I am")).status_code == 201
    await home.work()
    assert len((await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"]) > 4, "a note, a reply, an assignment"
    assert await unread(cy) == await unread(bo) == {talk: 2}
    await bo.api.post(f"{API}/conversations/{talk}/read", json={"n": 1})
    assert (await unread(bo), await unread(cy)) == ({talk: 1}, {talk: 2})
    await bo.api.post(f"{API}/conversations/{talk}/read", json={"n": 99})
    assert await unread(bo) == {talk: 0}
    assert (await cy.say(talk, "and I", base=99)).status_code == 201
    await home.work()
    assert await unread(bo) == {talk: 0}, "a colleague's words are no news of the customer"
    await home.customer_says("Thanks", customer="ann", channel="page")
    assert await unread(bo) == {talk: 1}


async def test_what_is_said_in_a_merged_conversation_is_unread_in_the_one_that_goes_on(home: House) -> None:
    bo = await home.agent()
    head = await home.customer_says("by phone", customer="ann", channel="phone")
    other = await home.customer_says("on the page", customer="v1", channel="page")
    one, two = await rows(home.hub.store, Conversation)
    await home.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")
    assert (await bo.api.post(f"{API}/conversations/{head}/merge", json={"id": "m1", "other": other})).status_code == 201
    await settle(home.hub)
    await bo.api.post(f"{API}/conversations/{head}/read", json={"n": 99})
    assert await unread(bo) == {head: 0}
    await home.customer_says("and now?", customer="v1", channel="page")
    assert await unread(bo) == {head: 1}


async def test_a_conversation_of_any_length_costs_the_same_to_count(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bo = await home.agent()
    monkeypatch.setattr("hub.store.listing.BACK", 3)
    for n in range(5):
        talk = await home.customer_says(f"line {n}", customer="ann", channel="page")
    assert await unread(bo) == {talk: 3}
    assert BACK > 99, "the badge goes up to 99+"
