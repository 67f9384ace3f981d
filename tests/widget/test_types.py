"""The scripts of both faces, as they are served, are held to their types by TypeScript at its strictest."""

from __future__ import annotations

import asyncio
import os
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
