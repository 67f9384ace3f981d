"""The lines that travel with a thread's head: below the card, in the same post, each person's under their name and picture.

They are an attachment, because a card that is drawn anew (`chat.update`) leaves attachments as they are when it names none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from agents_bridge.slack import blocks
from agents_bridge.slack.text import inert, mrkdwn, section, short
from agents_bridge.slack.words import WORDS
from hub.model import Text
from hub.ports import Line, ThreadCard

BYTES = 1200
"""Of stored lines that travel with a head: escaping makes up to five of one, and the card needs room too."""
TOGETHER = 12_000
"""Characters of the blocks of a head: a little less than Slack takes in one post."""
SECTION = 3000
"""Characters of one section; Slack takes no more."""
LEAST = 20
"""Characters of a translation that are worth showing."""
STRIPE = "#3b82c4"


def head(card: ThreadCard, lines: Sequence[Line], locale: blocks.Locale) -> dict[str, Any]:
    """What a head's post says. Where card and lines are too much for one, the card is drawn without what customers say of
    themselves; its next drawing has that."""
    text, shown = blocks.card(card, locale)
    attachments = attached(lines, locale)
    if attachments and size([*shown, *attachments]) > TOGETHER:
        text, shown = blocks.card(replace(card, contact={}, attributes={}, tags=()), locale)
        fitting = fitted(lines, lambda some: size([*shown, *attached(some, locale)]))
        attachments = attached(fitting, locale) if fitting is not None else attachments
    return {"text": text, "blocks": shown} | ({"attachments": attachments} if attachments else {})


def size(made: Iterable[dict[str, Any]]) -> int:
    """Of blocks, in characters, as Slack counts."""
    return len(json.dumps(list(made), ensure_ascii=False))


def fitted(lines: Sequence[Line], size_of: Callable[[Sequence[Line]], int]) -> Sequence[Line] | None:
    """The lines with their translations shortened as far as they must be for one post (the whole ones are in the console); None
    where they are too long without them."""
    most = max((len(one.translation) for one in lines), default=0)
    while size_of(lines) > TOGETHER:
        most //= 2
        if most < LEAST:
            return None
        lines = [replace(one, translation=short(one.translation, most)) for one in lines]
    return lines


def attached(lines: Sequence[Line], locale: blocks.Locale) -> list[dict[str, Any]]:
    """The `attachments` of a head, none where no lines travel with it."""
    if not lines:
        return []
    shown = [block for speaker, said in _turns(lines, locale) for block in _turn(speaker, said, locale)]
    return [{"color": STRIPE, "fallback": _plain(lines[-1], locale)[:150], "blocks": shown}]


def _turns(lines: Sequence[Line], locale: blocks.Locale) -> Iterator[tuple[tuple[str, str] | None, list[Line]]]:
    """Lines in their order, those together that one person says in a row."""
    for speaker, said in groupby(lines, lambda one: blocks.speaker([one], locale)):
        yield speaker, list(said)


def _turn(speaker: tuple[str, str] | None, said: Sequence[Line], locale: blocks.Locale) -> Iterator[dict[str, Any]]:
    if speaker is not None:
        name, picture = speaker
        face = [{"type": "image", "image_url": picture, "alt_text": name}] if picture else []
        yield {"type": "context", "elements": [*face, mrkdwn(f"*{inert(name)}*")]}
    told = [_plain(one, locale) if speaker is not None else blocks.line(one, locale, named=True) for one in said]
    text = "\n".join(line for one, own in zip(said, told, strict=True) for line in (own, blocks.below(one, locale)) if line)
    yield from sections(text)


def sections(text: str) -> Iterator[dict[str, Any]]:
    """Blocks that say a text, cut at the ends of lines where that is possible, and never within what stands for one character."""
    while text:
        cut = text.rfind("\n", 1, SECTION) if len(text) > SECTION else len(text)
        if cut <= 0:
            escape = text.rfind("&", SECTION - 5, SECTION)
            cut = escape if escape > 0 and ";" not in text[escape:SECTION] else SECTION
        yield section(text[:cut])
        text = text[cut:].removeprefix("\n")


def _plain(one: Line, locale: blocks.Locale) -> str:
    words = "\n".join(part.text for part in one.parts if isinstance(part, Text))
    return f"{blocks.album(one.entry).lstrip()}{inert(words)}" or WORDS[locale]["empty"]
