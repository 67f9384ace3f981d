"""A channel by YAML alone as tests set one up, its signatures, and the other side that it calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook as Standard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.webhook import Webhook
from connectors.webhook_settings import WebhookSettings
from hub.model import ChannelName, ExternalId, Message, Part, Text
from hub.ports import Hook, IdempotencyKey, Identity, Kit
from tests.connectors.conftest import Shelf
from tests.contract import dump
from tests.servers.serving import serving

SECRET = "a-secret-of-the-other-side"
WHSEC = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
PATHS = {
    "id": "message.id",
    "customer": "sender.id",
    "name": "sender.name",
    "text": "message.text",
    "media": "message.files[0].url",
    "time": "message.at",
    "locale": "sender.lang",
}
GOOD = {
    "message": {"id": "m-1", "text": "Hello", "at": 1772357400, "files": [{"url": "https://files.example/a%20b.png"}]},
    "sender": {"id": 7, "name": "Ana", "lang": "es"},
}
HMAC = {"scheme": "hmac-sha256", "secret": SECRET, "header": "X-Signature", "prefix": "sha256="}
STAMPED = {**HMAC, "timestamp_header": "X-Timestamp", "encoding": "base64", "prefix": ""}
STANDARD = {"scheme": "standard-webhooks", "secret": WHSEC}
TO = Identity(ChannelName("crm"), ExternalId("7"))
KEY = IdempotencyKey("d-0001")


def settings_of(signature: dict[str, Any] | None = None, **outbound: Any) -> dict[str, Any]:
    inbound: dict[str, Any] = {"paths": PATHS, **({"signature": signature} if signature else {"unsigned": True})}
    return {"inbound": inbound, "outbound": {"url": "http://127.0.0.1:9/in", "secret": WHSEC, "timeout": 2.0, **outbound}}


def channel(signature: dict[str, Any] | None = None, *, private: bool = False, **outbound: Any) -> Webhook:
    said = settings_of(signature, **outbound) | ({"private_networks": ["127.0.0.0/8"]} if private else {})
    kit = Kit(files=Shelf(), public_url="https://hub.example", now=lambda: datetime.now(UTC))
    return Webhook(ChannelName("crm"), WebhookSettings.model_validate(said), kit)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"x-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def stamped(body: bytes, at: datetime, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).digest()
    return {"x-timestamp": stamp, "x-signature": base64.b64encode(digest).decode()}


def standard(body: bytes, at: datetime, secret: str = WHSEC) -> dict[str, str]:
    text = body.decode("utf-8", "replace")
    stamp = str(int(at.timestamp()))
    return {"webhook-id": "w1", "webhook-timestamp": stamp, "webhook-signature": Standard(secret).sign("w1", at, text)}


async def received(body: dict[str, Any]) -> Message:
    (item,) = (await channel().receive(Hook("POST", {}, {}, dump(body)))).items
    assert isinstance(item, Message)
    return item


class OtherSide:
    """A server that takes answers and hands out files."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.answer = Response("ok")

    async def take(self, request: Request) -> Response:
        self.asked.append((dict(request.headers), await request.body()))
        return self.answer


@asynccontextmanager
async def other_side() -> AsyncIterator[tuple[OtherSide, str]]:
    there = OtherSide()
    async with serving(Starlette(routes=[Route("/in", there.take, methods=["GET", "POST"])])) as url:
        yield there, f"{url}/in"


async def sent(one: Webhook, *parts: Part) -> ExternalId:
    try:
        return await one.send(TO, parts or (Text(text="Hi"),), KEY)
    finally:
        await one.aclose()
