"""The console's calls with whatever else may come: unknown ids, broken bodies, strange queries."""

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


@pytest.mark.parametrize("where", ["0" * 32, "1", "../x", "%00", "0" * 31 + "G", "'"])
async def test_what_does_not_exist_has_one_answer(home: House, where: str) -> None:
    bo = await home.agent(role="admin")
    calls = [
        ("GET", f"{API}/conversations/{where}", None),
        ("GET", f"{API}/conversations/{where}/entries", None),
        ("POST", f"{API}/conversations/{where}/entries", {"id": "x", "kind": "note", "text": "x"}),
        ("POST", f"{API}/conversations/{where}/resolve", {"id": "x"}),
        ("POST", f"{API}/conversations/{where}/reopen", {"id": "x"}),
        ("POST", f"{API}/conversations/{where}/assign", {"id": "x"}),
        ("POST", f"{API}/conversations/{where}/read", {"n": 1}),
        ("POST", f"{API}/deliveries/{where}/resend", {"id": "x"}),
        ("POST", f"{API}/parked/{where}/replay", {}),
        ("PATCH", f"{API}/agents/{where}", {"name": "x"}),
        ("POST", f"{API}/agents/{where}/link", {}),
    ]
    for method, path, body in calls:
        given = await bo.api.request(method, path, json=body)
        assert given.status_code == 404, (method, path)
        if "/" not in where:
            assert given.json() == {"error": {"code": "unknown", "message": "There is no such thing."}}, (method, path)


HOSTILE = [
    {"kind": "reply", "text": "no id"},
    {"id": "", "text": "x"},
    {"id": "a b", "text": "x"},
    {"id": "x" * 65, "text": "x"},
    {"id": 7, "text": "x"},
    {"id": "x", "text": ""},
    {"id": "x", "text": 5},
    {"id": "x", "text": "x" * 10_001},
    {"id": "x", "kind": "resolve", "text": "x"},
    {"id": "x", "text": "x", "base": "1"},
    {"id": "x", "text": "x", "base": -1},
    {"id": "x", "text": "x", "files": "all"},
    {"id": "x", "text": "x", "files": ["x"] * 11},
]


async def test_hostile_bodies_get_a_clear_refusal_and_store_nothing(home: House) -> None:
    bo = await home.agent()
    talk = await home.customer_says("Hello?", channel="page")
    path = f"{API}/conversations/{talk}/entries"
    for body in HOSTILE:
        given = await bo.api.post(path, json=body)
        assert 400 <= given.status_code < 500, body
        assert given.json()["error"]["message"], body
    raw = [
        b"",
        b"[]",
        b"nul",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 5_000,
        b"\xff\xfe",
        b"x" * 300_000,
    ]
    for content in raw:
        given = await bo.api.post(path, content=content)
        assert 400 <= given.status_code < 500, content[:20]
    await home.work()
    assert len((await bo.api.get(path)).json()["items"]) == 1
    nul = await bo.api.post(path, content=b'{"id":"x","text":"a\\u0000b\\ud800","role":"admin","agent":"me"}')
    assert nul.status_code == 201
    await home.work()
    entry = (await bo.api.get(path)).json()["items"][1]
    assert (entry["d"]["parts"][0]["text"], entry["by"]["id"]) == ("a␀b\ufffd", bo.id), "unknown fields bind to nothing"


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=-1", "limit=x", "view=nobodys", "q=" + "x" * 101, "q=%00", "cursor=" + "9" * 40]
)
async def test_hostile_queries_get_a_clear_refusal(home: House, query: str) -> None:
    bo = await home.agent()
    given = await bo.api.get(f"{API}/conversations?{query}")
    assert given.status_code == 422
    assert given.json()["error"]["message"]


async def test_every_answer_keeps_browsers_safe_and_is_kept_by_nobody(home: House) -> None:
    bo = await home.agent()
    for path in ("/me", "/conversations", "/conversations/x", "/agents"):
        headers = (await bo.api.get(f"{API}{path}")).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
