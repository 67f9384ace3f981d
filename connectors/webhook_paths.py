"""The small languages of a declared channel: paths into JSON that came, templates of JSON that goes out. Neither runs code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Path = tuple[str | int, ...]
_STEP = re.compile(r"\.?([^.\[\]\s]+)|\[(\d{1,4})\]")
_NAME = re.compile(r"\{([a-z_]+)\}")
NAMES = frozenset({"id", "channel", "customer", "text", "media_url", "media_kind", "media_name", "media_mime", "quoted", "at"})
"""What a template may name."""
DEEPEST = 20


def parse_path(written: str) -> Path:
    """`a.b[0].c` → ("a", "b", 0, "c"). Raises `ValueError`."""
    steps: list[str | int] = []
    place = 0
    while place < len(written):
        found = _STEP.match(written, place)
        if found is None or (found[1] and bool(steps) != found[0].startswith(".")):
            raise ValueError(f"“{written}” is not a path; write keys and indexes as message.files[0].url")
        steps.append(found[1] if found[1] else int(found[2]))
        place = found.end()
    if not steps:
        raise ValueError("a path has at least one key")
    return tuple(steps)


def follow(value: Any, path: Path) -> Any:
    """What stands there; None when nothing does."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value if path else None


def check_template(value: Any, depth: int = 0) -> None:
    """Raises `ValueError` when a template is no JSON, nests too deep, or names what there is not."""
    if depth > DEEPEST:
        raise ValueError(f"the template nests deeper than {DEEPEST}")
    if isinstance(value, dict):
        for key, entry in value.items():
            if not isinstance(key, str):
                raise ValueError(f"the key {key!r} is not a text; quote it")
            check_template(entry, depth + 1)
    elif isinstance(value, list):
        for entry in value:
            check_template(entry, depth + 1)
    elif isinstance(value, str):
        unknown = sorted(set(_NAME.findall(value)) - NAMES)
        if unknown:
            raise ValueError(f"the template names {{{unknown[0]}}}; there are {', '.join(sorted(NAMES))}")
    elif value is not None and not isinstance(value, bool | int | float):
        raise ValueError(f"{value!r} is not JSON; quote it")


def names_in(value: Any) -> set[str]:
    """What a template names."""
    if isinstance(value, dict):
        return set().union(*map(names_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(names_in, value))
    return set(_NAME.findall(value)) if isinstance(value, str) else set()


def fill(template: Any, values: Mapping[str, str | None]) -> Any:
    """The template with its names replaced, once: what strangers wrote is a value and never read as a template. A text that is
    only a name without a value becomes null; within a longer text it becomes nothing."""
    if isinstance(template, dict):
        return {key: fill(entry, values) for key, entry in template.items()}
    if isinstance(template, list):
        return [fill(entry, values) for entry in template]
    if not isinstance(template, str):
        return template
    alone = _NAME.fullmatch(template)
    if alone is not None:
        return values.get(alone[1])
    return _NAME.sub(lambda found: values.get(found[1]) or "", template)
