"""A WeCom to test against, over real HTTP: tokens that run out, a feed of messages behind a cursor, answers that are known by our
ids, sessions with states, media, and the callbacks that it would make, sealed as WeCom seals them."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from wechatpy.enterprise.crypto import WeChatCrypto  # type: ignore[import-untyped]

from hub.ports import Hook
from tests.servers.serving import cut, serving
from tests.servers.wechat import signature

CORP, SECRET, TOKEN = "ww0123456789abcdef", "fedcba9876543210fedcba9876543210", "Kf4242"
AES_KEY = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"
ACCOUNT = "wkDesk1"
WINDOW_S, QUOTA, WELCOME_S, TICKET_S, KEPT_S = 48 * 3600.0, 5, 20.0, 600.0, 3 * 86_400.0
TYPES = {"image": "jpg png", "voice": "amr", "video": "mp4"}
MEDIA = ("image", "voice", "video", "file")
REPEATED = 95023
"""A code of this server's own: WeCom's documentation promises an error for a known msgid, and gives no number."""
MOVES = {0: {1, 2, 3}, 1: {2, 3, 4}, 2: {3, 4}, 3: {3, 4}, 4: set[int]()}
"""Which states a session may go to from which (分配客服会话)."""


class KfServer:
    """qyapi.weixin.qq.com for one company, with faults to order."""

    def __init__(self) -> None:
        self.url = ""
        self.clock: Callable[[], float] = time.time
        self.calls: Counter[str] = Counter()
        self.feeds: dict[str, list[dict[str, Any]]] = {}
        self.page = 1000
        """Most messages of one page."""
        self.empty_pages = 0
        """How many of the next pages hold nothing and say that there is more."""
        self.stuck = False
        """Whether pages say that there is more, and lead to where they came from."""
        self.places: list[str] = []
        """The cursors that were asked for."""
        self.tickets: dict[str, float] = {}
        self.without_ticket = 0
        self.sent: list[dict[str, Any]] = []
        """What customers have, in order."""
        self.ids: dict[tuple[str, str], dict[str, Any]] = {}
        self.strict_ids = True
        """Whether a known msgid is refused, or answered as if it were new; shown is it once, either way."""
        self.codes: list[int] = []
        """Error codes that the next sends get."""
        self.lose_answers = 0
        """How many of the next sends are taken without an answer."""
        self.hangs = 0.0
        self.allowed: dict[str, tuple[int, float]] = {}
        self.states: dict[str, int] = {}
        self.codes_given: dict[str, tuple[str, float]] = {}
        self.media: dict[str, tuple[float, str, bytes]] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self._token = self._fresh()
        self._numbers = iter(range(1, 10**9))

    @staticmethod
    def _fresh() -> str:
        return f"K{secrets.token_hex(40)}"

    def spoil(self) -> None:
        """The token's two hours are over."""
        self._token = self._fresh()

    def say(self, who: str, kind: str, account: str = ACCOUNT, msgid: str = "", **body: Any) -> str:
        """A customer sends something; its msgid. They may now be answered, and a session that was over begins anew."""
        self.allowed[who] = (QUOTA, self.clock() + WINDOW_S)
        if self.states.get(who, 4) == 4:
            self.states[who] = 0
        message = {"open_kfid": account, "external_userid": who, "origin": 3, "msgtype": kind, kind: body}
        return self._put(account, message, msgid)

    def text(self, who: str, content: str, account: str = ACCOUNT) -> str:
        """A customer writes."""
        return self.say(who, "text", account, content=content)

    def enters(self, who: str, account: str = ACCOUNT, **more: Any) -> str:
        """A customer opens the chat; the code by which they may be greeted, unless they wrote within 48 hours."""
        code = "" if self.allowed.get(who, (0, 0.0))[1] > self.clock() else f"CODE{secrets.token_hex(8)}"
        if code:
            self.codes_given[code] = who, self.clock() + WELCOME_S
        self.event(who, "enter_session", account, scene="oth", **({"welcome_code": code} if code else {}), **more)
        return code

    def event(self, who: str, what: str, account: str = ACCOUNT, **more: Any) -> str:
        """Something that is no message."""
        event = {"event_type": what, "open_kfid": account, "external_userid": who, **more}
        return self._put(account, {"origin": 4, "msgtype": "event", "event": event})

    def fails(self, who: str, msgid: str, why: int) -> str:
        """What was taken did not arrive after all."""
        return self.event(who, "msg_send_fail", fail_msgid=msgid, fail_type=why)

    def ends(self, who: str) -> str:
        """A session is over; the code for one last word."""
        self.states[who] = 4
        code = f"END{secrets.token_hex(8)}"
        self.codes_given[code] = who, self.clock() + WELCOME_S
        self.event(who, "session_status_change", change_type=3, msg_code=code)
        return code

    def _put(self, account: str, message: dict[str, Any], msgid: str = "") -> str:
        feed = self.feeds.setdefault(account, [])
        msgid = msgid or f"kf_{next(self._numbers):06d}"
        feed.append({"msgid": msgid, "send_time": int(self.clock()), **message})
        return msgid

    def keep(self, content: bytes, mime: str, *, age_s: float = 0.0) -> str:
        """A file that a customer sent."""
        name = secrets.token_urlsafe(48)
        self.media[name] = (self.clock() - age_s, mime, content)
        return name

    def ring(self, account: str = ACCOUNT, **more: Any) -> Hook:
        """The callback that says that an account has something to read."""
        ticket = f"ENC{secrets.token_hex(16)}"
        self.tickets[ticket] = self.clock() + TICKET_S
        return callback(event_xml(ticket, account), self.clock(), **more)

    def texts(self, who: str = "") -> list[str]:
        """What customers were written."""
        return [one["text"]["content"] for one in self.sent if one["msgtype"] == "text" and who in ("", one["touser"])]

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


def event_xml(ticket: str, account: str = ACCOUNT, event: str = "kf_msg_or_event") -> str:
    """What a callback says once it is opened."""
    head = f"<ToUserName><![CDATA[{CORP}]]></ToUserName><CreateTime>1772357400</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    named = f"<Token><![CDATA[{ticket}]]></Token><OpenKfId><![CDATA[{account}]]></OpenKfId>"
    return f"<xml>{head}<Event><![CDATA[{event}]]></Event>{named}</xml>"


def callback(body: str, now: float, *, key: str = AES_KEY, token: str = TOKEN, corp: str = CORP) -> Hook:
    """A callback as WeCom makes it, around an XML."""
    stamp, nonce = str(int(now)), secrets.token_hex(5)
    encrypted = _sealed(body, stamp, nonce, key, token, corp)
    head = f"<ToUserName><![CDATA[{corp}]]></ToUserName><AgentID><![CDATA[]]></AgentID>"
    outer = f"<xml>{head}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(token, stamp, nonce, encrypted)}
    return Hook("POST", query, {"content-type": "text/xml"}, outer.encode())


def greeting(word: str, now: float, *, key: str = AES_KEY, token: str = TOKEN, corp: str = CORP) -> Hook:
    """What WeCom asks when an address is saved."""
    stamp, nonce = str(int(now)), secrets.token_hex(5)
    encrypted = _sealed(word, stamp, nonce, key, token, corp)
    query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(token, stamp, nonce, encrypted), "echostr": encrypted}
    return Hook("GET", query, {}, b"")


def _sealed(body: str, stamp: str, nonce: str, key: str, token: str, corp: str) -> str:
    sealed: str = WeChatCrypto(token, key, corp).encrypt_message(body, nonce, stamp)
    return sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
