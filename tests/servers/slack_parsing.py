"""What Slack would take and parse, and this server refuses: text in which it looks for addresses, names and calls by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.servers.slack_arguments import tree
from tests.servers.slack_workspace import Refusal

PARSED = "text_is_parsed"
"""The code; what was refused with it is in the server's log too, as "parsed"."""


def as_written(found: dict[str, Any], *, said: bool = True) -> None:
    """Refuse what is not verbatim, and a post or a change (`said`) that does not say how it is to be parsed: where chat.update is
    told nothing, it parses as if a member had typed it."""
    if said and (found.get("parse") != "none" or found.get("link_names") is not False):
        raise Refusal(PARSED)
    for name in ("blocks", "attachments", "view"):
        if not all(one.get("verbatim") is True for one in _formatted(tree(found.get(name)))):
            raise Refusal(PARSED)


def told_as_written(answer: bytes) -> bool:
    """Whether a modal with which an app answers is verbatim."""
    try:
        as_written(json.loads(answer or b"{}"), said=False)
    except (Refusal, ValueError) as exc:
        return isinstance(exc, ValueError)
    return True


def _formatted(found: Any) -> Iterator[dict[str, Any]]:
    """Every text object that is formatted, however deep."""
    if isinstance(found, dict) and found.get("type") == "mrkdwn":
        yield found
    for one in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _formatted(one)
