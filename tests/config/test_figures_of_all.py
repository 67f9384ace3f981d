"""Figures of web and workers that were started by themselves are told together, by any web process."""

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path

import httpx

from config.figures import OLD_S, VARIABLE, folder, leave_in
from tests.conftest import until
from tests.servers.installation import installed

BOT = "enabled: true\ngreeting: {en: Welcome!}\n"


async def test_what_a_worker_counts_is_told_by_the_web_process(tmp_path: Path) -> None:
    async with installed(tmp_path, files={"bot.yaml": BOT}, workers=0) as hub, httpx.AsyncClient(base_url=hub.url()) as http:
        await hub.stop("web1")
        await hub.start("web1", "config web")
        await hub.start("worker1", "config worker")
        token = (await http.post("/chat/web/session", json={})).json()["token"]
        body = {"tok": token, "since": 0, "up": [{"t": "send", "id": "m1", "d": {"text": "hello"}}]}
        assert (await http.post("/chat/web/poll", json=body)).status_code == 200

        async def told() -> bool:
            text = (await http.get("/metrics")).text
            both = all(f'frontdesk_messages_total{{channel="web",direction="{way}"}} 1.0' in text for way in ("in", "out"))
            return both and bool(re.search(r"^frontdesk_stored_seconds_count [1-9]", text, re.MULTILINE))

        await until(told, 20)


def test_each_machine_has_a_folder_and_what_is_old_is_forgotten(tmp_path: Path) -> None:
    before = os.environ.get(VARIABLE)
    other = tmp_path / "metrics" / "gone"
    other.mkdir(parents=True)
    for name, age in (("counter_1.db", OLD_S + 60), ("counter_2.db", 60)):
        (other / name).write_bytes(b"")
        os.utime(other / name, (time.time() - age,) * 2)
    try:
        leave_in(tmp_path)
        assert os.environ[VARIABLE] == str(folder(tmp_path))
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before
    assert folder(tmp_path).is_dir() and folder(tmp_path).name == socket.gethostname()
    assert [path.name for path in other.iterdir()] == ["counter_2.db"]
