"""Calls to WeChat's API: one access token for all, timeouts, and at most one second try."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import httpx
import orjson

from connectors.wechat.errors import TOKEN_CODES, Refused, checked, translated
from connectors.wechat.settings import AccountSettings
from hub.errors import ConnectorError, Temporary, Uncertain, Undeliverable
from hub.ports import Alone
from hub.text import loads

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
MARGIN_S = 300.0
"""WeChat renews a stable token so long before its end (getStableAccessToken)."""
DOWNLOAD_LIMIT = 20_000_000
JSON = {"content-type": "application/json; charset=utf-8"}


def _parsed(content: bytes) -> Any:
    """JSON, also with what faster parsers refuse and customers' devices send: half of a character in one message must not make a
    whole answer unreadable. Raises `ValueError`."""
    try:
        return orjson.loads(content)
    except ValueError:
        return loads(content.decode("utf-8", "replace"))


class Calls(ABC):
    """One account's calls: where its tokens come from is a product's own, and what its codes mean."""

    token_codes = TOKEN_CODES

    def __init__(self, url: str, timeout: float, alone: Alone | None, owner: str) -> None:
        self._url = url
        self._timeout = timeout
        self._token = ""
        self._until = 0.0
        self._refresh = asyncio.Lock()
        self._alone = alone
        self._owner = owner
        self._made: httpx.AsyncClient | None = None

    def _http(self) -> httpx.AsyncClient:
        if self._made is None:
            timeout = httpx.Timeout(self._timeout, connect=min(self._timeout, 3.0))
            self._made = httpx.AsyncClient(base_url=self._url, timeout=timeout, follow_redirects=False)
        return self._made

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call a method with JSON. Raises `Refused`, `Temporary` or `Uncertain`. What is not ASCII travels as it is: WeChat shows
        escapes as they are written."""
        return await self._call(path, {"content": orjson.dumps(body), "headers": JSON})

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """Ask a method that takes no body. Raises as `post`."""
        return await self._call(path, {}, "GET", **query)

    async def upload(self, kind: str, name: str, mime: str, content: bytes) -> str:
        """Put a file into WeChat for three days (新增临时素材); returns its media_id."""
        answer = await self._call("/cgi-bin/media/upload", {"files": {"media": (name, content, mime)}}, type=kind)
        found = answer.get("media_id") or answer.get("thumb_media_id")
        if not isinstance(found, str):
            raise Uncertain("WeChat answered something else than its documentation says")
        return found

    async def _call(self, path: str, body: dict[str, Any], method: str = "POST", **query: str) -> dict[str, Any]:
        token = await self._valid()
        try:
            return await self._once(path, body, {**query, "access_token": token}, method)
        except Refused as exc:
            if exc.code not in self.token_codes:
                raise
        token = await self._valid(instead_of=token)
        return await self._once(path, body, {**query, "access_token": token}, method)

    async def _once(self, path: str, body: dict[str, Any], query: dict[str, str], method: str = "POST") -> dict[str, Any]:
        try:
            answer = await self._http().request(method, path, params=query, **body)
        except NEVER_SENT as exc:
            raise Temporary("WeChat cannot be reached") from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise Uncertain(f"WeChat did not answer: {type(exc).__name__}") from None
        if answer.status_code != 200:
            raise Uncertain(f"WeChat answered {answer.status_code}")
        try:
            return checked(_parsed(answer.content))
        except (ValueError, TypeError) as exc:
            raise Uncertain("WeChat answered something else than its documentation says") from exc

    async def _valid(self, instead_of: str = "") -> str:
        """A token that should be good; asked for by one at a time over all processes, and forced only when the same one comes
        back: a second process is told what the first one got, and does not spoil it."""
        if self._token and self._token != instead_of and time.monotonic() < self._until:
            return self._token
        async with self._refresh:
            if self._token and self._token != instead_of and time.monotonic() < self._until:
                return self._token
            async with self._alone(f"token:{self._owner}", 2 * self._timeout + 1) if self._alone else nullcontext():
                answer = await self._fresh(instead_of)
            self._token = str(answer["access_token"])
            self._until = time.monotonic() + max(float(answer.get("expires_in", 7200)) - MARGIN_S, 30.0)
            return self._token

    @abstractmethod
    async def _fresh(self, instead_of: str) -> dict[str, Any]:
        """The answer that holds a token, other than this one if that can be had."""

    @abstractmethod
    def meaning(self, refused: Refused) -> ConnectorError:
        """What a refusal means for the message."""

    async def _asked(self, path: str, body: dict[str, Any], query: dict[str, str], method: str = "POST") -> dict[str, Any]:
        """Ask for a token. Nothing is sent meanwhile: whatever happens here is `Temporary`, or what the code means."""
        try:
            answer = await self._once(path, body, query, method)
        except Refused as exc:
            raise self.meaning(exc) from exc
        except Uncertain as exc:
            raise Temporary(f"no access token: {exc}") from exc
        if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            raise Temporary("WeChat gave no access token")
        return answer

    async def download(self, media_id: str) -> AsyncIterator[bytes]:
        """A file that a customer sent, within three days (获取临时素材). Of a video WeChat tells an address first."""
        path, query = "/cgi-bin/media/get", {"access_token": await self._valid(), "media_id": media_id}
        for _ in range(2):
            size = 0
            try:
                async with self._http().stream("GET", path, params=query) as answer:
                    if answer.status_code != 200:
                        raise Temporary(f"WeChat answered {answer.status_code} for a file")
                    if "json" not in answer.headers.get("content-type", "") and "text/plain" not in answer.headers.get(
                        "content-type", ""
                    ):
                        async for piece in answer.aiter_bytes():
                            size += len(piece)
                            if size > DOWNLOAD_LIMIT:
                                raise Undeliverable("the file is above 20 MB")
                            yield piece
                        return
                    told = checked(orjson.loads(await answer.aread()))
                    path, query = str(told["video_url"]), {}
            except Refused as exc:
                raise self.meaning(exc) from exc
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError) as exc:
                raise Temporary(f"the file could not be fetched: {type(exc).__name__}") from None
        raise Temporary("WeChat told no file")

    async def aclose(self) -> None:
        """Close the connections."""
        if self._made is not None:
            await self._made.aclose()


class Api(Calls):
    """An Official Account's. `stable_token` gives every process the same token, so that none spoils another's
    (getStableAccessToken)."""

    def __init__(self, settings: AccountSettings, alone: Alone | None) -> None:
        super().__init__(settings.api_url, settings.timeout, alone, settings.app_id)
        self._settings = settings

    def meaning(self, refused: Refused) -> ConnectorError:
        return translated(refused)

    async def _fresh(self, instead_of: str) -> dict[str, Any]:
        answer = await self._stable(forced=False)
        return await self._stable(forced=True) if answer["access_token"] == instead_of else answer

    async def _stable(self, *, forced: bool) -> dict[str, Any]:
        asked = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._settings.secret.get_secret_value(),
            "force_refresh": forced,
        }
        return await self._asked("/cgi-bin/stable_token", {"content": orjson.dumps(asked), "headers": JSON}, {})
