"""What sites and apps say of a customer in words of their own: a plan, an order, a level."""

from __future__ import annotations

import json
import re
from typing import Any

from hub.errors import Malformed
from hub.text import clean

MOST = 20
NAME = re.compile(r"[\w-]{1,40}")
VALUE = 200
BYTES = 1500
"""All of them as JSON in ASCII: they travel in the customer's token."""


def read_attributes(given: Any) -> dict[str, str]:
    """Attributes as they came: names of letters, digits, `_` and `-`; texts, numbers and booleans as values; null or an
    empty text takes one away. Raises `Malformed`."""
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > MOST:
        raise Malformed(f"attributes must be an object of at most {MOST} names")
    found = {_name(name): _value(name, value) for name, value in given.items()}
    if len(json.dumps(found)) > BYTES:
        raise Malformed(f"attributes may have {BYTES} bytes of JSON together")
    return found


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise Malformed("an attribute's name has 1 to 40 letters, digits, _ or -")
    return name


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str | int | float):
        text = clean("" if value is None else str(value)).strip()
        if len(text) <= VALUE:
            return text
    raise Malformed(f"attributes.{name} must be a text of at most {VALUE} characters, a number, a boolean or null")
