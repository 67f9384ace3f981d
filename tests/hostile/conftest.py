"""The process that a file of tests knocks at."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.hostile.process import Knocked, knocked
from tests.hostile.rows import Known, known
from tests.servers.installation import ROOT


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Knocked]:
    with knocked(tmp_path_factory.mktemp("hostile"), redis_url) as own:
        yield own


@pytest.fixture(scope="module")
def conversation(hub: Knocked) -> str:
    """A conversation that exists: a worker ran until it did."""
    token = httpx.post(f"{hub.url}/chat/web/session", json={}).json()["token"]
    said = {"t": "send", "id": "first", "d": {"text": "Hello?"}}
    assert httpx.post(f"{hub.url}/chat/web/poll", json={"tok": token, "up": [said]}).status_code == 200
    with (hub.folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "workers"], cwd=ROOT, env=os.environ | hub.environment, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 60
        while not (found := hub.query("SELECT id FROM conversation")):
            assert time.monotonic() < until, (hub.folder / "worker.log").read_text()[-3000:]
            time.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait(30)
    return str(found[0][0])


@pytest.fixture
def who(hub: Knocked, conversation: str) -> Known:
    """A new customer of that process."""
    return known(hub, conversation)
