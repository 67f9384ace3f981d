"""The scripts of both faces, as they are served: held to their types by TypeScript at its strictest, and text stays text."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "widget" / "static"
TSC = os.environ.get("TSC") or shutil.which("tsc") or ""


@pytest.mark.skipif(not TSC, reason="there is no TypeScript: npm install --global typescript")
async def test_every_script_is_type_checked() -> None:
    checker = await asyncio.create_subprocess_exec(TSC, "--project", str(STATIC), stdout=asyncio.subprocess.PIPE)
    told, _ = await checker.communicate()
    assert (checker.returncode, told.decode()) == (0, "")


def test_no_script_makes_nodes_of_text() -> None:
    """The policy forbids it too (`require-trusted-types-for`), but only where a browser knows it."""
    sinks = re.compile(
        r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTMLUnsafe|createContextualFragment|eval\()|new Function\("
    )
    found = {str(path.relative_to(STATIC)): sinks.findall(path.read_text("utf-8")) for path in STATIC.rglob("*.js")}
    assert len(found) > 50
    assert {name: one for name, one in found.items() if one} == {}
    assert sinks.search("box.innerHTML = text")
