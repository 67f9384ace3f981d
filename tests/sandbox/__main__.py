"""`frontdesk sandbox`: a whole Frontdesk on this machine, with Telegram, WeChat and Slack played by the test servers.

Nothing of it outlives Ctrl-C: configuration, database and Valkey lie in a folder that is removed at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from config.supervise import MISTAKEN, listener
from tests.sandbox.agents import Agents
from tests.sandbox.customers import OnePerson, TelegramPhone, WeChatPhone
from tests.sandbox.page import Sandbox
from tests.servers.installation import HOOK_SECRET, ROOT, SLACK, TELEGRAM, free_port
from tests.servers.serving import serving
from tests.servers.slack import SECRET, slack_server
from tests.servers.slack import TOKEN as SLACK_TOKEN
from tests.servers.telegram import TOKEN
from tests.servers.wechat import wechat
from tests.servers.wechat_callbacks import AES_KEY, APP_ID
from tests.servers.wechat_callbacks import SECRET as WECHAT_SECRET
from tests.servers.wechat_callbacks import TOKEN as WECHAT_TOKEN

OWN = ("DATABASE_URL", "REDIS_URL", "FRONTDESK_ENV", "HOST")
"""What an installation of one's own may have set, which is not meant here."""
READY_S = 60.0
STOP_S = 25.0
AGENTS = {"U1ANNA": ("Anna", "anna@sandbox.example"), "U2BO": ("Bo", "bo@sandbox.example")}
WECHAT = """type: wechat
app_id: {app}
secret: {secret}
token: {token}
aes_key: {key}
passive_s: 0
api_url: {url}
"""
HUB = "log_level: warning\nlimits: {requests_per_ip: 100000, messages_per_customer: 1000}\n"


def write(folder: Path, *, telegram: str, wechat: str, slack: str, lang: str) -> None:
    """The configuration: bot, routing and replies as they are shipped, and the three platforms at their servers."""
    folder.mkdir(parents=True)
    for name in ("bot.yaml", "routing.yaml", "notices.yaml", "replies.yaml", "channels/web.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((ROOT / "config" / name).read_text("utf-8"), "utf-8")
    (folder / "desks").mkdir()
    (folder / "hub.yaml").write_text(HUB, "utf-8")
    said = TELEGRAM.format(token=TOKEN, secret=HOOK_SECRET, url=telegram)
    (folder / "channels" / "telegram.yaml").write_text(said, "utf-8")
    said = WECHAT.format(app=APP_ID, secret=WECHAT_SECRET, token=WECHAT_TOKEN, key=AES_KEY, url=wechat)
    (folder / "channels" / "wechat.yaml").write_text(said, "utf-8")
    said = SLACK.format(token=SLACK_TOKEN, secret=SECRET, url=slack, more=f"rate: 5\nlookup_after: 5\nlocale: {lang}\n")
    (folder / "desks" / "slack.yaml").write_text(said, "utf-8")


@asynccontextmanager
async def sandbox(
    folder: Path, port: int, page: int, lang: str
) -> AsyncIterator[tuple[Sandbox, asyncio.subprocess.Process, str]]:
    """The platforms, the page and the hub, which is still starting."""
    async with AsyncExitStack() as stack:
        sim = OnePerson()
        sim.lang = lang
        sim.url = await stack.enter_async_context(serving(sim.app()))
        stack.callback(sim.updates.hang_up)
        stack.callback(sim.api.closing.set)
        server = await stack.enter_async_context(wechat())
        slack = await stack.enter_async_context(slack_server())
        slack.echo = False
        slack.workspace.people = {id: {"name": name, "email": email} for id, (name, email) in AGENTS.items()}
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=5))

        async def called(query: dict[str, str], body: bytes) -> int:
            return (await http.post(f"{made.hub}/hooks/wechat", params=query, content=body)).status_code

        made = Sandbox(TelegramPhone(sim), WeChatPhone(server, called), Agents(slack), "", lang)
        url = await stack.enter_async_context(serving(made.app(), page))
        port = port or free_port()
        made.hub = hub = f"http://127.0.0.1:{port}"
        slack.sender.hook = f"{hub}/hooks/slack"
        write(folder / "config", telegram=sim.url, wechat=server.url, slack=slack.api_url, lang=lang)
        child = await _start(folder, hub)
        stack.push_async_callback(_end, child)
        sim.updates.set_hook(f"{hub}/hooks/telegram", HOOK_SECRET, 10, [])
        yield made, child, url


def _surroundings(folder: Path, hub: str) -> dict[str, str]:
    given = {
        "FRONTDESK_CONFIG": str(folder / "config"),
        "DATA": str(folder / "data"),
        "PORT": hub.rpartition(":")[2],
        "PUBLIC_URL": hub,
    }
    left = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "FRONTDESK_ENV", "HOST")
    }
    return left | given


async def _start(folder: Path, hub: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "config.supervise", "1", "1"),
        cwd=ROOT,
        env=_surroundings(folder, hub),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.wait(), STOP_S)
    except TimeoutError:
        child.kill()
        await child.wait()


async def ready(folder: Path, here: Sandbox, child: asyncio.subprocess.Process) -> None:
    """Wait for the hub, and make the agents known to it."""
    async with asyncio.timeout(READY_S), httpx.AsyncClient() as http:
        while child.returncode is None:
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{here.hub}/readyz")).status_code == 200:
                    break
            await asyncio.sleep(0.1)
    for name, email in AGENTS.values():
        added = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "config", "agent", "add", email, "--name", name),
            cwd=ROOT,
            env=_surroundings(folder, here.hub),
            stdout=asyncio.subprocess.DEVNULL,
        )
        await added.wait()
    here.ready = child.returncode is None


async def run(port: int, page: int, lang: str) -> int:
    """Until Ctrl-C, or until the hub ends."""
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    with tempfile.TemporaryDirectory(prefix="frontdesk-") as folder:
        async with sandbox(Path(folder), port, page, lang) as (here, child, url):
            ended = asyncio.create_task(child.wait())
            asked = asyncio.create_task(over.wait())
            started = asyncio.create_task(ready(Path(folder), here, child))
            await asyncio.wait({started, ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            if here.ready:
                print(
                    f"Sandbox: {url}/\n  customers at the left, agents at the right; Ctrl-C ends it and forgets it all",
                    flush=True,
                )
                await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            started.cancel()
            return 0 if over.is_set() else child.returncode or 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="frontdesk sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--page", type=int, default=8010)
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    given = parser.parse_args()
    for name, port in (("--port", given.port), ("--page", given.page)):
        try:
            listener("127.0.0.1", port).close()
        except OSError as exc:
            print(
                f"Port {port} can't be used: {exc.strerror}. Take another one: frontdesk sandbox {name} {port + 100}",
                file=sys.stderr,
            )
            return MISTAKEN
    return asyncio.run(run(given.port, given.page, given.lang))


if __name__ == "__main__":
    sys.exit(main())
