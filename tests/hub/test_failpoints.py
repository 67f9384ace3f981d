"""Failpoints do what their setting says: at the pass that it names, and nothing without one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from hub.errors import ConfigError
from hub.failpoints import VARIABLE, Failpoint, parse

PASS = """
import asyncio, time
from hub.failpoints import reach
async def main():
    for turn in (1, 2, 3):
        begin = time.monotonic()
        try:
            await reach("here")
        except Exception as exc:
            print(turn, type(exc).__name__, flush=True)
        else:
            print(turn, "slow" if time.monotonic() - begin > 0.25 else "passed", flush=True)
asyncio.run(main())
"""


def passed(setting: str) -> tuple[int, list[str]]:
    """Pass a place three times in a process of its own: its exit code, and what came of each pass."""
    done = subprocess.run(
        [sys.executable, "-c", PASS],
        env=os.environ | {VARIABLE: setting},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("", 0, ["1 passed", "2 passed", "3 passed"]),
        ("elsewhere=kill", 0, ["1 passed", "2 passed", "3 passed"]),
        ("here=kill@2", -9, ["1 passed"]),
        ("here=exit@3", 3, ["1 passed", "2 passed"]),
        ("here=raise:OSError@2", 0, ["1 passed", "2 OSError", "3 passed"]),
        ("here=raise@*", 0, ["1 RuntimeError", "2 RuntimeError", "3 RuntimeError"]),
        ("here=delay:300@2", 0, ["1 passed", "2 slow", "3 passed"]),
    ],
)
def test_a_pass(setting: str, code: int, said: list[str]) -> None:
    assert passed(setting) == (code, said)


def test_a_stopped_process_goes_on_by_itself() -> None:
    begin = time.monotonic()
    assert passed("here=stop:400@1") == (0, ["1 slow", "2 passed", "3 passed"])
    assert time.monotonic() - begin > 0.4


def test_a_setting_is_read() -> None:
    assert parse("a.b=kill@3; c=delay:2000@*;") == {"a.b": Failpoint("kill", "", 3), "c": Failpoint("delay", "2000", 0)}


@pytest.mark.parametrize("setting", ["a", "a=explode", "a=kill@soon", "a=delay:5@-1"])
def test_a_setting_that_says_nothing_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match=VARIABLE):
        parse(setting)
