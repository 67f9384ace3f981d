"""Who a follower is across the accounts of one owner: WeChat tells it when asked, and it travels with what they say next."""

from __future__ import annotations

import asyncio

import structlog

from connectors.wechat.api import Api
from connectors.wechat.errors import Refused
from hub.errors import ConnectorError
from hub.model import ExternalId, Proved

log = structlog.get_logger()
MANY = 50_000
"""Customers who are remembered."""
AT_ONCE = 4
WAITING = 200
"""Questions that wait; beyond them a customer's next message asks."""


class People:
    """One account's followers. Nothing here may be lost and nothing is kept: whoever is forgotten is asked for again."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[ExternalId, str] = {}
        self._asked: set[ExternalId] = set()
        self._turn = asyncio.Semaphore(AT_ONCE)

    def proved(self, customer: ExternalId) -> Proved | None:
        """What WeChat has said of a customer."""
        found = self._known.get(customer)
        return Proved(unionid=found) if found else None

    def unknown(self, customer: ExternalId) -> bool:
        """Whether somebody should ask."""
        return customer not in self._known and customer not in self._asked and len(self._asked) < WAITING

    async def ask(self, customer: ExternalId) -> None:
        """Ask WeChat (获取用户基本信息). An account that belongs to no open platform has no such ids: that is an answer too."""
        self._asked.add(customer)
        try:
            async with self._turn:
                told = await self._api.get("/cgi-bin/user/info", openid=str(customer), lang="zh_CN")
        except (Refused, ConnectorError) as exc:
            log.info("wechat.unionid_unknown", error=str(exc)[:200])
            return
        finally:
            self._asked.discard(customer)
        found = told.get("unionid")
        self._known[customer] = found if isinstance(found, str) else ""
        if len(self._known) > MANY:
            self._known.pop(next(iter(self._known)))
