"""Use-case: parked rows are tried again. What could not be read when it came is given to its connector a second time, as the
platform sent it: a newer release may know better."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hub.errors import Malformed
from hub.model import ChannelName
from hub.ports import SupportsReread
from hub.runtime import Hub
from hub.store.inbox import REFUSED

KEEP_S = 5.0


async def replay(hub: Hub, ns: Sequence[int]) -> dict[int, str]:
    """Let these parked rows be tried again; says of those that stay parked why."""
    refused: dict[int, str] = {}
    again: list[int] = []
    for n in ns:
        row = await hub.store.inbox.row(n)
        if row is None or not _was_unread(row):
            again.append(n)
            continue
        try:
            await _reread(hub, row)
        except Malformed as exc:
            refused[n] = str(exc)
    hub.jobs.hint_inbound(await hub.store.inbox.replay(again))
    return refused


def _was_unread(row: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(row["body"]).get("what") == "unread")
    except (ValueError, AttributeError):
        return False


async def _reread(hub: Hub, row: dict[str, Any]) -> None:
    """Keep what a payload says now, then let go of it. Who dies between the two finds the same items as doubles."""
    connector = hub.connectors.get(ChannelName(row["source"]))
    if str(row["external_id"]).startswith(REFUSED):
        raise Malformed("the database did not take what it says; it can only be looked at")
    if not isinstance(connector, SupportsReread) or not row["raw"]:
        raise Malformed(f"{row['source']} can't read its payloads again")
    account, apart, _ = str(row["external_id"]).rpartition(":")
    found = connector.reread(json.loads(row["raw"]))
    await hub.intake.keep([item.model_copy(update={"account": account if apart else ""}) for item in found], KEEP_S)
    await hub.store.inbox.settle(row["n"])
