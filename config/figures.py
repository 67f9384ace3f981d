"""Where the processes of all machines that share a data folder leave their figures, so that any web process can tell them all.

prometheus_client keeps a process's figures in files named by its number, and looks where when it is imported: whoever starts a
process decides before that. Numbers are a machine's own (two containers both have a number 1), so each machine has a folder.
"""

from __future__ import annotations

import os
import re
import socket
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
OLD_S = 7 * 86_400
"""Figures that nobody has added to for so long belong to machines and processes that are gone for good."""


def folder(data: Path) -> Path:
    """This machine's folder."""
    return data.resolve() / "metrics" / re.sub(r"[^\w.-]", "_", socket.gethostname() or "here")


def leave_in(data: Path) -> None:
    """Let the process that goes on from here, and those that it starts, leave their figures in the data folder."""
    place = folder(data)
    place.mkdir(parents=True, exist_ok=True)
    latest = time.time() - OLD_S
    for left in place.parent.glob("*/*.db"):
        with suppress(OSError):  # another process that starts may have been faster
            if left.stat().st_mtime < latest:
                left.unlink()
    os.environ[VARIABLE] = str(place)
