"""What comes through a channel by YAML alone, how it is proved, and which settings can not work."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.webhook import Webhook
from connectors.webhook_paths import fill, follow, parse_path
from connectors.webhook_settings import WebhookSettings
from hub.errors import Rejected
from hub.model import Media, Text, Unsupported
from hub.ports import Hook
from tests.connectors.webhook_channel import (
    GOOD,
    HMAC,
    PATHS,
    SECRET,
    STAMPED,
    STANDARD,
    WHSEC,
    channel,
    received,
    settings_of,
    signed,
    stamped,
    standard,
)
from tests.contract import Contract, dump


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


async def test_without_a_signature_only_where_that_was_said() -> None:
    hook = Hook("POST", {}, {}, dump(GOOD))
    assert len((await channel().receive(hook)).items) == 1
    with pytest.raises(Rejected):
        await channel(HMAC).receive(hook)


async def test_what_nobody_said_is_unsupported() -> None:
    said = await received({"message": {"id": "m"}, "sender": {"id": "a"}})
    assert said.parts == (Unsupported(kind="message"),)
