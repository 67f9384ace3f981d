"""The agents' side of the hub in memory: sessions, lists, conversations, actions and the console's socket."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.model import new_id
from tests.servers.frames import Frame, Staff, Talk, World
from tests.servers.frames_customer import fault, keep_file, page

SAID = ("message", "note")


def preview(talk: Talk) -> tuple[str, str]:
    """The last thing said, in one line, and who said it."""
    for ev in reversed(talk.entries):
        if ev["k"] in SAID:
            words = [p.get("text") or f"[{p.get('kind', p['type'])}] {p.get('name', '')}".strip() for p in ev["d"]["parts"]]
            return " ".join(words)[:180], "note" if ev["k"] == "note" else ev["by"]["kind"]
    return "", ""


class Agents:
    """What agents may ask for."""

    def __init__(self, world: World) -> None:
        self.world = world

    def who(self, cookies: dict[str, str]) -> Staff | None:
        return self.world.logins.get(cookies.get("fd_session", ""))

    def row(self, talk: Talk, me: Staff) -> Frame:
        text, by = preview(talk)
        agent = self.world.staff.get(talk.agent)
        visitor = talk.visitor
        return {
            "id": talk.id,
            "channel": talk.channel,
            "customer": {"id": visitor.id, "name": visitor.name, "avatar": ""},
            "status": talk.status,
            "agent": {"id": agent.id, "name": agent.name} if agent else None,
            "team": talk.team,
            "preview": text,
            "preview_by": by,
            "waiting_since": talk.waiting_since,
            "last_at": talk.entries[-1]["at"] if talk.entries else talk.at,
            "last_n": len(talk.entries),
            "read_n": talk.seen.get(me.id, 0),
            "unread": sum(e["k"] == "message" and e["by"]["kind"] == "customer" for e in talk.entries[talk.seen.get(me.id, 0) :]),
            "created_at": talk.at,
        }

    async def setup(self, request: Request) -> Response:
        asked = await request.json()
        if asked.get("token") != self.world.setup:
            return fault(403, "used", "this link was used already")
        if len(asked.get("password", "")) < 8:
            return fault(422, "password", "the password needs at least 8 characters")
        one = Staff(new_id(), asked["name"], asked["email"], asked["password"], role="admin")
        self.world.staff[one.id] = one
        self.world.setup = ""
        return self.enter(one)

    async def sign_in(self, request: Request) -> Response:
        asked = await request.json()
        for one in self.world.staff.values():
            if (one.email, one.password) == (asked.get("email"), asked.get("password")):
                return self.enter(one)
        return fault(401, "credentials", "that address and password do not belong together")

    def enter(self, one: Staff) -> Response:
        token = secrets.token_urlsafe(24)
        self.world.logins[token] = one
        answer = JSONResponse(self.facts(one))
        answer.set_cookie("fd_session", token, httponly=True, samesite="strict")
        return answer

    def facts(self, one: Staff) -> Frame:
        return {"id": one.id, "name": one.name, "email": one.email, "role": one.role, "state": one.state}

    async def sign_out(self, request: Request) -> Response:
        self.world.logins.pop(request.cookies.get("fd_session", ""), None)
        return Response(status_code=204)

    async def me(self, request: Request, me: Staff) -> Response:
        return JSONResponse(self.facts(me))

    async def agents(self, request: Request, me: Staff) -> Response:
        return JSONResponse({"items": [self.facts(s) for s in self.world.staff.values()]})

    async def presence(self, request: Request, me: Staff) -> Response:
        me.state = (await request.json())["state"]
        self.world.poke({"t": "eph", "k": "presence", "by": {"kind": "agent", "id": me.id, "name": me.name}, "state": me.state})
        self.world.poke({"t": "eph", "k": "presence", "online": self.world.online})
        return JSONResponse(self.facts(me))

    async def conversations(self, request: Request, me: Staff) -> Response:
        views: dict[str, Any] = {
            "mine": lambda t: t.status == "open" and t.agent == me.id,
            "unassigned": lambda t: t.status == "open" and not t.agent,
            "all": lambda t: t.status == "open",
            "resolved": lambda t: t.status == "resolved",
        }
        words = request.query_params.get("q", "").lower()
        rows = [self.row(t, me) for t in self.world.talks.values() if views[request.query_params.get("view", "all")](t)]
        rows = [r for r in rows if words in (r["customer"]["name"] + r["preview"]).lower()]
        rows.sort(key=lambda r: r["last_at"], reverse=True)
        cursor, limit = request.query_params.get("cursor"), int(request.query_params.get("limit", 30))
        rows = [r for r in rows if not cursor or r["last_at"] < cursor]
        counts = {v: sum(map(views[v], self.world.talks.values())) for v in ("mine", "unassigned", "all")}
        more = rows[limit - 1]["last_at"] if len(rows) > limit else None
        return JSONResponse({"items": rows[:limit], "next": more, "counts": counts})

    async def conversation(self, request: Request, me: Staff) -> Response:
        talk = self.world.talks[request.path_params["id"]]
        v = talk.visitor
        others = [self.row(t, me) for t in self.world.talks.values() if t.visitor is v and t is not talk]
        profile = {"name": v.name, "email": v.email, "phone": "", "page": v.page, "locale": v.lang}
        same = [{"channel": t.channel, "address": t.visitor.id[:12]} for t in self.world.talks.values() if t.visitor is v]
        rest = {"profile": profile, "identities": same, "history": others, "deliveries": talk.deliveries}
        return JSONResponse({**self.row(talk, me), **rest})

    async def entries(self, request: Request, me: Staff) -> Response:
        talk = self.world.talks[request.path_params["id"]]
        before = int(request.query_params.get("before") or len(talk.entries) + 1)
        limit = int(request.query_params.get("limit") or 50)
        items = talk.entries[max(0, before - 1 - limit) : before - 1]
        return JSONResponse({"items": items, "next": items[0]["n"] if items and items[0]["n"] > 1 else None})

    async def say(self, request: Request, me: Staff) -> Response:
        talk, asked = self.world.talks[request.path_params["id"]], await request.json()
        by = {"kind": "agent", "name": me.name, "id": me.id}
        if any(ev["id"] == asked["id"] for ev in talk.entries):
            return JSONResponse({"id": asked["id"]}, 201)
        since = talk.entries[asked["base"] :] if asked.get("base") is not None and not asked.get("force") else []
        if asked["kind"] == "reply" and any(
            e["by"]["kind"] == "agent" and e["by"]["id"] != me.id and e["k"] == "message" for e in since
        ):
            return fault(409, "stale", "a colleague has answered meanwhile")
        public = asked["kind"] == "reply"
        parts = self.world.parts(asked)
        ev = self.world.append(talk, "message" if public else "note", by, public=public, client_id=asked["id"], parts=parts)
        if public:
            talk.waiting_since = None
            if not talk.agent:
                talk.agent = me.id
                self.world.append(talk, "assigned", by, public=False, data={"agent": me.id, "name": me.name})
        return JSONResponse({"id": ev["id"]}, 201)

    async def act(self, request: Request, me: Staff) -> Response:
        talk, act = self.world.talks[request.path_params["id"]], request.path_params["act"]
        asked = await request.json()
        by = {"kind": "agent", "name": me.name, "id": me.id}
        if act == "read":
            talk.seen[me.id] = max(talk.seen.get(me.id, 0), int(asked["n"]))
            seen = [e["s"] for e in talk.visitor.log if e["c"] == talk.id and e["n"] <= talk.seen[me.id]]
            talk.visitor.agents_read = max([talk.visitor.agents_read, *seen])
            self.world.poke({"t": "eph", "k": "read", "c": talk.id, "by": by, "s": talk.visitor.agents_read, "n": asked["n"]})
        elif act == "assign":
            talk.agent = asked.get("agent") or ""
            name = self.world.staff[talk.agent].name if talk.agent else ""
            self.world.append(talk, "assigned", by, public=False, data={"agent": talk.agent, "name": name})
        elif act in ("resolve", "reopen"):
            talk.status = "resolved" if act == "resolve" else "open"
            talk.waiting_since = None
            self.world.append(talk, "resolved" if act == "resolve" else "reopened", by)
        elif act in ("priority", "tags"):
            facts = {name: asked[name] for name in ("level", "add") if name in asked}
            self.world.append(talk, "changed", by, public=False, data={"what": act, **facts})
        return JSONResponse({}, 202)

    async def resend(self, request: Request, me: Staff) -> Response:
        for talk in self.world.talks.values():
            for entry, delivery in talk.deliveries.items():
                if delivery["delivery"] == request.path_params["id"]:
                    talk.deliveries[entry] = {"state": "sent", "reason": "", "delivery": delivery["delivery"]}
                    data = {"state": "sent", "target": talk.channel, "reason": "", "delivery": delivery["delivery"]}
                    self.world.append(talk, "status", {"kind": "system", "name": ""}, public=False, of=entry, data=data)
        return JSONResponse({}, 202)

    async def upload(self, request: Request, me: Staff) -> Response:
        return await keep_file(self.world, request)

    def known(self, handler: Any) -> Any:
        async def guarded(request: Request) -> Response:
            me = self.who(request.cookies)
            if me is None:
                return fault(401, "session", "please sign in")
            if request.method != "GET" and request.headers.get("x-frontdesk") != "1":
                return fault(403, "header", "the header X-Frontdesk is missing")
            try:
                answer: Response = await handler(request, me)
            except KeyError:
                return fault(404, "unknown", "there is no such thing")
            return answer

        return guarded

    async def socket(self, ws: WebSocket) -> None:
        await ws.accept()
        me = self.who(ws.cookies)
        if me is None:
            await ws.close(4401)
            return
        try:
            await self.stream(ws, me, json.loads(await ws.receive_text()))
        except WebSocketDisconnect:
            return

    async def stream(self, ws: WebSocket, me: Staff, hello: Frame) -> None:
        loop, out = asyncio.get_running_loop(), asyncio.Queue[Frame | None]()
        world = self.world

        def ear(passing: Frame | None) -> None:
            loop.call_soon_threadsafe(out.put_nowait, passing)

        world.ears.add(ear)
        resumed = hello.get("epoch") == world.epoch
        cursor = int(hello.get("since") or 0) if resumed else len(world.inbox)
        welcome = {"t": "welcome", "me": me.id, "epoch": world.epoch, "head": len(world.inbox), "from": cursor + 1}
        await ws.send_text(json.dumps({**welcome, "resumed": resumed, "hb": 25, "lp": 25, "cfg": {}}))

        async def write() -> None:
            nonlocal cursor
            passing: Frame | None = None
            while True:
                for ev in world.inbox[cursor:]:
                    await ws.send_text(json.dumps(ev))
                    cursor = ev["s"]
                if passing and passing.get("by", {"id": me.id}).get("id") != me.id:
                    await ws.send_text(json.dumps(passing))
                passing = await out.get()

        writer = asyncio.create_task(write())
        try:
            while True:
                frame = json.loads(await ws.receive_text())
                if frame["t"] == "ping":
                    await ws.send_text('{"t":"pong"}')
                elif frame["t"] == "typing":
                    by = {"kind": "agent", "name": me.name, "id": me.id}
                    world.poke({"t": "eph", "k": "typing", "c": frame["c"], "by": by, "on": bool(frame.get("on"))})
        finally:
            world.ears.discard(ear)
            writer.cancel()


def routes(world: World) -> list[BaseRoute]:
    """The routes of the agents' side."""
    side = Agents(world)
    api = "/console/api"
    one = f"{api}/conversations/{{id}}"

    async def bare(_: Request) -> Response:
        return RedirectResponse("/console/")

    return [
        Route("/console", bare),
        Route("/console/", page("console.html")),
        Route(f"{api}/setup", side.setup, methods=["POST"]),
        Route(f"{api}/session", side.sign_in, methods=["POST"]),
        Route(f"{api}/session", side.sign_out, methods=["DELETE"]),
        Route(f"{api}/me", side.known(side.me)),
        Route(f"{api}/me/presence", side.known(side.presence), methods=["PUT"]),
        Route(f"{api}/agents", side.known(side.agents)),
        Route(f"{api}/files", side.known(side.upload), methods=["POST"]),
        Route(f"{api}/conversations", side.known(side.conversations)),
        Route(one, side.known(side.conversation)),
        Route(f"{one}/entries", side.known(side.entries), methods=["GET"]),
        Route(f"{one}/entries", side.known(side.say), methods=["POST"]),
        Route(f"{one}/{{act}}", side.known(side.act), methods=["POST"]),
        Route(f"{api}/deliveries/{{id}}/resend", side.known(side.resend), methods=["POST"]),
        WebSocketRoute("/console/socket", side.socket),
    ]
