"""A customer writes in a Mini Program's session; callbacks are cut off and repeated, web and worker are killed, and agents in
Slack and the customer read everything once."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import until
from tests.servers.installation import installed
from tests.servers.slack import slack_server
from tests.servers.wechat import ProgramServer, miniprogram
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, SECRET, TOKEN, delivered
from tests.stories.test_wechat_and_slack import thread_of

CHANNEL = f"""
type: miniprogram
app_id: {APP_ID}
secret: {SECRET}
token: {TOKEN}
aes_key: {AES_KEY}
api_url: """
BOT = "enabled: true\ngreeting: {zh: 您好，请问有什么可以帮您？}\nhandover: {zh: 请稍候。}\nfallback: []\n"


def body(number: int, **more: Any) -> str:
    """A callback's JSON."""
    head = {"ToUserName": "gh_1", "FromUserName": "oMei", "CreateTime": int(time.time()), "MsgId": number}
    return json.dumps(head | more, ensure_ascii=False)


def texts(server: ProgramServer) -> list[str]:
    return [one["text"]["content"] for one in server.sent if one["msgtype"] == "text"]


@pytest.mark.timeout(180)
async def test_a_session_in_a_mini_program_is_answered_from_slack(tmp_path: Path) -> None:
    async with miniprogram() as server, slack_server() as slack:
        files = {"channels/mini.yaml": CHANNEL + server.url, "bot.yaml": BOT}
        async with installed(tmp_path, slack=slack.api_url, files=files) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[-1])
            door = hub.hook("mini", hub.webs[0])
            server.acted("oMei", "enter")
            entering = {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": "order_42"}
            assert await delivered(door, body(0, **entering)) == ["success"]
            await until(lambda: texts(server) == ["您好，请问有什么可以帮您？"], 20)
            assert server.allowed["oMei"][0] == 1, "the greeting is one of the two that WeChat takes now"

            server.acted("oMei", "message")
            line = body(1, MsgType="text", Content="这款茶还有货吗？")
            sending = asyncio.create_task(delivered(door, line, cut_s=1.0))
            await hub.kill("web1")
            await asyncio.sleep(0.2)
            await hub.start("web1")
            told = await sending
            assert told[-1] == "success" or await delivered(door, line) == ["success"], told
            assert await delivered(door, line) == ["success"], "WeChat repeats it: it is the same message"
            await until(lambda: thread_of(slack, "这款茶还有货吗？"), 30)
            thread = thread_of(slack, "这款茶还有货吗？")

            await hub.kill("worker1")
            assert (await slack.reply(thread, "还有三盒。").done()).acknowledged
            assert await delivered(door, body(2, MsgType="text", Content="我要两盒")) == ["success"]
            await hub.start("worker1")
            await until(lambda: "还有三盒。" in texts(server), 40)
            await until(lambda: any("我要两盒" in post["text"] for post in slack.posts(thread)), 40)
            lines = "\n".join(post["text"] for post in slack.posts(thread) if post["thread_ts"])
            assert [lines.count(one) for one in ("这款茶还有货吗？", "我要两盒")] == [1, 1], lines
            assert texts(server).count("还有三盒。") == 1
