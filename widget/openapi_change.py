"""The shapes of what agents change about a conversation: sleep, rank, tags, blocking, taking back, translation."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from widget.openapi_console import Act
from widget.openapi_shapes import Id, OwnId


class Snooze(Act):
    """Until a time, or (null) until the customer writes; a time that has passed wakes the conversation."""

    until: datetime | None = None


class Priority(Act):
    """0 none, 3 urgent."""

    level: int = Field(ge=0, le=3)


class Tags(Act):
    """Single words to add and to take away."""

    add: list[str] = Field([], max_length=20)
    remove: list[str] = Field([], max_length=20)


class Block(Act):
    """Why."""

    reason: str = Field("", max_length=500)


class Undo(Act):
    """`of` is the id that one's own reply was given."""

    of: OwnId


class Translate(Act):
    """Translate the conversation from now on or no longer (`on`), or one line of the customer's (`entry`): one of the two."""

    on: bool | None = None
    entry: Id | None = None
