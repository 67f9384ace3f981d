"""A channel by YAML alone: what comes, how it is proved, what goes out, and what the other side's answers mean."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook as Standard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors import webhook_net
from connectors.webhook import Webhook, retry_after
from connectors.webhook_net import is_public
from connectors.webhook_paths import fill, follow, parse_path
from connectors.webhook_settings import WebhookSettings
from hub.capabilities import Capabilities
from hub.errors import Rejected, Temporary, Uncertain, Undeliverable
from hub.model import ChannelName, ExternalId, FileId, Media, Message, Part, Text, Unsupported
from hub.outcomes import pauses
from hub.ports import Hook, IdempotencyKey, Identity, Kit, SupportsMedia
from tests.connectors.conftest import Shelf
from tests.contract import Contract, dump
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


class _Declared(Contract):
    signature: dict[str, Any]

    def place(self) -> Webhook:
        return channel(self.signature)

    def good(self) -> dict[str, Any]:
        return copy.deepcopy(GOOD)

    def head(self, body: bytes, at: datetime, secret: str) -> dict[str, str]:
        raise NotImplementedError

    secret = SECRET
    other = "another-secret-altogether"

    def prove(self, body: bytes) -> Hook:
        return Hook("POST", {}, self.head(body, datetime.now(UTC), self.secret), body)

    def forged(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        now = datetime.now(UTC)
        right = self.head(body, now, self.secret)
        yield "no header", Hook("POST", {}, {}, body)
        yield "another secret", Hook("POST", {}, self.head(body, now, self.other), body)
        yield "another body", Hook("POST", {}, right, body + b" ")
        for name in right:
            yield f"no {name}", Hook("POST", {}, {k: v for k, v in right.items() if k != name}, body)
            for value in ("", "sha256=", "é", "v1,", "v1", "0" * 64, "9" * 400, "-1", "NaN", "1e400"):
                yield f"{name} {value[:9]}", Hook("POST", {}, {**right, name: value}, body)

    def unknown(self) -> Iterable[tuple[str, dict[str, Any]]]:
        yield "nothing said", {"message": {"id": "m-2"}, "sender": {"id": 7}}
        yield "odd media", {"message": {"id": "m-3", "files": [{"url": "file:///etc/passwd"}]}, "sender": {"id": 7}}


class TestHmac(_Declared):
    signature = HMAC

    def head(self, body: bytes, at: datetime, secret: str) -> dict[str, str]:
        return signed(body, secret)


class TestHmacWithTime(_Declared):
    signature = STAMPED

    def head(self, body: bytes, at: datetime, secret: str) -> dict[str, str]:
        return stamped(body, at, secret)

    def replayed(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        for minutes in (-6, 6):
            at = datetime.now(UTC) + timedelta(minutes=minutes)
            yield f"{minutes} minutes", Hook("POST", {}, stamped(body, at), body)


class TestStandardWebhooks(_Declared):
    signature = STANDARD
    secret = WHSEC
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()

    def head(self, body: bytes, at: datetime, secret: str) -> dict[str, str]:
        return standard(body, at, secret)

    def replayed(self, body: bytes) -> Iterable[tuple[str, Hook]]:
        for minutes in (-6, 6):
            yield f"{minutes} minutes", Hook("POST", {}, standard(body, datetime.now(UTC) + timedelta(minutes=minutes)), body)


async def received(body: dict[str, Any]) -> Message:
    (item,) = (await channel().receive(Hook("POST", {}, {}, dump(body)))).items
    assert isinstance(item, Message)
    return item


async def test_paths_say_where_everything_stands() -> None:
    said = await received(GOOD)
    assert (said.id, said.customer, said.profile.name, said.locale) == ("m-1", "7", "Ana", "es")
    assert said.at == datetime.fromtimestamp(1772357400, UTC)
    assert said.parts == (
        Media(kind="image", remote="https://files.example/a%20b.png", name="a b.png", mime="image/png"),
        Text(text="Hello"),
    )


@pytest.mark.parametrize("at", ["2026-03-01T09:30:00Z", "2026-03-01T10:30:00+01:00", 1772357400000, "1772357400", 1772357400.0])
async def test_times_are_read_as_people_write_them(at: Any) -> None:
    body = copy.deepcopy(GOOD)
    body["message"]["at"] = at
    assert (await received(body)).at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("path", ["", ".", "a..b", "a.", "[x]", "a[", "a b", "a[0]b", "__import__('os')"])
def test_what_is_no_path_is_a_mistake(path: str) -> None:
    if path == "__import__('os')":
        assert follow({path: 1}, parse_path(path)) == 1  # a key like any other: nothing is run
        return
    with pytest.raises(ValueError):
        parse_path(path)


def test_paths_find_nothing_where_nothing_is() -> None:
    odd: list[Any] = [None, 1, "x", [], {}, {"a": []}, {"a": [{}]}, {"a": {"0": 1}}]
    assert [follow(value, parse_path("a[0].b")) for value in odd] == [None] * len(odd)


def test_what_customers_wrote_is_never_read_as_a_template() -> None:
    template = {"t": "{text}", "line": "from {customer}: {text}", "none": "{media_url}", "n": 1, "list": ["{id}", None, True]}
    values: dict[str, str | None] = {"text": '{customer} "quoted" {0.__class__}', "customer": "{text}", "id": "d1"}
    assert fill(template, values) == {
        "t": '{customer} "quoted" {0.__class__}',
        "line": 'from {text}: {customer} "quoted" {0.__class__}',
        "none": None,
        "n": 1,
        "list": ["d1", None, True],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"inbound": {"paths": PATHS}},
        {"inbound": {"paths": PATHS, "unsigned": True, "signature": HMAC}},
        {"inbound": {"paths": {**PATHS, "id": ""}, "unsigned": True}},
        {"inbound": {"paths": {**PATHS, "text": "a..b"}, "unsigned": True}},
        {"inbound": {"paths": PATHS, "signature": {**HMAC, "secret": "short"}}},
        {"inbound": {"paths": PATHS, "signature": {**HMAC, "timestamp_header": "x-t", "content": "{body}"}}},
        {"inbound": {"paths": PATHS, "signature": {**STANDARD, "secret": "whsec_short"}}},
        {"outbound": {"url": "ftp://x", "secret": WHSEC}},
        {"outbound": {"url": "https://x", "secret": "no key"}},
        {"outbound": {"url": "https://x", "secret": WHSEC, "body": {"a": "{nothing}"}}},
        {"outbound": {"url": "https://x", "secret": WHSEC, "headers": {"Webhook-Id": "x"}}},
    ],
)
def test_what_can_not_work_or_is_not_safe_is_a_mistake(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate(settings_of() | change)


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


async def test_an_answer_is_signed_and_carries_its_key() -> None:
    async with other_side() as (there, url):
        body = {"to": {"id": "{customer}"}, "text": "Shop: {text}", "file": "{media_url}", "v": 2}
        one = channel(private=True, url=url, body=body, headers={"x-api-key": "k"})
        media = Media(kind="image", file=FileId("f1"), name="a.png", mime="image/png")
        assert await sent(one, media, Text(text='"你好" {id}')) == ExternalId(KEY)
    ((headers, got),) = there.asked
    assert json.loads(got) == {"to": {"id": "7"}, "text": 'Shop: "你好" {id}', "file": "https://hub.example/files/f1", "v": 2}
    assert Standard(WHSEC).verify(got, headers) == json.loads(got)
    assert (headers["webhook-id"], headers["idempotency-key"], headers["x-api-key"]) == (KEY, KEY, "k")
    assert headers["host"] == url.split("/")[2]


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait"),
    [
        (410, {}, Undeliverable, None),
        (400, {}, Undeliverable, None),
        (404, {}, Undeliverable, None),
        (429, {"retry-after": "120"}, Temporary, 120.0),
        (503, {"retry-after": "0"}, Temporary, 1.0),
        (500, {}, Temporary, None),
        (302, {"location": "http://169.254.169.254/"}, Temporary, None),
    ],
)
async def test_answers_say_what_happens_next(status: int, headers: dict[str, str], error: type[Exception], wait: Any) -> None:
    async with other_side() as (there, url):
        there.answer = Response(status_code=status, headers=headers)
        with pytest.raises(error) as caught:
            await sent(channel(private=True, url=url))
    assert len(there.asked) == 1, "a redirect was followed"
    assert getattr(caught.value, "retry_after", None) == wait
    if error is Undeliverable:
        assert getattr(caught.value, "code", None) == str(status)


async def test_who_hangs_up_may_have_taken_it() -> None:
    with pytest.raises(Temporary):
        await sent(channel(private=True))
    async with serving(_hangs) as url:
        with pytest.raises(Uncertain):
            await sent(channel(private=True, url=f"{url}/in", timeout=0.2))


async def _hangs(scope: Any, receive: Any, send: Any) -> None:
    """Answers the start-up and nothing else."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    while (await receive())["type"] != "http.disconnect":
        pass


def test_a_call_with_a_key_is_tried_for_hours() -> None:
    capabilities: Capabilities = channel().capabilities
    assert capabilities.idempotency == "key"
    assert len(pauses(capabilities)) >= 8
    assert sum(pauses(capabilities)) > 4 * 3600


@pytest.mark.parametrize("value", ["", "x", "-1", "1e9", "9" * 30, "Thu, 99 Foo"])
def test_what_is_no_time_to_wait_is_none(value: str) -> None:
    assert retry_after(value) is None


def test_nobody_can_make_us_wait_for_ever() -> None:
    assert retry_after("999999999") == retry_after("Thu, 01 Jan 2099 00:00:00 GMT") == 6 * 3600


PRIVATE = [
    "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_are_known(address: str) -> None:
    assert not is_public(address, ())


def test_public_addresses_and_allowed_networks_may_be_called() -> None:
    allowed = WebhookSettings.model_validate(settings_of() | {"private_networks": ["10.1.0.0/16", "fd00::/8"]}).private_networks
    for address in ("93.184.216.34", "2606:2800:220:1::1", "10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert is_public(address, allowed)
    assert not is_public("10.2.0.1", allowed)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://a:b@93.184.216.34/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://", "http://[", "http://127.0.0.1:99999/",
    ],
)  # fmt: skip
async def test_media_and_callbacks_never_reach_private_networks(address: str) -> None:
    with pytest.raises((Undeliverable, Temporary)):
        await anext(aiter(channel().fetch(address)))
    if address.startswith("http://") and "@" not in address:
        with pytest.raises((Undeliverable, Temporary)):
            await sent(channel(url=address))


async def test_a_name_that_leads_into_a_private_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when only one of its addresses does; and the call goes to the address that was looked at, so that a second answer of
    the name server changes nothing."""
    async with other_side() as (there, url):
        port = int(url.split(":")[2].split("/")[0])
        asked = []

        async def lookup(self: Any, host: str, *rest: Any, **more: Any) -> Any:
            asked.append(host)
            return [(2, 1, 6, "", ("93.184.216.34", port)), (2, 1, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr("asyncio.BaseEventLoop.getaddrinfo", lookup)
        with pytest.raises(Undeliverable):
            await webhook_net.pin(f"http://rebind.example:{port}/in", ())
        monkeypatch.undo()
    assert asked == ["rebind.example"]
    assert not there.asked


async def test_media_is_fetched_as_it_is_and_redirects_are_not_followed() -> None:
    async with other_side() as (there, url):
        one = channel(private=True)
        assert isinstance(one, SupportsMedia)
        there.answer = Response(b"\x89PNG" + b"x" * 100_000)
        assert b"".join([piece async for piece in one.fetch(url)]) == there.answer.body
        there.answer = Response(status_code=302, headers={"location": "http://169.254.169.254/"})
        with pytest.raises(Undeliverable):
            await anext(aiter(one.fetch(url)))
        await one.aclose()
    assert len(there.asked) == 2


async def test_who_sends_a_file_byte_by_byte_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.webhook.FETCH_S", -1.0)
    async with other_side() as (there, url):
        there.answer = Response(b"x" * 10)
        one = channel(private=True)
        with pytest.raises(Temporary):
            await anext(aiter(one.fetch(url)))
        await one.aclose()


async def test_without_a_signature_only_where_that_was_said() -> None:
    hook = Hook("POST", {}, {}, dump(GOOD))
    assert len((await channel().receive(hook)).items) == 1
    with pytest.raises(Rejected):
        await channel(HMAC).receive(hook)


async def test_what_nobody_said_is_unsupported() -> None:
    said = await received({"message": {"id": "m"}, "sender": {"id": "a"}})
    assert said.parts == (Unsupported(kind="message"),)
