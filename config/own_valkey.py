"""Our Valkey under `frontdesk up`: started by a child, watched by a line to it, started again when it ends."""

from __future__ import annotations

import socket
import time
from multiprocessing.connection import wait
from pathlib import Path

from config import valkey
from config.children import Child
from config.greeting import say


class OwnValkey:
    """Our Valkey: a child starts it, and a line to it is held, whose end tells at once that it died."""

    def __init__(self, folder: Path) -> None:
        self.starting = Child("Valkey", valkey.main, [str(folder)])
        self._folder = folder
        self._line: socket.socket | None = None
        self._turn = 0

    def watched(self) -> list[socket.socket]:
        """What is readable when it ends."""
        return [self._line] if self._line is not None else []

    def forget(self) -> None:
        """Let go of the line."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def look(self) -> None:
        """Hold a line once it has been started; have it started again when it has ended."""
        if self._line is not None and wait([self._line], 0):
            self.forget()
            say("Valkey ended; starting it again")
            self.starting.due = 0.0
        code = self.starting.ended()
        if code is None:
            return
        if code == 0:
            self._line = _connected(valkey.socket_of(self._folder))
        if self._line is None:
            self._turn += 1
            self.starting.due = time.monotonic() + min(5.0, self._turn / 2)
        else:
            self._turn = 0


def _connected(path: Path) -> socket.socket | None:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        return None
    return line
