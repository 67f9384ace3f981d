"""The page about the console names, for all that the console promises, a test at a desk and one on a telephone; they exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "console.md").read_text("utf-8")
PROMISES = 30


def rows() -> list[tuple[str, list[str], list[str]]]:
    """(what is promised, tests at a desk, tests on a telephone)."""
    table = PAGE.partition("## Tried in browsers")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")]
    return [(what, desk.split(), phone.split()) for what, desk, phone in cells[1:]]


def test_every_promise_has_a_test_at_a_desk_and_on_a_telephone() -> None:
    found = rows()
    assert len(found) >= PROMISES
    assert [what for what, desk, phone in found if not desk or not phone] == []


def test_the_tests_that_are_named_exist() -> None:
    for what, desk, phone in rows():
        for name in (*desk, *phone):
            file, _, test = name.partition("::")
            source = ROOT / "tests" / "widget" / file
            assert source.exists(), (what, name)
            assert re.search(rf"^async def {test}\(", source.read_text("utf-8"), re.MULTILINE), (what, name)
