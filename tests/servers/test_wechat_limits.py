"""The test WeChat's limits: how often tokens are made, what it takes without an act of a customer's, how big files may be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.servers.test_wechat_server import fresh, line, post
from tests.servers.wechat import SIZES, WeChatServer, wechat
from tests.servers.wechat_callbacks import APP_ID, SECRET

SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
async def server() -> AsyncIterator[WeChatServer]:
    async with wechat() as running:
        yield running


def on_a_clock(server: WeChatServer) -> list[float]:
    now = [1000.0]
    server.clock = lambda: now[0]
    return now


async def ordinary(server: WeChatServer, secret: str = SECRET) -> dict[str, Any]:
    asked = {"grant_type": "client_credential", "appid": APP_ID, "secret": secret}
    async with httpx.AsyncClient() as http:
        return dict((await http.get(f"{server.url}/cgi-bin/token", params=asked)).json())


async def test_of_ordinary_tokens_the_newest_is_good_and_the_one_before_for_five_minutes(server: WeChatServer) -> None:
    now = on_a_clock(server)
    server.acted("oAnn", "payment")
    stable = await fresh(server)
    first, second, third = [str((await ordinary(server))["access_token"]) for _ in range(3)]
    codes = [(await post(server, SEND, line(), token))["errcode"] for token in (first, second, third, stable)]
    assert codes == [40001, 0, 0, 0], "and neither kind spoils the other"
    now[0] += 300
    assert [(await post(server, SEND, line(), token))["errcode"] for token in (second, third)] == [40001, 0]
    assert (await ordinary(server, "0" * 32))["errcode"] == 40125


async def test_a_token_is_forced_twenty_times_a_day_and_never_twice_within_half_a_minute(server: WeChatServer) -> None:
    now = on_a_clock(server)
    made = {await fresh(server, force=True)}
    now[0] += 29
    assert {await fresh(server, force=True)} == made, "it has no effect"
    for _ in range(19):
        now[0] += 30
        made.add(await fresh(server, force=True))
    assert len(made) == 20
    now[0] += 30
    asked = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": True}
    assert (await post(server, "/cgi-bin/stable_token", asked, ""))["errcode"] == 45009
    assert await fresh(server) in made, "it is given all the same"
    now[0] += 86_400
    assert await fresh(server, force=True) not in made


@pytest.mark.parametrize("before", [None, "place"])
async def test_who_has_not_acted_is_sent_nothing(server: WeChatServer, before: str | None) -> None:
    if before:
        server.acted("oAnn", before)
    assert (await post(server, SEND, line()))["errcode"] == 45015
    server.acted("oAnn", "message")
    assert (await post(server, SEND, line()))["errcode"] == 0
    typing = {"touser": "oNobody", "command": "Typing"}
    assert (await post(server, server.typing_path, typing))["errcode"] == 45080


@pytest.mark.parametrize(("kind", "name"), [("image", "a.png"), ("voice", "a.mp3"), ("video", "a.mp4"), ("thumb", "a.jpg")])
async def test_a_file_that_is_too_big_is_refused(server: WeChatServer, kind: str, name: str) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{server.url}/cgi-bin/media/upload",
            params={"access_token": await fresh(server), "type": kind},
            files={"media": (name, bytes(SIZES[kind] + 1), "application/octet-stream")},
        )
    assert (answer.status_code, answer.json()["errcode"]) == (200, 45001)
