"""Updates that are not as documented. Telegram repeats what is refused, for a day: they are taken and kept instead, shown in
their customer's conversation where they are somebody's message, and parked for people otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.telegram.normalize import Source, address_of
from hub.model import ExternalId, Message, Unsupported
from hub.ports import Unread

KINDS = ("message", "edited_message", "business_message", "edited_business_message")

UNPARSED = "unparsed"


def unread(source: Source, update: dict[str, Any], why: str) -> Message | Unread:
    """What stands in for an update with a number of its own."""
    own = ExternalId(f"u{update['update_id']}")
    content: dict[str, Any] = next((update[kind] for kind in KINDS if isinstance(update.get(kind), dict)), {})
    customer = _customer(content)
    if customer is None:
        return Unread(source.channel, own, update, why, source.account)
    return Message(
        channel=source.channel,
        account=source.account,
        id=own,
        customer=ExternalId(customer),
        at=source.now(),
        parts=(Unsupported(kind="unreadable", text=text if isinstance(text := content.get("text"), str) else ""),),
        raw=update,
    )


def unparsed(source: Source, update: dict[str, Any], why: str) -> Unread:
    """What stands in for an update that is nested too deep to be looked into: its own text."""
    own = ExternalId(f"u{update['update_id']}"[:64])
    return Unread(source.channel, own, {UNPARSED: json.dumps(update)}, why, source.account)


def as_sent(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The update of which one of the two was made."""
    found: dict[str, Any] = json.loads(raw[UNPARSED]) if UNPARSED in raw else dict(raw)
    return found


def _customer(content: dict[str, Any]) -> str | None:
    """The private chat that a message stands in, if it says so much."""
    chat, sender = content.get("chat"), content.get("from")
    if not isinstance(chat, dict) or chat.get("type") != "private":
        return None
    if not isinstance(sender, dict) or sender.get("is_bot") or sender.get("id") != chat.get("id"):
        return None
    try:
        return address_of(chat["id"], content.get("business_connection_id"))
    except (LookupError, TypeError, ValueError, OverflowError):
        return None
