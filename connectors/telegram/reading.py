"""A hook's body → JSON within limits, with nothing left in it that a store would choke on."""

from __future__ import annotations

import json
from typing import Any

import orjson

from hub.errors import Malformed
from hub.text import clean_tree

MOST_BYTES = 1_048_576
DEEPEST = 50


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; `Malformed` when it is none, or bigger or deeper than any real update."""
    if len(body) > MOST_BYTES:
        raise Malformed("telegram: the body is above 1 MiB", too_large=True)
    lenient = False
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found, lenient = _lenient(body), True
    if not isinstance(found, dict):
        raise Malformed("telegram: not a JSON object")
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        checked(found)
    return clean_tree(found) if lenient or b"\\u0000" in body else found


def checked(update: dict[str, Any]) -> dict[str, Any]:
    """The same; `Malformed` when objects and arrays nest deeper than `DEEPEST`."""
    level: list[Any] = [update]
    for _ in range(DEEPEST):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return update
    raise Malformed("telegram: the JSON is nested too deep")


def _lenient(body: bytes) -> Any:
    """orjson refuses lone surrogates, which real customers' devices produce; the standard library takes them."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise Malformed("telegram: not JSON") from exc


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
