"""Many lines between customers of a 微信客服 and Slack while workers, web processes and Redis die: each is there exactly once, in
order, both ways."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.conftest import until
from tests.servers.installation import installed
from tests.servers.kf import kf
from tests.servers.slack import slack_server
from tests.stories.kills import EMPTIED, REDIS, killed
from tests.stories.test_kf_and_slack import answers_to, files, lines, ring, thread_of

CUSTOMERS, EACH, ANSWERS = 5, 12, 4


@pytest.mark.timeout(300)
async def test_many_lines_both_ways_with_kills_are_there_exactly_once_and_in_order(tmp_path: Path) -> None:
    """Two workers, two web processes; each dies, Redis dies and is emptied, half of the callbacks never come, and WeCom takes
    answers of which the hub never hears."""
    async with kf() as server, slack_server() as slack:
        server.page = 7
        async with installed(tmp_path, slack=slack.api_url, files=files(server), webs=2, workers=2) as hub:
            slack.sender.hook = hub.hook("slack", hub.webs[0])
            async with killed(hub, ("worker1", EMPTIED, REDIS, "worker2", "web2", REDIS), every_s=0.6):
                for n in range(EACH):
                    for who in range(CUSTOMERS):
                        server.text(f"wm{who}", f"from {who} line {n:02}")
                    if n % 2 == 0:
                        for web in (n // 2 % 2, (n // 2 + 1) % 2):
                            try:
                                if await ring(hub, server, web) == 200:
                                    break
                            except httpx.HTTPError:
                                continue
                    await asyncio.sleep(0.4)
            for who in range(CUSTOMERS):
                wanted = [f"from {who} line {n:02}" for n in range(EACH)]
                await until(lambda w=who: len(lines(slack, f"from {w} line")) >= EACH, 90)
                assert lines(slack, f"from {who} line") == wanted

            server.lose_answers = 4
            answers = {who: [f"to {who} answer {n}" for n in range(ANSWERS)] for who in range(CUSTOMERS)}
            async with killed(hub, ("worker1", REDIS, "worker2", EMPTIED), every_s=0.6):
                for n in range(ANSWERS):
                    for who in range(CUSTOMERS):
                        thread = thread_of(slack, f"from {who} line 00")
                        assert (await slack.reply(thread, answers[who][n]).done()).acknowledged
                    await asyncio.sleep(0.5)
            for who in range(CUSTOMERS):
                await until(lambda w=who: answers_to(server, f"wm{w}") >= ANSWERS, 120)
            await asyncio.sleep(1)
            for who in range(CUSTOMERS):
                got = [line for text in server.texts(f"wm{who}") for line in text.splitlines()]
                assert got == answers[who], "exactly once, in order"
            assert max(Counter(one["msgid"] for one in server.sent).values()) == 1
