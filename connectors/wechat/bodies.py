"""A callback's body as fields by name: XML, or JSON where a Mini Program's console is set to it (数据格式)."""

from __future__ import annotations

import re
from typing import Any

import xmltodict  # type: ignore[import-untyped]

from hub.errors import Malformed
from hub.text import is_deeper, loads

TAGS = 5_000
"""Most angle brackets in a body: a text of 2 048 bytes may hold nothing else, and each level of XML costs the parser time."""
DEEPEST = 20
"""Objects and arrays within each other: real callbacks have four at most (subscribe_msg_popup_event)."""


def is_json(text: str) -> bool:
    """Whether a body is written as JSON; WeChat sends one or the other, as the console says."""
    return text.lstrip().startswith("{")


def fields(body: bytes | str) -> dict[str, Any]:
    """The elements of a message by name, all of them texts. Raises `Malformed`."""
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError as exc:
        raise Malformed("wechat: the body is not text") from exc
    text = text.removeprefix("\ufeff")
    return _json(text) if is_json(text) else _xml(text)


def _xml(text: str) -> dict[str, Any]:
    """WeChat's flat XML, without a document type. Entities are refused by the parser too (xmltodict: `disable_entities`)."""
    if not re.fullmatch(r"\s*(<\?xml[^>]*\?>)?\s*", text.partition("<xml")[0]):
        raise Malformed("wechat: the body is neither XML nor JSON")
    if text.count("<") > TAGS:
        raise Malformed("wechat: the XML has too many elements")
    try:
        found = xmltodict.parse(text)
    except Exception as exc:  # expat's errors, ValueError for entities, RecursionError for depth
        raise Malformed("wechat: the body is neither XML nor JSON") from exc
    inner = found.get("xml") if isinstance(found, dict) else None
    if not isinstance(inner, dict):
        raise Malformed("wechat: the body is not a message")
    return _shallow(inner)


def _json(text: str) -> dict[str, Any]:
    try:
        found = loads(text)
    except ValueError as exc:
        raise Malformed(f"wechat: the body is not JSON: {exc}"[:200]) from exc
    return {name: _worded(value) for name, value in _shallow(found).items()}


def _shallow(found: dict[str, Any]) -> dict[str, Any]:
    if is_deeper(found, DEEPEST):
        raise Malformed("wechat: the body is nested too deep")
    return found


def _worded(value: Any) -> Any:
    """Numbers as XML has them: as their digits. Ids and times are numbers in WeChat's JSON."""
    if isinstance(value, dict):
        return {name: _worded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_worded(one) for one in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
