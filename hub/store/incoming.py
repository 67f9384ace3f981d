"""What the inbox holds, as it is read back: everything that can come in, and a row of it that waits."""

from __future__ import annotations

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
