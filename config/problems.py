"""What is wrong with a file, where, and what was expected there; a value itself is never repeated, for it may be a secret."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

ABOUT_KINDS = ("missing", "extra_forbidden", "value_error", "assertion_error")
"""Errors with a sentence of their own; all others say what a value must be, as the schema has it."""
KINDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "array": "a list", "object": "a mapping"}
LIMITS = {"minimum": "from {}", "maximum": "to {}", "exclusiveMinimum": "above {}", "exclusiveMaximum": "below {}"}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake; lines and columns count from 1, and are 0 for what stands in no file."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


def near(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """A did-you-mean for a name that is not known; empty when nothing is like it."""
    close = difflib.get_close_matches(name, list(known), 1, likeness)
    return f"; did you mean {close[0]!r}?" if close else ""


def sentence(error: Any, model: type[BaseModel], value: object) -> str:
    """What pydantic found, as an admin reads it. `value` serves for a did-you-mean only."""
    kind, path = error["type"], tuple(error["loc"])
    if kind == "extra_forbidden":
        known = names_at(model, path[:-1])
        return f"unknown key {str(path[-1])!r}{near(str(path[-1]), known) or '; known are ' + ', '.join(known)}"
    if kind == "missing":
        about = node_at(model, path).get("description", "")
        return f"{str(path[-1])!r} is required{': ' + about if about else ''}"
    if kind == "string_pattern_mismatch" and path[-1:] == ("[key]",):
        return f"can't be named so: names here are like {error['ctx']['pattern']}"
    if kind in ABOUT_KINDS:
        return str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    node = node_at(model, path)
    expected = expectation(model, node)
    if value is None:
        return f"has no value; must be {expected}" if expected else "has no value"
    quoted = "; put it in quotes" if kind == "string_type" and isinstance(value, int | float) else ""
    return f"must be {expected}{quoted}{near(str(value), map(str, node.get('enum', ())))}" if expected else str(error["msg"])


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model."""
    return model.model_json_schema()


def node_at(model: type[BaseModel], path: Sequence[Any]) -> dict[str, Any]:
    """What the schema says about a path; empty where it says nothing."""
    schema = schema_of(model)
    node: dict[str, Any] = schema
    for step in path:
        shape = _shape(schema, node)
        below = shape.get("properties", {}).get(step) or _each(shape) or {}
        node = below if isinstance(below, dict) else {}
    return {**_shape(schema, node), "description": node.get("description", "")}


def _each(shape: dict[str, Any]) -> Any:
    """What a schema says about every value of a mapping or a list."""
    named = next(iter(shape.get("patternProperties", {}).values()), None)
    return named or shape.get("additionalProperties") or shape.get("items")


def names_at(model: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """The keys that are known at a path."""
    return sorted(node_at(model, path).get("properties", {}))


def expectation(model: type[BaseModel], node: dict[str, Any]) -> str:
    """What a value must be, in words."""
    if "enum" in node:
        return "one of " + ", ".join(map(str, node["enum"]))
    if "const" in node:
        return str(node["const"])
    if "anyOf" in node:
        said = [expectation(model, _shape(schema_of(model), choice)) for choice in node["anyOf"] if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(filter(None, said)))
    kind = node.get("type")
    if kind == "string":
        return _text(node)
    limits = [said.format(node[key]) for key, said in LIMITS.items() if key in node]
    return " ".join([KINDS.get(str(kind), ""), *limits]).strip()


def _text(node: dict[str, Any]) -> str:
    least, most = node.get("minLength", 0), node.get("maxLength")
    length = f" of {least} to {most} characters" if most else f" of at least {least} characters" if least > 1 else ""
    form = f" like {node['pattern']}" if "pattern" in node else ""
    return f"a text{length}{form}" if length or form or least == 0 else "a text that is not empty"


def _shape(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """A node with its reference followed; of several forms the one that has keys."""
    if "$ref" in node:
        return _shape(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    for choice in node.get("anyOf", ()):
        found = _shape(schema, choice)
        if "properties" in found or isinstance(found.get("additionalProperties"), dict):
            return found
    return node
