"""Search in everything that was said, on every database: Chinese, signs that mean something to databases, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.store import searching
from hub.store.store import Store
from tests.widget.consoles import House, house

API = "/console/api"


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(store, redis_url, prefix, tmp_path / "files") as own:
        yield own


async def test_words_are_found_wherever_they_were_said(home: House) -> None:
    bo = await home.agent()
    ann = await home.customer_says("请问我的订单A1024什么时候发货？", customer="ann", channel="page", profile={"name": "梅"})
    ben = await home.customer_says('100% "sure"\\_ of it, text and type', customer="ben")
    await bo.say(ann, "今天发货。", kind="note")
    await home.work()

    async def found(words: str) -> list[tuple[str, str]]:
        answer = await bo.api.get(f"{API}/search", params={"q": words})
        assert answer.status_code == 200, answer.text
        assert answer.json()["next"] is None
        return [(hit["conversation"], hit["k"]) for hit in answer.json()["items"]]

    assert await found("发货") == [(ann, "note"), (ann, "message")]
    assert await found("发货 a1024") == await found("订单A1024什么") == [(ann, "message")]
    assert await found("货发") == await found("%货") == await found("spans") == []
    assert await found('100% "SURE"') == await found("\\_") == await found("100%") == [(ben, "message")]
    assert await found("text") == [(ben, "message")], "what JSON is made of was not said"
    hit = (await bo.api.get(f"{API}/search", params={"q": "a1024"})).json()["items"][0]
    assert (hit["customer"]["name"], hit["channel"], hit["n"], hit["by"]["kind"]) == ("梅", "page", 1, "customer")
    assert "A1024" in hit["snippet"]
    assert (await bo.api.get(f"{API}/search", params={"q": " "})).status_code == 422


async def test_what_was_taken_back_is_not_found_any_more(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Hello?", customer="ann", channel="page")
    await bo.say(talk, "a slip of the tongue", id="slip", delay=10)
    await home.work()
    assert len((await bo.api.get(f"{API}/search", params={"q": "tongue"})).json()["items"]) == 1
    await bo.api.post(f"{API}/conversations/{talk}/undo", json={"id": "u1", "of": "slip"})
    await home.work()
    assert (await bo.api.get(f"{API}/search", params={"q": "tongue"})).json()["items"] == []


async def test_pages_follow_each_other_and_a_question_has_an_end(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bo = await home.agent()
    monkeypatch.setattr(searching, "PAGE", 3)
    for n in range(9):
        await home.customer_says(f"needle {n}" if n % 2 == 0 else f"hay {n}", customer="ann", channel="page")
    seen: list[str] = []
    query: dict[str, Any] = {"q": "needle", "limit": 2}
    while True:
        page = (await bo.api.get(f"{API}/search", params=query)).json()
        seen += [hit["snippet"] for hit in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [f"needle {n}" for n in (8, 6, 4, 2, 0)]
    search = home.hub.store.searching
    first = await search.said("needle", before=None, most=10, reach=3)
    assert [hit.snippet for hit in first.hits] == ["needle 8", "needle 6"] and first.further is not None
    rest = await search.said("needle", before=first.further, most=10, reach=100)
    assert [hit.snippet for hit in rest.hits] == ["needle 4", "needle 2", "needle 0"] and rest.further is None
