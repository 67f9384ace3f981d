"""Telegram Business: whether a person's account is connected to the bot and lets it answer (Bot API, "BusinessConnection")."""

from __future__ import annotations

from typing import Any

from hub.errors import Malformed
from hub.people import Trouble
from hub.ports import Window

KIND = "business_connection"
ACTIVE_S = 86_400.0
"""For how long after the customer's last message a chat takes answers (Bot API, "BusinessBotRights", can_reply)."""
WINDOW = Window(ACTIVE_S, 0, {"started": (ACTIVE_S, 0), "choice": (0.0, 0)}, mark="@")
"""Of addresses with a connection. A pressed button is no message of the customer's: it opens nothing."""
MEND = "the account's owner connects the bot in Telegram: Settings, Business, Chatbots, and allows it to reply there"


def connection_of(update: dict[str, Any]) -> tuple[Trouble | None, str]:
    """What is broken at an account, or the kind of trouble that is over there; of any other update neither. An account keeps its
    name when it is connected again, a connection does not."""
    if KIND not in update:
        return None, ""
    try:
        told = update[KIND]
        owner = told["user"]
        kind, enabled = f"business.{int(owner['id'])}", bool(told["is_enabled"])
        rights = told.get("rights") or {}
        # Older Bot API servers say it beside the rights.
        may = bool(rights.get("can_reply") or told.get("can_reply"))
        name = f"@{owner['username']}" if owner.get("username") else str(owner.get("first_name") or "")[:64]
    except (LookupError, TypeError, ValueError, AttributeError) as exc:
        raise Malformed(f"telegram: not a business connection as documented: {type(exc).__name__}") from exc
    if enabled and may:
        return None, kind
    why = "lets this bot answer nobody any more" if enabled else "is no longer connected to this bot"
    return Trouble(kind, f"the Business account {name} {why}: no answer reaches its customers", MEND), ""
