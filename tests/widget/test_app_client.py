"""The reference client of docs/app.md against the real server: lost answers, a lost database, two devices."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest

from hub.store.store import Store
from tests.servers.app_client import ChatClient
from tests.servers.push import PushServer, push_server
from tests.widget.app_phones import APP, SECRET, answer, app_of
from tests.widget.consoles import House, house

PAGE = (Path(__file__).parents[2] / "docs" / "app.md").read_text("utf-8")


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


def identity(who: str = "anna") -> str:
    return jwt.encode({"sub": who, "aud": "app", "exp": int(time.time()) + 60}, SECRET, "HS256")


async def client(home: House) -> ChatClient:
    made = ChatClient(home.url, "app", identity)
    home.stack.push_async_callback(made.aclose)
    await made.sign_in()
    return made


async def test_a_client_by_the_page_loses_nothing_and_says_nothing_twice(home: House) -> None:
    phone, tablet = await client(home), await client(home)
    own = phone.say("Do you ship to Oslo?", (await phone.upload("a.txt", b"an address", "text/plain"),))
    said = phone.outbox[own]
    await phone.step(0)
    assert phone.outbox == {}
    phone.outbox[own] = said  # the answer got lost
    await phone.step(0)
    await home.work()
    await answer(home, "We do")
    for device in (phone, tablet):
        await device.step(0)
        await device.step(0)
        assert [entry["d"]["text"].split("\n")[-1] for entry in device.log.values()] == ["Do you ship to Oslo?", "We do"]
    assert await tablet.unread() == 1
    await phone.read()
    assert await tablet.unread() == 0
    assert [entry["s"] for entry in await tablet.older(2)] == [1]


async def test_a_client_whose_session_is_over_signs_in_again_and_goes_on(home: House) -> None:
    phone = await client(home)
    own = phone.say("Hello?")
    phone.token = "over"
    await phone.step(0)
    assert own in phone.outbox
    await phone.step(0)
    assert phone.outbox == {}


async def test_a_client_takes_a_log_anew_where_the_database_is_another(home: House) -> None:
    phone = await client(home)
    phone.say("Hello?")
    await phone.step(0)
    await home.work()
    phone.epoch, phone.cursor = "0" * 32, 900
    await phone.step(0)
    await phone.step(0)
    assert list(phone.log) == [1]


async def test_a_client_is_told_by_push_until_it_says_no(home: House, there: PushServer) -> None:
    phone = await client(home)
    phone.say("Hello?")
    await phone.step(0)
    await home.work()
    device = await phone.tell_device("fcm", "token-a")
    await home.hub.store.devices.note_answers({"app": 0})
    await answer(home, "one")
    await phone.forget_device(device)
    await answer(home, "two")
    assert [one["notification"]["body"] for one in there.told] == ["one"]


def test_the_page_shows_every_address_that_the_client_uses() -> None:
    for address in ("/session", "/poll", "/unread", "/history", "/files", "/devices"):
        assert address in PAGE
