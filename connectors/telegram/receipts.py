"""An update → what the hub keeps of it. Telegram repeats what is refused, for a day, and never what was confirmed: what cannot be
read is kept all the same."""

from __future__ import annotations

from typing import Any

import structlog

from connectors.telegram.business import connection_of
from connectors.telegram.normalize import Source, is_number, messages_of
from connectors.telegram.reading import checked
from connectors.telegram.unread import unparsed, unread
from hub.errors import Malformed
from hub.model import Message
from hub.ports import Receipt
from hub.text import clean_tree

log = structlog.get_logger()


def receipt_of(source: Source, update: dict[str, Any]) -> Receipt:
    """What an update says; one that is not as documented is kept, unless it has no number of its own."""
    try:
        items = messages_of(source, update)
        trouble, mended = connection_of(update)
    except Malformed as exc:
        if not is_number(update.get("update_id")):
            raise
        log.warning("telegram.update_unread", channel=source.channel, update=update["update_id"], error=str(exc))
        kept = unread(source, update, str(exc))
        return Receipt([kept]) if isinstance(kept, Message) else Receipt(unread=[kept])
    return Receipt(items, trouble=trouble, mended=mended)


def readable(source: Source, update: dict[str, Any]) -> Receipt:
    """The same of an update among others, which one that cannot be read must not stop."""
    try:
        return receipt_of(source, clean_tree(checked(update)))
    except Malformed as exc:
        log.warning("telegram.update_unread", channel=source.channel, update=update.get("update_id"), error=str(exc))
        return Receipt(unread=[unparsed(source, update, str(exc))])
