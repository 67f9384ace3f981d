"""A small server that behaves like a tracker of tasks behind a signed call: one task for each key, and faults on demand.

What it takes is docs/tasks.md; signatures are checked with the Standard Webhooks library, as docs there advise.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook as Standard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.behaviour import Behaviour
from tests.servers.serving import cut, serving

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass
class TrackerServer:
    """`tasks` are those that were made, by their key; `calls` the keys of every call, in order. `odd` are whole answers that go
    first."""

    url: str = ""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    behaviour: Behaviour = field(default_factory=Behaviour)
    odd: list[Response] = field(default_factory=list)
    hang: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: Request) -> Response:
        """POST /tasks"""
        body = await request.body()
        Standard(SECRET).verify(body, dict(request.headers))
        key = request.headers["idempotency-key"]
        self.calls.append(key)
        if self.odd:
            return self.odd.pop(0)
        act = self.behaviour.draw()
        if not act.accepts:
            status = 429 if act.kind == "limit" else int(act.value)
            return JSONResponse({"message": "The project is closed"}, status, {"retry-after": "1"} if act.kind == "limit" else {})
        self.tasks.setdefault(key, json.loads(body))
        number = list(self.tasks).index(key) + 1
        if act.kind == "accept_hang":
            await self.hang.wait()
        if act.kind == "accept_reset":
            cut(request.scope)
        return JSONResponse({"key": f"SHOP-{number}", "url": f"https://tracker.example/browse/SHOP-{number}?a=1&b=2"}, 201)


@asynccontextmanager
async def tracker_server() -> AsyncIterator[TrackerServer]:
    """A tracker, running."""
    own = TrackerServer()
    async with serving(Starlette(routes=[Route("/tasks", own.take, methods=["POST"])])) as url:
        own.url = f"{url}/tasks"
        try:
            yield own
        finally:
            own.hang.set()
