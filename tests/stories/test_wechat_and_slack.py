"""A customer writes from WeChat, sealed as WeChat seals it; agents read it in a Slack thread, and their answer reaches WeChat
once, though callbacks are repeated and the worker is killed meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.ports import Hook
from tests.conftest import until
from tests.servers.installation import Running, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.wechat import AES_KEY, APP_ID, SECRET, TOKEN, WeChatServer, callback, wechat

CHANNEL = f"""
type: wechat
app_id: {APP_ID}
secret: {SECRET}
token: {TOKEN}
aes_key: {AES_KEY}
passive_s: 0
api_url: """


def said(text: str, number: int) -> Hook:
    now = int(time.time())
    head = f"<ToUserName>gh_1</ToUserName><FromUserName>oAnn</FromUserName><CreateTime>{now}</CreateTime>"
    body = f"<xml>{head}<MsgType>text</MsgType><Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId></xml>"
    return callback(body, now)


async def call(hub: Running, hook: Hook) -> httpx.Response:
    """What WeChat does with a callback."""
    async with httpx.AsyncClient(timeout=10) as http:
        return await http.post(hub.hook("wechat", hub.webs[0]), params=dict(hook.query), content=hook.body)


def thread_of(slack: SlackServer, line: str) -> str:
    found = [post for post in slack.posts() if post["thread_ts"] and line in post["text"]]
    return f"{found[0]['channel']}:{found[0]['thread_ts']}" if found else ""


def answers(server: WeChatServer) -> list[Any]:
    return [one["text"]["content"] for one in server.sent if one["msgtype"] == "text"]


@pytest.mark.timeout(120)
async def test_a_wechat_customer_is_answered_from_slack(tmp_path: Path) -> None:
    async with wechat() as server, slack_server() as slack:
        files = {"channels/wechat.yaml": CHANNEL + server.url}
        async with installed(tmp_path, slack=slack.api_url, files=files) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[-1])
            hook = said("我的快递到哪里了？", 1)
            for _ in range(3):
                answer = await call(hub, hook)
                assert (answer.status_code, answer.text) == (200, "success")
            assert (await call(hub, Hook("POST", {**hook.query, "nonce": "x"}, {}, hook.body))).status_code == 401
            await until(lambda: thread_of(slack, "我的快递到哪里了？"), 20)
            thread = thread_of(slack, "我的快递到哪里了？")
            assert [post["text"] for post in slack.posts(thread)].count("我的快递到哪里了？") == 1

            before = len(answers(server))
            assert (await slack.reply(thread, "明天送到。").done()).acknowledged
            await until(lambda: len(answers(server)) > before, 20)
            assert answers(server)[before:] == ["明天送到。"]

            await hub.kill("worker1")
            await call(hub, said("谢谢", 2))
            await hub.start("worker1")
            await until(lambda: any("谢谢" in post["text"] for post in slack.posts(thread)), 30)
            assert [post["text"] for post in slack.posts(thread)].count("谢谢") == 1
