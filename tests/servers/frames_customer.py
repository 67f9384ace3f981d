"""The customer's side of the hub in memory: session, socket, long poll, files, history, pages."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import rjsmin
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.model import new_id
from tests.servers.frames import PAGES, STATIC, Frame, Talk, Visitor, World

BACKLOG = 50
"""Entries that a visitor without a log of their own is sent at once; older ones come from the history."""


class Customers:
    """What customers may ask for."""

    def __init__(self, world: World) -> None:
        self.world = world

    def by_token(self, token: str) -> Visitor | None:
        return next((v for v in self.world.visitors.values() if v.token == token), None)

    def bearer(self, request: Request) -> Visitor | None:
        return self.by_token(request.headers.get("authorization", "").removeprefix("Bearer "))

    async def session(self, request: Request) -> Response:
        asked = json.loads(await request.body() or b"{}")
        visitor = self.by_token(asked.get("tok", ""))
        if visitor is None:
            visitor = Visitor(new_id(), secrets.token_urlsafe(24), channel=request.path_params["channel"])
            self.world.visitors[visitor.id] = visitor
        visitor.name, visitor.lang = asked.get("name", visitor.name), asked.get("lang", visitor.lang)
        return JSONResponse({"token": visitor.token, "customer": visitor.id, "epoch": self.world.epoch})

    def welcome(self, visitor: Visitor, hello: Frame) -> Frame:
        world, head = self.world, len(visitor.log)
        since = int(hello.get("since") or 0)
        resumed = hello.get("epoch") == world.epoch and since <= head
        first = since + 1 if resumed else max(1, head - BACKLOG + 1)
        zh = str(hello.get("lang") or visitor.lang).startswith("zh")
        cfg: dict[str, Any] = {
            "title": "在线客服" if zh else "Chat with us",
            "greeting": "您好，有什么可以帮您？" if zh else "Hello! How can we help you today?",
            "lang": "",
            "online": world.online,
        }
        if world.form:
            cfg["form"] = world.form
        visitor.page = str(hello.get("page") or visitor.page)
        seen = {"t": "welcome", "me": visitor.id, "epoch": world.epoch, "head": head, "from": first, "resumed": resumed}
        return {**seen, "hb": 25, "lp": 25, "cfg": cfg, "read": 0}

    def handle(self, visitor: Visitor, frame: Frame) -> list[Frame]:
        """One frame from a customer; what must be answered at once."""
        match frame.get("t"):
            case "send":
                return [self.world.said(visitor, frame)]
            case "ping":
                return [{"t": "pong"}]
            case "typing":
                talk = self.latest(visitor)
                by = {"kind": "customer", "name": visitor.name, "id": visitor.id}
                if talk:
                    self.world.poke({"t": "eph", "k": "typing", "c": talk.id, "by": by, "on": bool(frame.get("on"))})
        return []

    def latest(self, visitor: Visitor) -> Talk | None:
        return next((t for t in reversed(self.world.talks.values()) if t.visitor is visitor), None)

    def concerns(self, visitor: Visitor, passing: Frame) -> bool:
        if "online" in passing:
            return True
        talk = self.world.talks.get(passing.get("c", ""))
        return talk is not None and talk.visitor is visitor and passing.get("by", {}).get("kind") == "agent"

    async def socket(self, ws: WebSocket) -> None:
        await ws.accept()
        try:
            hello = json.loads(await ws.receive_text())
            visitor = self.by_token(hello.get("tok", ""))
            if visitor is None:
                await ws.close(4401)
                return
            await self.stream(ws, visitor, hello)
        except WebSocketDisconnect:
            return

    async def stream(self, ws: WebSocket, visitor: Visitor, hello: Frame) -> None:
        loop = asyncio.get_running_loop()
        out: asyncio.Queue[Frame | None] = asyncio.Queue()

        def ear(passing: Frame | None) -> None:
            if passing is None or self.concerns(visitor, passing):
                loop.call_soon_threadsafe(out.put_nowait, passing)

        self.world.ears.add(ear)
        welcome = self.welcome(visitor, hello)
        await ws.send_text(json.dumps(welcome))

        async def write() -> None:
            cursor = welcome["from"] - 1
            passing: Frame | None = None
            while True:
                for ev in visitor.log[cursor:]:
                    await ws.send_text(json.dumps(ev))
                    cursor = ev["s"]
                if passing:
                    await ws.send_text(json.dumps(passing))
                passing = await out.get()

        writer = asyncio.create_task(write())
        try:
            while True:
                for answer in self.handle(visitor, json.loads(await ws.receive_text())):
                    await ws.send_text(json.dumps(answer))
        finally:
            self.world.ears.discard(ear)
            writer.cancel()

    async def poll(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        visitor = self.by_token(asked.get("tok", ""))
        if visitor is None:
            return fault(401, "token", "this session is not known")
        down: list[Frame] = []
        since, up = int(asked.get("since") or 0), asked.get("up") or []
        if asked.get("epoch") != self.world.epoch or any(f["t"] == "hello" for f in up):
            hello = next((f for f in up if f["t"] == "hello"), asked)
            down.append(self.welcome(visitor, {**asked, **hello}))
            since = down[0]["from"] - 1
        for frame in up:
            down += self.handle(visitor, frame)
        if not down and len(visitor.log) <= since:
            down += await self.news(visitor, min(25.0, float(asked.get("wait") or 0)))
        return JSONResponse({"down": [*down, *visitor.log[since:]]})

    async def news(self, visitor: Visitor, wait: float) -> list[Frame]:
        """Wait for an entry or an ephemeral frame of this visitor."""
        loop, happened, passing = asyncio.get_running_loop(), asyncio.Event(), []
        head = len(visitor.log)

        def ear(frame: Frame | None) -> None:
            if frame is not None and self.concerns(visitor, frame):
                passing.append(frame)
            if passing or len(visitor.log) > head:
                loop.call_soon_threadsafe(happened.set)

        self.world.ears.add(ear)
        try:
            async with asyncio.timeout(wait):
                await happened.wait()
        except TimeoutError:
            pass
        finally:
            self.world.ears.discard(ear)
        return passing

    async def upload(self, request: Request) -> Response:
        if request.method == "POST" and self.bearer(request) is None:
            return fault(401, "token", "this session is not known")
        return await keep_file(self.world, request)

    async def file(self, request: Request) -> Response:
        found = self.world.files.get(request.path_params["id"])
        return Response(found[2], media_type=found[1]) if found else fault(404, "gone", "there is no such file")

    async def history(self, request: Request) -> Response:
        visitor = self.bearer(request)
        if visitor is None:
            return fault(401, "token", "this session is not known")
        before = int(request.query_params.get("before") or len(visitor.log) + 1)
        limit = int(request.query_params.get("limit") or 30)
        items = visitor.log[max(0, before - 1 - limit) : before - 1]
        return JSONResponse({"items": items, "next": items[0]["s"] if items and items[0]["s"] > 1 else None})


async def keep_file(world: World, request: Request) -> Response:
    async with request.form() as form:
        file: Any = form["file"]
        content = await file.read()
        key = new_id()
        world.files[key] = (file.filename, file.content_type or "application/octet-stream", content)
        answer = {"id": key, "name": file.filename, "mime": file.content_type, "size": len(content), "url": f"/files/{key}"}
    return JSONResponse(answer, 201)


def fault(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def page(name: str) -> Any:
    async def answer(_: Request) -> Response:
        return FileResponse(PAGES / name, media_type="text/html; charset=utf-8")

    return answer


def served(path: Path) -> Response:
    """A file of the two faces; scripts without their comments, as the budgets count them."""
    if not path.is_file():
        return fault(404, "unknown", "there is no such file")
    if path.suffix == ".js":
        return Response(rjsmin.jsmin(path.read_text()), media_type="text/javascript")
    return FileResponse(path)


async def static(request: Request) -> Response:
    return served(STATIC / request.path_params["path"])


async def loader(_: Request) -> Response:
    return served(STATIC / "widget.js")


async def preflight(_: Request) -> Response:
    return Response(status_code=204, headers={"access-control-allow-methods": "GET, POST"})


def routes(world: World) -> list[BaseRoute]:
    """The routes of the customer's side."""
    side = Customers(world)
    there = "/chat/{channel}"

    return [
        Route("/widget.js", loader),
        Route("/demo", page("demo.html")),
        Route("/w/{channel}", page("hosted.html")),
        Route("/static/{path:path}", static),
        Route("/chat/{rest:path}", preflight, methods=["OPTIONS"]),
        Route(f"{there}/session", side.session, methods=["POST"]),
        Route(f"{there}/poll", side.poll, methods=["POST"]),
        Route(f"{there}/files", side.upload, methods=["POST"]),
        Route(f"{there}/history", side.history),
        Route("/files/{id}", side.file),
        WebSocketRoute(f"{there}/socket", side.socket),
    ]
