"""The modules of the house: where they lie, what each folder may import, and what each module does import."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYERS: dict[str, set[str]] = {
    "hub": set(),
    "connectors": {"hub"},
    "agents_bridge": {"hub"},
    "config": {"hub", "connectors", "agents_bridge"},
    "widget": {"hub", "config"},
    "workers": {"hub", "config"},
}
"""Each folder and what of ours it may import besides itself."""


@cache
def modules() -> dict[str, ast.Module]:
    """Every Python file of ours, by its path."""
    paths = [
        path for layer in (*LAYERS, "tests") for path in sorted((ROOT / layer).rglob("*.py")) if "node_modules" not in path.parts
    ]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def core() -> dict[str, ast.Module]:
    """Every Python file but the tests."""
    return {path: tree for path, tree in modules().items() if not path.startswith("tests/")}


@cache
def imports(tree: ast.Module, *, typing_too: bool = True) -> tuple[str, ...]:
    """The dotted names that a module imports, inside functions too."""
    skipped: set[ast.AST] = set()
    if not typing_too:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                skipped.update(inner for part in node.body for inner in ast.walk(part))
    found: list[str] = []
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(f"relative.{node.module}")
    return tuple(found)
