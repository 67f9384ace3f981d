"""What the inbox holds, as it is read back: everything that can come in, and a row of it that waits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter

from hub.model import AgentReply, Message, Report
from hub.sign import Sign

INCOMING: TypeAdapter[Message | AgentReply | Report | Sign] = TypeAdapter(
    Annotated[Message | AgentReply | Report | Sign, Field(discriminator="what")]
)


@dataclass(frozen=True, slots=True)
class Pending:
    """An inbox row that waits."""

    n: int
    item: Message | AgentReply | Report | Sign | None
    """None when the stored body can't be read any more; `error` says why."""
    tries: int
    error: str = ""
    at_ms: int = 0
    """When it was kept."""
    unread: bool = False
    """Whether its connector has said that nobody can read it: `error` is why, and to try again makes no sense."""


def why_unread(body: str) -> str | None:
    """What a connector said of a payload that it could not read; None of anything else."""
    try:
        said = json.loads(body)
        return str(said["why"]) if said["what"] == "unread" else None
    except (ValueError, TypeError, LookupError):
        return None
