"""What `frontdesk up` says once it is ready: where to click, and how the first admin gets in."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import time

READY_S = 30.0
ASK_S = 0.05


def greet(url: str, host: str, port: int, run: str, demo: bool) -> int:
    """Wait until a web process of this very run is ready, then greet."""
    until, told = time.monotonic() + READY_S, False
    while not _says_ready(host, port, run):
        if not told and time.monotonic() > until:
            say(f"Not ready after {READY_S:g} s; the log above says why. Still trying")
            told = True
        time.sleep(ASK_S)
    welcome(url, demo)
    return 0


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, flush=True)  # noqa: T201


def _says_ready(host: str, port: int, run: str) -> bool:
    """The question waits in the socket until a web process takes it."""
    line = http.client.HTTPConnection(host, port, timeout=READY_S)
    try:
        line.request("GET", "/readyz", headers={"connection": "close"})
        answer = line.getresponse()
        return answer.status == 200 and json.loads(answer.read()).get("run") == run
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        line.close()


def welcome(url: str, demo: bool) -> None:
    """Say where to click; in colour, which processes that live long do without."""
    if sys.modules.get("rich", ...) is None:
        del sys.modules["rich"]
    from rich.console import Console
    from rich.markup import escape

    from config.commands import first_link

    lines = [f"[bold green]Frontdesk is ready[/]: {url}"]
    lines += [f"  demo page   [cyan]{url}/demo[/]"] if demo else []
    lines += [f"  console     [cyan]{url}/console/[/]"]
    link = asyncio.run(first_link())
    if link:
        lines += [f"  first admin [bold cyan]{escape(link)}[/]", "              (open it once; it is good for a day)"]
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    for line in lines:
        console.print(line)
