"""/openapi.json against the running server: what it forbids is refused, and what it doesn't name changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.store.store import Store
from tests.widget.consoles import PASSWORD
from tests.widget.openapi_hub import API, NOBODY, Api, api_of

LENIENT = {"force", "on"}
"""Flags: anything that is not nothing means yes."""


@pytest.fixture
async def api(store: Store, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with api_of(store, redis_url, prefix, tmp_path / "files") as made:
        yield made


def broken(body: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Bodies that the schema forbids: each field of a wrong type, each needed field left out."""
    needed = schema.get("required", [])
    wrong = [{**body, name: {"x": [1]}} for name in schema["properties"] if name not in LENIENT]
    return [*wrong, *({key: value for key, value in body.items() if key != name} for name in needed)]


BODIES: dict[str, dict[str, Any]] = {
    "SessionAsked": {},
    "Poll": {"tok": "x"},
    "DeviceAsked": {"kind": "fcm", "token": "x"},
    "Setup": {"token": "x", "email": "a@example.com", "name": "A", "password": PASSWORD},
    "SignIn": {"email": "a@example.com", "password": PASSWORD},
    "PresenceAsked": {"state": "away"},
    "PasswordAsked": {"old": "x", "new": PASSWORD},
    "Reply": {"id": "r", "text": "x"},
    "Act": {"id": "a"},
    "Resolve": {"id": "x", "survey": True},
    "Assign": {"id": "b"},
    "Snooze": {"id": "s"},
    "Priority": {"id": "p", "level": 1},
    "Tags": {"id": "t", "add": ["vip"]},
    "Block": {"id": "l"},
    "Undo": {"id": "u", "of": "r"},
    "Translate": {"id": "t", "on": True},
    "ReadAsked": {"n": 1},
    "Invite": {"email": "b@example.com"},
    "Change": {"name": "x"},
    "DraftAsked": {"text": "x"},
    "Views": {"items": [{"name": "v"}]},
    "CapacityAsked": {"most": 2},
    "Begin": {"id": "k", "channel": "phone", "address": "x", "text": "Hi"},
    "Bulk": {"id": "k", "conversations": [NOBODY], "do": [{"resolve": True}]},
    "TranscriptAsked": {"email": "a@example.com"},
    "LinkAsked": {"other": NOBODY},
    "MergeAsked": {"id": "m", "other": NOBODY},
    "ApartAsked": {"id": "m"},
    "PartAsked": {},
    "TokenAsked": {"name": "till"},
    "Again": {},
    "CodeShown": {"code": "000000"},
    "CodeGiven": {"code": "ABCDE-FGHJK"},
}


async def test_a_body_that_the_document_forbids_is_refused(api: Api) -> None:
    talk = await api.home.customer_says("Hello?", channel="phone")
    admin = await api.home.agent("root@example.com", "admin", "Root")
    own = await api.speaker(admin.token, strict=False)
    tried = 0
    for (method, path), call in api.book.operations().items():
        content = call.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        name = content["schema"]["$ref"].rpartition("/")[2]
        where = admin.id if "/agents/" in path else talk
        for body in broken(BODIES[name], api.book.document["components"]["schemas"][name]):
            given = await own.request(method, path.replace("{id}", where).replace("{channel}", "web"), json=body)
            assert 400 <= given.status_code < 500, (method, path, body, given.text)
            tried += 1
        given = await own.request(method, path.replace("{id}", where).replace("{channel}", "web"), content=b"[1]")
        customers_only = "customer" in call.get("security", [{}])[0]
        assert given.status_code in ((401,) if customers_only else (400, 415)), (method, path)
    assert tried > 50


async def test_fields_that_are_not_documented_change_nothing(api: Api) -> None:
    root, bo = await api.home.agent("root@example.com", "admin", "Root"), await api.home.agent()
    more = {"id": root.id, "email": "root@example.com", "password": "x", "seen_ms": 0, "tenant_id": "t", "verified": True}
    changed = (await root.api.patch(f"{API}/agents/{bo.id}", json={"name": "Bob", **more})).json()
    assert changed == {
        "id": bo.id,
        "name": "Bob",
        "email": "bo@example.com",
        "role": "agent",
        "state": "away",
        "disabled": False,
        "factor": False,
    }
    talk = await api.home.customer_says("Hello?", channel="phone")
    own = {
        "agent": root.id,
        "agent_name": "Root",
        "kind": "note",
        "author": {"kind": "system"},
        "seq": 9,
        "s": 9,
        "at": "1970-01-01",
    }
    assert (await bo.say(talk, "for us", **own)).status_code == 201
    await api.home.work()
    note = (await bo.api.get(f"{API}/conversations/{talk}/entries")).json()["items"][-1]
    assert (note["k"], note["by"], note["n"]) == ("note", {"kind": "agent", "name": "Bob", "id": bo.id}, 2)
    assert note["at"] > "2000"
