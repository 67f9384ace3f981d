"""A WeCom to test against, over real HTTP: tokens that run out, a feed behind a cursor, answers known by our ids, and media."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.kf_callbacks import CORP, SECRET
from tests.servers.kf_world import KEPT_S, KfWorld
from tests.servers.serving import cut, serving

TYPES = {"image": "jpg png", "voice": "amr", "video": "mp4"}
MEDIA = ("image", "voice", "video", "file")
REPEATED = 95023
"""A code of this server's own: WeCom's documentation promises an error for a known msgid, and gives no number."""
MOVES = {0: {1, 2, 3}, 1: {2, 3, 4}, 2: {3, 4}, 3: {3, 4}, 4: set[int]()}
"""Which states a session may go to from which (分配客服会话)."""


class KfServer(KfWorld):
    """qyapi.weixin.qq.com for one company, with faults to order."""

    def app(self) -> Starlette:
        """Its routes."""
        calls = {
            "sync_msg": self._sync, "send_msg": self._send, "send_msg_on_event": self._on_event,
            "service_state/get": self._state, "service_state/trans": self._trans, "customer/batchget": self._customers,
        }  # fmt: skip
        routes = [Route(f"/cgi-bin/kf/{name}", self._guarded(name, call), methods=["POST"]) for name, call in calls.items()]
        routes.append(Route("/cgi-bin/gettoken", self._gettoken))
        routes.append(Route("/cgi-bin/media/upload", self._upload, methods=["POST"]))
        routes.append(Route("/cgi-bin/media/get", self._get))
        return Starlette(routes=routes)

    def _guarded(self, name: str, call: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            self.calls[name] += 1
            if refused := self._refused(request):
                return refused
            raw = await request.body()
            if b"\\u" in raw:
                return _error(40033, "invalid charset")
            answer: Response = await call(request, orjson.loads(raw))
            return answer

        return endpoint

    async def _gettoken(self, request: Request) -> Response:
        self.calls["token"] += 1
        if request.query_params["corpid"] != CORP:
            return _error(40013, "invalid corpid")
        if request.query_params["corpsecret"] != SECRET:
            return _error(40001, "invalid credential")
        return JSONResponse({"errcode": 0, "errmsg": "ok", "access_token": self._token, "expires_in": 7200})

    def _refused(self, request: Request) -> Response | None:
        if request.query_params.get("access_token") != self._token:
            return _error(40014, "invalid access_token")
        return None

    async def _sync(self, request: Request, asked: dict[str, Any]) -> Response:
        if self.hangs:
            await asyncio.sleep(self.hangs)
        if "token" not in asked:
            self.without_ticket += 1
        elif self.tickets.get(asked["token"], 0.0) < self.clock():
            return _error(95007, "invalid msgtoken")
        feed = self.feeds.get(asked["open_kfid"], [])
        self.places.append(asked.get("cursor", ""))
        start = int(asked["cursor"][3:].split("e")[0]) if asked.get("cursor") else self._oldest(feed)
        most = 0 if self.empty_pages else min(self.page, asked.get("limit", 1000))
        self.empty_pages = max(self.empty_pages - 1, 0)
        found = feed[start : start + most]
        end = start + len(found)
        place = asked["cursor"] if self.stuck else f"cur{end}" if most else f"cur{end}e{self.empty_pages}"
        more = int(self.stuck or end < len(feed))
        return JSONResponse({"errcode": 0, "errmsg": "ok", "next_cursor": place, "has_more": more, "msg_list": found})

    def _oldest(self, feed: list[dict[str, Any]]) -> int:
        """Without a cursor: what came within the last three days."""
        return next((n for n, one in enumerate(feed) if one["send_time"] > self.clock() - KEPT_S), len(feed))

    async def _send(self, request: Request, body: dict[str, Any]) -> Response:
        if self.hangs:
            await asyncio.sleep(self.hangs)
        if self.codes:
            return _error(self.codes.pop(0), "ordered by the test")
        who, msgid = body["touser"], body.get("msgid", "")
        if refused := self._known(body["open_kfid"], msgid) or self._unfit(body):
            return refused
        if self.states.get(who, 4) not in (0, 1):
            return _error(95018, "send msg session status invalid")
        left, end = self.allowed.get(who, (0, 0.0))
        if self.clock() >= end:
            return _error(95002, "send msg time limit")
        if left <= 0:
            return _error(95001, "send msg count limit")
        self.allowed[who] = left - 1, end
        return await self._took(request, body)

    def _known(self, account: str, msgid: str) -> Response | None:
        if not re.fullmatch("[0-9A-Za-z_-]{0,32}", msgid):
            return _error(40058, "invalid Request Parameter msgid")
        if (account, msgid) not in self.ids:
            return None
        return _error(REPEATED, "msgid already exist") if self.strict_ids else JSONResponse({"errcode": 0, "msgid": msgid})

    def _unfit(self, body: dict[str, Any]) -> Response | None:
        kind = body["msgtype"]
        if kind == "text" and len(body["text"]["content"].encode()) > 2048:
            return _error(45002, "content size out of limit")
        if kind == "msgmenu" and len(body["msgmenu"]["list"]) > 10:
            return _error(95008, "menu item count out of limit")
        wanted = body[kind].get("media_id") if kind in MEDIA else body[kind].get("thumb_media_id") if kind != "text" else None
        if kind in (*MEDIA, "link", "miniprogram") and not self._alive(wanted):
            return _error(40007, "invalid media_id")
        return None

    async def _took(self, request: Request, body: dict[str, Any]) -> Response:
        msgid = body.get("msgid") or f"own{len(self.sent)}"
        self.ids[(body.get("open_kfid", ""), msgid)] = body
        self.sent.append(body)
        if self.lose_answers:
            self.lose_answers -= 1
            cut(request.scope)
        return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": msgid})

    async def _on_event(self, request: Request, body: dict[str, Any]) -> Response:
        if self.codes:
            return _error(self.codes.pop(0), "ordered by the test")
        who, end = self.codes_given.get(body["code"], ("", 0.0))
        if refused := self._known("", body.get("msgid", "")):
            return refused
        if not who or self.clock() >= end or body["msgtype"] not in ("text", "msgmenu"):
            return _error(95025, "invalid code")
        del self.codes_given[body["code"]]
        return await self._took(request, {**body, "touser": who})

    async def _state(self, request: Request, body: dict[str, Any]) -> Response:
        return JSONResponse({"errcode": 0, "service_state": self.states.get(body["external_userid"], 4)})

    async def _trans(self, request: Request, body: dict[str, Any]) -> Response:
        who, wanted = body["external_userid"], body["service_state"]
        if wanted not in MOVES[self.states.get(who, 4)]:
            return _error(95016, "state change is not allowed")
        self.states[who] = wanted
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _customers(self, request: Request, body: dict[str, Any]) -> Response:
        asked = body["external_userid_list"]
        if len(asked) > 100:
            return _error(40058, "too many")
        found = [{"external_userid": one, **self.people[one]} for one in asked if one in self.people]
        strangers = [one for one in asked if one not in self.people]
        return JSONResponse({"errcode": 0, "customer_list": found, "invalid_external_userid": strangers})

    def _alive(self, name: Any) -> bool:
        return name in self.media and self.clock() - self.media[name][0] < KEPT_S

    async def _upload(self, request: Request) -> Response:
        self.calls["upload"] += 1
        if refused := self._refused(request):
            return refused
        kind = request.query_params["type"]
        async with request.form() as form:
            given: Any = form["media"]
            content = await given.read()
            if kind in TYPES and given.filename.rsplit(".", 1)[-1] not in TYPES[kind].split():
                return _error(40005, "invalid file type")
            name = self.keep(content, given.content_type)
        return JSONResponse({"errcode": 0, "type": kind, "media_id": name, "created_at": str(int(self.clock()))})

    async def _get(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        name = request.query_params["media_id"]
        if not self._alive(name):
            return _error(40007, "invalid media_id")
        _, mime, content = self.media[name]
        return Response(content, media_type=mime)


def _error(code: int, message: str) -> Response:
    told = f"{message}, hint: [1700000000000000000000042], from ip: 203.0.113.9, more info at https://open.work.weixin.qq.com"
    return JSONResponse({"errcode": code, "errmsg": told})


@asynccontextmanager
async def kf() -> AsyncIterator[KfServer]:
    """The server, running."""
    server = KfServer()
    async with serving(server.app()) as server.url:
        yield server
