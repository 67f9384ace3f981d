"""A customer writes from WeChat, sealed as WeChat seals it; agents read it in a Slack thread, and their answer reaches WeChat
once, though callbacks are repeated and the worker is killed meanwhile."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import xmltodict  # type: ignore[import-untyped]
from playwright.async_api import async_playwright, expect
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]

from hub.ports import Hook
from hub.store.database import Database
from hub.store.windows import BEHIND, SPENT
from tests.conftest import until
from tests.hub.test_voices import amr, heard
from tests.servers.installation import Running, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.wechat import WeChatServer, wechat
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, SECRET, TOKEN, callback, signature
from tests.stories.test_the_demo_page_and_the_console import answer, first_admin
from tests.widget.browser.conftest import CHROMIUM, FLAGS

CHANNEL = f"""
type: wechat
app_id: {APP_ID}
secret: {SECRET}
token: {TOKEN}
aes_key: {AES_KEY}
passive_s: 0
api_url: """


def sent(kind: str, more: str, who: str = "oAnn") -> Hook:
    now = int(time.time())
    head = f"<ToUserName>gh_1</ToUserName><FromUserName>{who}</FromUserName><CreateTime>{now}</CreateTime>"
    return callback(f"<xml>{head}<MsgType>{kind}</MsgType>{more}</xml>", now)


def said(text: str, number: int, who: str = "oAnn") -> Hook:
    return sent("text", f"<Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId>", who)


async def call(hub: Running, hook: Hook, channel: str = "wechat", web: str = "web1") -> httpx.Response:
    """What WeChat does with a callback."""
    async with httpx.AsyncClient(timeout=10) as http:
        return await http.post(hub.hook(channel, web), params=dict(hook.query), content=hook.body)


def opened(body: str) -> Any:
    """An answer inside a callback, as WeChat opens it."""
    outer = xmltodict.parse(body)["xml"]
    plain = WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(body, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
    return xmltodict.parse(plain)["xml"]


def thread_of(slack: SlackServer, line: str) -> str:
    found = [post for post in slack.posts() if post["thread_ts"] and line in post["text"]]
    return f"{found[0]['channel']}:{found[0]['thread_ts']}" if found else ""


def answers(server: WeChatServer) -> list[Any]:
    return [one["text"]["content"] for one in server.sent if one["msgtype"] == "text"]


@pytest.mark.timeout(120)
async def test_a_wechat_customer_is_answered_from_slack(tmp_path: Path) -> None:
    async with wechat() as server, slack_server() as slack:
        server.acted("oAnn", "message")
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


@pytest.mark.timeout(120)
async def test_a_voice_note_is_one_that_slack_plays(tmp_path: Path) -> None:
    async with wechat() as server, slack_server() as slack:
        files = {"channels/wechat.yaml": CHANNEL + server.url}
        async with installed(tmp_path, slack=slack.api_url, files=files) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[-1])
            note = server.keep(amr(2), "audio/amr")
            more = f"<MediaId>{note}</MediaId><Format>amr</Format><MsgId>3</MsgId>"
            assert (await call(hub, sent("voice", more))).text == "success"
            await until(lambda: any(file["content"] for file in slack.workspace.files.values()), 30)
            (file,) = slack.workspace.files.values()
            assert file["name"] == "voice.mp3"
            codec, seconds, _ = heard(file["content"])
            assert codec.startswith("mp3")
            assert seconds == pytest.approx(2, abs=0.15)


BOT = """
enabled: true
faq:
  - {name: hours, keywords: [几点], answer: {zh: 我们每天九点开门。}}
handover: {zh: 请稍候。}
fallback: []
"""


@pytest.mark.timeout(120)
async def test_what_the_bot_knows_goes_back_sealed_in_the_callback_and_nowhere_else(tmp_path: Path) -> None:
    async with wechat() as server, slack_server() as slack:
        server.acted("oAnn", "message")
        server.acted("oBen", "message")
        files = {"channels/wechat.yaml": CHANNEL.replace("passive_s: 0", "passive_s: 3.5") + server.url, "bot.yaml": BOT}
        async with installed(tmp_path, slack=slack.api_url, files=files) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[-1])
            await call(hub, said("我要投诉", 9, who="oBen"))
            await until(lambda: thread_of(slack, "我要投诉"), 40)  # the worker is up
            before = len(answers(server))
            asked = said("你们几点开门？", 1)
            first = await call(hub, asked)
            answer = opened(first.text)
            assert (answer["ToUserName"], answer["FromUserName"]) == ("oAnn", "gh_1")
            assert (answer["MsgType"], answer["Content"]) == ("text", "我们每天九点开门。")
            again = opened((await call(hub, asked)).text)
            assert again["Content"] == answer["Content"], "WeChat may not have heard the first"

            assert opened((await call(hub, said("我要退货", 2))).text)["Content"] == "请稍候。"
            begun = time.monotonic()
            assert (await call(hub, said("订单 42", 3))).text == "success", "a person's answer takes longer"
            assert time.monotonic() - begun < 4.5, "before WeChat's five seconds are over"
            await until(lambda: thread_of(slack, "我要退货"), 20)
            assert (await slack.reply(thread_of(slack, "我要退货"), "好的，马上处理。").done()).acknowledged
            await until(lambda: "好的，马上处理。" in answers(server), 20)
            assert answers(server)[before:] == ["好的，马上处理。"], "never both"


@pytest.mark.timeout(120)
async def test_what_is_not_wechats_or_too_much_is_refused_at_the_door(tmp_path: Path) -> None:
    async with wechat() as server, installed(tmp_path, files={"channels/wechat.yaml": CHANNEL + server.url}) as hub:
        good = said("hi", 1)
        old = callback("<xml></xml>", time.time() - 400)
        for hook, status in [
            (Hook("POST", {**good.query, "msg_signature": "0" * 40}, {}, good.body), 401),
            (old, 401),
            (Hook("POST", {}, {}, b"<xml/>"), 401),
            (Hook("POST", good.query, {}, b" " * 65_600), 413),
            (callback("<xml></xml>", time.time()), 400),
            (good, 200),
        ]:
            assert (await call(hub, hook)).status_code == status
        wrong = [
            {**good.query, "msg_signature": "0" * 40},
            {**good.query, "nonce": "other"},
            {**good.query, "timestamp": "1"},
            {},
        ]
        sealed = [
            callback("<xml></xml>", time.time(), key=AES_KEY[::-1]),
            callback("<xml></xml>", time.time(), app_id="wx9999999999999999"),
            callback("<xml></xml>", time.time(), token="other"),
            *(Hook("POST", query, {}, good.body) for query in wrong),
            Hook("POST", good.query, {}, good.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[!!")),
            Hook("POST", good.query, {}, b"<xml><Encrypt></Encrypt></xml>"),
        ]
        told = {(one.status_code, one.content) for one in [await call(hub, hook) for hook in sealed]}
        assert len(told) == 1, "who tries keys learns nothing from the answer"
        now = str(int(time.time()))
        greeting = {"timestamp": now, "nonce": "n", "echostr": "42", "signature": signature(TOKEN, now, "n")}
        async with httpx.AsyncClient() as http:
            answer = await http.get(hub.hook("wechat", hub.webs[0]), params=greeting)
        assert (answer.status_code, answer.text) == (200, "42")
        assert answer.headers["content-type"].startswith("text/plain")


ROUTING = """
rules:
  - came_by: [shop7]
    team: returns
teams:
  returns:
    members: []
"""


async def stored(folder: Path, wanted: str) -> list[tuple[Any, ...]]:
    """Rows of an installation's database."""
    db = Database(f"sqlite:///{folder}/data/frontdesk.db", pool=1)
    try:
        async with db.read() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(wanted)]
    finally:
        await db.close()


async def until_stored(folder: Path, wanted: str, expected: list[tuple[Any, ...]], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while (found := await stored(folder, wanted)) != expected:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.1)


@pytest.mark.timeout(120)
async def test_somebody_known_on_two_accounts_is_one_customer(tmp_path: Path) -> None:
    async with wechat() as server:
        one = CHANNEL + server.url + "\nunionid: true\n"
        server.unions = {"oAnn": "u42", "oBob": "u43"}
        async with installed(tmp_path, files={"channels/wechat.yaml": one, "channels/other.yaml": one}) as hub:
            assert (await call(hub, said("hi", 1))).status_code == 200
            assert (await call(hub, said("hi", 11), "other")).status_code == 200
            assert (await call(hub, said("hi", 21, "oBob"), "other")).status_code == 200
            await until(lambda: server.calls["user"] == 3, 20)
            customers = "SELECT external_id, count(*) FROM identity GROUP BY customer_id, external_id ORDER BY 1"
            await until_stored(tmp_path, customers, [("oAnn", 2), ("oBob", 1)])
            await hub.restart("worker1")
            assert (await call(hub, said("more", 2))).status_code == 200
            await until_stored(tmp_path, "SELECT count(*) FROM message WHERE parts LIKE '%more%'", [(1,)])
            assert server.calls["user"] == 3, "each is asked for once, also by a new process"


@pytest.mark.timeout(120)
async def test_a_codes_scene_finds_the_team_and_who_leaves_may_come_back(tmp_path: Path) -> None:
    async with wechat() as server:
        files = {"channels/wechat.yaml": CHANNEL + server.url, "routing.yaml": ROUTING}
        async with installed(tmp_path, files=files) as hub:
            scan = "<Event>SCAN</Event><EventKey>shop7</EventKey>"
            follow = "<Event>subscribe</Event><EventKey>qrscene_shop7</EventKey>"
            leave = "<Event>unsubscribe</Event><EventKey></EventKey>"
            assert (await call(hub, sent("event", scan, "oScan"))).text == "success"
            assert (await call(hub, sent("event", follow, "oFollow"))).text == "success"
            for number, who in enumerate(("oScan", "oFollow", "oAlone")):
                assert (await call(hub, said("hi", number, who))).text == "success"
            teams = "SELECT i.external_id, c.team FROM conversation c JOIN identity i ON i.id = c.identity_id ORDER BY 1"
            await until_stored(tmp_path, teams, [("oAlone", ""), ("oFollow", "returns"), ("oScan", "returns")])

            reachable = "SELECT unreachable = '' FROM identity WHERE external_id = 'oFollow'"
            assert (await call(hub, sent("event", leave, "oFollow"))).text == "success"
            await until_stored(tmp_path, reachable, [(0,)])
            again = sent("event", follow.replace("qrscene_shop7", ""), "oFollow")
            assert (await call(hub, again)).text == "success"
            await until_stored(tmp_path, reachable, [(1,)])
            await until_stored(tmp_path, f"{teams} LIMIT 2", [("oAlone", ""), ("oFollow", "returns")])


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")
@pytest.mark.timeout(120)
async def test_the_console_shows_what_wechat_still_takes(tmp_path: Path) -> None:
    async with wechat() as server:
        server.acted("oAnn", "message")
        files = {"channels/wechat.yaml": CHANNEL.replace("passive_s: 0", "passive_s: 0\nquota: 2") + server.url}
        async with installed(tmp_path, files=files) as hub, async_playwright() as playwright:
            told = await hub.command("agent", "add", "lin@example.com", "--name", "Lin")
            link = re.search(r"http\S+#setup=\S+", told)
            assert link, told
            assert (await call(hub, said("在吗？", 1))).text == "success"
            chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await chromium.new_page(locale="en-GB")
            await first_admin(page, link[0])
            await page.locator("fd-list .tabs button").filter(has_text="All").click()
            await page.locator("fd-list .rows a").first.click(timeout=20_000)
            limit = page.locator("fd-thread .limit")
            await expect(limit).to_contain_text("2 of 2 answers left, until", timeout=20_000)
            await answer(page, "在的。")
            await expect(limit).to_contain_text("1 of 2 answers left", timeout=20_000)
            await answer(page, "您请说。")
            await expect(limit).to_contain_text("takes no answers now", timeout=20_000)
            await answer(page, "我等您。")
            waits = page.locator("fd-thread .meta.unknown")
            await expect(waits).to_have_text(f"Waits until the customer writes again · {SPENT}", timeout=20_000)
            await answer(page, "好的。")
            await expect(waits.last).to_have_text(f"Waits until the customer writes again · {BEHIND}", timeout=20_000)
            assert answers(server) == ["在的。", "您请说。"]
            assert (await call(hub, said("我要退货", 2))).text == "success"
            await expect(limit).to_contain_text("1 of 2 answers left", timeout=20_000)
            await until(lambda: answers(server) == ["在的。", "您请说。", "我等您。\n好的。"], 20)
            await expect(waits).to_have_count(0, timeout=20_000)
            for width in (360, 1440):
                await page.set_viewport_size({"width": width, "height": 800})
                assert await page.evaluate("document.documentElement.scrollWidth") == width
            await chromium.close()
