"""The last that is heard of a token: Slack tells nothing more, what waits is held, and threads are read again once one serves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog

from agents_bridge.slack.events import Reading
from agents_bridge.slack.heard import Heard

log = structlog.get_logger()


def revoked(reading: Reading, body: dict[str, Any], event: dict[str, Any]) -> Heard:
    """The app was uninstalled, or tokens were taken back: those of people are none of ours."""
    tokens = event.get("tokens")
    if event["type"] == "tokens_revoked" and isinstance(tokens, dict) and not tokens.get("bot"):
        return Heard()
    log.error("slack.token_gone", desk=reading.desk, team=body.get("team_id"), told=event["type"], mend="install the app again")
    told = body.get("event_time")
    at = datetime.fromtimestamp(told, UTC) if type(told) is int and 0 < told < 2**33 else reading.now()
    return Heard(missed=reading.now(), gone=at)
