"""Text between Slack's mrkdwn and ours: nothing a customer writes can ping, link or format; what agents write arrives plain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from agents_bridge.slack.emoji import emoji
from hub.model import Span, Text

Style = Literal["bold", "italic", "strike"]

ZERO_WIDTH = "\u200b"
_CALL = re.compile(r"@(?=(?:here|channel|everyone|group)(?![A-Za-z0-9]))", re.IGNORECASE)
_ALIKE = {"*": "\u2217", "_": "\uff3f", "~": "\u223c", "`": "\u02cb"}
_MARKER = re.compile(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])|`")
_QUOTE = re.compile(r"^([^\S\n]*)&gt;", re.MULTILINE)
_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_TURN = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of the text around it, and shows an address or a name backwards."""
_UNSEEN = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")

_CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
_TOKEN = re.compile(
    r"<([@#!][^<>\n]{1,3000}|[A-Za-z][A-Za-z0-9+.-]{0,20}:[^<>\n]{1,3000})>|&(?:lt|gt|amp);"
    r"|(?<![A-Za-z0-9]):([a-z0-9_+'-]{1,64}):(?::skin-tone-([2-6]):)?"
)
_MEMBER = re.compile(r"<@([UW][A-Z0-9]{1,20})(?:\|[^<>]*)?>")
_ENTITY = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_STYLES: tuple[tuple[Style, re.Pattern[str]], ...] = (
    ("bold", re.compile(r"(?<![A-Za-z0-9*])\*(?=[^\s*])[^*\n]*(?<=[^\s*])\*(?![A-Za-z0-9*])")),
    ("italic", re.compile(r"(?<![A-Za-z0-9_])_(?=[^\s_])[^_\n]*(?<=[^\s_])_(?![A-Za-z0-9_])")),
    ("strike", re.compile(r"(?<![A-Za-z0-9~])~(?=[^\s~])[^~\n]*(?<=[^\s~])~(?![A-Za-z0-9~])")),
)
SOMEBODY = {"en": "colleague", "zh": "同事"}

_SKIPPED = "[\\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
_NOTE = re.compile(
    rf"{_SKIPPED}(?:[!！]n(?:ote)?(?![^\W_])\s*[:：]?|/[/／]|／[/／]|;;|；；"
    r"|note(?:\s*[:：]|\s+|$)|private\s*[:：]|备注(?:\s*[:：]|\s+|$))\s*",
    re.IGNORECASE,
)
_WORD = re.compile(rf"{_SKIPPED}[!！]([^\W_][\w-]*)")


def escaped(text: str) -> str:
    """Plain text for a place where Slack parses no formatting: its three special characters, and calls for all."""
    seen = _TURN.sub("", _BREAK.sub("\n", text))
    safe = seen.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CALL.sub(f"@{ZERO_WIDTH}", safe)


def inert(text: str) -> str:
    """Plain text for a place where Slack parses mrkdwn. A zero-width space is a word's edge to Slack and would let markers work,
    so markers become characters that look like them."""
    safe = _QUOTE.sub("\\1\u203a", escaped(text))
    return _MARKER.sub(lambda found: _ALIKE[found[0]], safe)


def mrkdwn(text: str) -> dict[str, Any]:
    """A text object. Unless it is verbatim, Slack makes links of what looks like an address or a name. Tokens of ours, such as
    <@U…> and <https://…|…>, work either way."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, **more: Any) -> dict[str, Any]:
    """A block that says a text."""
    return {"type": "section", "text": mrkdwn(text), **more}


def short(text: str, most: int) -> str:
    """One line of at most `most` characters, without characters that are not seen."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


@dataclass(slots=True)
class _Made:
    """Text that grows, with spans; `mask` is the same text with everything that can't be a marker blotted out."""

    text: list[str] = field(default_factory=list)
    mask: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    length: int = 0

    def add(
        self, text: str, *, literal: bool, kind: Literal["code", "pre", "link", "mention"] | None = None, url: str = ""
    ) -> None:
        if kind and text:
            self.spans.append(Span(kind=kind, start=self.length, end=self.length + len(text), url=url))
        self.text.append(text)
        self.mask.append(re.sub(r"\S", "\x00", text) if literal else text)
        self.length += len(text)


def plain(mrkdwn: str, locale: str = "en") -> Text:
    """What an agent wrote, as text with spans: code first, then tokens and entities, formatting last."""
    made = _Made()
    at = 0
    for found in _CODE.finditer(mrkdwn):
        _tokens(mrkdwn[at : found.start()], made, locale)
        block, inline = found[1], found[2]
        inside = _Made()
        _tokens(block.strip("\n") if block is not None else inline, inside, locale, code=True)
        made.add("".join(inside.text), literal=True, kind="pre" if block is not None else "code")
        at = found.end()
    _tokens(mrkdwn[at:], made, locale)
    return _styled("".join(made.text), "".join(made.mask), made.spans)


def _tokens(mrkdwn: str, made: _Made, locale: str, *, code: bool = False) -> None:
    at = 0
    for found in _TOKEN.finditer(mrkdwn):
        made.add(mrkdwn[at : found.start()], literal=False)
        inside, name, tone = found.groups()
        if inside is not None:
            _token(inside, made, locale)
        elif name is not None:
            sign = "" if code else emoji(name, tone or "")
            made.add(sign or found[0], literal=True)
        else:
            made.add(_ENTITY[found[0]], literal=True)
        at = found.end()
    made.add(mrkdwn[at:], literal=False)


def _token(inside: str, made: _Made, locale: str) -> None:
    """The inside of <…>. Where a label hides a link's target, both are shown."""
    target, _, label = inside.partition("|")
    label, target = _decoded(label), _decoded(target)
    if target.startswith(("@", "!subteam")):
        made.add("@" + (label.lstrip("@") or SOMEBODY[locale]), literal=True, kind="mention")
    elif target.startswith("#"):
        made.add("#" + (label.lstrip("#") or "channel"), literal=True)
    elif target.startswith("!date"):
        made.add(label, literal=True)
    elif target.startswith("!"):
        made.add("@" + (label.lstrip("@") or target[1:].split("^")[0]), literal=True)
    else:
        _link(target, label, made)


def _link(url: str, label: str, made: _Made) -> None:
    bare = re.sub(r"^[a-z]+:(//)?", "", url)
    if not url.startswith(("http://", "https://")):
        made.add(label if label == bare else f"{label} ({bare})" if label else bare, literal=True)
    elif not label or label == url:
        made.add(url, literal=True)
    else:
        made.add(label, literal=True, kind="link", url=url)
        if label.rstrip("/") != bare.rstrip("/"):
            made.add(f" ({url})", literal=True)


def _decoded(text: str) -> str:
    return re.sub("&lt;|&gt;|&amp;", lambda found: _ENTITY[found[0]], text)


def _styled(text: str, mask: str, spans: list[Span]) -> Text:
    """Take the markers out, and move what lies behind them."""
    found: list[tuple[Style, int, int]] = []
    for kind, pattern in _STYLES:
        for match in pattern.finditer(mask):
            start, end = match.start(), match.end() - 1
            if not any(a < start < b < end or start < a < end < b for _, a, b in found):
                found.append((kind, start, end))
    dropped = {place for _, start, end in found for place in (start, end)}
    moved, kept = [], 0
    for place in range(len(text) + 1):
        moved.append(kept)
        kept += place < len(text) and place not in dropped
    shown = "".join(c for place, c in enumerate(text) if place not in dropped)
    placed = [span.model_copy(update={"start": moved[span.start], "end": moved[span.end]}) for span in spans]
    placed += [Span(kind=kind, start=moved[start], end=moved[end]) for kind, start, end in found]
    return Text(text=shown, spans=tuple(sorted(placed, key=lambda span: (span.start, -span.end))))


def called_in(mrkdwn: str) -> list[str]:
    """The members whom a line calls by name, each once."""
    return list(dict.fromkeys(found[1] for found in _MEMBER.finditer(_CODE.sub("", mrkdwn))))


def note_of(text: str) -> tuple[str, str] | None:
    """(the note, the unknown command if it is one) when a line is not for the customer: `!n …`, `//…`, `;;…`, `note …`,
    `private: …`, also from a Chinese keyboard, and everything that begins with a `!word` that nobody knows."""
    found = _NOTE.match(text)
    if found:
        return text[found.end() :].rstrip(), ""
    word = _WORD.match(text)
    return (text.strip(), f"!{word[1]}") if word else None
