"""The page about the console names, for all that the console promises, tests that run at a desk and on a telephone."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from types import FunctionType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "console.md").read_text("utf-8")
PROMISES = 30
ONE_SIZE = {"10 000 open conversations": "how many rows are drawn depends on no window's width"}
"""What is tried in one size of window, and why."""


def rows() -> list[tuple[str, list[str], list[str]]]:
    """(what is promised, tests at a desk, tests on a telephone)."""
    table = PAGE.partition("## Tried in browsers")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")]
    return [(what, desk.split(), phone.split()) for what, desk, phone in cells[1:]]


def sizes(name: str) -> set[str]:
    """The sizes of window in which a test runs: those of its parameters, else of the window that it or its module opens."""
    file, _, test = name.partition("::")
    module = importlib.import_module("tests.widget." + file.removesuffix(".py").replace("/", "."))
    found = getattr(module, test)
    assert isinstance(found, FunctionType), name
    given = " ".join(str(mark.args[1]) for mark in getattr(found, "pytestmark", ()) if mark.name == "parametrize")
    if not re.search(r"\b(360|1280|1440)\b", given):
        given = inspect.getsource(found)
        if "work.page_of" not in given and hasattr(module, "PHONE"):
            given += str(module.PHONE)
    narrow, wide = re.search(r"\b360\b", given), re.search(r"\b(1280|1440)\b", given)
    return ({"phone"} if narrow else set()) | ({"desk"} if wide or not narrow else set())


def test_every_promise_has_a_test_at_a_desk_and_on_a_telephone() -> None:
    found = rows()
    assert len(found) >= PROMISES
    assert [what for what, desk, phone in found if not desk or not phone] == []


@pytest.mark.parametrize(("what", "desk", "phone"), rows(), ids=[what for what, _, _ in rows()])
def test_the_tests_that_are_named_run_in_the_size_that_they_stand_for(what: str, desk: list[str], phone: list[str]) -> None:
    for size, names in (("desk", desk), ("phone", phone)):
        for name in names:
            assert size in sizes(name) or what in ONE_SIZE, f"{name} does not run at this size: {size}"


def test_a_test_of_one_size_is_known_for_one() -> None:
    assert sizes("browser/test_console_phone.py::test_what_failed_and_who_it_is_by_thumb") == {"phone"}
    assert sizes("browser/test_console.py::test_a_note_never_reaches_the_customer") == {"desk"}
    assert sizes("browser/test_console_story.py::test_two_visitors_and_three_agents_at_once") == {"desk", "phone"}
