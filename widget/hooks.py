"""GET and POST /hooks/{name}: a platform's request → its connector or desk → the inbox → the answer that the platform wants.

The hot path: plain ASGI, outside of routing and middleware.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
import structlog

from hub.checking import noted
from hub.errors import Busy, Malformed, Rejected
from hub.feeds import Bell
from hub.listening import doubt
from hub.metrics import ACK, REFUSED
from hub.model import ChannelName, DeskName
from hub.passive import Passive
from hub.ports import Hook, Receipt
from hub.runtime import Hub

log = structlog.get_logger()
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
MOST = 1_048_576
"""Bytes of a body."""
BODY_S = 10.0
CODES = {
    401: "rejected", 404: "not_found", 405: "method", 408: "slow", 413: "too_large", 415: "encoding", 500: "failed", 503: "busy",
}  # fmt: skip
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"referrer-policy", b"no-referrer"),
]


class Hooks:
    """The ASGI application behind /hooks/."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._passive = Passive(hub)
        self._bell = Bell(hub)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"][len("/hooks/") :]
        place = self._hub.connectors.get(ChannelName(name)) or self._hub.desks.get(DeskName(name))
        if place is None or place.capabilities.pulled:
            await _wrong(send, 404, "there is nothing here")
            return
        if scope["method"] not in ("GET", "POST"):
            await _wrong(send, 405, "this address does not take that method", [(b"allow", b"GET, POST")])
            return
        began = time.perf_counter()
        until = asyncio.get_running_loop().time() + place.capabilities.deadline
        try:
            hook = await _hook(scope, receive)
            receipt = await place.receive(hook)
            await self._keep(name, receipt, until)
            answer = await self._passive.find(place, hook, receipt, until)
        except Rejected as exc:
            await self._refuse(send, name, 401, str(exc))
        except Malformed as exc:
            await self._refuse(send, name, 413 if exc.too_large else 400, str(exc))
        except Busy as exc:
            await self._refuse(send, name, 503, str(exc), [(b"retry-after", b"1")])
        except _Refused as exc:
            await self._refuse(send, name, exc.status, str(exc))
        except _Gone:
            return
        except Exception as exc:
            log.error("hook.failed", name=name, error=repr(exc), exc_info=exc)
            await self._refuse(send, name, 500, "something went wrong here")
        else:
            if receipt.items:
                ACK.labels(name).observe(time.perf_counter() - began)
            body = answer.body if answer is not None else receipt.body
            more = [(b"content-type", receipt.content_type.encode())] if body else []
            await _answer(send, receipt.status, body, more)
            if answer is not None:
                await self._passive.sent(answer)
            if receipt.after is not None:
                await self._after(name, receipt.after)

    @staticmethod
    async def _after(name: str, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Exception as exc:
            log.warning("hook.after_failed", name=name, error=repr(exc))

    async def _keep(self, name: str, receipt: Receipt, until: float) -> None:
        left = max(until - asyncio.get_running_loop().time(), 0.05)
        if receipt.items or receipt.signs or receipt.unread:
            await self._hub.intake.keep([*receipt.items, *receipt.signs, *receipt.unread], left)
        if receipt.news:
            await self._bell.ring(name, receipt.news, left)
        if receipt.missed is not None:
            await doubt(self._hub, name, receipt.missed)
        await noted(self._hub, name, receipt)

    @staticmethod
    async def _refuse(send: Send, name: str, status: int, message: str, more: list[Any] | None = None) -> None:
        REFUSED.labels("hooks", str(status)).inc()
        log.warning("hook.refused", name=name, status=status, reason=message)
        # Who forges learns nothing of what was wrong; the log says it.
        told = "not authentic" if status == 401 else message
        await _wrong(send, status, told, more)


class _Refused(Exception):
    """No connector needs to see this request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Gone(Exception):
    """The platform hung up before its request was whole."""


async def _hook(scope: Scope, receive: Receive) -> Hook:
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        name = key.decode("latin-1")
        headers[name] = f"{headers[name]},{value.decode('latin-1')}" if name in headers else value.decode("latin-1")
    if headers.get("content-encoding", "identity") != "identity":
        raise _Refused(415, "compressed bodies are not taken")
    try:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise _Refused(400, "the address has too many fields") from None
    return Hook(scope["method"], query, headers, await _body(headers.get("content-length", "0"), receive))


async def _body(length: str, receive: Receive) -> bytes:
    if not length.isdecimal() or len(length) > 12 or int(length) > MOST:
        raise Malformed("the body is too large", too_large=True)
    pieces, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > MOST:
                    raise Malformed("the body is too large", too_large=True)
                if not message.get("more_body"):
                    return b"".join(pieces)
    except TimeoutError:
        raise _Refused(408, "the body took too long") from None


async def _wrong(send: Send, status: int, message: str, more: list[Any] | None = None) -> None:
    """An error in the shape that all addresses of ours give errors."""
    body = orjson.dumps({"error": {"code": CODES.get(status, "malformed"), "message": message}})
    await _answer(send, status, body, [(b"content-type", b"application/json"), *(more or [])])


async def _answer(send: Send, status: int, body: bytes, more: list[Any] | None = None) -> None:
    headers = [*HEADERS, (b"content-length", str(len(body)).encode()), *(more or [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
