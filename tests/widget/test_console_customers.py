"""A customer over all channels in the console's calls: linked by hand, seen with all conversations, parted again, on record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.store.store import Store
from tests.widget.consoles import House, house

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def test_two_customers_are_made_one_by_hand_and_parted_again(home: House) -> None:
    bo, viewer = await home.agent(), await home.agent("eye@example.com", "viewer", "Eye")
    ada = await home.agent("ada@example.com", "admin", "Ada")
    first = await home.customer_says("Where is my parcel?", customer="ann", channel="page")
    second = await home.customer_says("I wrote on the page too", customer="ben", channel="phone")

    async def customer(talk: str) -> str:
        return str((await bo.api.get(f"{API}/conversations/{talk}")).json()["customer"]["id"])

    ann, ben = await customer(first), await customer(second)
    assert (await viewer.api.post(f"{API}/customers/{ann}/link", json={"other": ben})).status_code == 403
    for wrong in ({"other": "0" * 32}, {"other": 7}, {}):
        assert (await bo.api.post(f"{API}/customers/{ann}/link", json=wrong)).status_code == 404
    assert (await bo.api.post(f"{API}/customers/{ann}/link", json={"other": ann})).status_code == 409
    made = await bo.api.post(f"{API}/customers/{ann}/link", json={"other": ben, "reason": "same order"})
    assert made.status_code == 201, made.text
    link = made.json()["link"]
    opened = (await bo.api.get(f"{API}/conversations/{first}")).json()
    assert [row["id"] for row in opened["history"]] == [second]
    assert opened["identities"] == [{"channel": "page", "address": "ann"}, {"channel": "phone", "address": "ben"}]
    (shown,) = (await viewer.api.get(f"{API}/customers/{ann}")).json()["links"]
    assert (shown["by"], shown["kind"], shown["reason"], shown["undone_at"]) == (bo.id, "hand", "same order", None)
    assert (await viewer.api.post(f"{API}/links/{link}/undo", json={})).status_code == 403
    assert (await bo.api.post(f"{API}/links/{'0' * 32}/undo", json={})).status_code == 404
    parted = await bo.api.post(f"{API}/links/{link}/undo", json={"reason": "sisters"})
    assert parted.json() == {"customers": [ann, ben]}
    assert (await customer(first), await customer(second)) == (ann, ben)
    assert (await bo.api.get(f"{API}/conversations/{first}")).json()["history"] == []
    record = (await ada.api.get(f"{API}/audit", params={"limit": 10})).json()["items"]
    assert {"customers.linked", "customers.parted"} <= {one["action"] for one in record if one["actor"] == bo.id}
