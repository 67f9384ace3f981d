"""What a channel refuses is told where agents look, console and thread, with what helps; and to admins what they have to mend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub import checking
from hub.limits import Limits
from hub.model import ChannelName
from hub.store.store import Store
from hub.store.tables import Delivery
from tests.agents_bridge.desk_hubs import Room, room
from tests.connectors.conftest import bot_of
from tests.connectors.kf_company import company
from tests.connectors.wechat_accounts import account
from tests.databases import fresh_store
from tests.hub.hubs import put, rows, settle
from tests.servers.kf import kf
from tests.servers.slack import SlackServer
from tests.servers.telegram import telegram
from tests.servers.wechat import WeChatServer, wechat

MENDED = [
    (40013, "compare app_id"),
    (40125, "compare secret"),
    (41004, "set secret"),
    (40164, "IP白名单"),
    (61004, "第三方平台"),
    (48004, "blocked this interface"),
    (48008, "接口权限"),
    (45009, "day's number of calls"),
    (45011, "minute's number of calls"),
]
"""Codes after which an answer waits until it is taken, and words that say why."""
ENDED = [
    (48001, "must be verified"),
    (40003, "another account"),
    (40007, "send it again"),
    (40008, "report it"),
    (40033, "report it"),
    (44004, "report it"),
    (47001, "report it"),
    (43004, "follow again"),
    (46004, "no such customer"),
    (50005, "follow again"),
    (43019, "take them off it"),
    (48002, "switched off"),
    (50002, "limited or closed"),
    (45002, "in pieces"),
    (87014, "say it otherwise"),
]
"""Codes after which it has failed."""
HELD = [(45015, "not written for 48 hours"), (45047, "used up")]
"""Codes after which it waits for the customer."""


class Desk:
    """A room with one more channel, whose customer has written."""

    def __init__(self, at: Room, channel: str, thread: str) -> None:
        self.at, self.channel, self.thread = at, channel, thread

    async def answer(self, text: str) -> None:
        await self.at.hears(self.at.slack.reply(self.thread, text))

    async def fates(self) -> list[tuple[str, str]]:
        """What the console shows of each answer: its state and why."""
        found = [row for row in await rows(self.at.hub.store, Delivery, target=self.channel) if row["kind"] == "send"]
        opened = await self.at.hub.store.console.opened(found[0]["conversation_id"], "")
        assert opened is not None
        return [(one.state, one.reason) for one in sorted(opened.fates, key=lambda one: one.entry_id)]

    async def again(self) -> None:
        """The time of the next try has come."""
        self.at.hub.limits = Limits(self.at.hub.limits._redis, f"{id(object())}")
        await put(self.at.hub.store, Delivery, {"target": self.channel, "state": "queued"}, due_ms=1)
        await settle(self.at.hub)

    def told(self) -> list[str]:
        """The lines of the thread that say what became of an answer."""
        signs = ("⏳", "⚠️", "❓")
        return [line for line in self.at.lines(self.thread) if line.startswith(signs)]

    def alerts(self) -> list[str]:
        return [post["text"] for post in self.at.slack.posts() if post["channel"] == "C0URGENT"]

    def marks(self) -> list[str]:
        """Frontdesk's reactions on the agents' answers."""
        root = self.at.slack.workspace.thread(self.thread)
        return [one["name"] for message in root for one in message.get("reactions") or ()]


Opened = Callable[..., Any]


@pytest.fixture
async def opened(slack: SlackServer, redis_url: str, prefix: str, tmp_path: Path) -> AsyncIterator[Opened]:
    """Makes such a room around a connector."""
    async with AsyncExitStack() as ends:
        store: Store = await fresh_store(tmp_path)
        ends.push_async_callback(store.close)

        async def made(channel: str, connector: Any, address: str) -> Desk:
            options: dict[str, Any] = {"escalation": "C0URGENT", "connectors": {ChannelName(channel): connector}}
            ends.push_async_callback(connector.aclose)
            at = await ends.enter_async_context(room(slack, store, redis_url, prefix, tmp_path / "files", **options))
            return Desk(at, channel, await at.customer("hello", channel=channel, customer=address))

        yield made


@asynccontextmanager
async def shop(opened: Opened, codes: Sequence[int]) -> AsyncIterator[tuple[WeChatServer, Desk]]:
    async with wechat() as server:
        for who in ("oAnn", "oBob"):
            server.acted(who, "message")
        at = await opened("wechat", account(server), "oAnn")
        server.codes = list(codes)
        yield server, at


@pytest.mark.parametrize(("code", "words"), MENDED)
async def test_an_answer_that_waits_for_an_admin_says_so_until_it_leaves(opened: Opened, code: int, words: str) -> None:
    async with shop(opened, [code] * 4) as (server, at):
        with capture_logs() as logs:
            await at.answer("On its way")
        [warned] = [one for one in logs if one["event"] == "outbound.stopped"]
        assert (warned["log_level"], warned["target"], warned["kind"]) == ("warning", "wechat", str(code))
        for _ in range(2):
            await at.again()
            await checking.channels(at.at.hub)
        [(state, reason)] = await at.fates()
        assert state == "queued" and words in reason and f"WeChat {code}" in reason
        [line] = at.told()
        assert line.startswith("⏳ Not sent yet: ") and words in line, "once, whatever number of tries it takes"
        assert at.marks() == ["hourglass_flowing_sand"]
        [alert] = at.alerts()
        assert "wechat: " in alert and str(code) in alert
        server.codes = []
        await at.again()
        assert [one["text"]["content"] for one in server.sent] == ["On its way"]
        assert await at.fates() == [("sent", "")], "the reason is gone"
        assert at.marks() == ["white_check_mark"] and len(at.told()) == 1
        for _ in range(2):
            await checking.channels(at.at.hub)
        assert len(at.alerts()) == 2 and "works again" in at.alerts()[1]
        assert await at.at.hub.store.troubles.all() == []


@pytest.mark.parametrize(("code", "words"), ENDED)
async def test_an_answer_that_has_failed_says_why(opened: Opened, code: int, words: str) -> None:
    async with shop(opened, [code] * 2) as (_, at):  # a lost file is uploaded once more
        await at.answer("On its way")
        [(state, reason)] = await at.fates()
        assert state == "failed" and words in reason and f"WeChat {code}" in reason
        [line] = at.told()
        assert line.startswith("⚠️ Not delivered: ") and words in line and at.marks() == ["warning"]
        await checking.channels(at.at.hub)
        assert len(at.alerts()) == (1 if code == 48001 else 0)


async def test_what_the_account_may_not_do_is_told_to_admins_once_and_sent_again_by_hand(opened: Opened) -> None:
    async with shop(opened, [48001] * 3) as (server, at):
        for n in range(3):
            await at.answer(f"answer {n}")
            await checking.channels(at.at.hub)
        assert server.calls["send"] == 3 and {state for state, _ in await at.fates()} == {"failed"}
        [alert] = at.alerts()
        assert "微信认证" in alert and "48001" in alert
        [*_, last] = await rows(at.at.hub.store, Delivery, target="wechat")
        assert await at.at.hub.store.deliveries.replay([last["id"]])
        await settle(at.at.hub)
        await checking.channels(at.at.hub)
        assert len(server.sent) == 1 and "works again" in at.alerts()[1]


@pytest.mark.parametrize(("code", "words"), HELD)
async def test_an_answer_that_waits_for_the_customer_says_for_what(opened: Opened, code: int, words: str) -> None:
    async with shop(opened, [code]) as (_, at):
        await at.at.customer("here", channel="wechat", customer="oAnn")
        await at.answer("one")
        await at.answer("two")
        (first, why), (second, behind) = await at.fates()
        assert (first, second) == ("held", "held") and words in why and str(code) in why and words not in behind
        assert [line.startswith("⏳ Held: ") for line in at.told()] == [True, True]


@pytest.mark.parametrize("code", [-1, 40001, 40014, 42001])
async def test_what_passes_by_itself_bothers_nobody(opened: Opened, code: int) -> None:
    async with shop(opened, [code]) as (server, at):
        await at.answer("On its way")
        await at.again()
        assert len(server.sent) == 1 and await at.fates() == [("sent", "")] and at.told() == []
        await checking.channels(at.at.hub)
        assert at.alerts() == []


async def test_two_causes_are_told_one_after_the_other(opened: Opened) -> None:
    async with shop(opened, [40164, 40164, 48004]) as (_, at):
        await at.answer("On its way")
        for _ in range(2):
            await at.again()
        assert ["IP whitelist" in line for line in at.told()] == [True, False] and "blocked" in at.told()[1]


async def test_of_many_answers_each_says_so_and_admins_hear_it_once(opened: Opened) -> None:
    async with shop(opened, [40164] * 2) as (_, at):
        await at.answer("On its way")
        other = Desk(at.at, "wechat", await at.at.customer("me too", channel="wechat", customer="oBob"))
        await other.answer("Yours as well")
        assert len(at.told()) == len(other.told()) == 1
        await checking.channels(at.at.hub)
        assert len(at.alerts()) == 1


@pytest.mark.parametrize("code", [40013, 60011, 60020, 95017, 45009, 45033])
async def test_wecom_s_refusals_are_told_the_same_way(opened: Opened, code: int) -> None:
    async with kf() as server:
        server.text("wmAnn", "hello")
        at = await opened("kf", company(server), "wkShop:wmAnn")
        server.codes = [code] * 9
        await at.answer("On its way")
        [(state, reason)] = await at.fates()
        assert state == "queued" and f"WeCom {code}" in reason and at.told()[0].startswith("⏳ Not sent yet: ")
        await checking.channels(at.at.hub)
        assert len(at.alerts()) == 1


async def test_a_wrong_token_of_telegram_is_told_and_answers_leave_once_it_is_right(opened: Opened) -> None:
    async with telegram() as sim:
        sim.say(77, "hello")
        at = await opened("telegram", bot_of(sim), "77")
        sim.api.token = "4242:another"
        await at.answer("On its way")
        await at.again()
        [(state, reason)] = await at.fates()
        assert state == "queued" and "compare token" in reason
        [line] = at.told()
        assert line.startswith("⏳ Not sent yet: ") and "bot's token" in line and at.marks() == ["hourglass_flowing_sand"]
        await checking.channels(at.at.hub)
        assert "telegram: " in at.alerts()[0] and "@BotFather" in at.alerts()[0]
        sim.api.token = sim.token
        await at.again()
        assert await at.fates() == [("sent", "")] and at.marks() == ["white_check_mark"]
        await checking.channels(at.at.hub)
        assert "works again" in at.alerts()[1]
