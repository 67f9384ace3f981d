"""Commands that run something: all of it, one web process, one worker, the measurements."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Optional

import typer

from config.cli import ConfigOption, pass_on
from hub.errors import ConfigError

ROOT = Path(__file__).parents[1]


def become(*arguments: str) -> None:
    """This process goes on as another module: what was imported to read options is let go of."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # glibc gives each thread its own otherwise, and SQLite's threads need none
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606


def up(
    port: Annotated[Optional[int], typer.Option(help="8000 unless hub.yaml says otherwise")] = None,  # noqa: UP045
    data: Annotated[Optional[Path], typer.Option(help="the data folder, ./data")] = None,  # noqa: UP045
    web: Annotated[int, typer.Option(min=1, max=64, help="web processes")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=64, help="worker processes")] = 1,
    config: ConfigOption = None,
) -> None:
    """Run everything on this machine: a bundled Valkey, web and worker, restarted when they die. Ctrl-C ends it."""
    pass_on(config, PORT=port, DATA=data)
    become("config.supervise", str(web), str(workers))


def _count() -> None:
    """Let what the process counts be told by any web process that shares its data folder."""
    from config.figures import leave_in
    from config.load import load

    with suppress(ConfigError, OSError):  # the process itself says what is wrong
        leave_in(load().hub.data)


def web(config: ConfigOption = None) -> None:
    """Run one web process, for installations on more machines."""
    pass_on(config)
    _count()
    become("widget")


def worker(config: ConfigOption = None) -> None:
    """Run one worker process, for installations on more machines."""
    pass_on(config)
    _count()
    become("workers")
