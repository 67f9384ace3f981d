"""What processes cost, as Linux tells: processor time and memory, of a tree of processes and of servers beside it.

Elsewhere than on Linux nothing here can be told, and every function says so with None.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def _stat(pid: int) -> list[str] | None:
    """The fields after the name, which may hold anything (proc_pid_stat(5)): [1] is the parent, [11] and [12] are times."""
    try:
        return (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None


def name_of(pid: int) -> str:
    """A process's name; empty when there is no such process."""
    try:
        return (PROC / str(pid) / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def command_of(pid: int) -> str:
    """A process's command line."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def tree(root: int) -> set[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, new = {root}, [root]
    while new:
        more = children.get(new.pop(), [])
        found.update(more)
        new += more
    return found


def cpu_s(pids: Iterable[int]) -> dict[int, float] | None:
    """Seconds of processor time that each process has used, in itself and in the kernel."""
    if not PROC.is_dir():
        return None
    tick = os.sysconf("SC_CLK_TCK")
    return {pid: (int(stat[11]) + int(stat[12])) / tick for pid in pids if (stat := _stat(pid)) is not None}


def spent(before: dict[int, float] | None, after: dict[int, float] | None) -> float | None:
    """Seconds used between two looks; a process that is new counts from its start."""
    if before is None or after is None:
        return None
    return sum(now - before.get(pid, 0.0) for pid, now in after.items())


def shares(before: dict[int, float], after: dict[int, float]) -> dict[str, float]:
    """Seconds used between two looks by each kind of process: ours by their module, servers by their name."""
    made: dict[str, float] = {}
    for pid, now in after.items():
        module = command_of(pid).partition(" -m ")[2].split(" ")[0]
        kind = module or name_of(pid)
        made[kind] = made.get(kind, 0.0) + now - before.get(pid, 0.0)
    return made


def busy_s() -> float | None:
    """Seconds of processor time that anybody on this machine has used since it started."""
    try:
        fields = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _, _, irq, soft = (int(field) for field in fields[:7])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def open_files() -> int | None:
    """How many files a process may open, after asking for as many as this one may ask for; children inherit it."""
    try:
        import resource
    except ImportError:
        return None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def pss_mib(pids: Iterable[int]) -> float | None:
    """Memory in MiB, shared pages counted once (PSS); None when one of the processes may not be looked into."""
    total = 0
    for pid in pids:
        try:
            text = (PROC / str(pid) / "smaps_rollup").read_text()
        except ProcessLookupError:
            continue
        except OSError:
            if name_of(pid):
                return None
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total / 1024 if total else None
