"""A hub in memory that speaks the customer protocol and the console API, so that the two faces can be built and tested alone.

It keeps the promises that browsers see (order, one entry per id, resume by cursor, an epoch) and nothing else: no database, no
worker. Run it with `python -m tests.servers.frames --port 8123 --seed`, or ask for `serve()` in a test.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.model import new_id

PAGES = Path(__file__).parents[2] / "widget" / "pages"
STATIC = Path(__file__).parents[2] / "widget" / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:; "
    "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
Frame = dict[str, Any]


def stamp() -> str:
    return datetime.now(UTC).isoformat()


@dataclass
class Visitor:
    """A customer of a web channel; `log` is what they may see."""

    id: str
    token: str
    name: str = ""
    email: str = ""
    lang: str = ""
    page: str = ""
    channel: str = "web"
    log: list[Frame] = field(default_factory=list)
    ids: dict[str, Any] = field(default_factory=dict)
    agents_read: int = 0


@dataclass
class Talk:
    """A conversation and its entries."""

    id: str
    visitor: Visitor
    channel: str
    at: str
    status: str = "open"
    agent: str = ""
    team: str = ""
    waiting_since: str | None = None
    entries: list[Frame] = field(default_factory=list)
    deliveries: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)


@dataclass
class Staff:
    """Somebody who answers."""

    id: str
    name: str
    email: str
    password: str
    state: str = "present"
    role: str = "agent"


class World:
    """Everything that this hub knows."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self.setup = secrets.token_urlsafe(16)
        self.inbox: list[Frame] = []
        self.visitors: dict[str, Visitor] = {}
        self.talks: dict[str, Talk] = {}
        self.staff: dict[str, Staff] = {}
        self.logins: dict[str, Staff] = {}
        self.files: dict[str, tuple[str, str, bytes]] = {}
        self.ears: set[Callable[[Frame | None], None]] = set()
        self.form: Frame | None = None
        self.greeted: Callable[[World, Talk, Frame], None] | None = None

    @property
    def online(self) -> bool:
        return any(one.state == "present" for one in self.staff.values())

    def poke(self, passing: Frame | None = None) -> None:
        """Wake every stream; `passing` is an ephemeral frame for those whom it concerns."""
        for ear in list(self.ears):
            ear(passing)

    def append(self, talk: Talk, kind: str, by: Frame, *, public: bool = True, at: str = "", **d: Any) -> Frame:
        """A new entry: in the conversation, in the inbox and, when public, in the customer's log."""
        client_id = d.pop("client_id", "")
        data = {"mid": new_id(), "parts": [], **d}
        ev = {"t": "ev", "s": len(self.inbox) + 1, "c": talk.id, "n": len(talk.entries) + 1, "k": kind, "by": by}
        ev |= {"at": at or stamp(), "id": client_id, "d": data}
        talk.entries.append(ev)
        self.inbox.append(ev)
        if public:
            talk.visitor.log.append({**ev, "s": len(talk.visitor.log) + 1})
        self.poke()
        return ev

    def open_talk(self, visitor: Visitor, channel: str = "") -> Talk:
        """The customer's open conversation, or a new one."""
        for talk in self.talks.values():
            if talk.visitor is visitor and talk.status == "open":
                return talk
        talk = Talk(new_id(), visitor, channel or visitor.channel, stamp())
        self.talks[talk.id] = talk
        return talk

    def said(self, visitor: Visitor, frame: Frame) -> Frame:
        """Keep what a customer sent, once per id."""
        key, d = str(frame.get("id", "")), frame.get("d") or {}
        if not key or not any(d.get(what) for what in ("text", "files", "choice", "form")):
            return {"t": "no", "id": key, "code": "malformed", "retry": False}
        if key in visitor.ids:
            same = visitor.ids[key] == d
            return {"t": "ok", "id": key} if same else {"t": "no", "id": key, "code": "conflict", "retry": False}
        visitor.ids[key] = d
        talk = self.open_talk(visitor)
        by = {"kind": "customer", "name": visitor.name, "id": visitor.id}
        talk.waiting_since = talk.waiting_since or stamp()
        ev = self.append(talk, "message", by, client_id=key, parts=self.parts(d))
        if self.greeted:
            self.greeted(self, talk, ev)
        return {"t": "ok", "id": key}

    def parts(self, d: Frame) -> list[Frame]:
        """What was sent as parts, files with their links."""
        parts: list[Frame] = [{"type": "text", "text": d["text"], "spans": []}] if d.get("text") else []
        if d.get("choice"):
            parts.append({"type": "choice", **d["choice"]})
        if d.get("form"):
            parts.append({"type": "form", **d["form"], "submitted": True})
        for file in d.get("files") or []:
            name, mime, content = self.files[file]
            kind = mime.split("/")[0] if mime.split("/")[0] in ("image", "audio", "video") else "file"
            part = {"type": "media", "kind": kind, "file": file, "name": name, "mime": mime, "size": len(content)}
            parts.append({**part, "url": f"/files/{file}"})
        return parts


class Guard:
    """The headers that the real web process sends: the strict policy everywhere, CORS on what other origins may load."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = {"content-security-policy": CSP, "x-content-type-options": "nosniff", "cache-control": "no-cache"}
                if scope["path"].startswith(("/static", "/widget.js", "/chat/", "/files/")):
                    more |= {"access-control-allow-origin": "*", "access-control-allow-headers": "authorization, content-type"}
                    more |= {"cross-origin-resource-policy": "cross-origin"}
                headers = [(k.encode(), v.encode()) for k, v in more.items()]
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)


def application(world: World) -> Starlette:
    """All routes over one world."""
    from tests.servers import frames_console, frames_customer

    routes = [*frames_customer.routes(world), *frames_console.routes(world)]
    return Starlette(routes=routes, middleware=[Middleware(Guard)])


@contextmanager
def serve(world: World, port: int = 0) -> Iterator[str]:
    """The server in a thread of its own; yields its address."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        server = uvicorn.Server(
            uvicorn.Config(application(world), log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=asyncio.run, args=[server.serve(sockets=[listener])], daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--seed", choices=["", "zh", "en"], default="")
    given = parser.parse_args()
    world = World()
    from tests.servers import frames_seed

    frames_seed.staff(world)
    world.greeted = frames_seed.bot
    if given.seed:
        frames_seed.inbox(world, given.seed)
    with serve(world, given.port) as base:
        print(f"{base}/demo  {base}/console/  {base}/console/#setup={world.setup}  lin@example.com / correct horse")
        threading.Event().wait()


if __name__ == "__main__":
    main()
