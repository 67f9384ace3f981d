"""A WeChat to test against, over real HTTP: stable tokens that can be spoiled, answers with a quota, and media that get lost."""

from __future__ import annotations

import asyncio
import io
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import av
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.behaviour import Act, Behaviour
from tests.servers.serving import cut, serving
from tests.servers.wechat_codes import code_told
from tests.servers.wechat_tokens import Tokens, error

QUOTA = 5
MEDIA_S = 3 * 86_400
VOICE_S = 60
SCENES = {"message": (5, 48 * 3600.0), "menu": (3, 60.0), "follow": (3, 60.0), "scan": (3, 60.0), "enter": (2, 60.0),
          "payment": (1_000_000, 48 * 3600.0), "place": (0, 0.0)}  # fmt: skip
"""Answers and seconds by what the customer did (客服消息, 下发条数限制)."""
TEMPLATE = "Tm3-waiting"
TYPES = {"image": "jpg png gif", "voice": "amr mp3", "video": "mp4", "thumb": "jpg"}
SIZES = {"image": 10_000_000, "voice": 2_000_000, "video": 10_000_000, "thumb": 64_000}
"""Bytes of an upload (新增临时素材)."""
HERE_S, TYPING_S = 30.0, 15.0
"""Within how long of a customer's act typing can be shown, and for how long it is."""


class WeChatServer:
    """api.weixin.qq.com for one Official Account, with faults to order."""

    kinds: ClassVar[frozenset[str]] = frozenset(
        {"text", "image", "voice", "video", "music", "news", "mpnews", "msgmenu", "miniprogrampage", "wxcard"}
    )
    typing_path: ClassVar[str] = "/cgi-bin/message/custom/typing"

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[dict[str, Any]] = []
        self.codes: list[int] = []
        """Error codes that the next sends get."""
        self.left: dict[str, int] = {}
        """How many more answers a customer may get, whatever their acts have opened."""
        self.text_bytes = 2048
        self.calls: Counter[str] = Counter()
        self.media: dict[str, tuple[float, str, bytes]] = {}
        self.hangs = 0.0
        self.behaviour = Behaviour()
        """What becomes of sends that come to be accepted."""
        self.unions: dict[str, str] = {}
        """Who customers are across accounts."""
        self.clock: Callable[[], float] = time.time
        self.allowed: dict[str, tuple[int, float]] = {}
        """What customers' acts have opened: answers left, until when. Who has never acted is sent nothing."""
        self.consents: Counter[str] = Counter()
        """How many subscription notices a customer has agreed to."""
        self.notices: list[tuple[int, dict[str, Any]]] = []
        self.made_codes: list[dict[str, Any]] = []
        """What QR codes were asked for."""
        self.acted_at: dict[str, float] = {}
        self.typed_at: dict[str, float] = {}
        self.tokens = Tokens(lambda: self.clock(), self.calls)

    def acted(self, who: str, scene: str) -> None:
        """A customer did something: the larger number that is left and the later end count, nothing adds up (客服消息)."""
        calls, seconds = SCENES[scene]
        left, end = self.allowed.get(who, (0, 0.0))
        left = left if self.clock() < end else 0
        self.allowed[who] = max(left, calls), max(end, self.clock() + seconds)
        self.acted_at[who] = self.clock()

    def refusal(self, who: str) -> int:
        """The code that an answer to this customer would get now; 0: it would be taken."""
        left, end = self.allowed.get(who, (0, float("-inf")))
        return 45015 if self.clock() >= end else 0 if left > 0 else 45047

    def keep(self, content: bytes, mime: str, *, age_s: float = 0.0) -> str:
        """A file that a customer sent."""
        name = secrets.token_urlsafe(48)
        self.media[name] = (time.time() - age_s, mime, content)
        return name

    def app(self) -> Starlette:
        """Its routes."""
        routes = [
            *self.tokens.routes(),
            Route("/cgi-bin/message/custom/send", self._send, methods=["POST"]),
            Route(self.typing_path, self._typing, methods=["POST"]),
            Route("/cgi-bin/message/template/send", self._template, methods=["POST"]),
            Route("/cgi-bin/message/subscribe/bizsend", self._subscription, methods=["POST"]),
            Route("/cgi-bin/message/subscribe/send", self._subscription, methods=["POST"]),
            Route("/cgi-bin/media/upload", self._upload, methods=["POST"]),
            Route("/cgi-bin/user/info", self._user, methods=["GET"]),
            Route("/cgi-bin/qrcode/create", self._code, methods=["POST"]),
            Route("/cgi-bin/media/get", self._get, methods=["GET"]),
            Route("/video/{name}", self._video, methods=["GET"]),
        ]
        return Starlette(routes=routes)

    def _refused(self, request: Request) -> Response | None:
        if not self.tokens.good(request.query_params.get("access_token", "")):
            return error(40001, "invalid credential, access_token is invalid or not latest rid: 6543-abcdef01")
        return None

    async def _send(self, request: Request) -> Response:
        self.calls["send"] += 1
        if refused := self._refused(request):
            return refused
        raw = await request.body()
        if self.hangs:
            await asyncio.sleep(self.hangs)
        if b"\\u" in raw:
            return error(40033, "invalid charset")
        body = orjson.loads(raw)
        if self.codes:
            return error(self.codes.pop(0), "ordered by the test rid: 6543-abcdef01")
        if body["msgtype"] == "text" and len(body["text"]["content"].encode()) > self.text_bytes:
            return error(45002, "content size out of limit")
        kind = body["msgtype"]
        if kind not in self.kinds:
            return error(40008, "invalid message type")
        if kind == "miniprogrampage" and not self._alive(body[kind]["thumb_media_id"]):
            return error(40007, "invalid media_id")
        if kind in TYPES and not self._alive(body[kind]["media_id"]):
            return error(40007, "invalid media_id")
        who = body["touser"]
        if who in self.left:
            if self.left[who] <= 0:
                return error(45047, "out of response count limit")
            self.left[who] -= 1
        if code := self.refusal(who):
            return error(code, "response out of time limit" if code == 45015 else "out of response count limit")
        self.allowed[who] = self.allowed[who][0] - 1, self.allowed[who][1]
        act = self.behaviour.draw()
        if act.accepts:
            self.typed_at.pop(who, None)
            self.sent.append(body)
        return await self._told(act, request)

    async def _told(self, act: Act, request: Request) -> Response:
        """What the caller learns of a send."""
        match act.kind:
            case "refuse":
                return Response("upstream", int(act.value))
            case "accept_hang":
                while (await request.receive())["type"] != "http.disconnect":
                    pass
            case "accept_reset":
                cut(request.scope)
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    def _alive(self, name: str) -> bool:
        return name in self.media and time.time() - self.media[name][0] < MEDIA_S

    async def _typing(self, request: Request) -> Response:
        self.calls["typing"] += 1
        if refused := self._refused(request):
            return refused
        if self.codes:
            return error(self.codes.pop(0), "ordered")
        body = orjson.loads(await request.body())
        who, now = body["touser"], self.clock()
        if body["command"] not in ("Typing", "CancelTyping"):
            return error(45072, "command err")
        if now - self.acted_at.get(who, float("-inf")) > HERE_S:
            return error(45080, "no recent interaction")
        if now - self.typed_at.get(who, float("-inf")) < TYPING_S:
            return error(45081, "already typing")
        self.typed_at[who] = now
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _template(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        if refused := self._refused(request) or self._unfit(body):
            return refused
        known = next((n for n, one in self.notices if one.get("client_msg_id") == body["client_msg_id"]), 0)
        if not known:
            self.notices.append((len(self.notices) + 1, body))
        return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": known or len(self.notices)})

    async def _subscription(self, request: Request) -> Response:
        """Each consent is good for one."""
        body = orjson.loads(await request.body())
        if refused := self._refused(request) or self._unfit(body):
            return refused
        if self.consents[body["touser"]] <= 0:
            return error(43101, "user refuse to accept the msg rid: 6543-abcdef01")
        self.consents[body["touser"]] -= 1
        self.notices.append((len(self.notices) + 1, body))
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    def _unfit(self, body: dict[str, Any]) -> Response | None:
        if self.codes:
            return error(self.codes.pop(0), "ordered by the test rid: 6543-abcdef01")
        if body["template_id"] != TEMPLATE:
            return error(40037, "invalid template_id")
        wrong = [name for name, one in body["data"].items() if name.startswith("thing") and len(one["value"]) > 20]
        return error(47003, f"argument invalid! data.{wrong[0]}.value is invalid") if wrong else None

    async def _upload(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        async with request.form() as form:
            given: Any = form["media"]
            if given.filename.rsplit(".", 1)[-1] not in TYPES[request.query_params["type"]].split():
                return error(40005, "invalid file type")
            content = await given.read()
            if len(content) > SIZES[request.query_params["type"]]:
                return error(45001, "media size out of limit")
            if request.query_params["type"] == "voice" and _seconds(content) > VOICE_S:
                return error(45007, "playtime out of limit")
            name = self.keep(content, given.content_type)
        return JSONResponse({"type": request.query_params["type"], "media_id": name, "created_at": int(time.time())})

    async def _user(self, request: Request) -> Response:
        """Names and pictures are empty since 2021; a unionid is there where the account belongs to an open platform."""
        self.calls["user"] += 1
        if refused := self._refused(request):
            return refused
        if self.codes:
            return error(self.codes.pop(0), "ordered by the test rid: 6543-abcdef01")
        who = request.query_params["openid"]
        union = {"unionid": self.unions[who]} if who in self.unions else {}
        return JSONResponse({"subscribe": 1, "openid": who, "nickname": "", "headimgurl": "", "language": "zh_CN"} | union)

    async def _code(self, request: Request) -> Response:
        """A code with a scene."""
        body = orjson.loads(await request.body())
        if refused := self._refused(request):
            return refused
        if self.codes:
            return error(self.codes.pop(0), "ordered by the test rid: 6543-abcdef01")
        self.made_codes.append(body)
        return JSONResponse(code_told(body, len(self.made_codes)))

    async def _get(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        name = request.query_params["media_id"]
        if not self._alive(name):
            return error(40007, "invalid media_id")
        _, mime, content = self.media[name]
        if mime.startswith("video/"):
            return JSONResponse({"video_url": f"{self.url}/video/{name}"})
        return Response(content, media_type=mime)

    async def _video(self, request: Request) -> Response:
        """Where WeChat's answer for a video leads; no token is asked for there."""
        self.calls["video"] += 1
        name = request.path_params["name"]
        if "access_token" in request.query_params or not self._alive(name):
            return Response(status_code=403)
        _, mime, content = self.media[name]
        return Response(content, media_type=mime)


def _seconds(voice: bytes) -> float:
    with av.open(io.BytesIO(voice), "r") as sound:
        return sum((frame.samples / frame.sample_rate for frame in sound.decode(sound.streams.audio[0])), 0.0)


class ProgramServer(WeChatServer):
    """The same for a Mini Program: fewer kinds, and a path of its own for typing."""

    kinds = frozenset({"text", "image", "link", "miniprogrampage"})
    typing_path = "/cgi-bin/message/custom/business/typing"


@asynccontextmanager
async def wechat() -> AsyncIterator[WeChatServer]:
    """An Official Account's server, running."""
    server = WeChatServer()
    async with serving(server.app()) as server.url:
        yield server


@asynccontextmanager
async def miniprogram() -> AsyncIterator[ProgramServer]:
    """A Mini Program's server, running."""
    server = ProgramServer()
    async with serving(server.app()) as server.url:
        yield server
