"""A customer writes to a company's 微信客服, and is answered from Slack: nothing is lost, doubled or out of order, though
callbacks come twice or not at all, and workers die between reading a page and committing it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.jobs import connect
from tests.conftest import own_valkey, until
from tests.hub.test_voices import amr, heard
from tests.servers.installation import Running, installed
from tests.servers.kf import KfServer, kf
from tests.servers.kf_callbacks import AES_KEY, CORP, SECRET, TOKEN
from tests.servers.slack import SlackServer, slack_server

CHANNEL = f"""
type: wecom_kf
corp_id: {CORP}
secret: {SECRET}
token: {TOKEN}
aes_key: {AES_KEY}
reread_minutes: 0.05
ending: 再见！
api_url: """


def files(server: KfServer, **more: str) -> dict[str, str]:
    return {"channels/kf.yaml": CHANNEL + server.url, **more}


async def ring(hub: Running, server: KfServer, web: int = 0) -> int:
    """The callback that WeCom makes."""
    hook = server.ring()
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.post(hub.hook("kf", hub.webs[web]), params=dict(hook.query), content=hook.body)
    assert answer.status_code != 200 or answer.text == "success"
    return answer.status_code


def thread_of(slack: SlackServer, line: str) -> str:
    found = [post for post in slack.posts() if post["thread_ts"] and line in post["text"]]
    return f"{found[0]['channel']}:{found[0]['thread_ts']}" if found else ""


def lines(slack: SlackServer, words: str) -> list[str]:
    """What customers said in Slack, in order, a line for each."""
    posts = [post["text"] for post in slack.posts() if post["thread_ts"]]
    return [line for text in posts for line in text.splitlines() if line.startswith(words)]


def stored(folder: Path, wanted: str) -> list[tuple[Any, ...]]:
    """Rows of an installation's database."""
    with closing(sqlite3.connect(folder / "data" / "frontdesk.db", timeout=10)) as database:
        return list(database.execute(wanted))


@pytest.mark.timeout(120)
async def test_a_kf_customer_is_answered_from_slack(tmp_path: Path) -> None:
    async with kf() as server, slack_server() as slack:
        server.people["wmAnn"] = {"nickname": "安小姐", "avatar": "", "unionid": "u42"}
        async with installed(tmp_path, slack=slack.api_url, files=files(server)) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[-1])
            server.text("wmAnn", "我的快递到哪里了？")
            for _ in range(3):
                assert await ring(hub, server) == 200
            await until(lambda: thread_of(slack, "我的快递到哪里了？"), 20)
            thread = thread_of(slack, "我的快递到哪里了？")
            assert [post["text"] for post in slack.posts(thread)].count("我的快递到哪里了？") == 1
            assert stored(tmp_path, "SELECT kind, value FROM claim") == [("unionid", "u42")], "and who it is on other accounts"
            assert any("安小姐" in str(post) for post in slack.posts(thread)), "WeCom tells the name"

            assert (await slack.reply(thread, "明天送到。").done()).acknowledged
            await until(lambda: server.texts("wmAnn") == ["明天送到。"], 20)
            assert server.sent[0]["msgid"], "the answer has an id of ours"

            note = server.keep(amr(2), "audio/amr")
            server.say("wmAnn", "voice", media_id=note)
            assert await ring(hub, server) == 200
            await until(lambda: any(file["content"] for file in slack.workspace.files.values()), 30)
            (file,) = slack.workspace.files.values()
            assert heard(file["content"])[0].startswith("mp3")

            server.event("wmAnn", "user_recall_msg", recall_msgid=server.feeds["wkDesk1"][0]["msgid"])
            assert await ring(hub, server) == 200
            kinds = "SELECT count(*) FROM message WHERE kind = 'delete' AND author_kind = 'customer'"
            await until(lambda: stored(tmp_path, kinds) == [(1,)], 20)

            server.ends("wmAnn")
            assert await ring(hub, server) == 200
            await until(lambda: server.texts("wmAnn") == ["明天送到。", "再见！"], 20)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("place", ["feed.fetched", "feed.before_commit", "feed.committed"])
async def test_a_worker_that_dies_around_the_commit_of_a_page_loses_and_doubles_nothing(tmp_path: Path, place: str) -> None:
    """Killed at each of the first three pages in turn, with Redis emptied in between."""
    async with kf() as server, slack_server() as slack:
        server.page = 4
        with own_valkey() as redis_url:
            async with installed(tmp_path, "", redis_url, slack=slack.api_url, files=files(server), workers=0) as hub:
                slack.sender.hook = hub.hook("slack", hub.webs[-1])
                said = [f"kf line {n:02}" for n in range(16)]
                for line in said:
                    server.text("wmAnn", line)
                assert await ring(hub, server) == 200, "it is acknowledged although no worker lives"
                for _ in range(3):
                    await hub.start("worker1", FRONTDESK_FAILPOINTS=f"{place}=kill@1")
                    assert await asyncio.wait_for(hub.processes["worker1"].wait(), 60) == -9
                    async with _redis(redis_url) as redis:
                        await redis.flushall()
                asked = list(server.places)
                await hub.start("worker1")
                await until(lambda: len(lines(slack, "kf line")) >= len(said), 60)
                await asyncio.sleep(1)
                assert lines(slack, "kf line") == said
                inbox = "SELECT external_id FROM inbox WHERE source = 'kf' ORDER BY n"
                ids = [one["msgid"] for one in server.feeds["wkDesk1"]]
                assert [row[0] for row in stored(tmp_path, inbox)] == ids
                assert stored(tmp_path, "SELECT place FROM feed") == [("cur16",)]
                kept_before = place == "feed.committed"
                assert asked == (["", "cur4", "cur8"] if kept_before else ["", "", ""]), "the place moved with its page only"


class _redis:
    """A connection for a moment."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Any:
        self._redis = await connect(self._url)
        return self._redis

    async def __aexit__(self, *_: object) -> None:
        await self._redis.aclose()


def answers_to(server: KfServer, who: str = "") -> int:
    """How many lines customers have been sent."""
    return sum(len(text.splitlines()) for text in server.texts(who))


BOT = """
enabled: true
greeting: {zh: "您好，请问有什么可以帮您？"}
faq: []
handover: {zh: 请稍候。}
fallback: []
"""
ROUTING = """
rules:
  - came_by: [shop7]
    team: returns
teams:
  returns:
    members: []
"""


@pytest.mark.timeout(120)
async def test_who_opens_the_chat_is_greeted_and_found_a_team(tmp_path: Path) -> None:
    async with kf() as server, slack_server() as slack:
        more = {"bot.yaml": BOT, "routing.yaml": ROUTING}
        async with installed(tmp_path, slack=slack.api_url, files=files(server, **more)) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[-1])
            code = server.enters("wmAnn", scene_param="shop7")
            assert await ring(hub, server) == 200
            await until(lambda: server.texts("wmAnn") == ["您好，请问有什么可以帮您？"], 20)
            assert server.sent[0]["code"] == code, "by the code, within its twenty seconds"
            assert slack.posts() == [], "nobody has to see who only looks"
            server.text("wmAnn", "我要退货")
            assert await ring(hub, server) == 200
            await until(lambda: thread_of(slack, "我要退货"), 20)
            assert stored(tmp_path, "SELECT team FROM conversation") == [("returns",)]


@pytest.mark.timeout(120)
async def test_what_wecom_takes_no_more_of_waits_and_what_failed_later_is_told(tmp_path: Path) -> None:
    async with kf() as server, slack_server() as slack, installed(tmp_path, slack=slack.api_url, files=files(server)) as hub:
        slack.sender.hook = hub.hook("slack", hub.webs[-1])
        server.text("wmAnn", "在吗？")
        assert await ring(hub, server) == 200
        await until(lambda: thread_of(slack, "在吗？"), 20)
        thread = thread_of(slack, "在吗？")
        server.allowed["wmAnn"] = (2, server.clock() + 3600)
        for n in range(4):
            assert (await slack.reply(thread, f"answer {n}").done()).acknowledged
            await until(lambda so_far=n: answers_to(server) > min(so_far, 1), 20)
        held = "SELECT count(*) FROM delivery WHERE state = 'held' AND target = 'kf'"
        await until(lambda: stored(tmp_path, held) == [(2,)], 20)
        assert server.calls["send_msg"] == 3, "once WeCom has refused one, the next is not tried"
        server.fails("wmAnn", server.sent[1]["msgid"], 10)
        assert await ring(hub, server) == 200
        failed = "SELECT reason FROM delivery WHERE state = 'failed' AND target = 'kf'"
        await until(lambda: "refuses messages" in str(stored(tmp_path, failed)), 20)
        server.text("wmAnn", "我回来了")
        assert await ring(hub, server) == 200
        await until(lambda: "answer 3" in server.texts()[-1], 20)
        got = [line for text in server.texts() for line in text.splitlines()]
        assert got == [f"answer {n}" for n in range(4)]
