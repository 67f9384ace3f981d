"""The sandbox's page over HTTP: its files, what both sides show (a long poll), and what the newcomer does.

It is for the person at this machine: it listens on 127.0.0.1, answers to no other host name, and takes acts as JSON alone, which
no other site's form can send.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from tests.sandbox.agents import Agents
from tests.sandbox.customers import TelegramPhone, WeChatPhone, kind_of
from tests.servers.installation import ROOT

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/mpeg", "audio/ogg", "audio/mp4", "video/mp4")
WAIT_S, LOOK_S = 20.0, 0.1
MOST_BYTES = 5_000_000
ACT_BYTES = 100_000


@dataclass
class Sandbox:
    """Everything that the page shows."""

    telegram: TelegramPhone
    wechat: WeChatPhone
    agents: Agents
    hub: str
    lang: str = "en"
    ready: bool = False

    def state(self) -> dict[str, Any]:
        """Both sides, whole: a newcomer's conversations are short."""
        sides = {"telegram": self.telegram.lines(), "wechat": self.wechat.lines(), "slack": self.agents.shown()}
        return {"hub": self.hub, "lang": self.lang, "ready": self.ready, **sides}

    def app(self) -> Starlette:
        """Its routes."""
        routes = [
            Route("/", self._index),
            Route("/icon.svg", self._icon),
            Route("/static/{name}", self._static),
            Route("/state", self._state),
            Route("/act", self._act, methods=["POST"]),
            Route("/picture/{side}", self._picture, methods=["POST"]),
            Route("/file/{side}/{id}", self._file),
        ]
        return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])])

    async def _index(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers=HEADERS)

    async def _icon(self, request: Request) -> Response:
        return FileResponse(ROOT / "widget" / "static" / "icon.svg", headers=HEADERS)

    async def _static(self, request: Request) -> Response:
        found = STATIC / request.path_params["name"]
        if found.parent != STATIC or not found.is_file():
            return Response("not found", 404)
        return FileResponse(found, headers=HEADERS | {"cache-control": "no-cache"})

    async def _state(self, request: Request) -> Response:
        until = time.monotonic() + WAIT_S
        while True:
            body = orjson.dumps(self.state())
            stamp = hashlib.sha256(body).hexdigest()
            if stamp != request.query_params.get("seen") or time.monotonic() > until:
                return Response(
                    body, media_type="application/json", headers=HEADERS | {"x-stamp": stamp, "cache-control": "no-store"}
                )
            if await request.is_disconnected():
                return Response(status_code=499)
            await asyncio.sleep(LOOK_S)

    async def _act(self, request: Request) -> Response:
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "acts are JSON"}, 415)
        try:
            asked = orjson.loads(await _body(request, ACT_BYTES))
            return JSONResponse({"answer": await self._done(asked["side"], asked["act"], asked)})
        except (ValueError, TypeError, LookupError, TimeoutError) as exc:
            return JSONResponse({"error": str(exc) or type(exc).__name__}, 400)

    async def _done(self, side: str, act: str, asked: dict[str, Any]) -> Any:
        match side, act:
            case "slack", _:
                return await self.agents.do(act, asked["by"], asked.get("thread", ""), asked)
            case "telegram", "say":
                self.telegram.say(asked["text"])
            case "telegram", "edit":
                self.telegram.edit(asked["id"], asked["text"])
            case "telegram", "press":
                self.telegram.press(asked["id"], asked["data"])
            case "wechat", "say":
                await self.wechat.say(asked["text"])
            case "wechat", "press":
                await self.wechat.say(asked["text"], asked["data"])
            case _:
                raise LookupError(f"there is no {act} on {side}")
        return None

    async def _picture(self, request: Request) -> Response:
        if request.headers.get("content-type") not in ("image/png", "image/jpeg"):
            return JSONResponse({"error": "only PNG and JPEG pictures"}, 415)
        try:
            content = await _body(request, MOST_BYTES)
            if request.path_params["side"] == "telegram":
                self.telegram.picture("picture.jpg", content)
            else:
                await self.wechat.picture("picture.jpg", content)
        except ValueError as exc:
            return JSONResponse({"error": str(exc)}, 400)
        return JSONResponse({})

    async def _file(self, request: Request) -> Response:
        sides = {"telegram": self.telegram.file, "wechat": self.wechat.file, "slack": self.agents.file}
        side = sides.get(request.path_params["side"])
        found = side(request.path_params["id"]) if side else None
        if found is None:
            return Response("not found", 404)
        _, content = found
        kind = kind_of(content)
        mime = kind if kind in SHOWN else "application/octet-stream"
        return Response(content, media_type=mime, headers=HEADERS)


async def _body(request: Request, most: int) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise ValueError(f"more than {most} bytes")
    return body
