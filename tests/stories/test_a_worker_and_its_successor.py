"""`frontdesk up` brings a killed worker back, and what that one had begun is found at once: nobody waits for its lease."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import until
from tests.servers.installation import HOOK_SECRET, installed
from tests.servers.slack import slack_server
from tests.servers.telegram import telegram

DESK = "rate: 20\nlookup_after: 1\ntimeout: 10\n"
LEASE_S = 25.0
"""What a call to this desk is held for: its timeout, and fifteen seconds."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_line_that_a_killed_worker_was_posting_is_there_once_within_seconds(tmp_path: Path, workers: int) -> None:
    async with telegram() as bot, slack_server() as slack:
        places = {"telegram": bot.url, "slack": slack.api_url, "desk": DESK, "files": {"bot.yaml": "enabled: false\n"}}
        async with installed(tmp_path, **places, workers=workers, supervised=True) as hub:  # type: ignore[arg-type]
            bot.updates.set_hook(hub.hook("telegram"), HOOK_SECRET, 20, [])
            slack.sender.hook = hub.hook("slack")
            bot.say(7, "first")
            await until(lambda: [post for post in slack.posts() if "first" in post["text"]], 20)
            await until(lambda: len(hub.children("workers")) == workers)
            slack.behaviour.next("accept_hang")
            bot.say(7, "second")
            await until(lambda: [post for post in slack.posts() if "second" in post["text"]], 20)
            for worker in hub.children("workers"):
                os.kill(worker, signal.SIGKILL)
            killed = time.monotonic()
            bot.say(7, "third")
            await until(lambda: [post for post in slack.posts() if "third" in post["text"]], LEASE_S)
            took = time.monotonic() - killed
            thread = [post["text"] for post in slack.posts() if post["thread_ts"]]
    assert [sum(word in text for text in thread) for word in ("second", "third")] == [1, 1], thread
    assert took < LEASE_S / 2, "the lease of the dead was waited for"
