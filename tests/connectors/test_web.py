"""The web chat as a channel: nothing comes by hook, nothing is sent."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.errors import Rejected, Undeliverable
from hub.model import PART_KINDS, Card, ChannelName, Choices, ExternalId, Location, Option, Part, Text
from hub.ports import Hook, IdempotencyKey, Identity, Kit
from hub.rendering import fit
from tests.connectors.conftest import NOW, Shelf


@pytest.fixture
def web() -> Web:
    return Web(ChannelName("web"), WebSettings(), Kit(files=Shelf(), public_url="", now=lambda: NOW))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_hooks_are_rejected(web: Web, method: str) -> None:
    with pytest.raises(Rejected):
        await web.receive(Hook(method, {}, {}, b"{}"))


async def test_sending_says_why_not(web: Web) -> None:
    with pytest.raises(Undeliverable) as caught:
        await web.send(Identity(ChannelName("web"), ExternalId("x")), [Text(text="x")], IdempotencyKey("k"))
    assert caught.value.reason


def test_carries_everything_as_it_is(web: Web) -> None:
    assert web.capabilities.pulled
    assert web.capabilities.idempotency == "key"
    assert web.capabilities.parts == set(PART_KINDS)
    options = (Option(id="a", text="A"),)
    parts: list[Part] = [
        Text(text="你" * 10_000),
        Choices(text="?", options=options),
        Card(title="t", options=options),
        Location(latitude=1, longitude=2),
    ]
    assert [part for call in fit(parts, web.capabilities, str) for part in call] == parts


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "https://*.shop.example", "*", "ftp://shop.example"])
def test_an_origin_is_what_browsers_say(origin: str) -> None:
    with pytest.raises(ValidationError, match="origin"):
        WebSettings(origins=(origin,))


def test_origins_are_compared_as_browsers_write_them() -> None:
    assert WebSettings(origins=("https://Shop.example:8443",)).origins == ("https://shop.example:8443",)
