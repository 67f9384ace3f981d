"""Apps: unread answers are counted until they are read, and an upload with a key counts once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hub.store.store import Store
from tests.hub.test_pictures import drawn
from tests.servers.push import PushServer, push_server
from tests.widget.app_phones import APP, answer, app_of, begun, phone
from tests.widget.consoles import House, house


@pytest.fixture
async def there() -> AsyncIterator[PushServer]:
    async with push_server() as own:
        yield own


@pytest.fixture
async def home(store: Store, redis_url: str, prefix: str, tmp_path: Path, there: PushServer) -> AsyncIterator[House]:
    app, settings = app_of(there.url)
    async with house(store, redis_url, prefix, tmp_path, connectors={APP: app}) as made:
        made.hub.channels = {APP: settings}
        yield made
        await app.aclose()


async def test_unread_answers_are_counted_until_they_are_read(home: House) -> None:
    own = await begun(home)
    assert await own.unread() == 0
    await answer(home, "one")
    await answer(home, "two")
    assert await own.unread() == 2
    head = (await own.api.get("/chat/app/unread")).json()["head"]
    await own.poll({"t": "read", "s": head})
    assert await own.unread() == 0


async def test_an_upload_with_a_key_counts_once(home: House) -> None:
    own = await begun(home)

    async def upload(content: bytes, key: str = "k1") -> httpx.Response:
        files = {"file": ("a.txt", content, "text/plain")}
        return await own.api.post("/chat/app/files", files=files, headers={"idempotency-key": key})

    first, again, other = await upload(b"one"), await upload(b"one"), await upload(b"two")
    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    assert (await upload(b"two", "k2")).json()["id"] != first.json()["id"]
    ben = await phone(home, "ben")
    theirs = await ben.api.post("/chat/app/files", files={"file": ("a", b"two")}, headers={"idempotency-key": "k1"})
    assert theirs.status_code == 201, "another customer's key is another key"


async def test_a_picture_with_a_key_counts_once_although_it_is_kept_otherwise(home: House) -> None:
    """What is kept of it is written anew, without a word of where it was taken: other bytes than those that came."""
    own = await begun(home)

    async def upload(content: bytes) -> httpx.Response:
        files = {"file": ("a.jpg", content, "image/jpeg")}
        return await own.api.post("/chat/app/files", files=files, headers={"idempotency-key": "k1"})

    first, again, other = await upload(drawn("JPEG")), await upload(drawn("JPEG")), await upload(drawn("JPEG", (30, 30)))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
