"""An agent in Slack asks a tracker for a task, and the worker dies between the tracker's answer and its own word about it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import until
from tests.servers.tracker import SECRET, tracker_server
from tests.stories.test_one_message_and_its_answer import world

TRACKER = "tracker: {{title: Jira, url: '{url}', secret: {secret}, private_networks: [127.0.0.0/8]}}\n"
CHAT = 7


@pytest.mark.timeout(180)
async def test_a_killed_worker_leaves_one_task_and_one_line(tmp_path: Path) -> None:
    async with tracker_server() as tracker:
        files = {"tasks.yaml": TRACKER.format(url=tracker.url, secret=SECRET)}
        async with world(tmp_path, "sqlite", files=files) as here:
            slack, hub = here.slack, here.hub
            await hub.command("agent", "add", "anna@shop.example")
            await hub.kill("worker1")
            await hub.start("worker1", FRONTDESK_FAILPOINTS="task.came=kill@1")
            here.telegram.say(CHAT, "The lamp flickers")
            await until(lambda: here.thread_of("The lamp flickers"), 30)
            thread = here.thread_of("The lamp flickers")
            line = slack.workspace.thread(thread)[0]
            await slack.shortcut(thread, line["ts"], "fd_task").done()
            await until(lambda: any(one["view"]["callback_id"] == "fd_task_send" for one in slack.accepted.of("view")), 20)
            written: dict[str, Any] = {"title": {"value": "Lamp flickers"}, "text": {"value": "See the thread"}}
            assert (await slack.submit(**written).done()).statuses == [200]
            await until(lambda: hub.processes["worker1"].returncode is not None, 40)
            assert len(tracker.tasks) == 1 and not any("SHOP-1" in one["text"] for one in slack.posts())
            with closing(sqlite3.connect(tmp_path / "data" / "frontdesk.db")) as database, database:
                database.execute("UPDATE task SET due_ms = 0 WHERE state = 'queued'")  # as when the dead worker's lease is over
            await hub.start("worker1")
            await hub.start("worker2")
            await until(lambda: any("SHOP-1" in one["text"] for one in slack.posts()), 60)
            told = [one["text"] for one in slack.posts() if "SHOP-1" in one["text"]]
            assert told == ["🗂️ Task created: <https://tracker.example/browse/SHOP-1?a=1&amp;b=2|SHOP-1> · Lamp flickers"]
            assert len(tracker.tasks) == 1 and len(tracker.calls) == 2 and len(set(tracker.calls)) == 1
            assert here.answers(CHAT) == [], "nothing of it went to the customer"
