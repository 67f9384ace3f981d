"""The web process's application on a real port, with agents who sign in and sockets that they open: for the console's tests."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.settings import HubSettings
from hub.inbound import drain
from hub.runtime import Hub
from hub.signin import hash_of, new_secret
from hub.store.inbox import row_of
from hub.store.store import Store
from tests.conftest import until
from tests.fakes import fake_hub, said
from tests.servers.serving import Quiet
from widget.app import create_app
from widget.wire import Socket

PASSWORD = "a long enough sentence"
_ids = itertools.count(1)


@dataclass(frozen=True)
class Agent:
    """An agent with a program's token; `api` asks with it."""

    id: str
    token: str
    api: httpx.AsyncClient

    async def say(self, conversation: str, text: str, **more: Any) -> httpx.Response:
        body = {"id": f"c{next(_ids)}", "kind": "reply", "text": text, **more}
        return await self.api.post(f"/console/api/conversations/{conversation}/entries", json=body)


class House:
    """The hub behind one web process."""

    def __init__(self, hub: Hub, url: str, server: uvicorn.Server) -> None:
        self.hub = hub
        self.url = url
        self.server = server
        self.stack = contextlib.AsyncExitStack()

    async def work(self) -> None:
        """What the workers would do: handle everything that waits in the inbox."""
        while lanes := await self.hub.store.inbox.waiting_lanes():
            for lane in lanes:
                await drain(self.hub, lane)

    async def park(self, text: str) -> None:
        """A customer's message that nobody can handle, set aside."""
        inbox, row = self.hub.store.inbox, row_of(said(text), self.hub.store.lanes)
        await inbox.keep([row])
        async with self.hub.store.db.write() as connection:
            (waiting,) = await inbox.pending(connection, row["lane"], 10)
            await inbox.park(connection, waiting.n, 3, "ValueError('no')")

    async def customer_says(self, text: str, **more: Any) -> str:
        """A customer's message, all the way into the log; returns the conversation."""
        message = said(text, **more)
        await self.hub.intake.keep([message], 5)
        await self.work()
        people = await self.hub.store.logs.identity(message.channel, message.customer)
        assert people is not None
        found = await self.hub.store.console.open_of(people.id)
        assert found is not None
        return found

    async def browser(self) -> httpx.AsyncClient:
        """Somebody with a cookie jar and nothing in it."""
        return await self.stack.enter_async_context(httpx.AsyncClient(base_url=self.url, headers={"x-frontdesk": "1"}))

    async def agent(self, email: str = "bo@example.com", role: str = "agent", name: str = "Bo") -> Agent:
        """An agent who has been invited, with a token."""
        agents = self.hub.store.agents
        own = await agents.invite(email, name, role)
        secret = new_secret()
        await agents.open_login("token", own, hash_of(secret), 3600)
        bearer = {"authorization": f"Bearer {secret}"}
        return Agent(own, secret, await self.stack.enter_async_context(httpx.AsyncClient(base_url=self.url, headers=bearer)))

    @asynccontextmanager
    async def socket(
        self, agent: Agent | None = None, *, headers: dict[str, str] | None = None, **hello: Any
    ) -> AsyncIterator[Line]:
        """A console's socket, after its hello."""
        given = headers or ({"authorization": f"Bearer {agent.token}"} if agent else {})
        address = self.url.replace("http", "ws") + "/console/socket"
        async with connect(address, additional_headers=given, compression=None, max_queue=4) as ws:
            line = Line(ws)
            with suppress(ConnectionClosed):  # who is refused may be told so before they have said hello
                await line.send({"t": "hello", "v": 1, **hello})
            yield line


class Line:
    """One socket's frames as Python values."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws

    async def send(self, frame: dict[str, Any]) -> None:
        await self.ws.send(orjson.dumps(frame).decode())

    async def next(self, kind: str = "", seconds: float = 5.0) -> dict[str, Any]:
        """The next frame, or the next of a kind."""
        async with asyncio.timeout(seconds):
            while True:
                frame: dict[str, Any] = orjson.loads(await self.ws.recv())
                if not kind or frame["t"] == kind:
                    return frame


@asynccontextmanager
async def house(store: Store, redis_url: str, prefix: str, folder: Path, **more: Any) -> AsyncIterator[House]:
    """The application on a port of its own; `settings`: those of the installation."""
    settings = more.pop("settings", HubSettings())
    async with fake_hub(store, redis_url, prefix, folder, **more) as hub:
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        line.bind(("127.0.0.1", 0))
        app = create_app(hub, settings)
        config = uvicorn.Config(
            app,
            ws=Socket,
            log_level="warning",
            timeout_graceful_shutdown=2,
            ws_max_size=65_536,
            proxy_headers=False,
        )
        server = Quiet(config)
        task = asyncio.create_task(server.serve(sockets=[line]))
        await until(lambda: server.started)
        own = House(hub, f"http://127.0.0.1:{line.getsockname()[1]}", server)
        try:
            async with own.stack:
                yield own
        finally:
            server.should_exit = True
            await task
