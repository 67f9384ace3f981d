"""Several short answers in one platform call, where calls are counted; and the line that quotes what an answer is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from hub.capabilities import Capabilities
from hub.model import Part, Text
from hub.splitting import clip, measure
from hub.wording import say


@dataclass(frozen=True, slots=True)
class Quoted:
    """What an answer is about: the platform's id of it, where it has one, and its words."""

    external_id: str | None
    said: str


PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(tuple[Part, ...])
QUOTED = 80
"""Characters of a quote line."""
BEFORE = 300
"""Characters of what stood there before it was changed or taken back."""


def may_share(bodies: Sequence[str], there: Capabilities) -> bool:
    """Whether calls with these stored parts are texts that fit into one."""
    texts = [_only_text(body) for body in bodies]
    if any(text is None for text in texts):
        return False
    together = "\n".join(text.text for text in texts if text is not None)
    return measure(together, there.text_unit) <= there.text_limit


def _only_text(body: str) -> Text | None:
    try:
        parts = PARTS.validate_json(body)
    except ValidationError:
        return None
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Text) else None


def joined(calls: Sequence[Sequence[Part]]) -> tuple[Part, ...]:
    """The parts of calls that share one: texts as the lines of one text, their formatting on the same characters."""
    if len(calls) == 1:
        return tuple(calls[0])
    text = ""
    spans = []
    for part in (part for call in calls for part in call):
        if not isinstance(part, Text):
            raise TypeError(f"{part.type} can't share a call")
        start = len(text) + 1 if text else 0
        text = f"{text}\n{part.text}" if text else part.text
        spans += [span.model_copy(update={"start": span.start + start, "end": span.end + start}) for span in part.spans]
    return (Text(text=text, spans=tuple(spans)),)


def naming(said: str, kind: str, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts of an entry with what it is about, if anything: an event in words before it, a change above what stood there
    before, all else below it."""
    if not said:
        return tuple(parts)
    if kind in ("edit", "delete"):
        before = clip(" ".join(said.split()), BEFORE)
        return _changed(parts, before) if kind == "edit" else (Text(text=before),)
    if kind != "event":
        return quoting(said, parts)
    words = " ".join(say(part) for part in parts)
    return (Text(text=f"{words} → “{clip(' '.join(said.split()), QUOTED)}”"),)


def _changed(parts: Sequence[Part], before: str) -> tuple[Part, ...]:
    """New words with the old below them; what is not words stands in the thread as it was."""
    last, line = parts[-1] if parts else None, Text(text=f"← {before}")
    return (*parts[:-1], *joined([(last,), (line,)])) if isinstance(last, Text) else tuple(parts)


def quoting(said: str, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts below a line that says what they are about."""
    line = f"> {clip(' '.join(said.split()), QUOTED)}"
    first = parts[0] if parts else None
    if isinstance(first, Text):
        return (*joined([(Text(text=line),), (first,)]), *parts[1:])
    return (Text(text=line), *parts)
