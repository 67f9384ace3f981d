"""Apps: devices that are told of answers, once each, not in quiet hours, and what push services say to that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse

from hub import pushing
from hub.errors import Temporary, Undeliverable
from hub.model import ConversationId
from hub.pushes import Device, PushNote, SupportsPush
from hub.store.device_tables import Device as DeviceRow
from hub.store.store import Store
from hub.store.tables import Conversation
from hub.store.tables import Identity as IdentityRow
from tests.hub.hubs import only, put, rows, settle
from tests.servers.push import PushServer, fcm_error, push_server, push_settings
from tests.widget.app_phones import APP, answer, app_of, begun, job, phone
from tests.widget.consoles import House, house
from tests.widget.customers import say

NOTE = PushNote("Hello", 2, ConversationId("c"), 7)


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


async def test_an_answer_wakes_every_device_of_a_customer_who_is_not_here(home: House, there: PushServer) -> None:
    own = await begun(home)
    await own.device("fcm", "token-a", locale="en-GB")
    await (await phone(home)).device("apns", "0f" * 32, locale="zh-CN")
    await answer(home, "We open at 9")
    android, apple = sorted(there.told, key=lambda one: "aps" in one)
    assert (android["token"], android["notification"]) == ("token-a", {"title": "Chat with us", "body": "We open at 9"})
    assert android["android"]["collapse_key"] == "chat-app"
    assert android["data"]["unread"] == "1"
    assert apple["aps"]["alert"] == {"title": "在线客服", "body": "We open at 9"}
    assert apple["aps"]["badge"] == 1
    assert apple["headers"]["apns-collapse-id"] == "chat-app"
    assert apple["headers"]["apns-topic"] == "com.shop"
    await job(home)
    assert len(there.told) == 2, "told twice of one answer"
    await answer(home, "and close at 6")
    assert len(there.told) == 4


async def test_who_has_it_already_is_not_told(home: House, there: PushServer) -> None:
    own = await begun(home)
    await own.device("fcm", "token-a")
    await settle(home.hub)
    agent = await home.agent()
    conversation = (await only(home.hub.store, Conversation))["id"]
    await agent.say(conversation, "We open at 9")
    await home.work()
    await pushing.look(home.hub)
    head = (await only(home.hub.store, IdentityRow))["head"]
    await put(home.hub.store, IdentityRow, {}, seen_cs=head)
    await job(home)
    assert there.told == []


async def test_ones_own_words_wake_nobody(home: House, there: PushServer) -> None:
    own = await begun(home)
    await own.device("fcm", "token-a")
    await own.poll(say("m2", "Anybody?"))
    await home.work()
    await job(home)
    assert there.told == []


@pytest.mark.parametrize(("kind", "token"), [("fcm", "token-a"), ("apns", "0f" * 32)])
async def test_a_device_that_is_gone_is_forgotten(home: House, there: PushServer, kind: str, token: str) -> None:
    own = await begun(home)
    await own.device(kind, token)
    there.gone.add(token)
    await answer(home, "We open at 9")
    assert await rows(home.hub.store, DeviceRow) == []


async def test_what_fails_is_tried_again_and_what_was_answered_meanwhile_is_told_once(home: House, there: PushServer) -> None:
    own = await begun(home)
    await own.device("fcm", "token-a")
    there.answers.append(fcm_error(503, "UNAVAILABLE", {"retry-after": "30"}))
    await answer(home, "one")
    row = await only(home.hub.store, DeviceRow)
    assert row["tries"] == 1
    assert row["due_ms"] - await home.hub.store.sweeping.clock() > 20_000
    await answer(home, "two")
    assert [one["notification"]["body"] for one in there.told] == ["two"]
    assert (await only(home.hub.store, DeviceRow))["due_ms"] == 0


async def test_quiet_hours_put_a_push_off(home: House, there: PushServer) -> None:
    quiet = {"timezone": "UTC", "start": "00:00", "end": "23:59"}
    app, settings = app_of(there.url, quiet_hours=quiet)
    home.hub.connectors = {APP: app}
    home.hub.channels = {APP: settings}
    own = await begun(home)
    await own.device("fcm", "token-a", timezone="No/Where")
    await answer(home, "We open at 9")
    assert there.told == []
    assert (await only(home.hub.store, DeviceRow))["due_ms"] > 0
    await app.aclose()
    app, _ = app_of(there.url)
    home.hub.connectors = {APP: app}
    await job(home)
    assert len(there.told) == 1
    await app.aclose()


async def test_a_device_belongs_to_who_used_it_last(home: House, there: PushServer) -> None:
    own = await begun(home)
    first = await own.device("fcm", "token-a")
    ben = await phone(home, "ben")
    assert await ben.device("fcm", "token-a") == first
    await answer(home, "for Anna only")
    assert there.told == []
    assert (await own.api.delete(f"/chat/app/devices/{first}")).status_code == 204
    assert len(await rows(home.hub.store, DeviceRow)) == 1, "another's device was removed"
    assert (await ben.api.delete(f"/chat/app/devices/{first}")).status_code == 204
    assert await rows(home.hub.store, DeviceRow) == []


async def test_a_customer_has_no_more_than_twenty_devices(home: House) -> None:
    own = await begun(home)
    for number in range(22):
        await own.device("fcm", f"token-{number}")
    kept = {row["token"] for row in await rows(home.hub.store, DeviceRow)}
    assert len(kept) == 20
    assert "token-0" not in kept


@pytest.mark.parametrize("body", [{}, {"kind": "sms", "token": "x"}, {"kind": "fcm", "token": ""}, {"kind": "fcm", "token": "é"}])
async def test_what_is_no_device_is_refused(home: House, body: dict[str, str]) -> None:
    own = await begun(home)
    assert (await own.api.post("/chat/app/devices", json=body)).status_code == 400


async def test_tokens_of_push_services_are_kept_and_renewed(there: PushServer) -> None:
    app, _ = app_of(there.url)
    assert isinstance(app, SupportsPush)
    device = Device("d", "fcm", "t")
    for _ in range(3):
        await app.push(device, NOTE)
    assert there.grants == 1
    there.answers.append(fcm_error(401, "UNAUTHENTICATED"))
    with pytest.raises(Temporary):
        await app.push(device, NOTE)
    await app.push(device, NOTE)
    assert (there.grants, len(there.told)) == (2, 4)
    await app.aclose()


async def test_a_key_that_is_none_stops_nobody_else(home: House, there: PushServer) -> None:
    """An admin's mistake: tried again, as it may be mended, while other devices are told."""
    told = push_settings(there.url)
    told["apns"]["private_key"] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    app, _ = app_of(there.url, apns=told["apns"])
    home.hub.connectors = {APP: app}
    own = await begun(home)
    await own.device("apns", "0f" * 32)
    await own.device("fcm", "token-a")
    await answer(home, "We open at 9")
    assert [one["token"] for one in there.told] == ["token-a"]
    assert sorted((row["kind"], row["tries"]) for row in await rows(home.hub.store, DeviceRow)) == [("apns", 1), ("fcm", 0)]
    await app.aclose()


@pytest.mark.parametrize(
    ("answer", "error", "gone"),
    [
        (fcm_error(404, "UNREGISTERED"), Undeliverable, True),
        (fcm_error(403, "SENDER_ID_MISMATCH"), Undeliverable, True),
        (fcm_error(400, "INVALID_ARGUMENT"), Undeliverable, False),
        (fcm_error(429, "QUOTA_EXCEEDED", {"retry-after": "60"}), Temporary, None),
        (fcm_error(500, "INTERNAL"), Temporary, None),
        (JSONResponse([], 502), Temporary, None),
    ],
)
async def test_answers_of_push_services_say_what_happens_next(there: PushServer, answer: Any, error: Any, gone: Any) -> None:
    app, _ = app_of(there.url)
    there.answers.append(answer)
    with pytest.raises(error) as caught:
        await app.push(Device("d", "fcm", "t"), NOTE)
    assert getattr(caught.value, "unreachable", None) == gone
    await app.aclose()


async def test_a_notice_tells_nothing_where_that_was_said(there: PushServer) -> None:
    app, _ = app_of(there.url, preview=False)
    await app.push(Device("d", "fcm", "t", "zh-CN"), NOTE)
    assert there.told[0]["notification"]["body"] == "您有新回复"
    await app.aclose()
