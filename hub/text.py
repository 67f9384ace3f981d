"""What comes from outside and databases or other programs choke on: characters made visible, JSON read within limits."""

from __future__ import annotations

import json
import re
from typing import Any

_BAD = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """U+0000 becomes ␀ (PostgreSQL refuses it), a lone surrogate becomes � (UTF-8 has none)."""
    return _BAD.sub(lambda found: "␀" if found[0] == "\x00" else "\ufffd", text) if _BAD.search(text) else text


def clean_tree(value: Any) -> Any:
    """`clean` for every string of parsed JSON."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_tree(entry) for entry in value]
    if isinstance(value, dict):
        return {clean(key): clean_tree(entry) for key, entry in value.items()}
    return value


def loads(text: str) -> Any:
    """JSON with lone surrogates, which real devices send and faster parsers refuse, without NaN, and without the same name twice
    in one object, of which two readers may see different values. Raises `ValueError`."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once_each)
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def single(body: bytes, found: Any) -> bool:
    """Whether no name stands twice in one object of `body`, of which a faster parser made `found`, keeping the last without a
    word. Colons are counted, because each name is followed by one; only where that leaves a doubt is the body read again."""
    if b"\\u003" not in body and body.count(b":") == _colons(found):
        return True
    try:
        loads(body.decode())
    except ValueError:
        return False
    return True


def _colons(found: Any) -> int:
    """How many colons a tree takes as JSON: one after each name, and those in names and texts."""
    count, level = 0, [found]
    while level:
        value = level.pop()
        if isinstance(value, dict):
            count += len(value)
            level += value
            level += value.values()
        elif isinstance(value, list):
            level += value
        elif isinstance(value, str):
            count += value.count(":")
    return count


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def is_deeper(value: Any, most: int) -> bool:
    """Whether objects and arrays nest deeper than `most`."""
    level: list[Any] = [value]
    for _ in range(most + 1):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    return bool(level)
