"""What no core code compares: a platform's name with anything, and a secret by ==."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from agents_bridge import DESKS
from connectors import CONNECTORS
from tests.house import core


def test_no_core_code_compares_a_platform_s_name() -> None:
    names = {*CONNECTORS, *DESKS, "wechat", "wecom", "whatsapp"}
    wrong = []
    for path, tree in core().items():
        if path.startswith(("connectors/", "agents_bridge/")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                parts = [inner for side in (node.left, *node.comparators) for inner in ast.walk(side)]
            elif isinstance(node, ast.MatchValue):
                parts = [node.value]
            else:
                continue
            found = {part.value for part in parts if isinstance(part, ast.Constant)} & names
            wrong += [f"{path}:{node.lineno} compares {name!r}" for name in found]
    assert not wrong, "\n".join(wrong)


SECRETS = re.compile(r"(^|_)(sig|signature|signed|token|secret|hmac|digest|password|key_hash|mac|csrf)s?$")
NO_SECRETS = {
    "connectors/wechat/api.py _token": "is the token that WeChat refused the one that we hold; nobody else gives one",
    "connectors/wechat/api.py access_token": "the same",
    "connectors/wechat/crypto.py digest": "the digest of a body, whose signature was compared in constant time before",
    "hub/store/agents.py password": "whether the stored hash is still the one that was verified, in the database",
    "hub/store/inbox.py digest": "the digest of a message that is stored already: the same id with another content",
}
"""Comparisons of names that sound like secrets and are none, with the reason."""


def _names(node: ast.expr) -> Iterator[str]:
    """The last names of what is compared: `x.token`, `token()` and `row["token"]` alike."""
    match node:
        case ast.Name():
            yield node.id
        case ast.Attribute():
            yield node.attr
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            yield key
        case ast.Call():
            yield from _names(node.func)
        case ast.Await():
            yield from _names(node.value)


def _compared_secrets(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where something with a secret's name is compared by == or !=, other than with a constant of the code."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Constant) for side in sides):
            continue
        yield from ((node.lineno, name) for side in sides for name in _names(side) if SECRETS.search(name.lower()))


def test_no_secret_is_compared_by_equality() -> None:
    """How long == takes says how much was right; `hmac.compare_digest` does not."""
    found = [(path, line, name) for path, tree in core().items() for line, name in _compared_secrets(tree)]
    assert {f"{path} {name}" for path, _, name in found} == set(NO_SECRETS), found
    leaky = "def check(self, signature, given):\n    return self.made(given) == signature or row['token'] != asked.token()"
    assert [name for _, name in _compared_secrets(ast.parse(leaky))] == ["signature", "token", "token"]
