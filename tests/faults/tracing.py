"""System calls in the order in which they happened, by strace: `python -m tests.faults.tracing LOG widget` runs a module so.

strace stops every thread at the beginning and at the end of a call and writes both down before it lets the thread go on. So what
ended before another call began, in the log, ended before it on the machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

READS = ("read", "readv", "recvfrom", "recvmsg")
WRITES = ("write", "writev", "sendto", "sendmsg")
STORES = ("pwrite64", "pwritev")
FLUSHES = ("fdatasync", "fsync")
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (?P<again>\w+) resumed>(?P<rest>.*)|(?P<name>\w+)\((?P<begun>.*))$")
_FILE = re.compile(r"^\d+<([^>]*)>")
_RESULT = re.compile(r"\) += (-?\d+)[^=]*$")
_UNFINISHED = " <unfinished ...>"


@dataclass(frozen=True, slots=True)
class Call:
    """One system call. `began` and `ended` are lines of the log; `file` is a path or `socket:[number]`."""

    thread: int
    name: str
    file: str
    text: str
    result: int
    began: int
    ended: int

    def wrote(self, path: str) -> bool:
        """Whether it wrote into a file whose path holds `path`."""
        return self.name in STORES and path in self.file

    def flushed(self, path: str) -> bool:
        """Whether it brought such a file to the disk."""
        return self.name in FLUSHES and path in self.file and self.result == 0


def command(log: Path) -> list[str]:
    """What goes before a command line. The command keeps its own process id (-D), so that it can be signalled and waited for."""
    traced = ",".join((*READS, *WRITES, *STORES, *FLUSHES))
    return ["strace", "-f", "-D", "-y", "-qq", "-s", "100000", "--seccomp-bpf", "-e", f"trace={traced}", "-o", str(log)]


def missing() -> str:
    """Why nothing can be traced here; empty when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, timeout=20, check=False)
    return "" if done.returncode == 0 else "strace is not allowed to trace here"


def calls(log: Path) -> list[Call]:
    """Every call that ended, in the order of their beginnings."""
    found = sorted(_parsed(log.read_text("utf-8", "replace").splitlines()), key=lambda call: call.began)
    assert found, "nothing was traced"
    return found


def _parsed(lines: Iterable[str]) -> Iterator[Call]:
    open_calls: dict[int, tuple[str, str, int]] = {}
    for number, line in enumerate(lines):
        match = _LINE.match(line)
        if match is None:
            continue
        thread = int(match[1])
        name, text, began = match["name"], match["begun"], number
        if match["again"]:
            name, text, began = open_calls.pop(thread, (match["again"], "", number))
            text += match["rest"]
        elif text.endswith(_UNFINISHED):
            open_calls[thread] = name, text.removesuffix(_UNFINISHED), number
            continue
        result = _RESULT.search(text)
        file = _FILE.match(text)
        if result is not None and file is not None:
            yield Call(thread, name, file[1], text, int(result[1]), began, number)


def settled(log: Path, seconds: float = 10.0) -> list[Call]:
    """The calls of a process that has ended, once strace has written its last line."""
    until, size = time.monotonic() + seconds, -1
    while time.monotonic() < until and (now := log.stat().st_size) != size:
        size = now
        time.sleep(0.2)
    return calls(log)


if __name__ == "__main__":
    words = [*command(Path(sys.argv[1])), sys.executable, "-m", *sys.argv[2:]]
    os.execvp(words[0], words)
