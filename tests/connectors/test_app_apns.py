"""Push to Apple devices over what Apple speaks: HTTP/2 in TLS, one connection for many notices, GOAWAY, verified certificates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.app import App
from hub.errors import Temporary, Undeliverable
from hub.model import ConversationId
from hub.pushes import Device, PushNote
from tests.servers.apns import Wire, certificate, over_http2
from tests.servers.push import PushServer
from tests.widget.app_phones import app_of

NOTE = PushNote("Hello", 2, ConversationId("c"), 7)


class Apple:
    """The service, its wire, and an app that calls it."""

    def __init__(self, told: PushServer, wire: Wire, app: App) -> None:
        self.told, self.wire, self.app = told, wire, app

    async def push(self, token: str = "t1") -> None:
        await self.app.push(Device("d1", "apns", token, "en"), NOTE)


@pytest.fixture
async def apple(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Apple]:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    told = PushServer()
    async with over_http2(Starlette(routes=[Route("/3/device/{token}", told.apns, methods=["POST"])]), pem) as wire:
        app, _ = app_of(wire.url)
        yield Apple(told, wire, app)
        await app.aclose()


async def test_notices_go_over_one_connection(apple: Apple) -> None:
    await apple.push("t0")
    await asyncio.gather(*(apple.push(f"t{n}") for n in range(1, 20)))
    assert sorted(one["token"] for one in apple.told.told) == sorted(f"t{n}" for n in range(20))
    assert apple.wire.connections == 1, "Apple takes many connections for an attack"
    first: dict[str, Any] = apple.told.told[0]
    assert first["aps"]["alert"]["body"] == "Hello"
    assert (first["aps"]["badge"], first["headers"]["apns-collapse-id"]) == (2, "chat-app")


async def test_a_connection_that_apple_ends_is_made_anew(apple: Apple) -> None:
    await apple.push("t1")
    apple.wire.go_away_after = 1
    with pytest.raises(Temporary):
        await apple.push("t2")
    await apple.push("t2")
    assert [one["token"] for one in apple.told.told] == ["t1", "t2"]
    assert apple.wire.connections == 2


async def test_what_apple_answers_decides(apple: Apple) -> None:
    apple.told.gone.add("old")
    with pytest.raises(Undeliverable) as gone:
        await apple.push("old")
    assert gone.value.unreachable
    apple.told.answers = [JSONResponse({"reason": "TooManyRequests"}, 429, {"retry-after": "7"})]
    with pytest.raises(Temporary) as slow:
        await apple.push()
    assert slow.value.retry_after == 7
    await apple.push()


async def test_a_certificate_that_nobody_vouches_for_gets_no_notice(apple: Apple, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    app, _ = app_of(apple.wire.url)
    with pytest.raises(Temporary):
        await app.push(Device("d1", "apns", "t1", "en"), NOTE)
    assert apple.told.told == []
    await app.aclose()
