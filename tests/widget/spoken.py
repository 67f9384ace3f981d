"""The words that the web process's code really speaks, read from its syntax: frames, codes of refusals, close codes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

WIDGET = Path(__file__).parents[2] / "widget"


def trees(*names: str) -> Iterator[ast.Module]:
    """The syntax of some of the web process's modules; of all of them when none is named."""
    for path in sorted(WIDGET.glob("*.py")):
        if not names or path.stem in names:
            yield ast.parse(path.read_text("utf-8"))


def text_of(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def sent(key: str = "t") -> set[str]:
    """What frames that the hub makes hold under a key."""
    found = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                found |= {text_of(value) for name, value in zip(node.keys, node.values, strict=True) if text_of(name) == key}
    return found - {""}


def taken(*names: str) -> set[str]:
    """The kinds of frames that modules take: the cases of their `match`."""
    found = set()
    for tree in trees(*names):
        for node in ast.walk(tree):
            if isinstance(node, ast.MatchValue):
                found.add(text_of(node.value))
    return found - {""}


def refusals(*names: str) -> set[tuple[int, str]]:
    """(status, code) of every `Refusal`."""
    found = set()
    for node in _calls("Refusal", *names):
        codes = {text_of(part) for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant)} - {""}
        statuses = {part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)}
        found |= {(status if isinstance(status, int) else 0, code) for code in codes for status in statuses or {0}}
    return found


def frame_refusals(*names: str) -> set[str]:
    """The codes of every `no` frame."""
    return {text_of(node.args[0]) for node in _calls("refused", *names)} - {""}


def close_codes() -> dict[str, int]:
    """The codes with which sockets are closed, by their names."""
    (tree,) = trees("socket")
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            names = [ast.unparse(name) for name in node.targets[0].elts]
            return dict(zip(names, (int(ast.literal_eval(value)) for value in node.value.elts), strict=True))
    raise AssertionError("widget/socket.py has no tuple of close codes")


def _calls(function: str, *names: str) -> Iterator[ast.Call]:
    for tree in trees(*names):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                yield node
