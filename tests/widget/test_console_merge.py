"""Two conversations of one customer as one matter in the console: over HTTP, on both open consoles, and in the reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.merging import WHY
from hub.model import ChannelName
from hub.reporting import gather
from hub.store.reports import Scope
from hub.store.store import Store
from hub.store.tables import Conversation
from tests.fakes import TEXT_ONLY, FakeConnector
from tests.hub.hubs import rows, settle
from tests.widget.consoles import Agent, House, house

API = "/console/api"


@dataclass
class Pair:
    home: House
    bo: Agent
    head: str
    other: str

    async def post(self, act: str, talk: str = "", **body: Any) -> Any:
        found = await self.bo.api.post(f"{API}/conversations/{talk or self.head}/{act}", json={"id": f"{act}1", **body})
        await settle(self.home.hub)
        return found

    async def seen(self) -> list[tuple[str, str, str]]:
        page = (await self.bo.api.get(f"{API}/conversations/{self.head}/entries")).json()
        assert [one["n"] for one in page["items"]] == list(range(1, len(page["items"]) + 1))
        assert {one["c"] for one in page["items"]} == {self.head}
        return [
            (one["d"].get("data", {}).get("via", {}).get("channel", ""), one["by"]["kind"], one["d"]["text"])
            for one in page["items"]
            if one["k"] == "message"
        ]


@pytest.fixture
async def pair(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Pair]:
    channels = {
        ChannelName("phone"): FakeConnector(),
        ChannelName("page"): FakeConnector(replace(TEXT_ONLY, pulled=True)),
    }
    async with house(store, redis_url, prefix, tmp_path / "files", connectors=channels) as home:
        bo = await home.agent()
        head = await home.customer_says("by phone", customer="ann", channel="phone")
        other = await home.customer_says("on the page", customer="v1", channel="page")
        yield Pair(home, bo, head, other)


async def link(pair: Pair) -> None:
    one, two = await rows(pair.home.hub.store, Conversation)
    await pair.home.hub.store.links.link(one["customer_id"], two["customer_id"], "Bo", "")


async def test_merged_seen_answered_and_parted_over_http(pair: Pair) -> None:
    await link(pair)
    for _ in range(2):
        assert (await pair.post("merge", other=pair.other, reason="same parcel")).status_code == 201, "a retry is the same merge"
    detail = (await pair.bo.api.get(f"{API}/conversations/{pair.head}")).json()
    assert [(one["id"], one["channel"]) for one in detail["merged"]] == [(pair.other, "page")]
    theirs = (await pair.bo.api.get(f"{API}/conversations/{pair.other}")).json()
    assert (theirs["status"], theirs["merged_into"]) == ("merged", pair.head)
    at = (await pair.bo.api.get(f"{API}/conversations/{pair.other}/entries")).json()["items"][detail["merged"][0]["merged_n"] - 1]
    assert at["d"]["data"] == {"what": "merged", "into": pair.head, "reason": "same parcel"}
    await pair.home.customer_says("and now?", customer="v1", channel="page")
    assert (await pair.bo.say(pair.head, "on its way")).status_code == 201
    await settle(pair.home.hub)
    assert (await pair.bo.say(pair.head, "by phone too", to=pair.head)).status_code == 201
    await settle(pair.home.hub)
    assert await pair.seen() == [
        ("", "customer", "by phone"),
        ("page", "customer", "and now?"),
        ("page", "agent", "on its way"),
        ("", "agent", "by phone too"),
    ]
    assert (await pair.post("part", reason="sisters")).status_code == 201
    assert (await pair.bo.api.get(f"{API}/conversations/{pair.other}")).json()["status"] == "open"


async def test_both_open_consoles_see_at_once_what_comes_in_the_other_conversation(pair: Pair) -> None:
    await link(pair)
    cy = await pair.home.agent("cy@example.com", name="Cy")
    async with pair.home.socket(pair.bo) as mine, pair.home.socket(cy) as theirs:
        for line in (mine, theirs):
            await line.next("welcome")
        await pair.post("merge", other=pair.other)
        await pair.home.customer_says("and now?", customer="v1", channel="page")
        for line in (mine, theirs):
            seen = [await line.next("ev") for _ in range(4)]
            assert [(one["c"], one["d"]["data"]["what"]) for one in seen[:2]] == [(pair.other, "merged"), (pair.head, "merged")]
            own, shown = seen[2:]
            assert (own["c"], own["d"]["text"], own["d"]["data"]["seen_in"]) == (pair.other, "and now?", pair.head)
            assert (shown["c"], shown["k"], shown["d"]["text"]) == (pair.head, "message", "and now?")
            assert shown["d"]["data"]["via"] == {"conversation": pair.other, "channel": "page"}
            assert (shown["d"]["mid"], shown["s"]) == (own["d"]["mid"], own["s"] + 1)


async def test_why_not_is_said_in_words(pair: Pair) -> None:
    refused = await pair.post("merge", other=pair.other)
    assert (refused.status_code, refused.json()["error"]["message"]) == (409, WHY["strangers"])
    assert (await pair.post("merge", other="0" * 32)).status_code == 404
    assert (await pair.post("merge", other="nonsense")).status_code in (400, 404)
    assert (await pair.post("part")).json()["error"]["message"] == WHY["not_merged"]
    assert (await pair.post("merge", other=pair.head)).json()["error"]["message"] == WHY["same"]


async def test_a_colleague_who_answered_on_the_other_channel_is_not_overtaken(pair: Pair) -> None:
    await link(pair)
    await pair.post("merge", other=pair.other)
    await pair.home.customer_says("and now?", customer="v1", channel="page")
    base = (await pair.bo.api.get(f"{API}/conversations/{pair.head}")).json()["last_n"]
    cy = await pair.home.agent("cy@example.com", name="Cy")
    assert (await cy.say(pair.head, "I have it", base=base)).status_code == 201
    await settle(pair.home.hub)
    assert (await pair.bo.say(pair.head, "so have I", base=base)).json()["error"]["code"] == "stale"


async def test_a_matter_counts_once_in_reports(pair: Pair) -> None:
    await link(pair)
    await pair.post("merge", other=pair.other)
    await pair.home.customer_says("and now?", customer="v1", channel="page")
    await pair.bo.say(pair.head, "on its way")
    await settle(pair.home.hub)
    hub = pair.home.hub
    await gather(hub)
    scope = Scope(hub.now() - timedelta(days=1), hub.now() + timedelta(days=1))
    for what in ("opened", "answered"):
        assert [one.conversation_id for one in await hub.store.reports.facts(scope, what)] == [pair.head], what
    assert await hub.store.reports.backlog(scope) == {"phone": (1, 0)}
