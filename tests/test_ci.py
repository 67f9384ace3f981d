"""What CI takes for a success: tests that passed, and none to run; nothing else that says "no tests ran"."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"


@pytest.mark.parametrize(
    ("pytest_code", "says", "taken"),
    [
        (0, "3 passed in 0.01s", True),
        (1, "1 failed in 0.01s", False),
        (2, "no tests ran in 0.01s", False),
        (3, "no tests ran in 0.01s", False),
        (4, "no tests ran in 0.00s", False),
        (5, "no tests ran in 0.01s", True),
        (15, "no tests ran in 0.01s", False),
    ],
)
def test_only_passed_and_nothing_to_run_are_a_success(tmp_path: Path, pytest_code: int, says: str, taken: bool) -> None:
    found = re.search(r"^tested\(\) \{.*?^\}", RUN.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    (tmp_path / "Makefile").write_text(f"test:\n\t@echo '{says}'\n\t@exit {pytest_code}\n")
    script = f"set -uo pipefail\nlog={tmp_path}/log\n{found[0]}\ntested"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode == 0) is taken, done.stdout + done.stderr
