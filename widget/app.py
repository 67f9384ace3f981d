"""The web process's routes, in one table, with what every answer has in common."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketClose

from config.settings import HubSettings, WebSettings
from hub.errors import Busy, Conflict, Malformed, Rejected
from hub.listening import beats
from hub.metrics import REFUSED
from hub.runtime import Hub
from widget.answers import SAFE, Refusal
from widget.attendance import Attendance
from widget.chat import chat_routes
from widget.connect import connect_routes
from widget.console import console_routes
from widget.devices import device_routes
from widget.feed import Feed
from widget.health import health_routes
from widget.hooks import Hooks
from widget.pages import page_routes

log = structlog.get_logger()
OPEN_TO_PAGES = ("/chat/", "/widget.js", "/static/")
"""What other sites' pages may fetch; who may embed a chat is decided by its own list of origins."""


def create_app(hub: Hub, settings: HubSettings) -> ASGIApp:
    """The ASGI application of a hub."""
    feed = Feed(hub.live, hub.store.logs)
    attendance = Attendance(hub, feed)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(feed.run(), name="feed"), asyncio.create_task(beats(hub), name="beats")]
        tasks.append(asyncio.create_task(attendance.run(), name="attendance"))
        yield
        feed.drain()
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    app = Starlette(
        routes=[*chat_routes(), *device_routes(), *console_routes(), *connect_routes(), *health_routes(), *page_routes(settings)],
        lifespan=lifespan,
        exception_handlers={
            Refusal: _refused,
            Malformed: _malformed,
            Rejected: _rejected,
            Busy: _busy,
            Conflict: _conflict,
            HTTPException: _http,
            Exception: _failed,
        },
    )
    app.state.hub, app.state.settings, app.state.feed, app.state.attendance = hub, settings, feed, attendance
    return _Front(app, Hooks(hub), hub)


class _Front:
    """Hooks and sockets go straight through; every other answer gets the headers that keep browsers safe."""

    def __init__(self, app: Starlette, hooks: Hooks, hub: Hub) -> None:
        self._app = app
        self._hooks = hooks
        self._hub = hub
        self._sockets = [route for route in app.routes if isinstance(route, WebSocketRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith("/hooks/"):
            await self._hooks(scope, receive, send)
        elif scope["method"] == "OPTIONS" and scope["path"].startswith(OPEN_TO_PAGES):
            await Response(status_code=204, headers=self._cors(scope))(scope, receive, send)
        else:
            await self._app(scope, receive, self._dressed(scope, send))

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Past starlette's layers, which hold 5 KiB for each socket that is open; its handlers end every error themselves."""
        for route in self._sockets:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found, app=self._app)
                await route.endpoint(WebSocket(scope, receive, send))
                return
        await WebSocketClose()(scope, receive, send)

    def _dressed(self, scope: Scope, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                more = {**SAFE, **(self._cors(scope) if scope["path"].startswith(OPEN_TO_PAGES) else {})}
                extra = [(k.encode(), v.encode()) for k, v in more.items() if k.encode() not in given]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        return dressed

    def _cors(self, scope: Scope) -> dict[str, str]:
        """Never with credentials: tokens travel in bodies and headers, so that a page gains nothing by a cookie."""
        origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), "")
        if not origin:
            return {}
        allowed = "*"
        if scope["path"].startswith("/chat/"):
            found = self._hub.channels.get(scope["path"].split("/")[2])
            if isinstance(found, WebSettings) and found.origins:
                allowed = origin if origin in found.origins else ""
        if not allowed:
            return {"vary": "origin"}
        return {
            "access-control-allow-origin": allowed,
            "access-control-allow-headers": "authorization, content-type, idempotency-key",
            "access-control-allow-methods": "GET, POST, DELETE",
            "access-control-max-age": "600",
            "cross-origin-resource-policy": "cross-origin",
            "vary": "origin",
        }


def _refusal(request: Request, refusal: Refusal) -> Response:
    REFUSED.labels(request.url.path.split("/")[1][:20], str(refusal.status)).inc()
    return refusal.answer()


async def _refused(request: Request, exc: Any) -> Response:
    return _refusal(request, exc)


async def _malformed(request: Request, exc: Any) -> Response:
    return _refusal(request, Refusal(413 if exc.too_large else 400, "malformed", str(exc)))


async def _rejected(request: Request, exc: Any) -> Response:
    return _refusal(request, Refusal(401, "rejected", str(exc)))


async def _busy(request: Request, exc: Any) -> Response:
    return _refusal(request, Refusal(503, "busy", str(exc), retry_after=exc.retry_after))


async def _conflict(request: Request, exc: Any) -> Response:
    return _refusal(request, Refusal(409, "conflict", str(exc) or "this id was used for something else"))


async def _http(request: Request, exc: Any) -> Response:
    said = {404: "there is nothing here", 405: "this address does not take that method"}.get(exc.status_code, exc.detail)
    made = Refusal(exc.status_code, {404: "not_found", 405: "method"}.get(exc.status_code, "http"), said)
    more = exc.headers or {}
    if request.method == "GET" and _is_socket(request):
        made = Refusal(426, "upgrade", "this is a WebSocket's address: ask with Upgrade: websocket")
        more = {"upgrade": "websocket", "connection": "upgrade"}
    response = _refusal(request, made)
    for name, value in more.items():
        response.headers[name] = value
    return response


def _is_socket(request: Request) -> bool:
    routes = [route for route in request.app.routes if isinstance(route, WebSocketRoute)]
    return any(route.path_regex.match(request.url.path) for route in routes)


async def _failed(request: Request, exc: Exception) -> Response:
    log.error("request.failed", path=request.url.path, error=repr(exc), exc_info=exc)
    return _refusal(request, Refusal(500, "failed", "something went wrong here; it is in the log"))
