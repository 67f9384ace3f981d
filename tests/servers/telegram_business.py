"""The test Telegram's Business accounts: who is connected with which rights, and the 24 hours in which a chat takes answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.servers.telegram_wire import Refusal

ACTIVE_S = 86_400
THROUGH = "business_connection_id"


class Business:
    """Connections by id. `clock` may be set forward."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.time
        self.connections: dict[str, dict[str, Any]] = {}
        self._heard: dict[tuple[str, int], float] = {}

    def connected(
        self, connection: str, owner: dict[str, Any], *, enabled: bool = True, may_reply: bool = True
    ) -> dict[str, Any]:
        """An owner connects the bot, takes it away or changes its rights: the update's content."""
        rights = {"can_reply": True} if may_reply else {}
        told = {"id": connection, "user": owner, "user_chat_id": owner["id"], "date": int(self.clock())}
        self.connections[connection] = {**told, "is_enabled": enabled, "rights": rights}
        return self.connections[connection]

    def heard(self, connection: str, chat: int) -> None:
        """A customer wrote to the owner."""
        self._heard[connection, chat] = self.clock()

    def check(self, asked: dict[str, Any]) -> None:
        """Refuse what may not go out in the owner's name ("BusinessBotRights", can_reply: chats with incoming messages within the
        last 24 hours)."""
        if THROUGH not in asked:
            return
        known = self.connections.get(asked[THROUGH])
        if known is None or not known["is_enabled"]:
            raise Refusal(400, "Bad Request: business connection not found")
        if not known["rights"].get("can_reply"):
            raise Refusal(400, "Bad Request: BUSINESS_CONNECTION_NOT_ALLOWED")
        if self.clock() - self._heard.get((asked[THROUGH], int(asked["chat_id"])), float("-inf")) >= ACTIVE_S:
            raise Refusal(400, "Bad Request: BUSINESS_PEER_INVALID")
