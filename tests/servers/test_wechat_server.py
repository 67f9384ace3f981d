"""The test WeChat itself: a green run proves nothing when the platform in it is too kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.servers.serving import serving
from tests.servers.wechat import ProgramServer, WeChatServer, miniprogram, wechat
from tests.servers.wechat_callbacks import APP_ID, SECRET, delivered

BODY = "<xml><FromUserName>oAnn</FromUserName><MsgType>text</MsgType><MsgId>1</MsgId></xml>"


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        yield running


async def post(server: WeChatServer, path: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    async with httpx.AsyncClient() as http:
        token = await fresh(server) if token is None else token
        answer = await http.post(f"{server.url}{path}", params={"access_token": token}, json=body)
        assert answer.status_code == 200, "WeChat's errors are answers"
        return dict(answer.json())


async def fresh(server: WeChatServer, *, force: bool = False) -> str:
    asked = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": force}
    async with httpx.AsyncClient() as http:
        return str((await http.post(f"{server.url}/cgi-bin/stable_token", json=asked)).json()["access_token"])


def line(kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"touser": "oAnn", "msgtype": kind, kind: more or {"content": "hi"}}


async def test_a_token_is_the_same_until_somebody_forces_another(server: WeChatServer) -> None:
    server.acted("oAnn", "message")
    first = await fresh(server)
    assert await fresh(server) == first
    assert (await post(server, "/cgi-bin/message/custom/send", line(), first))["errcode"] == 0
    assert await fresh(server, force=True) != first
    assert (await post(server, "/cgi-bin/message/custom/send", line(), first))["errcode"] == 40001


@pytest.mark.parametrize(("scene", "calls"), [("message", 5), ("menu", 3), ("follow", 3), ("scan", 3), ("enter", 2)])
async def test_each_scene_has_its_own_number_of_answers(server: WeChatServer, scene: str, calls: int) -> None:
    server.acted("oAnn", scene)
    codes = [(await post(server, "/cgi-bin/message/custom/send", line()))["errcode"] for _ in range(calls + 1)]
    assert codes == [0] * calls + [45047]
    now = server.clock()
    server.clock = lambda: now + 60 if scene != "message" else now + 48 * 3600
    assert (await post(server, "/cgi-bin/message/custom/send", line()))["errcode"] == 45015


async def test_a_new_scene_brings_the_larger_number_and_adds_nothing(server: WeChatServer) -> None:
    server.acted("oAnn", "message")
    await post(server, "/cgi-bin/message/custom/send", line())
    server.acted("oAnn", "menu")
    assert server.allowed["oAnn"][0] == 4
    server.acted("oAnn", "message")
    assert server.allowed["oAnn"][0] == 5


async def test_media_are_lost_after_three_days(server: WeChatServer) -> None:
    server.acted("oAnn", "message")
    fresh_one, old = server.keep(b"x", "image/png"), server.keep(b"x", "image/png", age_s=3 * 86_400 + 1)
    told = [await post(server, "/cgi-bin/message/custom/send", line("image", media_id=one)) for one in (fresh_one, old)]
    assert [one["errcode"] for one in told] == [0, 40007]


async def test_typing_has_its_rules(server: WeChatServer) -> None:
    now = [1000.0]
    server.clock = lambda: now[0]
    server.acted("oAnn", "message")

    async def typing(command: str = "Typing") -> int:
        return int((await post(server, server.typing_path, {"touser": "oAnn", "command": command}))["errcode"])

    assert [await typing("Dance"), await typing(), await typing()] == [45072, 0, 45081]
    await post(server, "/cgi-bin/message/custom/send", line())
    assert await typing() == 0, "a message ends it"
    now[0] += 31
    assert await typing() == 45080


async def test_a_mini_programs_session_takes_four_kinds() -> None:
    async with miniprogram() as server:
        assert isinstance(server, ProgramServer)
        server.acted("oAnn", "message")
        media = server.keep(b"x", "image/png")
        given: dict[str, dict[str, Any]] = {
            "text": {"content": "hi"},
            "image": {"media_id": media},
            "link": {"title": "a", "description": "b", "url": "https://x", "thumb_url": ""},
            "miniprogrampage": {"title": "a", "pagepath": "p", "thumb_media_id": media},
            "voice": {"media_id": media},
            "msgmenu": {"head_content": "?", "list": []},
        }
        codes = [
            (await post(server, "/cgi-bin/message/custom/send", line(kind, **one)))["errcode"] for kind, one in given.items()
        ]
        assert codes == [0, 0, 0, 0, 40008, 40008]
        card = line("miniprogrampage", title="a", pagepath="p", thumb_media_id="nothing")
        assert (await post(server, "/cgi-bin/message/custom/send", card))["errcode"] == 40007


async def test_a_callback_is_cut_off_and_made_three_times_more_with_another_seal() -> None:
    seen: list[tuple[str, bytes]] = []

    async def slow(request: Request) -> Response:
        seen.append((request.query_params["msg_signature"], await request.body()))
        if len(seen) < 3:
            await asyncio.sleep(0.5)
        return PlainTextResponse("success" if len(seen) == 3 else "no", 200 if len(seen) == 3 else 500)

    async with serving(Starlette(routes=[Route("/", slow, methods=["POST"])])) as url:
        assert await delivered(f"{url}/", BODY, cut_s=0.2) == ["cut", "cut", "success"]
        assert len({signature for signature, _ in seen}) == 3
        assert await delivered(f"{url}/", BODY, cut_s=0.2) == ["500"] * 4
