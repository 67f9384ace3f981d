"""The house holds: what lies at its top, how big a module may be, that each says what it is for, and that named tests exist."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch

from agents_bridge import DESKS, DeskType
from connectors import CONNECTORS, ConnectorType
from tests.house import ROOT, core, modules

TOP = {"hub", "connectors", "agents_bridge", "widget", "workers", "config", "tests", "pyproject.toml"}
BESIDE = {"README.md", "LICENSE", "Makefile", "docs", "deploy", ".ci", ".gitignore"}

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
HISTORY = "hub/store/migrations/versions/"
"""A migration is a record of what was done: long, and never edited."""


def test_the_top_level_is_the_house() -> None:
    ignored = [line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line.strip()]
    found = {path.name for path in ROOT.iterdir()} - {".git"}
    found = {name for name in found if not any(fnmatch(name, pattern) for pattern in ignored)}
    assert found >= TOP
    assert found <= TOP | BESIDE


def test_modules_and_functions_are_short() -> None:
    wrong = []
    for path in modules():
        lines = len((ROOT / path).read_text("utf-8").splitlines())
        if lines > LONGEST_MODULE and not path.startswith(HISTORY):
            wrong.append(f"{path} has {lines} lines")
    for path, tree in core().items():
        if path.startswith(HISTORY):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                long = (node.end_lineno or 0) - node.lineno + 1
                if long > LONGEST_FUNCTION:
                    wrong.append(f"{path}:{node.lineno} {node.name} has {long} lines")
    for script in sorted((ROOT / "widget" / "static").rglob("*.js")):
        lines = len(script.read_text("utf-8").splitlines())
        if lines > LONGEST_MODULE:
            wrong.append(f"{script.relative_to(ROOT)} has {lines} lines")
    assert not wrong, "\n".join(wrong)


def test_every_module_says_in_its_first_sentence_what_it_is_for() -> None:
    wrong = []
    for path, tree in modules().items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0].strip()
        if path.endswith("/__init__.py") and not tree.body:
            continue
        if not re.match(r"[A-Z0-9`/“]|[a-z]+[-_']", first) or not re.search(r"[.!?:][”)]?$", first) or len(first) < 20:
            wrong.append(f"{path}: {first!r}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    paths = [ROOT / path for path in modules()] + list((ROOT / "widget" / "static").rglob("*.js"))
    wrong = [f"{path.relative_to(ROOT)}" for path in paths if marks.search(path.read_text("utf-8"))]
    assert not wrong, "\n".join(wrong)


def test_every_connector_and_desk_is_what_its_dict_says() -> None:
    kinds: dict[str, ConnectorType | DeskType] = {**CONNECTORS, **DESKS}
    for name, kind in kinds.items():
        assert kind.settings.model_fields["type"].default == name
        assert callable(kind.load())


def named_tests() -> list[str]:
    """The tests that the feature matrix names as proof."""
    page = ROOT / "docs" / "features.md"
    return sorted(set(re.findall(r"tests/[\w/]+\.py(?:::\w+)+", page.read_text("utf-8"))))


def test_every_test_that_the_feature_matrix_names_exists() -> None:
    wrong = []
    for name in named_tests():
        path, *parts = name.split("::")
        body: list[ast.stmt] = modules()[path].body if path in modules() else []
        for part in parts:
            body = next((_below(node) for node in body if _is_named(node, part)), [])
        if not body:
            wrong.append(name)
    assert not wrong, "\n".join(wrong)


def _is_named(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name


def _below(node: ast.stmt) -> list[ast.stmt]:
    return [node, *(inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.stmt))]
