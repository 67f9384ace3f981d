"""The data folder: made where there is none, run by one `frontdesk up` at a time, and what commands know that one by."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from config.load import Installation
from hub.errors import ConfigError

LOCK = "up.lock"
"""Held by `frontdesk up`; says which process that is, and where it listens. The kernel lets go of it however that ends."""


class InUse(ConfigError):
    """Another `frontdesk up` runs on the folder."""


def made(data: Path) -> Path:
    """The folder as an absolute path, made if need be."""
    folder = data.resolve()
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(0, "it is a file")
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(0, "it can't be written to")
    except OSError as exc:
        raise ConfigError(_unusable(folder, exc)) from exc
    return folder


def _unusable(folder: Path, exc: OSError) -> str:
    return f"the data folder {folder} can't be used: {exc.strerror}; give another one with --data or DATA"


def hold(folder: Path) -> IO[str]:
    """Keep the folder to this process until it ends. Raises `InUse` with who has it."""
    try:
        handle = (folder / LOCK).open("a+")
    except OSError as exc:
        raise ConfigError(_unusable(folder, exc)) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        handle.close()
        said = _said(folder)
        where = f" on port {said['port']}" if "port" in said else ""
        raise InUse(
            f"The data folder {folder} is in use: process {said.get('pid', 'unknown')} runs Frontdesk in it{where}. "
            "End that one, or take another folder: frontdesk up --data FOLDER --port PORT"
        ) from exc
    note(handle)
    os.register_at_fork(after_in_child=handle.close)  # a child that outlives a killed parent would hold it on
    return handle


def note(handle: IO[str], **place: object) -> None:
    """Write down who holds the folder, and where it listens once that is known."""
    handle.seek(0)
    handle.truncate()
    handle.write(json.dumps({"pid": os.getpid(), **place}))
    handle.flush()


def _said(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / LOCK).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def as_run(installation: Installation) -> Installation:
    """The installation as it runs, for commands: `frontdesk up --port` is told by the folder. Raises `ConfigError` when there is
    none to be a command for."""
    from hub.store.database import parse_url

    settings = installation.hub
    url, said = parse_url(settings.database_url), _said(settings.data)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        place = Path(url.database or "").parent
        raise ConfigError(f"there is no installation in {place}: start one there, or say where it is with --data or DATA")
    here: dict[str, Any] = {name: said[name] for name in ("host", "port") if name in said}
    return replace(installation, hub=settings.model_copy(update=here))
