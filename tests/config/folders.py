"""A configuration folder from a dict of file names and texts."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

from config.load import Faulty, Installation, load


def folder_with(place: Path, files: dict[str, str]) -> Path:
    """Write the files and return the folder."""
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text[1:]) if text.startswith("\n") else text, "utf-8")
    return place


@cache
def shipped() -> Installation:
    """The installation as it is shipped, read once."""
    return load(environment={})


def loaded(place: Path, files: dict[str, str], **environment: str) -> Installation:
    """The installation that the files describe."""
    return load(folder_with(place, files), environment)


def mistakes(place: Path, files: dict[str, str], **environment: str) -> list[str]:
    """Every mistake in the files, as it is printed, without the folder."""
    try:
        load(folder_with(place, files), environment)
    except Faulty as exc:
        return [str(problem).removeprefix(f"{place}/") for problem in exc.problems]
    return []
