"""A company's 微信客服 as tests set one up, its customer Ann, and its feed read to the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.wechat.kf.connector import WeComKf
from connectors.wechat.kf.settings import KfSettings
from hub.model import ChannelName, ExternalId
from hub.ports import IdempotencyKey, Identity, Kit, Page
from tests.connectors.conftest import NOW, Shelf
from tests.servers.kf import KfServer
from tests.servers.kf_callbacks import ACCOUNT, AES_KEY, CORP, SECRET, TOKEN

KEY = IdempotencyKey("0190a0b0c0d0e0f00112233445566778")
ANN = Identity(ChannelName("kf"), ExternalId(f"{ACCOUNT}/wmAnn"))
OTHER_KEY = AES_KEY[::-1]
STAMP = NOW.timestamp()


def company(server: KfServer | None = None, shelf: Shelf | None = None, now: datetime = NOW, **settings: Any) -> WeComKf:
    """A connector; with a server it can read and send."""
    asked = {"corp_id": CORP, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY, "timeout": 2.0, **settings}
    if server is not None:
        asked["api_url"] = server.url
    kit = Kit(files=shelf or Shelf(), public_url="https://hub.example", now=lambda: now)
    return WeComKf(ChannelName("kf"), KfSettings.model_validate(asked), kit)


async def read_all(desk: WeComKf, place: str = "", ticket: str = "") -> list[Page]:
    """Every page of the feed."""
    pages = [await desk.page(ACCOUNT, place, ticket)]
    while pages[-1].more:
        pages.append(await desk.page(ACCOUNT, pages[-1].place, ticket))
    return pages
