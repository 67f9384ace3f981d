"""Workers that are killed again and again call agents once all the same: in threads, alone, and where it is urgent."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hub.notify import LEASE_MS
from tests.conftest import until
from tests.servers.installation import HOOK_SECRET, Running, installed
from tests.servers.slack import SlackServer, slack_server
from tests.servers.telegram import telegram

CUSTOMERS = 6
DESK = "rate: 20\nlookup_after: 1\ntimeout: 2\nescalation: C0URGENT\n"
FILES = {"notices.yaml": "unanswered: {after: 2s, escalate: 4s}\nunseen: {after: 2s}\n", "bot.yaml": "enabled: false\n"}
LINK = re.compile(r"/archives/(\w+)/p(\d+)\|")


async def killing(hub: Running) -> None:
    """kill -9 one worker and then the other."""
    for name in itertools.cycle(["worker1", "worker2"]):
        await asyncio.sleep(6)
        await hub.restart(name)


def linked(slack: SlackServer, place: str) -> Counter[str]:
    """How often a thread is linked to in a place."""
    posts = [post["text"] for post in slack.posts() if post["channel"] == place]
    return Counter(found[2] for text in posts for found in LINK.finditer(text))


def heads(slack: SlackServer) -> list[dict[str, Any]]:
    """The cards."""
    return [post for post in slack.posts() if not post["thread_ts"]]


@pytest.mark.timeout(300)
async def test_each_is_called_once_while_workers_die(tmp_path: Path) -> None:
    async with telegram() as bot, slack_server() as slack:
        slack.echo = False
        places = {"telegram": bot.url, "slack": slack.api_url, "desk": DESK, "files": FILES, "workers": 2}
        async with installed(tmp_path, **places) as hub:  # type: ignore[arg-type]
            bot.updates.set_hook(hub.hook("telegram"), HOOK_SECRET, 20, [])
            slack.sender.hook = hub.hook("slack")
            for n in range(CUSTOMERS):
                bot.say(1000 + n, f"question {n}")
            await until(lambda: len(heads(slack)) == CUSTOMERS, 40)
            cards = heads(slack)
            roots = {post["ts"].replace(".", "") for post in cards}
            task = asyncio.create_task(killing(hub))
            for card in cards:
                slack.reply(f"{card['channel']}:{card['ts']}", "!n <@U2BO> can you look?")
            await asyncio.sleep(20)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for name in ("worker1", "worker2"):
                if hub.processes[name].returncode is not None:
                    await hub.start(name)
            await until(lambda: linked(slack, "C0URGENT").keys() == roots and linked(slack, "DU2BO"), LEASE_MS / 1000 + 40)
            await asyncio.sleep(5)
    assert linked(slack, "C0URGENT") == dict.fromkeys(roots, 1)
    alone = linked(slack, "DU2BO")
    assert set(alone) <= roots and set(alone.values()) == {1}, "once at most: a message whose fate nobody knows is not repeated"
    calls = Counter(post["thread_ts"] for post in slack.posts() if "<!here>" in post["text"])
    assert calls == dict.fromkeys((card["ts"] for card in cards), 1)
