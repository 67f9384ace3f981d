"""Who a customer of an Official Account is elsewhere: the unionid, where there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.errors import ConnectorError, Temporary, Undeliverable
from hub.model import ExternalId, Message, Proved
from hub.ports import SupportsProof
from tests.connectors.conftest import NOW
from tests.connectors.wechat_accounts import account, said
from tests.servers.wechat import WeChatServer, wechat
from tests.servers.wechat_callbacks import callback

ANN = ExternalId("oAnn")


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        running.acted("oAnn", "message")
        yield running


async def test_who_somebody_is_elsewhere_is_asked_outside_of_the_callback(server: WeChatServer) -> None:
    shop = account(server, unionid=True)
    server.unions["oAnn"] = "u42"
    receipt = await shop.receive(callback(said("hi"), NOW.timestamp()))
    (item,) = receipt.items
    assert isinstance(item, Message) and item.proved is None and receipt.after is None
    assert server.calls["user"] == 0
    assert isinstance(shop, SupportsProof) and shop.proves
    assert await shop.proof(ANN) == Proved(unionid="u42")
    await shop.aclose()
    assert not account(server).proves, "it is asked for only where somebody wants it"


@pytest.mark.parametrize(("code", "error"), [(0, None), (40164, Temporary), (48001, Undeliverable), (40003, Undeliverable)])
async def test_a_person_without_a_unionid_is_just_this_accounts(
    server: WeChatServer, code: int, error: type[ConnectorError] | None
) -> None:
    shop = account(server, unionid=True)
    server.codes = [code] if code else []
    if error is None:
        assert await shop.proof(ANN) is None
    else:
        with pytest.raises(error) as caught:
            await shop.proof(ANN)
        assert (getattr(caught.value, "trouble", None) is None) == (code == 40003), "what people can mend is no answer"
    await shop.aclose()
