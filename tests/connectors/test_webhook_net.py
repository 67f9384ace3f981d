"""A channel by YAML alone never calls private networks, follows no redirects, and gives up who sends too slowly."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import Response

from connectors import webhook_net
from connectors.webhook_net import is_public
from connectors.webhook_settings import WebhookSettings
from hub.errors import Temporary, Undeliverable
from hub.ports import SupportsMedia
from tests.connectors.webhook_channel import channel, other_side, sent, settings_of

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
