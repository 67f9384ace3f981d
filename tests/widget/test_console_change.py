"""What the console changes about a conversation: asked over HTTP, seen in the lists, refused to whom it must be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.store.store import Store
from tests.widget.consoles import House, house

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def test_what_agents_change_is_seen_in_views_and_filters(home: House) -> None:
    bo = await home.agent()
    ann = await home.customer_says("Where is my parcel?", customer="ann", channel="page")
    ben = await home.customer_says("Hello?", customer="ben", channel="page")

    async def act(talk: str, name: str, **more: Any) -> None:
        made = await bo.api.post(f"{API}/conversations/{talk}/{name}", json={"id": f"{name}1", **more})
        assert made.status_code == 201, made.text
        await home.work()

    async def ids(**query: Any) -> list[str]:
        return [row["id"] for row in (await bo.api.get(f"{API}/conversations", params=query)).json()["items"]]

    await act(ann, "snooze", until="2100-01-31T09:00:00+08:00")
    await act(ben, "priority", level=3)
    await act(ben, "tags", add=["退款", "vip_1"])
    await act(ben, "assign", agent=bo.id, reason="knows the case")
    assert await ids(view="snoozed") == [ann]
    assert await ids(view="unassigned") == []
    assert await ids(view="mine") == [ben]
    assert await ids(tag="退款") == await ids(tag="vip_1") == await ids(priority=3) == [ben]
    assert await ids(tag="vip%") == await ids(tag="vip__") == await ids(tag="款") == await ids(channel="phone") == []
    assert set(await ids(channel="page")) == {ann, ben}
    counts = (await bo.api.get(f"{API}/conversations")).json()["counts"]
    assert counts == {"mine": 1, "unassigned": 0, "all": 2, "snoozed": 1}
    shown = (await bo.api.get(f"{API}/conversations/{ben}")).json()
    assert (shown["priority"], shown["tags"], shown["snoozed"], shown["blocked"]) == (3, ["vip_1", "退款"], False, False)
    asleep = (await bo.api.get(f"{API}/conversations/{ann}")).json()
    assert (asleep["snoozed"], asleep["snoozed_until"]) == (True, "2100-01-31T01:00:00+00:00")
    await act(ann, "block", reason="spam")
    assert (await bo.api.get(f"{API}/conversations/{ann}")).json()["blocked"]
    seen = (await bo.api.get(f"{API}/conversations/{ben}/entries")).json()["items"]
    assert [e["d"]["data"]["reason"] for e in seen if e["k"] == "assigned"] == ["knows the case"]


async def test_ones_own_reply_is_taken_back_and_no_colleagues(home: House) -> None:
    bo, li = await home.agent(), await home.agent("li@example.com", name="Li")
    talk = await home.customer_says("Hello?", customer="ann", channel="phone")
    assert (await bo.say(talk, "oops", id="r1", delay=10)).status_code == 201
    await home.work()
    await li.api.post(f"{API}/conversations/{talk}/undo", json={"id": "u1", "of": "r1"})
    await home.work()
    kinds = [e["k"] for e in (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"]]
    assert "delete" not in kinds
    await bo.api.post(f"{API}/conversations/{talk}/undo", json={"id": "u1", "of": "r1"})
    await home.work()
    kinds = [e["k"] for e in (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"]]
    assert kinds[-1] == "delete"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("snooze", {"until": "tomorrow"}),
        ("snooze", {"until": "2030-01-31T09:00:00"}),
        ("snooze", {"until": 7}),
        ("priority", {}),
        ("priority", {"level": 4}),
        ("tags", {"add": ["two words"]}),
        ("tags", {"add": [""]}),
        ("tags", {"add": "vip"}),
        ("block", {"reason": "x" * 501}),
        ("undo", {}),
        ("read", {}),
        ("entries", {"text": "hi", "delay": 11}),
    ],
)
async def test_what_is_malformed_is_refused_before_it_is_kept(home: House, name: str, body: dict[str, Any]) -> None:
    bo, viewer = await home.agent(), await home.agent("vi@example.com", role="viewer", name="Vi")
    talk = await home.customer_says("Hello?", customer="ann", channel="page")
    path = f"{API}/conversations/{talk}/{name}"
    assert (await bo.api.post(path, json={"id": "a1", **body})).status_code in (400, 422)
    if name != "read":
        assert (await viewer.api.post(path, json={"id": "a1", **body})).status_code == 403
