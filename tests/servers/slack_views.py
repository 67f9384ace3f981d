"""Views of the Slack server: modals and App Home, within Slack's limits, and a trigger's three seconds."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.servers.slack_arguments import Arguments, check, need, tree
from tests.servers.slack_parsing import as_written
from tests.servers.slack_workspace import Refusal, Workspace

TRIGGER_S = 3.0


def _modal(shown: dict[str, Any]) -> dict[str, Any]:
    """A modal within Slack's limits."""
    titles = [shown[name]["text"] for name in ("title", "submit", "close") if name in shown]
    fields = [block.get("element", {}) for block in shown["blocks"]]
    groups = [group for one in fields for group in one.get("option_groups", ())]
    lists = [one["options"] for one in (*fields, *groups) if "options" in one]
    long = [one for some in lists for one in some if len(one["text"]["text"]) > 75 or len(one["value"]) > 150]
    long += [one for one in groups if len(one["label"]["text"]) > 75]
    many = len(groups) > 100 or any(not 0 < len(some) <= 100 for some in lists) or len(shown["blocks"]) > 100
    large = len(shown.get("private_metadata", "")) > 3000 or len(json.dumps(shown)) > 250_000
    if long or many or large or max(map(len, titles)) > 24:
        raise Refusal("invalid_arguments")
    return shown


def open_view(ws: Workspace, found: Arguments) -> dict[str, Any]:
    """A trigger works once, for three seconds."""
    need(found, "view", "trigger_id")
    as_written(found, said=False)
    made = ws.triggers.pop(found["trigger_id"], None)
    if made is None:
        raise Refusal("invalid_trigger_id")
    if time.monotonic() - made > TRIGGER_S:
        raise Refusal("expired_trigger_id")
    shown = _modal(tree(found["view"]))
    view = {"id": f"V{ws.stamp().replace('.', '')}", **shown}
    ws.accepted.add("view", view=view)
    return {"view": view}


def update_view(ws: Workspace, found: Arguments) -> dict[str, Any]:
    """Another view in the place of one that is open."""
    need(found, "view", "view_id")
    as_written(found, said=False)
    view = {"id": found["view_id"], **_modal(tree(found["view"]))}
    ws.accepted.add("view", view=view)
    return {"view": view}


def publish_view(ws: Workspace, found: Arguments) -> dict[str, Any]:
    """App Home of one member."""
    need(found, "view", "user_id")
    as_written(found, said=False)
    shown = tree(found["view"])
    ws.somebody(found["user_id"])
    if shown.get("type") != "home" or len(shown["blocks"]) > 100 or len(json.dumps(shown)) > 250_000:
        raise Refusal("invalid_arguments")
    check({"text": "x", "blocks": [one for one in shown["blocks"] if one["type"] != "actions"][:50]}, whole=False)
    view = {"id": f"V{ws.stamp().replace('.', '')}", **shown}
    ws.accepted.add("home", user=found["user_id"], view=view)
    return {"view": view}
