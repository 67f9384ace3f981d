"""Where an entry of a conversation comes from, and what kinds there are."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from hub.model import ExternalId

TRANSLATED = "translated"
"""What a `changed` entry says that tells of another one's translation."""
EntryKind = Literal["message", "note", "edit", "delete", "status", "assigned", "resolved", "reopened", "event", "changed"]


class Origin(TypedDict, total=False):
    """Where an entry came from, and which other one it speaks of."""

    source: str
    external_id: ExternalId | str | None
    client_id: str
    reply_to: str | None
    edit_of: str | None


NOWHERE: dict[str, Any] = {
    "s": 0, "source": "", "external_id": None, "client_id": "", "reply_to": None, "edit_of": None, "late": False,
}  # fmt: skip
"""An entry of our own, before the transaction gives it a place in the inbox-wide log."""
