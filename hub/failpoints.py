"""Named places in the code where a fault run may kill, stop, delay or fail the process, chosen by FRONTDESK_FAILPOINTS.

`txn.before_commit=kill@3;send.response=delay:2000@*` kills at the third pass of the one and delays every pass of the other by two
seconds. Actions: `kill` (SIGKILL), `stop:ms` (SIGSTOP, a child continues it), `delay:ms`, `raise:Type`, `exit`.
"""

from __future__ import annotations

import asyncio
import builtins
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

from hub.errors import ConfigError

VARIABLE = "FRONTDESK_FAILPOINTS"


@dataclass(frozen=True, slots=True)
class Failpoint:
    """What happens at a place, and at which pass (0: at every one)."""

    action: str
    argument: str = ""
    turn: int = 1


def parse(text: str) -> dict[str, Failpoint]:
    """The failpoints in a setting. Raises `ConfigError` with the piece that is wrong."""
    found = {}
    for piece in filter(None, (p.strip() for p in text.split(";"))):
        name, _, rest = piece.partition("=")
        what, _, turn = rest.partition("@")
        action, _, argument = what.partition(":")
        if action not in ("kill", "stop", "delay", "raise", "exit") or (turn and turn != "*" and not turn.isdigit()):
            raise ConfigError(f"{VARIABLE}: {piece!r} is not name=kill|stop:ms|delay:ms|raise:Type|exit, with @n or @* after it")
        found[name] = Failpoint(action, argument, 0 if turn == "*" else int(turn or 1))
    return found


_points = parse(os.environ.get(VARIABLE, ""))
_passes: Counter[str] = Counter()


async def reach(name: str) -> None:
    """Pass a place; nothing happens unless a failpoint waits there."""
    if not _points:
        return
    point = _points.get(name)
    if point is None:
        return
    _passes[name] += 1
    if point.turn and _passes[name] != point.turn:
        return
    await _act(point)


async def _act(point: Failpoint) -> None:
    match point.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            wait = float(point.argument or 1000) / 1000
            wake = f"import os,time; time.sleep({wait}); os.kill({os.getpid()}, 18)"
            subprocess.Popen([sys.executable, "-c", wake], start_new_session=True)  # noqa: S603, ASYNC220
            os.kill(os.getpid(), signal.SIGSTOP)
        case "delay":
            await asyncio.sleep(float(point.argument or 0) / 1000)
        case "exit":
            os._exit(3)
        case _:
            raise getattr(builtins, point.argument or "RuntimeError")("failpoint")
