"""Characters that databases or other programs choke on, made visible before anything is stored."""

from __future__ import annotations

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
