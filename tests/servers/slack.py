"""A small server that behaves like Slack: the Web API over real HTTP, signed events, Socket Mode, and people who press and type.

In a test: `async with slack_server(hook=url) as slack: slack.reply(thread, "On its way")`. By itself, for fault runs:
`python -m tests.servers.slack --port 9002 --log accepted.jsonl --hook http://127.0.0.1:8000/hooks/slack --answer-every 3`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from agents_bridge.slack.manifest import SCOPES
from tests.servers.behaviour import Act, Behaviour, parse_shares
from tests.servers.serving import cut, listening, server_of, serving
from tests.servers.slack_events import Sender, Told
from tests.servers.slack_methods import METHODS
from tests.servers.slack_oauth import Installing
from tests.servers.slack_parsing import PARSED
from tests.servers.slack_workspace import BOT_USER, TEAM, Accepted, Refusal, Workspace

TOKEN, APP_TOKEN, SECRET = "xoxb-test", "xapp-test", "8f742231b10e8888abcd99yyyzzz85a5"
EXEMPT = {"auth.test", "apps.connections.open"}
"""Methods that always behave."""
NEEDS = {"assistant.threads.setStatus": "chat:write", "conversations.open": "im:write", "users.lookupByEmail": "users:read.email"}
"""The scopes that some methods insist on here."""
SIGN_IN = "<!DOCTYPE html><html><title>Slack</title><body>Sign in to your workspace</body></html>"


class SlackServer(Installing):
    """The server, its workspace, and the people in it."""

    def __init__(self, *, log: Path | None = None, hook: str = "", secret: str = SECRET, factor: float = 0.01) -> None:
        self.accepted = Accepted(log)
        self.behaviour = Behaviour()
        self.sender = Sender(self.accepted, secret, factor=factor)
        self.sender.hook = hook
        self.workspace = Workspace(self.accepted, told=self._tell)
        self.begin()
        self.workspace.people = {"U1ANNA": {"name": "Anna", "email": "anna@shop.example"}, "U2BO": {"name": "Bo", "email": ""}}
        self.limit_posts = False
        self.limited: dict[str, int] = {}
        """Workspaces that take no posts, with the seconds that they ask for."""
        self.refused = 0
        """Posts and changes that came too fast."""
        self._changes: list[float] = []
        self.scopes = list(SCOPES)
        self.echo = True
        self.answer_every = 0
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.url = ""
        self._lines = itertools.count(1)
        self._late: set[asyncio.Task[Any]] = set()
        self.app = Starlette(
            routes=[
                Route("/api/oauth.v2.access", self.access, methods=["POST"]),
                Route("/oauth/v2/authorize", self.authorize),
                Route("/api/{method}", self._method, methods=["GET", "POST"]),
                Route("/upload/v1/{file}", self._upload, methods=["POST"]),
                Route("/files-pri/{file}/{name}", self._download),
                Route("/response", self._response, methods=["POST"]),
                Route("/control/{act}", self._control, methods=["GET", "POST"]),
                WebSocketRoute("/link", self.sender.serve),
            ]
        )

    @property
    def api_url(self) -> str:
        """What a desk's `api_url` must be."""
        return f"{self.url}/api/"

    def posts(self, thread: str = "") -> list[dict[str, Any]]:
        """Accepted posts, all or those of a thread ("channel:ts")."""
        found = self.accepted.of("post")
        return [one for one in found if f"{one['channel']}:{one['thread_ts']}" == thread] if thread else found

    def _tell(self, event: dict[str, Any], team: str = TEAM) -> Told:
        own = event.get("bot_id") or event.get("upload") or (event.get("message") or {}).get("bot_id")
        own = own or event.get("user") == BOT_USER
        if own and not self.echo:
            return Told("", event)
        return self.sender.event(event, team)

    async def _arguments(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = dict(request.query_params)
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            found |= json.loads(await request.body() or b"{}")
        elif kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
            found |= dict(await request.form())
        return found

    async def _method(self, request: Request) -> Response:
        method = request.path_params["method"]
        found = await self._arguments(request)
        self.calls.append((method, request.method, found))
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or str(found.get("token", ""))
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return _no("invalid_auth")
            return JSONResponse({"ok": True, "url": self.url.replace("http", "ws", 1) + "/link"})
        there = self.there(token)
        if there is None:
            return _no("account_inactive" if token in self.revoked else "invalid_auth")
        if method not in METHODS:
            return _no("unknown_method")
        if (needed := NEEDS.get(method)) and needed not in self.scopes:
            return _no("missing_scope", needed=needed, provided=",".join(self.scopes))
        if method == "chat.update" and self._too_often():
            return _slow_down(5)
        found |= {"_token": token}
        if method == "chat.postMessage" and (seconds := self.limited.get(there.team)):
            return _slow_down(seconds)
        if method == "chat.postMessage" and self._too_fast(there, str(found.get("channel"))):
            return _slow_down(1)
        act = Act() if method in EXEMPT else self.behaviour.draw()
        return await self._behave(act, request, method, found)

    def there(self, token: str) -> Workspace | None:
        """The workspace that a token is of."""
        return self.workspace if token == TOKEN else self.tokens.get(token)

    def _too_often(self) -> bool:
        """Fifty changes a minute, in all channels together (tier 3)."""
        now = time.monotonic()
        self._changes[:] = [at for at in self._changes if at > now - 60]
        if self.limit_posts and len(self._changes) >= 50:
            self.refused += 1
            return True
        self._changes.append(now)
        return False

    def _too_fast(self, workspace: Workspace, channel: str) -> bool:
        if not self.limit_posts or channel not in workspace.places:
            return False
        posted, now = workspace.places[channel].posted, time.monotonic()
        posted[:] = [at for at in posted if at > now - 0.9]
        if posted:
            self.refused += 1
            return True
        posted.append(now)
        return False

    async def _behave(self, act: Act, request: Request, method: str, found: dict[str, Any]) -> Response:
        match act.kind:
            case "refuse":
                return Response("upstream", int(act.value))
            case "limit":
                return _slow_down(act.value)
            case "revoked":
                return _no("token_revoked")
            case "accept_late":
                late = asyncio.create_task(self._later(act.value, request, method, found))
                self._late.add(late)
                late.add_done_callback(self._late.discard)
                return await asyncio.shield(late)
        answer = self._do(request, method, found)
        match act.kind:
            case "slow":
                await asyncio.sleep(act.value)
            case "accept_hang":
                while (await request.receive())["type"] != "http.disconnect":
                    pass
            case "accept_reset":
                cut(request.scope)
            case "garbage":
                return HTMLResponse("<html>502 Bad Gateway</html>")
        return answer

    async def _later(self, seconds: float, request: Request, method: str, found: dict[str, Any]) -> Response:
        await asyncio.sleep(seconds)
        return self._do(request, method, found)

    def _do(self, request: Request, method: str, found: dict[str, Any]) -> Response:
        try:
            answer = METHODS[method](
                self.there(found["_token"]) or self.workspace, found | {"_base": self.url or str(request.base_url).rstrip("/")}
            )
        except Refusal as exc:
            if exc.code == PARSED:
                self.accepted.add("parsed", method=method)
            return _no(exc.code, **exc.more)
        if method == "chat.postMessage" and found.get("thread_ts"):
            self._maybe_answer(found["channel"], answer)
        scopes = self.granted.get(found["_token"], self.scopes)
        return JSONResponse({"ok": True, **answer}, headers={"x-oauth-scopes": ",".join(scopes)})

    def _maybe_answer(self, channel: str, answer: dict[str, Any]) -> None:
        root = answer["message"].get("thread_ts")
        if self.answer_every and root and answer["message"].get("username") and next(self._lines) % self.answer_every == 0:
            self.reply(f"{channel}:{root}", f"answer to {answer['ts']}")

    async def _upload(self, request: Request) -> Response:
        own = request.query_params.get("team", self.workspace.team)
        file = self.elsewhere.get(own, self).workspace.files.get(request.path_params["file"])
        if file is None or "authorization" in request.headers:
            return Response("no", 400)
        body = await request.body()
        if not body or len(body) != file["length"]:
            return Response("wrong length", 400)
        file["content"] = body
        return Response(f"OK - {len(body)}")

    async def _download(self, request: Request) -> Response:
        """Without the token, 200 and the sign-in page."""
        there = self.there(request.headers.get("authorization", "").removeprefix("Bearer "))
        if there is None:
            return HTMLResponse(SIGN_IN)
        file = there.files.get(request.path_params["file"])
        return Response(file["content"], media_type=file["mimetype"]) if file else Response("gone", 404)

    async def _response(self, request: Request) -> Response:
        """Where an app answers a press."""
        return self._do(request, "response", {"_token": TOKEN, **await request.json()})

    async def _control(self, request: Request) -> Response:
        """For fault runs, which have the server in a process of its own."""
        found = await request.json() if request.method == "POST" else {}
        match request.path_params["act"]:
            case "behaviour":
                self.behaviour.reset(found.get("shares"), found.get("seed", 0))
            case "reply":
                self.reply(found["thread"], found["text"], found.get("by", "U1ANNA"))
            case "settings":
                self.answer_every = int(found.get("answer_every", self.answer_every))
                self.limit_posts = bool(found.get("limit_posts", self.limit_posts))
        told = self.sender.told
        waiting = sum(not one.over.is_set() for one in told)
        state = {
            "posts": len(self.posts()),
            "told": len(told),
            "waiting": waiting,
            "acked": sum(one.acknowledged for one in told),
        }
        return JSONResponse(state | {"drawn": dict(self.behaviour.drawn)})

    async def aclose(self) -> None:
        """Stop telling, forget what is late, close the log."""
        await self.sender.aclose()
        for task in list(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        self.accepted.close()


def _no(code: str, **more: Any) -> Response:
    return JSONResponse({"ok": False, "error": code, **more})


def _slow_down(seconds: float) -> Response:
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"retry-after": str(math.ceil(seconds))})


@asynccontextmanager
async def slack_server(port: int = 0, **more: Any) -> AsyncIterator[SlackServer]:
    """The server, running in this event loop."""
    slack = SlackServer(**more)
    async with serving(slack.app, port) as slack.url:
        try:
            yield slack
        finally:
            await slack.aclose()


async def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=9002)
    parser.add_argument("--log", type=Path, help="every accepted post, reply and acknowledgement, a JSON object a line")
    parser.add_argument("--hook", default="", help="where events go, http://…/hooks/slack; without it, to Socket Mode alone")
    parser.add_argument("--secret", default=SECRET)
    parser.add_argument("--factor", type=float, default=0.01, help="times Slack's waits between retries")
    parser.add_argument("--answer-every", type=int, default=0, help="an agent answers every n-th line of a customer")
    parser.add_argument("--behaviour", default="", help="accept_hang=0.01,limit:2=0.02")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit-posts", action="store_true", help="one post a second and channel, then 429")
    given = parser.parse_args()
    slack = SlackServer(log=given.log, hook=given.hook, secret=given.secret, factor=given.factor)
    slack.url = f"http://127.0.0.1:{given.port}"
    slack.behaviour.reset(parse_shares(given.behaviour), given.seed)
    slack.answer_every, slack.limit_posts = given.answer_every, given.limit_posts
    try:
        await server_of(slack.app).serve([listening(given.port)])
    finally:
        await slack.aclose()


if __name__ == "__main__":
    asyncio.run(_main())
