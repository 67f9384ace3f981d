"""A WeChat to test against, over real HTTP: stable tokens that can be spoiled, customer-service messages with a quota, media that
are lost after three days, and the callbacks that it would make, sealed as WeChat seals them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from hub.ports import Hook
from tests.servers.serving import serving

APP_ID, SECRET, TOKEN = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef", "Word4242"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
QUOTA = 5
MEDIA_S = 3 * 86_400
TYPES = {"image": "jpg png gif", "voice": "amr mp3", "video": "mp4", "thumb": "jpg"}


class WeChatServer:
    """api.weixin.qq.com for one account, with faults to order."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[dict[str, Any]] = []
        self.codes: list[int] = []
        """Error codes that the next sends get."""
        self.left: dict[str, int] = {}
        """How many more answers a customer may get; without an entry, any number."""
        self.calls: Counter[str] = Counter()
        self.media: dict[str, tuple[float, str, bytes]] = {}
        self.hangs = 0.0
        self._token = self._fresh()

    @staticmethod
    def _fresh() -> str:
        return f"T{secrets.token_hex(40)}"

    def spoil(self) -> None:
        """Somebody else had a token made: the one before is over."""
        self._token = self._fresh()

    def keep(self, content: bytes, mime: str, *, age_s: float = 0.0) -> str:
        """A file that a customer sent."""
        name = secrets.token_urlsafe(48)
        self.media[name] = (time.time() - age_s, mime, content)
        return name

    def app(self) -> Starlette:
        """Its routes."""
        routes = [
            Route("/cgi-bin/stable_token", self._stable, methods=["POST"]),
            Route("/cgi-bin/message/custom/send", self._send, methods=["POST"]),
            Route("/cgi-bin/message/custom/typing", self._typing, methods=["POST"]),
            Route("/cgi-bin/media/upload", self._upload, methods=["POST"]),
            Route("/cgi-bin/media/get", self._get, methods=["GET"]),
        ]
        return Starlette(routes=routes)

    async def _stable(self, request: Request) -> Response:
        self.calls["token"] += 1
        asked = orjson.loads(await request.body())
        if (asked["appid"], asked["secret"]) != (APP_ID, SECRET):
            return _error(40125, "invalid appsecret")
        if asked.get("force_refresh"):
            self.calls["forced"] += 1
            self.spoil()
        return JSONResponse({"access_token": self._token, "expires_in": 7200})

    def _refused(self, request: Request) -> Response | None:
        if request.query_params.get("access_token") != self._token:
            return _error(40001, "invalid credential, access_token is invalid or not latest rid: 6543-abcdef01")
        return None

    async def _send(self, request: Request) -> Response:
        self.calls["send"] += 1
        if refused := self._refused(request):
            return refused
        raw = await request.body()
        if self.hangs:
            await asyncio.sleep(self.hangs)
        if b"\\u" in raw:
            return _error(40033, "invalid charset")
        body = orjson.loads(raw)
        if self.codes:
            return _error(self.codes.pop(0), "ordered by the test rid: 6543-abcdef01")
        if body["msgtype"] == "text" and len(body["text"]["content"].encode()) > 2048:
            return _error(45002, "content size out of limit")
        kind = body["msgtype"]
        if kind in TYPES and not self._alive(body[kind]["media_id"]):
            return _error(40007, "invalid media_id")
        who = body["touser"]
        if who in self.left:
            if self.left[who] <= 0:
                return _error(45047, "out of response count limit")
            self.left[who] -= 1
        self.sent.append(body)
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    def _alive(self, name: str) -> bool:
        return name in self.media and time.time() - self.media[name][0] < MEDIA_S

    async def _typing(self, request: Request) -> Response:
        self.calls["typing"] += 1
        return self._refused(request) or JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _upload(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        async with request.form() as form:
            given: Any = form["media"]
            if given.filename.rsplit(".", 1)[-1] not in TYPES[request.query_params["type"]].split():
                return _error(40005, "invalid file type")
            name = self.keep(await given.read(), given.content_type)
        return JSONResponse({"type": request.query_params["type"], "media_id": name, "created_at": int(time.time())})

    async def _get(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        name = request.query_params["media_id"]
        if not self._alive(name):
            return _error(40007, "invalid media_id")
        _, mime, content = self.media[name]
        return Response(content, media_type=mime)


def _error(code: int, message: str) -> Response:
    return JSONResponse({"errcode": code, "errmsg": message})


@asynccontextmanager
async def wechat() -> AsyncIterator[WeChatServer]:
    """The server, running."""
    server = WeChatServer()
    async with serving(server.app()) as server.url:
        yield server


def callback(body: str, now: float, *, key: str = AES_KEY, token: str = TOKEN, app_id: str = APP_ID) -> Hook:
    """A callback as WeChat makes it in secure mode, around the XML of a message."""
    stamp, nonce = str(int(now)), secrets.token_hex(5)
    sealed = WeChatCrypto(token, key, app_id).encrypt_message(body, nonce, stamp)
    encrypted = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    outer = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    query = {
        "timestamp": stamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signature(token, stamp, nonce, encrypted),
    }
    return Hook("POST", query, {"content-type": "text/xml"}, outer.encode())


def signature(*pieces: str) -> str:
    """WeChat's: SHA-1 of the sorted pieces."""
    return hashlib.sha1("".join(sorted(pieces)).encode(), usedforsecurity=False).hexdigest()
