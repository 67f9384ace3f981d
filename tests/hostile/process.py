"""A real web process with every kind of place to knock at, its memory, and what its database holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
from starlette.applications import Starlette

from config.settings import HubSettings
from hub.runtime import Hub
from hub.signin import hash_of
from hub.store.store import open_store
from tests.servers.installation import FILES, ROOT, free_port, write_config
from tests.servers.slack import SECRET
from widget.app import create_app

NOWHERE = "http://127.0.0.1:9"
"""A platform that nobody reaches: the web process takes hooks and calls nobody."""
AGENT_TOKEN = "hostile-agents-token"
LEAVING_TOKEN = "the-token-that-signs-out"
IDENTITY_SECRET = "the hostile tests' secret of signed identities"
CALLER_SECRET = "the hostile tests' other side"
CHANNELS = {
    "channels/app.yaml": f"""
type: app
identity: {{keys: [{{secret: "{IDENTITY_SECRET}"}}]}}
push: {{apns: {{key_id: A, team_id: B, topic: c, private_key: "-----BEGIN PRIVATE KEY-----", api_url: "{NOWHERE}"}}}}
""",
    "channels/wechat.yaml": f"""
type: wechat
app_id: wx0123456789abcdef
secret: 0123456789abcdef0123456789abcdef
token: Word4242
aes_key: abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
api_url: {NOWHERE}
""",
    "channels/miniprogram.yaml": f"""
type: miniprogram
app_id: wx0123456789abcdef
secret: 0123456789abcdef0123456789abcdef
token: Word4242
aes_key: abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
api_url: {NOWHERE}
""",
    "channels/wecom-kf.yaml": f"""
type: wecom_kf
corp_id: ww0123456789abcdef
secret: 0123456789abcdef0123456789abcdef
token: Word4242
aes_key: abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
api_url: {NOWHERE}
""",
    "channels/webhook.yaml": f"""
type: webhook
inbound:
  paths: {{id: id, customer: from.id, text: text, media: file}}
  signature: {{scheme: hmac-sha256, secret: "{CALLER_SECRET}"}}
outbound: {{url: "{NOWHERE}", secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3}}
""",
}
SEAL_KEY = "aG9zdGlsZS1ob3N0aWxlLWhvc3RpbGUtaG9zdGlsZSE="
DESKS = {
    "hub.yaml": f"{FILES['hub.yaml']}seal_keys: [{SEAL_KEY}]\n",
    "desks/slack-workspaces.yaml": f"""
type: slack_workspaces
client_id: "1.2"
client_secret: the-hostile-tests-client
signing_secret: {SECRET}
api_url: {NOWHERE}
workspaces: {{T0TEAM: {{channel: C0SUPPORT}}}}
""",
}
VOLATILE = {"lane", "sqlite_sequence"}
"""Tables that say nothing about what was stored."""


@dataclass
class Knocked:
    """The process that is knocked at."""

    url: str
    port: int
    pid: int
    folder: Path
    environment: dict[str, str]
    agent: str = ""
    """The id of an admin whose tokens are `AGENT_TOKEN` and `LEAVING_TOKEN`."""
    read_lines: int = 0

    def memory(self, name: str = "VmRSS") -> int:
        """MiB of the process; `VmHWM` is the most it ever had."""
        text = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
        assert found is not None
        return int(found[1]) // 1024

    def forget_peak(self) -> None:
        """Count the most from now on (proc(5), clear_refs)."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", "utf-8")

    def log(self) -> str:
        """What the process has written."""
        return (self.folder / "web.log").read_text("utf-8", "replace")

    def failures(self) -> list[str]:
        """Lines of the log that tell of a failure of ours, since this was asked before."""
        lines = self.log().splitlines()
        fresh, self.read_lines = lines[self.read_lines :], len(lines)
        return [line[:2000] for line in fresh if "failed" in line or "Traceback" in line or "ERROR" in line]

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/data/frontdesk.db?mode=ro", uri=True)) as base:
            return list(base.execute(statement))

    def customer(self) -> str:
        """A customer who exists; nobody's id where no worker has made one."""
        found = self.query("SELECT id FROM customer ORDER BY id LIMIT 1")
        return UUID(str(found[0][0])).hex if found else "0" * 32

    def stored(self) -> dict[str, int]:
        """How many rows each table has."""
        names = [name for (name,) in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: self.query(f"SELECT count(*) FROM {name}")[0][0] for name in names if name not in VOLATILE}

    def files(self) -> list[Path]:
        """Every file that was kept."""
        return [path for path in (self.folder / "data" / "files").rglob("*") if path.is_file()]


@contextmanager
def knocked(folder: Path, redis_url: str, **files: str) -> Iterator[Knocked]:
    """A web process on SQLite, with a Telegram channel, a Slack desk and a web chat."""
    port = free_port()
    more = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
    write_config(folder / "config", telegram=NOWHERE, slack=NOWHERE, desk="", files=CHANNELS | DESKS | more)
    given = {
        "FRONTDESK_CONFIG": str(folder / "config"),
        "DATA": str(folder / "data"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "REDIS_URL": redis_url,
    }
    (folder / "data").mkdir(exist_ok=True)
    with (folder / "web.log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "widget"], cwd=ROOT, env=os.environ | given, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    own = Knocked(f"http://127.0.0.1:{port}", port, child.pid, folder, given)
    try:
        _until_ready(own, child)
        own.agent = _admin(folder / "data" / "frontdesk.db")
        yield own
    finally:
        child.terminate()
        child.wait(30)


def _until_ready(own: Knocked, child: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{own.url}/readyz").status_code == 200:
                return
        assert child.poll() is None and time.monotonic() < until, own.log()[-3000:]
        time.sleep(0.05)


def _admin(database: Path) -> str:
    """An admin with a token, written by the store."""

    async def invited() -> str:
        store = await open_store(f"sqlite:///{database}", lanes=4)
        try:
            agent = await store.agents.invite("bo@example.com", "Bo", "admin")
            for token in (AGENT_TOKEN, LEAVING_TOKEN):
                await store.agents.open_login("token", agent, hash_of(token), 3600)
            return agent
        finally:
            await store.close()

    return asyncio.run(invited())


def application() -> Starlette:
    """The application's routes, without a hub behind them."""
    nothing = cast(Hub, SimpleNamespace(live=None, store=SimpleNamespace(logs=None)))
    app: Starlette = getattr(create_app(nothing, HubSettings()), "_app")  # noqa: B009
    return app


def raw(port: int, request: bytes, seconds: float = 20.0) -> bytes:
    """Whatever answers these bytes, until the other side closes or is silent for so long."""
    with socket.create_connection(("127.0.0.1", port), seconds) as line:
        line.settimeout(seconds)
        got = b""
        with contextlib.suppress(OSError):
            line.sendall(request)
        with contextlib.suppress(OSError):
            while piece := line.recv(65_536):
                got += piece
        return got
