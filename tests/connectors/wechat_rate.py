"""WeChat's callbacks at a steady rate against a real web process, and how soon each is acknowledged (W1: p99 below a second).

    python -m tests.connectors.wechat_rate [--rate 200] [--seconds 10] [--passive 3.5] [--database URL] [--redis URL]

Callbacks leave when they are due, whether or not those before were answered, as WeChat's do. Each waits from when it was due,
so that a slow answer is not hidden by what it delays; `late` are those that WeChat would give up after 5 s and make again. With
`--passive` the bot answers each in the callback itself, for which the callback waits so many seconds at most; how many were
answered so is counted, too. Prints one line of JSON; ends with 1 when a callback was refused, late or lost, or p99 is above a
second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from hub.ports import Hook
from hub.store.database import Database
from hub.store.tables import Inbox
from tests.servers.installation import installed
from tests.servers.wechat import wechat
from tests.servers.wechat_callbacks import AES_KEY, APP_ID, SECRET, TOKEN, callback

CHANNEL = f"type: wechat\napp_id: {APP_ID}\nsecret: {SECRET}\ntoken: {TOKEN}\naes_key: {AES_KEY}\n"
BOT = "enabled: true\nfaq:\n  - {name: line, keywords: [句], answer: {zh: 收到。}}\nhandover: {zh: 请稍候。}\nfallback: []\n"
CONNECTIONS = 1024
"""As many as WeChat would hold open at once: callbacks that wait for their answer are no reason to send others later."""
CUSTOMERS = 50
LIMIT_S = 1.0


def callbacks(count: int, first: int = 0) -> list[Hook]:
    """Sealed callbacks of many customers, each of its own, numbered from `first`."""
    now = int(time.time())
    made = []
    for n in range(first, first + count):
        head = f"<ToUserName>gh_1</ToUserName><FromUserName>o{n % CUSTOMERS}</FromUserName><CreateTime>{now}</CreateTime>"
        said = f"<MsgType>text</MsgType><Content>第 {n} 句</Content><MsgId>{10_000 + n}</MsgId>"
        made.append(callback(f"<xml>{head}{said}</xml>", now))
    return made


async def rate(
    folder: Path, per_second: int, seconds: float, database: str = "", redis: str = "", passive: float = 0.0
) -> dict[str, Any]:
    """Send, wait and count."""
    waits: list[float] = []
    refused: list[int] = []
    late: list[str] = []
    free: list[bool] = []

    async def call(http: aiohttp.ClientSession, url: str, hook: Hook, who: str, due: float) -> None:
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        server.acted(who, "message")
        try:
            async with http.post(url, params=dict(hook.query), data=hook.body) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as exc:
            late.append(type(exc).__name__)
            return
        waits.append(time.perf_counter() - due)
        free.append(passive > 0 and text.startswith("<xml>"))
        if answer.status != 200 or not (free[-1] or text == "success"):
            refused.append(answer.status)

    made = callbacks(int(per_second * seconds))
    line, within = aiohttp.TCPConnector(limit=CONNECTIONS), aiohttp.ClientTimeout(total=5)
    async with wechat() as server:
        for n in range(CUSTOMERS):
            server.acted(f"o{n}", "payment")
        files = {"channels/wechat.yaml": f"{CHANNEL}passive_s: {passive}\napi_url: {server.url}\n", "bot.yaml": BOT}
        async with (
            installed(folder, database, redis, files=files) as hub,
            aiohttp.ClientSession(connector=line, timeout=within) as http,
        ):
            url = hub.hook("wechat", hub.webs[0])
            warm = await _warm(http, url) if passive else 0
            begin = time.perf_counter() + 0.5
            await asyncio.gather(
                *(call(http, url, hook, f"o{n % CUSTOMERS}", begin + n / per_second) for n, hook in enumerate(made))
            )
            took = time.perf_counter() - begin
            stored = await _stored(database or f"sqlite:///{folder}/data/frontdesk.db")
    waits.sort()
    at = {name: round(waits[int(len(waits) * share)] * 1000, 1) for name, share in (("p50", 0.5), ("p99", 0.99))}
    return {"callbacks": len(made), "stored": stored - warm, "refused": len(refused), "late": len(late), "answered": sum(free),
            "seconds": round(took, 1), "ack_ms": at | {"max": round(waits[-1] * 1000, 1)}}  # fmt: skip


async def _warm(http: aiohttp.ClientSession, url: str) -> int:
    """Write as somebody else until a worker is there that answers; how often that was."""
    for n, hook in enumerate(callbacks(60, first=1_000_000)):
        async with http.post(url, params=dict(hook.query), data=hook.body) as answer:
            if (await answer.text()).startswith("<xml>"):
                return n + 1
    raise RuntimeError("no worker answers")


async def _stored(url: str) -> int:
    """Messages of this channel that are in the database."""
    db = Database(url, pool=1)
    try:
        async with db.read() as connection:
            found = await connection.exec_driver_sql(f"SELECT COUNT(*) FROM {Inbox.__tablename__} WHERE source = 'wechat'")
            return int(found.scalar_one())
    finally:
        await db.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--passive", type=float, default=0.0)
    parser.add_argument("--database", default="")
    parser.add_argument("--redis", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(rate(Path(folder), asked.rate, asked.seconds, asked.database, asked.redis, asked.passive))
    print(json.dumps({"rate": asked.rate, "passive_s": asked.passive, **found}))
    whole = found["callbacks"] == found["stored"] and not found["refused"] and not found["late"]
    return 0 if whole and found["ack_ms"]["p99"] < LIMIT_S * 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
