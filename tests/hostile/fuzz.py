"""Thousands of requests made out of /openapi.json, at the running application: no failure of ours, nothing outside the document.

`python -m tests.hostile.fuzz --seconds 600` runs for longer than the suite does, with another seed each time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
from pathlib import Path

from connectors.web import Web
from connectors.web_settings import WebSettings
from hub.limits import Limits, Rule
from hub.model import ChannelName
from hub.ports import Kit
from hub.store.store import open_store
from tests.conftest import own_valkey
from tests.fakes import FakeConnector
from tests.widget.consoles import House, house

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = ("--exclude-path-regex", "socket$|/api/oidc|^/files|^/static", "--exclude-operation-id", "delete_console_api_session")
"""Sockets are not HTTP calls; single sign-on leads elsewhere; files are addressed by signature; and signing out ends the run."""


class Free(Limits):
    """Nobody is told to slow down: what lies behind the limits is to be reached."""

    async def hit(self, key: str, rule: Rule) -> bool:
        return True


async def fuzz(home: House, folder: Path, seconds: int, seed: int) -> tuple[int, str]:
    """Let schemathesis ask for a while; returns its exit code and what it said."""
    home.hub.limits = Free(home.hub.jobs.redis, home.hub.jobs.prefix)
    admin = await home.agent("root@example.com", "admin", "Root")
    talk = await home.customer_says("Hello?", channel="phone")
    bo = await home.agent("bo@example.com", "agent", "Bo")
    opened = await home.hub.store.console.opened(talk, admin.id)
    assert opened is not None
    real = {"conversations": talk, "agents": bo.id, "customers": opened.row.customer_id}
    told = [f'[[operations]]\ninclude-path-regex = "/{name}/"\nparameters = {{ id = "{id}" }}\n' for name, id in real.items()]
    told += ['[[operations]]\ninclude-path-regex = "/chat/|/w/"\nparameters = { channel = "web" }\n']
    settings = folder / "schemathesis.toml"
    await asyncio.to_thread(settings.write_text, "\n".join(told))
    runner = Path(sys.executable).with_name("schemathesis")
    command = [runner, "--config-file", settings, "run", f"{home.url}/openapi.json", "--checks", CHECKS, *LEFT_OUT, "--no-color"]
    command += ["-H", f"Authorization: Bearer {admin.token}", "--max-time", str(seconds), "--seed", str(seed), "-n", "1000"]
    command += ["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--warnings", "off", "--request-timeout", "20"]
    command += ["--generation-database", "none", "--max-redirects", "0"]
    running = await asyncio.create_subprocess_exec(
        *map(str, command), cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode(errors="replace")


async def _run(seconds: int, seed: int) -> int:
    with own_valkey() as redis, tempfile.TemporaryDirectory(prefix="fuzz") as place:
        folder = Path(place)
        store = await open_store(f"sqlite:///{folder}/hub.db", lanes=1)
        async with house(store, redis, "fuzz", folder / "files", connectors=faces()) as home:
            home.hub.channels = {ChannelName("web"): WebSettings()}
            code, said = await fuzz(home, folder, seconds, seed)
        await store.close()
    print(said)
    return code


def faces() -> dict[ChannelName, object]:
    """A web chat and a channel that pushes."""
    name = ChannelName("web")
    return {name: Web(name, WebSettings(), Kit.__new__(Kit)), ChannelName("phone"): FakeConnector()}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=600)
    asked.add_argument("--seed", type=int, default=random.randrange(2**32))
    given = asked.parse_args()
    print(f"seed {given.seed}, process {os.getpid()}")
    sys.exit(asyncio.run(_run(given.seconds, given.seed)))
