"""Calls to WeCom's API: one access token for a company's app, and who its customers are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from connectors.wechat.api import Calls
from connectors.wechat.errors import Refused
from connectors.wechat.kf.errors import TOKEN_CODES, meaning
from connectors.wechat.kf.settings import KfSettings
from hub.errors import ConnectorError
from hub.model import Profile, Proved
from hub.ports import Alone
from hub.text import clean

log = structlog.get_logger()
AT_ONCE = 100
"""Customers in one question (获取客户基础信息)."""
MANY = 50_000
"""Customers who are remembered."""
NOBODY: tuple[Profile, Proved | None] = (Profile(), None)


class KfApi(Calls):
    """One company's. `gettoken` gives every process the same token for as long as it is good (获取access_token)."""

    token_codes = TOKEN_CODES

    def __init__(self, settings: KfSettings, alone: Alone | None) -> None:
        super().__init__(settings.api_url, settings.timeout, alone, settings.corp_id)
        self._settings = settings

    def meaning(self, refused: Refused) -> ConnectorError:
        return meaning(refused)

    async def _fresh(self, instead_of: str) -> dict[str, Any]:
        query = {"corpid": self._settings.corp_id, "corpsecret": self._settings.secret.get_secret_value()}
        return await self._asked("/cgi-bin/gettoken", {}, query, "GET")


class KfPeople:
    """Who customers are: name, picture, and their id across the company's accounts. Nothing here may be lost and nothing is kept:
    whoever is forgotten is asked for again."""

    def __init__(self, api: KfApi) -> None:
        self._api = api
        self._known: dict[str, tuple[Profile, Proved | None]] = {}

    async def of(self, customers: Iterable[str]) -> dict[str, tuple[Profile, Proved | None]]:
        """What WeCom tells of these customers. Their messages are more important: they do not wait for it when it fails."""
        wanted = sorted(set(customers))
        new = [one for one in wanted if one not in self._known]
        for start in range(0, len(new), AT_ONCE):
            await self._ask(new[start : start + AT_ONCE])
        while len(self._known) > MANY:
            self._known.pop(next(iter(self._known)))
        return {one: self._known.get(one, NOBODY) for one in wanted}

    async def _ask(self, customers: list[str]) -> None:
        try:
            told = await self._api.post("/cgi-bin/kf/customer/batchget", {"external_userid_list": customers})
        except (Refused, ConnectorError) as exc:
            log.info("wecom.customers_unknown", error=str(exc)[:200])
            return
        found = told.get("customer_list")
        self._known |= dict.fromkeys(customers, NOBODY)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict) and isinstance(one.get("external_userid"), str):
                self._known[one["external_userid"]] = _person(one)


def _person(told: dict[str, Any]) -> tuple[Profile, Proved | None]:
    def word(name: str, most: int) -> str:
        value = told.get(name)
        return clean(value)[:most] if isinstance(value, str) else ""

    avatar, unionid = word("avatar", 1000), word("unionid", 191)
    profile = Profile(name=word("nickname", 191), avatar=avatar if avatar.startswith(("https://", "http://")) else "")
    return profile, Proved(unionid=unionid) if unionid else None
