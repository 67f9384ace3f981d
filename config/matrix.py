"""The page that says which kind of part goes over which channel, made from the channels' capabilities: `python -m config.matrix`.

What leaves is found out by the same code that makes every answer fit; nothing here is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors import CONNECTORS
from hub.capabilities import Capabilities
from hub.errors import Undeliverable
from hub.model import (
    Card,
    ChannelName,
    Choice,
    Choices,
    Contact,
    Event,
    FileId,
    Form,
    FormField,
    Location,
    Media,
    Option,
    Part,
    Text,
    Unsupported,
)
from hub.ports import Kit, StoredFile
from hub.rendering import fit

PAGE = Path(__file__).parent.parent / "docs" / "matrix.md"
LINK = "https://hub.example/files/1"
_FILE: dict[str, Any] = {"file": FileId("1"), "name": "a", "size": 1000}
SAMPLES: dict[str, Part] = {
    "text": Text(text="Hello"),
    **{kind: Media(kind=kind, **_FILE) for kind in ("image", "voice", "audio", "video", "file", "sticker")},
    "location": Location(latitude=1, longitude=2),
    "contact": Contact(name="Ann", phone="+8613800138000"),
    "choices": Choices(text="Which?", options=(Option(id="1", text="One"), Option(id="2", text="Two"))),
    "choice": Choice(id="1", text="One"),
    "card": Card(title="A", text="B", url="https://shop.example/a"),
    "form": Form(title="You", fields=(FormField(name="mail", label="E-mail"),)),
    "event": Event(kind="opened"),
    "unsupported": Unsupported(kind="poll"),
}
"""One part of each kind; media by their own kinds."""
WECHAT = {"app_id": "wx0123456789abcdef", "secret": "s" * 32, "token": "Word4242", "aes_key": "a" * 43}
GIVEN: dict[str, dict[str, Any]] = {
    "app": {"identity": {"keys": [{"secret": "s" * 32}]}},
    "miniprogram": WECHAT,
    "telegram": {"token": "1:x", "webhook_secret": "s" * 16},
    "wechat": WECHAT,
    "wecom_kf": {"corp_id": "ww0123456789abcdef", "secret": "s" * 32, "token": "Word4242", "aes_key": "a" * 43},
    "webhook": {
        "inbound": {"paths": {"id": "id", "customer": "from", "text": "text", "media": "file"}, "unsigned": True},
        "outbound": {"url": "https://crm.example", "secret": "whsec_" + "A" * 43 + "="},
    },
}
"""What each type cannot do without; none of it changes what it can carry."""
HEAD = """# What goes over which channel

Made by `python -m config.matrix > docs/matrix.md` from the channels' capabilities; a test holds it to be current. Do not edit it.

* **as is**: as the same kind.
* **converted**: as another kind, or in words that say the same.
* **link**: in words with a signed link that opens the file.
* **refused**: not at all; agents read the reason beside what they wrote.
"""
IN = """
## From customers to agents

What a channel is not told of stays empty. What is no kind of ours is shown as *unsupported*; the platform's payload is kept.

"""
OUT = "\n## From agents and bots to customers\n\n"
NOTE = """
A file above the size limit leaves as a link on every channel, and a text above the text limit as several messages in order.

## Changes of what was said, and limits

"""


class _NoFiles:
    """No file is ever read for this page."""

    async def read(self, file: FileId) -> StoredFile:
        raise Undeliverable("there are no files here")

    def link(self, file: FileId) -> str:
        return LINK


def channels() -> dict[str, Capabilities]:
    """The capabilities of every type of channel, by its name."""
    kit = Kit(files=_NoFiles(), public_url="https://hub.example", now=lambda: datetime.now(UTC))
    found = {}
    for name, kind in sorted(CONNECTORS.items()):
        settings = kind.settings.model_validate({"type": name, **GIVEN.get(name, {})})
        found[name] = kind.load()(ChannelName(name), settings, kit).capabilities
    return found


def leaves(part: Part, can: Capabilities) -> str:
    """As what a part leaves."""
    pieces = [piece for call in fit([part], can, lambda _: LINK) for piece in call]
    if not pieces:
        return "refused"
    if any(isinstance(piece, Text) and LINK in piece.text for piece in pieces):
        return "link"
    return "as is" if pieces == [part] else "converted"


def table(head: str, rows: Iterator[list[str]], names: list[str]) -> str:
    """A table with a column for each channel."""
    lines = [f"| {head} | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _changes(found: dict[str, Capabilities]) -> Iterator[list[str]]:
    yield ["agents' edits", *("as is" if can.edit else "refused" for can in found.values())]
    yield ["agents' deletions", *("as is" if can.delete else "refused" for can in found.values())]
    yield ["answers to one message", *("as is" if can.quotes or can.pulled else "converted" for can in found.values())]
    yield ["longest text", *(f"{can.text_limit} {can.text_unit}" for can in found.values())]
    yield ["biggest file, MB", *("as uploaded" if can.pulled else f"{can.media_limit / 1e6:g}" for can in found.values())]
    yield ["most buttons", *(str(can.options_limit or "in words") for can in found.values())]


def page() -> str:
    """The whole page."""
    found = channels()
    names = list(found)
    brought = ([kind, *("as is" if kind in can.brings else "" for can in found.values())] for kind in SAMPLES)
    left = ([kind, *(leaves(part, can) for can in found.values())] for kind, part in SAMPLES.items())
    inward = table("kind", (row for row in brought if any(row[1:])), names)
    return HEAD + IN + inward + OUT + table("kind", left, names) + NOTE + table("", _changes(found), names)


if __name__ == "__main__":
    sys.stdout.write(page())
