"""A hook's body → JSON within limits, with nothing left in it that a store would choke on."""

from __future__ import annotations

from typing import Any

import orjson

from hub.errors import Malformed
from hub.text import clean_tree, is_deeper, loads, single

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
    if not (lenient or single(body, found)):
        raise Malformed("telegram: a name stands twice in one object")
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        checked(found)
    return clean_tree(found) if lenient or b"\\u0000" in body else found


def checked(update: dict[str, Any]) -> dict[str, Any]:
    """The same; `Malformed` when objects and arrays nest deeper than `DEEPEST`."""
    if is_deeper(update, DEEPEST):
        raise Malformed("telegram: the JSON is nested too deep")
    return update


def _lenient(body: bytes) -> Any:
    """orjson refuses lone surrogates, which real customers' devices produce."""
    try:
        return loads(body.decode())
    except ValueError as exc:
        raise Malformed("telegram: not JSON") from exc


def pressed_in(update: dict[str, Any]) -> str | None:
    """The number of a button's press, by which Telegram wants to hear that it was taken."""
    query = update.get("callback_query")
    return str(query["id"]) if isinstance(query, dict) and "id" in query else None
