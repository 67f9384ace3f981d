"""The words in what was said: which of a message's parts can be said in another language, and the same parts in that language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.model import Card, Choices, Entry, Option, Part, Text
from hub.packing import PARTS


def pieces_of(parts: Sequence[Part]) -> list[str]:
    """The texts of a message, in order."""
    return [piece for part in parts for piece in _pieces(part)]


def said_again(parts: Sequence[Part], pieces: Sequence[str]) -> tuple[Part, ...]:
    """The parts with other texts, as many as `pieces_of` gave. Formatting is left out: its characters are not the same ones."""
    left = iter(pieces)
    return tuple(_with(part, left) for part in parts)


def as_read(entry: Entry) -> Entry:
    """The entry as the customer reads it: in their language, where an answer was translated."""
    made = entry.data.get("translation")
    return entry.model_copy(update={"parts": PARTS.validate_python(made["parts"])}) if made else entry


def _pieces(part: Part) -> list[str]:
    match part:
        case Text():
            return [_with_links(part)]
        case Choices():
            return [part.text, *(option.text for option in part.options)]
        case Card():
            return [part.title, part.text, *(option.text for option in part.options)]
    return []


def _with(part: Part, left: Iterator[str]) -> Part:
    match part:
        case Text():
            return Text(text=next(left))
        case Choices():
            return part.model_copy(update={"text": next(left), "options": _options(part.options, left)})
        case Card():
            return part.model_copy(update={"title": next(left), "text": next(left), "options": _options(part.options, left)})
    return part


def _options(options: Sequence[Option], left: Iterator[str]) -> tuple[Option, ...]:
    return tuple(option.model_copy(update={"text": next(left)}) for option in options)


def _with_links(part: Text) -> str:
    """The text with the addresses that its words hide: they would be lost with the formatting."""
    text = part.text
    for span in sorted(part.spans, key=lambda one: one.end, reverse=True):
        if span.kind == "link" and span.url and span.url not in text:
            text = f"{text[: span.end]} ({span.url}){text[span.end :]}"
    return text
