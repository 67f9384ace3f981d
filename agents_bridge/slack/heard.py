"""What a request of Slack's means: items to be stored first, the answer, and calls to make once the answer has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model import AgentReply
from hub.people import Trouble
from hub.sign import Sign


@dataclass(frozen=True, slots=True)
class Then:
    """A call for afterwards: a method of the Web API, or `respond` with the address that Slack gave for answers."""

    method: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """Nothing in `then` may be needed for what was said to hold: it is made once, and lost with the process."""

    items: Sequence[AgentReply] = ()
    then: Sequence[Then] = ()
    answer: Mapping[str, Any] | None = None
    signs: Sequence[Sign] = ()
    missed: datetime | None = None
    """From when on Slack has not told of everything."""
    trouble: Trouble | None = None
    """What Slack says is broken."""
    gone: datetime | None = None
    """When the app was taken from the workspace: its token serves no more."""


def whispered(channel: str, root: str, person: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> Then:
    """A line in a thread that one person sees (chat.postEphemeral); `text` is mrkdwn."""
    more = {"blocks": list(blocks)} if blocks else {}
    where = {"channel": channel, "thread_ts": root} if root else {"channel": channel}
    return Then("chat.postEphemeral", {**where, "user": person, "text": text, **more})
