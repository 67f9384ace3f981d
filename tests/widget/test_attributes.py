"""What sites and apps say of customers in words of their own: kept with the customer, shown to agents, put into links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.store.store import Store
from hub.workbench import Workbench
from tests.widget.consoles import House
from tests.widget.customers import say, web_house
from tests.widget.test_identity import SECRET, signed

LINKS = {"links": [{"title": "Order", "url": "https://erp.example.com/o/{attributes.order}?plan={attributes.等级}"}]}


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with web_house(store, redis_url, prefix, tmp_path, identity={"keys": [{"secret": SECRET}]}) as made:
        made.hub.workbench = Workbench.model_validate(LINKS)
        yield made


class Site:
    """A page of the site's, where one customer writes."""

    def __init__(self, home: House, api: httpx.AsyncClient) -> None:
        self.home, self.api, self.token, self.said = home, api, "", 0

    async def session(self, **body: Any) -> httpx.Response:
        answer = await self.api.post("/chat/web/session", json={"tok": self.token, **body})
        self.token = answer.json().get("token", self.token)
        return answer

    async def write(self) -> dict[str, Any]:
        """Say something; the conversation as agents have it then."""
        self.said += 1
        frame = say(f"m{self.said}", "hello")
        body = {"tok": self.token, "epoch": self.home.hub.store.epoch, "since": 0, "up": [frame]}
        assert {"t": "ok", "id": frame["id"]} in (await self.api.post("/chat/web/poll", json=body)).json()["down"]
        await self.home.work()
        bo = await self.home.agent(f"bo{self.said}@example.com")
        row = (await bo.api.get("/console/api/conversations")).json()["items"][0]
        found: dict[str, Any] = (await bo.api.get(f"/console/api/conversations/{row['id']}")).json()
        return found


@pytest.fixture
async def site(home: House) -> Site:
    return Site(home, await home.browser())


async def test_what_a_page_says_stands_beside_the_conversation_and_fills_links(site: Site) -> None:
    await site.session(name="Ann", attributes={"order": "A 1024", "等级": "金", "trial": True, "spent": 12.5})
    found = await site.write()
    assert found["attributes"] == {"order": "A 1024", "spent": "12.5", "trial": "true", "等级": "金"}
    assert not [name for name in found["profile"] if "order" in name], "a channel's facts are kept apart from a site's"
    assert [link["url"] for link in found["links"]] == ["https://erp.example.com/o/A%201024?plan=%E9%87%91"]
    await site.session(attributes={"order": "B1", "trial": None})
    found = await site.write()
    assert found["attributes"] == {"order": "B1", "spent": "12.5", "等级": "金"}, "one that is left out stays"


async def test_a_link_without_its_attribute_is_not_shown(site: Site) -> None:
    await site.session(attributes={"order": "A1"})
    assert (await site.write())["links"] == []


async def test_of_a_signed_customer_only_what_is_signed_counts(site: Site) -> None:
    await site.session(identity=signed(attributes={"plan": "pro", "seats": 3}))
    await site.session(attributes={"plan": "enterprise", "admin": "true"})
    assert (await site.write())["attributes"] == {"plan": "pro", "seats": "3"}


@pytest.mark.parametrize(
    "given",
    [
        [],
        "plan",
        {"": "x"},
        {"two words": "x"},
        {"a.b": "x"},
        {"x" * 41: "x"},
        {"plan": ["pro"]},
        {"plan": {"a": 1}},
        {"plan": "x" * 201},
        {f"n{n}": n for n in range(21)},
        {f"n{n}": "字" * 100 for n in range(3)},
    ],
)
async def test_what_is_no_attribute_is_refused_in_words(site: Site, given: Any) -> None:
    for body in ({"attributes": given}, {"identity": signed(attributes=given)}):
        answer = await site.session(**body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")
        assert "attribute" in answer.json()["error"]["message"]


async def test_the_longest_of_everything_still_makes_a_token_that_is_taken(site: Site) -> None:
    own = {f"n{n}": "字" * 17 for n in range(13)}
    assert (await site.session(name="名" * 100, email=f"{'e' * 64}@{'d' * 100}.example", attributes=own)).status_code == 200
    assert len(site.token) < 4096
    assert (await site.write())["attributes"] == own
