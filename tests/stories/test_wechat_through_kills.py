"""Many lines between customers of a WeChat account and Slack while workers, web processes and Redis die, and WeChat takes
answers without saying so: every line is there once and in order, and of an answer that nobody can be sure of agents are told."""

from __future__ import annotations

import asyncio
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import until
from tests.servers.installation import Running, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.wechat import WeChatServer, wechat
from tests.stories.kills import EMPTIED, REDIS, killed
from tests.stories.test_wechat_and_slack import CHANNEL, call, said, thread_of

CUSTOMERS, EACH = 4, 7
KILLED = ("worker1", REDIS, "web2", "worker2", EMPTIED, "web1", REDIS)
TAKEN, UNSURE = "white_check_mark", "question"
"""What stands at an agent's line that has reached the customer, and at one of which nobody knows."""


def line(who: int, n: int) -> str:
    return f"from {who} line {n:02}"


def answer(who: int, n: int) -> str:
    return f"to {who} answer {n:02}"


async def writes(hub: Running, server: WeChatServer, who: int, n: int) -> None:
    """A customer writes: WeChat makes the callback until some web process has taken it, and once more all the same."""
    server.acted(f"o{who}", "message")
    taken = 0
    for web in cycle(hub.webs):
        try:
            told = await call(hub, said(line(who, n), 100 * who + n, f"o{who}"), web=web)
            taken += (told.status_code, told.text) == (200, "success")
        except httpx.HTTPError:
            await asyncio.sleep(0.05)
        if taken == 2:
            return


async def answers(hub: Running, slack: SlackServer, thread: str, text: str) -> None:
    """An agent writes: Slack tells of it until some web process has taken it."""
    told = slack.reply(thread, text)
    for web in cycle(hub.webs):
        await asyncio.wait_for(told.over.wait(), 60)
        if told.acknowledged:
            return
        slack.sender.hook = hub.hook("slack", web)
        told = slack.sender.again(told)


def seen(slack: SlackServer, who: int) -> list[str]:
    """A customer's lines in Slack, in order."""
    posts = [post["text"] for post in slack.posts() if post["thread_ts"]]
    return [one for text in posts for one in text.splitlines() if one.startswith(f"from {who} ")]


def received(server: WeChatServer, who: int) -> list[str]:
    """What a customer has been sent, in order."""
    texts = [one["text"]["content"] for one in server.sent if one["touser"] == f"o{who}"]
    return [one for text in texts for one in text.splitlines()]


def marks(slack: SlackServer, who: int) -> dict[str, set[str]]:
    """What stands at each of the agents' lines to a customer."""
    said: list[dict[str, Any]] = [one for place in slack.workspace.places.values() for one in place.messages.values()]
    return {
        one["text"]: {mark["name"] for mark in one.get("reactions") or ()}
        for one in said
        if one.get("user") == "U1ANNA" and one["text"].startswith(f"to {who} ")
    }


def is_known(slack: SlackServer, who: int) -> bool:
    """Whether agents have been told of each answer what became of it."""
    found = marks(slack, who)
    return len(found) == EACH and all(len(one) == 1 and one <= {TAKEN, UNSURE} for one in found.values())


async def talk(hub: Running, server: WeChatServer, slack: SlackServer) -> None:
    """Everybody writes a line and is answered, round by round, whatever dies meanwhile."""
    for n in range(EACH):
        for who in range(CUSTOMERS):
            await writes(hub, server, who, n)
        for who in range(CUSTOMERS):
            await until(lambda w=who: thread_of(slack, line(w, 0)), 60)
            if (n + who) % 4 == 0:
                server.behaviour.next("accept_reset" if n % 2 else "accept_hang")
            await answers(hub, slack, thread_of(slack, line(who, 0)), answer(who, n))
        await asyncio.sleep(0.2)


@pytest.mark.timeout(300)
async def test_many_lines_both_ways_with_kills_are_there_once_or_agents_are_told(tmp_path: Path) -> None:
    async with wechat() as server, slack_server() as slack:
        files = {"channels/wechat.yaml": CHANNEL.replace("passive_s: 0", "passive_s: 0\ntimeout: 1.5") + server.url}
        async with installed(tmp_path, slack=slack.api_url, files=files, webs=2, workers=2) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[0])
            async with killed(hub, KILLED, every_s=1.5) as kills:
                await talk(hub, server, slack)
            assert set(kills) == set(KILLED)
            unsure = 0
            for who in range(CUSTOMERS):
                await until(lambda w=who: len(seen(slack, w)) >= EACH and is_known(slack, w), 90)
            await asyncio.sleep(1)
            for who in range(CUSTOMERS):
                assert seen(slack, who) == [line(who, n) for n in range(EACH)], "each once, in order"
                found, told = received(server, who), marks(slack, who)
                assert found == sorted(set(found)), "none twice, in order"
                sure = [one for one, mark in told.items() if mark == {TAKEN}]
                assert set(sure) <= set(found), "what is said to have arrived has"
                assert {answer(who, n) for n in range(EACH)} - set(found) <= set(told) - set(sure), "nothing lost in silence"
                unsure += len(told) - len(sure)
            assert unsure > 0, "WeChat took some without saying so"
