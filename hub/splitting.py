"""Cuts text that is too long for one platform call, between characters as people see them.

A grapheme cluster (a family emoji, a flag, a Hangul or Indic syllable, a letter with its accents) stays whole. Only a cluster
that is longer than the limit all by itself is ever cut, between code points.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Literal

import regex

from hub.model import Text

Unit = Literal["chars", "utf16", "bytes"]

CLUSTER = regex.compile(r"\X")
_CLOSERS = "\"'”’」』）)》】"
BREAKS = tuple(
    (regex.compile(pattern), share)
    for pattern, share in (
        (r"\n[^\S\n]*\n\s*", 0.5),  # paragraph
        (r"\n\s*", 0.5),  # line
        (rf"[。！？；…]+[{_CLOSERS}]*\s*|[.!?]+[{_CLOSERS}]*\s+", 0.5),  # sentence
        (r"[，、：]\s*|\s+", 0.25),  # word
    )
)
"""Where to cut, best first, and the share of the limit that a piece must then fill at least."""


def measure(text: str, unit: Unit) -> int:
    """How long a text is in a platform's unit."""
    if unit == "chars":
        return len(text)
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(c > "\uffff" for c in text)


def _width(character: str, unit: Unit) -> int:
    if unit == "utf16":
        return 1 + (character > "\uffff")
    return 1 + (character > "\x7f") + (character > "\u07ff") + (character > "\uffff")


def clip(text: str, limit: int, unit: Unit = "chars") -> str:
    """The longest beginning of a text that fits."""
    return text if measure(text, unit) <= limit else text[: _hard_end(text, 0, limit, unit)[0]]


def _hard_end(text: str, start: int, limit: int, unit: Unit) -> tuple[int, set[int]]:
    """The last place up to which a piece from `start` fits, and all places between clusters on the way there."""
    window = text[start : start + max(limit, 1)]
    reach = len(window)
    if unit != "chars":
        reach = max(1, sum(total <= limit for total in accumulate(_width(c, unit) for c in window)))
    end = start + reach
    places = set()
    for cluster in CLUSTER.finditer(text, start):
        if cluster.end() > end:
            break
        places.add(cluster.end())
    return (max(places) if places else end), places


def _next_cut(text: str, start: int, limit: int, unit: Unit) -> int:
    end, places = _hard_end(text, start, limit, unit)
    for pattern, share in BREAKS:
        least = start + share * (end - start)
        found = [m.end() for m in pattern.finditer(text, start, end) if m.end() >= least and m.end() in places]
        if found:
            return int(found[-1])
    return end


def cuts(text: str, limit: int, unit: Unit) -> list[int]:
    """The ends of the pieces into which a text must be cut."""
    found: list[int] = []
    start = 0
    while measure(text[start : start + limit + 1], unit) > limit:
        start = _next_cut(text, start, limit, unit)
        found.append(start)
    if start < len(text):
        found.append(len(text))
    return found


def split(part: Text, limit: int, unit: Unit) -> list[Text]:
    """The part in pieces that fit, formatting kept on the same characters. A piece with nothing to see in it is left out, because
    platforms refuse empty messages."""
    if len(part.text) <= limit and measure(part.text, unit) <= limit:
        return [part] if visible(part.text) else []
    pieces = []
    start = 0
    for end in cuts(part.text, limit, unit):
        if visible(part.text[start:end]):
            pieces.append(_slice(part, start, end))
        start = end
    return pieces


def visible(text: str) -> bool:
    """Whether there is anything to see in a text."""
    return bool(text) and not text.isspace()


def _slice(part: Text, start: int, end: int) -> Text:
    spans = tuple(
        span.model_copy(update={"start": max(span.start, start) - start, "end": min(span.end, end) - start})
        for span in part.spans
        if span.start < end and span.end > start
    )
    return Text(text=part.text[start:end], spans=spans)
